"""Sequential halving at the root, and the power of the policy."""

import numpy as np
import pytest

from lzp.engine.candidate_kernels import temper_priors
from lzp.engine.halving import Halving, round_ends
from lzp.engine.search_params import SearchLimits
from lzp.engine.tree_state import DROPPED, root_edges
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
    search = search_on(game, evaluator, batch_size=1, cache="off")
    search.run(SearchLimits(visits=1, playouts=1))
    tree = search.tree
    halving = Halving(4, 41, 20.0)
    halving.start(tree.arrays)
    for playout in range(40):
        halving.advance(tree.arrays, playout)
        planes = search.gather(SearchLimits(visits=1000))
        search.accept(*evaluator.evaluate(planes))
    edges = root_edges(tree.arrays)
    # Rounds end after 20 and 40: 5 visits each, then 10. Some edge had one visit before.
    dropped = edges["closed"] & DROPPED != 0
    assert dropped.sum() == 2
    assert edges["visits"].sum() == 41
    assert set(edges["visits"][dropped]) <= {5, 6}
    assert set(edges["visits"][~dropped]) <= {15, 16}
    halving.advance(tree.arrays, 41)
    assert (edges["closed"] & DROPPED != 0).sum() == 3
    best = int(edges["move"][edges["closed"] == 0][0])
    moves = search.report().moves
    assert moves[0].move == best
    assert {moves[2].visits, moves[3].visits} <= {5, 6}
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


def test_a_small_search_is_compared_by_halving_and_a_large_one_is_not() -> None:
    def moves(playouts: int):
        search = search_on(Game(5), HashEvaluator(5), batch_size=1, halving_visits=40)
        return search.run(SearchLimits(playouts=playouts)).moves

    visits = sorted((move.visits for move in moves(40)), reverse=True)
    # Eight moves, rounds of 8, 16 and 16 playouts or so: 8 moves, then 4, then 2.
    assert len(visits) == 8
    assert visits[4:] == [1, 1, 1, 1]
    assert abs(visits[0] - visits[1]) <= 1
    assert sum(visits) == 40
    assert len(moves(41)) != 8 or moves(41)[0].visits != visits[0]


def test_halving_shares_its_visits_where_a_search_may_end_early() -> None:
    def visits(*, is_short: bool) -> list[int]:
        search = search_on(Game(5), HashEvaluator(5), batch_size=1, halving_visits=40)
        limits = SearchLimits(playouts=40, prune=is_short, stop_when_decided=is_short)
        report = search.run(limits)
        assert (root_edges(search.tree.arrays)["closed"] & DROPPED == 0).sum() == 1
        return sorted(move.visits for move in report.moves)

    assert visits(is_short=True) == visits(is_short=False)


def test_halving_goes_on_with_the_tree_it_finds() -> None:
    game = Game(5)
    search = search_on(game, HashEvaluator(5), batch_size=2, halving_visits=32)
    for _ in range(6):
        report = search.run(SearchLimits(playouts=32))
        assert report.playouts == 32
        edges = root_edges(search.tree.arrays)
        assert (edges["closed"] == 0).sum() == 1
        assert report.moves[0].move == edges["move"][edges["closed"] == 0][0]
        game.play(report.moves[0].move)
        search.set_position(game)
