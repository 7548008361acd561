"""A small client of chromedriver, with what Python itself has.

A Browser is a headless Chromium of its own, driven by the WebDriver protocol.
`problems()` is what went wrong since it was asked last: errors on the console
and requests that left the page.
"""

import base64
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
KEYS = {
    "Left": "\ue012", "Up": "\ue013", "Right": "\ue014", "Down": "\ue015",
    "Shift": "\ue008", "Enter": "\ue007", "Escape": "\ue00c", "Tab": "\ue004",
}


def is_there():
    return bool(shutil.which("chromium") and shutil.which("chromedriver"))


class Browser:
    def __init__(self, width=1280, height=800, webgl=True, features=()):
        self.downloads = tempfile.mkdtemp()
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )
        port = None
        for line in self.driver.stdout:
            found = re.search(r"started successfully on port (\d+)", line)
            if found:
                port = found.group(1)
                break
        if port is None:
            raise RuntimeError("chromedriver did not start")
        self.url = "http://127.0.0.1:" + port
        args = ["--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                "--js-flags=--expose-gc", "--hide-scrollbars=false"]
        if not webgl:
            args.append("--disable-3d-apis")
        options = {
            "args": args,
            "prefs": {"download.default_directory": self.downloads},
        }
        session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"},
        }}})
        self.url += "/session/" + session["sessionId"]
        self.cdp("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=1, mobile=False)
        self.cdp("Emulation.setEmulatedMedia", features=[
            {"name": name, "value": value} for name, value in features])
        self.cdp("Browser.setDownloadBehavior", behavior="allow",
                 downloadPath=self.downloads)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self.call("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()
            shutil.rmtree(self.downloads, ignore_errors=True)

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            self.url + path, data, {"Content-Type": "application/json"},
            method=method)
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(error.read().decode()[:2000]) from None

    def cdp(self, command, **params):
        return self.call("POST", "/goog/cdp/execute",
                         {"cmd": command, "params": params})

    def open(self, where):
        if os.path.exists(where):
            where = "file://" + os.path.abspath(where)
        self.call("POST", "/url", {"url": where})

    def run(self, script, *args):
        """What a function's body of JavaScript returns."""
        return self.call("POST", "/execute/sync",
                         {"script": script, "args": list(args)})

    def wait(self, script, seconds=60):
        """Waits until an expression is true, and gives its value."""
        end = time.time() + seconds
        while True:
            value = self.run("return " + script)
            if value or time.time() > end:
                return value
            time.sleep(0.02)

    def mouse(self, actions):
        self.call("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse",
            "parameters": {"pointerType": "mouse"}, "actions": actions,
        }]})

    def move(self, x, y):
        self.mouse([self.step(x, y)])

    @staticmethod
    def step(x, y, duration=0):
        return {"type": "pointerMove", "x": round(x), "y": round(y),
                "duration": duration}

    def drag(self, points):
        """Along the points, in steps small enough for a hand."""
        steps = [self.step(*points[0]), {"type": "pointerDown", "button": 0}]
        for (x0, y0), (x1, y1) in zip(points, points[1:]):
            steps += [self.step(x0 + (x1 - x0) * k / 8, y0 + (y1 - y0) * k / 8, 4)
                      for k in range(1, 9)]
        self.mouse(steps + [{"type": "pointerUp", "button": 0}])

    def find(self, css):
        return self.call("POST", "/element",
                         {"using": "css selector", "value": css})[ELEMENT]

    def click(self, css):
        self.call("POST", "/element/" + self.find(css) + "/click", {})

    def type(self, css, text):
        element = self.find(css)
        self.call("POST", "/element/" + element + "/clear", {})
        self.call("POST", "/element/" + element + "/value", {"text": text})

    def press(self, *keys, shift=False):
        """Keys to what has the focus."""
        hold = [{"type": "keyDown", "value": KEYS["Shift"]}] if shift else []
        release = [{"type": "keyUp", "value": KEYS["Shift"]}] if shift else []
        strokes = []
        for key in keys:
            value = KEYS.get(key, key)
            strokes += [{"type": "keyDown", "value": value},
                        {"type": "keyUp", "value": value}]
        self.call("POST", "/actions", {"actions": [{
            "type": "key", "id": "keyboard", "actions": hold + strokes + release,
        }]})

    def choose(self, css, value):
        """Another option of a <select>."""
        self.run("const s = document.querySelector(arguments[0]);"
                 "s.value = arguments[1]; s.dispatchEvent(new Event('change'));",
                 css, str(value))

    def downloaded(self, name, seconds=20):
        path = os.path.join(self.downloads, name)
        end = time.time() + seconds
        while not os.path.exists(path) and time.time() < end:
            time.sleep(0.05)
        with open(path, "rb") as file:
            return file.read()

    def problems(self, own="file://"):
        """Errors on the console, and requests to other places than `own`."""
        found = []
        for entry in self.call("POST", "/se/log", {"type": "browser"}):
            if entry["level"] in ("SEVERE", "WARNING"):
                found.append(entry["message"])
        for entry in self.call("POST", "/se/log", {"type": "performance"}):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                url = message["params"]["request"]["url"]
                if not url.startswith((own, "data:", "blob:")):
                    found.append("request: " + url)
        return found

    def picture(self, path):
        image = self.call("GET", "/screenshot")
        with open(path, "wb") as file:
            file.write(base64.b64decode(image))
