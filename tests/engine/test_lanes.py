"""Lanes: batches answered at the same time, each as the evaluator alone answers it."""

import threading

import numpy as np
import pytest

from lzp.engine.lanes import Lanes
from tests.engine.scripted import HashEvaluator, UniformEvaluator


class Together(HashEvaluator):
    """Answers only while as many calls are under way as the barrier is for."""

    def __init__(self, side: int, barrier: threading.Barrier):
        super().__init__(side)
        self._barrier = barrier

    def evaluate(self, planes):
        self._barrier.wait(timeout=20)
        return super().evaluate(planes)


class Failing(UniformEvaluator):
    def evaluate(self, planes):
        raise RuntimeError("out of memory")


def batches(count: int) -> list[np.ndarray]:
    random = np.random.default_rng(1)
    return [random.integers(0, 2, (3, 18, 5, 5), dtype=np.uint8) for _ in range(count)]


def test_lanes_work_at_the_same_time_and_answer_as_one_does() -> None:
    barrier = threading.Barrier(2)
    lanes = Lanes([Together(5, barrier), Together(5, barrier)])
    sent = batches(6)
    pending = [lanes.submit(planes) for planes in sent]
    for planes, future in zip(sent, pending, strict=True):
        policy, winrate = future.result()
        true_policy, true_winrate = HashEvaluator(5).evaluate(planes)
        assert np.array_equal(policy, true_policy)
        assert np.array_equal(winrate, true_winrate)
    lanes.close()


def test_a_failure_is_raised_where_the_answer_is_asked_for() -> None:
    lanes = Lanes([Failing(5)])
    for planes in batches(2):
        with pytest.raises(RuntimeError, match="out of memory"):
            lanes.submit(planes).result()
    lanes.close()


def test_lanes_are_for_one_board() -> None:
    with pytest.raises(ValueError, match="one board"):
        Lanes([])
    with pytest.raises(ValueError, match="one board"):
        Lanes([UniformEvaluator(5), UniformEvaluator(9)])
