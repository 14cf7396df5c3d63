"""Decisions: time, passing, resigning, random openings, clean-up."""

import threading
import time
from typing import Any

import numpy as np
import pytest

from lzp.engine.clock import Clock, TimeSettings
from lzp.engine.player import Player, PlayerParams
from lzp.engine.restrictions import RESIGN, MoveRestrictions, Restriction
from lzp.engine.search import Search
from lzp.engine.search_params import SearchParams
from lzp.go import BLACK, WHITE, Game
from tests.engine.scripted import HashEvaluator, UniformEvaluator, won_after


class Wishes(UniformEvaluator):
    """Wants one move, with a fixed value for Black."""

    def __init__(self, side: int, move: int, value_black: float = 0.0):
        super().__init__(side, lambda p: value_black if p[16, 0, 0] else -value_black)
        self._move = move

    def evaluate(self, planes: np.ndarray) -> Any:
        policy, winrate = super().evaluate(planes)
        policy[:] = 0.05 / policy.shape[1]
        policy[:, self._move] = 0.95
        return policy, winrate


def player(evaluator: Any, search: dict | None = None, **params: Any) -> Player:
    params.setdefault("visits", 40)
    options = {"seed": 1, **(search or {})}
    return Player(Search(evaluator, SearchParams(**options)), PlayerParams(**params))


def colors(side: int, black: list[int], white: list[int], to_play: int, **rules: Any) -> Game:
    game = Game(side, rules.get("komi", 0.5))
    stones = [(BLACK, move) for move in black] + [(WHITE, move) for move in white]
    game.set_up(stones, to_play, rules.get("handicap", 0))
    return game


# Passing. The middle line of 3x3 is Black's: 9 points to 0.

LINE = [3, 4, 5]


@pytest.mark.parametrize("dumb", [False, True])
def test_pass_that_loses_is_avoided_unless_dumb(dumb: bool) -> None:
    game = colors(3, LINE, [], BLACK, komi=20.5)
    decision = player(Wishes(3, 9), {"dumb_pass": dumb}).choose(game, BLACK)
    assert (decision.move == game.pass_move) == dumb


def test_pass_that_wins_is_played() -> None:
    game = colors(3, LINE, [], BLACK, komi=0.5)
    chooser = player(Wishes(3, 9, 0.9), visits=2)
    assert chooser.choose(game, BLACK).move == game.pass_move


def test_pass_stays_where_only_own_eyes_are_left() -> None:
    black = [1, 3, 4, 5, 7]  # a cross: every empty point is an eye in a corner
    game = colors(3, black, [], BLACK, komi=20.5)
    assert player(Wishes(3, 9)).choose(game, BLACK).move == game.pass_move


@pytest.mark.parametrize(("komi", "passes"), [(0.5, True), (20.5, False)])
def test_opponents_pass_is_answered_if_the_score_wins(komi: float, passes: bool) -> None:
    game = colors(3, LINE, [], WHITE, komi=komi)
    game.play(game.pass_move)
    decision = player(Wishes(3, 0)).choose(game, BLACK)
    assert (decision.move == game.pass_move) == passes


@pytest.mark.parametrize(("value", "passes"), [(-0.4, True), (0.4, False)])
def test_drawn_pass_depends_on_the_alternative(value: float, passes: bool) -> None:
    game = colors(3, LINE, [], WHITE, komi=9.0)
    game.play(game.pass_move)
    wishes = Wishes(3, 0, value)
    decision = player(wishes, {"cpuct": 0.01}, visits=3).choose(game, BLACK)
    assert (decision.move == game.pass_move) == passes


def test_white_answers_a_pass_on_the_empty_board() -> None:
    # As Leela Zero does: with komi White has won.
    game = Game(9, 7.5)
    game.play(game.pass_move)
    assert player(HashEvaluator(9)).choose(game, WHITE).move == game.pass_move


def test_cleanup_goes_on_while_there_is_a_move() -> None:
    game = colors(3, LINE, [], BLACK, komi=0.5)
    decision = player(Wishes(3, 9, 0.9)).choose(game, BLACK, cleanup=True)
    assert decision.move is not None
    assert decision.move != game.pass_move


# Resigning


def old_game(side: int = 5, plies: int = 8, handicap: int = 0) -> Game:
    game = Game(side, 0.5)
    game.set_up([], BLACK, handicap)
    for move in range(plies):
        game.play(2 * move)
    return game


