"""Whole games on fake time: no clock is ever lost, and its time is used."""

from statistics import mean

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lzp.engine.clock import TimeSettings
from tests.engine.clock_games import FakeGame, World

MOVES = 125  # of ours: up to ply 250


def absolute(draw) -> TimeSettings:
    return TimeSettings(main_s=draw(st.floats(2, 3600)))


def fischer(draw) -> TimeSettings:
    main_s = draw(st.floats(1, 1200))
    limit = draw(st.none() | st.floats(1, 3))
    return TimeSettings(
        main_s=main_s,
        increment_s=draw(st.floats(0.2, 20)),
        main_limit_s=None if limit is None else limit * main_s,
        move_limit_s=draw(st.none() | st.floats(0.5, 60)),
    )


def japanese(draw) -> TimeSettings:
    main_s, byo_s = draw(st.floats(0, 1200)), draw(st.floats(0.5, 60))
    return TimeSettings(main_s=main_s, byo_s=byo_s, periods=draw(st.integers(1, 5)))


def canadian(draw) -> TimeSettings:
    main_s, stones = draw(st.floats(0, 1200)), draw(st.integers(1, 25))
    return TimeSettings(main_s=main_s, byo_s=stones * draw(st.floats(0.3, 20)), stones=stones)


KINDS = [absolute, fischer, japanese, canadian]


def kept_back_s(rules: TimeSettings, lag_s: float) -> float:
    """The least that a plan promises to keep back (docs/time.md)."""
    most = [lag_s]
    if rules.periods:
        most.append(rules.byo_s / 2)
    elif rules.stones:
        most.append(rules.byo_s / 4 / rules.stones)
    else:
        # An increment comes after the move: the first one has the main time alone.
        most += [max(rules.main_s / 5, rules.increment_s / 2), rules.main_s / 2]
    if rules.move_limit_s is not None:
        most.append(rules.move_limit_s / 2)
    return min(most)


def world(draw, rules: TimeSettings, lag_s: float) -> World:
    """A connection and a network for which the buffers are not too small."""
    kept_s = kept_back_s(rules, lag_s)
    move_s = rules.main_s / 2 / MOVES + rules.increment_s + rules.byo_s / max(1, rules.stones)
    tells = draw(st.booleans())
    lag = draw(st.floats(0, 1)) * min(0.5 * kept_s, 0.5 * move_s)
    return World(
        batch_s=draw(st.floats(0.1, 1)) * min(0.4 * kept_s, 0.2 * move_s),
        jitter=draw(st.floats(0, 0.5)),
        lag_s=lag if tells else min(lag, 0.2),
        tells=tells,
        whole=draw(st.booleans()),
        hard=draw(st.floats(0, 1)),
    )


@st.composite
def games(draw, kind) -> FakeGame:
    rules = kind(draw)
    lag_s = draw(st.sampled_from([0.1, 0.3, 1.0, 3.0]))
    return FakeGame(rules, world(draw, rules, lag_s), lag_s, draw(st.integers(0, 2**32)))


def check_no_clock_is_lost(game: FakeGame) -> None:
    game.play(MOVES)
    assert not game.referee.lost


def many(examples: int):
    slow = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=examples, deadline=None, suppress_health_check=slow)


@pytest.mark.compiled
@pytest.mark.parametrize("kind", KINDS)
def test_no_clock_is_lost(kind) -> None:
    many(8)(given(games(kind))(check_no_clock_is_lost))()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_clock_is_lost_in_a_thousand_games(kind) -> None:
    many(1000)(given(games(kind))(check_no_clock_is_lost))()


@pytest.mark.parametrize("seed", range(10))
def test_a_main_time_that_ends_unwatched_leaves_every_stone_its_share(seed: int) -> None:
    # Nobody tells the time, and moves cost less than we take them to: the referee counts
    # the first stone of the period a move later than we do.
    rules = TimeSettings(main_s=1, byo_s=4, stones=2)
    game = FakeGame(rules, World(batch_s=0.04, jitter=0, lag_s=0, tells=False, hard=0), 1.0, seed)
    game.play(MOVES)
    assert not game.referee.lost


@pytest.mark.parametrize("hard", [0.05, 0.2, 0.6])
@pytest.mark.parametrize("main_s", [20, 60, 1800])
def test_most_of_absolute_time_is_used_by_move_250(main_s: int, hard: float) -> None:
    game = FakeGame(TimeSettings(main_s=main_s), World(batch_s=main_s / 3000, hard=hard), 1.0, 1)
    game.play(MOVES)
    assert not game.referee.lost
    assert 0.6 < 1 - game.referee.main_s / main_s < 0.98


@pytest.mark.parametrize("hard", [0.05, 0.6])
def test_what_a_period_or_an_increment_gives_is_used(hard: float) -> None:
    for rules, least_s in [
        (TimeSettings(main_s=5, increment_s=1), 0.9),
        (TimeSettings(main_s=0, byo_s=10, periods=3), 8.5),
        (TimeSettings(main_s=0, byo_s=30, stones=10), 2.6),
    ]:
        game = FakeGame(rules, World(hard=hard), 1.0, 2)
        game.play(MOVES)
        assert not game.referee.lost
        assert mean(game.thought_s) > least_s


def test_hard_moves_get_more_than_easy_ones() -> None:
    rules = TimeSettings(main_s=600)
    thought = []
    for hard in (0.0, 1.0):
        game = FakeGame(rules, World(batch_s=0.2, hard=hard), 1.0, 3)
        game.play(1)
        thought.append(game.thought_s[0])
    assert thought[1] > 2 * thought[0]


def test_a_clock_that_has_run_out_is_answered_at_once() -> None:
    game = FakeGame(TimeSettings(main_s=0), World(), 1.0, 4)
    game._move()
    assert game.policy_moves == 1
    assert game.thought_s[0] < 0.02
