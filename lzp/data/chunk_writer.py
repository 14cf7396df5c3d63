"""A store's positions as chunks that Leela Zero's tools read."""

import gzip
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.data.sampler_kernels import Picks
from lzp.data.samples import SampleWriter, empty_batch
from lzp.data.store import GameStore
from lzp.features.leela_chunks import (
    CHUNK_VERSIONS,
    SIDE,
    ChunkError,
    ChunkPosition,
    chunk_name,
    format_record,
)

#: Games whose positions are made at a time.
_GAMES_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class WrittenChunks:
    """What became of a store.

    Attributes:
        files: chunk files written.
        games: whose positions are in them.
        positions: in them.
        left_out: games that a chunk cannot hold: without a winner, or not on 19x19.
    """

    files: int
    games: int
    positions: int
    left_out: int


def write_chunks(
    store: GameStore, folder: Path, version: int, games_per_file: int = 512
) -> WrittenChunks:
    """Write all positions of a store, game by game, as gzip chunks into a new folder.

    Policies are those of the store, where a search made any, else the move played. The
    folder appears when it is complete.

    Args:
        store: games on other boards than 19x19 and without a winner are left out.
        folder: must not exist.
        version: of CHUNK_VERSIONS.
        games_per_file: games in each file but the last.

    Raises:
        ValueError: no such version, or less than a game in a file.
        ChunkError: the folder exists, or nothing in the store can be written.
        StoreError: a game in the store is damaged.
        OSError: the folder cannot be written.
    """
    if version not in CHUNK_VERSIONS:
        raise ValueError(f"version must be 1 or 2, got {version}")
    if games_per_file < 1:
        raise ValueError(f"games per file must be at least 1, got {games_per_file}")
    fits = (store.numbers("side") == SIDE) & (store.numbers("result") != 0) & (store.samples > 0)
    games = np.flatnonzero(fits)
    if len(games) == 0:
        raise ChunkError(f"{store.path}: no game on {SIDE}x{SIDE} with a winner")
    shares = [games[at : at + games_per_file] for at in range(0, len(games), games_per_file)]
    with _new_folder(folder) as partial:
        for number, share in enumerate(shares, 1):
            _write_file(partial / chunk_name(number), version, store, share)
    positions = int(store.samples[games].sum())
    return WrittenChunks(len(shares), len(games), positions, store.games - len(games))


def positions_of(store: GameStore, games: NDArray[np.int64]) -> Iterator[ChunkPosition]:
    """Yield the positions of some decided games on 19x19, in order, under symmetry 0."""
    writer = SampleWriter(store, SIDE)
    for at in range(0, len(games), _GAMES_AT_ONCE):
        some = games[at : at + _GAMES_AT_ONCE]
        counts = store.samples[some]
        plies = np.concatenate([np.arange(count) for count in counts])
        symmetries = np.zeros(len(plies), np.int64)
        picks = Picks(np.repeat(some, counts), plies, symmetries, np.arange(len(plies)))
        batch = empty_batch(len(plies), SIDE, ownership=False, policies=True)
        writer.write(picks, batch)
        for planes, policy, value in zip(
            batch.planes, batch.policy, batch.value_target, strict=True
        ):
            yield ChunkPosition(planes, policy, int(value))


def _write_file(path: Path, version: int, store: GameStore, games: NDArray[np.int64]) -> None:
    """Write some games as one file; its bytes follow from them alone."""
    with (
        path.open("wb") as plain,
        gzip.GzipFile(filename="", mode="wb", fileobj=plain, mtime=0) as stream,
    ):
        for position in positions_of(store, games):
            stream.write(format_record(position, version))


@contextmanager
def _new_folder(folder: Path) -> Iterator[Path]:
    """Give a folder under another name, which gets its own when all went well."""
    if folder.exists():
        raise ChunkError(f"{folder}: exists already")
    folder.parent.mkdir(parents=True, exist_ok=True)
    prefix = f".{folder.name}.partial-"
    partial = Path(tempfile.mkdtemp(prefix=prefix, dir=folder.parent))
    try:
        yield partial
        partial.chmod(0o755)  # mkdtemp makes folders that only the owner can read
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
