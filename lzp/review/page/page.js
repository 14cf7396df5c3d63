// The page: which position is shown, and everything that follows from it.
//
// `ply` is a position of the game. `line` is a variation from there, of which `at` moves are
// on the board; without one it is empty. All text of the record is set as text, never as HTML.

const data = JSON.parse(document.getElementById("data").textContent);
const side = data.side, PASS = side * side;
const plies = data.positions.length - 1;
const $ = (id) => document.getElementById(id);
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const colorOf = (letter) => (letter === "B" ? BLACK : WHITE);
const nameOf = (color) => (color === BLACK ? "Black" : "White");
const state = { ply: 0, line: [], at: 0, mode: "best", playing: 0 };

const game = [startPosition(data)];
for (const move of data.moves) {
  const before = game[game.length - 1];
  const point = parseVertex(move.move, side);
  game.push(playMove(before, point, colorOf(move.color), true) || before);
}

function make(name, properties, ...children) {
  const node = Object.assign(document.createElement(name), properties);
  node.append(...children);
  return node;
}

function stoneIcon(color) {
  return make("i", { className: `stone ${color === BLACK ? "black" : "white"}` });
}

// --- where we are ---------------------------------------------------------------------------

function toPlay() {
  const shown = state.line.length ? state.line[state.at] : null;
  if (shown) return shown.color;
  if (state.line.length) return 3 - state.line[state.line.length - 1].color;
  return colorOf(data.positions[state.ply].to_play);
}

function positionShown() {
  return state.at ? state.line[state.at - 1].position : game[state.ply];
}

function goTo(ply) {
  leaveLine();
  state.ply = Math.max(0, Math.min(plies, ply));
  show();
}

function leaveLine() {
  state.line = [];
  state.at = 0;
  stopPlaying();
}

function step(count) {
  if (!state.line.length) return goTo(state.ply + count);
  stopPlaying();
  state.at = Math.min(state.line.length, state.at + count);
  if (state.at <= 0) leaveLine();
  show();
}

function goToMistake(direction) {
  const list = data.mistakes.slice().sort((a, b) => a - b);
  if (direction < 0) list.reverse();
  const found = list.find((ply) => (ply - state.ply) * direction > 0);
  if (found !== undefined) goTo(found);
}

// --- variations -----------------------------------------------------------------------------

// Returns moves with the position after each, as far as they can be played.
function lineFrom(position, color, moves) {
  const line = [];
  for (const move of moves) {
    position = playMove(position, move, color, false);
    if (!position) break;
    line.push({ move, color, position });
    color = 3 - color;
  }
  return line;
}

// Shows the variation of a candidate of the position, its first moves on the board.
function showLine(ply, candidate, moves = Infinity) {
  leaveLine();
  state.ply = ply;
  const color = colorOf(data.positions[ply].to_play);
  state.line = lineFrom(game[ply], color, candidate.pv.map((each) => parseVertex(each, side)));
  state.at = Math.min(state.line.length, moves);
  show();
}

// Plays the best variation move by move.
function playOut() {
  if (state.playing) { stopPlaying(); return; }
  if (!state.line.length || state.at >= state.line.length) {
    if (state.line.length) leaveLine();
    const best = data.positions[state.ply].moves[0];
    if (!best) return;
    showLine(state.ply, best, 1);
  }
  state.playing = setInterval(() => {
    if (state.at < state.line.length) { state.at += 1; show(); }
    if (state.at >= state.line.length) stopPlaying();
  }, 650);
}

function stopPlaying() {
  clearInterval(state.playing);
  state.playing = 0;
}

// A click on the board: the game's own move steps on, a candidate shows its variation, any
// other point is tried.
function onPoint(move) {
  if (!state.line.length) {
    const next = data.moves[state.ply];
    if (next && parseVertex(next.move, side) === move) return goTo(state.ply + 1);
    const candidate = state.mode === "best" && shownCandidates().find(
      (each) => parseVertex(each.move, side) === move);
    if (candidate) return showLine(state.ply, candidate);
  }
  stopPlaying();
  const tried = lineFrom(positionShown(), toPlay(), [move]);
  if (!tried.length) return;
  state.line = state.line.slice(0, state.at).concat(tried);
  state.at = state.line.length;
  show();
}

// --- drawing --------------------------------------------------------------------------------

function shownCandidates() {
  return data.positions[state.ply].moves.slice(0, 6);
}

// From green, as good as the best, to red, as bad as a mistake.
function lossColor(lost) {
  const share = Math.max(0, Math.min(1, lost / data.threshold));
  return `hsl(${Math.round(128 - 118 * share)} 68% ${Math.round(62 - 2 * share)}%)`;
}

