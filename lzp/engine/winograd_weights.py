"""A Leela Zero network's weights as the Winograd kernels read them."""

import numpy as np

from lzp.engine.onnx_graph import fold
from lzp.engine.winograd_kernels import PLANE_CHANNELS
from lzp.engine.winograd_state import Array, WinogradNetwork, WinogradRoom
from lzp.weights import ConvNorm, LeelaWeights
from lzp.winograd import aligned, pack, round_up, transform_weights
from lzp.winograd.tile_kernels import POINTS, count_tiles, padded_side, point_step
from lzp.winograd.vector_kernels import BLOCK_COLUMNS

#: Positions that go through the tower at once. More would share each reading of the weights,
#: but what one step writes would have left the cache before the next one reads it.
POSITIONS_TOGETHER = 4
#: Most that the weights may take; a network of 40 blocks of 256 filters takes half of it.
MOST_BYTES = 2 << 30


def transform_network(weights: LeelaWeights) -> WinogradNetwork:
    """Return a network's numbers, norms folded in and convolutions transformed in float64.

    Raises:
        ValueError: a number does not fit in float32, or the network not in 2 GB.
    """
    channels = round_up(weights.filters)
    layers = [layer for block in weights.blocks for layer in block]
    size = POINTS * channels * channels
    if len(layers) * size * 4 > MOST_BYTES:
        raise ValueError(
            f"{len(weights.blocks)} blocks of {weights.filters} filters are too large for "
            "Winograd's method, which needs 2 GB or more for them"
        )
    tower = aligned(len(layers) * size).reshape(len(layers), size)
    bias = aligned((1 + len(layers)) * channels).reshape(-1, channels)
    first = aligned(POINTS * weights.input.weight.shape[1] * channels)
    first[:], bias[0] = _transform_layer(weights.input, weights.input.weight.shape[1], channels)
    for index, layer in enumerate(layers):
        tower[index], bias[index + 1] = _transform_layer(layer, channels, channels)
    network = WinogradNetwork(first, tower, bias, *_pack_heads(weights, channels))
    if not all(np.isfinite(array).all() for array in network):
        raise ValueError("a weight is too large once its norm is folded in")
    return network


def make_room(network: WinogradNetwork, side: int, batch_size: int) -> WinogradRoom:
    """Return room for one thread to judge batches of positions on boards of a side."""
    channels, together = network.bias.shape[1], min(batch_size, POSITIONS_TOGETHER)
    cells = together * padded_side(side) ** 2
    rows = together * count_tiles(side) ** 2
    area = side * side
    return WinogradRoom(
        planes=aligned(cells * PLANE_CHANNELS),
        stream=aligned(cells * channels),
        inner=aligned(cells * channels),
        tiles=aligned(POINTS * point_step(rows * max(channels, PLANE_CHANNELS))),
        products=aligned(POINTS * point_step(rows * BLOCK_COLUMNS)),
        heads=aligned(area * BLOCK_COLUMNS),
        policy_input=aligned(batch_size * 2 * area),
        value_input=aligned(batch_size * area),
        logits=aligned(batch_size * len(network.policy_bias)),
        hidden=aligned(batch_size * len(network.hidden_bias)),
    )


def _transform_layer(layer: ConvNorm, depth: int, channels: int) -> tuple[Array, Array]:
    """Return packed weights [N · depth · channels] and bias [channels] of a convolution."""
    weight, bias = fold(layer)
    out, planes = weight.shape[:2]
    padded = np.zeros((POINTS, depth, channels), np.float32)
    padded[:, :planes, :out] = transform_weights(weight.astype(np.float64))
    return pack(padded), pad(bias, channels)


def pad(vector: Array, size: int) -> Array:
    """Return a vector with zeros at its end."""
    padded = aligned(size)
    padded[: len(vector)] = vector
    return padded


def _pack_heads(weights: LeelaWeights, channels: int) -> list[Array]:
    """Return the fields of a `WinogradNetwork` from `heads` on."""
    folded = [fold(weights.policy_conv), fold(weights.value_conv)]
    planes = np.concatenate([weight[:, :, 0, 0] for weight, _ in folded])
    heads = np.zeros((channels, len(planes)), np.float32)
    heads[: planes.shape[1]] = planes.T
    moves = len(weights.policy.bias)
    return [
        pack(heads),
        pad(np.concatenate([bias for _, bias in folded]), BLOCK_COLUMNS),
        pack(weights.policy.weight.T),
        pad(weights.policy.bias, round_up(moves)),
        pack(weights.value_hidden.weight.T),
        pad(weights.value_hidden.bias, len(weights.value_hidden.bias)),
        pad(weights.value.weight[0], len(weights.value_hidden.bias)),
        pad(weights.value.bias, 1),
    ]
