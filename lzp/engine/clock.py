"""Clocks: what a side has left under every way of counting time that boards know.

Absolute (main time only), Canadian (so many stones in each period), Japanese byo-yomi (a
number of periods of one move each), and Fischer (every move adds to the main time). How
much of it a move may take is for time_plan.py. Seconds throughout.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from lzp.go.constants import BLACK, WHITE

#: GTP's way to say "no limit": byo-yomi time without stones or periods. 31 days.
UNLIMITED_S = 31 * 24 * 3600.0
#: A single report of a controller counts for so much at most when delays are measured: a
#: clock that was set by hand is no delay.
_MOST_DELAY_S = 2.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSettings:
    """What a game is played at; the default is an hour each.

    Attributes:
        main_s: main time.
        byo_s: length of a period after that; 0 for none.
        stones: moves to make in each Canadian period.
        periods: Japanese periods of one move each.
        increment_s: what each move adds to the main time (Fischer).
        main_limit_s: what the main time never grows beyond; None is no limit.
        move_limit_s: the most that one move may take; None is no limit.
    """

    main_s: float = 3600.0
    byo_s: float = 0.0
    stones: int = 0
    periods: int = 0
    increment_s: float = 0.0
    main_limit_s: float | None = None
    move_limit_s: float | None = None

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a negative or endless number, two kinds of clock at once, or a limit
                below the main time.
        """
        for name in self.__slots__:
            value = getattr(self, name)
            if value is not None and not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} must not be negative or endless: {value}")
        if self.stones and self.periods:
            raise ValueError("a clock has either stones or periods, not both")
        if self.increment_s and self.byo_s:
            raise ValueError("a clock has either an increment or periods, not both")
        if self.main_limit_s is not None and self.main_limit_s < self.main_s:
            raise ValueError(f"main_limit_s is less than main_s: {self.main_limit_s:g}")

    @property
    def is_unlimited(self) -> bool:
        """Whether these settings mean no limit at all."""
        return self.byo_s > 0 and self.stones == 0 and self.periods == 0

    @property
    def overtime_text(self) -> str:
        """What comes after the main time, as game records say it; empty for nothing."""
        if self.increment_s:
            return f"{self.increment_s:g} fischer"
        if self.byo_s and self.stones:
            return f"{self.stones}/{self.byo_s:g} Canadian"
        if self.byo_s and self.periods:
            return f"{self.periods}x{self.byo_s:g} byo-yomi"
        return ""


@dataclass(frozen=True, slots=True)
class Remaining:
    """What one color has left at one moment.

    Attributes:
        left_s: of its main time, or of its period; less than 0 if overdrawn.
        in_byo: whether its main time is over.
        stones: moves to make in the Canadian period.
        periods: Japanese periods left, the running one included.
        knows_stones: whether the count of stones is sure.
    """

    left_s: float
    in_byo: bool
    stones: int
    periods: int
    knows_stones: bool = True


@dataclass(slots=True)
class _SideClock:
    """What one color has left, and since when its clock runs."""

    left_s: float
    in_byo: bool
    stones: int
    periods: int
    started: float | None = None
    #: Moves since the controller last told the time.
    untold_moves: int = 0
    #: Whether `stones` is what the controller counts: not after a main time that ended
    #: unwatched, perhaps a move sooner or later than we saw.
    knows_stones: bool = True