function candidateDiscs() {
  const shown = shownCandidates().filter((each) => each.move !== "pass");
  if (!shown.length) return [];
  const best = data.positions[state.ply].moves[0];
  return shown.map((each) => {
    const isBest = each === best;
    const color = isBest ? "#59b4f5" : lossColor(best.winrate - each.winrate);
    const texts = [(100 * each.winrate).toFixed(0), short(each.visits)];
    return board.disc(parseVertex(each.move, side), `candidate${isBest ? " best" : ""}`, color,
      isBest ? 0.97 : 0.9, texts);
  });
}

function short(count) {
  return count < 1000 ? String(count) : `${(count / 1000).toFixed(count < 9950 ? 1 : 0)}k`;
}

function policyDiscs() {
  const policy = data.positions[state.ply].policy, discs = [];
  const most = Math.max(...Object.values(policy));
  for (const vertex in policy) {
    if (vertex === "pass" || policy[vertex] < 0.005) continue;
    const strength = Math.sqrt(policy[vertex] / most);
    const text = policy[vertex] >= 0.01 ? [(100 * policy[vertex]).toFixed(0)] : [];
    discs.push(board.disc(parseVertex(vertex, side), "policy-point",
      `hsl(${Math.round(265 - 55 * strength)} 75% 68%)`, 0.25 + 0.7 * strength, text));
  }
  return discs;
}

function drawBoard() {
  const position = positionShown(), numbers = new Map();
  state.line.slice(0, state.at).forEach((each, index) => {
    if (position.colors[each.move] === each.color) numbers.set(each.move, String(index + 1));
  });
  let marks = [], last = [];
  if (!state.line.length) {
    const move = data.moves[state.ply - 1], next = data.moves[state.ply];
    last = board.lastRing(position, move ? move.verdict : "");
    if (state.mode === "best") marks = candidateDiscs();
    if (state.mode === "policy") marks = policyDiscs();
    if (next && state.mode !== "none") {
      marks = marks.concat(board.playedRing(parseVertex(next.move, side), colorOf(next.color)));
    }
  }
  board.draw(position, marks, numbers, last);
  $("taken-black").textContent = position.taken[BLACK];
  $("taken-white").textContent = position.taken[WHITE];
}

function drawBar() {
  const black = data.positions[state.ply].winrate_black;
  $("bar-black").style.width = `${100 * black}%`;
  $("bar-text-black").textContent = percent(black);
  $("bar-text-white").textContent = percent(1 - black);
  $("bar-text-black").className = black < 0.13 ? "outside" : "";
  $("bar-text-white").className = black > 0.87 ? "outside" : "";
}

function drawMoveLine() {
  const move = data.moves[state.ply - 1], parts = [];
  if (move) {
    parts.push(stoneIcon(colorOf(move.color)), make("b", {}, `${state.ply}. ${move.move}`), " ");
    parts.push(verdictTag(move));
    if (move.lost !== null && !["best", "find"].includes(move.verdict)) {
      parts.push(` better ${move.best} `);
      const button = make("button", { className: "show-better" }, "show");
      button.addEventListener("click", () => showLine(state.ply - 1, bestOf(state.ply - 1)));
      parts.push(button);
    }
  } else parts.push("Before the first move");
  $("move-line").replaceChildren(...parts);
  $("comment").textContent = data.positions[state.ply].comment;
}

function bestOf(ply) { return data.positions[ply].moves[0]; }

function verdictTag(move) {
  const words = { best: "best move", find: "a find", good: "", "": "not judged" };
  const name = move.verdict in words ? words[move.verdict] : move.verdict;
  const lost = move.lost ? ` −${percent(move.lost)}` : "";
  return make("span", { className: `tag ${move.verdict}` }, `${name}${lost}`.trim() || "−0.0 %");
}

function drawCandidates() {
  const rows = shownCandidates().map((each) => {
    const row = make("tr", {},
      ...[each.move, percent(each.winrate), String(each.visits), percent(each.prior)].map(
        (text) => make("td", {}, text)),
      make("td", { className: "wide" }, each.pv.slice(1).join(" ")));
    const next = data.moves[state.ply];
    if (next && next.move === each.move) row.className = "played";
    row.addEventListener("click", () => showLine(state.ply, each));
    return row;
  });
  $("candidates").tBodies[0].replaceChildren(...rows);
  $("candidates").hidden = !rows.length;
}

function drawState() {
  const inLine = state.line.length > 0;
  $("counter").textContent = `${state.ply} / ${plies}`;
  $("leave").hidden = !inLine;
  $("line-state").className = inLine ? "variation" : "";
  $("line-state").textContent = inLine
    ? `variation after move ${state.ply}: ${state.at} of ${state.line.length}`
    : `${nameOf(toPlay())} to play`;
  $("board").setAttribute("aria-label", `Board after move ${state.ply}`);
  for (const mode of ["best", "policy", "none"]) {
    $(`mode-${mode}`).setAttribute("aria-pressed", String(state.mode === mode));
  }
  for (const item of $("mistakes").children) {
    item.className = item.dataset.ply === String(state.ply) ? "now" : "";
  }
}

