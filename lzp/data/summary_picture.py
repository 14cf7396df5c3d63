"""What is in a store, or in several side by side, as one picture of small histograms."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.columns import rank_text
from lzp.data.store import GameStore
from lzp.sgf.record import ENDINGS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: File name endings that `draw_stores` writes.
PICTURES = (".svg", ".png")
_COLORS = ("#2366b8", "#c4570c", "#2b8a4b", "#7a4bbd", "#c02f4f", "#0f8a94", "#8a6414", "#9aa3ae")
_SOFT = "#6a707a"
_MOVES_BIN = 20
_MOVES_END = 400
#: Values rarer than this part of every store's games are counted together.
_RARE = 0.004
_MOST_BARS = 24
_OTHERS = "other"


class Panel(NamedTuple):
    """One histogram.

    Attributes:
        title: what is counted.
        labels: of the bars.
        shares: float64 [stores, bars], part of each store's games.
    """

    title: str
    labels: list[str]
    shares: NDArray[np.float64]


def panels_of(stores: Sequence[GameStore]) -> list[Panel]:
    """Return the histograms of some stores with at least one game each."""
    return [
        _lengths(stores),
        _panel("Result", stores, _results),
        _panel("Komi", stores, _komi, lambda v: "none" if np.isinf(v) else f"{v:g}"),
        _panel("Handicap", stores, lambda s: s.numbers("handicap"), lambda v: str(v or "even")),
        _panel("Rank of both players", stores, _ranks, lambda v: rank_text(int(v))),
        _panel("Year", stores, _years, lambda v: str(int(v)) if v else "?"),
    ]


def draw_stores(stores: Sequence[GameStore], path: Path) -> bytes:
    """Return a picture of some stores.

    Args:
        stores: open, at least one.
        path: its ending says which kind: .svg or .png.

    Raises:
        ValueError: another ending, or a store without games.
        ImportError: matplotlib is not installed; one line says how to get it.
    """
    kind = path.suffix.lower()
    if kind not in PICTURES:
        raise ValueError(f"{path}: a picture is {' or '.join(PICTURES)}")
    for store in stores:
        if store.games == 0:
            raise ValueError(f"{store.path}: no games to draw")
    try:
        from matplotlib.figure import Figure
    except ModuleNotFoundError:
        raise ImportError("pictures need matplotlib: pip install 'lzp[train]'") from None
    figure = Figure(figsize=(14, 7 + 0.32 * len(stores)), layout="constrained")
    drawn = figure.subplots(2, 3).flatten()
    for axes, panel in zip(drawn, panels_of(stores), strict=True):
        _draw(axes, panel)
    bars = [patch[0] for patch in drawn[0].containers]
    titles = [_title(store) for store in stores]
    figure.legend(bars, titles, loc="outside upper left", frameon=False, fontsize=11)
    picture = io.BytesIO()
    dates: dict[str, Any] = {"metadata": {"Date": None}} if kind == ".svg" else {}
    figure.savefig(picture, format=kind[1:], dpi=110, **dates)
    return picture.getvalue()


def _title(store: GameStore) -> str:
    """Return a store's counts as one line, which is no mathematics."""
    text = (
        f"{store.path}: {store.games:,} games, {store.positions:,} positions, "
        f"{int(np.median(store.lengths))} moves in the median game"
    )
    return text.replace("$", r"\$")


def _draw(axes: "Axes", panel: Panel) -> None:
    """Draw one histogram; several stores' bars stand beside each other."""
    stores = len(panel.shares)
    width = 0.86 / stores
    places = np.arange(len(panel.labels))
    for number, shares in enumerate(panel.shares):
        offset = (number - (stores - 1) / 2) * width
        axes.bar(places + offset, shares, width, color=_COLORS[number % len(_COLORS)])
    axes.set_title(panel.title, loc="left", fontsize=11, fontweight="bold")
    crowded = max(map(len, panel.labels)) * len(panel.labels) > 60
    axes.set_xticks(places, panel.labels, rotation=60 if crowded else 0, fontsize=8)
    axes.set_xlim(-0.7, len(places) - 0.3)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.tick_params(axis="both", length=0, labelsize=8, colors=_SOFT)
    axes.grid(axis="y", alpha=0.25)
    axes.set_axisbelow(True)
    for edge in ("top", "right", "left"):
        axes.spines[edge].set_visible(False)
    axes.spines["bottom"].set_color(_SOFT)


def _lengths(stores: Sequence[GameStore]) -> Panel:
    """Return the histogram of lengths."""
    edges = np.arange(0, _MOVES_END + _MOVES_BIN, _MOVES_BIN)
    shares = []
    for store in stores:
        counts, _ = np.histogram(np.minimum(store.lengths, _MOVES_END - 1), edges)
        shares.append(counts / store.games)
    labels = [str(edge) for edge in edges[:-1]]
    labels[-1] += "+"
    return Panel(f"Moves, {_MOVES_BIN} to a bar", labels, np.array(shares))


def _panel(
    title: str,
    stores: Sequence[GameStore],
    values_of: Callable[[GameStore], NDArray[Any]],
    text: Callable[[Any], str] = str,
) -> Panel:
    """Return the histogram of a column of single values, rare ones counted together."""
    columns = [values_of(store) for store in stores]
    known = np.unique(np.concatenate(columns))
    shares = np.array([[np.mean(column == value) for value in known] for column in columns])
    largest = shares.max(axis=0)
    kept = largest >= max(_RARE, np.sort(largest)[-_MOST_BARS:][0])
    labels = [text(value) for value in known[kept]]
    shown = shares[:, kept]
    if not kept.all():
        labels.append(_OTHERS)
        shown = np.column_stack([shown, shares[:, ~kept].sum(axis=1)])
    return Panel(title, labels, shown)


def _komi(store: GameStore) -> NDArray[Any]:
    """Return the komi; a missing one is infinite, since a NaN equals nothing."""
    komi: NDArray[Any] = np.nan_to_num(store.numbers("komi"), nan=np.inf)
    return komi


def _results(store: GameStore) -> NDArray[Any]:
    """Return who won and how, as text."""
    words = np.array([f"{who} {how}" for who in ("no", "B", "W") for how in ENDINGS])
    winners = store.numbers("result").astype(np.int64) % 3  # 0 nobody, 1 Black, 2 White
    found: NDArray[Any] = words[winners * len(ENDINGS) + store.numbers("ending")]
    return found


def _ranks(store: GameStore) -> NDArray[Any]:
    """Return the ranks of Black and White, one after the other."""
    return np.concatenate([store.numbers("black_rank"), store.numbers("white_rank")])


def _years(store: GameStore) -> NDArray[Any]:
    """Return the years, 0 where unknown."""
    years: NDArray[Any] = store.numbers("date") // 10000
    return years
