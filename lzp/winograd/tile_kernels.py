"""Winograd's convolution F(5x5, 3x3) of boards, on a CPU.

A tile of 5x5 results of a 3x3 convolution takes 49 multiplications a pair of channels
instead of 225: the 7x7 inputs under it and the weights are polynomials in two variables,
which are evaluated at 7x7 points, multiplied there, and interpolated (Lavin and Gray, "Fast
Algorithms for Convolutional Neural Networks", 2015). Four tiles of 5 cover a line of 19
points, and two and three do 9 and 13, almost without waste.

Boards lie as [row, column, channel] with zeros around them, so that channels fill vectors.
At each of the 49 points the products are one matrix product, tiles by channels.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.jit import int64, kernel
from lzp.winograd.vector_kernels import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    CACHE_LINE,
    LANES,
    make_layer_end,
    make_product,
    make_transform,
)

Array = NDArray[np.float32]

#: Results along a side of a tile, and inputs: the points of its transform.
TILE = 5
TILE_POINTS = TILE + 2
POINTS = TILE_POINTS * TILE_POINTS
#: The transforms below are for the points 1, -1, 2, -2, 1/2, -1/2 and infinity. Those of a
#: pair share their even and odd parts, which a first matrix makes and a second one joins.
_JOIN = np.array(
    [
        [1, 1, 0, 0, 0, 0, 0],
        [1, -1, 0, 0, 0, 0, 0],
        [0, 0, 1, 1, 0, 0, 0],
        [0, 0, 1, -1, 0, 0, 0],
        [0, 0, 0, 0, 1, 1, 0],
        [0, 0, 0, 0, 1, -1, 0],
        [0, 0, 0, 0, 0, 0, 1],
    ],
    np.float64,
)
#: Rows: coefficients of x·q and of p·q, for each pair ±p, where q is the product of the
#: x² - r² of the other pairs; last the product of all three.
_INPUT_PARTS = np.array(
    [
        [0, 1, 0, -4.25, 0, 1, 0],
        [1, 0, -4.25, 0, 1, 0, 0],
        [0, 0.25, 0, -1.25, 0, 1, 0],
        [0.5, 0, -2.5, 0, 2, 0, 0],
        [0, 4, 0, -5, 0, 1, 0],
        [2, 0, -2.5, 0, 0.5, 0, 0],
        [-1, 0, 5.25, 0, -5.25, 0, 1],
    ],
    np.float64,
)
#: Rows: the powers 0 to 4 of the points, of sums and differences of pairs.
_OUTPUT_PARTS = np.array(
    [
        [1, 0, 1, 0, 1, 0, 0],
        [0, 1, 0, 2, 0, 0.5, 0],
        [1, 0, 4, 0, 0.25, 0, 0],
        [0, 1, 0, 8, 0, 0.125, 0],
        [1, 0, 16, 0, 0.0625, 0, 1],
    ],
    np.float64,
)
#: Factors of the two transforms, for `make_transform`.
INPUT_FACTORS = (_INPUT_PARTS, _JOIN)
OUTPUT_FACTORS = (_JOIN, _OUTPUT_PARTS)

_spread_tile = make_transform(INPUT_FACTORS)
_end_layer = make_layer_end(OUTPUT_FACTORS, adds=False)
_end_block = make_layer_end(OUTPUT_FACTORS, adds=True)
_multiply = make_product()


@kernel
def count_tiles(side: int) -> int:
    """Return how many tiles cover a line of the board."""
    return (side + TILE - 1) // TILE


@kernel
def padded_side(side: int) -> int:
    """Return W, the side of a board whose last tiles are whole, with a zero on either end."""
    return count_tiles(side) * TILE + 2


@kernel
def point_step(size: int) -> int:
    """Return the distance between the matrices of two points, of `size` numbers each.

    An odd number of cache lines, since 49 addresses whose distance is a power of two would
    share few places in the cache.
    """
    return ((size + CACHE_LINE - 1) // CACHE_LINE | 1) * CACHE_LINE


@kernel
def multiply_rows(
    rows: int,
    depth: int,
    a: Array,
    a_start: int,
    a_step: int,
    b: Array,
    b_start: int,
    c: Array,
    c_start: int,
    c_step: int,
) -> None:
    """Write C = A·B, where B and C have `BLOCK_COLUMNS` columns; see `make_product`."""
    blocks = (rows + BLOCK_ROWS - 1) // BLOCK_ROWS
    for block in range(blocks):
        row = rows * block // blocks
        count = rows * (block + 1) // blocks - row
        at, to = a_start + row * a_step, c_start + row * c_step
        _multiply(count, depth, a, at, a_step, b, b_start, c, to, c_step)


@kernel
def spread_boards(boards: Array, count: int, side: int, channels: int, tiles: Array) -> None:
    """Transform the inputs of every tile.

    Args:
        boards: [count, W, W, channels], zeros around the boards.
        count: positions.
        side: S.
        channels: a multiple of `LANES`.
        tiles: is written, [N, count · T², channels], the points `point_step` apart.
    """
    across, width = count_tiles(side), padded_side(side)
    step = point_step(count * across * across * channels)
    to = 0
    for position in range(count):
        for row in range(across):
            for column in range(across):
                corner = (position * width + row * TILE) * width + column * TILE
                for channel in range(0, channels, LANES):
                    _spread_tile(
                        boards,
                        corner * channels + channel,
                        width * channels,
                        channels,
                        tiles,
                        to + channel,
                        TILE_POINTS * step,
                        step,
                    )
                to += channels


@kernel
def collect_boards(
    products: Array,
    bias: Array,
    first: int,
    count: int,
    side: int,
    adds: bool,
    boards: Array,
) -> None:
    """Interpolate a block of channels of every tile, add the bias, and cut off at zero.

    Args:
        products: [N, count · T², BLOCK_COLUMNS], the points `point_step` apart.
        bias: [C].
        first: channel that the block begins with.
        count: positions.
        side: S.
        adds: add what the boards hold, too.
        boards: is written, [count, W, W, C], also beyond the edges of the boards.
    """
    channels = len(bias)
    across, width = count_tiles(side), padded_side(side)
    step = point_step(count * across * across * BLOCK_COLUMNS)
    column_step, row_step, down = step, TILE_POINTS * step, width * channels
    at = 0
    for position in range(count):
        for row in range(across):
            for column in range(across):
                corner = (position * width + row * TILE + 1) * width + column * TILE + 1
                for part in range(0, BLOCK_COLUMNS, LANES):
                    channel = first + part
                    to = corner * channels + channel
                    if adds:
                        _end_block(
                            products,
                            at + part,
                            row_step,
                            column_step,
                            boards,
                            to,
                            down,
                            channels,
                            bias,
                            channel,
                        )
                    else:
                        _end_layer(
                            products,
                            at + part,
                            row_step,
                            column_step,
                            boards,
                            to,
                            down,
                            channels,
                            bias,
                            channel,
                        )
                at += BLOCK_COLUMNS


@kernel
def clear_edges(boards: Array, count: int, side: int, channels: int) -> None:
    """Make zeros again of what tiles wrote below and to the right of the boards."""
    width = padded_side(side)
    line = width * channels
    for position in range(count):
        start = position * width * line
        for row in range(1, side + 1):
            boards[start + row * line + (side + 1) * channels : start + (row + 1) * line] = 0
        boards[start + (side + 1) * line : start + width * line] = 0


@kernel
def convolve(
    boards: Array,
    count: int,
    side: int,
    depth: int,
    weight: Array,
    bias: Array,
    adds: bool,
    tiles: Array,
    products: Array,
    result: Array,
) -> None:
    """Write max(0, convolution + bias [+ result]) of padded boards.

    Args:
        boards: [count, W, W, depth rounded up to whole vectors].
        count: positions.
        side: S.
        depth: channels of the boards.
        weight: [blocks of C, N, depth, BLOCK_COLUMNS].
        bias: [C].
        adds: add what the result holds.
        tiles: room, [N, count · T², depth rounded up], the points `point_step` apart.
        products: room, [N, count · T², BLOCK_COLUMNS], likewise.
        result: [count, W, W, C].
    """
    width, channels = (depth + LANES - 1) // LANES * LANES, len(bias)
    rows = count * count_tiles(side) ** 2
    spread_boards(boards, count, side, width, tiles)
    tile_step, product_step = point_step(rows * width), point_step(rows * BLOCK_COLUMNS)
    at, c_step = int64(0), int64(BLOCK_COLUMNS)
    for channel in range(0, channels, BLOCK_COLUMNS):
        for point in range(POINTS):
            a, c = point * tile_step, point * product_step
            multiply_rows(rows, depth, tiles, a, width, weight, at, products, c, c_step)
            at += depth * BLOCK_COLUMNS
        collect_boards(products, bias, channel, count, side, adds, result)
    clear_edges(result, count, side, channels)
