"""Chunks as streams of bytes: which form they have, and where each record begins.

A record that is damaged takes no other with it: in text the next one begins at the first
line of a plane that follows another kind of line, in binary form where two records in a row
begin as they should.
"""

import gzip
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from lzp.features.leela_chunks import (
    BINARY,
    BINARY_BYTES,
    BINARY_MAGIC,
    PLANE_CHARACTERS,
    PLANES_AT,
    STONE_PLANES,
    TEXT,
    TEXT_LINES,
    TURN_AT,
    ChunkError,
    ChunkPosition,
    parse_record,
)

_PLANE_LINE = re.compile(rb"^[0-9a-f]{90}[01]\r?$", re.MULTILINE)
#: 362 numbers of at most 15 characters; what is longer is cut there.
_MAX_LINE = 8192
_BLOCK = 1 << 20
_MAX_JUNK_BYTES = 1 << 24
#: A piece for a worker ends at the first beginning of a game after so many records, which
#: chunks in order have every few hundred records, and at the latest after so many.
_ENOUGH_RECORDS = 256
_MOST_RECORDS = 2048

_LINE_BYTES = PLANE_CHARACTERS + 1
_EMPTY_PAST = (b"0" * PLANE_CHARACTERS + b"\n") * (STONE_PLANES // 2 - 1)
_OWN_PAST_AT = _LINE_BYTES
_OTHER_PAST_AT = (STONE_PLANES // 2 + 1) * _LINE_BYTES
#: Two lines of planes with one stone, zeros left out: a digit has four points.
_ONE_STONE = (b"1", b"2", b"4", b"8")
#: The bits of planes 1-7 and 9-15 among those of all planes, the first bit highest.
_PLANE_BITS = [((1 << 361) - 1) << (361 * (15 - plane)) for plane in range(STONE_PLANES)]
_PAST_BITS = sum(_PLANE_BITS[1:8]) | sum(_PLANE_BITS[9:])


class Frame(NamedTuple):
    """What stands where a record should: its bytes, and the fault seen from outside."""

    content: bytes
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RawChunk:
    """Consecutive records of a chunk.

    Attributes:
        place: the file or archive member.
        version: TEXT or BINARY.
        first: the number of the first record in the file, from 1.
        frames: the records.
    """

    place: str
    version: int
    first: int
    frames: tuple[Frame, ...]

    @property
    def size(self) -> int:
        """Bytes of the records."""
        return sum(len(frame.content) for frame in self.frames)


def chunk_version(head: bytes) -> int | None:
    """Return the form of an unpacked chunk by what it begins with; None if it is none."""
    if head.startswith(BINARY_MAGIC):
        return BINARY
    return TEXT if _PLANE_LINE.search(head) else None


def read_chunk(path: Path) -> Iterator[ChunkPosition]:
    """Yield the positions of a chunk file, packed or not; an empty one has none.

    Raises:
        ChunkError: the file is missing or cut off, or a record in it is not of its form.
    """
    number = 0
    try:
        with path.open("rb") as plain:
            packed = plain.read(2) == b"\x1f\x8b"
        with gzip.open(path, "rb") if packed else path.open("rb") as stream:
            head = stream.read(_BLOCK)
            version = chunk_version(head)
            if version is None and head:
                raise ValueError("not a chunk")
            rest = iter(lambda: stream.read(_BLOCK), b"")
            for frame in frames_of(chain((head,), rest), version or TEXT):
                number += 1
                if frame.fault:
                    raise ValueError(frame.fault)
                yield parse_record(frame.content, version or TEXT)
    except (OSError, EOFError, zlib.error, ValueError) as error:
        text = getattr(error, "strerror", None) or error
        place = f"{path}: record {number}" if number else path
        raise ChunkError(f"{place}: {text}") from None


def split_chunk(blocks: Iterable[bytes], version: int, place: str) -> Iterator[RawChunk]:
    """Yield a chunk's records in pieces that do not depend on how it is read.

    Raises:
        ChunkError: too much of it is no record; the pieces before that have been yielded.
    """
    held: list[Frame] = []
    number = 1
    for frame in frames_of(blocks, version):
        enough = len(held) >= _ENOUGH_RECORDS and begins_game(frame, version)
        if enough or len(held) >= _MOST_RECORDS:
            yield RawChunk(place, version, number - len(held), tuple(held))
            held = []
        held.append(frame)
        number += 1
    if held:
        yield RawChunk(place, version, number - len(held), tuple(held))


def begins_game(frame: Frame, version: int) -> bool:
    """Return whether a record has no past: nothing before it can belong to its game.

    A single stone without a past is no beginning, but the second position of a game.
    """
    if frame.fault:
        return False
    if version == BINARY:
        bits = int.from_bytes(frame.content[PLANES_AT:TURN_AT], "big")
        return not bits & _PAST_BITS and bits.bit_count() != 1
    own = frame.content.startswith(_EMPTY_PAST, _OWN_PAST_AT)
    if not own or not frame.content.startswith(_EMPTY_PAST, _OTHER_PAST_AT):
        return False
    now = (
        frame.content[:_OWN_PAST_AT] + frame.content[_OTHER_PAST_AT - _LINE_BYTES : _OTHER_PAST_AT]
    )
    return now.translate(None, b"0\n") not in _ONE_STONE


def frames_of(blocks: Iterable[bytes], version: int) -> Iterator[Frame]:
    """Yield the records of a chunk, and in their place what is damaged.

    Raises:
        ChunkError: more than 16 MiB in a row are no record.
    """
    return _text_frames(blocks) if version == TEXT else _binary_frames(blocks)


def _text_frames(blocks: Iterable[bytes]) -> Iterator[Frame]:
    lines: list[bytes] = []
    junk = 0  # bytes since the last record
    for more in _line_blocks(blocks):
        lines += more
        at = 0
        while at + TEXT_LINES <= len(lines):
            if _is_whole(lines, at):
                yield Frame(b"\n".join(lines[at : at + TEXT_LINES]) + b"\n")
                at, junk = at + TEXT_LINES, 0
                continue
            end = _next_start(lines, at + 1)
            if junk == 0:
                yield Frame(b"", f"not {TEXT_LINES} lines of a position")
            junk += sum(map(len, lines[at:end])) + end - at
            at = end
        if junk > _MAX_JUNK_BYTES:
            raise ChunkError("no position within 16 MiB")
        del lines[:at]
    if any(lines) and junk == 0:
        yield Frame(b"", f"cut off: {len(lines)} lines instead of {TEXT_LINES}")


def _line_blocks(blocks: Iterable[bytes]) -> Iterator[list[bytes]]:
    """Yield the lines that end in each block; of an endless one only the beginning is held."""
    rest = b""
    endless = 0
    for block in blocks:
        parts = (rest + block).replace(b"\r\n", b"\n").split(b"\n")
        endless = endless + len(block) if len(parts) == 1 else 0
        if endless > _MAX_JUNK_BYTES:
            raise ChunkError("no end of a line within 16 MiB")
        rest = parts.pop()[:_MAX_LINE]
        yield parts
    if rest:
        yield [rest]


def _is_whole(lines: list[bytes], at: int) -> bool:
    """Return whether 19 lines stand where they should; what is in them is not looked at."""
    turn, result = lines[at + STONE_PLANES], lines[at + TEXT_LINES - 1]
    return turn in (b"0", b"1") and result in (b"1", b"-1")


def _next_start(lines: list[bytes], first: int) -> int:
    """Return where a record may begin; the last line where there is no such place."""
    for at in range(first, len(lines)):
        if len(lines[at]) == PLANE_CHARACTERS and len(lines[at - 1]) != PLANE_CHARACTERS:
            return at
    return max(first, len(lines) - 1)


def _binary_frames(blocks: Iterable[bytes]) -> Iterator[Frame]:
    data = b""
    junk = 0  # bytes since the last record
    for block, final in _with_end(blocks):
        data += block
        at = 0
        needed = BINARY_BYTES if final else 2 * BINARY_BYTES + len(BINARY_MAGIC)
        while at + needed <= len(data):
            found = _find_record(data, at, final)
            if found == at:
                yield Frame(data[at : at + BINARY_BYTES])
                at, junk = at + BINARY_BYTES, 0
                continue
            if junk == 0:
                yield Frame(b"", "it does not begin with the number 1, or is not 2176 bytes")
            junk += found - at
            at = found
        if junk > _MAX_JUNK_BYTES:
            raise ChunkError("no position within 16 MiB")
        data = data[at:]
    if data and junk == 0:
        yield Frame(b"", f"cut off: {len(data)} bytes instead of {BINARY_BYTES}")


def _with_end(blocks: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Yield each block and whether it is the last."""
    held = b""
    for block in blocks:
        if held:
            yield held, False
        held = block
    yield held, True


def _find_record(data: bytes, at: int, final: bool) -> int:
    """Return where the next record begins, `at` or later, or how far there is none.

    A record is believed to begin where the mark stands and stands again one record later,
    or the data end there; and at `at`, unless the next such place is inside of it.
    """
    marked = data.startswith(BINARY_MAGIC, at)
    if marked and data.startswith(BINARY_MAGIC, at + BINARY_BYTES):
        return at
    place = data.find(BINARY_MAGIC, at + 1)
    while place >= 0 and not _is_followed(data, place, final):
        place = data.find(BINARY_MAGIC, place + 1)
    if marked and not at < place < at + BINARY_BYTES:
        return at
    if place >= 0:
        return place
    rest = 0 if final else BINARY_BYTES + len(BINARY_MAGIC) - 1
    return max(at + 1, len(data) - rest)


def _is_followed(data: bytes, place: int, final: bool) -> bool:
    """Return whether a record of this place would end where the next one begins."""
    end = place + BINARY_BYTES
    return data.startswith(BINARY_MAGIC, end) or (final and end == len(data))
