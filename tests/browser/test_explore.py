"""Usage: test_explore.py [FOLDER]

The interactive map in a headless Chromium: as a page, in R Markdown and in
Shiny, with WebGL and without; the page of a report; and the example of a plot in
Shiny. Takes the package from R's libraries. With a
folder, pictures are left there. The last line is "N passed, N failed".
"""

import contextlib
import csv
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import time

import browser
from browser import Browser

HERE = os.path.dirname(os.path.abspath(__file__))
MAP = "document.querySelector('.datamap').datamap"
counts = {"passed": 0, "failed": 0}


def check(what, is_right, found=None):
    counts["passed" if is_right else "failed"] += 1
    if not is_right:
        print("FAILED:", what, "" if found is None else repr(found)[:500])


def same(what, found, expected):
    check(what, found == expected, (found, expected))


def opened(page, where):
    page.open(where)
    check(where + " is drawn", page.wait(
        f"document.querySelector('.datamap') && {MAP} && {MAP}.times.ready"))


def chosen(page):
    """How many samples are listed, whether or not they are in view."""
    n = page.run(f"return {MAP}.chosen().length")
    rows = int(page.run("return document.querySelector('[role=grid]')"
                        ".getAttribute('aria-rowcount')")) - 1
    return n if rows == n else (n, rows)


def plot_box(page):
    return page.run("document.querySelector('.datamap-plot').scrollIntoView();"
                    "const r = document.querySelector('.datamap-plot')"
                    ".getBoundingClientRect();"
                    "return [r.left, r.top, r.width, r.height]")


def place(page, row):
    return page.run(f"return {MAP}.plot.locate(arguments[0])", row)


def press_button(page, label):
    page.click(f"button[data-do='{label}']")


def expected_in(page, box):
    """The rows within a box of the window, by the places of all samples."""
    return page.run(
        f"const d = {MAP}; const f = d.head.columns[d.state.facet];"
        "const [x0, y0, x1, y1] = arguments[0]; const rows = [];"
        "for (let i = 0; i < d.head.n; i++) { const [x, y] = d.plot.locate(i);"
        "if (x >= x0 && x <= x1 && y >= y0 && y <= y1) rows.push(i); }"
        "return rows", box)


