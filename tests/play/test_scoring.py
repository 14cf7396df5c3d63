import math

import pytest

from lzp.play.scoring import Tally, elo_difference, wilson_interval


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
