"""A match on disk: a line of JSON a game, and an SGF file a game.

Lines are only ever added, each after its record is complete. A match that is killed at any
moment leaves the games that were over and perhaps one cut line, which is taken off, and can
go on.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from types import TracebackType

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.match_results import PlayedGame
from lzp.play.match_rules import ENDINGS, MatchError
from lzp.weights.atomic import remove_parts, replacing
from lzp.weights.locks import FileLock

GAMES_FILE = "match.jsonl"
_LOCK_FILE = "match.lock"
_OLD_FILE = "match.json"
_FORMAT = 2
#: What JSON may hold for a field's type.
_JSON_TYPES = {str(int): (int,), str(float): (int, float), str(str): (str,)}


def record_path(folder: Path, number: int) -> Path:
    """Return where the record of a game, counted from 0, is kept."""
    return folder / f"game-{number + 1:04d}.sgf"


class MatchFolder:
    """The folder of one match, held by one process at a time; use as a context manager."""

    def __init__(self, folder: Path, identity: Mapping[str, object]) -> None:
        """Take a folder, made if it is missing, and read what it holds.

        Args:
            folder: for this match alone.
            identity: plain data that two runs must share for one to go on with the other.

        Raises:
            MatchError: it cannot be used, is in use, or holds something else.
        """
        self.path = folder
        self.games: list[PlayedGame] = []
        self._lock = FileLock(folder / _LOCK_FILE)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not self._lock.acquire(wait=False):
                raise MatchError(f"{folder} is in use by another match")
            self._begin(json.loads(json.dumps({"format": _FORMAT, "match": identity})))
        except (OSError, UnicodeDecodeError) as error:
            self.close()
            raise MatchError(f"cannot use {folder}: {error}") from None
        except MatchError:
            self.close()
            raise

    def __enter__(self) -> "MatchFolder":
        """Return the folder."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Let other processes use the folder."""
        self.close()

    def close(self) -> None:
        """Let other processes use the folder; may be called again."""
        self._lock.release()

    def _begin(self, head: dict[str, object]) -> None:
        """Read the games of an earlier run, or write the first line."""
        remove_parts(self.path)
        path = self.path / GAMES_FILE
        if not path.exists():
            if (self.path / _OLD_FILE).exists():
                raise MatchError(f"{self.path} holds a match of an older version of lzp-match")
            self._replace(GAMES_FILE, json.dumps(head) + "\n")
            return
        text = path.read_text(encoding="utf-8")
        whole = text[: text.rfind("\n") + 1]
        lines = whole.splitlines()
        if not lines or _parsed(lines[0]) is None:
            raise MatchError(f"{path}: not a match's results")
        if _parsed(lines[0]) != head:
            raise MatchError(f"{self.path} holds another match; choose another folder")
        self.games = self._read(lines)
        if whole != text:
            self._replace(GAMES_FILE, whole)

    def _read(self, lines: list[str]) -> list[PlayedGame]:
        """Return the games of a file's lines whose records are there, the last of each number."""
        games: dict[int, PlayedGame] = {}
        for number, line in enumerate(lines[1:], start=2):
            try:
                game = _checked(_parsed(line))
            except (ValueError, KeyError, TypeError):
                where = self.path / GAMES_FILE
                raise MatchError(f"{where}: line {number} is not a game's result") from None
            games[game.number] = game
        return [game for game in games.values() if record_path(self.path, game.number).exists()]

    def add(self, game: PlayedGame, sgf: str) -> None:
        """Keep a game that is over.

        Raises:
            MatchError: the folder cannot be written; what it held stays.
        """
        try:
            self._replace(record_path(self.path, game.number).name, sgf + "\n")
            with (self.path / GAMES_FILE).open("ab") as file:
                file.write(json.dumps(asdict(game)).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise MatchError(f"cannot write in {self.path}: {error.strerror}") from None
        self.games.append(game)

    def write(self, name: str, text: str) -> None:
        """Write another file of the match, such as its table, as a whole or not at all.

        Raises:
            MatchError: the folder cannot be written.
        """
        try:
            self._replace(name, text)
        except OSError as error:
            raise MatchError(f"cannot write in {self.path}: {error.strerror}") from None

    def _replace(self, name: str, text: str) -> None:
        with replacing(self.path / name) as file:
            file.write(text.encode())


def _parsed(line: str) -> dict[str, object] | None:
    """Return the JSON object of a line; None if it is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _checked(values: dict[str, object] | None) -> PlayedGame:
    """Return one game read from a file; ValueError, KeyError or TypeError if it is not one."""
    if values is None:
        raise ValueError("not an object")
    for each in fields(PlayedGame):
        if type(values[each.name]) not in _JSON_TYPES[str(each.type)]:
            raise TypeError(each.name)
    game = PlayedGame(**values)  # type: ignore[arg-type]
    players_fit = min(game.black, game.white) >= 0 and game.black != game.white
    if game.number < 0 or game.ending not in ENDINGS or not players_fit:
        raise ValueError("not a game's result")
    if game.winner not in (EMPTY, BLACK, WHITE):
        raise ValueError("not a color")
    return game
