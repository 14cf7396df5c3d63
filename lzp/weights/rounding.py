"""Weights with fewer digits, whose text is shorter."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.weights.tensors import ConvNorm, Dense, LeelaWeights


def rounded(weights: LeelaWeights, digits: int) -> LeelaWeights:
    """Return a network whose numbers have at most so many significant decimal digits.

    Raises:
        ValueError: fewer than 1 digit.
    """
    if digits < 1:
        raise ValueError(f"digits must be at least 1, not {digits}")
    layers = {
        field.name: _rounded_layer(getattr(weights, field.name), digits)
        for field in fields(weights)
        if field.name not in ("version", "blocks")
    }
    blocks = tuple(
        (_rounded_layer(first, digits), _rounded_layer(second, digits))
        for first, second in weights.blocks
    )
    return replace(weights, blocks=blocks, **layers)


def _rounded_layer(layer: Any, digits: int) -> Any:
    """Return a ConvNorm or Dense of rounded numbers."""
    kind: type[ConvNorm | Dense] = type(layer)
    return kind(*(_rounded_array(array, digits) for array in layer.tensors()))


def _rounded_array(array: NDArray[np.float32], digits: int) -> NDArray[np.float32]:
    numbers = array.astype(np.float64)
    # How many places after the point a number has then; 0 has as many as 1.
    sizes = np.where(numbers == 0, 1, np.abs(numbers))
    scale = 10.0 ** (digits - 1 - np.floor(np.log10(sizes)))
    return (np.round(numbers * scale) / scale).astype(np.float32)
