"""The search against its own evaluator: how much of the network's speed becomes playouts."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator
from lzp.engine.lanes import Lanes
from lzp.engine.many import MANY_CACHE_MIB, Together, search_together
from lzp.engine.own_reading import NO_READING, OwnReading
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import encode
from lzp.go import Game
from lzp.play.bench import Figures, spread
from lzp.play.bench_positions import positions
from lzp.play.bench_rows import Row

#: Opens a network for batches of a size, once for each lane.
OpenLanes = Callable[[int, int], Sequence[Evaluator]]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchBench:
    """What is measured: every combination of these.

    Attributes:
        batch_sizes: positions evaluated at once, for each lane.
        lanes: evaluators at work at once.
        in_flight: batches on their way at once; None is one more than there are lanes.
        games: trees at once; they share batches, which are as large as all of theirs.
        kinds: of positions, `bench_positions.KINDS`.
        visits: playouts of one search.
        rounds: searches of each kind, each from another position.
        reading: what the search reads by itself, which takes its time beside the network.
    """

    batch_sizes: Sequence[int] = (8,)
    lanes: Sequence[int] = (1,)
    in_flight: Sequence[int] | None = None
    games: Sequence[int] = (1,)
    kinds: Sequence[str] = ("opening", "middle game", "endgame")
    visits: int = 800
    rounds: int = 5
    reading: OwnReading = NO_READING


@dataclass(frozen=True, slots=True)
class Way:
    """One way to search.

    Attributes:
        evaluators: one for each lane.
        batch_size: most positions that a tree sends at once.
        in_flight: batches of a tree on their way at once.
        games: trees at once.
        reading: what the search reads by itself, which takes its time beside the network.
    """

    evaluators: Sequence[Evaluator]
    batch_size: int
    in_flight: int
    games: int
    reading: OwnReading = NO_READING

    def params(self) -> SearchParams:
        """Return the constants of a search in this way."""
        memory = {"cache_mib": MANY_CACHE_MIB} if self.games > 1 else {}
        return SearchParams.strong(
            **memory,
            batch_size=self.batch_size,
            batches_in_flight=self.in_flight,
            seed=1,
            **self.reading.params(),
        )


class Counted:
    """An `Evaluator` that counts what it answers."""

    def __init__(self, evaluator: Evaluator) -> None:
        """Count an evaluator's answers."""
        self.side = evaluator.side
        self.name = evaluator.name
        self.batches = 0
        self.evaluations = 0
        self._evaluator = evaluator

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        self.batches += 1
        self.evaluations += len(planes)
        return self._evaluator.evaluate(planes)


def bench_search(open_lanes: OpenLanes, bench: SearchBench) -> list[Row]:
    """Measure the search against its evaluator alone, both in turns in each round.

    Args:
        open_lanes: opens the network.
        bench: what is measured.

    Returns:
        A row for each way to search and each kind of position.
    """
    rows: list[Row] = []
    for way in _ways(open_lanes, bench):
        for kind in bench.kinds:
            games = positions(way.evaluators[0], kind, bench.rounds + 1 + way.games)
            described: Row = {
                "batch": way.batch_size,
                "lanes": len(way.evaluators),
                "in_flight": way.in_flight,
                "games": way.games,
                "positions": kind,
            }
            rows.append({**described, **_measured(way, games, bench)})
    return rows


