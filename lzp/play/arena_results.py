"""The games of an arena on disk: a header, and one line of JSON for each game.

A line is appended under a lock as soon as its game is over, so that a killed run goes on
where it was and several processes may write to one folder.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.arena_game import ArenaGame
from lzp.weights.atomic import replacing
from lzp.weights.locks import FileLock

_HEADER, _GAMES, _LOCK = "arena.json", "games.jsonl", ".arena.lock"
_FORMAT = 2


class ArenaError(ValueError):
    """An arena that cannot be played or gone on with; one line."""


class ArenaFolder:
    """Where an arena keeps its games."""

    def __init__(self, path: Path, identity: Mapping[str, Any]) -> None:
        """Open or make the folder of an arena.

        Args:
            path: of the folder.
            identity: what two runs must share to belong together, as JSON values.

        Raises:
            ArenaError: the folder cannot be used, or holds another arena.
        """
        self.path = path
        self._lock = FileLock(path / _LOCK)
        # As JSON returns it: lists for tuples.
        header = json.loads(json.dumps({"format": _FORMAT, **identity}))
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(wait=True)
            try:
                found = self._header()
                if found is None:
                    with replacing(path / _HEADER) as file:
                        file.write(json.dumps(header, indent=1).encode() + b"\n")
            finally:
                self._lock.release()
        except (OSError, ValueError, RecursionError) as error:
            raise ArenaError(f"cannot use {path}: {error}") from None
        if found is not None and found != header:
            raise ArenaError(f"{path} holds another arena ({_differing(found, header)})")

    def _header(self) -> Any:
        """Return what the folder says it holds; None for a new one."""
        path = self.path / _HEADER
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None

    def read(self) -> dict[int, ArenaGame]:
        """Return the finished games by number, the first of each; broken lines are skipped.

        Raises:
            ArenaError: the file cannot be read.
        """
        games: dict[int, ArenaGame] = {}
        try:
            with (self.path / _GAMES).open("rb") as file:
                for line in file:
                    game = _parse(line)
                    if game is not None:
                        games.setdefault(game.number, game)
        except FileNotFoundError:
            pass
        except OSError as error:
            raise ArenaError(f"cannot read {self.path}: {error.strerror}") from None
        return games

    def append(self, game: ArenaGame) -> None:
        """Add a finished game.

        Raises:
            ArenaError: the file cannot be written.
        """
        line = json.dumps(asdict(game), separators=(",", ":")).encode() + b"\n"
        try:
            self._lock.acquire(wait=True)
            try:
                with (self.path / _GAMES).open("a+b") as file:
                    file.write(_line_end(file) + line)
                    file.flush()
                    os.fsync(file.fileno())
            finally:
                self._lock.release()
        except OSError as error:
            raise ArenaError(f"cannot write in {self.path}: {error.strerror}") from None


def _line_end(file: Any) -> bytes:
    """Return the newline that a killed process left out; nothing in a sound file."""
    if not file.seek(0, os.SEEK_END):
        return b""
    file.seek(-1, os.SEEK_END)
    return b"" if file.read(1) == b"\n" else b"\n"


def _parse(line: bytes) -> ArenaGame | None:
    """Return the game of a line; None if it is none."""
    try:
        values = json.loads(line)
        for name in ("moves", "evaluations", "playouts"):
            values[name] = tuple(values[name])
        game = ArenaGame(**{field.name: values[field.name] for field in fields(ArenaGame)})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    whole = (
        game.number,
        game.black,
        game.white,
        game.opening,
        *game.moves,
        *game.evaluations,
        *game.playouts,
    )
    if any(type(number) is not int or number < 0 for number in whole):
        return None
    sound = game.winner in (EMPTY, BLACK, WHITE) and game.black != game.white
    return game if sound and len(game.evaluations) == len(game.playouts) == 2 else None


def _differing(found: Any, header: Mapping[str, Any]) -> str:
    """Return what differs between two headers, for people."""
    if not isinstance(found, dict):
        return "its header is damaged"
    return ", ".join(name for name in header if found.get(name) != header[name]) or "newer"
