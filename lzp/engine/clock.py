"""Time: what a side has left, and how much of it one move may take.

Three kinds of clock, as GTP knows them: absolute (main time only), Canadian (so many
stones in each period), and Japanese byo-yomi (a number of periods for one move each).
The share a move may take follows Leela Zero 0.17. Seconds throughout.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from lzp.go.constants import BLACK, WHITE

#: GTP's way to say "no limit": byo-yomi time without stones or periods. 31 days.
UNLIMITED_S = 31 * 24 * 3600.0


@dataclass(frozen=True, kw_only=True, slots=True)
class TimeSettings:
    """What a game is played at; the default is an hour each.

    Attributes:
        main_s: main time.
        byo_s: length of a period after that; 0 for none.
        stones: moves to make in each Canadian period.
        periods: Japanese periods of one move each.
    """

    main_s: float = 3600.0
    byo_s: float = 0.0
    stones: int = 0
    periods: int = 0

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: a negative or endless number, or both kinds of periods.
        """
        for name in ("main_s", "byo_s", "stones", "periods"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name} must not be negative or endless: {value}")
        if self.stones and self.periods:
            raise ValueError("a clock has either stones or periods, not both")

    @property
    def is_unlimited(self) -> bool:
        """Whether these settings mean no limit at all."""
        return self.byo_s > 0 and self.stones == 0 and self.periods == 0


@dataclass(slots=True)
class _SideClock:
    """What one color has left."""

    left_s: float
    in_byo: bool
    stones: int
    periods: int
    started: float | None = None


class Clock:
    """Both sides' clocks. `start` and `stop` run them; a controller may set them."""

    def __init__(
        self,
        settings: TimeSettings | None = None,
        *,
        lag_s: float = 1.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Set both clocks.

        Args:
            settings: None for an hour each.
            lag_s: what to keep back on every move for delays on the way.
            now: seconds from any start; for tests.
        """
        self.settings = settings or TimeSettings()
        self.lag_s = lag_s
        self._now = now
        self.reset()

    def reset(self) -> None:
        """Give both sides their full time again."""
        self._sides = {color: self._full() for color in (BLACK, WHITE)}

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
        side = self._sides[color]
        running = 0.0 if side.started is None else self._now() - side.started
        return side.left_s - running

    def adjust(self, color: int, left_s: float, stones: int) -> None:
        """Take over what a controller says (GTP time_left).

        Args:
            color: whose clock.
            left_s: seconds left, in main time if `stones` is 0.
            stones: moves left in a Canadian period, or Japanese periods left. 0 seconds and
                0 stones say that main time has just run out.
        """
        side = self._sides[color]
        side.started = None
        if left_s <= 0 and stones <= 0:
            self._enter_byo(side)
            return
        side.left_s = left_s
        side.in_byo = stones > 0
        if self.settings.stones:
            side.stones = stones
        else:
            side.periods = stones

    def start(self, color: int) -> None:
        """Let a color's clock run."""
        self._sides[color].started = self._now()

    def stop(self, color: int) -> None:
        """Stop a color's clock after a move and take the time off."""
        side = self._sides[color]
        if side.started is None:
            return
        spent = self._now() - side.started
        side.started = None
        if not side.in_byo and spent >= side.left_s and self.settings.byo_s > 0:
            spent -= side.left_s
            self._enter_byo(side)
        if side.in_byo and self.settings.periods:
            self._spend_periods(side, spent)
        elif side.in_byo and self.settings.stones:
            self._spend_stone(side, spent)
        elif not self.settings.is_unlimited:
            side.left_s -= spent

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

    def move_time_s(self, color: int, area: int, ply: int, *, saves_time: bool = True) -> float:
        """Return the seconds that a move may take at most.

        A share of what is left, by the moves still expected, and what a period adds:
        the formula of Leela Zero 0.17.

        Args:
            color: who is to move.
            area: points of the board.
            ply: moves played so far.
            saves_time: whether searches end early, so that more may be planned for each.
        """
        settings, side = self.settings, self._sides[color]
        if settings.is_unlimited:
            return UNLIMITED_S
        moves, left_s, extra_s = _moves_expected(area, ply, saves_time), self.left_s(color), 0.0
        if side.in_byo and settings.periods:
            left_s, extra_s = 0.0, settings.byo_s
        elif side.in_byo:
            moves = max(side.stones, 1)
        elif settings.stones:
            extra_s = settings.byo_s / settings.stones
            left_s += extra_s
        elif settings.periods:
            left_s += settings.byo_s * (settings.periods - 1)
            extra_s = settings.byo_s
        return max(left_s - self.lag_s, 0.0) / moves + max(extra_s - self.lag_s, 0.0)


def _moves_expected(area: int, ply: int, saves_time: bool) -> int:
    """Return how many moves of ours a game may still take; less time goes to the opening."""
    base = area // (9 if saves_time else 5)
    return max(1, base + max(0, area // 6 - ply))
