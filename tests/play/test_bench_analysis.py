"""The benchmark of lzp-analysis counts what was answered."""

import numpy as np
import pytest

from lzp.engine.evaluator import Answer, Evaluator
from lzp.play.bench_analysis import AnalysisBench, bench_analysis
from tests.engine.scripted import HashEvaluator


class Counting(HashEvaluator):
    def __init__(self, side: int):
        super().__init__(side)
        self.positions = 0

    def evaluate(self, planes: np.ndarray) -> Answer:
        self.positions += len(planes)
        return super().evaluate(planes)


def test_positions_are_analyzed_in_both_ways() -> None:
    network = Counting(5)
    sizes: list[int] = []

    def open_lanes(size: int) -> list[Evaluator]:
        sizes.append(size)
        return [network]

    bench = AnalysisBench(
        kinds=["opening", "middle game"], positions=6, visits=10, width=4, batch_size=3, rounds=1
    )
    rows = bench_analysis(open_lanes, bench)
    assert sizes == [3]
    assert [row["positions"] for row in rows] == ["opening", "middle game"]
    for row in rows:
        together, alone = float(row["together_per_s"]), float(row["one_by_one_per_s"])
        assert row["ratio"] == pytest.approx(together / alone)
        assert 1 < float(row["fill"]) <= 3
    # Two kinds, two rounds, two ways, six positions; early ones are remembered in part.
    assert 100 < network.positions <= 2 * 2 * 2 * 6 * 10 + 200
