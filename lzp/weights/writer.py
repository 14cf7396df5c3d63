"""Leela Zero weight files, written: every number in its shortest exact float32 form."""

import gzip
import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.weights.atomic import replacing
from lzp.weights.tensors import LeelaWeights


def write_weights(path: Path, weights: LeelaWeights) -> None:
    """Write a weight file that leelaz reads; gzip when the name ends in ``.gz``.

    Equal weights give equal bytes. The file appears under its name only when complete.

    Raises:
        OSError: the file cannot be written.
    """
    text = format_weights(weights)
    with replacing(path) as file:
        file.write(_compress(text) if path.suffix == ".gz" else text)


def format_weights(weights: LeelaWeights) -> bytes:
    """Return the text of a weight file; reading it back gives the same bits."""
    lines = [str(weights.version).encode()]
    lines += [_format_line(array) for _, array in weights.named_tensors()]
    return b"\n".join(lines) + b"\n"


def _format_line(array: NDArray[np.float32]) -> bytes:
    # numpy's text form of a float32 is the shortest that reads back as the same float32.
    words: list[bytes] = array.ravel().astype("S32").tolist()
    return b" ".join(words)


def _compress(text: bytes) -> bytes:
    """Return gzip data without a time stamp or a name, so that equal nets are equal files."""
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, compresslevel=6, mtime=0) as file:
        file.write(text)
    return packed.getvalue()
