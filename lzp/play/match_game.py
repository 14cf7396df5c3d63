"""One game between two engines; our own rules say what is legal and when it is over."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.go.constants import LEGAL, SUPERKO
from lzp.go.vertex import format_color, format_vertex, parse_vertex
from lzp.play.gtp_client import CommandError, EngineCrashError, EngineTimeoutError, GtpClient
from lzp.play.gtp_time import EngineTime
from lzp.play.match_clock import MatchClock
from lzp.play.match_rules import GameRules, Outcome
from lzp.play.referee import Referee

#: For commands that need no thought.
_ANSWER_S = 60.0


class MatchGame:
    """A game being played between two started engines."""

    def __init__(self, black: GtpClient, white: GtpClient, rules: GameRules) -> None:
        """Seat two engines at an empty board."""
        self.game = Game(rules.side, rules.komi)
        self._rules = rules
        self._engines = {BLACK: black, WHITE: white}
        control = rules.time_control
        self._clocks = {color: MatchClock(control) for color in (BLACK, WHITE)} if control else {}
        self._times: dict[int, EngineTime] = {}

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
            self._set_time(color)
        for move in opening:
            for color in (BLACK, WHITE):
                self._tell(color, self._play_command(self.game.to_play, move))
            self.game.play(move)

    def _set_time(self, color: int) -> None:
        """Tell an engine the time control in its own words, if there is one."""
        control = self._rules.time_control
        if control is None:
            return
        with self._losing(color):
            self._times[color] = EngineTime(self._engines[color], control)
        self._tell(color, self._times[color].settings)

    def _play_command(self, color: int, move: int) -> str:
        """Return "play black Q16"."""
        return f"play {format_color(color)} {format_vertex(move, self._rules.side)}"

    def _tell(self, color: int, command: str, timeout_s: float = _ANSWER_S) -> str:
        """Send an engine a command; its failure is its loss."""
        with self._losing(color):
            return self._engines[color].send(command, timeout_s)

    @contextmanager
    def _losing(self, color: int) -> Iterator[None]:
        """Make an engine's failure its loss."""
        try:
            yield
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
            self._tell(color, self._times[color].left(format_color(color), clock))
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
