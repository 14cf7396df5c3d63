"""Chunks written of any store."""

import gzip
from pathlib import Path

import numpy as np
import pytest

from lzp.data import GameStore, chunk_writer
from lzp.data.chunk_stream import frames_of, read_chunk
from lzp.data.chunk_writer import write_chunks
from lzp.data.cli import main
from lzp.features.leela_chunks import BINARY, TEXT, ChunkError
from lzp.go import BLACK, WHITE
from tests.data.chunk_makers import binary_of, made_games, positions_of, text_of, unpacked
from tests.data.makers import random_records, sgf_of, store_of

pytestmark = pytest.mark.compiled

GAMES = made_games(5, seed=40)
RESULTS = ["B+R", "W+3.5", "B+T", "W+R", "B+1.5"]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> GameStore:
    records = [sgf_of(game, result) for game, result in zip(GAMES, RESULTS, strict=True)]
    records.insert(3, sgf_of(made_games(1, seed=77)[0], "Jigo"))
    records += random_records(2)
    folder = tmp_path_factory.mktemp("writer")
    return store_of(folder, records, sides=(9, 19), exclude=frozenset(), shard_moves=500)


@pytest.mark.parametrize(("version", "written"), [(TEXT, text_of), (BINARY, binary_of)])
def test_a_plain_store_gives_the_moves_played(
    store: GameStore, tmp_path: Path, version: int, written: object
) -> None:
    assert len(store.shards) > 1
    counts = write_chunks(store, tmp_path / "out", version, games_per_file=2)
    files = sorted((tmp_path / "out").iterdir())
    assert [path.name for path in files] == [f"train_0000000{number}.gz" for number in (1, 2, 3)]
    records = [frame.content for frame in frames_of([unpacked(files)], version)]
    expected = [
        written(position)  # type: ignore[operator]
        for game, result in zip(GAMES, RESULTS, strict=True)
        for position in positions_of(game, BLACK if result[0] == "B" else WHITE)
    ]
    assert records == expected
    assert (counts.files, counts.games, counts.positions) == (3, 5, len(expected))
    assert counts.left_out == 3  # without a winner, and on 9x9
    assert sum(1 for path in files for _ in read_chunk(path)) == len(expected)


def test_the_same_store_gives_the_same_bytes(store: GameStore, tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_chunks(store, tmp_path / name, BINARY)
    first, second = (tmp_path / name / "train_00000001.gz" for name in "ab")
    assert first.read_bytes() == second.read_bytes()


def test_what_cannot_be_written_is_said(
    store: GameStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ChunkError, match="exists already"):
        write_chunks(store, tmp_path, TEXT)
    for version, games in ((3, 1), (1, 0)):
        with pytest.raises(ValueError, match="must be"):
            write_chunks(store, tmp_path / "out", version, games)
    (tmp_path / "small").mkdir()
    small = store_of(tmp_path / "small", random_records(3))
    with pytest.raises(ChunkError, match=r"games\.lzps: no game on 19x19 with a winner"):
        write_chunks(small, tmp_path / "out", TEXT)

    def interrupt(*_: object) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(chunk_writer, "format_record", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_chunks(store, tmp_path / "out", TEXT)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_the_command(store: GameStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "chunks"
    assert main(["chunks", str(store.path), "-o", str(out), "--version", "2"]) == 0
    shown = capsys.readouterr().out
    assert "5 games, " in shown
    assert "3 games left out" in shown
    positions = sum(len(game.moves) for game in GAMES)
    assert len(gzip.decompress((out / "train_00000001.gz").read_bytes())) == 2176 * positions
    assert main(["chunks", str(store.path), "-o", str(out)]) == 2
    assert capsys.readouterr().err == f"lzp-data: {out}: exists already\n"
    back = tmp_path / "back.lzps"
    assert main(["convert", str(out), "-o", str(back), "--workers", "1"]) == 0
    assert "5  stored" in capsys.readouterr().out
    hashes = store.numbers("hash")[(store.numbers("side") == 19) & (store.numbers("result") != 0)]
    assert np.array_equal(GameStore.open(back).numbers("hash"), hashes)
