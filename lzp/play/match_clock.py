"""The referee's clocks: absolute, Canadian and Japanese overtime, Fischer's increment."""

import math
import re
from dataclasses import dataclass
from typing import Literal

#: What a move may take beyond its clock before it is lost: pipes and schedulers are slow.
GRACE_S = 0.5

TimeKind = Literal["absolute", "canadian", "byoyomi", "fischer"]
#: The numbers after each kind's name on a command line.
_NUMBERS = {
    "absolute": "MAIN",
    "canadian": "MAIN,PERIOD,STONES",
    "byoyomi": "MAIN,PERIOD,PERIODS",
    "fischer": "MAIN,INCREMENT",
}
_WHOLE = re.compile(r"[0-9]{1,7}")
_FRACTION = re.compile(r"[0-9]{1,7}(\.[0-9]{1,3})?")


@dataclass(frozen=True, slots=True)
class TimeControl:
    """How a game is timed; seconds.

    Attributes:
        main_s: main time, the first thing to be used up.
        period_s: length of an overtime period.
        stones: moves to make in each Canadian period.
        periods: Japanese periods; one that a move does not use up stays.
        increment_s: what Fischer's clock adds after every move.
        grace_s: how much longer a move may take before it is lost.
    """

    main_s: float
    period_s: float = 0
    stones: int = 0
    periods: int = 0
    increment_s: float = 0
    grace_s: float = GRACE_S

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is negative, or there is no time at all, or two kinds of it.
        """
        times = (self.main_s, self.period_s, self.increment_s, self.grace_s)
        if not all(0 <= number < math.inf for number in (*times, self.stones, self.periods)):
            raise ValueError("a time is negative or endless")
        if sum(map(bool, (self.stones, self.periods, self.increment_s))) > 1:
            raise ValueError("a clock has stones, periods or an increment, not two of them")
        overtime = bool(self.stones or self.periods)
        if overtime and self.period_s == 0:
            raise ValueError("an overtime period of no length")
        if self.main_s == 0 and not overtime:
            raise ValueError("no main time and no overtime")

    @property
    def kind(self) -> TimeKind:
        """Which of the four kinds of clock this is."""
        if self.increment_s:
            return "fischer"
        if self.periods:
            return "byoyomi"
        return "canadian" if self.stones else "absolute"

    @classmethod
    def parse(cls, text: str, grace_s: float = GRACE_S) -> "TimeControl":
        """Read "[KIND] NUMBERS" in seconds, with blanks, commas or a colon between them.

        Without a kind, one number is absolute time and three are Canadian. Fischer's may be
        fractions; GTP knows only whole seconds of the others.

        Raises:
            ValueError: the text is not that.
        """
        words = text.replace(",", " ").replace(":", " ").split()
        kind = words.pop(0).lower() if words and words[0].isalpha() else ""
        kind = kind or {1: "absolute", 3: "canadian"}.get(len(words), "")
        pattern = _FRACTION if kind == "fischer" else _WHOLE
        wanted = len(_NUMBERS.get(kind, "").split(","))
        if kind not in _NUMBERS or len(words) != wanted or not all(map(pattern.fullmatch, words)):
            ways = "; ".join(f"{name} {numbers}" for name, numbers in _NUMBERS.items())
            raise ValueError(f"expected a time such as {ways} in seconds, not {text!r}")
        if kind == "fischer":
            return cls(float(words[0]), increment_s=float(words[1]), grace_s=grace_s)
        main_s, period_s, count = [*map(int, words), 0, 0][:3]
        if kind == "byoyomi":
            return cls(main_s, period_s, periods=count, grace_s=grace_s)
        return cls(main_s, period_s, count, grace_s=grace_s)


class MatchClock:
    """What one player has left."""

    def __init__(self, control: TimeControl) -> None:
        """Start a game's clock."""
        self._control = control
        self._left_s = float(control.main_s)
        self._in_overtime = False
        self._count = 0
        if control.main_s == 0:
            self._enter_overtime()

    def _enter_overtime(self) -> None:
        """Begin the first period, if there is one."""
        self._in_overtime = self._control.kind in ("canadian", "byoyomi")
        self._count = self._control.stones or self._control.periods
        if self._in_overtime:
            self._left_s = float(self._control.period_s)

    def charge(self, used_s: float) -> bool:
        """Take the time of one move off; whether it was there to be used."""
        kind = self._control.kind
        left = self._left_s - used_s
        if left < 0 and not self._in_overtime and kind in ("canadian", "byoyomi"):
            self._enter_overtime()
            left += self._left_s
        if self._in_overtime and kind == "byoyomi":
            return self._charge_periods(left)
        if left < -self._control.grace_s:
            return False
        self._left_s = max(left, 0.0) + self._control.increment_s
        if self._in_overtime:
            self._count -= 1
            if self._count == 0:
                self._enter_overtime()
        return True

    def _charge_periods(self, left_s: float) -> bool:
        """Take the Japanese periods off that a move has used up."""
        period_s = self._control.period_s
        if left_s + (self._count - 1) * period_s < -self._control.grace_s:
            return False
        used = math.ceil(-left_s / period_s) if left_s < 0 else 0
        self._count = max(1, self._count - used)
        self._left_s = float(period_s)
        return True

    def left(self) -> tuple[float, int]:
        """Return the seconds left, and the stones or periods, 0 in main time."""
        return self._left_s, self._count

    def allowance_s(self) -> float:
        """Return the most seconds the next move may take."""
        control = self._control
        if not self._in_overtime:
            overtime = control.period_s * (control.periods or bool(control.stones))
        else:
            overtime = control.period_s * max(0, self._count - 1) if control.periods else 0.0
        return self._left_s + overtime + control.grace_s
