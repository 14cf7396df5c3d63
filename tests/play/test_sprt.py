import math

import numpy as np
import pytest

from lzp.play.scoring import PAIR_SHARES, Tally, expected_score
from lzp.play.sprt import Sprt, log_likelihood_ratio

TRINOMIAL = (0.0, 0.5, 1.0)


def leela_server_ratio(wins, losses, elo0, elo1):
    """The log-likelihood ratio of Leela Zero's server: normal, no draws, games on their own."""
    games = wins + losses
    share = wins / games
    low, high = expected_score(elo0), expected_score(elo1)
    variance = share * (1 - share) / games
    return (high - low) * (2 * share - low - high) / (2 * variance)


@pytest.mark.parametrize(("wins", "losses"), [(220, 180), (210, 190), (190, 210), (2100, 1900)])
def test_the_ratio_is_that_of_leela_zeros_server_where_both_are_near_the_normal(wins, losses):
    counts = np.array([losses, 0.0, wins])
    found = log_likelihood_ratio(counts, TRINOMIAL, 0, 35)
    assert found == pytest.approx(leela_server_ratio(wins, losses, 0, 35), rel=0.03, abs=0.05)


def test_without_draws_the_ratio_is_the_binomial_one():
    wins, losses = 70, 50
    low, high = expected_score(0), expected_score(35)
    exact = wins * math.log(high / low) + losses * math.log((1 - high) / (1 - low))
    found = log_likelihood_ratio(np.array([losses, 0.0, wins]), TRINOMIAL, 0, 35)
    assert found == pytest.approx(exact, abs=0.01)


def test_the_most_likely_distributions_are_those_of_a_search():
    """Against a twin: the likelihood at a mean, maximized on a fine grid of three kinds."""
    counts = np.array([20.0, 30.0, 35.0])
    grid = np.arange(1e-4, 1, 1e-4)

    def best(mean):
        win = grid
        draw = 2 * (mean - win)
        lose = 1 - win - draw
        fits = (draw > 0) & (lose > 0)
        chances = np.stack([lose[fits], draw[fits], win[fits]], axis=1)
        return (counts * np.log(chances)).sum(axis=1).max()

    exact = best(expected_score(35)) - best(expected_score(0))
    assert log_likelihood_ratio(counts, TRINOMIAL, 0, 35) == pytest.approx(exact, abs=1e-4)


def test_nothing_is_known_without_games():
    assert Sprt().ratio(Tally()) == 0
    assert Sprt().verdict(Tally()) == "open"


def test_bounds_are_walds():
    assert Sprt().bounds == pytest.approx((-2.944, 2.944), abs=1e-3)


def test_a_clear_match_is_decided():
    assert Sprt().verdict(Tally(180, 20, 0, (0, 0, 20, 0, 80))) == "H1"
    assert Sprt().verdict(Tally(20, 180, 0, (80, 0, 20, 0, 0))) == "H0"


@pytest.mark.parametrize(
    "text",
    ["", "5", "35,0", "0,0", "a,b", "0,35,0.05", "0,35,0,0.05", "0,35,0.05,0.7", "0,inf", "nan,5",
     "0,2000"],
)  # fmt: skip
def test_tests_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match=r"SPRT|expected ELO0"):
        Sprt.parse(text)


def test_a_test_is_read_from_text():
    assert Sprt.parse("0,35") == Sprt(elo0=0, elo1=35)
    assert Sprt.parse("-5,0,0.1,0.2") == Sprt(elo0=-5, elo1=0, alpha=0.1, beta=0.2)


def pair_chances(elo, luck):
    """Chances of the five kinds when an opening favors either color by `luck` Elo, no draws."""
    good, bad = expected_score(elo + luck), expected_score(elo - luck)
    return [(1 - good) * (1 - bad), 0, good * (1 - bad) + bad * (1 - good), 0, good * bad]


def play_many(test, elo, luck, seed):
    """Return how many of 500 simulated tests accept H1, and the mean number of pairs.

    The games of a pair lean to opposite sides by the opening, the mean score being that of
    the rating difference up to the small part that luck takes away.
    """
    random = np.random.default_rng(seed)
    chances = pair_chances(elo, luck)
    counts = np.zeros((500, 5))
    length = np.zeros(500)
    accepted = np.zeros(500)
    playing = np.arange(500)
    low, high = test.bounds
    while len(playing):
        counts[playing] += random.multinomial(1, chances, size=len(playing))
        ratios = log_likelihood_ratio(counts[playing], PAIR_SHARES, test.elo0, test.elo1)
        length[playing] += 1
        accepted[playing[ratios >= high]] = 1
        playing = playing[(ratios > low) & (ratios < high)]
    return accepted.sum(), length.mean()


def mean_elo(elo, luck):
    share = (expected_score(elo + luck) + expected_score(elo - luck)) / 2
    return 400 * math.log10(share / (1 - share))


@pytest.mark.slow
@pytest.mark.parametrize("luck", [0, 150])
def test_errors_are_as_rare_as_asked_for(luck):
    """500 tests at each end: 5 % are 25, and 37 is where chance would lead once in 100 times."""
    low, high = mean_elo(0, luck), mean_elo(60, luck)
    test = Sprt(elo0=low, elo1=high)
    wrong, pairs_at_low = play_many(test, 0, luck, seed=1)
    right, pairs_at_high = play_many(test, 60, luck, seed=2)
    assert wrong <= 37
    assert 500 - right <= 37
    assert min(wrong, 500 - right) >= 5  # and not by never deciding
    assert max(pairs_at_low, pairs_at_high) < expected_pairs(test, luck) * 1.3


def expected_pairs(test, luck):
    """Wald's expected length of a test at either end, by the variance of a pair's share."""
    chances = np.array(pair_chances(30, luck))
    shares = np.array(PAIR_SHARES)
    variance = (chances * shares**2).sum() - (chances * shares).sum() ** 2
    step = (expected_score(test.elo1) - expected_score(test.elo0)) ** 2 / (2 * variance)
    high = test.bounds[1]
    return ((1 - 2 * test.alpha) * high) / step
