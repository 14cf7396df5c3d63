"""Random networks for tests: lively but finite outputs, reproducible by seed."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.weights import ConvNorm, Dense, LeelaWeights, write_weights

#: The least variance is small enough that the sign of batch norm's epsilon matters.
LEAST_VARIANCE = 1e-4


def random_weights(
    side: int = 19, blocks: int = 1, filters: int = 8, seed: int = 0, version: int = 1
) -> LeelaWeights:
    rng = np.random.default_rng(seed)
    area = side * side
    return LeelaWeights(
        version=version,
        input=random_conv(rng, filters, 18, 3),
        blocks=tuple(
            (random_conv(rng, filters, filters, 3), random_conv(rng, filters, filters, 3))
            for _ in range(blocks)
        ),
        policy_conv=random_head(rng, 2, filters),
        policy=random_dense(rng, area + 1, 2 * area, gain=2.0),
        value_conv=random_head(rng, 1, filters),
        value_hidden=random_dense(rng, 256, area, gain=1.0),
        value=random_dense(rng, 1, 256, gain=0.7),
    )


def write_random_network(
    path: Path, side: int = 19, blocks: int = 1, filters: int = 8, seed: int = 0
) -> Path:
    write_weights(path, random_weights(side, blocks, filters, seed))
    return path


def random_conv(rng: np.random.Generator, out: int, planes: int, size: int) -> ConvNorm:
    """A convolution whose weights are scaled so that batch norm gives about unit outputs."""
    variance = np.exp(rng.uniform(np.log(LEAST_VARIANCE), 0.0, out))
    scale = np.sqrt(variance / (planes * size * size))
    weight = rng.standard_normal((out, planes, size, size)) * scale[:, None, None, None]
    bias = rng.standard_normal(out) * np.sqrt(variance) * 0.3
    mean = rng.standard_normal(out) * np.sqrt(variance) * 0.3
    return ConvNorm(single(weight), single(bias), single(mean), single(variance))


def random_head(rng: np.random.Generator, out: int, planes: int) -> ConvNorm:
    """A 1x1 convolution that is above zero on about half of the board.

    Activations of the tower are all positive, so that weights of unequal signs would put
    a head's one or two planes below zero everywhere: its answer would be a constant.
    """
    conv = random_conv(rng, out, planes, 1)
    centered = conv.weight - conv.weight.mean(axis=1, keepdims=True)
    return ConvNorm(centered, conv.bias + np.sqrt(conv.variance), conv.mean, conv.variance)


def random_dense(rng: np.random.Generator, out: int, inputs: int, gain: float) -> Dense:
    weight = rng.standard_normal((out, inputs)) * gain / np.sqrt(inputs)
    return Dense(single(weight), single(rng.standard_normal(out) * 0.1))


def single(array: NDArray[np.float64]) -> NDArray[np.float32]:
    return array.astype(np.float32)