def decide(game: Game, value_black: float, **params: Any) -> int | None:
    evaluator = UniformEvaluator(game.side, lambda p: value_black if p[16, 0, 0] else -value_black)
    return player(evaluator, **params).choose(game, game.to_play).move


def test_lost_game_is_resigned() -> None:
    assert decide(old_game(), -0.9) is None


@pytest.mark.parametrize("value", [-0.7, 0.0, 0.9])
def test_open_game_is_played_on(value: float) -> None:
    assert decide(old_game(), value) is not None


def test_young_game_is_played_on() -> None:
    assert decide(old_game(plies=6), -0.9) is not None


@pytest.mark.parametrize(("percent", "resigns"), [(0.0, False), (3.0, False), (30.0, True)])
def test_resign_percentage_is_used(percent: float, resigns: bool) -> None:
    assert (decide(old_game(), -0.9, resign_percent=percent) is None) == resigns


def test_white_resigns_later_against_a_handicap() -> None:
    # At ply 7 of 25 points: w = 7/15, threshold 0.1 * w + 0.1 / 5 * (1 - w) = 0.057.
    for handicap, black, resigns in [(0, 0.86, True), (4, 0.86, False), (4, 0.90, True)]:
        game = old_game(plies=7, handicap=handicap)
        assert game.to_play == WHITE
        assert (decide(game, black, patience=0.0) is None) == resigns


def test_white_is_patient_with_a_handicap() -> None:
    # 25 * (1/4 + 9/36) = 12.5: from ply 13 on, a hopeless game of 9 stones is given up.
    for plies, handicap, resigns in [(11, 9, False), (13, 9, True), (7, 0, True), (7, 2, False)]:
        assert (decide(old_game(plies=plies, handicap=handicap), 1.0) is None) == resigns


def test_restrictions_can_forbid_resigning() -> None:
    game = old_game()
    avoid = MoveRestrictions(avoid=(Restriction(BLACK, RESIGN, game.ply + 1),))
    lost = UniformEvaluator(5, lambda p: -0.9 if p[16, 0, 0] else 0.9)
    assert player(lost).choose(game, BLACK, restrictions=avoid).move is not None
    assert player(lost).choose(game, BLACK).move is None


def test_cleanup_does_not_resign() -> None:
    game = old_game()
    lost = UniformEvaluator(5, lambda p: -0.9 if p[16, 0, 0] else 0.9)
    assert player(lost).choose(game, BLACK, cleanup=True).move is not None


# Choosing


def test_wrong_turn_is_played_for_the_color_asked() -> None:
    game = Game(5, 0.5)
    decision = player(HashEvaluator(5)).choose(game, WHITE)
    assert decision.move is not None
    assert game.to_play == BLACK
    game.play(decision.move, WHITE)


@pytest.mark.compiled
def test_opening_moves_are_drawn_and_later_ones_are_not() -> None:
    drawn, best = set(), set()
    for seed in range(12):
        options = {"seed": seed, "random_moves": 1, "symmetry": 0}
        game = Game(5, 0.5)
        drawn.add(player(HashEvaluator(5), options, visits=100).choose(game, BLACK).move)
        game.play(0)
        best.add(player(HashEvaluator(5), options, visits=100).choose(game, WHITE).move)
    assert len(drawn) > 2
    assert len(best) == 1


@pytest.mark.compiled
def test_draws_follow_visits_and_temperature() -> None:
    options: dict = {"random_moves": 1, "symmetry": 0, "seed": 3}
    chooser = player(HashEvaluator(5), options, visits=150)
    report = chooser.choose(Game(5, 0.5), BLACK).report
    moves = [move for move in report.moves if move.visits > 1]
    total = sum(move.visits for move in moves)
    counts = dict.fromkeys((move.move for move in moves), 0)
    for _ in range(2000):
        counts[chooser._draw(Game(5, 0.5), report.moves).move] += 1
    for move in moves:
        assert counts[move.move] / 2000 == pytest.approx(move.visits / total, abs=0.05)


# Time


def test_clock_limits_the_search_and_runs() -> None:
    clock = Clock(TimeSettings(main_s=0, byo_s=0.5, periods=1), lag_s=0.2)
    started = time.monotonic()
    player(HashEvaluator(5), visits=None).choose(Game(5), BLACK, clock=clock)
    assert 0.25 < time.monotonic() - started < 2
    absolute = Clock(TimeSettings(main_s=5), lag_s=0)
    player(HashEvaluator(5)).choose(Game(5), BLACK, clock=absolute)
    assert absolute.left_s(BLACK) < 5
    assert absolute.left_s(WHITE) == 5


