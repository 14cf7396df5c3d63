"""The search: batches of playouts until a limit, under a stop signal, with reports.

Read `Search.run` first, then gather_leaves in search_kernels.py.
"""

import math
import threading
import time
from collections.abc import Callable
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Evaluator
from lzp.engine.pacing import RootReader
from lzp.engine.report import Reporter, SearchReport
from lzp.engine.report_kernels import count_contenders
from lzp.engine.restrictions import MoveRestrictions
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.student import student_quantiles
from lzp.engine.tree import Tree
from lzp.go.game import Game

#: Visits that a root takes in any case: counters are 32-bit, and a full tree, which asks
#: the network nothing any more, would reach their end in an hour.
MOST_VISITS = 2**30
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


class EvaluationError(RuntimeError):
    """The network's answer cannot be used; the search goes on from the tree as it was."""


class Watching(TypedDict, total=False):
    """What may end a search, what it leaves out, and who hears of it; every key is optional.

    Attributes:
        stop: ends the search when it is set; looked at after every batch.
        restrictions: moves to leave out. A tree made under others is dropped.
        on_report: called in the search's thread every `report_interval_s`, and once at the
            end if it was never called.
        report_interval_s: seconds between reports; None for no reports.
        min_moves: how many moves a report lists at least, unvisited ones too.
    """

    stop: threading.Event | None
    restrictions: MoveRestrictions | None
    on_report: Callable[[SearchReport], None] | None
    report_interval_s: float | None
    min_moves: int


class _Reporting:
    """When a running search is to be reported, and to whom."""

    def __init__(self, watching: Watching) -> None:
        self.min_moves = watching.get("min_moves", 0)
        self._on_report = watching.get("on_report")
        self._interval_s = watching.get("report_interval_s")
        self._due_s = self._interval_s or 0.0
        self.was_sent = self._on_report is None or self._interval_s is None

    def is_due(self, elapsed_s: float) -> bool:
        """Return whether it is time for a report, and set the time of the next one."""
        if self._on_report is None or self._interval_s is None or elapsed_s < self._due_s:
            return False
        self._due_s = elapsed_s + self._interval_s
        return True

    def send(self, report: SearchReport) -> None:
        """Hand a report out."""
        self.was_sent = True
        if self._on_report is not None:
            self._on_report(report)


