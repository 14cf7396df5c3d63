"""Leela Zero's network weights as numpy arrays, and its text files; needs numpy alone.

Start with `LeelaWeights` for what a network consists of, `read_weights` and
`write_weights` for the files.
"""

from lzp.weights.reader import read_weights
from lzp.weights.rounding import rounded
from lzp.weights.tensors import ConvNorm, Dense, LeelaWeights, WeightsError
from lzp.weights.writer import format_weights, write_weights

__all__ = [
    "ConvNorm",
    "Dense",
    "LeelaWeights",
    "WeightsError",
    "format_weights",
    "read_weights",
    "rounded",
    "write_weights",
]
