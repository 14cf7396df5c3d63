"""Networks to Leela Zero weights and back.

A norm with scale g, shift β, running mean m and variance v computes
``g·(x - m) / sqrt(v + e) + β``; Leela Zero computes ``(x + bias - mean) / sqrt(v + 1e-5)``.
Equal for all x when the convolution is scaled by g and

    bias = β·sqrt(v + e)    mean = g·m    variance = v + e - 1e-5

The original leela-zero-pytorch took sqrt(v - e), which shrinks β: by 10 % at v = 1e-4.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from lzp.net.network import ConvNorm as ConvNormModule
from lzp.net.network import LeelaNet, ResidualBlock
from lzp.weights import ConvNorm, Dense, LeelaWeights
from lzp.weights.tensors import EPSILON, VALUE_FOR_BLACK, VALUE_FOR_MOVER


def weights_from_network(net: LeelaNet) -> LeelaWeights:
    """Return the weights with which leelaz computes what `net` computes in eval mode.

    Raises:
        WeightsError: a number of the network is not finite; names the layer.
    """
    value_for_black = net.shape.value_for_black
    blocks = [block for block in net.blocks if isinstance(block, ResidualBlock)]
    return LeelaWeights(
        version=VALUE_FOR_BLACK if value_for_black else VALUE_FOR_MOVER,
        input=_fold(net.input),
        blocks=tuple((_fold(block.first), _fold(block.second)) for block in blocks),
        policy_conv=_fold(net.policy.conv),
        policy=_dense(net.policy.dense),
        value_conv=_fold(net.value.conv),
        value_hidden=_dense(net.value.hidden),
        value=_dense(net.value.dense),
    )


def network_from_weights(weights: LeelaWeights) -> LeelaNet:
    """Return a network that computes, in eval mode, what leelaz computes with `weights`.

    Its norms have scale 1 and can be trained on. Returned in training mode, as new
    modules are.
    """
    net = LeelaNet(
        len(weights.blocks), weights.filters, weights.side, weights.version == VALUE_FOR_BLACK
    )
    with torch.no_grad():
        _fill_conv(net.input, weights.input)
        for block, (first, second) in zip(net.blocks, weights.blocks, strict=True):
            assert isinstance(block, ResidualBlock)
            _fill_conv(block.first, first)
            _fill_conv(block.second, second)
        _fill_conv(net.policy.conv, weights.policy_conv)
        _fill_dense(net.policy.dense, weights.policy)
        _fill_conv(net.value.conv, weights.value_conv)
        _fill_dense(net.value.hidden, weights.value_hidden)
        _fill_dense(net.value.dense, weights.value)
    return net


def _fold(layer: ConvNormModule) -> ConvNorm:
    """Return a layer without its scale; in float64, since small variances amplify errors."""
    norm = layer.norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale, shift = _double(norm.weight), _double(norm.bias)
    mean, variance = _double(norm.running_mean), _double(norm.running_var)
    return ConvNorm(
        weight=_single(_double(layer.conv.weight) * scale[:, None, None, None]),
        bias=_single(shift * np.sqrt(variance + norm.eps)),
        mean=_single(scale * mean),
        variance=_single(variance + (norm.eps - EPSILON)),
    )


def _dense(layer: nn.Linear) -> Dense:
    return Dense(_single(_double(layer.weight)), _single(_double(layer.bias)))


def _fill_conv(layer: ConvNormModule, source: ConvNorm) -> None:
    norm = layer.norm
    assert norm.running_mean is not None
    assert norm.running_var is not None
    deviation = np.sqrt(source.variance.astype(np.float64) + EPSILON)
    layer.conv.weight.copy_(torch.from_numpy(source.weight))
    norm.weight.fill_(1.0)
    norm.bias.copy_(torch.from_numpy(source.bias / deviation))
    norm.running_mean.copy_(torch.from_numpy(source.mean))
    norm.running_var.copy_(torch.from_numpy(source.variance))


def _fill_dense(layer: nn.Linear, source: Dense) -> None:
    layer.weight.copy_(torch.from_numpy(source.weight))
    layer.bias.copy_(torch.from_numpy(source.bias))


def _double(tensor: Tensor) -> NDArray[np.float64]:
    return tensor.detach().cpu().double().numpy()


def _single(array: NDArray[np.float64]) -> NDArray[np.float32]:
    return np.ascontiguousarray(array, dtype=np.float32)
