"""Where a move is, in its three spellings.

=========  ==============================================================
move       int, ``y * side + x``; ``side * side`` is the pass. x = 0 is
           column A, y = 0 is GTP's row 1, at the bottom.
vertex     GTP text: "D4", "pass". The column letters skip I.
x, y       what is between the two.
=========  ==============================================================

Colors are BLACK and WHITE; their GTP spellings are b, w, black, white in any case.
"""

from lzp.go.constants import BLACK, WHITE

COLUMNS = "ABCDEFGHJKLMNOPQRSTUVWXYZ"

_COLORS = {"b": BLACK, "black": BLACK, "w": WHITE, "white": WHITE}


def parse_vertex(text: str, side: int) -> int:
    """Return the move of a GTP vertex in any case, "pass" included.

    Raises:
        ValueError: the text is no vertex of a board of this side.
    """
    upper = text.upper()
    if upper == "PASS":
        return side * side
    x = COLUMNS.find(upper[:1]) if upper else -1
    row = upper[1:]
    if x < 0 or x >= side or not (row.isascii() and row.isdigit()) or len(row) > 2:
        raise ValueError(f"not a vertex of a {side}x{side} board: {text!r}")
    y = int(row) - 1
    if not 0 <= y < side:
        raise ValueError(f"not a vertex of a {side}x{side} board: {text!r}")
    return y * side + x


def format_vertex(move: int, side: int) -> str:
    """Return the GTP spelling of a move: a capital letter and a row, or "pass".

    Raises:
        ValueError: the move is not on a board of this side.
    """
    if move == side * side:
        return "pass"
    if not 0 <= move < side * side:
        raise ValueError(f"not a move on a {side}x{side} board: {move}")
    return f"{COLUMNS[move % side]}{move // side + 1}"


def parse_color(text: str) -> int:
    """Return BLACK or WHITE for b, w, black or white in any case.

    Raises:
        ValueError: the text is no color.
    """
    color = _COLORS.get(text.lower())
    if color is None:
        raise ValueError(f"not a color: {text!r}")
    return color


def format_color(color: int) -> str:
    """Return "black" or "white"."""
    return "black" if color == BLACK else "white"
