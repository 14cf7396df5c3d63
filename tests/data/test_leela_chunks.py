"""Leela Zero's chunks, and our samples against what the real leelaz writes."""

import gzip
import struct
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from lzp.data import ConvertOptions, GameFilter, GameStore, PositionSampler, SamplerParams, convert
from lzp.data.chunk_stream import frames_of, read_chunk
from lzp.data.chunk_writer import write_chunks
from lzp.features.leela_chunks import (
    BINARY,
    TEXT,
    ChunkError,
    ChunkPosition,
    format_record,
    parse_record,
)
from lzp.go import BLACK, WHITE
from tests.data.chunk_makers import (
    LEELAZ,
    binary_of,
    made_games,
    positions_of,
    text_of,
    unpacked,
)
from tests.data.makers import sgf_of, write_records
from tests.networks import write_random_network

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
    (position,) = read_chunk(chunk(tmp_path, record_text()))
    assert np.flatnonzero(position.planes[8]).tolist() == [60, 300]
    assert np.flatnonzero(position.planes.sum((1, 2))).tolist() == [8, 17]
    assert position.planes[17].all()
    assert np.flatnonzero(position.policy).tolist() == [288]
    assert position.value == 1


def test_the_last_point_is_a_bit_of_its_own(tmp_path: Path) -> None:
    (position,) = read_chunk(chunk(tmp_path, record_text(plane="0" * 89 + "11")))
    assert np.flatnonzero(position.planes[8]).tolist() == [359, 360]


