"""Evaluators that fail on purpose, over one that works."""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator


class FaultyEvaluator:
    """Answers as another evaluator does, until a fault is due.

    Args:
        evaluator: what answers otherwise.
        fault: "raise", "memory" (raises for more than `most` positions), "shape", "nan",
            "negative", "winrate", or "some nan" (in one row of each batch).
        first: the first call that has the fault, counted from 1.
        calls: how many calls have it.
        most: positions that fit into memory.
    """

    def __init__(
        self, evaluator: Evaluator, fault: str, first: int = 1, calls: int = 10**9, most: int = 2
    ):
        self.side = evaluator.side
        self.name = "faulty"
        self.batches: list[int] = []
        self._evaluator = evaluator
        self._fault = fault
        self._due = range(first, first + calls)
        self._most = most

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        self.batches.append(len(planes))
        if len(self.batches) not in self._due:
            return self._evaluator.evaluate(planes)
        if self._fault == "raise":
            raise RuntimeError("CUDA failure 719: unspecified launch failure\nmore words")
        if self._fault == "memory" and len(planes) > self._most:
            raise MemoryError("out of memory")
        return self._spoiled(*self._evaluator.evaluate(planes))

    def _spoiled(self, policy: NDArray[np.float32], winrate: NDArray[np.float32]) -> Answer:
        policy, winrate = policy.copy(), winrate.copy()
        if self._fault == "shape":
            return policy[:, :-1], winrate
        if self._fault == "nan":
            policy[:, 3] = np.nan
        elif self._fault == "some nan":
            policy[-1, 3] = np.nan
        elif self._fault == "negative":
            policy[:, 3] = -0.1
        elif self._fault == "winrate":
            winrate[:] = np.nan
        return policy, winrate
