"""Many searches in one thread: their leaves share batches, in lockstep.

A task is a generator that yields `Question`s and is sent an `Answer` to each. It says what
it wants evaluated and leaves it to `Together` when that happens, so that games, openings
and whole-game analyses are written as if they were alone.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator
from lzp.engine.lanes import Submitter
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits

T = TypeVar("T")

#: `SearchParams.cache_mib` of each of many trees, so that a hundred fit into memory.
MANY_CACHE_MIB = 8


class Question(NamedTuple):
    """Positions to be evaluated.

    Attributes:
        network: which of the networks is asked, counted from 0.
        planes: uint8 [count, 18, side, side], at least one; untouched until the answer.
    """

    network: int
    planes: NDArray[np.uint8]


#: What asks in turns and returns a T in the end.
Task = Generator[Question, Answer, T]


@dataclass(slots=True)
class BatchCounts:
    """How full the batches were.

    Attributes:
        batches: how many were evaluated.
        evaluations: positions in them.
    """

    batches: int = 0
    evaluations: int = 0

    @property
    def fill(self) -> float:
        """Mean positions a batch; 0 without batches."""
        return self.evaluations / self.batches if self.batches else 0.0


class _Part(NamedTuple):
    """A batch on its way: whose questions are in it, by place in the group."""

    name: str
    places: list[int]
    counts: list[int]
    pending: "Future[Answer]"


@dataclass(slots=True)
class _Group:
    """Tasks that are in lockstep with each other, and their batches, one a network."""

    room: int
    running: list[tuple[Task[Any], Question]] = field(default_factory=list)
    parts: list[_Part] = field(default_factory=list)


class Together:
    """Runs tasks in lockstep: a round takes one question of each, and answers them all.

    With lanes there is a group of tasks for each batch on its way and one more, which
    thinks meanwhile. The same tasks in the same order make the same batches.
    """

    def __init__(
        self,
        networks: Sequence[Evaluator | Submitter],
        width: int,
        on_round: Callable[[], None] | None = None,
    ) -> None:
        """Run at most `width` tasks at a time over these networks.

        Args:
            networks: a plain evaluator is called in the thread of `run`.
            width: how many tasks run at once.
            on_round: called after every round, for those who show progress.

        Raises:
            ValueError: width below 1.
        """
        if width < 1:
            raise ValueError(f"expected one task at a time or more, not {width}")
        self.counts = BatchCounts()
        self._networks = networks
        self.on_round = on_round
        lanes = [each.lanes if isinstance(each, Submitter) else 0 for each in networks]
        groups = min(1 + max(lanes), width)
        self._rooms = [(width + index) // groups for index in range(groups)]

    def run(self, tasks: Iterator[Task[T]]) -> Iterator[T]:
        """Yield what each task returns, in the order in which they end.

        Tasks are taken from the iterator when there is room for them.

        Raises:
            EvaluationError: a network failed. What tasks raise comes through as well.
        """
        groups = [_Group(room) for room in self._rooms]
        while True:
            for group in groups:
                yield from self._receive(group)
                yield from self._fill(group, tasks)
                self._send(group)
                if self.on_round is not None:
                    self.on_round()
            if not any(group.running for group in groups):
                return

    def _fill(self, group: _Group, tasks: Iterator[Task[T]]) -> Iterator[T]:
        """Start tasks while there is room."""
        while len(group.running) < group.room:
            task = next(tasks, None)
            if task is None:
                return
            try:
                group.running.append((task, next(task)))
            except StopIteration as end:
                yield end.value

    def _send(self, group: _Group) -> None:
        """Hand the group's questions over, one batch for each network."""
        questions = [question for _, question in group.running]
        for number, network in enumerate(self._networks):
            places = [n for n, question in enumerate(questions) if question.network == number]
            if places:
                planes = [questions[n].planes for n in places]
                batch = np.concatenate(planes)
                self.counts.batches += 1
                self.counts.evaluations += len(batch)
                pending = _submit(network, batch)
                group.parts.append(_Part(network.name, places, [len(p) for p in planes], pending))

    def _receive(self, group: _Group) -> Iterator[T]:
        """Wait for the answers to the group's questions and let its tasks go on."""
        answers: dict[int, Answer] = {}
        for part in group.parts:
            try:
                policy, winrate = part.pending.result()
            except ValueError as error:
                raise EvaluationError(f"{part.name}: {error}") from error
            pieces = split_answer(policy, winrate, part.counts)
            answers.update(zip(part.places, pieces, strict=True))
        group.parts = []
        asked: list[tuple[Task[T], Question]] = group.running
        group.running = []
        for place, (task, _) in enumerate(asked):
            try:
                group.running.append((task, task.send(answers[place])))
            except StopIteration as end:
                yield end.value


def search_together(search: Search, limits: SearchLimits, network: int = 0) -> Task[None]:
    """Run a search whose position is set, in steps, its batches shared with other tasks.

    Args:
        search: with one batch on its way at a time.
        limits: when it ends.
        network: number of the network it asks.
    """
    search.begin()
    while not search.is_done(limits):
        planes = search.gather(limits)
        if len(planes):
            search.accept(*(yield Question(network, planes)))


def _submit(network: Evaluator | Submitter, batch: NDArray[np.uint8]) -> "Future[Answer]":
    """Hand a batch to a network; a plain evaluator answers it at once."""
    if isinstance(network, Submitter):
        return network.submit(batch)
    answered: Future[Answer] = Future()
    answered.set_running_or_notify_cancel()
    try:
        answered.set_result(network.evaluate(batch))
    except ValueError as error:
        answered.set_exception(error)
    return answered


def split_answer(
    policy: NDArray[np.float32], winrate: NDArray[np.float32], counts: Sequence[int]
) -> Iterator[Answer]:
    """Yield views of a batch's answer, one for each request of so many positions.

    Args:
        policy: float32 [sum of counts, S²+1].
        winrate: float32 [sum of counts].
        counts: positions of each request.
    """
    start = 0
    for count in counts:
        end = start + count
        yield policy[start:end], winrate[start:end]
        start = end
