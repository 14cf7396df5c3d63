"""The game store: a folder of Arrow shards and a description, mapped into memory.

    NAME/
      store.json         version, counts, the shards' names and sizes, the report
      games-00000.arrow  columns.py says what is in it

`store.json` is written last and the whole folder is built under another name, so that a
conversion that was killed leaves nothing that opens.
"""

import glob
import json
import os
import shutil
import tempfile
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import Shard, StoreError, open_shard, write_shard
from lzp.data.coding import decode_moves
from lzp.data.columns import READABLE_VERSIONS, STORE_VERSION, GameBlock, join_blocks
from lzp.data.reasons import ConvertOptions
from lzp.data.report import ConversionReport
from lzp.weights.locks import FileLock

_FORMAT = "lzp game store"
_DESCRIPTION = "store.json"
_MAX_DESCRIPTION_BYTES = 1 << 26
#: What follows a store's name in those of folders on their way in, and out.
_PARTIAL, _OLD = "partial-", "old-"


class GameStore:
    """An open store. Games are numbered 0 .. games - 1 through all shards.

    Attributes:
        path: the store's folder.
        shards: the mapped files.
        first_games: int64 [shards + 1], the number of each shard's first game.
        report: what the conversion found.
    """

    def __init__(self, path: Path, shards: tuple[Shard, ...], report: ConversionReport) -> None:
        """Take what `open` has read."""
        self.path = path
        self.shards = shards
        self.report = report
        self.first_games = np.cumsum([0, *(len(shard) for shard in shards)], dtype=np.int64)

    @classmethod
    def open(cls, path: Path | str) -> "GameStore":
        """Open a store; takes milliseconds whatever its size.

        Raises:
            StoreError: no store, another version, or a shard is missing or cut off.
        """
        path = Path(path)
        plain = _read_description(path)
        shards = []
        try:
            report = ConversionReport.from_json(plain["report"])
            for entry in plain["shards"]:
                name, size = str(entry["file"]), int(entry["bytes"])
                shards.append(_open_listed(path, name, size))
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, StoreError):
                raise
            text = f"{path / _DESCRIPTION}: damaged: {type(error).__name__} {error}"
            raise StoreError(text) from None
        return cls(path, tuple(shards), report)

    @property
    def games(self) -> int:
        """The number of games."""
        return int(self.first_games[-1])

    @cached_property
    def positions(self) -> int:
        """The number of positions that can be sampled, of all games."""
        return int(self.samples.sum())

    @cached_property
    def lengths(self) -> NDArray[np.int64]:
        """Moves of each game, int64 [games]."""
        parts = [np.diff(shard.starts).astype(np.int64) for shard in self.shards]
        return np.concatenate(parts) if parts else np.empty(0, np.int64)

    @cached_property
    def context(self) -> NDArray[np.uint8]:
        """First plies of each game that are no samples, uint8 [games]."""
        return self.numbers("context")

    @cached_property
    def samples(self) -> NDArray[np.int64]:
        """Positions of each game that can be sampled, int64 [games]."""
        return self.lengths - self.context

    @cached_property
    def has_policies(self) -> bool:
        """Whether any game has search policies."""
        return any(len(shard.optional["policy_moves"][0]) for shard in self.shards)

    def numbers(self, name: str) -> NDArray[Any]:
        """Return a column of numbers (NUMBER_COLUMNS, OPTIONAL_NUMBERS), [games]."""
        parts = [shard.numbers(name) for shard in self.shards]
        return np.concatenate(parts) if parts else np.empty(0)

    def texts(self, name: str) -> list[str]:
        """Return a column of strings (columns.TEXT_COLUMNS) for all games."""
        return [text for shard in self.shards for text in shard.texts(name)]

    def locate(self, game: int) -> tuple[Shard, int]:
        """Return the shard of a game and the game's number in it.

        Raises:
            IndexError: there is no such game.
        """
        if not 0 <= game < self.games:
            raise IndexError(f"game {game} of {self.games}")
        shard = int(np.searchsorted(self.first_games, game, side="right")) - 1
        return self.shards[shard], game - int(self.first_games[shard])

    def moves(self, game: int) -> list[tuple[int, int]]:
        """Return (color, move) of each move of a game."""
        shard, row = self.locate(game)
        return decode_moves(shard.moves[shard.starts[row] : shard.starts[row + 1]])

    def setup(self, game: int) -> list[tuple[int, int]]:
        """Return (color, move) of each stone on the board before a game's first move."""
        shard, row = self.locate(game)
        return decode_moves(shard.setup[shard.setup_starts[row] : shard.setup_starts[row + 1]])