function show() {
  drawBoard();
  drawBar();
  drawMoveLine();
  drawCandidates();
  drawState();
  graph.show(state.ply);
  try { history.replaceState(null, "", `#${state.ply}`); } catch { /* a file may not */ }
}

// --- what stays -----------------------------------------------------------------------------

function fillHead() {
  for (const name of ["black", "white"]) {
    $(`${name}-name`).textContent = data[name].name || nameOf(name === "black" ? BLACK : WHITE);
    $(`${name}-rank`).textContent = data[name].rank;
  }
  const facts = [data.result, data.date, data.rules, `komi ${data.komi}`];
  if (data.handicap) facts.push(`handicap ${data.handicap}`);
  $("facts").textContent = facts.filter(Boolean).join(" · ");
  $("notes").replaceChildren(...data.notes.map((note) => make("p", {}, note)));
  $("about").textContent = `Reviewed by lzp ${data.lzp} with ${data.network}, ${data.visits} visits`
    + ` a position. Lost is the winrate of the best move minus that of the position after the`
    + ` move, for who moved; ${percent(data.threshold, 0)} is a mistake.`;
}

function fillMistakes() {
  const most = Math.max(...data.mistakes.map((ply) => data.moves[ply - 1].lost), 0.01);
  const items = data.mistakes.map((ply) => {
    const move = data.moves[ply - 1];
    const bar = make("i", {});
    bar.style.width = `calc((100% - 64px) * ${(move.lost / most).toFixed(3)})`;
    const button = make("button", { title: `go to move ${ply}` },
      stoneIcon(colorOf(move.color)), make("span", { className: "ply" }, String(ply)),
      make("b", {}, move.move),
      make("span", { className: `loss ${move.verdict}` }, bar,
        make("span", {}, `−${percent(move.lost)}`)),
      make("span", { className: "better" }, `better ${move.best}`));
    button.addEventListener("click", () => goTo(ply));
    const item = make("li", {}, button);
    item.dataset.ply = ply;
    return item;
  });
  const none = make("li", { className: "none" }, "None that is worth the name.");
  $("mistakes").replaceChildren(...(items.length ? items : [none]));
}

function fillPlayers() {
  const both = [data.black, data.white];
  const row = (name, read, className = "") => make("tr", { className }, make("td", {}, name),
    ...both.map((player) => make("td", {}, read(player))));
  const rows = [row("winrate lost a move", (each) => percent(each.average.lost))];
  for (const phase of ["opening", "middle", "endgame"]) {
    if (!both.some((each) => each.phases[phase].moves)) continue;
    rows.push(row(phase === "middle" ? "middle game" : phase, (each) =>
      each.phases[phase].moves ? percent(each.phases[phase].lost) : "–", "sub"));
  }
  rows.push(row("best moves", (each) => percent(each.average.best, 0)),
    row("among the first three", (each) => percent(each.average.first_three, 0)),
    row("inaccuracies", (each) => each.average.inaccuracies),
    row("mistakes", (each) => each.average.mistakes),
    row("blunders", (each) => each.average.blunders),
    row("moves judged", (each) => each.average.moves));
  $("players").tBodies[0].replaceChildren(...rows);
}

function setMode(mode) {
  state.mode = state.mode === mode ? "none" : mode;
  show();
}

// --- keys and buttons -----------------------------------------------------------------------

const KEYS = {
  ArrowLeft: () => step(-1), ArrowRight: () => step(1),
  PageUp: () => step(-10), PageDown: () => step(10),
  Home: () => goTo(0), End: () => goTo(plies),
  ArrowUp: () => goToMistake(-1), ArrowDown: () => goToMistake(1),
  Escape: () => goTo(state.ply), " ": playOut,
  b: () => setMode("best"), p: () => setMode("policy"), s: () => setMode("none"),
};

document.addEventListener("keydown", (event) => {
  const onButton = event.target.tagName === "BUTTON" && event.key === " ";
  const act = KEYS[event.key];
  if (!act || onButton || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  act();
});

const BUTTONS = {
  first: KEYS.Home, back10: KEYS.PageUp, back: KEYS.ArrowLeft, next: KEYS.ArrowRight,
  next10: KEYS.PageDown, last: KEYS.End, leave: KEYS.Escape,
  "previous-mistake": KEYS.ArrowUp, "next-mistake": KEYS.ArrowDown,
  "mode-best": KEYS.b, "mode-policy": KEYS.p, "mode-none": () => { state.mode = "none"; show(); },
};
for (const id in BUTTONS) $(id).addEventListener("click", BUTTONS[id]);

// A position can be linked to: review.html#34.
function hashPly() {
  const ply = Number(location.hash.slice(1));
  return Number.isInteger(ply) ? ply : state.ply;
}
window.addEventListener("hashchange", () => { if (hashPly() !== state.ply) goTo(hashPly()); });

const board = new BoardView($("board"), side, onPoint);
const graph = new GraphView($("graph"), data, goTo);
fillHead();
fillMistakes();
fillPlayers();
goTo(hashPly() || 0);
