"""Convolutions of whole batches for training: results, and gradients of weights.

The gradient of the inputs is a convolution too, with the weights turned by half a turn. That
of the weights is, at each of the 49 points, the products of inputs and gradients summed over
all tiles: the transpose of what makes results of weights (Lavin and Gray 2015, section 4).

Boards come and go as float32 [B, S, S, C] without gaps, channels last. A few at a time are
copied between zeros, so that what one step writes is in the cache when the next one reads it.
"""

from lzp.jit import int64, kernel
from lzp.winograd.tile_kernels import (
    OUTPUT_FACTORS,
    POINTS,
    TILE,
    TILE_POINTS,
    Array,
    count_tiles,
    multiply_rows,
    padded_side,
    point_step,
    spread_boards,
)
from lzp.winograd.training_state import TrainingRoom
from lzp.winograd.vector_kernels import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    LANES,
    make_product,
    make_transform,
)

_collect_tile = make_transform(OUTPUT_FACTORS)
#: From the gradients of 5x5 results to those of the 49 products.
_spread_slopes = make_transform(tuple(factor.T for factor in reversed(OUTPUT_FACTORS)))
_add_product = make_product(turned=True)


@kernel
def _pad_boards(boards: Array, count: int, side: int, depth: int, padded: Array) -> None:
    """Copy boards [count, S, S, depth] between zeros, [count, W, W, whole vectors]."""
    across = padded_side(side)
    width = (depth + LANES - 1) // LANES * LANES
    for position in range(count):
        for row in range(side):
            at = (position * side + row) * side * depth
            to = ((position * across + row + 1) * across + 1) * width
            if depth == width:
                padded[to : to + side * depth] = boards[at : at + side * depth]
                continue
            for column in range(side):
                start, place = at + column * depth, to + column * width
                padded[place : place + depth] = boards[start : start + depth]


@kernel
def _collect_block(
    products: Array, first: int, count: int, side: int, channels: int, padded: Array
) -> None:
    """Interpolate a block of channels of every tile.

    Args:
        products: [N, count · T², BLOCK_COLUMNS], the points `point_step` apart.
        first: channel that the block begins with.
        count: positions.
        side: S.
        channels: C.
        padded: is written, [count, W, W, C], also beyond the edges of the boards.
    """
    across, width = count_tiles(side), padded_side(side)
    step = point_step(count * across * across * BLOCK_COLUMNS)
    at = int64(0)
    for position in range(count):
        for row in range(across):
            for column in range(across):
                corner = (position * width + row * TILE + 1) * width + column * TILE + 1
                for part in range(0, BLOCK_COLUMNS, LANES):
                    _collect_tile(
                        products,
                        at + part,
                        TILE_POINTS * step,
                        step,
                        padded,
                        corner * channels + first + part,
                        width * channels,
                        channels,
                    )
                at += BLOCK_COLUMNS


@kernel
def _cut_boards(padded: Array, count: int, side: int, channels: int, boards: Array) -> None:
    """Copy padded boards [count, W, W, C] to boards [count, S, S, C]."""
    across = padded_side(side)
    for position in range(count):
        for row in range(side):
            at = ((position * across + row + 1) * across + 1) * channels
            to = (position * side + row) * side * channels
            boards[to : to + side * channels] = padded[at : at + side * channels]


@kernel
def convolve_batch(
    boards: Array,
    side: int,
    depth: int,
    channels: int,
    weight: Array,
    room: TrainingRoom,
    result: Array,
) -> None:
    """Write the convolution of boards.

    Args:
        boards: [B · S² · depth].
        side: S.
        depth: channels of the boards.
        channels: C, a multiple of BLOCK_COLUMNS.
        weight: [blocks of C, N, depth, BLOCK_COLUMNS].
        room: to work in; its zeros stay.
        result: is written, [B · S² · C].
    """
    area, width = side * side, (depth + LANES - 1) // LANES * LANES
    batch = len(result) // (area * channels)
    parts = (batch + room.together[0] - 1) // room.together[0]
    c_step = int64(BLOCK_COLUMNS)
    for number in range(parts):
        first = batch * number // parts
        end = batch * (number + 1) // parts
        count = end - first
        _pad_boards(boards[first * area * depth :], count, side, depth, room.padded)
        spread_boards(room.padded, count, side, width, room.tiles)
        rows = count * count_tiles(side) ** 2
        tile_step, product_step = point_step(rows * width), point_step(rows * BLOCK_COLUMNS)
        at = int64(0)
        for channel in range(0, channels, BLOCK_COLUMNS):
            for point in range(POINTS):
                a, c = point * tile_step, point * product_step
                multiply_rows(
                    rows, depth, room.tiles, a, width, weight, at, room.products, c, c_step
                )
                at += depth * BLOCK_COLUMNS
            _collect_block(room.products, channel, count, side, channels, room.spread)
        _cut_boards(room.spread, count, side, channels, result[first * area * channels :])