class Clock:
    """Both sides' clocks. `start` and `stop` run them; a controller may set them."""

    def __init__(
        self,
        settings: TimeSettings | None = None,
        *,
        lag_s: float = 1.0,
        unseen_s: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set both clocks.

        Args:
            settings: None for an hour each.
            lag_s: what to keep back on every move for delays on the way.
            unseen_s: what a move costs besides what passes between `start` and `stop`; the
                controller's word replaces it.
            now: seconds from any start; for tests.
        """
        self.settings = settings or TimeSettings()
        self.lag_s = lag_s
        self._unseen_s = unseen_s
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Give both sides their full time again."""
        self._sides = {color: self._full() for color in (BLACK, WHITE)}
        self._delays_s, self._delayed_moves = 0.0, 0

    def _full(self) -> _SideClock:
        """Return a side's clock at the start of a game."""
        side = _SideClock(self.settings.main_s, False, 0, 0)
        if side.left_s <= 0:
            self._enter_byo(side)
        return side

    def _enter_byo(self, side: _SideClock) -> None:
        """Begin the first period, if there is one."""
        side.in_byo = self.settings.byo_s > 0
        side.left_s = self.settings.byo_s
        side.stones = self.settings.stones
        side.periods = self.settings.periods

    def left_s(self, color: int) -> float:
        """Return the seconds a color has left, in its main time or its period."""
        return self.remaining(color).left_s

    def remaining(self, color: int) -> Remaining:
        """Return what a color has left now, its running move taken off."""
        side = self._sides[color]
        running = 0.0 if side.started is None else self._now() - side.started
        return Remaining(
            side.left_s - running, side.in_byo, side.stones, side.periods, side.knows_stones
        )

    @property
    def delay_s(self) -> float:
        """What a move cost on average beyond what we saw, from what the controller told."""
        if self._delayed_moves == 0:
            return self._unseen_s
        return max(0.0, self._unseen_s + self._delays_s / self._delayed_moves)

    def adjust(self, color: int, left_s: float, stones: int) -> None:
        """Take over what a controller says (GTP time_left).

        Args:
            color: whose clock.
            left_s: seconds left, in main time if `stones` is 0.
            stones: moves left in a Canadian period, or Japanese periods left. 0 seconds and
                0 stones say that main time has just run out.
        """
        side = self._sides[color]
        self._learn_delay(side, left_s, stones)
        side.started = None
        if left_s <= 0 and stones <= 0:
            self._enter_byo(side)
            return
        side.left_s = left_s
        side.in_byo = stones > 0
        side.knows_stones = True
        if self.settings.stones:
            side.stones = stones
        else:
            side.periods = stones

    def _learn_delay(self, side: _SideClock, left_s: float, stones: int) -> None:
        """Note how much less a controller shows than we count, while both are in main time.

        A controller that shows whole seconds is off by up to one, but never twice: over
        many moves that is forgotten.
        """
        moves, side.untold_moves = side.untold_moves, 0
        if moves == 0 or side.in_byo or stones > 0 or left_s <= 0:
            return
        difference = side.left_s - left_s
        self._delays_s += min(max(difference, -_MOST_DELAY_S), _MOST_DELAY_S)
        self._delayed_moves += moves

    def start(self, color: int) -> None:
        """Let a color's clock run, unless it does already."""
        side = self._sides[color]
        if side.started is None:
            side.started = self._now()

    def stop(self, color: int) -> None:
        """Stop a color's clock after a move and take the time off."""
        side = self._sides[color]
        if side.started is None:
            return
        spent = self._now() - side.started + self._unseen_s
        side.started = None
        side.untold_moves += 1
        if not side.in_byo and spent >= side.left_s and self.settings.byo_s > 0:
            spent -= side.left_s
            self._enter_byo(side)
            side.knows_stones = False
        if side.in_byo and self.settings.periods:
            self._spend_periods(side, spent)
        elif side.in_byo and self.settings.stones:
            self._spend_stone(side, spent)
        elif not self.settings.is_unlimited:
            self._spend_main(side, spent)

    def _spend_main(self, side: _SideClock, spent: float) -> None:
        """Take a move off the main time and add what the move earns."""
        side.left_s += self.settings.increment_s - spent
        if self.settings.main_limit_s is not None:
            side.left_s = min(side.left_s, self.settings.main_limit_s)

    def _spend_periods(self, side: _SideClock, spent: float) -> None:
        """Take off every whole period that a move took; the last one always stays."""
        side.periods = max(1, side.periods - int(spent // self.settings.byo_s))
        side.left_s = self.settings.byo_s

    def _spend_stone(self, side: _SideClock, spent: float) -> None:
        """Take a move off a Canadian period and begin the next one if it was the last."""
        side.left_s -= spent
        side.stones -= 1
        if side.stones <= 0:
            side.left_s = self.settings.byo_s
            side.stones = self.settings.stones

    def can_bank(self, color: int) -> bool:
        """Return whether time that a move leaves over is there for later moves."""
        side = self._sides[color]
        if not side.in_byo:
            return True
        if self.settings.periods:
            return False
        return not (self.settings.stones and side.stones <= 1)
