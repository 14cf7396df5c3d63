// The board as SVG: wood and lines once, stones and what lies on them at every step.

const SVG = "http://www.w3.org/2000/svg";
const CELL = 40, MARGIN = 46;

function svg(name, attributes, ...children) {
  const node = document.createElementNS(SVG, name);
  for (const key in attributes) node.setAttribute(key, attributes[key]);
  for (const child of children) {
    node.append(typeof child === "string" ? document.createTextNode(child) : child);
  }
  return node;
}

function starPoints(side) {
  if (side < 7) return [];
  const edge = side >= 13 ? 3 : 2, middle = (side - 1) / 2, far = side - 1 - edge;
  const corners = [[edge, edge], [edge, far], [far, edge], [far, far]];
  if (side % 2 === 0) return corners;
  const center = [[middle, middle]];
  if (side < 13) return corners.concat(center);
  return corners.concat(center, [[edge, middle], [far, middle], [middle, edge], [middle, far]]);
}

class BoardView {
  constructor(element, side, onPoint) {
    this.element = element;
    this.side = side;
    this.size = (side - 1) * CELL + 2 * MARGIN;
    element.setAttribute("viewBox", `0 0 ${this.size} ${this.size}`);
    this.layer = svg("g", {});
    element.append(this.defs(), ...this.ground(), this.layer);
    element.addEventListener("click", (event) => {
      const move = this.pointAt(event);
      if (move >= 0) onPoint(move);
    });
  }

  place(move) {
    const y = Math.floor(move / this.side);
    return [MARGIN + (move % this.side) * CELL, MARGIN + (this.side - 1 - y) * CELL];
  }

  pointAt(event) {
    const box = this.element.getBoundingClientRect();
    const scale = this.size / box.width;
    const x = Math.round(((event.clientX - box.left) * scale - MARGIN) / CELL);
    const row = Math.round(((event.clientY - box.top) * scale - MARGIN) / CELL);
    const inside = x >= 0 && row >= 0 && x < this.side && row < this.side;
    return inside ? (this.side - 1 - row) * this.side + x : -1;
  }

  defs() {
    const stops = (...list) => list.map(([offset, color]) =>
      svg("stop", { offset, "stop-color": color }));
    const wood = svg("linearGradient", { id: "wood", x1: 0, y1: 0, x2: 1, y2: 1 });
    for (const [offset, name] of [[0, "--wood"], [0.5, "--wood-2"], [1, "--wood"]]) {
      const stop = svg("stop", { offset });
      stop.style.stopColor = `var(${name})`;
      wood.append(stop);
    }
    const light = { cx: "35%", cy: "30%", r: "75%" };
    return svg("defs", {}, wood,
      svg("radialGradient", { id: "black", ...light },
        ...stops([0, "#62666d"], [0.45, "#26282c"], [1, "#0e0f11"])),
      svg("radialGradient", { id: "white", ...light },
        ...stops([0, "#ffffff"], [0.6, "#f5f2ec"], [1, "#cfcac0"])));
  }

  ground() {
    const { side, size } = this, first = MARGIN, last = size - MARGIN;
    let path = "";
    for (let index = 0; index < side; index++) {
      const at = MARGIN + index * CELL;
      path += `M${first} ${at}H${last}M${at} ${first}V${last}`;
    }
    const parts = [svg("rect", { class: "wood", width: size, height: size }),
      svg("path", { class: "grid", d: path })];
    for (const [x, y] of starPoints(side)) {
      parts.push(svg("circle", { class: "star", r: 4.2, cx: MARGIN + x * CELL, cy: MARGIN + y * CELL }));
    }
    for (let index = 0; index < side; index++) {
      const at = MARGIN + index * CELL, near = 15, far = size - 15;
      const mark = (x, y, text) =>
        parts.push(svg("text", { class: "coordinate", x, y: y + 5, "font-size": 14 }, text));
      for (const end of [near, far]) {
        mark(at, end, COLUMNS[index]);
        mark(end, at, String(side - index));
      }
    }
    return parts;
  }

  // Draws a position. `marks` are elements that lie on top; `numbers` maps points to text.
  draw(position, marks, numbers, lastMark) {
    const stones = [], shadows = [];
    position.colors.forEach((color, move) => {
      if (!color) return;
      const [cx, cy] = this.place(move), name = color === BLACK ? "black" : "white";
      shadows.push(svg("circle", { class: "shadow", r: 18.6, cx: cx + 1.2, cy: cy + 2.4 }));
      stones.push(svg("circle", { class: `board-stone ${name}`, r: 18.6, cx, cy,
        fill: `url(#${name})`, "data-vertex": formatVertex(move, this.side) }));
      stones.push(svg("circle", { class: "stone-edge", r: 18.6, cx, cy }));
      if (numbers.has(move)) {
        stones.push(svg("text", { class: `number on-${name}`, x: cx, y: cy + 6, "font-size": 17 },
          numbers.get(move)));
      }
    });
    this.layer.replaceChildren(...shadows, ...stones, ...lastMark, ...marks);
  }

  lastRing(position, verdict) {
    const { last, lastColor } = position;
    if (last < 0 || last >= this.side ** 2 || position.colors[last] !== lastColor) return [];
    const [cx, cy] = this.place(last), on = lastColor === BLACK ? "on-black" : "on-white";
    return [svg("circle", { class: `last ${on} ${verdict}`, r: 9.5, cx, cy })];
  }

  playedRing(move, color) {
    if (move >= this.side ** 2) return [];
    const [cx, cy] = this.place(move);
    return [svg("circle", { class: "played", r: 19.5, cx, cy,
      stroke: color === BLACK ? "#141518" : "#fffdf8" })];
  }

  // A disc with a number and a smaller one under it.
  disc(move, kind, color, opacity, texts) {
    const [cx, cy] = this.place(move);
    const group = svg("g", { class: kind, "data-vertex": formatVertex(move, this.side) },
      svg("circle", { r: 18.4, cx, cy, fill: color, "fill-opacity": opacity }));
    texts.forEach((text, index) => {
      const alone = texts.length === 1;
      group.append(svg("text", { x: cx, "font-size": index ? 10.5 : 15, class: index ? "small" : "",
        y: cy + (alone ? 5.5 : index ? 13 : 2.5) }, text));
    });
    return group;
  }
}
