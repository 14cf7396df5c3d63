"""Leela Zero's training chunks: gzip text, 19 lines a position (version 1).

lines  1-16  planes 0-15: 90 hex digits, the most significant bit the first point of
             each four, then one character 0 or 1 for point 360
line   17    0 if Black is to move, 1 if White
line   18    362 numbers: the policy target, the pass last
line   19    1 if the side to move won, else -1
"""

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import numpy as np
from numpy.typing import NDArray

from lzp.features import PLANES
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE

SIDE = 19
_AREA = SIDE * SIDE
_STONE_PLANES = 16
_HEX_DIGITS = 90
_LINES = _STONE_PLANES + 3
#: 362 numbers of at most 15 characters; no line may be longer.
_MAX_LINE = 8192


class ChunkError(ValueError):
    """A chunk that cannot be read; the text names the file and the line."""


class ChunkPosition(NamedTuple):
    """One position of a chunk, under symmetry 0.

    Attributes:
        planes: uint8 [18, 19, 19] of 0 and 1, in the order of lzp.features.
        policy: float32 [362], the target over moves, the pass last.
        value: +1 if the side to move won, else -1.
    """

    planes: NDArray[np.uint8]
    policy: NDArray[np.float32]
    value: int


def read_chunks(path: Path) -> Iterator[ChunkPosition]:
    """Yield the positions of a chunk file; an empty file has none.

    Raises:
        ChunkError: the file is missing, cut off, or not of this form.
    """
    try:
        if path.stat().st_size == 0:
            return
        with gzip.open(path, "rb") as stream:
            yield from _positions(path, cast(BinaryIO, stream))
    except (OSError, EOFError, zlib.error) as error:
        raise ChunkError(f"{path}: {getattr(error, 'strerror', None) or error}") from None


def _positions(path: Path, stream: BinaryIO) -> Iterator[ChunkPosition]:
    """Yield the positions of an open chunk."""
    number = 0
    while True:
        lines = [stream.readline(_MAX_LINE).rstrip(b"\r\n") for _ in range(_LINES)]
        if not any(lines):
            return
        try:
            yield _parse(lines)
        except ValueError as error:
            first = number * _LINES + 1
            raise ChunkError(f"{path}: position at line {first}: {error}") from None
        number += 1


def _parse(lines: list[bytes]) -> ChunkPosition:
    """Return the position that 19 lines describe."""
    planes = np.zeros((PLANES, _AREA), np.uint8)
    for plane, line in enumerate(lines[:_STONE_PLANES]):
        planes[plane] = _parse_plane(line)
    turn, value = lines[_STONE_PLANES], lines[_STONE_PLANES + 2]
    if turn not in (b"0", b"1"):
        raise ValueError("the side to move is neither 0 nor 1")
    planes[WHITE_TO_MOVE_PLANE if turn == b"1" else BLACK_TO_MOVE_PLANE] = 1
    policy = np.array(lines[_STONE_PLANES + 1].split(), np.float32)
    if len(policy) != _AREA + 1 or not np.isfinite(policy).all():
        raise ValueError(f"expected {_AREA + 1} finite policy numbers, found {len(policy)}")
    if value not in (b"1", b"-1"):
        raise ValueError("the result is neither 1 nor -1")
    return ChunkPosition(planes.reshape(PLANES, SIDE, SIDE), policy, int(value))


def _parse_plane(line: bytes) -> NDArray[np.uint8]:
    """Return one plane's 361 points."""
    if len(line) != _HEX_DIGITS + 1 or line[-1:] not in (b"0", b"1"):
        raise ValueError("a plane is not 90 hex digits and a last 0 or 1")
    packed = np.frombuffer(bytes.fromhex(line[:_HEX_DIGITS].decode("ascii")), np.uint8)
    return np.append(np.unpackbits(packed), np.uint8(line[-1:] == b"1"))
