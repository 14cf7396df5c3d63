"""Weights of 3x3 convolutions as the kernels read them: transformed, and packed in blocks."""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lzp.winograd.tile_kernels import POINTS
from lzp.winograd.vector_kernels import BLOCK_COLUMNS
from lzp.winograd.weight_kernels import multiply

Array = NDArray[np.float32]
Float = TypeVar("Float", np.float32, np.float64)

_CACHE_LINE_BYTES = 64
#: Rows: a weight as the polynomial a + bx + cx² at 1, -1, 2, -2, 1/2, -1/2 and infinity, each
#: over the product of its point's distances from the others.
WEIGHT_TRANSFORM = np.array(
    [
        [sign**k * p**k / (sign * size) for k in range(3)]
        for p, size in ((1.0, -4.5), (2.0, 45.0), (0.5, 2.8125))
        for sign in (1, -1)
    ]
    + [[0, 0, 1]],
    np.float64,
)

#: The same in two variables: from the 9 weights to the 49 points.
_PLANE_TRANSFORM = np.kron(WEIGHT_TRANSFORM, WEIGHT_TRANSFORM)


def transform_weights(weight: NDArray[Float]) -> NDArray[Float]:
    """Return weights [out, in, 3, 3] at the points of a tile, [49, in, out]."""
    out, planes = weight.shape[:2]
    cells = np.ascontiguousarray(weight.transpose(2, 3, 1, 0)).reshape(9, planes * out)
    points = np.empty((POINTS, planes * out), weight.dtype)
    multiply(_PLANE_TRANSFORM.astype(weight.dtype), cells, points)
    return points.reshape(POINTS, planes, out)


def collect_gradient(points: NDArray[Float]) -> NDArray[Float]:
    """Return the gradient [out, in, 3, 3] of weights from that of `transform_weights`."""
    _, planes, out = points.shape
    cells = np.empty((9, planes * out), points.dtype)
    multiply(
        np.ascontiguousarray(_PLANE_TRANSFORM.T, points.dtype),
        np.ascontiguousarray(points).reshape(POINTS, planes * out),
        cells,
    )
    return np.ascontiguousarray(cells.reshape(3, 3, planes, out).transpose(3, 2, 0, 1))


def round_up(columns: int) -> int:
    """Return the next multiple of a block's columns."""
    return -(-columns // BLOCK_COLUMNS) * BLOCK_COLUMNS


def aligned(size: int) -> Array:
    """Return zeros float32 [size] that begin on a cache line, so that no vector lies on two."""
    room = np.zeros(size * 4 + _CACHE_LINE_BYTES, np.uint8)
    start = -room.ctypes.data % _CACHE_LINE_BYTES
    return room[start : start + size * 4].view(np.float32)


def pack(matrices: NDArray[np.floating]) -> Array:
    """Return matrices [..., depth, columns] flat, as [blocks, ..., depth, a block's columns]."""
    *several, columns = matrices.shape
    padded = np.zeros((*several, round_up(columns)), np.float32)
    padded[..., :columns] = matrices
    blocks = np.moveaxis(padded.reshape(*several, -1, BLOCK_COLUMNS), -2, 0)
    flat = aligned(blocks.size)
    flat[:] = blocks.ravel()
    return flat


def unpack(flat: Array, shape: tuple[int, ...]) -> Array:
    """Return the matrices [..., depth, columns] of a shape that `pack` has packed."""
    *several, columns = shape
    blocks = flat.reshape(-1, *several, BLOCK_COLUMNS)
    joined = np.moveaxis(blocks, 0, -2).reshape(*several, -1)
    return joined[..., :columns]
