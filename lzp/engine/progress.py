"""How far a search has come: playouts, time, and the batches that it sent."""

import math
import time

from lzp.engine.batches import Batch
from lzp.engine.pacing import RootReader
from lzp.engine.search_params import SearchLimits
from lzp.engine.tree_state import TreeArrays

#: Before so much time and so many playouts, their rate says little.
_RATE_TIME_S = 1.0
_RATE_PLAYOUTS = 100
#: The same for a search that is paced: it sees what a second brings in a tenth of it, and
#: expects a little more than the rate says.
_PACED_RATE_TIME_S = 0.1
_PACED_RATE_PLAYOUTS = 30
_PACED_MARGIN = 1.2
#: How much of the longest gap between two looks at the time is remembered at the next one:
#: half of it after 140, so that one long gap does not hurry every move of a game.
_GAP_FADE = 0.995
#: What a gap is taken to be before the first was seen.
_FIRST_GAP_S = 0.05


class Progress:
    """Counts of the search that was begun last; only the longest gap outlasts it.

    Attributes:
        playouts: made so far.
        elapsed_s: seconds, as of the last `take_time`.
        batches: answered by the network.
        leaves: positions in them.
        answer_s: seconds from sending a batch to using its answer, summed over all.
    """

    def __init__(self, lcb_ratio: float, side: int) -> None:
        """Prepare to follow searches on a board side that order moves by an LCB ratio."""
        self._root_reader = RootReader(lcb_ratio, side)
        self._longest_gap_s = _FIRST_GAP_S
        self.begin()

    def begin(self) -> None:
        """Start the clock of another search, and count from nothing."""
        self._started = time.monotonic()
        self.playouts = 0
        self.elapsed_s = 0.0
        self.batches = 0
        self.leaves = 0
        self.answer_s = 0.0

    def count_batch(self, batch: Batch) -> None:
        """Count a batch that was answered."""
        self.batches += 1
        self.leaves += batch.count
        self.answer_s += batch.age_s()

    def take_time(self) -> None:
        """Note the time since the search began, and the longest gap between two notes."""
        elapsed_s = time.monotonic() - self._started
        gap_s = elapsed_s - self.elapsed_s
        self._longest_gap_s = max(gap_s, _GAP_FADE * self._longest_gap_s)
        self.elapsed_s = elapsed_s

    def pace(self, limits: SearchLimits, tree: TreeArrays) -> None:
        """Let a paced search look at its tree again, if it is time for that."""
        pacing = limits.pacing
        if pacing is not None and pacing.wants_look(self.elapsed_s):
            pacing.look(self.elapsed_s, self._root_reader.read(tree))

    def time_limit_s(self, limits: SearchLimits) -> float | None:
        """Return the seconds after which no further batch is to be begun; None if none."""
        if limits.pacing is None:
            return limits.time_s
        return limits.pacing.time_s(self._longest_gap_s)

    def is_late(self, limits: SearchLimits) -> bool:
        """Return whether the time was over when it was last taken."""
        time_s = self.time_limit_s(limits)
        return time_s is not None and self.elapsed_s >= time_s

    def left(self, limits: SearchLimits, visits_left: int) -> float:
        """Return the playouts that the limits leave, time aside.

        Args:
            limits: the search's.
            visits_left: that the root may still take.
        """
        playouts = math.inf if limits.playouts is None else limits.playouts - self.playouts
        return max(0.0, min(visits_left, playouts))

    def expected_left(self, limits: SearchLimits, visits_left: int) -> float:
        """Return an estimate of the playouts still to come, time included; see `left`."""
        left, time_s = self.left(limits, visits_left), self.time_limit_s(limits)
        least_s, least, margin = _RATE_TIME_S, _RATE_PLAYOUTS, 1.0
        if limits.pacing is not None:
            least_s, least, margin = _PACED_RATE_TIME_S, _PACED_RATE_PLAYOUTS, _PACED_MARGIN
        if time_s is None or self.elapsed_s < least_s or self.playouts < least:
            return left
        rate = margin * self.playouts / self.elapsed_s
        return min(left, math.ceil(rate * max(0.0, time_s - self.elapsed_s)))
