"""Networks that cost nothing, to measure what is around them, and such as are only so fast."""

import threading
import time

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, evaluate_in_parts

_ANSWERS = 4096
_SIDE = 19
_LOGITS = 3.0  # spread of the table's logits: trees as deep as a good network's


class TableEvaluator:
    """An `Evaluator` that answers from a table drawn before, whatever it is asked."""

    side = _SIDE
    name = "table"

    def __init__(self, seed: int = 0) -> None:
        """Draw the table."""
        random = np.random.default_rng(seed)
        policy = np.exp(random.normal(0.0, _LOGITS, (_ANSWERS, _SIDE * _SIDE + 1)))
        self._policy = (policy / policy.sum(axis=1, keepdims=True)).astype(np.float32)
        self._winrate = random.uniform(0.3, 0.7, _ANSWERS).astype(np.float32)
        self._next = 0

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, _ANSWERS, self._look_up)

    def _look_up(self, planes: NDArray[np.uint8]) -> Answer:
        """Return the answers that come next; at most as many as there are."""
        start = self._next if self._next + len(planes) <= _ANSWERS else 0
        self._next = start + len(planes)
        return self._policy[start : self._next], self._winrate[start : self._next]


class Device:
    """What computes so many positions a second, one batch after the other, and no more."""

    def __init__(self, positions_per_s: float) -> None:
        """Begin idle."""
        self._positions_per_s = positions_per_s
        self._lock = threading.Lock()
        self._busy_until = 0.0

    def compute(self, count: int) -> None:
        """Wait as long as a batch takes that begins when those before it are done."""
        with self._lock:
            begin = max(time.perf_counter(), self._busy_until)
            self._busy_until = end = begin + count / self._positions_per_s
        while (left := end - time.perf_counter()) > 0:
            time.sleep(left)


class PacedEvaluator(TableEvaluator):
    """A lane of a device: what a GPU leaves to the processor, without one."""

    name = "paced"

    def __init__(self, device: Device, seed: int) -> None:
        """Draw the table of a lane."""
        super().__init__(seed)
        self._device = device

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`; after as long as the device takes."""
        self._device.compute(len(planes))
        return super().evaluate(planes)
