"""Games played on from a leaf: what they say of settled positions, and when they count."""

import math

import numpy as np
import pytest

from lzp.engine.rollout_kernels import rollout_games, rollout_share, rollout_winrate
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import HashEvaluator

#: White's wall on the left with two eyes, Black's on the right, and a white stone that is dead.
SETTLED = """
. O . O X . X
O O O O X X X
. O . O X . X
O O O O X X X
O . O O X . X
. O . O X X .
O O O O X . X
"""


def settled_game(komi: float) -> Game:
    game = Game(7, komi)
    rows = [line.split() for line in SETTLED.strip().splitlines()]
    stones = [
        (BLACK if point == "X" else WHITE, (6 - y) * 7 + x)
        for y, row in enumerate(rows)
        for x, point in enumerate(row)
        if point != "."
    ]
    game.set_up(stones, BLACK)
    return game


def tree_of(game: Game, **changes):
    search = Search(HashEvaluator(game.side, 1), SearchParams(seed=1, **changes))
    search.set_position(game)
    return search, search.tree.arrays


@pytest.mark.parametrize(("komi", "expected"), [(-8.5, 1.0), (8.5, 0.0), (-7.0, 0.5)])
def test_a_settled_board_is_won_lost_or_drawn(komi: float, expected: float) -> None:
    # White owns 28 points, Black 21.
    game = settled_game(komi)
    _, tree = tree_of(game, rollouts=10)
    assert rollout_winrate(tree, game.boards) == expected
    game.to_play = WHITE
    assert rollout_winrate(tree, game.boards) == 1 - expected


def test_a_larger_lead_is_worth_more_where_it_has_a_share() -> None:
    def worth(komi: float, share: float) -> float:
        game = settled_game(komi)  # Black leads by -7 - komi
        _, tree = tree_of(game, rollouts=5, lead_share=share, lead_points=10.0)
        return float(rollout_winrate(tree, game.boards))

    assert worth(-17, 0.0) == worth(-37, 0.0) == 1.0
    assert worth(-17, 0.5) == pytest.approx(0.5 + 0.5 / (1 + math.exp(-1)))
    assert worth(-37, 0.5) == pytest.approx(0.5 + 0.5 / (1 + math.exp(-3)))
    assert worth(3, 0.25) == pytest.approx(0.25 / (1 + math.exp(1)))
    assert worth(-7, 1.0) == 0.5


def test_the_answer_follows_from_the_position() -> None:
    game = Game(7, 0.5)
    for vertex in ("D4", "C3", "E3", "D5", "C4", "B4"):
        game.play(parse_vertex(vertex, 7))
    _, tree = tree_of(game, rollouts=50, rollout_from=0.0, rollout_to=0.1)
    found = rollout_winrate(tree, game.boards)
    assert 0 < found < 1
    assert rollout_winrate(tree, game.boards) == found


def test_they_count_for_more_and_are_more_as_the_board_fills() -> None:
    shares, games = [], []
    for stones in (0, 7, 14, 22, 30, 44):
        game = Game(7, 0.5)
        game.set_up([(BLACK, move) for move in range(stones)], WHITE)
        _, tree = tree_of(game, rollouts=8)
        shares.append(rollout_share(tree.heads[0], game.boards[0]))
        games.append(rollout_games(tree.heads[0], game.boards[0]))
    assert shares[:2] == [0, 0]
    assert shares[2:] == pytest.approx(sorted(set(shares[2:])))
    assert shares[-1] == pytest.approx(0.6)
    # 14, 22 and 30 of 49 points are 0.06, 0.33 and 0.60 of the way.
    assert games == [1, 1, 1, 3, 5, 8]


@pytest.mark.parametrize(("komi", "winner"), [(-8.5, BLACK), (8.5, WHITE)])
def test_the_search_believes_them_where_all_is_settled(komi: float, winner: int) -> None:
    winrates = {}
    for rollouts in (0, 8):
        search, _ = tree_of(settled_game(komi), rollouts=rollouts, dumb_pass=True)
        winrates[rollouts] = search.run(SearchLimits(visits=60)).winrate
    assert abs(winrates[8] - (winner == BLACK)) < 0.2
    assert abs(winrates[8] - (winner == BLACK)) < abs(winrates[0] - (winner == BLACK))


def test_remembered_answers_are_mixed_alike() -> None:
    search, tree = tree_of(settled_game(-8.5), rollouts=4, batch_size=1, symmetry=0)
    found = []
    for _ in range(2):
        search.tree.clear()
        report = search.run(SearchLimits(visits=40))
        found.append(np.array(tree.nodes["net_winrate"][:40]))
    assert report.leaves == 0
    assert np.array_equal(found[0], found[1])
