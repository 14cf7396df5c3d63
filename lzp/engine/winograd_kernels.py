"""A Leela Zero network on a CPU, its convolutions by Winograd's method (lzp/winograd)."""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.winograd_state import WinogradNetwork, WinogradRoom
from lzp.features.constants import PLANES
from lzp.jit import int64, kernel
from lzp.winograd.tile_kernels import convolve, multiply_rows, padded_side
from lzp.winograd.vector_kernels import BLOCK_COLUMNS, LANES

Array = NDArray[np.float32]

#: Channels of the input as the transform reads them: PLANES in whole vectors.
PLANE_CHANNELS = -(-PLANES // LANES) * LANES


@kernel
def multiply_dense(rows: int, depth: int, a: Array, b: Array, columns: int, c: Array) -> None:
    """Write C = A·B of dense matrices; B is packed, its columns whole blocks."""
    start = int64(0)  # no literal, for which the kernel would be compiled anew
    for column in range(0, columns, BLOCK_COLUMNS):
        multiply_rows(rows, depth, a, start, depth, b, column * depth, c, column, columns)


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
