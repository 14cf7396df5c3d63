import numpy as np
import pytest

from lzp.play.ratings import rate
from lzp.play.scoring import elo_difference, expected_score

NATS = 400 / np.log(10)

# American League, eastern division, 1987: row beat column. A. Agresti, Categorical Data
# Analysis, table 10.10 (2nd edition); 13 games of each pair.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
BASEBALL = np.array([
    [0, 7, 9, 7, 7, 9, 11],
    [6, 0, 7, 5, 11, 9, 9],
    [4, 6, 0, 7, 7, 8, 12],
    [6, 8, 6, 0, 6, 7, 10],
    [6, 2, 6, 7, 0, 7, 12],
    [4, 4, 5, 6, 6, 0, 6],
    [2, 4, 1, 3, 1, 7, 0],
])  # fmt: skip
# Strengths against Baltimore, as R's BradleyTerry2 gives them (H. Turner and D. Firth,
# Journal of Statistical Software 48(9), 2012).
STRENGTHS = (1.5814, 1.4364, 1.2945, 1.2476, 1.1077, 0.6839, 0.0)


def test_ratings_are_those_published_for_the_american_league():
    ratings = rate(BASEBALL)
    found = (ratings.elo - ratings.elo[-1]) / NATS
    assert found == pytest.approx(STRENGTHS, abs=5e-4)
    assert not ratings.has_prior


def test_two_players_get_elos_difference():
    points = np.array([[0, 30.5], [19.5, 0]])
    ratings = rate(points)
    assert ratings.elo[0] - ratings.elo[1] == pytest.approx(elo_difference(30.5 / 50))
    # Against the mean of two an error is half of the difference's: 1.96 / sqrt(n p q) nats.
    share = 30.5 / 50
    error = 1.96 / np.sqrt(50 * share * (1 - share)) * NATS
    assert ratings.errors == pytest.approx([error / 2] * 2, rel=1e-3)


def test_ratings_solve_what_zermelos_iteration_solves():
    """Against a twin: Zermelo's (1929) fixed point, which needs thousands of rounds."""
    random = np.random.default_rng(5)
    points = random.integers(1, 30, (6, 6)).astype(float)
    np.fill_diagonal(points, 0)
    games = points + points.T
    strength = np.ones(6)
    for _ in range(5000):
        strength = points.sum(axis=1) / (games / (strength[:, None] + strength)).sum(axis=1)
    twin = np.log(strength) * NATS
    assert rate(points).elo == pytest.approx(twin - twin.mean(), abs=1e-6)


def test_error_bars_hold_the_truth_as_often_as_they_say():
    random = np.random.default_rng(7)
    truth = np.array([150.0, 40.0, -60.0, -130.0])
    chances = np.vectorize(expected_score)(truth[:, None] - truth)
    inside = total = 0
    for _ in range(200):
        wins = np.triu(random.binomial(40, chances), 1)
        points = wins + np.triu(40 - wins, 1).T
        ratings = rate(points)
        inside += int((abs(ratings.elo - truth) < ratings.errors).sum())
        total += 4
    assert 0.92 <= inside / total <= 0.975


def test_one_who_never_loses_gets_a_finite_rating_by_an_added_draw():
    points = np.array([[0, 10, 10], [0, 0, 6], [0, 4, 0]])
    ratings = rate(points)
    assert ratings.has_prior
    assert np.isfinite(ratings.elo).all()
    assert ratings.elo[0] > ratings.elo[1] > ratings.elo[2]


def test_a_player_without_games_has_no_error_bar():
    ratings = rate(np.array([[0, 5, 0], [3, 0, 0], [0, 0, 0]]))
    assert np.isinf(ratings.errors[2])
    assert np.isfinite(ratings.errors[:2]).all()
    assert rate(np.zeros((3, 3))).elo == pytest.approx(np.zeros(3))


@pytest.mark.parametrize("points", [[[0, 1]], [[0, -1], [1, 0]], [[0, float("nan")], [1, 0]]])
def test_what_is_no_table_of_points_is_refused(points):
    with pytest.raises(ValueError, match="square matrix"):
        rate(np.array(points))
