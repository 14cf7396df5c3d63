"""Convolutions of batches, and their gradients, spread over threads."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from queue import Empty, SimpleQueue
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lzp.winograd.gradient_kernels import add_weight_gradient, convolve_batch
from lzp.winograd.tile_kernels import POINTS, count_tiles, padded_side, point_step
from lzp.winograd.training_state import TrainingRoom
from lzp.winograd.vector_kernels import BLOCK_COLUMNS, LANES
from lzp.winograd.weights import (
    aligned,
    collect_gradient,
    pack,
    round_up,
    transform_weights,
    unpack,
)

Array = NDArray[np.float32]
T = TypeVar("T")

#: Positions at once: more would leave the cache, fewer would read the weights more often.
TOGETHER = 4


def convolve_boards(boards: Array, weight: Array, threads: int = 1) -> Array:
    """Return the 3x3 convolution of boards with zeros around them.

    Args:
        boards: float32 [B, S, S, depth].
        weight: float32 [C, depth, 3, 3].
        threads: among which the boards are divided.

    Returns:
        float32 [B, S, S, C].
    """
    count, side, _, depth = boards.shape
    channels = round_up(len(weight))
    packed = pack(transform_weights(weight))
    result = np.empty((count, side, side, channels), np.float32)

    def run(part: slice) -> None:
        with _room(side, depth, channels) as room:
            convolve_batch(
                boards[part].reshape(-1), side, depth, channels, packed, room,
                result[part].reshape(-1),
            )  # fmt: skip

    _share(count, threads, run)
    return np.ascontiguousarray(result[..., : len(weight)])


def weight_gradient(boards: Array, slopes: Array, threads: int = 1) -> Array:
    """Return the gradient of the weights of `convolve_boards`.

    Args:
        boards: float32 [B, S, S, depth], what was convolved.
        slopes: float32 [B, S, S, C], gradients of the results.
        threads: among which the boards are divided.

    Returns:
        float32 [C, depth, 3, 3].
    """
    count, side, _, depth = boards.shape
    filters = slopes.shape[3]
    channels = round_up(filters)
    if channels > filters:
        slopes = np.pad(slopes, ((0, 0), (0, 0), (0, 0), (0, channels - filters)))
    width = -(-depth // LANES) * LANES

    def run(part: slice) -> Array:
        total = aligned(POINTS * width * channels)
        with _room(side, depth, channels) as room:
            add_weight_gradient(
                boards[part].reshape(-1), slopes[part].reshape(-1), side, depth, channels, room,
                total,
            )  # fmt: skip
        return total

    total: Array = np.sum(_share(count, threads, run), axis=0)
    return collect_gradient(unpack(total, (POINTS, width, channels)))[:filters, :depth]


def _share(count: int, threads: int, run: Callable[[slice], T]) -> list[T]:
    """Run a function on parts of a batch, one for each thread; return what it returns.

    The caller's thread takes a part itself.
    """
    threads = max(1, min(threads, count))
    ends = [count * number // threads for number in range(threads + 1)]
    parts = [slice(*pair) for pair in pairwise(ends)]
    if threads == 1:
        return [run(parts[0])]
    others = _pool(threads - 1, os.getpid()).map(run, parts[1:])
    return [run(parts[0]), *others]


@cache
def _pool(threads: int, _process: int) -> ThreadPoolExecutor:
    """Return threads of this process: a fork has none of its parent's."""
    return ThreadPoolExecutor(threads, "winograd")


@cache
def _idle_rooms(side: int, depth: int, channels: int) -> SimpleQueue[TrainingRoom]:
    """Return the rooms for convolutions of a shape that nobody works in."""
    return SimpleQueue()


@contextmanager
def _room(side: int, depth: int, channels: int) -> Iterator[TrainingRoom]:
    """Lend a room to a thread."""
    idle = _idle_rooms(side, depth, channels)
    try:
        room = idle.get_nowait()
    except Empty:
        room = _make_room(side, depth, channels)
    try:
        yield room
    finally:
        idle.put(room)


def _make_room(side: int, depth: int, channels: int) -> TrainingRoom:
    """Return room for convolutions of a shape, of at most `TOGETHER` boards at once."""
    cells = TOGETHER * padded_side(side) ** 2
    rows = TOGETHER * count_tiles(side) ** 2
    width = -(-depth // LANES) * LANES
    return TrainingRoom(
        together=np.array([TOGETHER]),
        padded=aligned(cells * width),
        tiles=aligned(POINTS * point_step(rows * width)),
        products=aligned(POINTS * point_step(rows * BLOCK_COLUMNS)),
        spread=aligned(cells * channels),
        slopes=aligned(cells * channels),
    )
