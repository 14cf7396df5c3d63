"""What a Leela Zero network consists of, as float32 arrays whose shapes are checked.

Shape letters: C filters of the tower, S board side. The head widths (2 policy planes,
1 value plane, 256 hidden units) are fixed by the format: leelaz has them compiled in.

Two versions share one layout; they differ only in whose value the value head gives:
1 = the side to move's, 2 = Black's (ELF, Minigo).
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

INPUT_PLANES = 18
POLICY_PLANES = 2
VALUE_PLANES = 1
VALUE_HIDDEN = 256
MIN_SIDE, MAX_SIDE = 2, 25
#: Added to every stored variance when a network runs.
EPSILON = 1e-5
VALUE_FOR_MOVER, VALUE_FOR_BLACK = 1, 2


class WeightsError(ValueError):
    """Weights that cannot be used; one line that says which file, line or tensor, and why."""


@dataclass(frozen=True, slots=True, eq=False)
class ConvNorm:
    """A convolution without padding loss, then batch norm: float32 arrays.

    Computes ``(conv(x) + bias - mean) / sqrt(variance + 1e-5)``; no scale, since a scale
    folds into `weight`.

    Attributes:
        weight: [out, in, k, k], cross-correlation, zero padded to keep the board's size.
        bias: [out].
        mean: [out].
        variance: [out], each such that variance + 1e-5 > 0.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    mean: NDArray[np.float32]
    variance: NDArray[np.float32]

    def tensors(self) -> tuple[NDArray[np.float32], ...]:
        """Return the arrays in file order."""
        return self.weight, self.bias, self.mean, self.variance


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """A fully connected layer: ``weight @ x + bias``; float32 [out, in] and [out]."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def tensors(self) -> tuple[NDArray[np.float32], ...]:
        """Return the arrays in file order."""
        return self.weight, self.bias


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class LeelaWeights:
    """A whole network; immutable, shapes and finiteness checked when it is made.

    Attributes:
        version: 1 (value for the side to move) or 2 (value for Black).
        input: 3x3 convolution 18 -> C.
        blocks: residual blocks, two 3x3 convolutions C -> C each.
        policy_conv: 1x1 convolution C -> 2.
        policy: 2·S² -> S² + 1 logits.
        value_conv: 1x1 convolution C -> 1.
        value_hidden: S² -> 256.
        value: 256 -> 1, before tanh.

    Raises:
        WeightsError: a tensor has the wrong type or shape, or a number in it is unusable.
    """

    version: int
    input: ConvNorm
    blocks: tuple[tuple[ConvNorm, ConvNorm], ...]
    policy_conv: ConvNorm
    policy: Dense
    value_conv: ConvNorm
    value_hidden: Dense
    value: Dense

    def __post_init__(self) -> None:
        if self.version not in (VALUE_FOR_MOVER, VALUE_FOR_BLACK):
            raise WeightsError(f"version {self.version}, expected 1 or 2")
        if not self.blocks:
            raise WeightsError("no residual block, expected at least 1")
        shapes = layer_shapes(self.filters, len(self.blocks), self.side)
        for (name, array), (_, shape) in zip(self.named_tensors(), shapes, strict=True):
            _check_tensor(name, array, shape)

    @property
    def filters(self) -> int:
        """C, the number of channels of the tower."""
        return len(self.input.bias)

    @property
    def side(self) -> int:
        """S, from the policy layer, which has S² + 1 outputs."""
        return side_of_policy(len(self.policy.bias))

    @property
    def size(self) -> int:
        """How many numbers the network consists of."""
        return sum(array.size for _, array in self.named_tensors())

    def named_tensors(self) -> Iterator[tuple[str, NDArray[np.float32]]]:
        """Yield every tensor in file order with the name that error messages use."""
        layers: list[ConvNorm | Dense] = [self.input]
        for block in self.blocks:
            layers.extend(block)
        layers += [self.policy_conv, self.policy, self.value_conv, self.value_hidden, self.value]
        arrays = [array for layer in layers for array in layer.tensors()]
        names = [name for name, _ in layer_shapes(1, len(self.blocks), MIN_SIDE)]
        yield from zip(names, arrays, strict=True)


def side_of_policy(outputs: int) -> int:
    """Return the board side S of a policy layer with S² + 1 outputs.

    Raises:
        WeightsError: no board of 2 to 25 lines has that many moves.
    """
    side = math.isqrt(max(outputs - 1, 0))
    if side * side + 1 != outputs or not MIN_SIDE <= side <= MAX_SIDE:
        raise WeightsError(
            f"the policy layer has {outputs} outputs, which fits no board of "
            f"{MIN_SIDE} to {MAX_SIDE} lines"
        )
    return side


def layer_shapes(filters: int, blocks: int, side: int) -> list[tuple[str, tuple[int, ...]]]:
    """Return the name and shape of every tensor of a network, in file order."""
    area = side * side
    shapes = _conv_shapes("input", filters, INPUT_PLANES, 3)
    for block in range(1, blocks + 1):
        shapes += _conv_shapes(f"block {block} conv 1", filters, filters, 3)
        shapes += _conv_shapes(f"block {block} conv 2", filters, filters, 3)
    shapes += _conv_shapes("policy conv", POLICY_PLANES, filters, 1)
    shapes += _dense_shapes("policy", area + 1, POLICY_PLANES * area)
    shapes += _conv_shapes("value conv", VALUE_PLANES, filters, 1)
    shapes += _dense_shapes("value hidden", VALUE_HIDDEN, VALUE_PLANES * area)
    return shapes + _dense_shapes("value", 1, VALUE_HIDDEN)


def _conv_shapes(name: str, out: int, planes: int, size: int) -> list[tuple[str, tuple[int, ...]]]:
    vectors = [(f"{name} {part}", (out,)) for part in ("bias", "mean", "variance")]
    return [(f"{name} weight", (out, planes, size, size)), *vectors]


def _dense_shapes(name: str, out: int, inputs: int) -> list[tuple[str, tuple[int, ...]]]:
    return [(f"{name} weight", (out, inputs)), (f"{name} bias", (out,))]


def _check_tensor(name: str, array: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    """Raise WeightsError unless an array is a finite float32 tensor of the given shape."""
    if array.dtype != np.float32:
        raise WeightsError(f"{name}: {array.dtype} numbers, expected float32")
    if array.shape != shape:
        raise WeightsError(f"{name}: shape {list(array.shape)}, expected {list(shape)}")
    if not np.isfinite(array).all():
        raise WeightsError(f"{name}: a number is not finite")
    if name.endswith("variance") and not (array.astype(np.float64) + EPSILON > 0).all():
        raise WeightsError(f"{name}: a variance is not above -1e-5")
