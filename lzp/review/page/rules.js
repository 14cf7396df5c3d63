// The rules of Go that stepping and trying moves need: captures, simple ko, suicide.
// Moves are y * side + x with y = 0 the bottom row, side * side the pass; colors 1 and 2.

const BLACK = 1, WHITE = 2;
const COLUMNS = "ABCDEFGHJKLMNOPQRSTUVWXYZ";

function parseVertex(text, side) {
  if (text === "pass") return side * side;
  return (Number(text.slice(1)) - 1) * side + COLUMNS.indexOf(text[0]);
}

function formatVertex(move, side) {
  if (move === side * side) return "pass";
  return COLUMNS[move % side] + (Math.floor(move / side) + 1);
}

function neighbors(point, side) {
  const x = point % side, found = [];
  if (x > 0) found.push(point - 1);
  if (x < side - 1) found.push(point + 1);
  if (point >= side) found.push(point - side);
  if (point < side * (side - 1)) found.push(point + side);
  return found;
}

// Returns the chain at a point and whether it has a liberty.
function chainAt(colors, point, side) {
  const color = colors[point], chain = [point], seen = new Set(chain);
  let free = false;
  for (let index = 0; index < chain.length; index++) {
    for (const near of neighbors(chain[index], side)) {
      if (colors[near] === 0) free = true;
      else if (colors[near] === color && !seen.has(near)) {
        seen.add(near);
        chain.push(near);
      }
    }
  }
  return { chain, free };
}

function startPosition(data) {
  const side = data.side, colors = new Uint8Array(side * side);
  for (const [color, vertices] of [[BLACK, data.setup.black], [WHITE, data.setup.white]]) {
    for (const vertex of vertices) colors[parseVertex(vertex, side)] = color;
  }
  return { side, colors, ko: -1, taken: [0, 0, 0], last: -1, lastColor: 0 };
}

// Returns the position after a move, or null where it may not be played. A move of the game
// may take a ko, as records do: `isRecord` allows what was played.
function playMove(position, move, color, isRecord) {
  const { side } = position;
  const next = { ...position, ko: -1, taken: position.taken.slice(), last: move, lastColor: color };
  if (move === side * side) return next;
  if (position.colors[move] !== 0 || (move === position.ko && !isRecord)) return null;
  const colors = next.colors = position.colors.slice();
  colors[move] = color;
  let captured = [];
  for (const near of neighbors(move, side)) {
    if (colors[near] !== 3 - color) continue;
    const { chain, free } = chainAt(colors, near, side);
    if (!free) {
      for (const point of chain) colors[point] = 0;
      captured = captured.concat(chain);
    }
  }
  const own = chainAt(colors, move, side);
  if (!own.free) {
    if (!isRecord || own.chain.length === 1) return null;
    for (const point of own.chain) colors[point] = 0; // suicide, where a record's rules have it
    next.taken[3 - color] += own.chain.length;
  }
  next.taken[color] += captured.length;
  const isKo = captured.length === 1 && own.chain.length === 1;
  if (isKo && neighbors(move, side).every((near) => near === captured[0] || colors[near] !== 0)) {
    next.ko = captured[0];
  }
  return next;
}
