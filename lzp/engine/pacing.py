"""How long one move is thought about, decided while it is thought about.

A plan (time_plan.py) gives a usual time and a most; looks at the root stretch or shorten
the usual one: hard moves get what easy ones leave over.
"""

from dataclasses import dataclass

import numpy as np

from lzp.engine.pacing_kernels import (
    BEST,
    BEST_VISITS,
    LOOK_SIZE,
    MOST_VISITS,
    SECOND_VISITS,
    write_root_look,
)
from lzp.engine.student import student_quantiles
from lzp.engine.time_plan import EXTENSION, TimePlan
from lzp.engine.tree_state import MOVE_STATS, TreeArrays

#: An easy move still takes this share of a usual one's time.
EASIEST = 0.3
#: The root is looked at no more often than this: it costs a few microseconds.
LOOK_EVERY_S = 0.01
#: Before so many visits of the root, what it shows is chance.
_FEW_VISITS = 16
#: The second move's share of the best one's visits: below the first number the move is
#: easy, above the second one it is close.
_EASY_SHARE = 0.2
_CLOSE_SHARE = 0.5
#: What stretches the time, and by how much at most: the most visited move is not the best
#: one; the best one changed just now; its winrate fell since our last move.
_UNSETTLED = 1.3
_CHANGED = 1.8
_FALLEN = 2.0
#: A fall of the winrate that stretches the time by _FALLEN, and one too small to count.
_DEEP_FALL = 0.2
_SHALLOW_FALL = 0.02
#: Where time cannot be kept for later, a spare period is used for moves this hard.
_WORTH_A_PERIOD = 2.0


@dataclass(frozen=True, slots=True)
class RootLook:
    """What the root says about how hard its move is.

    Attributes:
        visits: of the root.
        best: the move that would be played.
        best_visits: its visits.
        most_visits: of any move.
        second_visits: of the next one.
        winrate: of the best move, for the color to move, in [0, 1].
    """

    visits: int
    best: int
    best_visits: int
    most_visits: int
    second_visits: int
    winrate: float


class RootReader:
    """Makes `RootLook`s of a tree; keeps the scratch memory that takes."""

    def __init__(self, lcb_ratio: float, side: int) -> None:
        """Prepare to read trees of a board side whose moves are ordered by an LCB ratio."""
        self._ratio = float(lcb_ratio)
        self._quantiles = student_quantiles()
        self._stats = np.zeros(side * side + 1, MOVE_STATS)
        self._look = np.zeros(LOOK_SIZE, np.int64)

    def read(self, tree: TreeArrays) -> RootLook:
        """Return what the root shows now, between two batches."""
        look = self._look
        winrate = write_root_look(tree, self._ratio, self._quantiles, self._stats, look)
        return RootLook(
            visits=int(tree.nodes[0]["visits"]),
            best=int(look[BEST]),
            best_visits=int(look[BEST_VISITS]),
            most_visits=int(look[MOST_VISITS]),
            second_visits=int(look[SECOND_VISITS]),
            winrate=float(winrate),
        )


class Pacing:
    """The time of one move. `look` is told what the search finds, `time_s` says when to end."""

    def __init__(self, plan: TimePlan, winrate_before: float | None = None) -> None:
        """Begin with the usual time.

        Args:
            plan: of this move.
            winrate_before: what our last move promised, for the same color, in [0, 1];
                None if there was none in this game.
        """
        self.plan = plan
        self.planned_s = plan.target_s
        self._winrate_before = winrate_before
        self._best: int | None = None
        self._changed_s = 0.0
        self._next_look_s = 0.0

    def time_s(self, longest_batch_s: float) -> float:
        """Return the seconds after which no further batch is to be begun.

        Args:
            longest_batch_s: the longest that a batch may take; one that is on its way
                cannot be called back, so it has to end before the deadline.
        """
        planned_s = self.planned_s - longest_batch_s / 2
        return min(planned_s, self.plan.deadline_s - longest_batch_s)

    def wants_look(self, elapsed_s: float) -> bool:
        """Return whether it is time to look at the root again."""
        return elapsed_s >= self._next_look_s

    def look(self, elapsed_s: float, seen: RootLook) -> None:
        """Take over what the root shows after some seconds of thought."""
        self._next_look_s = elapsed_s + LOOK_EVERY_S
        if seen.visits < _FEW_VISITS:
            return
        if seen.best != self._best:
            self._changed_s = 0.0 if self._best is None else elapsed_s
            self._best = seen.best
        hardness = self.hardness(elapsed_s, seen)
        plan = self.plan
        if plan.can_bank:
            self.planned_s = min(plan.target_s * hardness, plan.most_s)
        else:
            is_worth_it = hardness >= _WORTH_A_PERIOD
            self.planned_s = plan.most_s if is_worth_it else plan.target_s

    def hardness(self, elapsed_s: float, seen: RootLook) -> float:
        """Return how many times the usual time a move deserves, EASIEST to EXTENSION."""
        hardness = _closeness(seen.second_visits / max(1, seen.most_visits))
        if seen.best_visits < seen.most_visits:
            hardness *= _UNSETTLED
        if self._changed_s > 0:
            hardness *= _recency(self._changed_s / elapsed_s)
        if self._winrate_before is not None:
            hardness *= _fall(self._winrate_before - seen.winrate)
        return min(max(hardness, EASIEST), EXTENSION)


def _closeness(share: float) -> float:
    """Return the factor for the second move's share of the most visited one's visits."""
    if share < _EASY_SHARE:
        return EASIEST + (1 - EASIEST) * share / _EASY_SHARE
    return 1 + max(0.0, share - _CLOSE_SHARE)


def _recency(changed: float) -> float:
    """Return the factor for when the best move last changed, as a share of the time so far."""
    return 1 + (_CHANGED - 1) * max(0.0, 2 * changed - 1)


def _fall(fall: float) -> float:
    """Return the factor for how much the winrate fell since our last move."""
    if fall < _SHALLOW_FALL:
        return 1.0
    return 1 + (_FALLEN - 1) * min(1.0, fall / _DEEP_FALL)