def test_no_time_left_still_moves() -> None:
    clock = Clock(TimeSettings(main_s=0))
    decision = player(HashEvaluator(5), visits=None).choose(Game(5), BLACK, clock=clock)
    assert decision.move is not None
    assert decision.report.playouts <= 8


MODES = [
    ("on", TimeSettings(), {}, True),
    ("on", TimeSettings(main_s=0, byo_s=30, periods=1), {}, False),
    ("on", TimeSettings(main_s=0, byo_s=30, stones=1), {}, False),
    ("on", TimeSettings(), {"visits": None, "playouts": 600}, False),
    ("fast", TimeSettings(main_s=0, byo_s=30, periods=1), {}, True),
    ("fast", TimeSettings(), {"visits": None, "playouts": 600}, True),
    ("no_pruning", TimeSettings(), {}, True),
    ("off", TimeSettings(), {}, False),
]


@pytest.mark.compiled
@pytest.mark.parametrize(("mode", "settings", "limit", "early"), MODES)
def test_thinking_ends_early_where_time_can_be_used_later(mode, settings, limit, early) -> None:
    evaluator = UniformEvaluator(5, won_after("C3", 5))
    options = {"visits": 600} | limit
    chooser = player(evaluator, time_management=mode, **options)
    decision = chooser.choose(Game(5), BLACK, clock=Clock(settings))
    assert decision.move == 12
    assert (decision.report.playouts < 590) == early


def test_leela_time_is_the_formula_and_no_more() -> None:
    clock = Clock(TimeSettings(main_s=0, byo_s=0.7, periods=1), lag_s=0.4)
    thinker = player(HashEvaluator(5), visits=None, leela_time=True)
    assert thinker._limits(Game(5), clock).pacing is None
    assert thinker._limits(Game(5), clock).time_s == pytest.approx(0.3)
    capped = player(HashEvaluator(5), max_time_s=0.2, leela_time=True)
    assert capped._limits(Game(5), clock).time_s == 0.2
    ours = player(HashEvaluator(5), max_time_s=0.2)._limits(Game(5), clock)
    assert ours.pacing is not None
    assert ours.pacing.plan.deadline_s == 0.2


def test_a_fallen_winrate_is_known_from_our_last_move() -> None:
    game, thinker = Game(5, 0.5), player(HashEvaluator(5))
    clock = Clock(TimeSettings(main_s=60))
    assert thinker._pacing(game, clock)._winrate_before is None
    decision = thinker.choose(game, BLACK)
    for _ in range(2):
        game.play(next(move for move in range(25) if game.is_legal(move)))
    assert thinker._pacing(game, clock)._winrate_before == decision.winrate
    game.play(game.pass_move)
    assert thinker._pacing(game, clock)._winrate_before is None


def test_stop_signal_still_decides() -> None:
    stop = threading.Event()
    stop.set()
    decision = player(HashEvaluator(5), visits=None).choose(Game(5), BLACK, stop=stop)
    assert decision.move is not None


def test_pondering_stops_and_its_tree_is_used() -> None:
    game = Game(5, 0.5)
    thinker = player(HashEvaluator(5), visits=None)
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    report = thinker.ponder(game, stop)
    timer.join()
    assert report is not None
    game.play(report.moves[0].move)
    stop.set()
    decision = thinker.choose(game, WHITE, stop=stop)
    assert decision.report.visits_root > decision.report.playouts + 1


def test_pondering_ends_at_the_visit_limit() -> None:
    report = player(HashEvaluator(5), visits=30).ponder(Game(5), threading.Event())
    assert report is not None
    assert report.visits_root == 30


def test_pondering_a_finished_game_does_nothing() -> None:
    game = Game(5)
    game.play(game.pass_move)
    game.play(game.pass_move)
    assert player(HashEvaluator(5)).ponder(game, threading.Event()) is None


@pytest.mark.parametrize(
    ("field", "value"),
    [("visits", 0), ("playouts", 0), ("resign_percent", 101), ("time_management", "never")],
)
def test_params_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        PlayerParams(**{field: value})


@pytest.mark.parametrize("seed", range(2))
def test_player_finishes_a_game_against_itself(seed: int) -> None:
    game = Game(4, 0.5)
    thinker = player(HashEvaluator(4, seed), visits=25)
    while not game.is_over and game.ply < 60:
        decision = thinker.choose(game, game.to_play)
        if decision.move is None:
            break
        assert game.is_legal(decision.move)
        game.play(decision.move)
    assert game.is_over or decision.move is None
