"""Leela Zero's chunks, and our samples against what the real leelaz writes."""

import gzip
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lzp.data import ConvertOptions, GameFilter, GameStore, PositionSampler, SamplerParams, convert
from lzp.data.leela_chunks import ChunkError, ChunkPosition, read_chunks
from lzp.go import BLACK, WHITE
from tests.data.makers import random_game, sgf_of, write_records
from tests.networks import write_random_network

LEELAZ = shutil.which("leelaz") or shutil.which("leelaz", path="/usr/games")
GAMES = 37  # leelaz aborts where this is a multiple of 32

EMPTY_PLANE = "0" * 91
#: White first on handicap stones D4 and Q16, White to play at D16, White won: the example
#: in Leela Zero's format, written by hand.
BLACK_STONES = "0" * 15 + "8" + "0" * 59 + "8" + "0" * 15


def record_text(policy: str = "", turn: str = "1", value: str = "1", plane: str = "") -> str:
    target = policy or " ".join("1" if move == 288 else "0" for move in range(362))
    planes = [EMPTY_PLANE] * 8 + [plane or BLACK_STONES] + [EMPTY_PLANE] * 7
    return "\n".join([*planes, turn, target, value]) + "\n"


def chunk(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "chunk.gz"
    path.write_bytes(gzip.compress(text.encode()))
    return path


def test_the_documented_example(tmp_path: Path) -> None:
    (position,) = read_chunks(chunk(tmp_path, record_text()))
    assert np.flatnonzero(position.planes[8]).tolist() == [60, 300]
    assert np.flatnonzero(position.planes.sum((1, 2))).tolist() == [8, 17]
    assert position.planes[17].all()
    assert np.flatnonzero(position.policy).tolist() == [288]
    assert position.value == 1


def test_the_last_point_is_a_bit_of_its_own(tmp_path: Path) -> None:
    (position,) = read_chunks(chunk(tmp_path, record_text(plane="0" * 89 + "11")))
    assert np.flatnonzero(position.planes[8]).tolist() == [359, 360]


BAD = [
    (record_text() + record_text(turn="2"), "line 20: the side to move"),
    (record_text(value="0"), "line 1: the result"),
    (record_text(policy="0.5 0.5"), "found 2"),
    (record_text(policy=" ".join(["nan"] * 362)), "finite"),
    (record_text(policy=" ".join(["x"] * 362)), "line 1: "),
    (record_text(plane="0" * 90 + "2"), "a plane"),
    (record_text(plane="g" * 90 + "0"), "line 1: "),
    (record_text()[:500], "line 1: "),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_chunks_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ChunkError, match=message) as caught:
        list(read_chunks(chunk(tmp_path, text)))
    assert str(caught.value).startswith(str(tmp_path / "chunk.gz"))


def test_files_that_are_no_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(b"")
    assert list(read_chunks(path)) == []
    for content in (b"not packed", gzip.compress(record_text().encode())[:-9]):
        path.write_bytes(content)
        with pytest.raises(ChunkError, match=r"a\.gz"):
            list(read_chunks(path))
    with pytest.raises(ChunkError, match=r"none\.gz"):
        list(read_chunks(tmp_path / "none.gz"))


def made_games() -> list[str]:
    """Records with captures, passes and handicaps, that leelaz and we both accept."""
    records = []
    for seed in range(GAMES):
        handicap = [0, 0, 2, 5, 9][seed % 5]
        plies = 330 if seed % 6 == 0 else 60
        game = random_game(seed, 19, plies, handicap, pass_rate=0.02)
        records.append(sgf_of(game, ["B+R", "W+3.5", "W+R"][seed % 3]))
    return records


def leelaz_positions(folder: Path, sgf: Path) -> list[ChunkPosition]:
    """What `dump_supervised` makes of a file of games."""
    write_random_network(folder / "net.txt")
    command = [str(LEELAZ), "--gtp", "--cpu-only", "--noponder", "-w", "net.txt", "-t", "1"]
    lines = f"dump_supervised {sgf.name} out\nquit\n"
    result = subprocess.run(
        command, input=lines, cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )
    files = sorted(folder.glob("out.*.gz"))
    assert files, result.stdout + result.stderr
    return [position for path in files for position in read_chunks(path)]


def our_positions(folder: Path, sgf: Path) -> tuple[GameStore, list[ChunkPosition]]:
    """The same through the store and the sampler, symmetry 0."""
    convert([sgf], folder / "store", ConvertOptions(min_moves=1), workers=1)
    store = GameStore.open(folder / "store")
    params = SamplerParams(batch_size=256, symmetries=False)
    chosen = GameFilter(val_fraction=0.0, test_fraction=0.0)
    positions = []
    for batch in PositionSampler(store, "train", params, chosen).batches(0):
        for row in range(len(batch.ply)):
            policy = np.zeros(362, np.float32)
            policy[batch.policy_target[row]] = 1
            positions.append(ChunkPosition(batch.planes[row], policy, int(batch.value_target[row])))
    return store, positions


def counted(positions: list[ChunkPosition]) -> Counter[bytes]:
    return Counter(
        position.planes.tobytes() + position.policy.tobytes() + bytes([position.value & 3])
        for position in positions
    )


@pytest.mark.compiled
@pytest.mark.skipif(LEELAZ is None, reason="needs Debian's package leela-zero")
def test_samples_equal_those_of_leelaz_bit_for_bit(tmp_path: Path) -> None:
    sgf = write_records(tmp_path / "games.sgf", made_games())
    store, ours = our_positions(tmp_path, sgf)
    theirs = leelaz_positions(tmp_path, sgf)
    assert store.games == GAMES
    assert len(ours) == len(theirs) == store.positions > 3000
    assert counted(ours) == counted(theirs)
    # The comparison covers what it should: both colors, passes, captures, handicaps.
    assert {bool(position.planes[16].any()) for position in ours} == {True, False}
    assert any(position.policy[361] for position in ours)
    stones = [int(position.planes[[0, 8]].sum()) for position in ours]
    assert max(stones) < 330
    colors = [color for game in range(GAMES) for color, _ in store.setup(game)]
    assert set(colors) == {BLACK}
    firsts = {store.moves(game)[0][0] for game in range(GAMES)}
    assert firsts == {BLACK, WHITE}
