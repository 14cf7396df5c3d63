"""A match: a number of games between two engines, kept on disk so that it can go on."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lzp.go import BLACK, WHITE, Game
from lzp.play.gtp_client import CommandError, EngineError, GtpClient
from lzp.play.match_game import GameRules, MatchGame, Outcome
from lzp.play.match_results import (
    MatchError,
    PlayedGame,
    read_results,
    write_record,
    write_results,
)
from lzp.play.openings import random_opening
from lzp.play.referee import Referee
from lzp.play.scoring import Tally
from lzp.sgf import SgfInfo, write_game

#: Starting may compile kernels or read a large network.
_START_S = 300.0


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchOptions:
    """A match between engine A and engine B.

    Attributes:
        commands: both engines' command lines, A's first.
        games: how many are played; A is Black in the even-numbered ones, counted from 0.
        rules: of every game.
        opening_moves: random moves before the engines', the same for games 2k and 2k + 1.
        seed: of the openings.
        referee: command line of the engine that scores; None for Tromp-Taylor.
        folder: where game records and results go; None keeps none.
    """

    commands: tuple[str, str]
    games: int
    rules: GameRules = field(default_factory=GameRules)
    opening_moves: int = 4
    seed: int = 0
    referee: str | None = None
    folder: Path | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            MatchError: one is out of range.
        """
        if self.games < 1:
            raise MatchError(f"games must be 1 or more, not {self.games}")
        if not 0 <= self.opening_moves <= 4:
            raise MatchError(f"opening moves must be 0 to 4, not {self.opening_moves}")


def tally(games: list[PlayedGame]) -> Tally:
    """Return A's wins, losses and draws; games without a result do not count."""
    results = [game.a_result() for game in games]
    return Tally(results.count(1.0), results.count(0.0), results.count(0.5))


class Match:
    """Plays a match; use as a context manager, so that no engine is left running."""

    def __init__(self, options: MatchOptions) -> None:
        """Prepare a match and read what was already played of it.

        Raises:
            MatchError: the folder cannot be used or holds another match.
        """
        self.options = options
        self.games: list[PlayedGame] = []
        self.labels = ("A", "B")
        self._clients: list[GtpClient | None] = [None, None]
        self._referee = Referee(options.referee)
        self._identity = _identity(options)
        if options.folder is not None:
            self.games = read_results(options.folder, self._identity)

    def __enter__(self) -> "Match":
        """Start both engines and learn their names.

        Raises:
            MatchError: one of them does not start or does not answer.
        """
        try:
            clients = [self._client(player) for player in (0, 1)]
            names = [client.send("name", _START_S) for client in clients]
        except (EngineError, CommandError) as error:
            self.__exit__()
            raise MatchError(str(error)) from None
        same = names[0] == names[1]
        self.labels = (f"{names[0]} A", f"{names[1]} B") if same else (names[0], names[1])
        return self

    def __exit__(self, *_: object) -> None:
        """End the engines."""
        for client in self._clients:
            if client is not None:
                client.close()
        self._clients = [None, None]
        self._referee.close()

    def _client(self, player: int) -> GtpClient:
        """Return a player's engine, started if it is not running."""
        client = self._clients[player]
        if client is None:
            client = GtpClient(self.options.commands[player], "AB"[player])
            self._clients[player] = client
        return client

    def play(self) -> Iterator[PlayedGame]:
        """Play the games that are missing; yields each when it is over and on disk.

        Raises:
            MatchError: an engine that had failed does not start again, or the folder
                cannot be written.
        """
        done = {game.number for game in self.games}
        for number in range(self.options.games):
            if number not in done:
                yield self._play_one(number)

    def _play_one(self, number: int) -> PlayedGame:
        """Play game `number` and keep it."""
        a_color = BLACK if number % 2 == 0 else WHITE
        order = (0, 1) if a_color == BLACK else (1, 0)
        try:
            black, white = (self._client(player) for player in order)
        except EngineError as error:
            raise MatchError(str(error)) from None
        rules = self.options.rules
        opening = random_opening(
            rules.side, self.options.opening_moves, self.options.seed, number // 2
        )
        started = time.monotonic()
        table = MatchGame(black, white, rules)
        outcome = table.play(opening, self._referee)
        played = PlayedGame(
            number=number,
            a_color=a_color,
            winner=outcome.winner,
            ending=outcome.ending,
            points=outcome.points,
            detail=outcome.detail,
            moves=table.game.ply,
            seconds=round(time.monotonic() - started, 2),
        )
        self._replace_failed(outcome)
        self.games.append(played)
        self._keep(table.game, played, outcome)
        return played

    def _replace_failed(self, outcome: Outcome) -> None:
        """End engines after a failure: what state they are in is not known."""
        if outcome.ending in ("crash", "time"):
            for player, client in enumerate(self._clients):
                if client is not None:
                    client.kill()
                    self._clients[player] = None

    def _keep(self, game: Game, played: PlayedGame, outcome: Outcome) -> None:
        """Write a game's record and the results so far."""
        folder = self.options.folder
        if folder is None:
            return
        names = self.labels if played.a_color == BLACK else self.labels[::-1]
        info = SgfInfo(
            black=names[0],
            white=names[1],
            result=outcome.sgf_result(),
            date=time.strftime("%Y-%m-%d"),
            comment=f"{outcome.ending} {outcome.detail}".strip(),
        )
        try:
            write_record(folder, played.number, write_game(game, info))
            write_results(folder, self._identity, self.games)
        except OSError as error:
            raise MatchError(f"cannot write in {folder}: {error.strerror}") from None


def _identity(options: MatchOptions) -> dict[str, object]:
    """Return what two runs must share for one to go on with the other's games."""
    values = asdict(options)
    values["commands"] = list(options.commands)
    for name in ("games", "folder"):
        del values[name]
    return values