def test_texts(page, pages):
    opened(page, os.path.join(pages, "texts.html"))
    same("nothing ran", page.run(
        "return [typeof window.pwned, document.images.length,"
        "document.scripts.length]"), ["undefined", 0, 2])
    check("no sample is chosen at first", chosen(page) == 0)

    # Hover
    for row, words in ((0, "<script>"), (3, "onerror"), (7, "\u4e2d\u6587")):
        plot_box(page)
        page.run(f"{MAP}.plot.whole()")
        page.move(*place(page, row))
        check("the tooltip has " + words, page.wait(
            "!document.querySelector('.datamap-tip').hidden && document"
            ".querySelector('.datamap-tip').textContent.includes("
            + json.dumps(words) + ")", 3))
    tip = page.run("return document.querySelector('.datamap-tip').textContent")
    check("the tooltip has metrics", "avg_probs" in tip and "label" in tip, tip)
    page.run(f"{MAP}.choose([0, 1, 2, 3, 4, 5, 6, 7])")
    cells = page.run("return [...document.querySelectorAll("
                     "'.datamap-row .datamap-wide')].map(e => e.textContent)")
    check("texts are shown as they are",
          cells[:3] == ["<script>window.pwned = 1</script>",
                        "</script><script>window.pwned = 2", "<!--<script>"],
          cells)

    # The CSV has the bytes of the texts and all digits
    press_button(page, "save CSV")
    saved = page.downloaded("samples.csv")
    rows = list(csv.DictReader(io.StringIO(saved.decode("utf-8"), newline="")))
    with open(os.path.join(pages, "texts.csv"), encoding="utf-8",
              newline="") as file:
        wanted = list(csv.DictReader(file))
    same("ids of the CSV", [r["id"] for r in rows], [r["id"] for r in wanted])
    same("texts of the CSV", [r["text"] for r in rows],
         [r["text"] for r in wanted])
    for text in (r["text"] for r in wanted):
        field = (f'"{text.replace(chr(34), chr(34) * 2)}"'
                 if re.search('[",\n]', text) else text)
        check("the bytes of " + text,
              re.search(rb"(^|[,\n])%s([,\r])" % re.escape(field.encode("utf-8")),
                        saved), saved)
    same("digits of the CSV", [float(r["share"]) for r in rows],
         [float(r["share"]) for r in wanted])
    check("lines of the CSV end by RFC 4180", saved.endswith(b"\r\n"))

    # Sorting and searching in the table
    page.click(".datamap-head [role=columnheader]:first-child button")
    page.click(".datamap-head [role=columnheader]:first-child button")
    same("sorted down", page.run(
        "return document.querySelector('[role=columnheader]')"
        ".getAttribute('aria-sort')"), "descending")
    first = page.run("return document.querySelector('.datamap-row').firstChild"
                     ".textContent")
    same("the largest id first", first, max((r["id"] for r in wanted), key=int))
    page.type("input[placeholder='words']", "onerror")
    check("the table is searched", page.wait(
        "document.querySelector('[role=grid]').getAttribute('aria-rowcount')"
        " === '2'", 5))
    page.type("input[placeholder='words']", " ")
    press_button(page, "clear")

    # A box and a lasso, in one panel
    page.choose("select[data-for=facet]", -1)
    time.sleep(0.2)
    left, top, width, height = plot_box(page)
    box = [round(left + width * 0.3), round(top + height * 0.3),
           round(left + width * 0.6), round(top + height * 0.7)]
    wanted_rows = expected_in(page, box)
    check("there is something in the box", len(wanted_rows) > 20)
    page.drag([(box[0], box[1]), (box[2], box[3])])
    same("the box lists what is in it",
         page.run(f"return {MAP}.chosen()"), wanted_rows)
    page.click("button[data-mode=lasso]")
    plot_box(page)
    page.drag([(box[0], box[1]), (box[2], box[1]), (box[2], box[3]),
               (box[0], box[3]), (box[0], box[1])])
    same("the lasso of the same outline",
         page.run(f"return {MAP}.chosen()"), wanted_rows)
    page.drag([(box[0], box[1]), (box[2], box[1]), (box[0], box[3]),
               (box[0], box[1])])
    check("half of it has fewer", 0 < chosen(page) < len(wanted_rows))

    # Groups, axes, colours, panels
    codes = page.run(
        f"const d = {MAP}; const c = d.head.columns[d.state.group].codes;"
        "return arguments[0].map(i => c[i])", wanted_rows)
    key = f"fieldset label:nth-of-type({codes[0] + 1}) input"
    page.click(key)
    page.click("button[data-mode=box]")
    plot_box(page)
    page.drag([(box[0], box[1]), (box[2], box[3])])
    same("a hidden group is not chosen", page.run(f"return {MAP}.chosen()"),
         [row for row, code in zip(wanted_rows, codes) if code != codes[0]])
    page.click(key)
    names = page.run(f"return {MAP}.head.columns.map(c => c.name)")
    for key, name in (("x", "correct_times"), ("y", "share"),
                      ("group", "label"), ("facet", "forgetting_times")):
        frames = page.run(f"return {MAP}.plot.stats.frames")
        page.choose(f"select[data-for={key}]", names.index(name))
        check(f"{key} by {name}", page.wait(
            f"{MAP}.plot.stats.frames > {frames}", 5))
    legend = page.run("return document.querySelector('fieldset').textContent")
    check("the legend is that of label", re.search(r"0 \(|0\(", legend), legend)

    # Search: an id as a whole, a text in part
    page.type("input[placeholder='id or words']", "ONERROR")
    check("a text is found", page.wait(f"{MAP}.found().length === 1", 5))
    page.type("input[placeholder='id or words']", wanted[1]["id"])
    check("an id is found", page.wait(f"{MAP}.found().includes(1)", 5))
    press_button(page, "list found")
    check("what was found is listed", chosen(page) >= 1)
    page.type("input[placeholder='id or words']", " ")

    # The keyboard alone
    page.run("document.querySelector('.datamap-plot').focus()")
    page.press("Right", "Up", "Left")
    said = page.run("return document.querySelector('[aria-live]').textContent")
    check("the sample in focus is announced", said.startswith("id "), said)
    page.press("Enter")
    same("Enter lists it", chosen(page), 1)
    same("which is the one that was announced", said.split(",")[0],
         "id " + str(page.run(f"return {MAP}.head.columns[0]"
                              f".get({MAP}.chosen()[0])")))
    page.press("0", "v")
    check("v lists all in view", chosen(page) > 2000, chosen(page))
    page.press("+", "+", "+")
    page.press("Right", shift=True)
    page.press("v")
    check("fewer where one has zoomed in", chosen(page) < 2000, chosen(page))
    page.press("Escape")
    same("Escape lists none", chosen(page), 0)
    page.press("0", "v")
    page.run("document.querySelector('[role=grid]').focus()")
    page.press("Down", "Down")
    check("the row is shown in full", page.wait(
        "document.querySelector('.datamap-detail p').textContent !== ''", 3))
    page.press("\ue010")
    check("End goes to the last row", page.wait(
        "document.querySelector('.datamap-row[aria-selected=true]')"
        f"?.getAttribute('aria-rowindex') === '{chosen(page) + 1}'", 5))
    same("still nothing ran", page.run("return typeof window.pwned"),
         "undefined")
    same("no error, and no request", page.problems(), [])


