"""Leela Zero's training positions: one record of a chunk, read and written.

Version 1 is text, 19 lines a position:

lines  1-16  planes 0-15: 90 hex digits, the most significant bit the first point of
             each four, then one character 0 or 1 for point 360
line   17    0 if Black is to move, 1 if White
line   18    362 numbers of 6 digits: the policy, the pass last
line   19    1 if the side to move won, else -1

Version 2 is 2176 bytes a position, little-endian:

     0    4  the number 1
     4 1448  the policy, 362 float32
  1452  722  planes 0-15, 16 * 361 bits, the most significant first, without gaps
  2174    1  0 if Black is to move, 1 if White
  2175    1  1 if the side to move won, else 0
"""

import string
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.features import PLANES
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE

SIDE = 19
AREA = SIDE * SIDE
STONE_PLANES = 16
#: The two forms.
TEXT, BINARY = 1, 2
CHUNK_VERSIONS = (TEXT, BINARY)
TEXT_LINES = STONE_PLANES + 3
PLANE_CHARACTERS = 91
BINARY_BYTES = 2176
BINARY_MAGIC = b"\x01\x00\x00\x00"
POLICY_AT, PLANES_AT, TURN_AT, RESULT_AT = 4, 1452, 2174, 2175
_HEX_DIGITS = 90
_TEXT_TURN_AT = STONE_PLANES * (PLANE_CHARACTERS + 1)
#: The value of each character that is a hex digit; 255 for the others.
_DIGITS = np.full(256, 255, np.uint8)
_DIGITS[np.frombuffer(string.hexdigits.encode(), np.uint8)] = [
    int(digit, 16) for digit in string.hexdigits
]
_NUMBER_CHARACTERS = (string.digits + "+-.eE ").encode()


class ChunkError(ValueError):
    """A chunk that cannot be read or written; the text is one line."""


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


def parse_record(content: bytes, version: int) -> ChunkPosition:
    """Return the position of one record.

    Raises:
        ValueError: the record is not of this form; the text says what is wrong.
    """
    return _parse_text(content) if version == TEXT else _parse_binary(content)


def format_record(position: ChunkPosition, version: int) -> bytes:
    """Return a position as one record, byte for byte as Leela Zero's tools write it."""
    return _format_text(position) if version == TEXT else _format_binary(position)


def _parse_text(content: bytes) -> ChunkPosition:
    lines = content[_TEXT_TURN_AT:].split(b"\n")
    if content.count(b"\n") != TEXT_LINES or lines[-1]:
        raise ValueError(f"not {TEXT_LINES} lines")
    stones = _parse_planes(content[:_TEXT_TURN_AT])  # the lines before have these lengths
    turn, policy, value, _ = lines
    if turn not in (b"0", b"1"):
        raise ValueError("the side to move is neither 0 nor 1")
    if value not in (b"1", b"-1"):
        raise ValueError("the result is neither 1 nor -1")
    return ChunkPosition(_planes(stones, turn == b"1"), _parse_policy(policy), int(value))


def _parse_planes(text: bytes) -> NDArray[np.uint8]:
    """Return the points of the 16 lines of planes, [16, 361]."""
    lines = np.frombuffer(text, np.uint8).reshape(STONE_PLANES, -1)
    digits, last = _DIGITS[lines[:, :_HEX_DIGITS]], _DIGITS[lines[:, _HEX_DIGITS]]
    if digits.max() > 15 or last.max() > 1 or np.any(lines[:, -1] != ord("\n")):
        raise ValueError("a plane is not 90 hex digits and a last 0 or 1")
    packed = (digits[:, ::2] << 4 | digits[:, 1::2]).astype(np.uint8)
    stones = np.empty((STONE_PLANES, AREA), np.uint8)
    stones[:, :-1] = np.unpackbits(packed, axis=1)
    stones[:, -1] = last
    return stones


def _parse_policy(line: bytes) -> NDArray[np.float32]:
    """Return the policy of a line of numbers."""
    words = line.split()
    if len(words) != AREA + 1 or line.translate(None, _NUMBER_CHARACTERS):
        raise ValueError(f"expected {AREA + 1} finite policy numbers, found {len(words)} words")
    policy = np.zeros(AREA + 1)
    for move in [move for move, word in enumerate(words) if word != b"0"]:  # few are not
        try:
            policy[move] = float(words[move])
        except ValueError:
            raise ValueError(f"policy number {move + 1} is not a number") from None
    with np.errstate(over="ignore"):
        return _checked(policy.astype(np.float32))


def _parse_binary(content: bytes) -> ChunkPosition:
    if len(content) != BINARY_BYTES:
        raise ValueError(f"{len(content)} bytes instead of {BINARY_BYTES}")
    if not content.startswith(BINARY_MAGIC):
        raise ValueError("it does not begin with the number 1")
    turn, result = content[TURN_AT], content[RESULT_AT]
    if turn > 1:
        raise ValueError(f"the side to move is neither 0 nor 1, but {turn}")
    if result > 1:
        raise ValueError(f"the result is neither 0 nor 1, but {result}")
    policy = np.frombuffer(content, "<f4", AREA + 1, POLICY_AT).astype(np.float32)
    packed = np.frombuffer(content, np.uint8, TURN_AT - PLANES_AT, PLANES_AT)
    stones = np.unpackbits(packed).reshape(STONE_PLANES, AREA)
    return ChunkPosition(_planes(stones, turn == 1), _checked(policy), 1 if result else -1)


def _checked(policy: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a policy that can be learned."""
    if not np.isfinite(policy).all():
        raise ValueError("a policy number is not finite")
    if policy.min() < 0:
        raise ValueError("a policy number is below 0")
    if not policy.any():
        raise ValueError("no move has a part of the policy")
    return policy


def _planes(stones: NDArray[np.uint8], white: bool) -> NDArray[np.uint8]:
    """Return all planes from those of the stones [16, 361] and the side to move."""
    planes = np.zeros((PLANES, AREA), np.uint8)
    planes[:STONE_PLANES] = stones
    planes[WHITE_TO_MOVE_PLANE if white else BLACK_TO_MOVE_PLANE] = 1
    return planes.reshape(PLANES, SIDE, SIDE)


def _format_text(position: ChunkPosition) -> bytes:
    stones = position.planes[:STONE_PLANES].reshape(STONE_PLANES, AREA)
    packed = np.packbits(stones[:, : AREA - 1], axis=1)
    lines = [
        row.tobytes().hex() + ("1" if last else "0")
        for row, last in zip(packed, stones[:, -1], strict=True)
    ]
    words = ["0"] * (AREA + 1)
    for move in np.flatnonzero(position.policy.view(np.uint32)).tolist():
        words[move] = f"{float(position.policy[move]):g}"  # as C++ prints a float
    lines += [str(_turn(position)), " ".join(words), str(position.value)]
    return ("\n".join(lines) + "\n").encode()


def _format_binary(position: ChunkPosition) -> bytes:
    stones = position.planes[:STONE_PLANES].reshape(-1)
    return b"".join(
        (
            BINARY_MAGIC,
            position.policy.astype("<f4").tobytes(),
            np.packbits(stones).tobytes(),
            bytes((_turn(position), position.value > 0)),
        )
    )


def _turn(position: ChunkPosition) -> int:
    """Return 0 if Black is to move, 1 if White."""
    return int(position.planes[WHITE_TO_MOVE_PLANE, 0, 0])


def chunk_name(number: int) -> Path:
    """Return the file name of the chunk of a number, as Leela Zero's tools choose it."""
    return Path(f"train_{number:08d}.gz")
