"""The referee's clocks: Canadian overtime, as GTP's time_settings has it."""

from dataclasses import dataclass

#: What a move may take beyond its clock before it is lost: pipes and schedulers are slow.
_GRACE_S = 0.5


@dataclass(frozen=True, slots=True)
class TimeControl:
    """main_s seconds, then `stones` moves in each period of period_s seconds."""

    main_s: int
    period_s: int = 0
    stones: int = 0

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is negative, or there is no time at all.
        """
        if min(self.main_s, self.period_s, self.stones) < 0:
            raise ValueError("a time is negative")
        if self.main_s == 0 and (self.period_s == 0 or self.stones == 0):
            raise ValueError("no main time and no overtime")

    @classmethod
    def parse(cls, text: str) -> "TimeControl":
        """Read "MAIN", or "MAIN PERIOD STONES", in seconds.

        Raises:
            ValueError: the text is not that.
        """
        words = text.replace(",", " ").split()
        if len(words) not in (1, 3) or not all(word.isascii() and word.isdigit() for word in words):
            raise ValueError(f"expected MAIN or MAIN,PERIOD,STONES in seconds, not {text!r}")
        return cls(*map(int, words))


class MatchClock:
    """What one player has left."""

    def __init__(self, control: TimeControl) -> None:
        """Start a game's clock."""
        self._control = control
        self._left_s = float(control.main_s)
        self._stones = 0
        if control.main_s == 0:
            self._enter_overtime()

    def _enter_overtime(self) -> None:
        self._left_s = float(self._control.period_s)
        self._stones = self._control.stones

    def charge(self, used_s: float) -> bool:
        """Take the time of one move off; whether it was there to be used."""
        left = self._left_s - used_s
        if left < 0 and self._stones == 0 and self._control.stones > 0:
            self._enter_overtime()
            left += self._left_s
        if left < -_GRACE_S:
            return False
        self._left_s = max(left, 0.0)
        if self._stones > 0:
            self._stones -= 1
            if self._stones == 0:
                self._enter_overtime()
        return True

    def left(self) -> tuple[int, int]:
        """Return whole seconds and stones, as GTP's time_left says them."""
        return int(self._left_s), self._stones

    def allowance_s(self) -> float:
        """Return the most seconds the next move may take."""
        overtime = self._control.period_s if self._stones == 0 and self._control.stones else 0
        return self._left_s + overtime + _GRACE_S
