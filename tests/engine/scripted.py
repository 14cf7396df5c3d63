"""Networks with known answers, for tests of the search."""

import time
import zlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer
from lzp.engine.search import Search
from lzp.engine.search_params import SearchParams
from lzp.go import Game
from lzp.go.vertex import parse_vertex


def as_winrate(value: Any) -> NDArray[np.float32]:
    """Return values in [-1, 1] as winrates."""
    return ((1 + np.asarray(value)) / 2).astype(np.float32)


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
        return policy, as_winrate([self._value(position) for position in planes])


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
        return policy, as_winrate([value for _, value in answers])


class Uneven:
    """A `Submitter` whose answers come late and in another order than they were asked for.

    Args:
        evaluator: what answers; must not mind several callers at once.
        lanes: batches worked on at once.
        seed: of the times that batches take.
        most_s: the longest.
    """

    def __init__(self, evaluator: HashEvaluator, lanes: int, seed: int, most_s: float = 0.004):
        self.side, self.name, self.lanes = evaluator.side, evaluator.name, lanes
        self.ended: list[int] = []
        self._evaluator = evaluator
        self._threads = ThreadPoolExecutor(lanes)
        self._random = np.random.default_rng(seed)
        self._most_s = most_s
        self._sent = 0

    def submit(self, planes: NDArray[np.uint8]) -> "Future[Answer]":
        self._sent += 1
        return self._threads.submit(
            self._answer, planes, self._random.uniform(0, self._most_s), self._sent
        )

    def _answer(self, planes: NDArray[np.uint8], wait_s: float, number: int) -> Answer:
        time.sleep(wait_s)
        self.ended.append(number)
        return self._evaluator.evaluate(planes)


def stone_margin(planes: NDArray[np.uint8]) -> float:
    """Return a value that grows slowly with the stones ahead, so that more is still better."""
    return float(np.tanh(0.1 * (int(planes[0].sum()) - int(planes[8].sum()))))


class UrgentEvaluator(UniformEvaluator):
    """Looks first at the last liberties of chains that have one or two, and knows no more."""

    name = "urgent"

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        _, winrate = super().evaluate(planes)
        return np.stack([self._policy(position) for position in planes]), winrate

    def _policy(self, planes: NDArray[np.uint8]) -> NDArray[np.float32]:
        colors = planes[0].astype(int) + 2 * planes[8]
        weights = np.ones(self.side * self.side + 1)
        seen: set[int] = set()
        for start in np.flatnonzero(colors):
            if start not in seen:
                chain, liberties = self._chain(colors.ravel(), int(start))
                seen |= chain
                if len(liberties) <= 2:
                    weights[sorted(liberties)] += 100 / len(liberties)
        return (weights / weights.sum()).astype(np.float32)

    def _chain(self, colors: NDArray[np.int64], start: int) -> tuple[set[int], set[int]]:
        chain, liberties, todo = {start}, set(), [start]
        while todo:
            for near in self._neighbors(todo.pop()):
                if colors[near] == 0:
                    liberties.add(near)
                elif colors[near] == colors[start] and near not in chain:
                    chain.add(near)
                    todo.append(near)
        return chain, liberties

    def _neighbors(self, point: int) -> list[int]:
        y, x = divmod(point, self.side)
        places = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        return [b * self.side + a for b, a in places if 0 <= a < self.side and 0 <= b < self.side]


def won_after(move: str, side: int) -> Callable[[np.ndarray], float]:
    """Return a value that only likes positions where Black has a stone on a point."""
    y, x = divmod(parse_vertex(move, side), side)

    def value(planes: np.ndarray) -> float:
        black = planes[0] if planes[16, 0, 0] else planes[8]
        sign = 1.0 if planes[16, 0, 0] else -1.0
        return sign * (0.6 if black[y, x] else -0.6)

    return value


def search_on(game: Game, evaluator: Any = None, **params: Any) -> Search:
    """Return a search of a game's position, by chance but repeatable."""
    search = Search(evaluator or HashEvaluator(game.side), SearchParams(seed=7, **params))
    search.set_position(game)
    return search
