"""The charts of a report as one PNG picture; needs matplotlib, which training brings."""

import io
import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from lzp.play.chart import Chart, Series

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLORS = (
    "#2366b8", "#c4570c", "#2b8a4b", "#7a4bbd", "#c02f4f", "#0f8a94", "#8a6414", "#9aa3ae",
)  # fmt: skip
_ACROSS = 3


def draw_png(charts: Sequence[Chart], title: str) -> bytes:
    """Return charts side by side as a PNG.

    Raises:
        ImportError: matplotlib is not installed; one line says how to get it.
    """
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError("PNG pictures need matplotlib: pip install 'lzp[train]'") from None
    across = min(_ACROSS, len(charts))
    down = math.ceil(len(charts) / across)
    figure = Figure(figsize=(5.2 * across, 3.6 * down + 0.5), layout="constrained")
    figure.suptitle(title, parse_math=False)
    places = figure.subplots(down, across, squeeze=False).flatten()
    for axes, chart in zip(places, charts, strict=False):
        _draw(axes, chart)
    for axes in places[len(charts) :]:
        axes.set_axis_off()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _draw(axes: "Axes", chart: Chart) -> None:
    """Draw one chart."""
    for series in chart.series:
        _draw_series(axes, series)
    if chart.diagonal:
        axes.plot([0, 1], [0, 1], "--", color="#8a8f98", linewidth=1)
    for place, _ in chart.marks:
        axes.axvline(place, linestyle="--", color="#8a8f98", linewidth=1)
    axes.set_title(chart.title, fontsize=11, parse_math=False)
    axes.set_xlabel(chart.x_label)
    axes.set_xlim(*chart.horizontal())
    axes.set_ylim(*chart.vertical())
    axes.grid(axis="y", alpha=0.3)
    if chart.percent:
        axes.yaxis.set_major_formatter(lambda number, _: f"{100 * number:g}%")
    if any(series.name for series in chart.series):
        axes.legend(fontsize=8)


def _draw_series(axes: "Axes", series: Series) -> None:
    """Draw one series in its style."""
    if not series.x:
        return
    color = _COLORS[series.color % len(_COLORS)]
    # A dollar sign would begin a formula, a leading underscore hides a name from the legend.
    label = series.name.replace("$", r"\$").lstrip("_") or "_hidden"
    if series.style == "bars":
        width = 0.8 * min((after - x for x, after in pairwise(series.x)), default=0.1)
        axes.bar(series.x, series.y, width=width, color=color, alpha=0.4, label=label)
    elif series.style == "points":
        errors = series.errors or None
        axes.errorbar(series.x, series.y, errors, fmt=".-", color=color, linewidth=1.2, label=label)
    else:
        alpha = 0.45 if series.style == "pale" else 1.0
        axes.plot(series.x, series.y, color=color, alpha=alpha, linewidth=1, label=label)
