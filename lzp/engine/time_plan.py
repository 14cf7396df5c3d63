"""From a clock to the seconds that one move may take: our way, and Leela Zero's.

::

    0 ──────── target ─────────────── most ──────────── deadline ── lag ── the clock runs out
       easy moves end earlier   hard ones get more   answered by then
"""

from dataclasses import dataclass

from lzp.engine.clock import UNLIMITED_S, Clock, Remaining, TimeSettings

#: A hard move takes up to so many times what a usual one does.
EXTENSION = 3.0
#: The game is taken to last so many moves of both sides, as a share of the board's points.
_GAME_LENGTH = 0.6
#: Never fewer moves of ours than this share of the points are expected.
_LEAST_MOVES = 1 / 9
#: The lag buffer takes no more than these shares of the main time, and of a period or
#: increment: whoever plays by the second has no second to lose.
_LAG_OF_MAIN = 0.2
_LAG_OF_PERIOD = 0.5
_LAG_OF_STONES = 0.25
#: One stone of several takes no more than this share of a Canadian period.
_STONE_SHARE = 0.5
#: With fewer Japanese periods than this, none of them is given for a hard move.
_SPARE_PERIODS = 3


@dataclass(frozen=True, slots=True)
class TimePlan:
    """How long one move may be thought about, in seconds from when its clock started.

    Attributes:
        target_s: for a move like any other.
        most_s: for a hard one.
        deadline_s: when the answer has to be there, with the lag buffer kept back.
        can_bank: whether time left over is there for later moves.
    """

    target_s: float
    most_s: float
    deadline_s: float
    can_bank: bool

    def limited(self, limit_s: float) -> "TimePlan":
        """Return this plan with no time beyond a limit."""
        times = (min(self.target_s, limit_s), min(self.most_s, limit_s))
        return TimePlan(*times, min(self.deadline_s, limit_s), self.can_bank)

    def fixed(self) -> "TimePlan":
        """Return this plan with the same time for every move, hard or easy."""
        return TimePlan(self.target_s, self.target_s, self.deadline_s, False)


def moves_expected(area: int, ply: int) -> float:
    """Return how many moves of ours a game may still take, given the moves so far.

    Steady up to the late middle game, then a constant: time never runs dry, however long
    the end is.
    """
    return max(1.0, area * _LEAST_MOVES, (_GAME_LENGTH * area - ply) / 2)


def own_plan(clock: Clock, color: int, area: int, ply: int) -> TimePlan:
    """Return how long a color's move may take, by our way.

    Args:
        clock: whose time already runs or is about to.
        color: who is to move.
        area: points of the board.
        ply: moves played so far.
    """
    settings, remaining = clock.settings, clock.remaining(color)
    moves = moves_expected(area, ply)
    if settings.is_unlimited:
        plan = TimePlan(UNLIMITED_S, UNLIMITED_S, UNLIMITED_S, True)
    elif remaining.in_byo and settings.periods:
        plan = _period_plan(settings, remaining, clock.lag_s)
    elif remaining.in_byo:
        plan = _stones_plan(clock, remaining)
    elif settings.byo_s:
        plan = _main_before_byo_plan(clock, remaining, moves)
    else:
        plan = _main_plan(clock, remaining, moves)
    if settings.move_limit_s is None:
        return plan
    lag_s = min(clock.lag_s, _LAG_OF_PERIOD * settings.move_limit_s)
    return plan.limited(settings.move_limit_s - lag_s)


def _main_plan(clock: Clock, remaining: Remaining, moves: float) -> TimePlan:
    """Plan a move of an absolute or Fischer clock.

    Each move gets its share of what is left, plus what it earns. Above the main time's
    limit, time would be lost: it is used.
    """
    settings = clock.settings
    increment_s = settings.increment_s
    most_lag_s = max(_LAG_OF_MAIN * settings.main_s, _LAG_OF_PERIOD * increment_s)
    deadline_s = max(0.0, remaining.left_s - min(clock.lag_s, most_lag_s))
    share_s = (deadline_s - clock.delay_s * moves) / moves
    target_s = max(0.0, share_s + increment_s)
    if settings.main_limit_s is not None:
        target_s = max(target_s, remaining.left_s + increment_s - settings.main_limit_s)
    return _banked(target_s, deadline_s)


