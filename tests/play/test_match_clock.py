import shlex
import sys
from pathlib import Path

import pytest

from lzp.play.gtp_client import GtpClient
from lzp.play.gtp_time import EngineTime
from lzp.play.match import Match, MatchOptions
from lzp.play.match_clock import MatchClock, TimeControl
from lzp.play.match_engines import EngineSpec
from lzp.play.match_rules import GameRules

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"


@pytest.mark.parametrize(
    "text",
    ["", "a", "1,2", "0", "0,0,5", "-3", "1,2,3,4", "1.5", "canadian 1,2", "byoyomi 5,30",
     "fischer 5", "fischer 0,1", "fischer 5,-1", "fischer inf,1", "byoyomi 0,0,3", "fischer",
     "hourglass 60", "byoyomi 1,30,2.5", "99999999"],
)  # fmt: skip
def test_time_controls_that_make_no_sense_are_refused(text):
    with pytest.raises(ValueError, match=r"expected|no main time|no length"):
        TimeControl.parse(text)


@pytest.mark.parametrize(
    ("text", "kind", "control"),
    [
        ("600", "absolute", TimeControl(600)),
        ("absolute 600", "absolute", TimeControl(600)),
        ("0,60,10", "canadian", TimeControl(0, 60, 10)),
        ("canadian:10,60,10", "canadian", TimeControl(10, 60, 10)),
        ("Byoyomi 600 30 5", "byoyomi", TimeControl(600, 30, periods=5)),
        ("fischer 5,0.5", "fischer", TimeControl(5, increment_s=0.5)),
    ],
)
def test_time_controls_are_read(text, kind, control):
    assert TimeControl.parse(text) == control
    assert control.kind == kind


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


def test_a_japanese_period_stays_until_a_move_uses_it_up():
    clock = MatchClock(TimeControl.parse("byoyomi 10,30,3"))
    assert clock.charge(4)
    assert clock.left() == (6, 0)
    assert clock.charge(6 + 29)
    assert clock.left() == (30, 3)
    assert clock.charge(29)
    assert clock.left() == (30, 3)
    assert clock.charge(61)
    assert clock.left() == (30, 1)
    assert clock.charge(30.4)  # within the grace
    assert not clock.charge(30.6)


def test_a_move_may_use_up_all_japanese_periods_but_no_more():
    assert MatchClock(TimeControl.parse("byoyomi 10,30,3")).charge(99)
    assert not MatchClock(TimeControl.parse("byoyomi 10,30,3")).charge(101)


def test_fischers_clock_grows_with_every_move():
    clock = MatchClock(TimeControl.parse("fischer 5,1"))
    assert clock.charge(0.25)
    assert clock.left() == (5.75, 0)
    assert clock.charge(5.75)
    assert clock.left() == (1, 0)
    assert not clock.charge(1.6)


def test_the_grace_can_be_chosen():
    assert not MatchClock(TimeControl.parse("10", grace_s=0)).charge(10.01)
    assert MatchClock(TimeControl.parse("10", grace_s=2)).charge(11.9)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("10,30,5", 40.5), ("0,30,5", 30.5), ("10", 10.5), ("fischer 5,1", 5.5),
     ("byoyomi 10,30,3", 100.5), ("byoyomi 0,30,3", 90.5)],
)  # fmt: skip
def test_the_allowance_is_what_a_move_can_take_at_most(text, seconds):
    clock = MatchClock(TimeControl.parse(text))
    assert clock.allowance_s() == pytest.approx(seconds)
    assert clock.charge(seconds - 0.01)
    assert not MatchClock(TimeControl.parse(text)).charge(seconds + 0.01)


KATA = "--knows kata-time_settings,kata-list_time_settings --kinds"


@pytest.mark.parametrize(
    ("control", "options", "settings", "left"),
    [
        ("600", "", "time_settings 600 0 0", "time_left black 600 0"),
        ("9,60,10", "--knows kgs-time_settings", "time_settings 9 60 10", "time_left black 9 0"),
        ("byoyomi 0,30,5", "", "time_settings 0 30 1", "time_left black 30 1"),
        ("byoyomi 0,30,5", "--knows kgs-time_settings",
         "kgs-time_settings byoyomi 0 30 5", "time_left black 30 5"),
        ("byoyomi 0,30,5", f"{KATA} 'none byoyomi'",
         "kata-time_settings byoyomi 0 30 5", "time_left black 30 5"),
        ("fischer 5,0.5", f"{KATA} 'fischer byoyomi'",
         "kata-time_settings fischer 5 0.5", "time_left black 5.00 0"),
        ("fischer 5,0.5", "--knows kata-time_settings",
         "kata-time_settings fischer 5 0.5", "time_left black 5.00 0"),
        ("fischer 5,0.5", f"{KATA} 'none byoyomi'", "time_settings 5 0 0", "time_left black 5 0"),
        ("fischer 5.5,0.5", "", "time_settings 5 0 0", "time_left black 5 0"),
    ],
)  # fmt: skip
def test_an_engine_is_told_the_time_in_words_that_it_knows(control, options, settings, left):
    client = GtpClient(f"{ENGINE} {options}")
    times = EngineTime(client, TimeControl.parse(control))
    clock = MatchClock(TimeControl.parse(control))
    assert (times.settings, times.left("black", clock)) == (settings, left)
    client.close()


def test_an_engine_that_starts_slowly_does_not_lose_on_time_for_it():
    """Its first move takes 2.5 s, of 1 s that it has."""
    rules = GameRules(side=5, max_moves=6, time_control=TimeControl(1, grace_s=0.5))
    specs = (EngineSpec(f"{ENGINE} --slow-start", "slow"), EngineSpec(ENGINE, "other"))
    with Match(MatchOptions(engines=specs, games=1, rules=rules)) as match:
        (game,) = list(match.play())
    assert game.ending == "length"


def test_both_engines_hear_the_settings_once_and_their_own_time_before_every_move(tmp_path):
    rules = GameRules(side=5, max_moves=6, time_control=TimeControl.parse("fischer 30,2"))
    specs = tuple(
        EngineSpec(f"{ENGINE} --seed 1 --log {tmp_path}/{name} {options}", name)
        for name, options in (("plain", ""), ("modern", "--knows kata-time_settings"))
    )
    with Match(MatchOptions(engines=specs, games=1, rules=rules)) as match:
        assert len(list(match.play())) == 1
    told = {
        name: [line for line in (tmp_path / name).read_text().splitlines() if "time" in line]
        for name in ("plain", "modern")
    }
    for lines in told.values():
        assert lines.pop(0) == "time_settings 0 1 1"  # for the move that warms it up
    assert told["plain"][0] == "time_settings 30 0 0"
    assert told["modern"][0] == "kata-time_settings fischer 30 2"
    assert told["plain"][1] == "time_left black 30 0"
    # A move takes part of a second, and two come back.
    assert [int(line.split()[2]) for line in told["plain"][2:]] == [31, 33]
    assert [float(line.split()[2]) for line in told["modern"][1:]] == pytest.approx(
        [30, 32, 34], abs=0.9
    )
