"""Winrates as points: odd about one half, rising, bounded, worth less as the board fills."""

from hypothesis import given
from hypothesis import strategies as st

from lzp.engine.score_lead import score_lead

SHARES = st.floats(0, 1)


@given(SHARES, SHARES)
def test_lead_is_the_other_sides_behind(winrate: float, filled: float) -> None:
    assert abs(score_lead(winrate, filled) + score_lead(1 - winrate, filled)) < 1e-6
    assert abs(score_lead(winrate, filled)) < 42


@given(SHARES, SHARES, SHARES)
def test_better_is_more_points(first: float, second: float, filled: float) -> None:
    low, high = sorted((first, second))
    assert score_lead(low, filled) <= score_lead(high, filled)


def test_points_of_counted_games_are_met() -> None:
    one = 0.7310586  # log-odds of 1
    measured = {100: 5.3, 140: 5.6, 180: 4.5, 235: 3.1}
    for stones, points in measured.items():
        assert abs(score_lead(one, stones / 361) - points) < 1.3
