"""The table of addresses that a batch's kernels are handed in place of arrays."""

import numpy as np
import pytest

from lzp.engine.batches import Batch
from lzp.engine.place_kernels import places_of
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from tests.engine.scripted import HashEvaluator
from tests.engine.tree_checks import check_invariants


def test_a_table_says_where_arrays_lie_and_how_long_they_are() -> None:
    arrays = np.zeros(5), np.zeros((3, 4), np.float32), np.zeros((2, 3, 4), np.int16)
    table = places_of(*arrays)
    assert table[:, 0].tolist() == [array.ctypes.data for array in arrays]
    assert table[:, 1:].tolist() == [[5, 0], [3, 4], [2, 3]]


def test_arrays_with_gaps_are_refused() -> None:
    with pytest.raises(ValueError, match="gaps"):
        places_of(np.zeros((4, 4))[:, :2])


@pytest.mark.compiled
def test_kernels_follow_arrays_that_grow_and_are_replaced() -> None:
    # Growth, a new root, a new history and a forgotten cache all move what a table points to.
    game, evaluator = Game(5, 0.5), HashEvaluator(5, 1)
    search = Search(evaluator, SearchParams(seed=1, batch_size=8))
    fresh = Search(evaluator, SearchParams(seed=1, batch_size=8, cache="off"))
    for move in (12, 6, 8):
        game.play(move)
        search.set_position(game)
        search.run(SearchLimits(playouts=6000))
        check_invariants(search)
    search.clear()
    search.tree.cache.clear()
    for each in (search, fresh):
        each.tree.arrays.heads["random"] = 7
        each.set_position(game)
    found = [each.run(SearchLimits(visits=300)).moves for each in (search, fresh)]
    assert [(m.move, m.visits) for m in found[0]] == [(m.move, m.visits) for m in found[1]]


def test_a_batch_knows_its_places() -> None:
    batch = Batch(9, 4)
    assert batch.places[:, 0].tolist() == [array.ctypes.data for array in batch.arrays]
