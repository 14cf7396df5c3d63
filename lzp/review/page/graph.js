// The winrate graph: Black's share dark from below, mistakes as dots, the cursor a line.

class GraphView {
  constructor(element, data, onPly) {
    this.element = element;
    this.data = data;
    this.ply = 0;
    this.left = 30;
    let dragging = false;
    const go = (event) => {
      const box = element.getBoundingClientRect();
      const share = (event.clientX - box.left - this.left) / (this.width - this.left - 8);
      const plies = data.positions.length - 1;
      onPly(Math.max(0, Math.min(plies, Math.round(share * plies))));
    };
    element.addEventListener("pointerdown", (event) => { dragging = true; go(event); });
    element.addEventListener("pointermove", (event) => { if (dragging) go(event); });
    window.addEventListener("pointerup", () => { dragging = false; });
    window.addEventListener("pointercancel", () => { dragging = false; });
    new ResizeObserver(() => this.draw()).observe(element);
  }

  x(ply) {
    const plies = Math.max(1, this.data.positions.length - 1);
    return this.left + (ply / plies) * (this.width - this.left - 8);
  }

  y(winrate) { return 8 + (1 - winrate) * (this.height - 28); }

  draw() {
    const box = this.element.getBoundingClientRect();
    if (!box.width) return;
    this.width = box.width;
    this.height = box.height;
    this.element.setAttribute("viewBox", `0 0 ${box.width} ${box.height}`);
    this.cursor = svg("g", {});
    this.element.replaceChildren(...this.areas(), ...this.grid(), this.line(), ...this.dots(),
      this.cursor);
    this.show(this.ply);
  }

  points() {
    return this.data.positions.map((position, ply) =>
      `${this.x(ply).toFixed(1)} ${this.y(position.winrate_black).toFixed(1)}`);
  }

  areas() {
    const top = this.y(1), bottom = this.y(0), end = this.x(this.data.positions.length - 1);
    return [
      svg("rect", { class: "g-white", x: this.left, y: top, width: end - this.left,
        height: bottom - top, rx: 3 }),
      svg("path", { class: "g-black",
        d: `M${this.left} ${bottom}L${this.points().join("L")}L${end} ${bottom}Z` }),
    ];
  }

  grid() {
    const parts = [], plies = this.data.positions.length - 1;
    for (const share of [0, 0.5, 1]) {
      const y = this.y(share);
      parts.push(svg("text", { x: this.left - 5, y: y + 4, "text-anchor": "end" },
        String(100 * share)));
      if (share === 0.5) {
        parts.push(svg("path", { class: "g-half", d: `M${this.left} ${y}H${this.x(plies)}` }));
      }
    }
    const step = [1, 2, 5, 10, 20, 50, 100].find((each) => plies / each <= this.width / 55) || 200;
    for (let ply = step; ply <= plies; ply += step) {
      const x = this.x(ply);
      parts.push(svg("path", { class: "g-grid", d: `M${x} ${this.y(1)}V${this.y(0)}` }));
      const anchor = x > this.width - 14 ? "end" : "middle";
      parts.push(svg("text", { x, y: this.height - 4, "text-anchor": anchor }, String(ply)));
    }
    return parts;
  }

  line() { return svg("path", { class: "g-line", d: `M${this.points().join("L")}` }); }

  dots() {
    return this.data.mistakes.map((ply) => svg("circle", {
      class: `g-dot ${this.data.moves[ply - 1].verdict}`, r: 4.6, cx: this.x(ply),
      cy: this.y(this.data.positions[ply].winrate_black) }));
  }

  show(ply) {
    this.ply = ply;
    if (!this.cursor) return;
    const x = this.x(ply), y = this.y(this.data.positions[ply].winrate_black);
    this.cursor.replaceChildren(
      svg("path", { class: "g-cursor", d: `M${x} ${this.y(1)}V${this.y(0)}` }),
      svg("circle", { class: "g-now", r: 5, cx: x, cy: y }));
  }
}