def _ways(open_lanes: OpenLanes, bench: SearchBench) -> Iterator[Way]:
    """Yield every way to search that a benchmark names."""
    for batch_size in bench.batch_sizes:
        for lanes in bench.lanes:
            for games in bench.games:
                evaluators = open_lanes(batch_size * max(1, games // lanes), lanes)
                for in_flight in bench.in_flight or (lanes + (lanes > 1),):
                    flight = in_flight if games == 1 else 1
                    yield Way(evaluators, batch_size, flight, games, bench.reading)


def _measured(way: Way, games: Sequence[Game], bench: SearchBench) -> Figures:
    """Return the figures of one way to search; the first round warms up."""
    planes = encode(np.concatenate([game.boards for game in games]))
    playouts, evaluations, fills = [], [], []
    # One tree's batches are as large as they may be; those of many trees together as well.
    size = way.batch_size * max(1, way.games // len(way.evaluators))
    filled = planes[np.arange(size) % len(planes)]
    batches = max(1, bench.visits * way.games // size)
    with closing(Trees(way)) as trees:
        for first in range(bench.rounds + 1):
            seconds, fill = trees.run(games[first : first + way.games], bench.visits)
            playouts.append(bench.visits * way.games / seconds)
            evaluations.append(size * batches / run_alone(way.evaluators, filled, batches))
            fills.append(fill)
    ratios = [p / e for p, e in zip(playouts[1:], evaluations[1:], strict=True)]
    return {
        **spread("playouts_per_s", playouts[1:]),
        **spread("evaluations_per_s", evaluations[1:]),
        **spread("ratio", ratios),
        "fill": statistics.median(fills[1:]),
    }


def run_search(way: Way, games: Sequence[Game], visits: int) -> tuple[float, float]:
    """Search positions from new trees; return the seconds and the positions a batch.

    The trees are made before the clock starts, as an engine makes them before a game.
    """
    with closing(Trees(way)) as trees:
        return trees.run(games, visits)


class Trees:
    """The trees of one way to search, emptied and used again by every run.

    A program that runs takes their memory from the system once, in its first search; a
    benchmark that made new trees would time that each time.
    """

    def __init__(self, way: Way) -> None:
        """Make the trees; `close` ends their threads."""
        self._counted = [Counted(evaluator) for evaluator in way.evaluators]
        self._lanes = Lanes(self._counted) if way.in_flight > 1 and way.games == 1 else None
        networks = [self._lanes or one for one in self._counted]
        self._searches = [
            Search(networks[place % len(networks)], way.params()) for place in range(way.games)
        ]

    def run(self, games: Sequence[Game], visits: int) -> tuple[float, float]:
        """Search positions, one for each tree; return the seconds and the positions a batch."""
        batches, evaluations = self._counts()
        for search, game in zip(self._searches, games, strict=True):
            search.clear()
            search.set_position(game)
        limits = SearchLimits(playouts=visits)
        started = time.perf_counter()
        if len(self._searches) == 1:
            self._searches[0].run(limits)
        else:
            self._run_many(limits)
        seconds = time.perf_counter() - started
        all_batches, all_evaluations = self._counts()
        return seconds, (all_evaluations - evaluations) / max(1, all_batches - batches)

    def _counts(self) -> tuple[int, int]:
        """Return the batches and the evaluations so far."""
        batches = sum(one.batches for one in self._counted)
        return batches, sum(one.evaluations for one in self._counted)

    def _run_many(self, limits: SearchLimits) -> None:
        """Let each lane take its share of the trees through in lockstep.

        While one lane's batch is evaluated, another lane's trees are walked.
        """

        def work(lane: int) -> None:
            if share := self._searches[lane :: len(self._counted)]:
                tasks = (search_together(search, limits) for search in share)
                list(Together([self._counted[lane]], len(share)).run(tasks))

        with ThreadPoolExecutor(len(self._counted)) as threads:
            list(threads.map(work, range(len(self._counted))))

    def close(self) -> None:
        """End the threads."""
        if self._lanes is not None:
            self._lanes.close()


def run_alone(evaluators: Sequence[Evaluator], planes: NDArray[np.uint8], batches: int) -> float:
    """Return the seconds that evaluators take for so many batches, shared out among them."""

    def work(lane: int) -> None:
        for _ in range(lane, batches, len(evaluators)):
            evaluators[lane].evaluate(planes)

    started = time.perf_counter()
    if len(evaluators) == 1:
        work(0)
    else:
        with ThreadPoolExecutor(len(evaluators)) as threads:
            list(threads.map(work, range(len(evaluators))))
    return time.perf_counter() - started
