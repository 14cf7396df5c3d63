"""Clocks, and the time a move may take, against what the real leelaz prints."""

import pytest

from lzp.engine.clock import UNLIMITED_S, Clock, TimeSettings
from lzp.engine.time_plan import leela_move_time_s
from lzp.go import BLACK, WHITE


class Hands:
    """A clock's hands, moved by the test."""

    def __init__(self) -> None:
        self.time_s = 1000.0

    def __call__(self) -> float:
        return self.time_s


def canadian(main: float, byo: float, stones: int) -> TimeSettings:
    return TimeSettings(main_s=main, byo_s=byo, stones=stones)


def japanese(main: float, byo: float, periods: int) -> TimeSettings:
    return TimeSettings(main_s=main, byo_s=byo, periods=periods)


def leela_s(settings: TimeSettings, lag_s: float) -> float:
    return leela_move_time_s(Clock(settings, lag_s=lag_s), BLACK, 361, 0)


#: What leelaz 0.17 says after "Thinking at most" at the first move, one digit (facts, §4).
FROM_LEELAZ = [
    (TimeSettings(), 36.0),
    (canadian(600, 30, 5), 11.1),
    (canadian(0, 11, 1), 10.0),
    (canadian(0, 300, 25), 12.0),
    (canadian(600, 0, 0), 6.0),
    (canadian(0, 0, 0), 0.0),
    (canadian(0, 1, 0), 2678400.0),
    (japanese(300, 30, 5), 33.2),
    (japanese(0, 30, 5), 29.0),
    (TimeSettings(main_s=1800), 18.0),
]


@pytest.mark.parametrize(("settings", "seconds"), FROM_LEELAZ)
def test_first_move_takes_what_leelaz_takes(settings: TimeSettings, seconds: float) -> None:
    assert leela_move_time_s(Clock(settings), BLACK, 361, 0) == pytest.approx(seconds, abs=0.0501)


def test_later_moves_get_a_larger_share() -> None:
    clock = Clock(TimeSettings(main_s=1001), lag_s=1.0)
    shares = [leela_move_time_s(clock, BLACK, 361, ply) for ply in (0, 30, 59, 60, 200)]
    assert shares == pytest.approx([1000 / m for m in (100, 70, 41, 40, 40)])


def test_without_time_saving_moves_are_shorter() -> None:
    clock = Clock(TimeSettings(main_s=1001), lag_s=1.0)
    assert leela_move_time_s(clock, BLACK, 361, 100, saves_time=False) == pytest.approx(1000 / 72)


def test_small_boards_expect_shorter_games() -> None:
    clock = Clock(TimeSettings(main_s=91), lag_s=1.0)
    assert leela_move_time_s(clock, BLACK, 81, 50) == pytest.approx(10.0)
    assert leela_move_time_s(clock, BLACK, 4, 50) == pytest.approx(90.0)


def test_lag_is_kept_back() -> None:
    assert leela_s(canadian(0, 30, 3), lag_s=6.0) == pytest.approx(8.0)
    assert leela_s(canadian(0, 3, 3), lag_s=6.0) == 0.0


def test_main_time_runs_for_one_side_only() -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=100), now=hands)
    clock.start(BLACK)
    hands.time_s += 30
    assert clock.left_s(BLACK) == pytest.approx(70)
    clock.stop(BLACK)
    hands.time_s += 30
    assert (clock.left_s(BLACK), clock.left_s(WHITE)) == pytest.approx((70, 100))
    clock.reset()
    assert clock.left_s(BLACK) == 100


def spend(clock: Clock, hands: Hands, seconds: float) -> None:
    clock.start(BLACK)
    hands.time_s += seconds
    clock.stop(BLACK)


def test_canadian_period_begins_anew_after_its_stones() -> None:
    hands = Hands()
    clock = Clock(canadian(10, 30, 3), now=hands, lag_s=0.0)
    assert clock.can_bank(BLACK)
    spend(clock, hands, 12)  # two seconds of the first period
    assert clock.left_s(BLACK) == pytest.approx(28)
    assert leela_move_time_s(clock, BLACK, 361, 0) == pytest.approx(28 / 2)
    spend(clock, hands, 8)
    assert clock.left_s(BLACK) == pytest.approx(20)
    assert not clock.can_bank(BLACK)
    spend(clock, hands, 15)
    assert clock.left_s(BLACK) == pytest.approx(30)
    assert clock.can_bank(BLACK)