BAD = [
    (record_text() + record_text(turn="2"), "record 2: cut off: 19 lines|record 2: not 19 lines"),
    (record_text(value="0"), "record 1: "),
    (record_text(policy="0.5 0.5"), "record 1: expected 362 .* found 2"),
    (record_text(policy=" ".join(["nan"] * 362)), "finite"),
    (record_text(policy=" ".join(["1e39"] * 362)), "finite"),
    (record_text(policy=" ".join(["-1"] * 362)), "below 0"),
    (record_text(policy=" ".join(["0"] * 362)), "no move has a part"),
    (record_text(policy=" ".join(["1e"] * 362)), "policy number 1 is not a number"),
    (record_text(policy=" ".join(["x"] * 362)), "record 1: "),
    (record_text(plane="0" * 90 + "2"), "a plane"),
    (record_text(plane="g" * 90 + "0"), "record 1: a plane"),
    (record_text()[:500], "record 1: cut off"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_chunks_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ChunkError, match=message) as caught:
        list(read_chunk(chunk(tmp_path, text)))
    assert str(caught.value).startswith(str(tmp_path / "chunk.gz"))
    assert "\n" not in str(caught.value)


BAD_BYTES = [
    ((2174, b"\x02"), "the side to move is neither 0 nor 1, but 2"),
    ((2175, b"\xff"), "the result is neither 0 nor 1, but 255"),
    ((4, struct.pack("<f", float("nan"))), "not finite"),
    ((4, struct.pack("<f", -0.5)), "below 0"),
    ((4 + 4 * 288, struct.pack("<f", 0.0)), "no move has a part"),
]


@pytest.mark.parametrize(("change", "message"), BAD_BYTES)
def test_bad_binary_chunks_are_named(
    tmp_path: Path, change: tuple[int, bytes], message: str
) -> None:
    (position,) = read_chunk(chunk(tmp_path, record_text()))
    good = binary_of(position)
    at, new = change
    path = tmp_path / "chunk.bin"
    path.write_bytes(good + good[:at] + new + good[at + len(new) :] + good)
    with pytest.raises(ChunkError, match=f"record 2: .*{message}"):
        list(read_chunk(path))
    path.write_bytes(good + good[:-1])
    with pytest.raises(ChunkError, match="record 2: cut off: 2175 bytes instead of 2176"):
        list(read_chunk(path))


@pytest.mark.compiled
def test_records_are_written_as_the_format_says() -> None:
    games = made_games(6)
    positions = [
        position
        for number, game in enumerate(games)
        for position in positions_of(game, seed=number)[:40]
    ]
    for position in positions:
        text, binary = format_record(position, TEXT), format_record(position, BINARY)
        assert text == text_of(position)
        assert binary == binary_of(position)
        for content, version in ((text, TEXT), (binary, BINARY)):
            again = parse_record(content, version)
            assert np.array_equal(again.planes, position.planes)
            assert again.value == position.value
            assert format_record(again, version) == content
        assert np.array_equal(parse_record(binary, BINARY).policy, position.policy)


def test_numbers_of_six_digits_come_back_as_they_were() -> None:
    rng = np.random.default_rng(3)
    for _ in range(30):
        numbers = np.exp(rng.uniform(np.log(1e-30), 0, 362))
        line = " ".join(f"{number:g}" for number in numbers)
        text = record_text(policy=line).encode()
        assert format_record(parse_record(text, TEXT), TEXT) == text


def test_files_that_are_no_chunks(tmp_path: Path) -> None:
    path = tmp_path / "a.gz"
    path.write_bytes(b"")
    assert list(read_chunk(path)) == []
    path.write_bytes(gzip.compress(b""))
    assert list(read_chunk(path)) == []
    for content in (b"not packed", gzip.compress(record_text().encode())[:-9]):
        path.write_bytes(content)
        with pytest.raises(ChunkError, match=r"a\.gz"):
            list(read_chunk(path))
    with pytest.raises(ChunkError, match=r"none\.gz"):
        list(read_chunk(tmp_path / "none.gz"))


def made_records() -> list[str]:
    """Records that leelaz and we both accept."""
    results = ["B+R", "W+3.5", "W+R"]
    return [sgf_of(game, results[index % 3]) for index, game in enumerate(made_games(GAMES))]


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
    return [position for path in files for position in read_chunk(path)]


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
    sgf = write_records(tmp_path / "games.sgf", made_records())
    store, ours = our_positions(tmp_path, sgf)
    theirs = leelaz_positions(tmp_path, sgf)
    assert store.games == GAMES
    assert len(ours) == len(theirs) == store.positions > 3000
    assert counted(ours) == counted(theirs)
    same_games_from_chunks(tmp_path, store)
    # The comparison covers what it should: both colors, passes, captures, handicaps.
    assert {bool(position.planes[16].any()) for position in ours} == {True, False}
    assert any(position.policy[361] for position in ours)
    stones = [int(position.planes[[0, 8]].sum()) for position in ours]
    assert max(stones) < 330
    colors = [color for game in range(GAMES) for color, _ in store.setup(game)]
    assert set(colors) == {BLACK}
    firsts = {store.moves(game)[0][0] for game in range(GAMES)}
    assert firsts == {BLACK, WHITE}


def same_games_from_chunks(folder: Path, store: GameStore) -> None:
    """leelaz's files, converted, hold the games of the records, and are written again as is."""
    files = sorted(folder.glob("out.*.gz"))
    convert(files, folder / "chunks.lzps", ConvertOptions(), workers=1)
    rebuilt = GameStore.open(folder / "chunks.lzps")
    assert not rebuilt.has_policies
    assert not rebuilt.context.any()
    for name in ("hash", "result", "handicap", "first_player"):
        assert Counter(rebuilt.numbers(name).tolist()) == Counter(store.numbers(name).tolist())
    moves = [Counter(repr(s.moves(game)) for game in range(s.games)) for s in (rebuilt, store)]
    assert moves[0] == moves[1]
    write_chunks(rebuilt, folder / "again", TEXT)
    assert unpacked(sorted((folder / "again").iterdir())) == unpacked(files)
    # The games of the records themselves give the same records, if not in leelaz's order.
    write_chunks(store, folder / "ours", TEXT)
    ours, theirs = (
        Counter(frame.content for frame in frames_of([unpacked(names)], TEXT))
        for names in (sorted((folder / "ours").iterdir()), files)
    )
    assert ours == theirs
