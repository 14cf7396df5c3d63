"""A chart as data: lines, points with errors and bars over two axes; drawn elsewhere."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

#: How a series is drawn: points joined by a line, a line alone, a thin pale one, or bars from 0.
Style = Literal["points", "line", "pale", "bars"]

_NEAR = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """Numbers that belong together.

    Attributes:
        name: in the legend; "" keeps a series out of it.
        x: rising.
        y: one for each x.
        errors: half the length of each error bar, NaN for none; empty for none at all.
        notes: what each point says when it is pointed at; may be empty.
        color: number in the palette.
        style: how it is drawn.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    errors: Sequence[float] = ()
    notes: Sequence[str] = ()
    color: int = 0
    style: Style = "points"


@dataclass(frozen=True, kw_only=True, slots=True)
class Chart:
    """Series over common axes.

    Attributes:
        title: what is shown.
        x_label: what the horizontal axis counts.
        series: drawn in this order.
        percent: the vertical axis is a share, to be written in percent.
        x_range: ends of the horizontal axis; None fits them.
        y_range: likewise of the vertical one.
        diagonal: draw the line x = y.
        marks: places on the horizontal axis to be marked, with their names.
    """

    title: str
    x_label: str
    series: Sequence[Series]
    percent: bool = False
    x_range: tuple[float, float] | None = None
    y_range: tuple[float, float] | None = None
    diagonal: bool = False
    marks: Sequence[tuple[float, str]] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(len(series.x) for series in self.series)

    def horizontal(self) -> tuple[float, float]:
        """Return the ends of the horizontal axis."""
        return self.x_range or padded([x for series in self.series for x in series.x], 0.02)

    def vertical(self) -> tuple[float, float]:
        """Return the ends of the vertical axis."""
        return self.y_range or padded(self._heights(), 0.06)

    def _heights(self) -> list[float]:
        """Return the numbers that the vertical axis has to show.

        Pale lines are background: a few of their points may lie outside, such as the first
        losses of a run, beside which everything later would be flat.
        """
        heights: list[float] = []
        for series in self.series:
            errors = series.errors or [0.0] * len(series.y)
            pairs = list(zip(series.y, errors, strict=True))
            ends = [y + sign * e for y, e in pairs if not math.isnan(e) for sign in (-1, 1)]
            ends += [y for y, e in pairs if math.isnan(e)]
            heights += _middle(ends) if series.style in ("pale", "line") else ends
        return heights


def padded(numbers: Sequence[float], part: float) -> tuple[float, float]:
    """Return the least and the greatest of numbers, apart and with some room around."""
    low, high = (min(numbers), max(numbers)) if numbers else (0.0, 1.0)
    if high - low < _NEAR * max(1.0, abs(high)):
        low, high = low - 0.5 * max(abs(low), 0.1), high + 0.5 * max(abs(high), 0.1)
    room = part * (high - low)
    return low - room, high + room


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers from low to high, at most `most` + 1 of them, evenly spaced."""
    step = (high - low) / most
    power = 10.0 ** math.floor(math.log10(step))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= step - _NEAR)
    first = math.ceil(low / step - 1e-6)
    return [index * step for index in range(first, math.floor(high / step + 1e-6) + 1)]


def tick_texts(numbers: Sequence[float], percent: bool = False) -> list[str]:
    """Return the numbers of an axis as short texts with equally many decimals."""
    if percent:
        return [f"{text}%" for text in tick_texts([100 * number for number in numbers])]
    greatest = max((abs(number) for number in numbers), default=0.0)
    for unit, sign in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if greatest >= unit:
            texts = tick_texts([number / unit for number in numbers])
            return ["0" if float(text) == 0 else text + sign for text in texts]
    for decimals in range(7):
        texts = [f"{number:.{decimals}f}" for number in numbers]
        if all(abs(float(t) - n) <= 1e-6 * greatest for t, n in zip(texts, numbers, strict=True)):
            return texts
    return [f"{number:.2g}" for number in numbers]


def _middle(numbers: list[float]) -> list[float]:
    """Return numbers without the most extreme twentieth at either end."""
    cut = len(numbers) // 20
    return sorted(numbers)[cut : len(numbers) - cut]