def test_japanese_periods_are_lost_when_used_up() -> None:
    hands = Hands()
    clock = Clock(japanese(10, 30, 3), now=hands)
    spend(clock, hands, 5)
    assert clock.can_bank(BLACK)
    spend(clock, hands, 10)
    assert clock.left_s(BLACK) == pytest.approx(30)
    assert not clock.can_bank(BLACK)
    spend(clock, hands, 29)
    assert clock.left_s(BLACK) == pytest.approx(30)
    spend(clock, hands, 65)
    assert clock.left_s(BLACK) == pytest.approx(30)
    assert leela_move_time_s(clock, BLACK, 361, 0) == pytest.approx(29)


def test_controller_sets_the_clock() -> None:
    clock = Clock(canadian(600, 30, 5), lag_s=0.0)
    clock.adjust(BLACK, 100, 0)
    assert clock.left_s(BLACK) == 100
    clock.adjust(BLACK, 20, 4)
    assert leela_move_time_s(clock, BLACK, 361, 0) == pytest.approx(5)
    assert clock.left_s(WHITE) == 600


def test_end_of_main_time_is_a_full_period() -> None:
    # Leela Zero forgets the stones here and spends the whole period on one move.
    clock = Clock(canadian(600, 30, 5), lag_s=0.0)
    clock.adjust(BLACK, 0, 0)
    assert leela_move_time_s(clock, BLACK, 361, 0) == pytest.approx(6)


def test_unlimited_clock_never_runs_out() -> None:
    hands = Hands()
    clock = Clock(canadian(0, 1, 0), now=hands)
    spend(clock, hands, 1e6)
    assert leela_move_time_s(clock, BLACK, 361, 0) == UNLIMITED_S


def test_overdrawn_main_time_leaves_nothing() -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=10), now=hands)
    spend(clock, hands, 20)
    assert leela_move_time_s(clock, BLACK, 361, 0) == 0.0


def test_increment_comes_after_the_move_and_ends_at_the_limit() -> None:
    hands = Hands()
    rules = TimeSettings(main_s=10, increment_s=3, main_limit_s=12)
    clock = Clock(rules, now=hands)
    clock.start(BLACK)
    hands.time_s += 4
    assert clock.left_s(BLACK) == pytest.approx(6)
    clock.stop(BLACK)
    assert clock.left_s(BLACK) == pytest.approx(9)
    spend(clock, hands, 0.5)
    spend(clock, hands, 0.5)
    assert clock.left_s(BLACK) == pytest.approx(12)
    assert clock.can_bank(BLACK)


def test_a_clock_that_runs_is_not_started_anew() -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=10), now=hands)
    clock.start(BLACK)
    hands.time_s += 1
    clock.start(BLACK)
    hands.time_s += 1
    clock.stop(BLACK)
    assert clock.left_s(BLACK) == pytest.approx(8)


@pytest.mark.parametrize("whole", [False, True])
def test_delays_are_learned_from_what_the_controller_shows(whole: bool) -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=1000), now=hands)
    shown = 1000.0
    for _ in range(100):
        spend(clock, hands, 1.3)
        shown -= 1.3 + 0.2
        clock.adjust(BLACK, float(int(shown)) if whole else shown, 0)
    assert clock.delay_s == pytest.approx(0.2, abs=0.011)


def test_time_given_by_hand_is_no_delay() -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=1000), now=hands)
    clock.adjust(BLACK, 500, 0)
    assert clock.delay_s == 0
    spend(clock, hands, 1)
    clock.adjust(BLACK, 900, 0)
    assert clock.delay_s == 0


def test_an_unseen_cost_is_taken_off_each_move() -> None:
    hands = Hands()
    clock = Clock(TimeSettings(main_s=100), unseen_s=0.5, now=hands)
    spend(clock, hands, 1)
    assert clock.left_s(BLACK) == pytest.approx(98.5)


@pytest.mark.parametrize(
    "settings",
    [
        {"main_s": -1.0},
        {"byo_s": float("inf")},
        {"stones": -1},
        {"stones": 2, "periods": 2},
        {"increment_s": 1.0, "byo_s": 1.0},
        {"main_s": 5.0, "main_limit_s": 4.0},
    ],
)
def test_wrong_settings_are_refused(settings: dict) -> None:
    with pytest.raises(ValueError, match=r"negative|both|less than"):
        TimeSettings(**settings)