def test_many(page, pages):
    opened(page, os.path.join(pages, "many.html"))
    cells = ("[...document.querySelectorAll('.datamap-status')]"
             ".some(e => e.textContent.startsWith('counted in cells'))")
    check("many are counted in cells", page.wait(cells, 10))
    page.run("document.querySelector('.datamap-plot').focus()")
    page.press("+", "+", "+", "+", "+")
    check("and are points where one zooms in", page.wait("!" + cells, 10))
    page.press("0", "v")
    same("all can be listed", chosen(page), 250000)
    same("no error, and no request", page.problems(), [])


def test_looks(pages, folder):
    for name, given in {
        "wide": {}, "narrow": {"width": 400},
        "dark": {"features": [("prefers-color-scheme", "dark")]},
        "forced": {"features": [("forced-colors", "active"),
                                ("prefers-reduced-motion", "reduce")]},
    }.items():
        with Browser(**given) as page:
            opened(page, os.path.join(pages, "texts.html"))
            same(name + ": nothing is wider than the window", page.run(
                "return document.documentElement.scrollWidth"
                " <= window.innerWidth"), True)
            same(name + ": nothing moves by itself", page.run(
                "return document.getAnimations().length"), 0)
            light = page.run(
                "const c = getComputedStyle(document.querySelector("
                "'.datamap')).backgroundColor.match(/[0-9]+/g);"
                "return Number(c[0]) > 128")
            if name != "forced":
                same(name + ": the ground", light, name != "dark")
            page.run(f"{MAP}.choose([0, 1, 2, 3])")
            same(name + ": no error", page.problems(), [])
            if folder:
                page.picture(os.path.join(folder, name + ".png"))


def test_document(pages):
    with Browser() as page:
        opened(page, os.path.join(pages, "document.html"))
        left, top, width, height = plot_box(page)
        page.drag([(left + width * 0.1, top + height * 0.1),
                   (left + width * 0.3, top + height * 0.9)])
        check("a box in R Markdown", chosen(page) > 0, chosen(page))
        same("no error, and no request", page.problems(), [])


def test_report(pages, folder):
    for name, given in {
        "report": {}, "report-narrow": {"width": 400},
        "report-dark": {"features": [("prefers-color-scheme", "dark")]},
    }.items():
        with Browser(**given) as page:
            page.open(os.path.join(pages, "report.html"))
            cells = page.run("return [...document.querySelectorAll("
                             "'td[data-name=text]')].map(e => e.textContent)")
            for text in ("<script>window.pwned = 1</script>", "<!--<script>",
                         "<img src=x onerror='window.pwned = 3'>",
                         'quote " comma, \n line'):
                check(name + " shows " + text, text in cells, cells[:9])
            same(name + ": nothing ran",
                 page.run("return typeof window.pwned"), "undefined")
            check(name + ": each picture has its text", page.run(
                "return document.images.length > 1"
                " && [...document.images].every(i => i.alt.length > 40"
                " && i.naturalWidth > 0)"))
            same(name + ": nothing is wider than the window", page.run(
                "return document.documentElement.scrollWidth"
                " <= window.innerWidth"), True)
            light = page.run("const c = getComputedStyle(document.body)"
                             ".backgroundColor.match(/[0-9]+/g);"
                             "return Number(c[0]) > 128")
            same(name + ": the ground", light, name != "report-dark")
            same(name + ": no error, and no request", page.problems(), [])
            if folder:
                page.picture(os.path.join(folder, name + ".png"))


