"""Drawn moves: weaker play, and openings that differ."""

import numpy as np
import pytest

from lzp.engine.drawing import draw_opening, draw_weaker
from lzp.engine.player import Player, PlayerParams
from lzp.engine.report import MoveReport
from lzp.engine.search import Search
from lzp.engine.search_params import SearchParams
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import HashEvaluator

#: Many draws, each of which looks at the board: minutes as plain Python.
pytestmark = pytest.mark.compiled
DRAWS = 4000


def report(move, visits=0, winrate=0.5, prior=0.0):
    return MoveReport(
        move=move, visits=visits, winrate=winrate, prior=prior, lcb=0.0, order=0, pv=(move,)
    )


def shares(draw):
    """How often each move is drawn."""
    found = [draw().move for _ in range(DRAWS)]
    return {move: found.count(move) / DRAWS for move in set(found)}


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("by_policy", [False, True])
def test_weaker_moves_follow_the_temperature(temperature, by_policy):
    random, numbers = np.random.default_rng(1), {3: 60, 7: 30, 11: 10}
    moves = tuple(
        report(move, prior=number / 100) if by_policy else report(move, visits=number)
        for move, number in numbers.items()
    )
    found = shares(lambda: draw_weaker(Game(5), moves, temperature, random, by_policy=by_policy))
    weights = {move: number ** (1 / temperature) for move, number in numbers.items()}
    for move, weight in weights.items():
        assert found[move] == pytest.approx(weight / sum(weights.values()), abs=0.03)


def test_nobody_fills_an_eye_or_passes_by_chance():
    game = Game(5)
    for vertex in ("A2", "B1", "B2"):
        game.play(parse_vertex(vertex, 5), BLACK)
    game.to_play = BLACK
    moves = (report(12, prior=0.1), report(0, prior=0.5), report(25, prior=0.4))
    random = np.random.default_rng(1)
    assert shares(lambda: draw_weaker(game, moves, 1.0, random, by_policy=True)) == {12: 1.0}


def test_a_pass_that_is_best_is_left_to_the_score():
    moves = (report(25, prior=0.9), report(3, prior=0.1))
    random = np.random.default_rng(1)
    found = shares(lambda: draw_weaker(Game(5), moves, 1.0, random, by_policy=True))
    assert found == {25: 1.0}


def test_openings_vary_among_moves_that_are_about_as_good():
    moves = (
        report(40, visits=100, winrate=0.50),
        report(41, visits=50, winrate=0.49),
        report(42, visits=90, winrate=0.45),  # too bad
        report(43, visits=10, winrate=0.51),  # hardly looked at
        report(81, visits=60, winrate=0.50),  # the pass
    )
    random, game = np.random.default_rng(1), Game(9)
    found = shares(lambda: draw_opening(game, moves, random))
    assert found == pytest.approx({40: 2 / 3, 41: 1 / 3}, abs=0.03)
    for move in range(7):  # a twelfth of 81 points is over
        game.play(move)
    assert shares(lambda: draw_opening(game, moves, random)) == {40: 1.0}


def test_a_level_of_one_visit_plays_by_the_policy():
    game = Game(5, 0.5)
    evaluator = HashEvaluator(5, spread=2.0)
    found = []
    for seed in range(300):
        search = Search(evaluator, SearchParams(seed=seed, symmetry=0))
        player = Player(search, PlayerParams(visits=1, temperature=1.0))
        found.append(player.choose(game, BLACK).move)
    priors = {move.move: move.prior for move in player.search.report(min_moves=26).moves}
    for move, prior in priors.items():
        if prior > 0.1:
            assert found.count(move) / 300 == pytest.approx(prior, abs=0.08)


def test_a_bad_move_that_is_drawn_is_no_reason_to_resign():
    # Every position is good for whoever moves, and so every move bad by its own winrate.
    class Good(HashEvaluator):
        def answer(self, planes):
            policy, _ = super().answer(planes)
            return policy, np.float32(0.98)

    game = Game(5, 0.5)
    for ply in range(8):
        game.play(ply if ply % 2 == 0 else game.pass_move)
    params = PlayerParams(visits=2, temperature=1.0, resign_percent=10)
    for seed in range(10):
        player = Player(Search(Good(5), SearchParams(seed=seed)), params)
        decision = player.choose(game, game.to_play)
        assert decision.move is not None
        assert decision.winrate > 0.3
    assert game.to_play in (BLACK, WHITE)


@pytest.mark.parametrize("temperature", [-1.0, 0.001, 101.0, float("nan")])
def test_temperatures_are_checked(temperature):
    with pytest.raises(ValueError, match="temperature must be 0, or"):
        PlayerParams(temperature=temperature)
