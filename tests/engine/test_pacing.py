"""How one move's time is stretched and shortened, and what the root says of it."""

from typing import Any

import pytest

from lzp.engine.clock import UNLIMITED_S, Clock, TimeSettings
from lzp.engine.pacing import EASIEST, LOOK_EVERY_S, Pacing, RootLook, RootReader
from lzp.engine.search_params import SearchLimits
from lzp.engine.time_plan import EXTENSION, TimePlan, moves_expected, own_plan
from lzp.go import BLACK, Game
from tests.engine.scripted import HashEvaluator, search_on

PLAN = TimePlan(target_s=1.0, most_s=3.0, deadline_s=5.0, can_bank=True)


def root(second: int, best: int = 7, *, behind: bool = False, winrate: float = 0.5) -> RootLook:
    """A root whose most visited move has 100 visits."""
    best_visits = second if behind else 100
    return RootLook(101 + second, best, best_visits, 100, second, winrate)


def planned(*looks: tuple[float, RootLook], before: float | None = None) -> float:
    pacing = Pacing(PLAN, before)
    for elapsed_s, seen in looks:
        pacing.look(elapsed_s, seen)
    return pacing.planned_s


def test_an_easy_move_is_short_and_a_close_one_long() -> None:
    times = [planned((0.5, root(second))) for second in (0, 10, 20, 50, 80, 100)]
    assert times[0] == EASIEST
    assert times == sorted(times)
    assert times[2] == times[3] == 1.0
    assert times[-1] == 1.5


def test_a_late_change_of_the_best_move_stretches() -> None:
    late = planned((0.1, root(40, 7)), (0.9, root(40, 8)))
    early = planned((0.1, root(40, 7)), (0.2, root(40, 8)), (0.9, root(40, 8)))
    assert late == pytest.approx(1.8)
    assert early == 1.0
    assert planned((0.9, root(40, 8))) == 1.0  # the first look is no change


def test_a_most_visited_move_that_is_not_the_best_stretches() -> None:
    assert planned((0.5, root(40, behind=True))) > planned((0.5, root(40)))


@pytest.mark.parametrize(
    ("fall", "factor"), [(-0.3, 1.0), (0.0, 1.0), (0.01, 1.0), (0.1, 1.5), (0.2, 2.0), (0.5, 2.0)]
)
def test_a_fallen_winrate_stretches(fall: float, factor: float) -> None:
    seen = root(40, winrate=0.6 - fall)
    assert planned((0.5, seen), before=0.6) == pytest.approx(factor)


def test_everything_together_ends_at_the_most() -> None:
    hard = planned((0.1, root(100, 7)), (0.9, root(100, 8, winrate=0.1)), before=0.9)
    assert hard == EXTENSION == PLAN.most_s


def test_too_few_visits_say_nothing() -> None:
    assert planned((0.1, RootLook(9, 7, 8, 8, 0, 0.5))) == 1.0


@pytest.mark.parametrize(("winrate", "seconds"), [(0.9, 9.0), (0.8, 9.0), (0.5, 19.0)])
def test_a_spare_period_is_for_hard_moves_alone(winrate: float, seconds: float) -> None:
    pacing = Pacing(TimePlan(9.0, 19.0, 19.0, False), 0.9)
    pacing.look(1.0, root(60, winrate=winrate))
    assert pacing.planned_s == seconds


def test_a_batch_has_to_end_before_the_deadline() -> None:
    pacing = Pacing(TimePlan(4.0, 4.0, 4.0, False))
    assert pacing.time_s(0.0) == 4.0
    assert pacing.time_s(0.5) == 3.5
    assert pacing.time_s(5.0) < 0


def test_looks_are_not_taken_more_often_than_needed() -> None:
    pacing = Pacing(PLAN)
    assert pacing.wants_look(0.0)
    pacing.look(0.5, root(50))
    assert not pacing.wants_look(0.5 + LOOK_EVERY_S / 2)
    assert pacing.wants_look(0.5 + LOOK_EVERY_S)


