import pytest

from lzp.play.match_clock import MatchClock, TimeControl


@pytest.mark.parametrize("text", ["", "a", "1,2", "0", "0,0,5", "-3", "1,2,3,4", "1.5"])
def test_time_controls_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match=r"expected|no main time|no length"):
        TimeControl.parse(text)


def test_absolute_time_runs_out():
    clock = MatchClock(TimeControl.parse("10"))
    assert clock.charge(6)
    assert clock.left() == (4, 0)
    assert not clock.charge(5)


def test_overtime_starts_within_the_move_that_ends_main_time():
    clock = MatchClock(TimeControl(10, 30, 2))
    assert clock.charge(15)
    assert clock.left() == (25, 1)


def test_a_period_is_renewed_after_its_stones():
    clock = MatchClock(TimeControl.parse("0 30 2"))
    assert clock.charge(20)
    assert clock.charge(9)
    assert clock.left() == (30, 2)


def test_a_period_that_is_used_up_loses():
    clock = MatchClock(TimeControl.parse("0,30,2"))
    assert clock.charge(20)
    assert not clock.charge(11)


def test_the_allowance_covers_main_time_and_one_period():
    assert MatchClock(TimeControl(10, 30, 5)).allowance_s() == pytest.approx(40.5)
    assert MatchClock(TimeControl(0, 30, 5)).allowance_s() == pytest.approx(30.5)
