"""Equal moves: which there are on symmetric boards, and how a root is left with one of each."""

import numpy as np
import pytest

from lzp.engine.equal_moves import equal_move_groups, merge_equal_moves
from lzp.engine.search_params import SearchLimits
from lzp.go import Game
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import HashEvaluator, search_on


def turned(x: int, y: int, side: int) -> set[tuple[int, int]]:
    """Return a point under all symmetries, from coordinates and not from tables."""
    end = side - 1
    images = set()
    for _ in range(4):
        x, y = end - y, x
        images |= {(x, y), (y, x)}
    return images


@pytest.mark.parametrize("side", [5, 6, 19])
def test_an_empty_board_has_one_move_for_each_orbit(side: int) -> None:
    first = equal_move_groups(Game(side))
    assert first is not None
    half = (side + 1) // 2
    assert len(set(first.tolist())) == half * (half + 1) // 2 + 1
    for move in range(side * side):
        y, x = divmod(move, side)
        assert first[move] == min(b * side + a for a, b in turned(x, y, side))


def test_stones_leave_fewer_symmetries() -> None:
    game = Game(19)
    for vertex, moves in [("K10", 55), ("D4", 190), ("Q16", 190), ("C17", 361)]:
        game.play(parse_vertex(vertex, 19))
        first = equal_move_groups(game)
        assert (361 if first is None else len(set(first[:361].tolist()))) == moves


def test_a_root_is_left_with_one_of_each_and_all_of_the_prior() -> None:
    search = search_on(Game(5), HashEvaluator(5), batch_size=1)
    search.run(SearchLimits(visits=6))
    tree = search.tree.arrays
    first = equal_move_groups(Game(5))
    assert first is not None
    before = [move.prior for move in search.report(26).moves]
    merge_equal_moves(tree, first)
    moves = search.report(min_moves=26).moves
    assert sum(move.prior for move in moves) == pytest.approx(sum(before), abs=1e-5)
    waiting = [move.move for move in moves if move.visits == 0]
    searched = {int(first[move.move]) for move in moves if move.visits}
    groups = [int(first[move]) for move in waiting]
    assert len(set(groups)) == len(groups), "one of each"
    assert not set(groups) & searched
    assert set(groups) | searched == set(first[:25].tolist())
    again = np.array(tree.priors[0])
    merge_equal_moves(tree, first)
    assert np.array_equal(again, tree.priors[0])


def test_a_search_looks_at_one_of_each() -> None:
    search = search_on(Game(5), HashEvaluator(5), batch_size=1, merge_equal=True)
    report = search.run(SearchLimits(visits=200), min_moves=26)
    assert len([move for move in report.moves if move.move < 25]) == 6
    assert sum(move.prior for move in report.moves) == pytest.approx(1, abs=1e-4)
