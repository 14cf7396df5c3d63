"""The search: batches of playouts until a limit, under a stop signal, with reports.

Several batches may be on their way to the network: while it works on one, the tree is
walked for the next. Answers are taken in the order in which they were asked for, however
they come, so that the same answers make the same tree.

Read `Search.run` first, then gather_leaves in search_kernels.py.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import wait
from typing import TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray

from lzp.engine.batches import Batch, BatchStore
from lzp.engine.evaluator import Answer, Evaluator
from lzp.engine.halving import Halving
from lzp.engine.lanes import Lanes, Submitter
from lzp.engine.progress import Progress
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
#: How often a search that waits for the network looks at its stop signal.
_LOOK_S = 0.005


class EvaluationError(RuntimeError):
    """The network's answer cannot be used; the search goes on from the tree as it was."""


class Watching(TypedDict, total=False):
    """What may end a search, what it leaves out, and who hears of it; every key is optional.

    Attributes:
        stop: ends the search when it is set, as soon as there is one playout.
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

    The same seed, calls and network make the same tree, time limits and stops aside.
    """

    def __init__(self, evaluator: Evaluator | Submitter, params: SearchParams) -> None:
        """Prepare an empty tree for the network's board.

        Args:
            evaluator: the network. A plain evaluator is called in the search's own thread
                if no more than one batch is to be in flight, else in one of its own.
            params: see `SearchParams`.
        """
        self.evaluator = evaluator
        self.params = params
        self._inline: Evaluator | None = None
        self._submitter: Submitter | None = None
        if isinstance(evaluator, Submitter):
            self._submitter = evaluator
        elif params.batches_in_flight == 1:
            self._inline = evaluator
        else:
            self._submitter = Lanes([evaluator])
        self._tree = Tree(params, evaluator.side)
        self._store = BatchStore(evaluator.side, params.batch_size)
        self._waiting: deque[Batch] = deque()
        self._halving: Halving | None = None
        #: Called at the end of a search that met the bound of the tree, and went on in it.
        self.on_full: Callable[[], None] = lambda: None
        self._random = np.random.default_rng(params.seed)
        self._has_position = False
        # The root's visits when they were last counted: none before it is open to playouts.
        self._root_visits = 0
        self._progress = Progress(params.lcb_min_visit_ratio, evaluator.side)

    @property
    def random(self) -> np.random.Generator:
        """The stream that noise is drawn from, and random moves may be."""
        return self._random

    @property
    def tree(self) -> Tree:
        """The tree, to look at."""
        return self._tree

    def clear(self) -> None:
        """Forget the tree and the network's answers; the position stays."""
        self._tree.clear()
        self._tree.cache.clear()
        self._root_visits = 0

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

        What is still on its way to the network then is given up, unless the visit or
        playout limit was to include it.

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
        try:
            while not self._has_no_time(limits):
                self._send_batches(limits)
                self._take_answer(limits, stop)
                is_over = self.is_done(limits) or (stop is not None and stop.is_set())
                if self._progress.playouts == 0:
                    continue  # there is no move to play or to report yet
                if is_over:
                    break
                if reporting.is_due(self._progress.elapsed_s):
                    reporting.send(self.report(reporting.min_moves))
        finally:
            self.cancel()
        self._progress.take_time()
        if self._tree.is_full:
            self.on_full()
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
        self._progress.begin()
        self._halving = None
        self._tree.cache.begin()
        self._tree.restrict(restrictions)
        if self._tree.is_root_expanded:
            self._open_root()
        else:
            self._tree.clear()
        self._root_visits = self._tree.root_visits

    def _open_root(self) -> None:
        """Exclude repetitions at an expanded root, and mix noise in."""
        self._tree.open_root()
        if self.params.noise:
            self._tree.mix_noise(self._random)

    def gather(self, limits: SearchLimits, most: int | None = None) -> NDArray[np.uint8]:
        """Walk down to the leaves of the next batch; playouts without the network are made.

        May be called again before the answer is there, for another batch.

        Args:
            limits: the search's; no more playouts are started than they leave.
            most: playouts to start at most, where a batch is shared; None for a whole batch.

        Returns:
            The planes of the leaves, uint8 [count, 18, side, side], a view that holds until
            they are answered or taken back. No leaves: the next ones follow without the
            network, or once it has answered.
        """
        if self._root_visits and self.params.halving_visits:
            self._compare_evenly(limits)
        budget, batch = self._budget(limits), self._store.take()
        if most is not None:
            budget = min(budget, most)
        if budget > 0:
            self._tree.gather(batch, budget)
            self._count_playouts()
        if batch.count:
            self._waiting.append(batch)
        else:
            self._store.give_back(batch)
        return batch.planes

    def _compare_evenly(self, limits: SearchLimits) -> None:
        """Compare root moves by halving if the search is a small one (halving.py)."""
        params, progress, tree = self.params, self._progress, self._tree.arrays
        if self._halving is not None:
            self._halving.advance(tree, progress.playouts)
        elif progress.playouts == 0 and not self._waiting:
            left = progress.left(limits, self._root_visits_left(limits))
            if params.halving_moves <= left <= params.halving_visits:
                self._halving = Halving(params.halving_moves, int(left), params.halving_value)
                self._halving.start(tree)

    def _count_playouts(self) -> None:
        """Count what the root's visits grew by; its own evaluation opens it instead."""
        visits = self._tree.root_visits
        if self._root_visits:
            self._progress.playouts += visits - self._root_visits
        elif visits:
            self._open_root()
        self._root_visits = visits

    def accept(self, policy: NDArray[np.float32], winrate: NDArray[np.float32]) -> None:
        """Back up the network's answer to the batch that waits longest.

        Args:
            policy: [count, side² + 1] probabilities.
            winrate: [count] of the color to play.

        Raises:
            EvaluationError: the answer cannot be used; the leaves were taken back.
        """
        batch = self._waiting.popleft()
        try:
            self._tree.expand(batch, policy, winrate)
        except ValueError as error:
            self._tree.cancel(batch)
            raise EvaluationError(f"{self.evaluator.name}: {error}") from error
        finally:
            self._store.give_back(batch)
        self._count_playouts()
        self._progress.count_batch(batch)

    def cancel(self) -> None:
        """Take all leaves back that wait, as if they had never been looked at."""
        while self._waiting:
            batch = self._waiting.pop()
            self._tree.cancel(batch)
            self._store.give_back(batch)

    def _send_batches(self, limits: SearchLimits) -> None:
        """Gather and hand over batches until enough are on their way, or nothing is left."""
        while len(self._waiting) < self.params.batches_in_flight:
            planes = self.gather(limits)
            if not len(planes):
                return
            # Without a submitter the network is asked when the answer is needed.
            self._waiting[-1].send(self._submitter.submit(planes) if self._submitter else None)

    def _take_answer(self, limits: SearchLimits, stop: threading.Event | None) -> None:
        """Wait for the oldest batch and back its answer up, unless the search ends before."""
        if not self._waiting or not self._await(limits, stop):
            return
        batch = self._waiting[0]
        try:
            answer = self._answer(batch)
        except ValueError as error:
            raise EvaluationError(f"{self.evaluator.name}: {error}") from error
        self.accept(*answer)

    def _answer(self, batch: Batch) -> Answer:
        """Return the network's answer to a batch, asking it if nobody has yet."""
        if self._inline is not None:
            return self._inline.evaluate(batch.planes)
        assert batch.pending is not None
        return batch.pending.result()

    def _await(self, limits: SearchLimits, stop: threading.Event | None) -> bool:
        """Wait until the oldest batch is answered; False if the search is to end before."""
        pending = self._waiting[0].pending
        if pending is None:
            return True
        is_limited = limits.time_s is not None or limits.pacing is not None
        look_s = None if stop is None and not is_limited else _LOOK_S
        while not wait([pending], look_s).done:
            self._progress.take_time()
            is_over = self._progress.is_late(limits) or (stop is not None and stop.is_set())
            if is_over and self._progress.playouts > 0:
                return False
        return True

    def _budget(self, limits: SearchLimits) -> int:
        """Return the playouts of the next batch at most, beside those on their way."""
        in_flight = sum(batch.started for batch in self._waiting) if self._waiting else 0
        if not self._root_visits:
            return 1 - in_flight
        most = self._progress.left(limits, self._root_visits_left(limits))
        if not self._progress.playouts:
            most = max(most, 1)
        if self.params.visits_per_leaf:
            most = min(most, max(1, self._root_visits // self.params.visits_per_leaf))
        return int(min(most - in_flight, 2**31))

    def _has_no_time(self, limits: SearchLimits) -> bool:
        """Return whether a paced search has no time for even one batch.

        The tree it took over, or the network's policy, has to be enough then.
        """
        progress = self._progress
        if limits.pacing is None or progress.playouts > 0 or not self._tree.is_root_expanded:
            return False
        return progress.is_late(limits)

    def is_done(self, limits: SearchLimits) -> bool:
        """Return whether a limit is reached or, if that is asked for, the move is decided.

        Takes the time: what follows from it is as of the last call.
        """
        progress, tree = self._progress, self._tree.arrays
        progress.take_time()
        if not self._root_visits:
            return False
        visits_left = self._root_visits_left(limits)
        if progress.left(limits, visits_left) == 0:
            if self._halving is not None:
                self._halving.advance(tree, progress.playouts)
            return True
        progress.pace(limits, tree)
        if progress.is_late(limits):
            return True
        if self._halving is not None or not (limits.prune or limits.stop_when_decided):
            return False  # halving gives every move that it compares its share
        # As a float always: an integer would be compiled for once more.
        left = float(progress.expected_left(limits, visits_left))
        contenders = count_contenders(tree, left, student_quantiles(), limits.prune)
        return limits.stop_when_decided and contenders <= 1

    def _root_visits_left(self, limits: SearchLimits) -> int:
        """Return the visits that the root may still take."""
        return min(limits.visits or MOST_VISITS, MOST_VISITS) - self._root_visits

    def report(self, min_moves: int = 0) -> SearchReport:
        """Return what is known now; for the search's own thread, or when it is at rest.

        Args:
            min_moves: how many moves are listed at least, unvisited ones too.
        """
        reporter = Reporter(self._tree.arrays, self.params.lcb_min_visit_ratio)
        progress = self._progress
        return SearchReport(
            visits_root=self._tree.root_visits,
            playouts=progress.playouts,
            winrate=reporter.winrate(),
            moves=reporter.moves(min_moves),
            elapsed_s=progress.elapsed_s,
            nodes=self._tree.node_count,
            tree_full=self._tree.is_full,
            batches=progress.batches,
            leaves=progress.leaves,
            fill=progress.leaves / max(1, progress.batches * self.params.batch_size),
            answer_s=progress.answer_s / max(1, progress.batches),
            lookups=self._tree.cache.lookups,
            hits=self._tree.cache.hits,
        )