@kernel
def _spread_block(
    padded: Array, first: int, count: int, side: int, channels: int, slopes: Array
) -> None:
    """Transform a block of channels of the gradients of every tile's results.

    Args:
        padded: [count, W, W, channels], zeros around the boards.
        first: channel that the block begins with.
        count: positions.
        side: S.
        channels: C.
        slopes: is written, [N, count · T², BLOCK_COLUMNS], the points `point_step` apart.
    """
    across, width = count_tiles(side), padded_side(side)
    step = point_step(count * across * across * BLOCK_COLUMNS)
    to = int64(0)
    for position in range(count):
        for row in range(across):
            for column in range(across):
                corner = (position * width + row * TILE + 1) * width + column * TILE + 1
                for part in range(0, BLOCK_COLUMNS, LANES):
                    _spread_slopes(
                        padded,
                        corner * channels + first + part,
                        width * channels,
                        channels,
                        slopes,
                        to + part,
                        TILE_POINTS * step,
                        step,
                    )
                to += BLOCK_COLUMNS


@kernel
def _add_products(
    tiles: Array, start: int, rows: int, width: int, slopes: Array, at: int, total: Array, to: int
) -> None:
    """Add the products of a point, [rows, width] turned by [rows, BLOCK_COLUMNS]."""
    step = int64(BLOCK_COLUMNS)
    blocks = (width + BLOCK_ROWS - 1) // BLOCK_ROWS
    for block in range(blocks):
        channel = width * block // blocks
        count = width * (block + 1) // blocks - channel
        a, c = start + channel, to + channel * BLOCK_COLUMNS
        _add_product(count, rows, tiles, a, width, slopes, at, total, c, step)


@kernel
def add_weight_gradient(
    boards: Array,
    slopes: Array,
    side: int,
    depth: int,
    channels: int,
    room: TrainingRoom,
    total: Array,
) -> None:
    """Add the gradient of the weights at the points of a tile.

    Args:
        boards: inputs, [B · S² · depth].
        slopes: gradients of the results, [B · S² · C].
        side: S.
        depth: channels of the boards.
        channels: C, a multiple of BLOCK_COLUMNS.
        room: to work in; its zeros stay.
        total: is added to, [blocks of C, N, depth in whole vectors, BLOCK_COLUMNS].
    """
    area, width = side * side, (depth + LANES - 1) // LANES * LANES
    batch = len(slopes) // (area * channels)
    parts = (batch + room.together[0] - 1) // room.together[0]
    for number in range(parts):
        first = batch * number // parts
        end = batch * (number + 1) // parts
        count = end - first
        rows = count * count_tiles(side) ** 2
        tile_step, slope_step = point_step(rows * width), point_step(rows * BLOCK_COLUMNS)
        _pad_boards(boards[first * area * depth :], count, side, depth, room.padded)
        spread_boards(room.padded, count, side, width, room.tiles)
        _pad_boards(slopes[first * area * channels :], count, side, channels, room.slopes)
        to = int64(0)
        for channel in range(0, channels, BLOCK_COLUMNS):
            _spread_block(room.slopes, channel, count, side, channels, room.products)
            for point in range(POINTS):
                _add_products(
                    room.tiles,
                    point * tile_step,
                    rows,
                    width,
                    room.products,
                    point * slope_step,
                    total,
                    to,
                )
                to += width * BLOCK_COLUMNS