@contextlib.contextmanager
def shiny_app(folder, pages):
    """Runs an app, by an expression of its folder, and gives its address."""
    app = subprocess.Popen(
        ["Rscript", "-e", f"shiny::runApp({folder}, launch.browser = FALSE)"],
        cwd=pages, stderr=subprocess.PIPE, text=True)
    try:
        url = None
        for line in app.stderr:
            found = re.search(r"Listening on (http://\S+)", line)
            if found:
                url = found.group(1)
                break
        check("the app listens", url)
        yield url
    finally:
        app.terminate()
        app.wait()


def no_problem(page, url):
    same("no error, and no request", [
        p for p in page.problems(own=url) if "favicon" not in p], [])


def test_shiny(pages):
    with shiny_app("'app.R'", pages) as url, Browser() as page:
        opened(page, url)
        page.run(f"{MAP}.choose([0, 2])")
        ids = page.run(f"return [0, 2].map({MAP}.head.columns[0].get)")
        check("ids reach Shiny", page.wait(
            "document.querySelector('#ids').textContent.trim() === "
            f"'{' '.join(str(i) for i in ids)}'", 20),
            page.run("return document.querySelector('#ids').textContent"))
        no_problem(page, url)


def test_brush(pages, folder):
    """The example of datamap_plot() in Shiny: a box and a click list texts."""
    example = "system.file('examples', 'brush', package = 'datacarto')"
    rows = "[...document.querySelectorAll('#samples tbody tr')]"
    with shiny_app(example, pages) as url, Browser() as page:
        page.open(url)
        check("the plot is drawn", page.wait(
            "document.querySelector('#map img')?.naturalWidth > 0", 30))
        check("it has its alternative text", page.run(
            "return document.querySelector('#map img').alt"
            ".startsWith('A data map, a scatter plot of 2,400 samples')"))
        left, top, width, height = page.run(
            "const r = document.querySelector('#map img')"
            ".getBoundingClientRect(); return [r.left, r.top, r.width,"
            " r.height]")
        # In the first panel, where most samples are
        for part in range(1, 12):
            page.mouse([page.step(left + width * 0.01 * (6 + part // 4),
                                  top + height * 0.01 * (18 + part)),
                        {"type": "pointerDown", "button": 0},
                        {"type": "pointerUp", "button": 0}])
            if page.wait(f"{rows}.length === 1", 1):
                break
        same("a click lists the nearest sample",
             page.run(f"return {rows}.length"), 1)
        page.drag([(left + width * 0.05, top + height * 0.1),
                   (left + width * 0.25, top + height * 0.6)])
        check("a box lists what is in it", page.wait(f"{rows}.length > 100", 20),
              page.run(f"return {rows}.length"))
        check("with its texts", page.run(
            f"return {rows}.every(row => row.lastElementChild.textContent.trim()"
            " === 'The text of mail ' + row.firstElementChild.textContent"
            ".trim())"))
        no_problem(page, url)
        if folder:
            page.picture(os.path.join(folder, "brush.png"))


def main():
    if not browser.is_there():
        print("There is no chromium with its chromedriver: nothing was tried.")
        return 0
    folder = sys.argv[1] if len(sys.argv) > 1 else None
    with tempfile.TemporaryDirectory() as pages:
        subprocess.run(["Rscript", os.path.join(HERE, "pages.R"), pages],
                       check=True)
        for webgl in (True, False):
            with Browser(webgl=webgl) as page:
                test_texts(page, pages)
                test_many(page, pages)
        test_looks(pages, folder)
        test_document(pages)
        test_report(pages, folder)
        test_shiny(pages)
        test_brush(pages, folder)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
