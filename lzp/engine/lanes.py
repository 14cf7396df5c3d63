"""Lanes: evaluators that work at the same time, each on a batch of its own.

On a CPU two evaluators of one thread do more than one of two threads; on a GPU a second
batch waits in line while the first is worked on. The search hands batches over with
`submit` and goes on with the tree.
"""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator


@runtime_checkable
class Submitter(Protocol):
    """Takes batches and answers each when it is ready; from one thread at a time.

    Attributes:
        side: lines of the board.
        name: what to call the network.
        lanes: how many batches are worked on at once; more wait their turn.
    """

    side: int
    name: str
    lanes: int

    def submit(self, planes: NDArray[np.uint8]) -> "Future[Answer]":
        """Hand over a batch as `Evaluator.evaluate` takes it; it stays as it is until then."""
        ...


class Lanes:
    """A `Submitter` over evaluators of one network, each with a thread of its own.

    An evaluator as well, for those who have one question and wait for the answer.
    """

    def __init__(self, evaluators: Sequence[Evaluator]) -> None:
        """Start a thread for each evaluator.

        Raises:
            ValueError: no evaluators, or for different boards.
        """
        if len({evaluator.side for evaluator in evaluators}) != 1:
            raise ValueError("lanes need one evaluator or more, all for one board")
        self.side = evaluators[0].side
        self.name = evaluators[0].name
        self.lanes = len(evaluators)
        self._idle: SimpleQueue[Evaluator] = SimpleQueue()
        for evaluator in evaluators:
            self._idle.put(evaluator)
        self._threads = ThreadPoolExecutor(self.lanes, thread_name_prefix="lane")

    def submit(self, planes: NDArray[np.uint8]) -> "Future[Answer]":
        """See `Submitter.submit`; the future raises what the evaluator raises."""
        return self._threads.submit(self._evaluate, planes)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`; the batch waits for those handed over before."""
        return self.submit(planes).result()

    def _evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        evaluator = self._idle.get_nowait()  # there is one for each thread
        try:
            return evaluator.evaluate(planes)
        finally:
            self._idle.put(evaluator)

    def close(self) -> None:
        """End the threads; batches still waiting are given up."""
        self._threads.shutdown(cancel_futures=True)
