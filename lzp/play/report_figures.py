"""The figures of a report: means with their errors, in all, by ply and by kind of position.

Positions of one game are no independent samples: all share its players and its result. Every
error is therefore taken over games, not over positions.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.play.accuracy import TOP, Measured
from lzp.play.report_positions import Groups, Positions

Numbers = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: A bin of fewer positions says nothing and is left out of curves by ply.
_LEAST_COUNT = 20
_CALIBRATION_BINS = 10


@dataclass(frozen=True, slots=True)
class Mean:
    """A mean over positions.

    Attributes:
        mean: NaN where there are no positions.
        error: its standard error over games; NaN where there are fewer than two games.
        count: positions.
    """

    mean: float
    error: float
    count: int


#: Figure by name, as `measure_accuracy` names them.
Means = dict[str, Mean]

_FIGURES: dict[str, Callable[[Measured], Numbers | Mask]] = {
    "policy_top1": lambda found: found.rank < 1,
    "policy_top5": lambda found: found.rank < TOP,
    "policy_nats": lambda found: found.nats,
    "value_mse": lambda found: found.square,
    "value_accuracy": lambda found: found.names_winner,
}
#: Figures that only positions of decided games have.
_OF_DECIDED = ("value_accuracy",)


@dataclass(frozen=True, slots=True)
class Bin:
    """Positions that lie together on an axis.

    Attributes:
        at: where: the mean of what the axis shows.
        means: their figures.
    """

    at: float
    means: Means


@dataclass(frozen=True, slots=True)
class Calibration:
    """What came of predictions, by what they promised.

    Attributes:
        bins: predicted chance (`at`) and the share that came true (`means["share"]`).
        error: expected calibration error: the mean distance of the two over positions.
    """

    bins: tuple[Bin, ...]
    error: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """Everything that is counted over the measured positions.

    Attributes:
        total: figures of all positions.
        games: how many games they are from.
        by_ply: figures by plies played, in rising order.
        groups: figures of kinds of positions: heading, then name.
        value: winrate of the side to move against the share of games it won.
        policy: probability of the network's first move against how often it was played.
    """

    total: Means
    games: int
    by_ply: tuple[Bin, ...]
    groups: dict[str, dict[str, Means]]
    value: Calibration
    policy: Calibration


def find_figures(positions: Positions, groups: Groups) -> Findings:
    """Return the figures of positions, and those of the groups they are divided into."""
    found, games = positions.measured, positions.game
    return Findings(
        total=means_of(found, games),
        games=len(np.unique(games)),
        by_ply=_by_ply(found, games, positions.side),
        groups={
            heading: {name: means_of(found, games, mask) for name, mask in parts}
            for heading, parts in groups.items()
        },
        value=calibrate((found.value + 1) / 2, (found.result + 1) / 2, games),
        policy=calibrate(found.top_shares[:, 0], found.top_moves[:, 0] == found.played, games),
    )


def mean_of(numbers: Numbers | Mask, games: NDArray[np.int64]) -> Mean:
    """Return the mean of numbers [P] with its standard error, clustered by game [P].

    The error is that of a ratio of sums over games, with the usual G / (G - 1).
    """
    count = len(numbers)
    if count == 0:
        return Mean(float("nan"), float("nan"), 0)
    mean = float(np.mean(numbers))
    _, cluster = np.unique(games, return_inverse=True)
    sums = np.bincount(cluster, weights=numbers - mean)
    clusters = len(sums)
    if clusters < 2:
        return Mean(mean, float("nan"), count)
    error = float(np.sqrt(np.sum(sums**2) * clusters / (clusters - 1)) / count)
    return Mean(mean, error, count)


def means_of(found: Measured, games: NDArray[np.int64], mask: Mask | None = None) -> Means:
    """Return the figures of the positions that a mask [P] keeps; all without one."""
    kept = np.ones(len(games), np.bool_) if mask is None else mask
    means = {}
    for name, figure in _FIGURES.items():
        own = kept & found.decided if name in _OF_DECIDED else kept
        means[name] = mean_of(figure(found)[own], games[own])
    return means


def calibrate(chance: Numbers, true: Numbers | Mask, games: NDArray[np.int64]) -> Calibration:
    """Compare predicted chances [P] in [0, 1] with what came true [P], in ten bins."""
    number = np.minimum((chance * _CALIBRATION_BINS).astype(np.int64), _CALIBRATION_BINS - 1)
    bins, distance = [], 0.0
    for index in range(_CALIBRATION_BINS):
        own = number == index
        if not own.any():
            continue
        share = mean_of(true[own], games[own])
        at = float(np.mean(chance[own]))
        distance += share.count * abs(share.mean - at)
        bins.append(Bin(at, {"share": share}))
    return Calibration(tuple(bins), distance / len(chance))


def ply_width(side: int) -> int:
    """Return how many plies a bin spans: 20 on 19x19, 10 on 13x13, 5 on 9x9."""
    return 5 * max(1, round(side * side / 90))


def _by_ply(found: Measured, games: NDArray[np.int64], side: int) -> tuple[Bin, ...]:
    """Return the figures of each span of plies with enough positions."""
    number = found.ply // ply_width(side)
    bins = []
    for index in range(int(number.max()) + 1):
        own = number == index
        if own.sum() >= _LEAST_COUNT:
            bins.append(Bin(float(np.mean(found.ply[own])), means_of(found, games, own)))
    return tuple(bins)


def surprising_moves(positions: Positions, most: int) -> list[int]:
    """Return the positions whose played move the network held for least likely.

    At most one of a game; passes are left out, since they surprise in the same way everywhere.
    Between moves of no chance, those where the network was surest of another come first.
    """
    found = positions.measured
    order = np.lexsort((-found.top_shares[:, 0], -found.nats))
    on_board = found.played < positions.side**2
    return _first_of_games(order[on_board[order]], positions.game, most)


def wrong_values(positions: Positions, most: int) -> list[int]:
    """Return the positions where the network was surest of the wrong winner, one of a game."""
    found = positions.measured
    order = np.argsort(-found.square, kind="stable")
    wrong = found.decided & ~found.names_winner
    return _first_of_games(order[wrong[order]], positions.game, most)


def _first_of_games(order: NDArray[np.int64], games: NDArray[np.int64], most: int) -> list[int]:
    """Return the first `most` positions in an order that are of different games."""
    chosen: dict[int, int] = {}
    for index in order.tolist():
        if len(chosen) == most:
            break
        chosen.setdefault(int(games[index]), index)
    return list(chosen.values())
