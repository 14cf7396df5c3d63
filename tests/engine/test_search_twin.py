"""The search against a second, slow one made of objects: the same visits, node by node."""

from dataclasses import replace
from typing import Any

import pytest

from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from tests.engine.dict_tree import DictTree, Node
from tests.engine.scripted import HashEvaluator, Uneven
from tests.engine.tree_checks import check_invariants, check_rules, walk

#: Black to play on 5x5 with a ko and few points left, so that positions repeat.
KO_FIGHT = [1, 3, 5, 9, 11, 13, 7, 8, 16, 17, 21, 22, 2]


def flatten(node: Node, line: tuple[int, ...] = ()) -> dict[tuple[int, ...], int]:
    found = {line: node.visits}
    for move, child in node.children.items():
        if child.visits:
            found |= flatten(child, (*line, move))
    return found


def played(side: int, moves: list[int], komi: float = 0.5) -> Game:
    game = Game(side, komi)
    for move in moves:
        game.play(move)
    return game


#: Name, side, moves, komi, batch size, batches in flight, visits.
CASES: list[tuple[str, int, list[int], float, int, int, int]] = [
    ("first moves of 5x5", 5, [], 0.5, 1, 1, 150),
    ("in batches", 5, [12, 6], 0.5, 4, 1, 150),
    ("several batches in flight", 5, [12, 6], 0.5, 4, 3, 150),
    ("single leaves in flight", 5, [12, 6], 0.5, 1, 5, 150),
    ("large batches collide", 3, [4], 0.5, 16, 1, 200),
    ("several large batches collide", 3, [4, 1, 3, 5, 7], 0.5, 8, 3, 300),
    ("few points left", 3, [4, 1, 3, 5, 7], 0.5, 3, 1, 200),
    ("smallest board", 2, [], 0.5, 2, 1, 300),
    ("smallest board, several in flight", 2, [], 0.5, 8, 2, 300),
    ("drawn by komi", 3, [4, 1], 0.0, 1, 1, 200),
    ("ko", 5, KO_FIGHT, 0.5, 4, 2, 150),
]


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize(("name", "side", "moves", "komi", "batch", "flight", "visits"), CASES)
def test_visits_equal_the_twin(name, side, moves, komi, batch, flight, visits, seed) -> None:
    game = played(side, moves, komi)
    evaluator = HashEvaluator(side, seed)
    params = SearchParams(
        batch_size=batch,
        batches_in_flight=flight,
        visits_per_leaf=4 * seed,
        cache="transpositions" if seed else "exact",
        symmetry=0,
        seed=0,
    )
    network = Uneven(evaluator, lanes=3, seed=seed) if flight > 1 else evaluator
    search = Search(network, params)
    search.set_position(game)
    report = search.run(SearchLimits(visits=visits))
    twin = DictTree(evaluator, params, game.copy())
    twin.run(visits)
    ours = {line: int(search.tree.arrays.nodes[index]["visits"]) for line, index, _ in walk(search)}
    assert {line: count for line, count in ours.items() if count} == flatten(twin.root)
    assert report.visits_root == visits
    for move in report.moves:
        child = twin.root.children[move.move]
        assert move.winrate == pytest.approx(child.total / child.visits, abs=1e-5)
        assert move.prior == pytest.approx(child.prior, abs=1e-6)
    check_invariants(search)
    check_rules(search, game)


OWN_FORMULAS: list[dict[str, Any]] = [
    {"fpu_from_mean": True},
    {"spread_weight": 0.8},
    {"tactics_weight": 1.0},
    {"tactics_weight": 0.3},
    {"policy_exponent": 0.6},
    {"policy_exponent": 1.3, "tactics_weight": 1.0},
    {"rollouts": 4},
    {"rollouts": 4, "rollout_from": 0.0, "lead_share": 0.5, "lead_points": 3.0},
    {"rollouts": 3, "rollout_share": 0.5, "rollout_from": 0.0, "tactics_weight": 1.0},
]


@pytest.mark.parametrize("change", OWN_FORMULAS, ids=str)
@pytest.mark.parametrize("moves", [[12, 6], KO_FIGHT])
def test_our_own_formulas_equal_the_twin(moves: list[int], change: dict[str, Any]) -> None:
    game, evaluator = played(5, moves), HashEvaluator(5, 1)
    params = SearchParams(batch_size=1, symmetry=0, seed=0)
    found = []
    for changed in (params, replace(params, **change)):
        search = Search(evaluator, changed)
        search.set_position(game)
        search.run(SearchLimits(visits=150))
        twin = DictTree(evaluator, changed, game.copy())
        twin.run(150)
        nodes = search.tree.arrays.nodes
        ours = {line: int(nodes[index]["visits"]) for line, index, _ in walk(search)}
        assert {line: count for line, count in ours.items() if count} == flatten(twin.root)
        found.append(ours)
    assert found[0] != found[1]


def test_repetitions_are_met_and_refused() -> None:
    # The cases above would prove nothing about superko if none came up in a tree.
    refused = 0
    for seed in range(2):
        game = played(2, [])
        search = Search(HashEvaluator(2, seed), SearchParams(seed=0, dumb_pass=True))
        search.set_position(game)
        search.run(SearchLimits(visits=300))
        check_invariants(search)
        refused += check_rules(search, game)
    assert refused > 0


@pytest.mark.compiled
def test_larger_board_equals_the_twin() -> None:
    game = played(9, [40, 20, 60, 24, 56, 38], 7.5)
    evaluator = HashEvaluator(9, 5, spread=3.0)
    params = SearchParams(batch_size=8, symmetry=0)
    search = Search(evaluator, params)
    search.set_position(game)
    search.run(SearchLimits(visits=300))
    twin = DictTree(evaluator, params, game.copy())
    twin.run(300)
    ours = {line: int(e["visits"].sum()) for line, _, e in walk(search)}
    theirs = {line: count - 1 for line, count in flatten(twin.root).items()}
    assert ours == theirs


CHANGED = [
    SearchParams(batch_size=1, symmetry=0, dumb_pass=True),
    SearchParams(batch_size=1, symmetry=0, root_fpu_reduction=0.0),
    SearchParams(batch_size=1, symmetry=0, cpuct=0.6),
    SearchParams(batch_size=2, symmetry=0),
    SearchParams(batch_size=1, symmetry=1),
]


@pytest.mark.parametrize("changed", CHANGED)
def test_twin_notices_changed_rules(changed: SearchParams) -> None:
    # A twin that always agreed would be worthless.
    game = Game(5, 0.5)
    evaluator = HashEvaluator(5)
    search = Search(evaluator, changed)
    search.set_position(game)
    search.run(SearchLimits(visits=150))
    twin = DictTree(evaluator, SearchParams(batch_size=1), game.copy())
    twin.run(150)
    ours = {line: int(e["visits"].sum()) for line, _, e in walk(search)}
    theirs = {line: count - 1 for line, count in flatten(twin.root).items()}
    assert ours != theirs
