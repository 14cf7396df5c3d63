"""A chart as inline SVG for a web page, whose style sheet gives the colors.

Classes: `c0` ... for the palette (stroke and fill by `currentColor`), `grid`, `axis`, `mark`.
Without names, ids and addresses, so that any number of charts fit one page.
"""

import math
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import NamedTuple

from lzp.play.chart import Chart, Series, tick_texts, ticks

#: Colors that a style sheet must name: .c0 to .c7.
PALETTE = 8

_WIDTH, _HEIGHT = 480.0, 300.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 54.0, 22.0, 10.0, 44.0
_LEAST_BAR = 1.0


class _Frame(NamedTuple):
    """Where numbers lie in the picture: the ends of both axes."""

    x: tuple[float, float]
    y: tuple[float, float]

    def across(self, x: float) -> float:
        """Return the pixels from the left of a number on the horizontal axis."""
        low, high = self.x
        return _LEFT + (x - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT)

    def down(self, y: float) -> float:
        """Return the pixels from the top of a number on the vertical axis."""
        low, high = self.y
        return _HEIGHT - _BOTTOM - (y - low) / (high - low) * (_HEIGHT - _TOP - _BOTTOM)


def draw_chart(chart: Chart) -> str:
    """Return a chart as one <svg> element; its title and legend are left to the page."""
    frame = _Frame(chart.horizontal(), chart.vertical())
    box = f"{_WIDTH:.0f} {_HEIGHT:.0f}"
    inner = f"x='{_LEFT}' y='{_TOP}' width='{_WIDTH - _LEFT - _RIGHT}'"
    height = _HEIGHT - _TOP - _BOTTOM
    view = f"viewBox='{_LEFT} {_TOP} {_WIDTH - _LEFT - _RIGHT} {height}'"
    parts = [f"<svg viewBox='0 0 {box}' role='img' aria-label='{escape(chart.title)}'>"]
    parts += _axes(chart, frame)
    parts.append(f"<svg {inner} height='{height}' {view}>")  # cuts off what lies outside
    if chart.diagonal:
        parts.append(_diagonal(frame))
    parts += _marks(chart, frame)
    for series in chart.series:
        parts += _series(series, frame)
    return "".join([*parts, "</svg></svg>"])


def _axes(chart: Chart, frame: _Frame) -> Iterator[str]:
    """Yield the grid, the numbers beside it and the label below."""
    right, bottom = _WIDTH - _RIGHT, _HEIGHT - _BOTTOM
    levels = ticks(*frame.y, most=5)
    for level, text in zip(levels, tick_texts(levels, chart.percent), strict=True):
        y = frame.down(level)
        yield f"<path class='grid' d='M{_LEFT} {y:.1f}H{right}'/>"
        yield f"<text x='{_LEFT - 7}' y='{y + 4.5:.1f}' text-anchor='end'>{text}</text>"
    places = ticks(*frame.x)
    percent = chart.diagonal and chart.percent
    for place, text in zip(places, tick_texts(places, percent), strict=True):
        x = frame.across(place)
        yield f"<path class='axis' d='M{x:.1f} {bottom}v4'/>"
        yield f"<text x='{x:.1f}' y='{bottom + 18}' text-anchor='middle'>{text}</text>"
    yield f"<path class='axis' d='M{_LEFT} {bottom}H{right}'/>"
    middle = (_LEFT + right) / 2
    label = escape(chart.x_label)
    yield f"<text x='{middle}' y='{_HEIGHT - 6}' text-anchor='middle'>{label}</text>"


def _diagonal(frame: _Frame) -> str:
    """Return the line x = y, dashed."""
    low, high = max(frame.x[0], frame.y[0]), min(frame.x[1], frame.y[1])
    return (
        f"<path class='mark' d='M{frame.across(low):.1f} {frame.down(low):.1f}"
        f"L{frame.across(high):.1f} {frame.down(high):.1f}'/>"
    )


def _marks(chart: Chart, frame: _Frame) -> Iterator[str]:
    """Yield a dashed line and a name for each marked place."""
    for place, name in chart.marks:
        x = frame.across(place)
        late = x > _WIDTH / 2
        anchor = "end" if late else "start"
        yield f"<path class='mark' d='M{x:.1f} {_TOP}V{_HEIGHT - _BOTTOM}'/>"
        at = x - 4 if late else x + 4
        yield f"<text x='{at:.1f}' y='{_TOP + 13}' text-anchor='{anchor}'>{escape(name)}</text>"


def _series(series: Series, frame: _Frame) -> Iterator[str]:
    """Yield the elements of one series."""
    places = [(frame.across(x), frame.down(y)) for x, y in zip(series.x, series.y, strict=True)]
    if not places:
        return
    yield f"<g class='c{series.color % PALETTE} {series.style}'>"
    if series.style == "bars":
        yield from _bars(series, places, frame)
    else:
        line = "L".join(f"{x:.1f} {y:.1f}" for x, y in places)
        yield f"<path d='M{line}'/>"
    if series.style == "points":
        yield from _errors(series, frame)
        yield from _points(series, places)
    yield "</g>"


def _bars(series: Series, places: list[tuple[float, float]], frame: _Frame) -> Iterator[str]:
    """Yield bars from 0 up, as wide as the least distance of two lets them be."""
    steps = [after[0] - before[0] for before, after in pairwise(places)]
    width = max(_LEAST_BAR, 0.8 * min(steps, default=20.0))
    bottom = frame.down(0.0)
    for index, (x, y) in enumerate(places):
        yield (
            f"<rect x='{x - width / 2:.1f}' y='{y:.1f}' width='{width:.1f}' "
            f"height='{max(0.0, bottom - y):.1f}'>{_note(series, index)}</rect>"
        )


def _errors(series: Series, frame: _Frame) -> Iterator[str]:
    """Yield the error bars that a series has."""
    for x, y, error in zip(series.x, series.y, series.errors, strict=False):
        if not math.isnan(error):
            low, high = frame.down(y - error), frame.down(y + error)
            yield f"<path d='M{frame.across(x):.1f} {low:.1f}V{high:.1f}'/>"


def _points(series: Series, places: list[tuple[float, float]]) -> Iterator[str]:
    """Yield a dot for each number."""
    for index, (x, y) in enumerate(places):
        yield f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3'>{_note(series, index)}</circle>"


def _note(series: Series, index: int) -> str:
    """Return what a browser shows when a point is pointed at."""
    return f"<title>{escape(series.notes[index])}</title>" if series.notes else ""
