"""Convolutions on a CPU by Winograd's method: the engine plays with them, training learns.

Takes a quarter of the multiplications of a direct convolution. Everything is float32.
"""

from lzp.winograd.weights import (
    WEIGHT_TRANSFORM,
    aligned,
    collect_gradient,
    pack,
    round_up,
    transform_weights,
    unpack,
)

__all__ = [
    "WEIGHT_TRANSFORM",
    "aligned",
    "collect_gradient",
    "pack",
    "round_up",
    "transform_weights",
    "unpack",
]