def _banked(target_s: float, deadline_s: float) -> TimePlan:
    """Return the plan of a move whose unused time is kept for later moves."""
    target_s = min(target_s, deadline_s)
    return TimePlan(target_s, min(EXTENSION * target_s, deadline_s), deadline_s, True)


def _main_before_byo_plan(clock: Clock, remaining: Remaining, moves: float) -> TimePlan:
    """Plan a move of main time that periods follow: its share, and what each move gets then."""
    settings = clock.settings
    if settings.periods:
        later_s = settings.byo_s - min(clock.lag_s, _LAG_OF_PERIOD * settings.byo_s)
    else:
        later_s = _even_share_s(clock)
    left_s = max(0.0, remaining.left_s)
    return _banked(left_s / moves + later_s, left_s + later_s)


def _period_plan(settings: TimeSettings, remaining: Remaining, lag_s: float) -> TimePlan:
    """Plan a move of a Japanese period: all of it, and a spare period for a hard move."""
    lag_s = min(lag_s, _LAG_OF_PERIOD * settings.byo_s)
    target_s = max(0.0, min(remaining.left_s, settings.byo_s) - lag_s)
    spare_s = settings.byo_s if remaining.periods >= _SPARE_PERIODS else 0.0
    return TimePlan(target_s, target_s + spare_s, target_s + spare_s, False)


def _stones_lag_s(clock: Clock) -> float:
    """Return what is kept back of a Canadian period."""
    return min(clock.lag_s, _LAG_OF_STONES * clock.settings.byo_s)


def _even_share_s(clock: Clock) -> float:
    """Return what each stone of a Canadian period gets if all get the same."""
    return (clock.settings.byo_s - _stones_lag_s(clock)) / clock.settings.stones


def _stones_plan(clock: Clock, remaining: Remaining) -> TimePlan:
    """Plan a move of a Canadian period: its share, or what is left for the last stone."""
    lag_s = _stones_lag_s(clock)
    stones = max(1, remaining.stones)
    left_s = max(0.0, remaining.left_s - lag_s - (stones - 1) * clock.delay_s)
    if not remaining.knows_stones:
        # The period may be a move older or younger: with an even share for every move it
        # does not matter where it begins.
        even_s = max(0.0, min(left_s, _even_share_s(clock) - clock.delay_s))
        return TimePlan(even_s, even_s, even_s, False)
    if stones == 1:
        return TimePlan(left_s, left_s, left_s, False)
    target_s = left_s / stones
    most_s = min(EXTENSION * target_s, _STONE_SHARE * left_s)
    return TimePlan(target_s, most_s, most_s, True)


def leela_move_time_s(
    clock: Clock, color: int, area: int, ply: int, *, saves_time: bool = True
) -> float:
    """Return the seconds that a move may take at most, by Leela Zero's way.

    A share of what is left, by the moves still expected, and what a period adds: the
    formula of Leela Zero 0.17, to which an increment is a period of its own.

    Args:
        clock: whose time already runs or is about to.
        color: who is to move.
        area: points of the board.
        ply: moves played so far.
        saves_time: whether searches end early, so that more may be planned for each.
    """
    settings, remaining = clock.settings, clock.remaining(color)
    if settings.is_unlimited:
        return UNLIMITED_S
    moves, left_s = _leela_moves_expected(area, ply, saves_time), remaining.left_s
    extra_s = settings.increment_s
    if remaining.in_byo and settings.periods:
        left_s, extra_s = 0.0, settings.byo_s
    elif remaining.in_byo:
        moves = max(remaining.stones, 1)
    elif settings.stones:
        extra_s = settings.byo_s / settings.stones
        left_s += extra_s
    elif settings.periods:
        left_s += settings.byo_s * (settings.periods - 1)
        extra_s = settings.byo_s
    lag_s = clock.lag_s
    time_s = max(left_s - lag_s, 0.0) / moves + max(extra_s - lag_s, 0.0)
    if settings.increment_s:
        time_s = min(time_s, max(left_s - lag_s, 0.0))
    return time_s if settings.move_limit_s is None else min(time_s, settings.move_limit_s)


def _leela_moves_expected(area: int, ply: int, saves_time: bool) -> int:
    """Return how many moves of ours a game may still take; less time goes to the opening."""
    base = area // (9 if saves_time else 5)
    return max(1, base + max(0, area // 6 - ply))
