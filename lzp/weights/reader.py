"""Leela Zero weight files: version line, then one tensor a line; plain text or gzip.

What a file must hold follows from three of its own figures, each checked before it is
used: the number of lines gives the blocks, the first bias the filters, the policy bias
the board side. Nothing is allocated but what the file's own text fills.
"""

import gzip
import re
import warnings
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from lzp.weights.tensors import (
    ConvNorm,
    Dense,
    LeelaWeights,
    WeightsError,
    layer_shapes,
    side_of_policy,
)

GZIP_MAGIC = b"\x1f\x8b"
#: Lines besides those of the residual blocks: version, input, both heads.
FIXED_LINES = 19
LINES_PER_BLOCK = 8
#: Far above any network known (80 blocks, 512 filters); a file beyond is not one.
MAX_BLOCKS = 256
MAX_LINE_BYTES = 128 << 20
#: Tensors after the last block, from the end: where the policy bias stands.
POLICY_BIAS_FROM_END = 9


def read_weights(path: Path) -> LeelaWeights:
    """Read a Leela Zero weight file of version 1 or 2, gzip or plain, any board side.

    Blank lines at the end are accepted, which leelaz refuses; nan and inf are refused,
    which leelaz accepts.

    Raises:
        WeightsError: the file is missing, cut off or not such a file; names file and line.
    """
    try:
        with path.open("rb") as raw:
            lines = list(_lines(raw))
        return _assemble(lines)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error}") from None
    except FileNotFoundError:
        raise WeightsError(f"{path}: no such file") from None
    except EOFError:
        raise WeightsError(f"{path}: the gzip data is cut off") from None
    except (gzip.BadGzipFile, zlib.error) as error:
        raise WeightsError(f"{path}: damaged gzip data ({error})") from None
    except OSError as error:
        raise WeightsError(f"{path}: {error.strerror or error}") from None


def _lines(raw: BinaryIO) -> Iterator[NDArray[np.float32]]:
    """Yield the version as an array of one number, then the numbers of each line."""
    zipped = raw.read(2) == GZIP_MAGIC
    raw.seek(0)
    text: BinaryIO = gzip.GzipFile(fileobj=raw) if zipped else raw  # type: ignore[assignment]
    blank_since = 0
    for number in range(1, FIXED_LINES + LINES_PER_BLOCK * MAX_BLOCKS + 2):
        line = text.readline(MAX_LINE_BYTES)
        if not line:
            return
        if not line.strip():
            blank_since = blank_since or number
            continue
        if blank_since:
            raise WeightsError(f"line {blank_since}: empty, expected numbers")
        yield _parse_version(line) if number == 1 else _parse_numbers(line, number)
    raise WeightsError(f"more than {MAX_BLOCKS} residual blocks: not a network")


def _parse_version(line: bytes) -> NDArray[np.float32]:
    """Return the version; like leelaz, ignores what follows the first integer."""
    found = re.match(rb"\s*([+-]?\d{1,9})(?:\s|$)", line)
    if not found:
        shown = _shorten(line.strip())
        raise WeightsError(f"line 1: expected a version, 1 or 2, found {shown}")
    if int(found[1]) not in (1, 2):
        raise WeightsError(f"line 1: version {int(found[1])}, expected 1 or 2")
    return np.array([int(found[1])], np.float32)


def _parse_numbers(line: bytes, number: int) -> NDArray[np.float32]:
    """Return the numbers of one line, all finite."""
    if len(line) >= MAX_LINE_BYTES:
        raise WeightsError(f"line {number}: longer than {MAX_LINE_BYTES} bytes: not a network")
    try:
        with warnings.catch_warnings():
            # Older numpy warns of text that is no number, newer raises ValueError.
            warnings.simplefilter("error", DeprecationWarning)
            parsed = np.fromstring(line, dtype=np.float32, sep=" ")
    except (ValueError, DeprecationWarning):
        raise WeightsError(f"line {number}: {_first_non_number(line)}") from None
    if not np.isfinite(parsed).all():
        index = int(np.argmin(np.isfinite(parsed)))
        raise WeightsError(f"line {number}: number {index + 1} is not finite")
    return parsed


def _first_non_number(line: bytes) -> str:
    """Say which word of a line is no number."""
    for index, word in enumerate(line.split(), 1):
        if not re.fullmatch(rb"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(nan|inf)", word):
            return f"word {index} is not a number: {_shorten(word)}"
    return "not a list of numbers separated by blanks"


def _shorten(text: bytes) -> str:
    """Return foreign bytes as a short printable quote."""
    return ascii(text[:20].decode("latin-1")) + ("..." if len(text) > 20 else "")


def _assemble(lines: list[NDArray[np.float32]]) -> LeelaWeights:
    """Give the lines of a file their shapes and places."""
    if not lines:
        raise WeightsError("empty file, expected Leela Zero weights")
    blocks, rest = divmod(len(lines) - FIXED_LINES, LINES_PER_BLOCK)
    if rest or blocks < 1:
        raise WeightsError(
            f"{len(lines)} lines, expected {FIXED_LINES} + {LINES_PER_BLOCK} for each "
            "residual block: the file is cut off or no network"
        )
    shapes = layer_shapes(len(lines[2]), blocks, side_of_policy(len(lines[-POLICY_BIAS_FROM_END])))
    tensors = []
    for number, (array, (name, shape)) in enumerate(zip(lines[1:], shapes, strict=True), 2):
        expected = int(np.prod(shape))
        if len(array) != expected:
            raise WeightsError(f"line {number} ({name}): {len(array)} numbers, expected {expected}")
        tensors.append(array.reshape(shape))
    return _place(int(lines[0][0]), tensors, blocks)


def _place(version: int, tensors: list[NDArray[np.float32]], blocks: int) -> LeelaWeights:
    """Make the network of tensors in file order."""
    queue = iter(tensors)

    def conv() -> ConvNorm:
        return ConvNorm(next(queue), next(queue), next(queue), next(queue))

    def dense() -> Dense:
        return Dense(next(queue), next(queue))

    # Keyword arguments are evaluated in the order written: the order of the file.
    return LeelaWeights(
        version=version,
        input=conv(),
        blocks=tuple((conv(), conv()) for _ in range(blocks)),
        policy_conv=conv(),
        policy=dense(),
        value_conv=conv(),
        value_hidden=dense(),
        value=dense(),
    )
