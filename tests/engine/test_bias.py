"""Subtree value bias: sums that stay true while corrections change, and what they do."""

import numpy as np
import pytest

from lzp.engine.bias_kernels import WEIGHT_EXPONENT, bias_slot
from lzp.engine.search_params import SearchLimits
from lzp.engine.tree_state import BIASES, EXPANDED
from lzp.go import Game
from tests.engine.scripted import HashEvaluator, UniformEvaluator, search_on
from tests.engine.tree_checks import edges_of, walk


def expected_records(search) -> np.ndarray:
    """Return delta and weight of every record, counted anew from the tree's nodes."""
    records = np.zeros((BIASES, 2))
    nodes = search.tree.arrays.nodes
    for _, index, edges in walk(search):
        node = nodes[index]
        if node["bias_slot"] >= 0 and node["child_visits"] > 0:
            visits = int(node["child_visits"])
            mean = edges["winrate_sum"].sum() / visits
            records[node["bias_slot"]] += visits**WEIGHT_EXPONENT * np.array(
                [mean - node["net_winrate"], 1.0]
            )
    return records


def check_sums(search) -> None:
    nodes = search.tree.arrays.nodes
    for _, index, edges in walk(search):
        assert nodes[index]["children_sum"] == pytest.approx(edges["winrate_sum"].sum())
        for edge in edges[edges["child"] >= 0]:
            child = nodes[edge["child"]]
            if child["state"] != EXPANDED:
                continue
            below = edges_of(search, int(edge["child"]))["winrate_sum"].sum()
            own = child["net_winrate"] + child["bias"]
            assert edge["winrate_sum"] == pytest.approx(edge["visits"] - own - below, abs=1e-5)
    records = search.tree.arrays.biases
    expected = expected_records(search)
    assert records["delta"] == pytest.approx(expected[:, 0], abs=1e-4)
    assert records["weight"] == pytest.approx(expected[:, 1], abs=1e-6)


def test_sums_hold_while_corrections_change() -> None:
    game = Game(5)
    search = search_on(game, HashEvaluator(5), bias_share=0.5, batch_size=4)
    search.run(SearchLimits(visits=300))
    check_sums(search)
    nodes = search.tree.arrays.nodes[: search.tree.node_count]
    assert (abs(nodes["bias"]) > 0.01).sum() > 50
    # The best move is played: what is kept must go on as true as it was.
    game.play(search.report().moves[0].move)
    search.set_position(game)
    check_sums(search)
    search.run(SearchLimits(visits=400))
    check_sums(search)


def test_an_error_that_returns_is_taken_off() -> None:
    # The network always thinks that who is to move has won; each look ahead disproves it.
    search = search_on(Game(5), UniformEvaluator(5, lambda planes: 0.8), bias_share=0.5)
    search.run(SearchLimits(visits=300))
    nodes = search.tree.arrays.nodes[: search.tree.node_count]
    corrected = nodes[(nodes["bias_slot"] >= 0) & (nodes["child_visits"] > 5)]
    assert len(corrected) > 3
    assert (corrected["bias"] < -0.05).all()


def test_the_record_is_that_of_the_last_moves_and_their_surroundings() -> None:
    def slot(*moves: int) -> int:
        game = Game(9)
        for move in moves:
            game.play(move)
        return int(bias_slot(game.boards[0], BIASES))

    assert slot() == slot(40) == slot(40, 81) == -1
    assert slot(0, 80, 40, 41) == slot(80, 0, 40, 41), "far stones do not count"
    assert slot(0, 80, 40, 41) != slot(0, 80, 41, 40)
    assert slot(0, 80, 40, 41) != slot(50, 80, 40, 41), "near ones do"
    assert 0 <= slot(0, 8) < BIASES
