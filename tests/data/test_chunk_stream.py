"""Chunks as streams: where records begin, whatever stands between them."""

import gzip
from collections.abc import Iterator
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lzp.data import ConvertOptions, chunk_stream, convert
from lzp.data.chunk_stream import begins_game, chunk_version, frames_of, split_chunk
from lzp.features.leela_chunks import BINARY, TEXT, ChunkError
from tests.data.chunk_makers import binary_of, positions_of, text_of
from tests.data.makers import random_game, random_records

WRITERS = {TEXT: text_of, BINARY: binary_of}


@cache
def records_of(version: int) -> list[bytes]:
    """Records of two games, one after the other."""
    games = [random_game(seed, 19, 12) for seed in (1, 2)]
    return [WRITERS[version](position) for game in games for position in positions_of(game, seed=1)]


def blocks_of(content: bytes, size: int) -> Iterator[bytes]:
    return (content[at : at + size] for at in range(0, len(content), size))


def whole(content: bytes, version: int, size: int = 1 << 20) -> list[bytes]:
    """The records that are found."""
    return [f.content for f in frames_of(blocks_of(content, size), version) if not f.fault]


@pytest.mark.parametrize("version", [TEXT, BINARY])
@given(size=st.integers(1, 9000))
def test_records_are_the_same_in_blocks_of_any_size(version: int, size: int) -> None:
    records = records_of(version)
    content = b"".join(records)
    assert whole(content, version, max(size, len(content) // 500)) == records


@pytest.mark.parametrize("version", [TEXT, BINARY])
@given(
    number=st.integers(1, 20), at=st.integers(1, 2000), lost=st.integers(1, 400), size=st.just(5000)
)
def test_lost_bytes_cost_the_records_they_were_in(
    version: int, number: int, at: int, lost: int, size: int
) -> None:
    records = records_of(version)
    damaged = records[number]
    at = min(at, len(damaged) - 2)
    cut = damaged[:at] + damaged[min(at + lost, len(damaged) - 1) :]
    found = whole(b"".join([*records[:number], cut, *records[number + 1 :]]), version, size)
    kept = [record for record in found if record in records]
    assert kept == records[:number] + records[number + 1 :]


@pytest.mark.parametrize("version", [TEXT, BINARY])
@given(number=st.integers(0, 21), junk=st.binary(min_size=1, max_size=3000))
def test_junk_between_records_costs_none_of_them(version: int, number: int, junk: bytes) -> None:
    records = records_of(version)
    ending = b"\n" if version == TEXT else b""
    content = b"".join([*records[:number], junk + ending, *records[number:]])
    assert [r for r in whole(content, version) if r in records] == records


def test_only_records_without_a_past_begin_games() -> None:
    for version in (TEXT, BINARY):
        frames = list(frames_of([b"".join(records_of(version))], version))
        starts = [number for number, frame in enumerate(frames) if begins_game(frame, version)]
        assert starts == [0, 12]


@pytest.mark.parametrize("version", [TEXT, BINARY])
def test_pieces_end_between_games(version: int) -> None:
    content = b"".join(records_of(version) * 40)
    pieces = list(split_chunk(blocks_of(content, 7000), version, "here"))
    assert [piece.first for piece in pieces] == [1, 265, 529, 793]
    assert sum(len(piece.frames) for piece in pieces) == 40 * 24
    assert all(begins_game(piece.frames[0], version) for piece in pieces)
    # Shuffled positions have no beginnings to wait for.
    shuffled = b"".join(records_of(version)[5:9] * 1200)
    assert [len(p.frames) for p in split_chunk([shuffled], version, "here")] == [2048, 2048, 704]


def test_forms_are_known_by_their_beginning() -> None:
    assert chunk_version(records_of(TEXT)[0]) == TEXT
    assert chunk_version(b"junk\n" + records_of(TEXT)[0]) == TEXT
    assert chunk_version(records_of(BINARY)[0]) == BINARY
    for head in (b"", b"(;GM[1]SZ[19]C[" + b"0" * 300, "".join(random_records(3)).encode()):
        assert chunk_version(head) is None


@pytest.mark.parametrize("version", [TEXT, BINARY])
@pytest.mark.parametrize("junk", [b"0" * 65536, b"\n" * 65536, b"\x00" * 65536, b"\xff\n" * 32768])
def test_endless_junk_is_given_up(
    monkeypatch: pytest.MonkeyPatch, version: int, junk: bytes
) -> None:
    monkeypatch.setattr(chunk_stream, "_MAX_JUNK_BYTES", 1 << 20)
    frames = frames_of(repeat(junk), version)
    with pytest.raises(ChunkError, match="within 16 MiB"):
        list(frames)


def test_a_bomb_ends_its_own_file_alone(tmp_path: Path) -> None:
    record, other = records_of(TEXT)[0], records_of(TEXT)[12]
    (tmp_path / "bomb.gz").write_bytes(gzip.compress(record + b"0" * (40 << 20)))
    (tmp_path / "good.gz").write_bytes(gzip.compress(other))
    (tmp_path / "torn.gz").write_bytes(gzip.compress(record + other)[:-30])
    report = convert([tmp_path], tmp_path / "store", ConvertOptions(), workers=1)
    assert report.games_stored >= 2
    assert report.broken_sources[0] == (f"{tmp_path.name}/bomb.gz: no end of a line within 16 MiB")
    assert report.broken_sources[1].startswith(f"{tmp_path.name}/torn.gz: ")
    assert len(report.broken_sources) == 2


def test_empty_files_have_no_records(tmp_path: Path) -> None:
    for version in (TEXT, BINARY):
        assert list(frames_of([], version)) == []
        assert list(frames_of([b""], version)) == []
    assert np.all([not frame.fault for frame in frames_of([records_of(TEXT)[0] + b"\n\n"], TEXT)])
