"""Sequential halving at the root, and the power of the policy."""

import numpy as np
import pytest

from lzp.engine.candidate_kernels import temper_priors
from lzp.engine.halving import Halving, root_edges, round_ends
from lzp.engine.search_params import SearchLimits
from lzp.engine.tree_state import DROPPED
from lzp.go import Game
from tests.engine.scripted import HashEvaluator, search_on


@pytest.mark.parametrize(
    ("moves", "budget", "ends"),
    [(8, 32, [8, 16, 32]), (4, 32, [16, 32]), (2, 5, [5]), (8, 100, [32, 64, 100])],
)
def test_rounds_share_the_budget(moves: int, budget: int, ends: list[int]) -> None:
    assert round_ends(moves, budget) == ends


def test_moves_share_visits_evenly_and_the_worse_half_is_dropped() -> None:
    game, evaluator = Game(5), HashEvaluator(5)
    search = search_on(game, evaluator, batch_size=1)
    search.run(SearchLimits(visits=1, playouts=1))
    tree = search.tree
    halving = Halving(4, 41, 20.0)
    halving.start(tree.arrays)
    for playout in range(40):
        halving.advance(tree.arrays, playout)
        planes = search.gather(SearchLimits(visits=1000))
        search.accept(*evaluator.evaluate(planes))
    edges = root_edges(tree.arrays)
    # The first edge had one visit already. Rounds end after 20 and 40: 5 each, then 10.
    assert sorted(edges["visits"]) == [5, 5, 15, 16]
    dropped = edges["closed"] & DROPPED != 0
    assert list(edges["visits"][dropped]) == [5, 5]
    halving.advance(tree.arrays, 41)
    assert (edges["closed"] & DROPPED != 0).sum() == 3
    best = int(edges["move"][edges["closed"] == 0][0])
    moves = search.report().moves
    assert moves[0].move == best
    assert {moves[2].visits, moves[3].visits} == {5}
    scores = np.log(edges["prior"]) + 20 * edges["winrate_sum"] / edges["visits"]
    assert best == edges["move"][scores.argmax()]


@pytest.mark.parametrize("exponent", [0.5, 0.8, 1.3])
def test_policy_is_raised_to_a_power(exponent: float) -> None:
    random = np.random.default_rng(1)
    row = random.dirichlet(np.full(362, 0.05)).astype(np.float32)
    row[random.random(362) < 0.3] = -1
    legal = row >= 0
    expected = np.maximum(row[legal].astype(float) / row[legal].sum(), 1e-9) ** exponent
    ours = row.copy()
    total = temper_priors(ours, float(row[legal].sum()), exponent)
    assert (ours[~legal] == -1).all()
    assert ours[legal] == pytest.approx(expected, rel=2e-3)
    assert total == pytest.approx(expected.sum(), rel=2e-3)