class StoreWriter:
    """Builds a store under a temporary name beside its own; `finish` moves it into place.

    A context manager: left without `finish`, it removes what it wrote. One process at a
    time writes a store, and first removes what killed ones left; others wait.
    """

    def __init__(self, path: Path, options: ConvertOptions) -> None:
        """Make the temporary folder.

        Raises:
            StoreError: the name is taken or the place cannot be written.
        """
        self._path = path
        self._options = options
        self._waiting: list[GameBlock] = []
        self._waiting_size = 0
        self._shards: list[dict[str, Any]] = []
        self._lock = FileLock(path.with_name(f".{path.name}.lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._lock.acquire(wait=True)
            if self._lock.is_held():
                _remove_leftovers(path)
            self._check_free()
            prefix = f".{path.name}.{_PARTIAL}"
            self._folder = Path(tempfile.mkdtemp(prefix=prefix, dir=path.parent))
        except OSError as error:
            self._lock.release()
            raise StoreError(f"{path}: cannot be written: {error.strerror}") from None
        except StoreError:
            self._lock.release()
            raise

    def __enter__(self) -> "StoreWriter":
        """Return the writer."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was not finished."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._lock.release()

    def _check_free(self) -> None:
        """Refuse a name that is taken, unless by a store that may be replaced."""
        path = self._path
        if path.exists() and not self._options.overwrite:
            raise StoreError(f"{path}: exists already")
        if path.exists() and not (path / _DESCRIPTION).is_file():
            raise StoreError(f"{path}: is something else than a game store; not replaced")

    def add(self, block: GameBlock) -> None:
        """Add games; writes a shard whenever enough have come together."""
        while len(block):
            room = self._options.shard_moves - self._waiting_size
            count = int(np.searchsorted(np.cumsum(block.sizes), room)) + 1
            first = np.arange(len(block)) < count
            part = block.select(first)
            block = block.select(~first)
            self._waiting.append(part)
            self._waiting_size += int(part.sizes.sum())
            if self._waiting_size >= self._options.shard_moves:
                self._write_waiting()

    def finish(self, report: ConversionReport) -> None:
        """Write the rest and the description, and move the store into place."""
        try:
            self._write_waiting()
            plain = {
                "format": _FORMAT,
                "version": STORE_VERSION,
                "games": report.games_stored,
                "positions": report.positions_stored,
                "shards": self._shards,
                "report": report.to_json(),
            }
            text = json.dumps(plain, indent=1, ensure_ascii=False)
            (self._folder / _DESCRIPTION).write_text(text, encoding="utf-8")
            self._folder.chmod(0o755)  # mkdtemp makes folders that only the owner can read
            self._move_into_place()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from None

    def _write_waiting(self) -> None:
        """Write the games that are waiting as one shard."""
        if not self._waiting:
            return
        block = join_blocks(self._waiting)
        name = f"games-{len(self._shards):05d}.arrow"
        path = self._folder / name
        write_shard(path, block)
        size = path.stat().st_size
        entry = {
            "file": name,
            "bytes": size,
            "games": len(block),
            "moves": int(block.move_counts.sum()),
        }
        self._shards.append(entry)
        self._waiting = []
        self._waiting_size = 0

    def _move_into_place(self) -> None:
        """Give the finished folder its name; an old store goes only then."""
        if self._options.overwrite and self._path.exists():
            prefix = f".{self._path.name}.{_OLD}"
            old = Path(tempfile.mkdtemp(prefix=prefix, dir=self._path.parent))
            os.replace(self._path, old)
            os.replace(self._folder, self._path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            os.replace(self._folder, self._path)


def _remove_leftovers(path: Path) -> None:
    """Remove what killed writers of a store left; a store on its way out gets its name back."""
    for old in path.parent.glob(f".{glob.escape(path.name)}.{_OLD}*"):
        if not path.exists() and (old / _DESCRIPTION).is_file():
            os.replace(old, path)
        shutil.rmtree(old, ignore_errors=True)
    for partial in path.parent.glob(f".{glob.escape(path.name)}.{_PARTIAL}*"):
        shutil.rmtree(partial, ignore_errors=True)


def _read_description(path: Path) -> dict[str, Any]:
    """Return the content of store.json, checked for its version."""
    description = path / _DESCRIPTION
    if not path.exists():
        raise StoreError(f"{path}: no such game store")
    if not description.is_file():
        raise StoreError(f"{path}: not a game store: {_DESCRIPTION} is missing")
    try:
        if description.stat().st_size > _MAX_DESCRIPTION_BYTES:
            raise StoreError(f"{description}: too large")
        plain = json.loads(description.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StoreError(f"{description}: cannot be read: {error}") from None
    if not isinstance(plain, dict) or plain.get("format") != _FORMAT:
        raise StoreError(f"{description}: not the description of a game store")
    version = plain.get("version")
    if version not in READABLE_VERSIONS:
        raise StoreError(
            f"{path}: a store of version {version}, this program reads {STORE_VERSION};"
            " convert the games again"
        )
    return plain


def _open_listed(folder: Path, name: str, size: int) -> Shard:
    """Open a shard that a description lists, after a look at its size."""
    path = folder / name
    if path.parent != folder:
        raise StoreError(f"{folder}: {_DESCRIPTION} names a file elsewhere: {name}")
    if not path.is_file():
        raise StoreError(f"{path}: missing")
    actual = path.stat().st_size
    if actual != size:
        raise StoreError(f"{path}: cut off or changed: {actual:,} bytes instead of {size:,}")
    return open_shard(path)
