"""A match or a round robin between GTP engines, several games at once, kept on disk."""

import queue
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from lzp.go import Game
from lzp.play.match_engines import EngineSpec, EngineTable
from lzp.play.match_folder import MatchFolder
from lzp.play.match_game import MatchGame
from lzp.play.match_results import PlayedGame, tally
from lzp.play.match_rules import GameRules, MatchError, Outcome
from lzp.play.match_schedule import Seating, schedule
from lzp.play.openings import Openings, RandomOpenings
from lzp.play.sprt import Sprt
from lzp.sgf import SgfInfo, write_game


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchOptions:
    """A match between engines.

    Attributes:
        engines: who plays; two or more.
        games: of each pairing; pairs of games have the same opening and the colors exchanged.
        rules: of every game.
        openings: the moves before the engines'; None for random ones in the corners.
        referee: command line of the engine that scores; None for Tromp-Taylor.
        folder: where game records and results go; None keeps none.
        parallel: games at once, each between engines of its own.
        gauntlet: whether only the first engine meets the others.
        sprt: of two engines: ends the match when it is decided.
    """

    engines: tuple[EngineSpec, ...]
    games: int
    rules: GameRules = field(default_factory=GameRules)
    openings: Openings | None = None
    referee: str | None = None
    folder: Path | None = None
    parallel: int = 1
    gauntlet: bool = False
    sprt: Sprt | None = None

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            MatchError: one is out of range.
        """
        if len(self.engines) < 2:
            raise MatchError("a match needs two engines or more")
        names = [engine.name for engine in self.engines if engine.name]
        if len(set(names)) < len(names):
            raise MatchError("two engines have the same name")
        if self.games < 1:
            raise MatchError(f"games must be 1 or more, not {self.games}")
        if not 1 <= self.parallel <= 256:
            raise MatchError(f"parallel games must be 1 to 256, not {self.parallel}")
        if self.sprt is not None and len(self.engines) != 2:
            raise MatchError("SPRT is for a match of two engines")


class Match:
    """Plays a match; use as a context manager, so that no engine is left running.

    Attributes:
        options: what is played.
        games: those that are over, earlier runs' included.
        labels: what to call each player.
        seatings: the whole schedule.
    """

    def __init__(self, options: MatchOptions) -> None:
        """Prepare a match and read what was already played of it.

        Raises:
            MatchError: the folder cannot be used or holds another match.
        """
        self.options = options
        self.games: list[PlayedGame] = []
        self.labels = [engine.name for engine in options.engines]
        self.seatings = schedule(len(options.engines), options.games, gauntlet=options.gauntlet)
        self.openings = options.openings or RandomOpenings(options.rules.side, 4, 0)
        self.folder: MatchFolder | None = None
        if options.folder is not None:
            self.folder = MatchFolder(options.folder, self._identity())
            self._take_over(self.folder)
        self._tables: list[EngineTable] = []
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._waiting: deque[Seating] = deque()
        self._over: queue.Queue[tuple[Game, PlayedGame] | Exception | None] = queue.Queue()

    def _identity(self) -> dict[str, object]:
        """Return what two runs must share for one to go on with the other's games."""
        options = self.options
        return {
            "engines": [asdict(engine) for engine in options.engines],
            "rules": asdict(options.rules),
            "openings": self.openings.identity,
            "referee": options.referee,
            "gauntlet": options.gauntlet,
        }

    def _take_over(self, folder: MatchFolder) -> None:
        """Count an earlier run's games, as far as they belong to the schedule."""
        places = {seating.number: (seating.black, seating.white) for seating in self.seatings}
        for game in folder.games:
            if game.number not in places:
                continue  # of an earlier run that was to be longer
            if places[game.number] != (game.black, game.white):
                folder.close()
                raise MatchError(f"{folder.path}: game {game.number + 1} is between other players")
            self.games.append(game)

    def __enter__(self) -> "Match":
        """Start every engine once and learn their names.

        Raises:
            MatchError: one of them does not start or does not answer.
        """
        options = self.options
        self._tables = [
            EngineTable(options.engines, options.referee, options.rules)
            for _ in range(options.parallel)
        ]
        try:
            self.labels = self._tables[0].names()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the engines; games that are not over are lost."""
        if any(thread.is_alive() for thread in self._threads):
            self._stop()
        for table in self._tables:
            table.close()
        if self.folder is not None:
            self.folder.close()

    def _stop(self) -> None:
        """End all games that are being played."""
        self._stopping.set()
        for thread, table in zip(self._threads, self._tables, strict=False):
            while thread.is_alive():  # it may be starting an engine just now
                table.kill()
                thread.join(timeout=0.2)

    @property
    def is_decided(self) -> bool:
        """Whether the sequential test, if there is one, needs no more games."""
        sprt = self.options.sprt
        return sprt is not None and sprt.verdict(tally(self.games)) != "open"

    def play(self) -> Iterator[PlayedGame]:
        """Play the games that are missing; yields each when it is over and on disk.

        Raises:
            MatchError: an engine that had failed does not start again, or the folder
                cannot be written.
        """
        done = {game.number for game in self.games}
        self._waiting.extend(seat for seat in self.seatings if seat.number not in done)
        if self.is_decided or not self._waiting:
            return
        for table in self._tables[: len(self._waiting)]:
            thread = threading.Thread(target=self._work, args=(table,), daemon=True)
            self._threads.append(thread)
            thread.start()
        running = len(self._threads)
        while running and not self.is_decided:
            found = self._over.get()
            if found is None:
                running -= 1
            elif isinstance(found, Exception):
                raise found
            else:
                yield self._keep(*found)

    def _work(self, table: EngineTable) -> None:
        """Play waiting games at one table until there are none; in a thread of its own."""
        try:
            while not self._stopping.is_set():
                try:
                    seating = self._waiting.popleft()
                except IndexError:
                    break
                self._play_one(table, seating)
        except Exception as error:
            self._over.put(error)
        finally:
            self._over.put(None)

    def _play_one(self, table: EngineTable, seating: Seating) -> None:
        """Play one game and hand it over."""
        black, white = table.client(seating.black), table.client(seating.white)
        started = time.monotonic()
        board = MatchGame(black, white, self.options.rules)
        outcome = board.play(self.openings.moves(seating.opening), table.referee)
        if self._stopping.is_set():
            return
        if outcome.ending in ("crash", "time"):
            table.drop()
        played = _played(seating, outcome, board.game.ply, time.monotonic() - started)
        self._over.put((board.game, played))

    def _keep(self, game: Game, played: PlayedGame) -> PlayedGame:
        """Count a game that is over, and write its record and its result."""
        if self.folder is not None:
            self.folder.add(played, self._record(game, played))
        self.games.append(played)
        return played

    def _record(self, game: Game, played: PlayedGame) -> str:
        """Return a game as SGF."""
        outcome = Outcome(
            winner=played.winner, ending=played.ending, points=played.points, detail=played.detail
        )
        info = SgfInfo(
            black=self.labels[played.black],
            white=self.labels[played.white],
            result=outcome.sgf_result(),
            date=time.strftime("%Y-%m-%d"),
            comment=f"{outcome.ending} {outcome.detail}".strip(),
        )
        return write_game(game, info)


def _played(seating: Seating, outcome: Outcome, moves: int, seconds: float) -> PlayedGame:
    """Return the line of results of a game that is over."""
    return PlayedGame(
        number=seating.number,
        black=seating.black,
        white=seating.white,
        winner=outcome.winner,
        ending=outcome.ending,
        points=outcome.points,
        detail=outcome.detail,
        moves=moves,
        seconds=round(seconds, 2),
    )
