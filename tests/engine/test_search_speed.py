"""What the tree costs beside the network; run with -m bench on a quiet machine."""

import time

import numpy as np
import pytest

from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from lzp.play.table_evaluator import TableEvaluator


@pytest.mark.bench
@pytest.mark.compiled
@pytest.mark.parametrize(("nodes", "most_us"), [(1_000, 5.5), (10_000, 6.0), (100_000, 7.0)])
def test_core_costs_microseconds_a_leaf(nodes: int, most_us: float) -> None:
    search = Search(TableEvaluator(), SearchParams(batch_size=16, seed=1))
    search.set_position(Game())
    search.run(SearchLimits(visits=nodes))  # memory is touched, kernels are compiled
    costs = []
    for _ in range(5 if nodes > 10_000 else 30):
        search.clear()
        started = time.thread_time()
        search.run(SearchLimits(visits=nodes))
        costs.append((time.thread_time() - started) / nodes * 1e6)
    print(f"\n{nodes} nodes: {min(costs):.2f} us a leaf, median {np.median(costs):.2f}")
    assert min(costs) < most_us
