"""Who won a game that ended in two passes, dead stones taken off by an engine that can."""

import re

from lzp.engine.passing import settled_score
from lzp.go import Game
from lzp.go.vertex import format_color, format_vertex
from lzp.play.gtp_client import CommandError, EngineError, GtpClient
from lzp.play.programs import find_program

_SCORE = re.compile(r"([BW])\+(\d+(?:\.\d+)?)", re.IGNORECASE)
_DRAWS = ("0", "draw", "jigo")
_ANSWER_S = 60.0
#: A referee of our own: most random games decide whose each point is.
SETTLED = "settled"
_SETTLED_PLAYOUTS = 256


def default_referee() -> str | None:
    """Return the command of GNU Go as a referee, None if it is not installed."""
    found = find_program("gnugo")
    return f"{found} --mode gtp --chinese-rules" if found else None


class Referee:
    """Scores finished games by area; every stone counts as alive if there is no engine."""

    def __init__(self, command: str | None) -> None:
        """Use an engine's final_score, random games if it is "settled", or else Tromp-Taylor.

        Random games know nothing of sekis, but can be asked at any time of a game.
        """
        self._command = command
        self._client: GtpClient | None = None

    def score(self, game: Game) -> tuple[float, str]:
        """Return Black's lead in points after komi, and who counted it."""
        if self._command == SETTLED:
            return settled_score(game, _SETTLED_PLAYOUTS), "random games"
        if self._command is not None:
            try:
                return self._ask(game), "referee"
            except (EngineError, CommandError) as error:
                self.close()
                return game.area_score(), f"Tromp-Taylor, for the referee failed: {error}"
        return game.area_score(), "Tromp-Taylor"

    def _ask(self, game: Game) -> float:
        """Show the game to the engine and read its score."""
        if self._client is None:
            self._client = GtpClient(self._command or "", "referee")
        client = self._client
        for command in (f"boardsize {game.side}", "clear_board", f"komi {game.komi:g}"):
            client.send(command, _ANSWER_S)
        for color, move in game.setup + game.moves:
            vertex = format_vertex(move, game.side)
            client.send(f"play {format_color(color)} {vertex}", _ANSWER_S)
        return parse_score(client.send("final_score", _ANSWER_S))

    def kill(self) -> None:
        """End the engine at once; may be called from another thread than the one that asks."""
        client = self._client
        if client is not None:
            client.kill()

    def close(self) -> None:
        """End the engine, if there is one."""
        if self._client is not None:
            self._client.close()
            self._client = None


def parse_score(text: str) -> float:
    """Return Black's lead of a reply such as "B+3.5" or "0".

    Raises:
        CommandError: the text is no score.
    """
    match = _SCORE.match(text.strip())
    if match:
        points = float(match[2])
        return points if match[1] in "Bb" else -points
    if text.strip().lower() in _DRAWS:
        return 0.0
    raise CommandError(f"not a score: {text!r}")
