"""Networks with known answers, for tests of the search."""

import zlib
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Answer = tuple[NDArray[np.float32], NDArray[np.float32]]


class UniformEvaluator:
    """Every move is as good as any other, every position even, unless told otherwise.

    Args:
        side: of the board.
        value: from planes [18, side, side] to a value in [-1, 1] for the side to move.
    """

    name = "uniform"

    def __init__(self, side: int, value: Callable[[NDArray[np.uint8]], float] | None = None):
        self.side = side
        self.batches: list[int] = []
        self._value = value or (lambda planes: 0.0)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        count, size = len(planes), self.side * self.side + 1
        assert planes.shape == (count, 18, self.side, self.side)
        self.batches.append(count)
        policy = np.full((count, size), 1 / size, np.float32)
        return policy, np.array([self._value(position) for position in planes], np.float32)


def stone_lead(planes: NDArray[np.uint8]) -> float:
    """More stones than the other side is better: enough to want captures."""
    return float(np.tanh(0.3 * (int(planes[0].sum()) - int(planes[8].sum()))))


class HashEvaluator:
    """Answers at random, but always the same to the same planes."""

    name = "hash"

    def __init__(self, side: int, seed: int = 0, spread: float = 1.5):
        self.side = side
        self._seed = seed
        self._spread = spread

    def answer(self, planes: NDArray[np.uint8]) -> tuple[NDArray[np.float32], np.float32]:
        random = np.random.default_rng([self._seed, zlib.crc32(planes.tobytes())])
        logits = random.normal(0.0, self._spread, self.side * self.side + 1)
        policy = np.exp(logits - logits.max())
        return (policy / policy.sum()).astype(np.float32), np.float32(random.uniform(-0.8, 0.8))

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        answers = [self.answer(position) for position in planes]
        policy = np.stack([policy for policy, _ in answers])
        return policy, np.array([value for _, value in answers], np.float32)
