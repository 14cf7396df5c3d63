import math

import numpy as np
import pytest

from lzp.play.scoring import (
    Tally,
    effective_games,
    elo_difference,
    judge,
    student_width,
    wilson_interval,
)


# Newcombe (1998), Statistics in Medicine 17, table I, method 3 (Wilson's score interval).
@pytest.mark.parametrize(
    ("wins", "games", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_matches_published_values(wins, games, low, high):
    assert wilson_interval(wins / games, games) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_without_games_says_nothing():
    assert wilson_interval(0.5, 0) == (0.0, 1.0)


def test_elo_difference_inverts_the_expected_score():
    for difference in (-350.0, -35.0, 0.0, 100.0, 400.0):
        expected = 1 / (1 + 10 ** (-difference / 400))
        assert elo_difference(expected) == pytest.approx(difference)


def test_elo_difference_of_a_clean_sweep_is_infinite():
    assert elo_difference(1.0) == math.inf
    assert elo_difference(0.0) == -math.inf


def test_draws_count_as_half_a_win():
    assert Tally(wins=2, losses=1, draws=1).score == 0.625


def test_pairs_of_independent_games_are_worth_the_games_they_are():
    # 400 games at one half, the pairs exactly as often as for independent games.
    assert effective_games(Tally(200, 200, 0, (50, 0, 100, 0, 50))) == pytest.approx(400, rel=0.01)


def test_openings_that_decide_the_winner_make_a_match_more_exact():
    tied = Tally(205, 195, 0, (5, 0, 185, 0, 10))
    assert effective_games(tied) > 1500
    assert judge(tied).elo_low > judge(Tally(205, 195)).elo_low


def test_two_pairs_that_agree_prove_little():
    strength = judge(Tally(2, 2, 0, (0, 0, 2, 0, 0)))
    assert strength.score_low < 0.2
    assert strength.score_high > 0.8


def test_a_clean_sweep_has_a_finite_lower_end():
    strength = judge(Tally(20, 0, 0, (0, 0, 0, 0, 10)))
    assert strength.elo == math.inf
    assert strength.score_low == pytest.approx(1 - 0.1611, abs=5e-5)
    assert strength.superiority > 0.999


def test_the_other_side_sees_the_mirror_image():
    tally = Tally(30, 20, 4, (2, 1, 14, 3, 7))
    here, there = judge(tally), judge(tally.reversed())
    assert there.elo == pytest.approx(-here.elo)
    assert there.elo_low == pytest.approx(-here.elo_high)
    assert there.superiority == pytest.approx(1 - here.superiority)


def test_superiority_is_the_usual_formula_where_pairs_say_nothing():
    usual = 0.5 * (1 + math.erf((60 - 40) / math.sqrt(2 * 100)))
    assert judge(Tally(60, 40)).superiority == pytest.approx(usual)


@pytest.mark.parametrize("luck", [0.0, 0.3])
@pytest.mark.parametrize("pairs", [10, 50])
def test_intervals_hold_the_truth_as_often_as_they_say(pairs, luck):
    """Openings favor a color: of each pair one game is won more often than the other."""
    random = np.random.default_rng(3)
    good, bad = 0.6 + luck, 0.6 - luck
    chances = [(1 - good) * (1 - bad), 0, good * (1 - bad) + bad * (1 - good), 0, good * bad]
    inside = 0
    for _ in range(1000):
        counts = random.multinomial(pairs, chances)
        wins = int(counts @ np.arange(5)) // 2
        zero, one, two, three, four = counts.tolist()
        strength = judge(Tally(wins, 2 * pairs - wins, 0, (zero, one, two, three, four)))
        inside += strength.score_low <= 0.6 <= strength.score_high
    assert 0.93 <= inside / 1000 <= 0.995


# Fisher and Yates, Statistical Tables, table III.
@pytest.mark.parametrize(
    ("freedom", "width"), [(3, 3.182), (5, 2.571), (10, 2.228), (20, 2.086), (60, 2.0)]
)
def test_students_width_matches_published_values(freedom, width):
    assert student_width(freedom) == pytest.approx(width, rel=0.04 if freedom < 5 else 0.01)
