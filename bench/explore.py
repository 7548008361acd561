"""Usage: explore.py PAGE

Measures a page of datamap_explore(); the last line is a row of a table.
"""

import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "tests", "browser"))
from browser import Browser  # noqa: E402

MAP = "document.querySelector('.datamap').datamap"

# A box from the upper left that has about 5,000 samples, in the window
BOX = """
const d = %s, c = d.head.columns, x = c[d.state.x].values, y = c[d.state.y].values;
document.querySelector('.datamap-plot').scrollIntoView();
const r = document.querySelector('.datamap-plot').getBoundingClientRect();
const left = r.left + 60, top = r.top + 26;
const order = [];
for (let i = 0; i < d.head.n; i += Math.ceil(d.head.n / 20000)) order.push(d.plot.locate(i));
const most = Math.min(5000, d.head.n) / d.head.n * order.length;
let low = 0, high = 1;
const corner = (s) => [left + (r.width - 72) * s, top + (r.height - 70) * s];
for (let k = 0; k < 30; k++) {
  const s = (low + high) / 2, [a, b] = corner(s);
  if (order.filter((p) => p[0] <= a && p[1] <= b).length > most) high = s; else low = s;
}
return [[left, top], corner(low)];
""" % MAP

# As often as the pointer can move in three seconds, seen by the frames
PAN = """
const done = arguments[0], canvas = document.querySelector('.datamap-plot canvas');
const d = %s, r = canvas.getBoundingClientRect(), x = r.left + r.width / 2, y = r.top + r.height / 2;
document.querySelector('button[data-mode=pan]').click();
canvas.setPointerCapture = () => {};
const send = (type, a, b) => canvas.dispatchEvent(new PointerEvent(type, {clientX: a, clientY: b, button: 0, pointerId: 1, bubbles: true}));
send('pointerdown', x, y);
const first = d.plot.stats.frames, begin = performance.now();
let k = 0;
(function move() {
  const now = performance.now();
  if (now - begin > 3000) {
    const frames = d.plot.stats.frames - first;
    send('pointerup', x, y);
    done([1000 * frames / (now - begin), d.plot.stats.paint]);
    return;
  }
  k++;
  send('pointermove', x + 80 * Math.sin(k / 6), y + 60 * Math.cos(k / 6));
  setTimeout(move, 4);
}());
""" % MAP


def main():
    with Browser() as page:
        page.open(sys.argv[1])
        page.wait(f"document.querySelector('.datamap') && {MAP}?.times.ready", 200)
        times = page.run(f"return {MAP}.times")
        page.run(
            "window.up = 0; document.querySelector('.datamap-plot canvas')"
            ".addEventListener('pointerup', () => {"
            "window.up = performance.now(); }, {capture: true});")
        page.drag(page.run(BOX))
        brushed, brush = page.run(
            f"return [{MAP}.chosen().length, {MAP}.times.chosen - window.up]")
        pan, paint = page.call("POST", "/execute/async",
                               {"script": PAN, "args": []})
        print(f"{times['drawn']:.0f} | {times['ready']:.0f} | {brushed:,} | "
              f"{brush:.0f} | {pan:.0f} | {paint:.0f}")


if __name__ == "__main__":
    main()