class Search:
    """A Monte Carlo tree search over one network; not to be shared between threads.

    The same seed, calls and network make the same tree, time limits aside.
    """

    def __init__(self, evaluator: Evaluator, params: SearchParams) -> None:
        """Prepare an empty tree for the network's board."""
        self.evaluator = evaluator
        self.params = params
        self._tree = Tree(params, evaluator.side)
        self._random = np.random.default_rng(params.seed)
        self._has_position = False
        self._started = 0.0
        self._elapsed_s = 0.0
        self._longest_gap_s = _FIRST_GAP_S
        self._root_reader = RootReader(params.lcb_min_visit_ratio, evaluator.side)
        self._playouts = 0

    @property
    def random(self) -> np.random.Generator:
        """The stream that noise is drawn from, and random moves may be."""
        return self._random

    @property
    def tree(self) -> Tree:
        """The tree, to look at."""
        return self._tree

    def clear(self) -> None:
        """Forget the tree; the position stays."""
        self._tree.clear()

    def set_position(self, game: Game) -> None:
        """Search from a game's position; what is known of it and below is kept.

        Raises:
            ValueError: the network is for another side.
        """
        side = self.evaluator.side
        if game.side != side:
            raise ValueError(
                f"{self.evaluator.name} plays on {side}x{side}, not on {game.side}x{game.side}"
            )
        self._tree.set_position(game)
        self._has_position = True

    def run(self, limits: SearchLimits, **watching: Unpack[Watching]) -> SearchReport:
        """Search until a limit or the stop signal, and return what was found.

        Args:
            limits: when to end; none at all needs a stop signal.
            watching: see `Watching`.

        Raises:
            EvaluationError: the network's answer cannot be used.
            ValueError: no position was set.
        """
        self.begin(watching.get("restrictions"))
        stop = watching.get("stop")
        reporting = _Reporting(watching)
        while not self._has_no_time(limits):
            self._evaluate(self.gather(limits))
            # Looked at after at least one playout, so that there is a move to play.
            done = self.is_done(limits)
            if (done or (stop is not None and stop.is_set())) and self._playouts > 0:
                break
            if reporting.is_due(self._elapsed_s):
                reporting.send(self.report(reporting.min_moves))
        self._take_time()
        report = self.report(reporting.min_moves)
        if not reporting.was_sent:
            reporting.send(report)
        return report

    def begin(self, restrictions: MoveRestrictions | None = None) -> None:
        """Start a search in steps: `gather`, evaluate, `accept`, until `is_done`.

        For those who evaluate the leaves of several searches at once; `run` does it all.

        Raises:
            ValueError: no position was set.
        """
        if not self._has_position:
            raise ValueError("no position to search")
        self._started = time.monotonic()
        self._elapsed_s = 0.0
        self._playouts = 0
        self._tree.restrict(restrictions)
        if self._tree.is_root_expanded:
            self._open_root()
        else:
            self._tree.clear()

    def _open_root(self) -> None:
        """Exclude repetitions at an expanded root, and mix noise in."""
        self._tree.open_root()
        if self.params.noise:
            self._tree.mix_noise(self._random)

    def gather(self, limits: SearchLimits) -> NDArray[np.uint8]:
        """Walk down to the leaves of the next batch; playouts without the network are made.

        Args:
            limits: the search's; no more playouts are started than they leave.

        Returns:
            The planes of the leaves, uint8 [count, 18, side, side], a view that holds until
            the next call. No leaves: the next ones follow without the network.
        """
        before = self._tree.root_visits
        most = self._budget(limits) if self._tree.is_root_expanded else 1
        planes = self._tree.planes(self._tree.gather(most))
        self._playouts += self._tree.root_visits - before
        return planes

    def accept(self, policy: NDArray[np.float32], winrate: NDArray[np.float32]) -> None:
        """Back up the network's answer to the leaves last gathered.

        Args:
            policy: [count, side² + 1] probabilities.
            winrate: [count] of the color to play.

        Raises:
            EvaluationError: the answer cannot be used; the leaves were taken back.
        """
        before = self._tree.root_visits
        is_first = not self._tree.is_root_expanded
        try:
            self._tree.expand(policy, winrate)
        except ValueError as error:
            self.cancel()
            raise EvaluationError(f"{self.evaluator.name}: {error}") from error
        if is_first:
            self._open_root()
        else:
            self._playouts += self._tree.root_visits - before

    def cancel(self) -> None:
        """Take the leaves last gathered back, as if they had never been looked at."""
        self._tree.cancel()

    def _evaluate(self, planes: NDArray[np.uint8]) -> None:
        """Send the gathered leaves to the network and back the answer up."""
        if not len(planes):
            return
        try:
            answer = self.evaluator.evaluate(planes)
        except ValueError as error:
            self.cancel()
            raise EvaluationError(f"{self.evaluator.name}: {error}") from error
        except BaseException:
            self.cancel()
            raise
        self.accept(*answer)

    def _left(self, limits: SearchLimits) -> float:
        """Return the playouts that the visit and playout limits leave."""
        visits = min(limits.visits or MOST_VISITS, MOST_VISITS) - self._tree.root_visits
        playouts = math.inf if limits.playouts is None else limits.playouts - self._playouts
        return max(0.0, min(visits, playouts))

    def _budget(self, limits: SearchLimits) -> int:
        """Return the playouts of the next batch at most; at least one."""
        return int(max(1, min(self._left(limits), 2**31)))

    def _expected_left(self, limits: SearchLimits, time_s: float | None) -> float:
        """Return an estimate of the playouts still to come until a time limit."""
        left = self._left(limits)
        least_s, least, margin = _RATE_TIME_S, _RATE_PLAYOUTS, 1.0
        if limits.pacing is not None:
            least_s, least, margin = _PACED_RATE_TIME_S, _PACED_RATE_PLAYOUTS, _PACED_MARGIN
        if time_s is None or self._elapsed_s < least_s or self._playouts < least:
            return left
        rate = margin * self._playouts / self._elapsed_s
        return min(left, math.ceil(rate * max(0.0, time_s - self._elapsed_s)))

    def _take_time(self) -> None:
        """Note the time since the search began, and the longest gap between two notes."""
        elapsed_s = time.monotonic() - self._started
        gap_s = elapsed_s - self._elapsed_s
        self._longest_gap_s = max(gap_s, _GAP_FADE * self._longest_gap_s)
        self._elapsed_s = elapsed_s

    def _time_limit_s(self, limits: SearchLimits) -> float | None:
        """Return the seconds after which no further batch is to be begun; None if none."""
        pacing = limits.pacing
        if pacing is None:
            return limits.time_s
        if pacing.wants_look(self._elapsed_s):
            pacing.look(self._elapsed_s, self._root_reader.read(self._tree.arrays))
        return pacing.time_s(self._longest_gap_s)

    def _has_no_time(self, limits: SearchLimits) -> bool:
        """Return whether a paced search has no time for even one batch.

        The tree it took over, or the network's policy, has to be enough then.
        """
        if limits.pacing is None or self._playouts > 0 or not self._tree.is_root_expanded:
            return False
        elapsed_s = time.monotonic() - self._started
        return elapsed_s >= limits.pacing.time_s(self._longest_gap_s)

    def is_done(self, limits: SearchLimits) -> bool:
        """Return whether a limit is reached or, if that is asked for, the move is decided.

        Takes the time: what follows from it is as of the last call.
        """
        self._take_time()
        if not self._tree.is_root_expanded:
            return False
        if self._left(limits) == 0:
            return True
        time_s = self._time_limit_s(limits)
        if time_s is not None and self._elapsed_s >= time_s:
            return True
        if not (limits.prune or limits.stop_when_decided):
            return False
        # As a float always: an integer would be compiled for once more.
        left = float(self._expected_left(limits, time_s))
        contenders = count_contenders(self._tree.arrays, left, student_quantiles(), limits.prune)
        return limits.stop_when_decided and contenders <= 1

    def report(self, min_moves: int = 0) -> SearchReport:
        """Return what is known now; for the search's own thread, or when it is at rest.

        Args:
            min_moves: how many moves are listed at least, unvisited ones too.
        """
        reporter = Reporter(self._tree.arrays, self.params.lcb_min_visit_ratio)
        return SearchReport(
            visits_root=self._tree.root_visits,
            playouts=self._playouts,
            winrate=reporter.winrate(),
            moves=reporter.moves(min_moves),
            elapsed_s=self._elapsed_s,
            nodes=self._tree.node_count,
            tree_full=self._tree.is_full,
        )
