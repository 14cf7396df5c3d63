"""Many searches in one thread: their leaves share batches, in lockstep.

A task is a generator that yields `Question`s and is sent an `Answer` to each. It says what
it wants evaluated and leaves it to `Together` when that happens, so that games, openings
and whole-game analyses are written as if they were alone.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator
from lzp.engine.search import EvaluationError

T = TypeVar("T")


class Question(NamedTuple):
    """Positions to be evaluated.

    Attributes:
        network: which of the evaluators is asked, counted from 0.
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
        batches: calls of evaluators.
        evaluations: positions in them.
    """

    batches: int = 0
    evaluations: int = 0

    @property
    def fill(self) -> float:
        """Mean positions a batch; 0 without batches."""
        return self.evaluations / self.batches if self.batches else 0.0


class Together:
    """Runs tasks in lockstep: a round takes one question of each, and answers them all.

    The same tasks in the same order make the same batches.
    """

    def __init__(
        self,
        evaluators: Sequence[Evaluator],
        width: int,
        on_round: Callable[[], None] | None = None,
    ) -> None:
        """Run at most `width` tasks at a time over these evaluators.

        Args:
            evaluators: one for each network.
            width: how many tasks run at once.
            on_round: called after every round, for those who show progress.

        Raises:
            ValueError: width below 1.
        """
        if width < 1:
            raise ValueError(f"expected one task at a time or more, not {width}")
        self.counts = BatchCounts()
        self._evaluators = evaluators
        self._width = width
        self._on_round = on_round
        self._running: list[tuple[Task[Any], Question]] = []

    def run(self, tasks: Iterator[Task[T]]) -> Iterator[T]:
        """Yield what each task returns, in the order in which they end.

        Tasks are taken from the iterator when there is room for them.

        Raises:
            EvaluationError: an evaluator failed. What tasks raise comes through as well.
        """
        while True:
            yield from self._fill(tasks)
            if not self._running:
                return
            yield from self._round()
            if self._on_round is not None:
                self._on_round()

    def _fill(self, tasks: Iterator[Task[T]]) -> Iterator[T]:
        """Start tasks while there is room."""
        while len(self._running) < self._width:
            task = next(tasks, None)
            if task is None:
                return
            try:
                self._running.append((task, next(task)))
            except StopIteration as end:
                yield end.value

    def _round(self) -> Iterator[T]:
        """Answer one question of every running task."""
        answers = self._answers([question for _, question in self._running])
        asked: list[tuple[Task[T], Question]] = self._running
        self._running = []
        for (task, _), answer in zip(asked, answers, strict=True):
            try:
                self._running.append((task, task.send(answer)))
            except StopIteration as end:
                yield end.value

    def _answers(self, questions: list[Question]) -> list[Answer]:
        """Return the answers to all questions, one batch for each network."""
        answers: list[Answer | None] = [None] * len(questions)
        for network, evaluator in enumerate(self._evaluators):
            places = [n for n, question in enumerate(questions) if question.network == network]
            if places:
                parts = self._evaluate(evaluator, [questions[n].planes for n in places])
                for place, part in zip(places, parts, strict=True):
                    answers[place] = part
        return [answer for answer in answers if answer is not None]

    def _evaluate(self, evaluator: Evaluator, planes: list[NDArray[np.uint8]]) -> Iterator[Answer]:
        """Evaluate several requests as one batch and return the answer to each."""
        batch = np.concatenate(planes)
        try:
            policy, winrate = evaluator.evaluate(batch)
        except ValueError as error:
            raise EvaluationError(f"{evaluator.name}: {error}") from error
        self.counts.batches += 1
        self.counts.evaluations += len(batch)
        return split_answer(policy, winrate, [len(part) for part in planes])


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
