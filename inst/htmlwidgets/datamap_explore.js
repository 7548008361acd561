/* An interactive data map: points on a canvas, a table of those that were
   chosen. A plain script without any library: datamapExplore.start(element,
   parts) is all, where `parts` are what R/explore-page.R makes of a map. Text of
   the data gets into the page by textContent only. */
(function () {
  "use strict";

  const MANY = 200000; // visible samples, beyond which they are counted in cells
  const TEXTS_IN_PART = 65536;
  const ROW_HEIGHT = 26;
  const MAX_HEIGHT = 8000000; // of an element, which browsers limit
  const MARGIN = { left: 58, right: 10, top: 24, bottom: 40 };
  const NONE = -2147483648; // a missing integer of R's
  const MISSING = { word: "missing", colour: "#999999", shape: 1 };

  // Columns -----------------------------------------------------------------

  async function inflate(part) {
    const text = atob(part);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    const stream = new Blob([bytes]).stream()
      .pipeThrough(new DecompressionStream("deflate"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  }

  const utf8 = (bytes) => new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);

  // Doubles whose first bytes come first, then all second ones, and so on.
  function gather(bytes) {
    const n = bytes.length / 8;
    const out = new Uint8Array(bytes.length);
    for (let place = 0; place < 8; place++) {
      const from = place * n;
      for (let i = 0; i < n; i++) out[i * 8 + place] = bytes[from + i];
    }
    return new Float64Array(out.buffer);
  }

  // Gives a column `values` and get(i), which is null where there is none.
  async function unpackNumbers(column, parts) {
    const bytes = await inflate(parts[column.first]);
    if (column.store === "f64") {
      column.values = gather(bytes);
    } else {
      const whole = new Int32Array(bytes.buffer);
      column.values = whole.includes(NONE)
        ? Float64Array.from(whole, (x) => (x === NONE ? NaN : x)) : whole;
    }
    const values = column.values;
    if (column.type === "factor") {
      column.codes = values;
      column.get = (i) => (values[i] < 0 ? null : column.levels[values[i]]);
    } else {
      column.get = (i) => (Number.isNaN(values[i]) ? null : values[i]);
    }
  }

  // Blocks of texts are split when one of them is looked at.
  async function unpackTexts(column, parts) {
    const blocks = [];
    for (let k = column.first; k <= column.last; k++) {
      blocks.push(utf8(await inflate(parts[k])));
    }
    const split = [];
    column.get = (i) => {
      const block = Math.floor(i / TEXTS_IN_PART);
      if (!split[block]) split[block] = blocks[block].split("\0");
      return split[block][i - block * TEXTS_IN_PART];
    };
  }

  // Which level each sample has; classes of numbers are told by their starts.
  function codesOf(column) {
    if (!column.codes) {
      const { values, from } = column;
      column.codes = new Int32Array(values.length);
      for (let i = 0; i < values.length; i++) {
        let low = -1;
        let high = from.length;
        while (high - low > 1) {
          const middle = (low + high) >> 1;
          if (values[i] >= from[middle]) low = middle; else high = middle;
        }
        column.codes[i] = Number.isFinite(values[i]) ? low : -1;
      }
    }
    return column.codes;
  }

  function rangeOf(values) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = 0; i < values.length; i++) {
      const x = values[i];
      if (x < low && x > -Infinity) low = x;
      if (x > high && x < Infinity) high = x;
    }
    if (low > high) return [0, 1];
    const room = (high - low || Math.abs(high) || 1) * 0.03;
    return [low - room, high + room];
  }

  // All digits, as R reads them.
  function digits(value) {
    if (value === null || value === undefined) return "NA";
    if (value === Infinity) return "Inf";
    if (value === -Infinity) return "-Inf";
    return String(value);
  }

  // What a person reads of it.
  function shown(value) {
    if (typeof value !== "number" || Number.isInteger(value)) return digits(value);
    return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : digits(value);
  }

  // Elements ----------------------------------------------------------------

  function make(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (name.startsWith("aria-")) element.setAttribute(name, String(value));
      else if (value === true) element.setAttribute(name, "");
      else if (value !== false && value !== null) element.setAttribute(name, value);
    }
    element.append(...children);
    return element;
  }

  // A text of the data: its direction is its own, and it changes no other.
  const data = (tag, text, attributes) => {
    const element = make(tag, { dir: "auto", ...attributes });
    element.textContent = text;
    return element;
  };

  const count = (n, what) =>
    `${n.toLocaleString("en-US")} ${what}${n === 1 ? "" : "s"}`;

  // Shapes ------------------------------------------------------------------

  // R's shapes by their numbers, drawn around 0, 0 in a size of about `r`.
  function drawShape(context, shape, r) {
    context.beginPath();
    const lines = { 3: [[-r, 0, r, 0], [0, -r, 0, r]], 4: [[-r, -r, r, r], [-r, r, r, -r]] };
    if (lines[shape]) {
      context.lineWidth = Math.max(1, r * 0.6);
      for (const [x1, y1, x2, y2] of lines[shape]) {
        context.moveTo(x1, y1);
        context.lineTo(x2, y2);
      }
      context.stroke();
    } else if (shape === 1) {
      context.lineWidth = Math.max(1, r * 0.4);
      context.arc(0, 0, r * 0.8, 0, 7);
      context.stroke();
    } else {
      const corners = {
        15: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
        17: [[0, -1.15], [1.05, 0.75], [-1.05, 0.75]],
        18: [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]],
      }[shape];
      if (corners) {
        corners.forEach(([x, y]) => context.lineTo(x * r, y * r));
        context.closePath();
      } else {
        context.arc(0, 0, r, 0, 7);
      }
      context.fill();
    }
  }

  // A shape as pixels: [dx, dy, opacity] one after the other. Where there are
  // many, each pixel is full or left out, which is faster by far.
  const stamps = new Map();
  function stampOf(shape, r, isFull) {
    const key = `${shape} ${r} ${isFull}`;
    if (!stamps.has(key)) stamps.set(key, makeStamp(shape, r, isFull));
    return stamps.get(key);
  }

  function makeStamp(shape, r, isFull) {
    const half = Math.ceil(r * 1.5) + 1;
    const size = 2 * half + 1;
    const canvas = make("canvas", { width: size, height: size });
    const context = canvas.getContext("2d");
    context.translate(half + 0.5, half + 0.5);
    drawShape(context, shape, r);
    const pixels = context.getImageData(0, 0, size, size).data;
    const stamp = [];
    for (let k = 0; k < size * size; k++) {
      const opacity = pixels[4 * k + 3];
      if (opacity > (isFull ? 100 : 20)) {
        stamp.push((k % size) - half, Math.floor(k / size) - half, isFull ? 255 : opacity);
      }
    }
    return Int32Array.from(stamp);
  }

  function ringOf(r) {
    const stamp = [];
    const half = Math.ceil(r) + 1;
    for (let y = -half; y <= half; y++) {
      for (let x = -half; x <= half; x++) {
        const near = 1 - Math.abs(Math.hypot(x, y) - r);
        if (near > 0.1) stamp.push(x, y, Math.round(255 * Math.min(1, near)));
      }
    }
    return Int32Array.from(stamp);
  }

  const rgbOf = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));

  // The image of a panel: `pixels` are 32 bits each, alpha first.
  function putStamp(image, place, stamp, rgb, strength) {
    const { width, height, pixels } = image;
    const y0 = Math.floor(place / width);
    const x0 = place - y0 * width;
    const ink = (255 << 24) | (rgb[2] << 16) | (rgb[1] << 8) | rgb[0];
    for (let k = 0; k < stamp.length; k += 3) {
      const x = x0 + stamp[k];
      const y = y0 + stamp[k + 1];
      if (x < 0 || x >= width || y < 0 || y >= height) continue;
      const at = y * width + x;
      const alpha = stamp[k + 2] * strength;
      if (alpha > 250) {
        pixels[at] = ink;
      } else {
        const under = pixels[at];
        const share = alpha / 255;
        const below = (under >>> 24) / 255 * (1 - share);
        const all = share + below;
        const red = (rgb[0] * share + (under & 255) * below) / all;
        const green = (rgb[1] * share + ((under >>> 8) & 255) * below) / all;
        const blue = (rgb[2] * share + ((under >>> 16) & 255) * below) / all;
        pixels[at] = (255 * all << 24) | (blue << 16) | (green << 8) | red;
      }
    }
  }

  // Round numbers for an axis.
  function ticksOf(low, high, most) {
    const rough = (high - low) / Math.max(most, 1);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((k) => k * power >= rough) * power;
    const ticks = [];
    for (let k = Math.ceil(low / step); k * step <= high; k++) {
      ticks.push(Number((k * step).toPrecision(12)));
    }
    return ticks;
  }

  function isInside(outline, x, y) {
    let inside = false;
    for (let i = 0, j = outline.length - 1; i < outline.length; j = i++) {
      const [xi, yi] = outline[i];
      const [xj, yj] = outline[j];
      if (yi > y !== yj > y && x < (xj - xi) * (y - yi) / (yj - yi) + xi) inside = !inside;
    }
    return inside;
  }

  // The canvas --------------------------------------------------------------

  // Draws the samples as `view` has them, and tells `on` what was pointed at and
  // chosen. `view`: n, x, y (values), xTitle, yTitle, codes, looks (word,
  // colour, shape), hidden (a set of codes), panels (codes and words) or null.
  function makePlot(element, on) {
    const canvas = make("canvas", { "aria-hidden": "true" });
    const context = canvas.getContext("2d");
    element.append(canvas);
    const stats = { frames: 0, paint: 0 };
    let view = null;
    let box = [0, 1, 0, 1];
    let mode = "box";
    let marked = null; // a byte for each sample, 1 where it was found
    let focus = -1;
    let drag = null;
    let outline = null; // what was chosen: { panel, points }
    let waits = false;
    let scale = 1;
    let places = new Int32Array(0);
    let visible = new Int32Array(0);

    const panelCount = () => (view.panels ? view.panels.words.length : 1);

    function panels() {
      const width = element.clientWidth;
      const height = element.clientHeight;
      const n = panelCount();
      const columns = Math.min(n, Math.max(1, Math.floor(width / Math.max(230, width / Math.ceil(Math.sqrt(n * 1.8))))));
      const rows = Math.ceil(n / columns);
      return Array.from({ length: n }, (_, k) => ({
        index: k,
        left: (k % columns) * width / columns + MARGIN.left,
        top: Math.floor(k / columns) * height / rows + MARGIN.top,
        width: Math.max(20, width / columns - MARGIN.left - MARGIN.right),
        height: Math.max(20, height / rows - MARGIN.top - MARGIN.bottom),
      }));
    }

    const toX = (panel, x) => panel.left + (x - box[0]) / (box[1] - box[0]) * panel.width;
    const toY = (panel, y) => panel.top + panel.height - (y - box[2]) / (box[3] - box[2]) * panel.height;
    const fromPixels = (panel, px, py) => [
      box[0] + (px - panel.left) / panel.width * (box[1] - box[0]),
      box[2] + (panel.top + panel.height - py) / panel.height * (box[3] - box[2]),
    ];
    const codeOf = (i) => (view.codes[i] < 0 ? view.looks.length - 1 : view.codes[i]);
    const isShown = (i) => !view.hidden.has(codeOf(i));
    const isIn = (i, panel) => !view.panels || view.panels.codes[i] === panel;

    function panelAt(px, py) {
      const all = panels();
      return all.find((p) => px >= p.left - MARGIN.left && px < p.left + p.width + MARGIN.right
        && py >= p.top - MARGIN.top && py < p.top + p.height + MARGIN.bottom) || all[all.length - 1];
    }

    // Fills `visible` with the samples in the panel, `places` with their pixels.
    function place(panel, width, height) {
      if (visible.length < view.n) {
        places = new Int32Array(view.n);
        visible = new Int32Array(view.n);
      }
      const { n, x, y, codes } = view;
      const shows = view.looks.map((_, k) => !view.hidden.has(k));
      const last = view.looks.length - 1;
      const panelCodes = view.panels && view.panels.codes;
      const xScale = width / (box[1] - box[0]);
      const yScale = height / (box[3] - box[2]);
      let m = 0;
      for (let i = 0; i < n; i++) {
        const code = codes[i];
        if (!shows[code < 0 ? last : code] || (panelCodes && panelCodes[i] !== panel.index)) continue;
        const a = (x[i] - box[0]) * xScale;
        const b = (box[3] - y[i]) * yScale;
        if (a >= 0 && a < width && b >= 0 && b < height) {
          places[m] = Math.floor(b) * width + Math.floor(a);
          visible[m++] = i;
        }
      }
      return m;
    }

    // Counts in cells of 2 by 2 pixels, with the mixed colours of what is there.
    // A single sample is never invisible.
    function paintCells(image, m, inks) {
      const { width, height, pixels } = image;
      const across = Math.ceil(width / 2);
      const size = across * Math.ceil(height / 2);
      const counts = new Uint32Array(size);
      const sums = [0, 1, 2].map(() => new Float32Array(size));
      let most = 1;
      for (let k = 0; k < m; k++) {
        const b = Math.floor(places[k] / width);
        const cell = (b >> 1) * across + ((places[k] - b * width) >> 1);
        const rgb = inks[codeOf(visible[k])];
        sums[0][cell] += rgb[0];
        sums[1][cell] += rgb[1];
        sums[2][cell] += rgb[2];
        if (++counts[cell] > most) most = counts[cell];
      }
      const full = Math.log(most + 1);
      for (let b = 0; b < height; b++) {
        for (let a = 0; a < width; a++) {
          const cell = (b >> 1) * across + (a >> 1);
          const c = counts[cell];
          if (c > 0) {
            const alpha = (marked ? 0.4 : 1) * (70 + 185 * Math.log(c + 1) / full);
            pixels[b * width + a] = (alpha << 24) | (sums[2][cell] / c << 16) | (sums[1][cell] / c << 8) | (sums[0][cell] / c);
          }
        }
      }
    }

    // The largest group first, so that a small one is never below it. Rings
    // around what was found lie below all points, and the others are paler.
    function paintPoints(image, m, inks, isCells) {
      const radius = (m > 20000 ? 1.6 : m > 3000 ? 2.2 : 3.4) * scale;
      const stamps = view.looks.map((look) => stampOf(look.shape, radius, m > 10000));
      const sizes = new Float64Array(view.looks.length);
      for (let k = 0; k < m; k++) sizes[codeOf(visible[k])]++;
      const order = view.looks.map((_, k) => k).sort((a, b) => sizes[b] - sizes[a]);
      // Samples by their groups, in one pass
      const starts = new Map();
      let sum = 0;
      for (const code of order) {
        starts.set(code, sum);
        sum += sizes[code];
      }
      const next = Array.from(view.looks, (_, k) => starts.get(k));
      const sorted = new Int32Array(m);
      for (let k = 0; k < m; k++) sorted[next[codeOf(visible[k])]++] = k;
      const draw = (which, strength) => {
        for (let k = 0; k < m; k++) {
          const i = visible[sorted[k]];
          if (marked && marked[i] !== which) continue;
          const code = codeOf(i);
          putStamp(image, places[sorted[k]], stamps[code], inks[code], strength);
        }
      };
      if (!marked) {
        draw(0, 1);
        return;
      }
      if (!isCells) {
        const ring = ringOf(radius + 3 * scale);
        for (let k = 0; k < m; k++) {
          if (marked[visible[k]]) putStamp(image, places[k], ring, [20, 20, 20], 0.9);
        }
        draw(0, 0.3);
      }
      draw(1, 1);
    }

    function paintPanel(panel) {
      const width = Math.max(1, Math.round(panel.width * scale));
      const height = Math.max(1, Math.round(panel.height * scale));
      const picture = new ImageData(width, height);
      const image = { width, height, pixels: new Uint32Array(picture.data.buffer) };
      const m = place(panel, width, height);
      const inks = view.looks.map((look) => rgbOf(look.colour));
      const isCells = m > MANY;
      if (isCells) paintCells(image, m, inks);
      if (!isCells || marked) paintPoints(image, m, inks, isCells);
      // Through a canvas of its own, so that it lies on the paper
      const layer = make("canvas", { width, height });
      layer.getContext("2d").putImageData(picture, 0, 0);
      context.drawImage(layer, panel.left, panel.top, panel.width, panel.height);
      return isCells;
    }

    function write(text, x, y, align, most) {
      let words = text;
      // A title that is too long for its axis is its column's name alone
      if (context.measureText(words).width > most) words = words.replace(/^.* \((.+)\)$/s, "$1");
      while (words.length > 4 && context.measureText(words).width > most) {
        words = `${words.slice(0, -4).trimEnd()}...`;
      }
      context.textAlign = align;
      context.fillText(words, x, y);
    }

    function paintAxes(panel, colours) {
      context.fillStyle = colours.ink;
      const bottom = panel.top + panel.height;
      for (const tick of ticksOf(box[0], box[1], panel.width / 80)) {
        context.fillRect(toX(panel, tick), bottom, 1, 4);
        write(String(tick), toX(panel, tick), bottom + 16, "center", 80);
      }
      for (const tick of ticksOf(box[2], box[3], panel.height / 50)) {
        context.fillRect(panel.left - 4, toY(panel, tick), 4, 1);
        write(String(tick), panel.left - 6, toY(panel, tick) + 4, "right", 34);
      }
      write(view.xTitle, panel.left + panel.width / 2, bottom + 34, "center", panel.width);
      if (view.panels) {
        write(view.panels.words[panel.index], panel.left + panel.width / 2, panel.top - 8, "center", panel.width);
      }
      context.save();
      context.translate(12, panel.top + panel.height / 2);
      context.translate(panel.left - MARGIN.left, 0);
      context.rotate(-Math.PI / 2);
      write(view.yTitle, 0, 0, "center", panel.height);
      context.restore();
    }

    function paintChoice(panel) {
      context.save();
      context.beginPath();
      context.rect(panel.left, panel.top, panel.width, panel.height);
      context.clip();
      const shape = drag && drag.points ? drag : outline;
      if (shape && shape.panel === panel.index) {
        context.beginPath();
        shape.points.forEach(([x, y]) => context.lineTo(toX(panel, x), toY(panel, y)));
        context.closePath();
        context.lineWidth = 1.5;
        context.strokeStyle = "#280092";
        context.fillStyle = "rgba(40, 0, 146, 0.08)";
        context.fill();
        context.stroke();
      }
      if (focus >= 0 && isIn(focus, panel.index)) {
        context.beginPath();
        context.lineWidth = 3;
        context.strokeStyle = "#000";
        context.arc(toX(panel, view.x[focus]), toY(panel, view.y[focus]), 8, 0, 7);
        context.stroke();
        context.lineWidth = 1;
        context.strokeStyle = "#fff";
        context.stroke();
      }
      context.restore();
    }

    function paint() {
      waits = false;
      const start = performance.now();
      const width = element.clientWidth;
      const height = element.clientHeight;
      if (!view || width === 0) return;
      scale = Math.min(window.devicePixelRatio || 1, 2);
      if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
        canvas.width = Math.round(width * scale);
        canvas.height = Math.round(height * scale);
      }
      const style = getComputedStyle(element);
      const colours = {
        ink: style.color,
        paper: style.getPropertyValue("--paper"),
      };
      context.setTransform(scale, 0, 0, scale, 0, 0);
      context.clearRect(0, 0, width, height);
      context.font = "12px system-ui, sans-serif";
      let isCells = false;
      for (const panel of panels()) {
        context.fillStyle = colours.paper;
        context.fillRect(panel.left, panel.top, panel.width, panel.height);
        isCells = paintPanel(panel) || isCells;
        context.strokeStyle = colours.ink;
        context.lineWidth = 0.5;
        context.strokeRect(panel.left, panel.top, panel.width, panel.height);
        paintAxes(panel, colours);
        paintChoice(panel);
      }
      on.cells(isCells);
      stats.frames++;
      stats.paint = performance.now() - start;
    }

    function later() {
      if (!waits) {
        waits = true;
        requestAnimationFrame(paint);
      }
    }

    // What is asked of the map ------------------------------------------------

    function nearest(panel, px, py) {
      const [cx, cy] = fromPixels(panel, px, py);
      const xScale = panel.width / (box[1] - box[0]);
      const yScale = panel.height / (box[3] - box[2]);
      const { n, x, y } = view;
      let best = 100;
      let found = -1;
      for (let i = 0; i < n; i++) {
        const dx = (x[i] - cx) * xScale;
        if (!(dx * dx < best)) continue;
        const dy = (y[i] - cy) * yScale;
        const distance = dx * dx + dy * dy;
        if (distance < best && isShown(i) && isIn(i, panel.index)) {
          best = distance;
          found = i;
        }
      }
      return found;
    }

    // The samples in an outline; a box is told by its corners alone.
    function within(points, panel, isBox) {
      const xs = points.map((p) => p[0]);
      const ys = points.map((p) => p[1]);
      const [left, right] = [Math.min(...xs), Math.max(...xs)];
      const [low, high] = [Math.min(...ys), Math.max(...ys)];
      const { n, x, y } = view;
      const found = [];
      for (let i = 0; i < n; i++) {
        if (x[i] >= left && x[i] <= right && y[i] >= low && y[i] <= high
            && isShown(i) && (panel === null || isIn(i, panel))
            && (isBox || isInside(points, x[i], y[i]))) found.push(i);
      }
      return found;
    }

    function inView() {
      const corners = [[box[0], box[2]], [box[1], box[3]]];
      return within(corners, null, true).filter((i) => !view.panels || view.panels.codes[i] >= 0);
    }

    // The next sample in a direction, in the panel of the one in focus.
    function next(dx, dy) {
      const all = panels();
      const panel = all[focus >= 0 && view.panels ? view.panels.codes[focus] : 0] || all[0];
      const xScale = panel.width / (box[1] - box[0]);
      const yScale = panel.height / (box[3] - box[2]);
      const x0 = focus >= 0 ? view.x[focus] : (box[0] + box[1]) / 2;
      const y0 = focus >= 0 ? view.y[focus] : (box[2] + box[3]) / 2;
      let best = Infinity;
      let found = -1;
      for (let i = 0; i < view.n; i++) {
        if (i === focus) continue;
        const a = (view.x[i] - x0) * xScale;
        const b = (view.y[i] - y0) * yScale;
        const along = a * dx + b * dy;
        const across = Math.abs(a * dy) + Math.abs(b * dx);
        if (!(along > 0.01) || across > along || along + 2 * across >= best) continue;
        if (isShown(i) && isIn(i, panel.index)) {
          best = along + 2 * across;
          found = i;
        }
      }
      return found;
    }

    function zoomAt(panel, px, py, factor) {
      const [x, y] = fromPixels(panel, px, py);
      box = [
        x + (box[0] - x) * factor, x + (box[1] - x) * factor,
        y + (box[2] - y) * factor, y + (box[3] - y) * factor,
      ];
      later();
    }

    function shift(dx, dy) {
      box = [box[0] + dx, box[1] + dx, box[2] + dy, box[3] + dy];
      later();
    }

    function wholeBox() {
      box = [...rangeOf(view.x), ...rangeOf(view.y)];
    }

    // The pointer -------------------------------------------------------------

    const clampTo = (panel, px, py) => fromPixels(
      panel,
      Math.min(Math.max(px, panel.left), panel.left + panel.width),
      Math.min(Math.max(py, panel.top), panel.top + panel.height),
    );

    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      element.focus({ preventScroll: true });
      const panel = panelAt(event.offsetX, event.offsetY);
      drag = { panel: panel.index, x: event.offsetX, y: event.offsetY, box: box.slice() };
      if (mode !== "pan") drag.points = [clampTo(panel, event.offsetX, event.offsetY)];
      on.hover(-1);
    });

    canvas.addEventListener("pointermove", (event) => {
      if (!drag) {
        const panel = panelAt(event.offsetX, event.offsetY);
        on.hover(nearest(panel, event.offsetX, event.offsetY), event.clientX, event.clientY);
        return;
      }
      const panel = panels()[drag.panel];
      if (mode === "pan") {
        const dx = (event.offsetX - drag.x) / panel.width * (drag.box[1] - drag.box[0]);
        const dy = (event.offsetY - drag.y) / panel.height * (drag.box[3] - drag.box[2]);
        box = [drag.box[0] - dx, drag.box[1] - dx, drag.box[2] + dy, drag.box[3] + dy];
      } else {
        const first = drag.points[0];
        const here = clampTo(panel, event.offsetX, event.offsetY);
        if (mode === "box") drag.points = [first, [here[0], first[1]], here, [first[0], here[1]]];
        else drag.points.push(here);
      }
      later();
    });

    function endDrag(event) {
      if (!drag) return;
      const { panel, points } = drag;
      const isClick = Math.abs(event.offsetX - drag.x) + Math.abs(event.offsetY - drag.y) < 4
        && (!points || points.length < 6);
      drag = null;
      if (isClick) {
        const found = nearest(panels()[panel], event.offsetX, event.offsetY);
        outline = null;
        focus = found;
        if (mode !== "pan" || found >= 0) on.choose(found < 0 ? [] : [found]);
      } else if (points && points.length > 2) {
        outline = { panel, points };
        on.choose(within(points, panel, mode === "box"));
      }
      later();
    }
    canvas.addEventListener("pointerup", endDrag);
    canvas.addEventListener("pointercancel", () => {
      drag = null;
      later();
    });
    canvas.addEventListener("pointerleave", () => on.hover(-1));
    canvas.addEventListener("wheel", (event) => {
      event.preventDefault();
      const panel = panelAt(event.offsetX, event.offsetY);
      zoomAt(panel, event.offsetX, event.offsetY, Math.exp(event.deltaY * 0.002));
    }, { passive: false });

    // The keyboard ------------------------------------------------------------

    const arrows = {
      ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1],
    };

    function walk(arrow) {
      const found = next(...arrow);
      if (found >= 0) {
        focus = found;
        const panel = panels()[view.panels ? view.panels.codes[focus] : 0];
        const [x, y] = [view.x[focus], view.y[focus]];
        if (x < box[0] || x > box[1]) shift(x - (box[0] + box[1]) / 2, 0);
        if (y < box[2] || y > box[3]) shift(0, y - (box[2] + box[3]) / 2);
        const at = canvas.getBoundingClientRect();
        on.hover(focus, at.left + toX(panel, x), at.top + toY(panel, y));
        on.focus(focus);
      }
    }

    element.addEventListener("keydown", (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const arrow = arrows[event.key];
      const panel = panels()[0];
      const middle = [panel.left + panel.width / 2, panel.top + panel.height / 2];
      if (arrow && event.shiftKey) {
        shift(arrow[0] * (box[1] - box[0]) / 10, arrow[1] * (box[3] - box[2]) / 10);
      } else if (arrow) {
        walk(arrow);
      } else if (event.key === "+" || event.key === "=") {
        zoomAt(panel, ...middle, 0.8);
      } else if (event.key === "-") {
        zoomAt(panel, ...middle, 1.25);
      } else if (event.key === "0") {
        wholeBox();
      } else if (event.key === "Enter" && focus >= 0) {
        on.choose([focus]);
      } else if (event.key === "v") {
        on.choose(inView());
      } else if (event.key === "Escape") {
        outline = null;
        focus = -1;
        on.hover(-1);
        on.choose([]);
      } else {
        return;
      }
      event.preventDefault();
      later();
    });
    element.addEventListener("blur", () => on.hover(-1));

    new ResizeObserver(later).observe(element);
    for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)"]) {
      window.matchMedia(query).addEventListener("change", later);
    }

    return {
      stats,
      // With `keepsBox` the same part of the map is shown
      show(newView, keepsBox) {
        view = newView;
        if (!keepsBox) {
          outline = null;
          wholeBox();
        }
        if (stats.frames === 0) paint(); else later();
      },
      mark(found) {
        marked = found;
        later();
      },
      setMode(newMode) {
        mode = newMode;
        canvas.style.cursor = mode === "pan" ? "grab" : "crosshair";
      },
      whole() {
        wholeBox();
        later();
      },
      zoom(factor) {
        const panel = panels()[0];
        zoomAt(panel, panel.left + panel.width / 2, panel.top + panel.height / 2, factor);
      },
      inView,
      // Where a sample is in the window, for whoever drives a browser
      locate(i) {
        const panel = panels()[view.panels ? view.panels.codes[i] : 0];
        const at = canvas.getBoundingClientRect();
        return [at.left + toX(panel, view.x[i]), at.top + toY(panel, view.y[i])];
      },
    };
  }

  // The table ---------------------------------------------------------------

  const comparing = new Intl.Collator(undefined, { numeric: true });

  // Rows of `columns`, of which only those in view are in the page.
  function makeTable(element, columns, onRow) {
    let rows = [];
    let sorted = null; // { column, isDown }
    let words = "";
    let view = [];
    let current = -1;
    const head = make("div", { class: "datamap-head", role: "row", "aria-rowindex": 1 });
    const body = make("div", { class: "datamap-body", role: "rowgroup" });
    element.setAttribute("aria-colcount", columns.length);
    element.append(head, body);

    const buttons = columns.map((column) => {
      const button = data("button", column.name, { type: "button", title: column.title, tabindex: 0 });
      button.addEventListener("click", () => {
        const isSame = sorted && sorted.column === column;
        if (isSame && sorted.isDown) sorted = null;
        else sorted = { column, isDown: Boolean(isSame) };
        update();
      });
      const cell = make("div", { role: "columnheader", class: column.type === "text" && column.name !== "id" ? "datamap-wide" : "" }, button);
      head.append(cell);
      return { cell, button, column };
    });

    // Missing values come last, either way.
    function compare(column, down) {
      const keyOf = column.type === "number" ? (i) => column.values[i]
        : column.type === "factor" ? (i) => (column.codes[i] < 0 ? NaN : column.codes[i])
          : (i) => column.get(i);
      const sign = down ? -1 : 1;
      return (i, j) => {
        const a = keyOf(i);
        const b = keyOf(j);
        if (typeof a === "string") return sign * comparing.compare(a, b) || i - j;
        const lacksA = Number.isNaN(a);
        const lacksB = Number.isNaN(b);
        if (lacksA || lacksB) return lacksA - lacksB || i - j;
        return sign * (a - b) || i - j;
      };
    }

    function update() {
      view = words === "" ? rows.slice() : rows.filter((i) => columns.some((column) =>
        digits(column.get(i)).toLowerCase().includes(words)));
      if (sorted) view.sort(compare(sorted.column, sorted.isDown));
      for (const { cell, button, column } of buttons) {
        const isSorted = sorted && sorted.column === column;
        cell.setAttribute("aria-sort", !isSorted ? "none" : sorted.isDown ? "descending" : "ascending");
        button.textContent = column.name + (!isSorted ? "" : sorted.isDown ? " \u25BC" : " \u25B2");
      }
      element.setAttribute("aria-rowcount", view.length + 1);
      current = -1;
      element.removeAttribute("aria-activedescendant");
      onRow(-1);
      element.scrollTop = 0;
      draw();
    }

    // Where there are more rows than an element can be high, its height stands
    // for all of them.
    const height = () => Math.min(view.length * ROW_HEIGHT, MAX_HEIGHT);
    function firstInView() {
      const room = height() - element.clientHeight;
      const all = view.length * ROW_HEIGHT - element.clientHeight;
      const share = room > 0 ? Math.min(1, element.scrollTop / room) : 0;
      return Math.max(0, Math.floor(share * Math.max(all, 0) / ROW_HEIGHT));
    }

    function draw() {
      body.style.height = `${height()}px`;
      const first = firstInView();
      const number = Math.ceil(element.clientHeight / ROW_HEIGHT) + 2;
      const isWhole = view.length * ROW_HEIGHT <= MAX_HEIGHT;
      const top = isWhole ? first * ROW_HEIGHT : element.scrollTop;
      body.replaceChildren(...view.slice(first, first + number).map((i, k) => {
        const row = make("div", {
          class: "datamap-row", role: "row", id: `${element.id}-${first + k}`,
          "aria-rowindex": first + k + 2, "aria-selected": first + k === current,
        });
        row.style.top = `${top + k * ROW_HEIGHT}px`;
        row.append(...columns.map((column) => {
          const value = column.get(i);
          const cell = data("div", column.type === "text" ? value.slice(0, 300) : shown(value), { role: "gridcell" });
          if (column.type === "text" && column.name !== "id") cell.className = "datamap-wide";
          return cell;
        }));
        row.addEventListener("click", () => goTo(first + k));
        return row;
      }));
    }

    function goTo(k) {
      current = Math.max(0, Math.min(k, view.length - 1));
      const first = firstInView();
      const most = Math.floor(element.clientHeight / ROW_HEIGHT) - 2;
      const all = view.length * ROW_HEIGHT - element.clientHeight;
      const room = Math.max(1, height() - element.clientHeight);
      const scrollTo = (row) => {
        element.scrollTop = all > 0 ? row * ROW_HEIGHT * room / all : 0;
      };
      if (current < first + 1) scrollTo(Math.max(0, current - 1));
      else if (current > first + most) scrollTo(current - most + 1);
      draw();
      element.setAttribute("aria-activedescendant", `${element.id}-${current}`);
      onRow(view[current]);
    }

    element.addEventListener("scroll", draw);
    element.addEventListener("keydown", (event) => {
      if (event.target !== element || view.length === 0) return;
      const page = Math.max(1, Math.floor(element.clientHeight / ROW_HEIGHT) - 2);
      const to = {
        ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + page,
        PageUp: current - page, Home: 0, End: view.length - 1,
      }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      goTo(to);
    });
    new ResizeObserver(draw).observe(element);

    return {
      setRows(found) {
        rows = found;
        update();
      },
      filter(text) {
        words = text.trim().toLowerCase();
        update();
      },
      rows: () => view,
      // With all digits, quoted where there is need, lines as RFC 4180 has them
      csv() {
        const quote = (text) => (/[",\n\r]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
        const lines = [columns.map((column) => quote(column.name)).join(",")];
        for (const i of view) {
          lines.push(columns.map((column) => quote(digits(column.get(i)))).join(","));
        }
        return `${lines.join("\r\n")}\r\n`;
      },
    };
  }

  // The whole ---------------------------------------------------------------

  let number = 0;

  async function start(root, parts, onChoose) {
    const begin = performance.now();
    const times = {};
    const head = JSON.parse(utf8(await inflate(parts[0])));
    const { columns, n } = head;
    const texts = columns.filter((column) => column.type === "text");
    await Promise.all(columns.filter((column) => column.type !== "text")
      .map((column) => unpackNumbers(column, parts)));
    const id = columns[0];
    const name = `datamap-${++number}`;
    const state = { x: head.x, y: head.y, group: head.group, facet: head.facet, hidden: new Set() };
    let chosen = [];
    let found = [];

    // Choices among the columns
    const numeric = columns.filter((c) => c.type === "number" && c !== id);
    const grouping = columns.filter((c) => c.levels && c.levels.length > 0);
    function chooser(label, choices, key, none) {
      const select = make("select", { "data-for": key });
      if (none) select.append(make("option", { value: -1 }, none));
      for (const column of choices) {
        select.append(data("option", column.name, { value: columns.indexOf(column), title: column.title }));
      }
      select.value = String(state[key]);
      select.addEventListener("change", () => {
        state[key] = Number(select.value);
        if (key === "group") state.hidden.clear();
        redraw(key === "group" || key === "facet");
      });
      return make("label", {}, label, select);
    }
    const search = make("input", { type: "search", placeholder: "id or words" });
    const filter = make("input", { type: "search", placeholder: "words" });
    const modes = ["box", "lasso", "pan"].map((mode) =>
      make("button", { type: "button", "aria-pressed": false, "data-mode": mode, onclick: () => setMode(mode) }, mode));
    const button = (label, act, title) =>
      make("button", { type: "button", title: title || null, "data-do": label, onclick: act }, label);
    const status = make("span", { class: "datamap-status", role: "status" });
    const cells = make("span", { class: "datamap-status" });
    const spoken = make("div", { class: "datamap-unseen", "aria-live": "polite" });
    const legend = make("fieldset");
    const tip = make("div", { class: "datamap-tip", role: "tooltip", hidden: true });
    const detail = make("div", { class: "datamap-detail", "aria-live": "polite", tabindex: 0, role: "region", "aria-label": "The sample of the row" });
    const plotElement = make("div", {
      class: "datamap-plot", tabindex: 0, role: "application", "aria-label": head.alt,
      "aria-roledescription": "data map", "aria-describedby": `${name}-keys`,
    });
    const tableElement = make("div", {
      class: "datamap-table", role: "grid", tabindex: 0, id: `${name}-table`,
      "aria-label": "Samples that were chosen", "aria-multiselectable": false,
    });
    root.classList.add("datamap");
    root.replaceChildren(
      make("h1", {}, head.title),
      make("div", { class: "datamap-bar" },
        chooser("x", numeric, "x"), chooser("y", numeric, "y"),
        chooser("colour", grouping, "group"), chooser("panels", grouping, "facet", "none"),
        make("label", {}, "search", search), button("list found", () => choose(found))),
      legend,
      make("div", { class: "datamap-bar" },
        make("span", { role: "group", "aria-label": "What dragging does" }, ...modes),
        button("+", () => plot.zoom(0.8), "zoom in"), button("\u2212", () => plot.zoom(1.25), "zoom out"),
        button("all", () => plot.whole(), "show the whole map"),
        button("list view", () => choose(plot.inView()), "list all that are in view"), cells),
      make("div", { class: "datamap-unseen", id: `${name}-keys` },
        "Arrows go from sample to sample, with Shift they move the map; plus and minus zoom, "
        + "0 shows all; Enter lists the sample, v all in view, Escape none."),
      plotElement, spoken,
      make("div", { class: "datamap-bar" },
        make("label", {}, "in the table", filter), button("save CSV", save), button("clear", () => choose([])), status),
      tableElement, detail, tip,
    );

    const ordered = [id, ...texts.filter((c) => c !== id), ...columns.filter((c) => c.type !== "text" && c !== id)];
    const table = makeTable(tableElement, ordered, (i) => {
      detail.replaceChildren(...(i < 0 ? [] : describe(i)));
    });
    const plot = makePlot(plotElement, {
      hover,
      choose,
      focus: (i) => { spoken.textContent = sentence(i); },
      cells: (isCells) => { cells.textContent = isCells ? "counted in cells; zoom in for points" : ""; },
    });

    // A sample in full
    function describe(i) {
      const list = make("dl", { class: "datamap-values" });
      for (const column of ordered) {
        if (column.type === "text" && column !== id) continue;
        list.append(data("dt", column.name), data("dd", shown(column.get(i))));
      }
      const own = texts.filter((c) => c !== id && c.get);
      return [...own.map((c) => data("p", c.get(i), { class: "datamap-text" })), list];
    }

    function sentence(i) {
      const words = [id, columns[state.y], columns[state.x], columns[state.group]]
        .map((column) => `${column.name} ${shown(column.get(i))}`);
      const own = texts.filter((c) => c !== id && c.get);
      return [...words, ...own.map((c) => c.get(i))].join(", ");
    }

    function hover(i, px, py) {
      tip.hidden = i < 0 || !id.get;
      if (tip.hidden) return;
      tip.replaceChildren(...describe(i));
      const size = tip.getBoundingClientRect();
      tip.style.left = `${Math.max(4, px + 14 + size.width > window.innerWidth ? px - size.width - 14 : px + 14)}px`;
      tip.style.top = `${Math.max(4, Math.min(py + 14, window.innerHeight - size.height - 4))}px`;
    }

    function looksOf(column) {
      const looks = column.levels.map((word, k) =>
        ({ word, colour: column.colours[k], shape: column.shapes[k] }));
      return [...looks, MISSING];
    }

    function view() {
      const group = columns[state.group];
      const facet = columns[state.facet];
      return {
        n,
        x: columns[state.x].values,
        y: columns[state.y].values,
        xTitle: columns[state.x].title,
        yTitle: columns[state.y].title,
        codes: codesOf(group),
        looks: looksOf(group),
        hidden: state.hidden,
        panels: facet ? { codes: codesOf(facet), words: facet.panels } : null,
      };
    }

    function drawLegend(now) {
      const counts = new Array(now.looks.length).fill(0);
      for (const code of now.codes) counts[code < 0 ? counts.length - 1 : code]++;
      legend.replaceChildren(data("legend", columns[state.group].title, { class: "datamap-unseen" }));
      now.looks.forEach((look, k) => {
        if (counts[k] === 0) return;
        const key = make("canvas", { class: "datamap-key", width: 36, height: 36, "aria-hidden": "true" });
        key.style.width = "18px";
        key.style.height = "18px";
        const context = key.getContext("2d");
        context.translate(18, 18);
        context.fillStyle = look.colour;
        context.strokeStyle = look.colour;
        drawShape(context, look.shape, 9);
        const box = make("input", { type: "checkbox", checked: !state.hidden.has(k) });
        box.addEventListener("change", () => {
          if (box.checked) state.hidden.delete(k); else state.hidden.add(k);
          plot.show(view(), true);
        });
        legend.append(make("label", {}, box, key, data("span", look.word), `(${counts[k].toLocaleString("en-US")})`));
      });
    }

    function redraw(keepsBox) {
      const now = view();
      // Many panels take more room than a few
      const across = Math.max(1, Math.floor(plotElement.clientWidth / 230));
      const n = now.panels ? now.panels.words.length : 1;
      plotElement.style.minHeight = `${Math.max(300, Math.ceil(n / Math.min(across, Math.ceil(Math.sqrt(n * 1.8)))) * 190)}px`;
      drawLegend(now);
      plot.show(now, keepsBox);
    }

    function setMode(mode) {
      plot.setMode(mode);
      for (const other of modes) other.setAttribute("aria-pressed", other.dataset.mode === mode);
    }

    function choose(rows) {
      chosen = rows;
      table.setRows(chosen);
      status.textContent = `${count(chosen.length, "sample")} chosen`;
      if (onChoose) onChoose(chosen.map((i) => id.get(i)));
      times.chosen = performance.now();
    }

    function save() {
      const blob = new Blob([table.csv()], { type: "text/csv;charset=utf-8" });
      const link = make("a", { href: URL.createObjectURL(blob), download: "samples.csv" });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    }

    // Ids are searched as a whole, texts and the words of levels in part.
    function find() {
      const words = search.value.trim().toLowerCase();
      found = [];
      if (words === "") {
        plot.mark(null);
        status.textContent = "";
        return;
      }
      const marked = new Uint8Array(n);
      const others = texts.filter((column) => column !== id);
      for (let i = 0; i < n; i++) {
        if (String(id.get(i)).toLowerCase() === words
            || others.some((column) => column.get(i).toLowerCase().includes(words))) {
          marked[i] = 1;
          found.push(i);
        }
      }
      plot.mark(marked);
      status.textContent = `${count(found.length, "sample")} found`;
    }
    const soon = (act) => {
      let timer = 0;
      return () => {
        clearTimeout(timer);
        timer = setTimeout(act, 150);
      };
    };
    search.addEventListener("input", soon(find));
    filter.addEventListener("input", soon(() => table.filter(filter.value)));
    search.addEventListener("keydown", (event) => {
      if (event.key === "Enter") {
        find();
        choose(found);
      }
    });

    setMode("box");
    redraw(false);
    times.drawn = performance.now() - begin;
    await Promise.all(texts.map((column) => unpackTexts(column, parts)));
    parts.length = 0;
    choose([]);
    status.textContent = "";
    times.ready = performance.now() - begin;
    root.datamap = { head, plot, table, times, state, find, choose, chosen: () => chosen, found: () => found };
    return root.datamap;
  }

  // The page that R/explore-page.R writes: its parts are read and taken away.
  function page() {
    const elements = [...document.querySelectorAll("script.datamap-part")];
    const parts = elements.map((element) => element.textContent);
    elements.forEach((element) => element.remove());
    return start(document.getElementById("datamap"), parts);
  }

  window.datamapExplore = { start, page };

  // In R Markdown and Shiny, where ids of what is chosen are an input.
  if (window.HTMLWidgets) {
    window.HTMLWidgets.widget({
      name: "datamap_explore",
      type: "output",
      factory(element) {
        return {
          renderValue(value) {
            start(element, value.parts.slice(), (ids) => {
              if (window.HTMLWidgets.shinyMode) {
                window.Shiny.setInputValue(`${element.id}_selected`, ids.length > 0 ? ids : null);
              }
            });
          },
          resize() {},
        };
      },
    });
  }
}());
