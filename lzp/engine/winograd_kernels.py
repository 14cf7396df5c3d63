"""A Leela Zero network on a CPU by Winograd's convolution F(5x5, 3x3).

A tile of 5x5 results of a 3x3 convolution takes 49 multiplications a pair of channels
instead of 225: the 7x7 inputs under it and the weights are polynomials in two variables,
which are evaluated at 7x7 points, multiplied there, and interpolated (Lavin and Gray, "Fast
Algorithms for Convolutional Neural Networks", 2015). Four tiles of 5 cover a line of 19
points, and two and three do 9 and 13, almost without waste.

Boards lie as [row, column, channel] with zeros around them, so that channels fill vectors.
At each of the 49 points the products are one matrix product, tiles by channels.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.vector_kernels import (
    BLOCK_COLUMNS,
    BLOCK_ROWS,
    LANES,
    make_layer_end,
    make_product,
    make_transform,
)
from lzp.engine.winograd_state import WinogradNetwork, WinogradRoom
from lzp.features.constants import PLANES
from lzp.jit import int64, kernel

Array = NDArray[np.float32]

#: Results along a side of a tile, and inputs: the points of its transform.
TILE = 5
TILE_POINTS = TILE + 2
POINTS = TILE_POINTS * TILE_POINTS
CACHE_LINE = 16  # numbers
#: Channels of the input as the transform reads them: PLANES in whole vectors.
PLANE_CHANNELS = -(-PLANES // LANES) * LANES
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
_multiply_1, _multiply_2, _multiply_3, _multiply_4, _multiply_5, _multiply_6 = (
    make_product(rows + 1) for rows in range(BLOCK_ROWS)
)


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
        if count == 6:
            _multiply_6(depth, a, at, a_step, b, b_start, c, to, c_step)
        elif count == 5:
            _multiply_5(depth, a, at, a_step, b, b_start, c, to, c_step)
        elif count == 4:
            _multiply_4(depth, a, at, a_step, b, b_start, c, to, c_step)
        elif count == 3:
            _multiply_3(depth, a, at, a_step, b, b_start, c, to, c_step)
        elif count == 2:
            _multiply_2(depth, a, at, a_step, b, b_start, c, to, c_step)
        else:
            _multiply_1(depth, a, at, a_step, b, b_start, c, to, c_step)


@kernel
def multiply_dense(rows: int, depth: int, a: Array, b: Array, columns: int, c: Array) -> None:
    """Write C = A·B of dense matrices; B is packed, its columns whole blocks."""
    start = int64(0)  # no literal, for which the kernel would be compiled anew
    for column in range(0, columns, BLOCK_COLUMNS):
        multiply_rows(rows, depth, a, start, depth, b, column * depth, c, column, columns)


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
def _clear_edges(boards: Array, count: int, side: int, channels: int) -> None:
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
        tiles: room, see `WinogradRoom`.
        products: room.
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
    _clear_edges(result, count, side, channels)


@kernel
def fill_planes(planes: NDArray[np.uint8], boards: Array) -> None:
    """Write planes uint8 [P, 18, S, S] as padded boards of floats."""
    count, side = planes.shape[0], planes.shape[2]
    width = padded_side(side)
    for position in range(count):
        for plane in range(PLANES):
            for row in range(side):
                start = ((position * width + row + 1) * width + 1) * PLANE_CHANNELS + plane
                for column in range(side):
                    boards[start + column * PLANE_CHANNELS] = planes[position, plane, row, column]


@kernel
def run_tower(network: WinogradNetwork, room: WinogradRoom, planes: NDArray[np.uint8]) -> None:
    """Run some positions, uint8 [P, 18, S, S], through the tower; leaves `room.stream`."""
    count, side = planes.shape[0], planes.shape[2]
    fill_planes(planes, room.planes)
    channels = network.bias.shape[1]
    # One call for all layers: each would be compiled for itself.
    for layer in range(len(network.bias)):
        source, weight, result, depth = room.planes, network.input, room.stream, int64(PLANES)
        if layer > 0:
            weight, depth = network.tower[layer - 1], int64(channels)
            if layer % 2 == 1:
                source, result = room.stream, room.inner
            else:
                source = room.inner
        convolve(
            source,
            count,
            side,
            depth,
            weight,
            network.bias[layer],
            layer > 0 and layer % 2 == 0,
            room.tiles,
            room.products,
            result,
        )


@kernel
def read_heads(
    network: WinogradNetwork, room: WinogradRoom, first: int, count: int, side: int
) -> None:
    """Write the inputs of the heads' dense layers from `room.stream`.

    Args:
        network: the network.
        room: where the tower has left the stream.
        first: which position of the batch the stream begins with.
        count: positions in the stream.
        side: S.
    """
    area, width, channels = side * side, padded_side(side), network.bias.shape[1]
    weight, bias, heads = network.heads, network.heads_bias, room.heads
    start, step = int64(0), int64(BLOCK_COLUMNS)
    for position in range(count):
        for row in range(side):
            at = ((position * width + row + 1) * width + 1) * channels
            to = row * side * BLOCK_COLUMNS
            multiply_rows(side, channels, room.stream, at, channels, weight, start, heads, to, step)
        to = first + position
        for point in range(area):
            at = point * BLOCK_COLUMNS
            for plane in range(2):
                room.policy_input[(2 * to + plane) * area + point] = max(
                    heads[at + plane] + bias[plane], np.float32(0)
                )
            room.value_input[to * area + point] = max(heads[at + 2] + bias[2], np.float32(0))


@kernel
def finish_policy(logits: Array, bias: Array, policy: Array) -> None:
    """Write probabilities [B, moves] of logits [B, moves rounded up to whole blocks]."""
    columns = len(bias)
    for position in range(len(policy)):
        row = logits[position * columns : (position + 1) * columns]
        largest = np.float32(-np.inf)
        for move in range(policy.shape[1]):
            row[move] += bias[move]
            largest = max(largest, row[move])
        total = np.float32(0)
        for move in range(policy.shape[1]):
            row[move] = math.exp(row[move] - largest)
            total += row[move]
        for move in range(policy.shape[1]):
            policy[position, move] = row[move] / total


@kernel
def finish_value(network: WinogradNetwork, hidden: Array, value: Array) -> None:
    """Write tanh of the last layer, [B], from the products of the one before, [B · 256]."""
    size = len(network.hidden_bias)
    for position in range(len(value)):
        total = network.value_bias[0]
        for unit in range(size):
            active = max(hidden[position * size + unit] + network.hidden_bias[unit], np.float32(0))
            total += active * network.value[unit]
        value[position] = math.tanh(total)


@kernel
def run_network(
    network: WinogradNetwork,
    room: WinogradRoom,
    together: int,
    planes: NDArray[np.uint8],
    policy: Array,
    value: Array,
) -> None:
    """Judge positions.

    Args:
        network: the network.
        room: room for B positions.
        together: P, how many go through the tower at once.
        planes: uint8 [B, 18, S, S].
        policy: is written, probabilities [B, S² + 1].
        value: is written, [B] in [-1, 1], for whom the network speaks.
    """
    count, side = planes.shape[0], planes.shape[2]
    area = side * side
    parts = (count + together - 1) // together
    for number in range(parts):
        first = count * number // parts
        part = planes[first : count * (number + 1) // parts]
        run_tower(network, room, part)
        read_heads(network, room, first, len(part), side)
    moves, units = len(network.policy_bias), len(network.hidden_bias)
    multiply_dense(count, 2 * area, room.policy_input, network.policy, moves, room.logits)
    multiply_dense(count, area, room.value_input, network.hidden, units, room.hidden)
    finish_policy(room.logits, network.policy_bias, policy)
    finish_value(network, room.hidden, value)
