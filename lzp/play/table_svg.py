"""The cross-table of a match as one SVG: ratings with error bars, and everybody's points.

Plain text without a drawing library; any browser shows it. Lengths are in pixels.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from lzp.play.board_svg import FONT
from lzp.play.chart import padded, tick_texts, ticks
from lzp.play.match_results import tally
from lzp.play.match_table import MatchView, cell_text, ranking, ratings_of
from lzp.play.ratings import Ratings

_ROW, _TOP, _MARGIN = 30, 84, 20
_BAR_WIDTH, _CELL = 260, 74
_MOST_LETTERS = 32
_LETTER = 7.6
_INK, _SOFT, _LINE, _PAPER = "#22252a", "#6a707a", "#dfe1e4", "#fdfcf9"
#: Of no points, half of them, and all of them.
_COLORS = ((214, 109, 87), (250, 247, 240), (88, 139, 204))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where the columns of a table begin."""

    names: float
    elo: float
    bars: float
    cells: float
    width: float
    height: float


def draw_table(view: MatchView) -> str:
    """Return a whole SVG document of a match's players, the strongest first."""
    ratings = ratings_of(view)
    order = ranking(ratings)
    labels = [_shortened(label) for label in view.labels]
    layout = _layout(labels)
    size = f"width='{layout.width:.0f}' height='{layout.height:.0f}'"
    parts = [
        f"<svg xmlns='http://www.w3.org/2000/svg' {size} "
        f"viewBox='0 0 {layout.width:.0f} {layout.height:.0f}' "
        f"{FONT} font-size='13' fill='{_INK}'>",
        f"<rect {size} fill='{_PAPER}'/>",
        _text(_MARGIN, 34, f"{len(labels)} players, {len(view.games)} games", "font-size='18'"),
        *_heads(layout, len(labels)),
        *_axis(layout, ratings, len(labels)),
    ]
    for place, player in enumerate(order):
        y = _TOP + _ROW * place
        parts += [
            f"<path d='M{_MARGIN} {y}H{layout.width - _MARGIN:.0f}' stroke='{_LINE}'/>",
            _text(_MARGIN + 18, y + 20, str(place + 1), f"text-anchor='end' fill='{_SOFT}'"),
            _text(layout.names, y + 20, labels[player]),
            _text(layout.elo, y + 20, _elo_text(ratings, player), "text-anchor='end'"),
            *_bar(layout, ratings, player, y + _ROW / 2),
            *_cells(layout, view, order, place),
        ]
    if ratings.has_prior:
        note = "A draw is added to each pairing: somebody won or lost every game."
        parts.append(_text(_MARGIN, layout.height - 10, note, f"font-size='11' fill='{_SOFT}'"))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _layout(labels: Sequence[str]) -> _Layout:
    """Return the columns that fit some names."""
    names = _MARGIN + 28.0
    elo = names + _LETTER * max(map(len, labels)) + 110
    bars = elo + 20
    cells = bars + _BAR_WIDTH + 20
    height = _TOP + _ROW * len(labels) + 48
    return _Layout(names, elo, bars, cells, cells + _CELL * len(labels) + _MARGIN, height)


def _heads(layout: _Layout, players: int) -> Iterator[str]:
    """Yield the words above the columns."""
    style = f"font-size='12' fill='{_SOFT}'"
    yield _text(layout.names, _TOP - 10, "player", style)
    yield _text(layout.elo, _TOP - 10, "Elo ± 95 %", f"{style} text-anchor='end'")
    for place in range(players):
        x = layout.cells + _CELL * (place + 0.5)
        yield _text(x, _TOP - 10, str(place + 1), f"{style} text-anchor='middle'")


def _reach(ratings: Ratings) -> tuple[float, float]:
    """Return the ends of the ratings' axis."""
    ends = []
    for elo, error in zip(ratings.elo.tolist(), ratings.errors.tolist(), strict=True):
        reach = error if math.isfinite(error) else 0.0
        ends += [elo - reach, elo + reach]
    return padded(ends, 0.04)


def _across(layout: _Layout, ratings: Ratings, elo: float) -> float:
    """Return where a rating lies in the picture."""
    low, high = _reach(ratings)
    return layout.bars + (elo - low) / (high - low) * _BAR_WIDTH


def _axis(layout: _Layout, ratings: Ratings, players: int) -> Iterator[str]:
    """Yield the lines and numbers behind the ratings."""
    levels = ticks(*_reach(ratings), most=4)
    bottom = _TOP + _ROW * players
    for level, text in zip(levels, tick_texts(levels), strict=True):
        x = _across(layout, ratings, level)
        yield f"<path d='M{x:.1f} {_TOP}V{bottom + 5}' stroke='{_LINE}'/>"
        style = f"font-size='11' fill='{_SOFT}' text-anchor='middle'"
        yield _text(x, bottom + 18, text, style)


def _bar(layout: _Layout, ratings: Ratings, player: int, y: float) -> Iterator[str]:
    """Yield a player's rating as a dot with its error bar."""
    elo, error = float(ratings.elo[player]), float(ratings.errors[player])
    x = _across(layout, ratings, elo)
    if math.isfinite(error):
        low, high = (_across(layout, ratings, elo + sign * error) for sign in (-1, 1))
        path = f"M{low:.1f} {y}H{high:.1f}M{low:.1f} {y - 4}v8M{high:.1f} {y - 4}v8"
        yield f"<path d='{path}' stroke='#2366b8' stroke-width='1.6'/>"
        yield f"<circle cx='{x:.1f}' cy='{y}' r='4' fill='#2366b8'/>"


def _elo_text(ratings: Ratings, player: int) -> str:
    """Return a rating with its error."""
    error = float(ratings.errors[player])
    return f"{ratings.elo[player]:+.0f} ± {error:.0f}" if math.isfinite(error) else "?"


def _cells(layout: _Layout, view: MatchView, order: list[int], place: int) -> Iterator[str]:
    """Yield a player's points against each other one on their colors."""
    player, y = order[place], _TOP + _ROW * place
    for index, other in enumerate(order):
        x = layout.cells + _CELL * index
        result = tally(view.games, player, other)
        fill = _LINE if other == player else _color(result.score) if result.games else _PAPER
        box = f"x='{x + 1:.0f}' y='{y + 1}' width='{_CELL - 2}' height='{_ROW - 2}'"
        yield f"<rect {box} rx='3' fill='{fill}'/>"
        if other != player:
            style = "font-size='12' text-anchor='middle'"
            yield _text(x + _CELL / 2, y + 19, cell_text(view, player, other), style)


def _color(share: float) -> str:
    """Return the color of a share of the points, between those of none, half and all."""
    first, second = (_COLORS[0], _COLORS[1]) if share < 0.5 else (_COLORS[1], _COLORS[2])
    part = 2 * share - (share >= 0.5)
    mixed = (round(a + part * (b - a)) for a, b in zip(first, second, strict=True))
    return "#" + "".join(f"{number:02x}" for number in mixed)


def _shortened(label: str) -> str:
    """Return a name that fits its column."""
    return label if len(label) <= _MOST_LETTERS else label[: _MOST_LETTERS - 1] + "…"


def _text(x: float, y: float, text: str, style: str = "") -> str:
    """Return a text element; control characters, which XML forbids, become blanks."""
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"<text x='{x:.1f}' y='{y:.1f}' {style}>{escape(clean)}</text>"
