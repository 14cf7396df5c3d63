"""Boards as text, the way people write them down; the language of the tests.

``X`` is Black, ``O`` White, ``.`` empty, ``+`` an empty star point. The top line is the
highest row.
"""

from collections.abc import Sequence

from lzp.go.constants import BLACK, EMPTY, WHITE
from lzp.go.handicap import star_points
from lzp.go.vertex import COLUMNS

_SYMBOLS = {".": EMPTY, "+": EMPTY, "X": BLACK, "#": BLACK, "O": WHITE}


def render_diagram(colors: Sequence[int], side: int, last_move: int | None = None) -> str:
    """Return a board as lines with coordinates, the last move in parentheses.

    Args:
        colors: what each point holds, by move: [side²] of EMPTY, BLACK, WHITE.
        side: the board's side.
        last_move: the move to mark, if any.
    """
    stars = star_points(side)
    header = "   " + " ".join(COLUMNS[:side])
    lines = [header]
    for y in reversed(range(side)):
        cells = []
        for move in range(y * side, (y + 1) * side):
            symbol = {BLACK: "X", WHITE: "O"}.get(colors[move], "+" if move in stars else ".")
            cells.append(("(" if move == last_move else " ") + symbol)
        row = "".join(cells)
        closing = ")" if last_move is not None and last_move // side == y else " "
        lines.append(f"{y + 1:2d}{_close_mark(row, closing)}{y + 1:d}")
    lines.append(header)
    return "\n".join(lines)


def _close_mark(row: str, closing: str) -> str:
    """Return a row with the blank after a marked stone turned into the closing mark."""
    opened = row.find("(")
    if opened < 0 or closing != ")":
        return row + " "
    padded = row + " "
    return padded[: opened + 2] + ")" + padded[opened + 3 :]


def parse_diagram(text: str) -> tuple[int, list[tuple[int, int]]]:
    """Return the side and the stones, as (color, move), of a diagram without coordinates.

    Blanks do not count, nor do empty lines.

    Raises:
        ValueError: the diagram is not square, or holds another symbol.
    """
    rows = ["".join(line.split()) for line in text.strip().splitlines() if line.strip()]
    side = len(rows)
    stones = []
    for index, row in enumerate(rows):
        if len(row) != side:
            raise ValueError(f"row {index + 1} of the diagram has {len(row)} points, not {side}")
        for x, symbol in enumerate(row):
            if symbol not in _SYMBOLS:
                raise ValueError(f"not a symbol of a diagram: {symbol!r}")
            if _SYMBOLS[symbol] != EMPTY:
                stones.append((_SYMBOLS[symbol], (side - 1 - index) * side + x))
    return side, stones
