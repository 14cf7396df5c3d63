"""What the games of a match have in common, and how one can end."""

from dataclasses import dataclass

from lzp.go import BLACK, EMPTY
from lzp.play.match_clock import TimeControl

#: How a game can end. The middle three are losses that are no matter of strength.
ENDINGS = ("score", "resign", "illegal", "crash", "time", "repetition", "length")
FAULTS = ("illegal", "crash", "time")


class MatchError(ValueError):
    """A match that cannot be played or gone on with; one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class GameRules:
    """What the games of a match have in common.

    Attributes:
        side: the board's side.
        komi: points for White.
        max_moves: a longer game is no result.
        move_timeout_s: an engine that thinks longer has lost on time, whatever its clock says.
        time_control: clocks, sent to the engines and kept by the referee; None for none.
    """

    side: int = 19
    komi: float = 7.5
    max_moves: int = 722
    move_timeout_s: float = 600.0
    time_control: TimeControl | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is out of range; the text names it.
        """
        if not 2 <= self.side <= 25:
            raise ValueError(f"size must be 2 to 25, not {self.side}")
        if not abs(self.komi) <= self.side * self.side:
            raise ValueError(f"komi {self.komi} is larger than the board")
        if self.max_moves < 1 or self.move_timeout_s <= 0:
            raise ValueError("max moves and move timeout must be positive")


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How a game ended.

    Attributes:
        winner: BLACK, WHITE, or EMPTY for a draw or no result.
        ending: one of ENDINGS.
        points: the winner's lead, if it was counted.
        detail: one line for people.
    """

    winner: int
    ending: str
    points: float = 0.0
    detail: str = ""

    def sgf_result(self) -> str:
        """Return the RE property."""
        if self.winner == EMPTY:
            return "0" if self.ending == "score" else "Void"
        how = {"score": f"{self.points:.1f}", "resign": "R", "time": "T"}.get(self.ending, "F")
        return f"{'B' if self.winner == BLACK else 'W'}+{how}"
