"""A Go board as SVG: wood, lines, stones, and labels on points.

Plain text without a drawing library, so that it costs the engine nothing; any browser
shows it. Lengths are in units of the distance between two lines.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lzp.go import BLACK, EMPTY, Board
from lzp.go.handicap import star_points
from lzp.go.vertex import COLUMNS

#: Pixels between two lines of the board.
CELL = 30
#: From the picture's edge to the first line, in cells: room for the coordinates.
MARGIN = 1.25
FONT = "font-family='Helvetica, Arial, sans-serif'"
WOOD, INK = "#e2b567", "#3b2f1b"


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """A colored disc with up to two lines of text on a point.

    Attributes:
        move: the point, y * side + x.
        lines: the text, one or two short lines.
        fill: an SVG color.
        strength: how opaque the disc is, 0 to 1.
    """

    move: int
    lines: tuple[str, ...]
    fill: str
    strength: float = 1.0


def board_size(side: int) -> float:
    """Return the width and height of a board's picture in pixels."""
    return (side - 1 + 2 * MARGIN) * CELL


def place(move: int, side: int) -> tuple[float, float]:
    """Return where a point lies in the picture, in pixels from the top left."""
    y, x = divmod(move, side)
    return (MARGIN + x) * CELL, (MARGIN + side - 1 - y) * CELL


def draw_board(board: Board, last_move: int | None = None, labels: Sequence[Label] = ()) -> str:
    """Return the SVG elements of a board, its stones and labels, without the outer <svg>."""
    side = board.side
    size = board_size(side)
    parts = [f"<rect width='{size:.0f}' height='{size:.0f}' rx='6' fill='{WOOD}'/>"]
    parts += [_grid(side), _coordinates(side)]
    parts += [_stone(move, side, color) for move, color in enumerate(board.colors()) if color]
    if last_move is not None and board[last_move] != EMPTY:
        parts.append(_last_mark(last_move, side, board[last_move]))
    parts += [_label(label, side) for label in labels]
    return "\n".join(parts)


def _grid(side: int) -> str:
    """Return the lines and the star points."""
    first, last = MARGIN * CELL, (MARGIN + side - 1) * CELL
    lines = []
    for index in range(side):
        at = (MARGIN + index) * CELL
        lines.append(f"M{first:.1f} {at:.1f}H{last:.1f}M{at:.1f} {first:.1f}V{last:.1f}")
    path = f"<path d='{''.join(lines)}' stroke='{INK}' stroke-width='1' fill='none'/>"
    stars = [
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3.2' fill='{INK}'/>"
        for x, y in (place(move, side) for move in sorted(star_points(side)))
    ]
    return path + "".join(stars)


def _coordinates(side: int) -> str:
    """Return the letters below and above and the numbers on both sides."""
    marks = []
    for index in range(side):
        at = (MARGIN + index) * CELL
        near, far = 0.4 * CELL, board_size(side) - 0.4 * CELL
        marks += [_text(at, end, COLUMNS[index]) for end in (near, far)]
        marks += [_text(end, at, str(side - index)) for end in (near, far)]
    return f"<g {FONT} font-size='11' fill='{INK}' text-anchor='middle'>{''.join(marks)}</g>"


def _text(x: float, y: float, text: str) -> str:
    """Return a text element centered on a point."""
    return f"<text x='{x:.1f}' y='{y + 4:.1f}'>{escape(text)}</text>"


def _stone(move: int, side: int, color: int) -> str:
    """Return one stone."""
    x, y = place(move, side)
    fill, edge = ("#16161a", "#000") if color == BLACK else ("#fbfaf6", "#8b8577")
    return (
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{0.48 * CELL:.1f}' "
        f"fill='{fill}' stroke='{edge}' stroke-width='1'/>"
    )


def _last_mark(move: int, side: int, color: int) -> str:
    """Return the ring that marks the last move."""
    x, y = place(move, side)
    stroke = "#fff" if color == BLACK else "#000"
    return (
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{0.25 * CELL:.1f}' "
        f"fill='none' stroke='{stroke}' stroke-width='2'/>"
    )


def _label(label: Label, side: int) -> str:
    """Return a disc with its lines of text."""
    x, y = place(label.move, side)
    disc = (
        f"<circle cx='{x:.1f}' cy='{y:.1f}' r='{0.48 * CELL:.1f}' fill='{label.fill}' "
        f"fill-opacity='{label.strength:.2f}' stroke='{INK}' stroke-width='0.7'/>"
    )
    step, size = 10.0, 13.0 if len(label.lines) == 1 else 9.5
    top = y - step * (len(label.lines) - 1) / 2
    texts = "".join(
        f"<text x='{x:.1f}' y='{top + step * index + 0.36 * size:.1f}'>{escape(line)}</text>"
        for index, line in enumerate(label.lines)
    )
    return (
        f"{disc}<g {FONT} font-size='{size}' font-weight='bold' fill='#10200f' "
        f"text-anchor='middle'>{texts}</g>"
    )