def test_what_the_root_shows_is_what_the_report_says() -> None:
    search = search_on(Game(9), HashEvaluator(9))
    report = search.run(SearchLimits(playouts=300))
    seen = RootReader(search.params.lcb_min_visit_ratio, 9).read(search.tree.arrays)
    visits = sorted((move.visits for move in report.moves), reverse=True)
    assert (seen.best, seen.best_visits) == (report.moves[0].move, report.moves[0].visits)
    assert (seen.most_visits, seen.second_visits) == (visits[0], visits[1])
    assert seen.winrate == pytest.approx(report.moves[0].winrate)
    assert seen.visits == report.visits_root


def test_a_root_without_moves_shows_none() -> None:
    search = search_on(Game(9), HashEvaluator(9))
    seen = RootReader(0.1, 9).read(search.tree.arrays)
    assert (seen.best, seen.most_visits, seen.winrate) == (-1, 0, 0.5)


def test_a_search_without_time_makes_no_playout() -> None:
    search = search_on(Game(9), HashEvaluator(9))
    report = search.run(SearchLimits(pacing=Pacing(TimePlan(0.0, 0.0, 0.0, True))))
    assert report.playouts == 0
    assert report.visits_root == 1
    reused = search.run(SearchLimits(pacing=Pacing(TimePlan(0.0, 0.0, 0.0, True))))
    assert (reused.playouts, reused.visits_root) == (0, 1)


def plan(rules: TimeSettings, *, lag_s: float = 1.0, told: Any = None) -> TimePlan:
    clock = Clock(rules, lag_s=lag_s)
    if told is not None:
        clock.adjust(BLACK, *told)
    return own_plan(clock, BLACK, 361, 0)


MOVES = moves_expected(361, 0)

#: Settings, what is told of them, and the plan by hand: target, most, deadline, can_bank.
BY_HAND = [
    (TimeSettings(main_s=601), None, (600 / MOVES, 1800 / MOVES, 600, True)),
    (TimeSettings(main_s=5, increment_s=1), None, (4 / MOVES + 1, 12 / MOVES + 3, 4, True)),
    (TimeSettings(main_s=0, byo_s=10, periods=2), None, (9, 9, 9, False)),
    (TimeSettings(main_s=0, byo_s=10, periods=3), None, (9, 19, 19, False)),
    (TimeSettings(main_s=0, byo_s=21, stones=10), None, (2, 6, 6, True)),
    (TimeSettings(main_s=0, byo_s=21, stones=10), (11.0, 1), (10, 10, 10, False)),
    (TimeSettings(main_s=0, byo_s=1, stones=0), None, (UNLIMITED_S,) * 3 + (True,)),
    (TimeSettings(main_s=0), None, (0, 0, 0, True)),
]


@pytest.mark.parametrize(("rules", "told", "numbers"), BY_HAND)
def test_plans_by_hand(rules: TimeSettings, told: Any, numbers: tuple[float, ...]) -> None:
    found = plan(rules, told=told)
    times = (found.target_s, found.most_s, found.deadline_s)
    assert pytest.approx(108.3) == MOVES
    assert times == pytest.approx(numbers[:3])
    assert found.can_bank == numbers[3]


def test_time_above_a_main_limit_is_used_before_it_is_lost() -> None:
    capped = plan(TimeSettings(main_s=60, increment_s=5, main_limit_s=60))
    assert capped.target_s == pytest.approx(59 / MOVES + 5)
    full = plan(TimeSettings(main_s=60, increment_s=30, main_limit_s=70), told=(69, 0))
    assert full.target_s >= 29


def test_a_move_limit_is_kept() -> None:
    limited = plan(TimeSettings(main_s=600, increment_s=60, move_limit_s=10))
    assert (limited.target_s, limited.deadline_s) == (9.0, 9.0)


def test_a_lag_buffer_larger_than_the_period_leaves_half_of_it() -> None:
    short = plan(TimeSettings(main_s=0, byo_s=1, periods=1), lag_s=3.0)
    assert short.target_s == pytest.approx(0.5)
