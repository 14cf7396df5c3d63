"""One game between two engines; our own rules say what is legal and when it is over."""

import time
from dataclasses import dataclass

from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.go.constants import LEGAL, SUPERKO
from lzp.go.vertex import format_color, format_vertex, parse_vertex
from lzp.play.gtp_client import CommandError, EngineCrashError, EngineTimeoutError, GtpClient
from lzp.play.match_clock import MatchClock, TimeControl
from lzp.play.referee import Referee

#: How a game can end. The middle three are losses that are no matter of strength.
ENDINGS = ("score", "resign", "illegal", "crash", "time", "repetition", "length")
#: For commands that need no thought.
_ANSWER_S = 60.0


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


class MatchGame:
    """A game being played between two started engines."""

    def __init__(self, black: GtpClient, white: GtpClient, rules: GameRules) -> None:
        """Seat two engines at an empty board."""
        self.game = Game(rules.side, rules.komi)
        self._rules = rules
        self._engines = {BLACK: black, WHITE: white}
        control = rules.time_control
        self._clocks = {color: MatchClock(control) for color in (BLACK, WHITE)} if control else {}

    def play(self, opening: list[int], referee: Referee) -> Outcome:
        """Play the opening and the game; engines that fail lose, nothing is raised for it."""
        try:
            self._set_up(opening)
            ended = None
            while ended is None and not self.game.is_over:
                if self.game.ply >= self._rules.max_moves:
                    return Outcome(winner=EMPTY, ending="length", detail="too many moves")
                ended = self._turn(self.game.to_play)
            return ended or self._count(referee)
        except _LostError as lost:
            return lost.outcome

    def _set_up(self, opening: list[int]) -> None:
        """Tell both engines the rules and the opening."""
        for color in (BLACK, WHITE):
            self._tell(color, f"boardsize {self._rules.side}")
            self._tell(color, "clear_board")
            self._tell(color, f"komi {self._rules.komi:g}")
            control = self._rules.time_control
            if control:
                times = f"{control.main_s} {control.period_s} {control.stones}"
                self._tell(color, f"time_settings {times}")
        for move in opening:
            for color in (BLACK, WHITE):
                self._tell(color, self._play_command(self.game.to_play, move))
            self.game.play(move)

    def _play_command(self, color: int, move: int) -> str:
        """Return "play black Q16"."""
        return f"play {format_color(color)} {format_vertex(move, self._rules.side)}"

    def _tell(self, color: int, command: str, timeout_s: float = _ANSWER_S) -> str:
        """Send an engine a command; its failure is its loss."""
        try:
            return self._engines[color].send(command, timeout_s)
        except EngineTimeoutError as error:
            raise _LostError(color, "time", str(error)) from None
        except (EngineCrashError, CommandError) as error:
            raise _LostError(color, "crash", str(error)) from None

    def _turn(self, color: int) -> Outcome | None:
        """Let one engine move and tell the other; the outcome if that ends the game."""
        started = time.monotonic()
        answer = self._tell(color, *self._genmove(color)).lower()
        if color in self._clocks and not self._clocks[color].charge(time.monotonic() - started):
            raise _LostError(color, "time", f"{format_color(color)} ran out of time")
        if answer == "resign":
            return Outcome(winner=WHITE + BLACK - color, ending="resign")
        move = self._legal_move(color, answer)
        if move is None:
            return Outcome(winner=EMPTY, ending="repetition", detail=f"{answer} repeats a position")
        self.game.play(move, color)
        self._tell(WHITE + BLACK - color, self._play_command(color, move))
        return None

    def _genmove(self, color: int) -> tuple[str, float]:
        """Return the command for a move and the most seconds it may take, the clock told."""
        limit = self._rules.move_timeout_s
        if color in self._clocks:
            clock = self._clocks[color]
            seconds, stones = clock.left()
            self._tell(color, f"time_left {format_color(color)} {seconds} {stones}")
            limit = min(limit, clock.allowance_s())
        return f"genmove {format_color(color)}", limit

    def _legal_move(self, color: int, answer: str) -> int | None:
        """Return an engine's move; None where it would repeat a position."""
        try:
            move = parse_vertex(answer, self._rules.side)
        except ValueError:
            raise _LostError(
                color, "illegal", f"{format_color(color)} answered {answer!r}"
            ) from None
        code = self.game.check(move, color)
        if code not in (LEGAL, SUPERKO):
            raise _LostError(color, "illegal", f"{format_color(color)} played {answer}")
        return None if code == SUPERKO else move

    def _count(self, referee: Referee) -> Outcome:
        """Score a game that is over."""
        points, by = referee.score(self.game)
        winner = BLACK if points > 0 else WHITE if points < 0 else EMPTY
        return Outcome(winner=winner, ending="score", points=abs(points), detail=f"by {by}")


class _LostError(Exception):
    """An engine has lost by its own failure."""

    def __init__(self, color: int, ending: str, detail: str) -> None:
        super().__init__(detail)
        line = " ".join(detail.split())
        self.outcome = Outcome(winner=WHITE + BLACK - color, ending=ending, detail=line)
