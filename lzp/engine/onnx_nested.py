"""A network of nested bottleneck blocks as an ONNX graph, made from its tensors without torch.

`lzp/net/nested_bottleneck.py` draws the network; here its norms are folded in float64 into
the convolution or dense layer before them. Those before a convolution whose input also
goes elsewhere stay, each as one scale and shift of a plane. What is pooled keeps two axes
of length 1, so that dense layers after it are convolutions too and need no reshaping.

The owners of the points are left out but for their mean, which the value reads.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from lzp.engine.onnx_nodes import POLICY, Graph, finish_model

KIND = "nested-bottleneck"
#: The first layer, in the order of computation, that no Leela Zero weights can stand for.
WHY_NOT_LEELA = (
    "its layer blocks.0.down_norm, a norm before a convolution, has no place in Leela Zero's format"
)

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class NestedWeights:
    """A network of nested bottleneck blocks as numpy arrays.

    Attributes:
        tensors: of the torch network's state, by name, in float64.
        blocks: nested bottleneck blocks.
        filters: channels of the tower.
        side: lines of the board.
        epsilon: what the norms add to their variances.
    """

    tensors: Mapping[str, Doubles]
    blocks: int
    filters: int
    side: int
    epsilon: float

    @property
    def size(self) -> int:
        """How many numbers it consists of."""
        return sum(array.size for array in self.tensors.values())

    def scale_and_shift(self, norm: str) -> tuple[Doubles, Doubles]:
        """Return a norm as the factor and the summand of each plane."""
        variance = self.tensors[f"{norm}.running_var"]
        scale = self.tensors[f"{norm}.weight"] / np.sqrt(variance + self.epsilon)
        return scale, self.tensors[f"{norm}.bias"] - self.tensors[f"{norm}.running_mean"] * scale


def build_nested_model(weights: NestedWeights, name: str) -> onnx.ModelProto:
    """Return the checked ONNX model of a network; `lzp.engine.onnx_nodes` shows its frame.

    Args:
        weights: the network.
        name: what to call it in the file, for people.
    """
    builder = _Builder(weights)
    tower = builder.add_tower()
    builder.add_policy(tower)
    builder.add_value(tower)
    metadata: dict[str, str | int]
    metadata = {"kind": KIND, "blocks": weights.blocks, "filters": weights.filters}
    return finish_model(builder.graph, weights.side, name, metadata)


class _Builder:
    """Adds the parts of one network to a graph; each part is named as in torch."""

    def __init__(self, weights: NestedWeights) -> None:
        self.weights = weights
        self.tensors = weights.tensors
        self.graph = Graph()

    def add_tower(self) -> str:
        x = self.graph.conv(self.graph.planes(), "input", self.tensors["input.weight"])
        for index in range(self.weights.blocks):
            x = self._block(x, f"blocks.{index}")
        return self._norm_relu(x, "norm")

    def add_policy(self, tower: str) -> None:
        graph, part = self.graph, "policy"
        board = self._pool(tower, "policy.pool")
        x = self._conv_with_bias(tower, f"{part}.conv", board, (f"{part}.bias", f"{part}.norm"))
        x = graph.conv(x, f"{part}.points", self.tensors[f"{part}.points.weight"])
        points = graph.node("Flatten", [x], f"{part}.points.flat", axis=1)
        x = self._dense(board, f"{part}.passing", self.tensors[f"{part}.passing.bias"])
        passing = graph.node("Flatten", [x], f"{part}.passing.flat", axis=1)
        x = graph.node("Concat", [points, passing], f"{part}.logits", axis=1)
        graph.node("Softmax", [x], POLICY, axis=1)

    def add_value(self, tower: str) -> None:
        graph = self.graph
        y = self._conv_norm_relu(tower, "value.conv", "value.norm")
        half = [self.tensors[f"value.owners.{part}"] / 2 for part in ("weight", "bias")]
        owners = graph.node("Tanh", [graph.conv(y, "value.owners", *half)], "value.lead.points")
        lead = graph.node("GlobalAveragePool", [owners], "value.lead")
        board = self._pooled(y, "value.pooled", [lead])
        scale, shift = self.weights.scale_and_shift("value.pooled_norm")
        weight = self.tensors["value.hidden.weight"]
        bias = self.tensors["value.hidden.bias"] + weight @ shift
        x = graph.relu(graph.conv(board, "value.hidden", _as_conv(weight * scale), bias))
        x = self._dense(x, "value.dense", self.tensors["value.dense.bias"])
        graph.as_value(graph.node("Tanh", [x], "value.tanh"))

    def _block(self, x: str, part: str) -> str:
        y = self._norm_relu(x, f"{part}.down_norm")
        y = self.graph.conv(y, f"{part}.down", self.tensors[f"{part}.down.weight"])
        for index in range(2):
            y = self._pair(y, f"{part}.pairs.{index}")
        y = self._norm_relu(y, f"{part}.up_norm")
        y = self.graph.conv(y, f"{part}.up", self.tensors[f"{part}.up.weight"])
        return self.graph.node("Add", [y, x], f"{part}.sum")

    def _pair(self, x: str, part: str) -> str:
        y = self._norm_relu(x, f"{part}.first_norm")
        if f"{part}.pool.conv.weight" in self.tensors:
            board = self._pool(y, f"{part}.pool")
            bias = (f"{part}.pool.dense", f"{part}.second_norm")
            y = self._conv_with_bias(y, f"{part}.first", board, bias)
        else:
            y = self._conv_norm_relu(y, f"{part}.first", f"{part}.second_norm")
        y = self.graph.conv(y, f"{part}.second", self.tensors[f"{part}.second.weight"])
        return self.graph.node("Add", [y, x], f"{part}.sum")

    def _pool(self, x: str, part: str) -> str:
        """Add pooled planes, [N, 2·planes, 1, 1]."""
        return self._pooled(self._conv_norm_relu(x, f"{part}.conv", f"{part}.norm"), part, [])

    def _pooled(self, x: str, part: str, more: list[str]) -> str:
        mean = self.graph.node("GlobalAveragePool", [x], f"{part}.mean")
        most = self.graph.node("GlobalMaxPool", [x], f"{part}.max")
        return self.graph.node("Concat", [mean, most, *more], f"{part}.both", axis=1)

    def _conv_with_bias(self, x: str, name: str, board: str, bias: tuple[str, str]) -> str:
        """Add a convolution of the board and a dense layer of what is pooled, norm and ReLU.

        Args:
            x: [N, C, S, S].
            name: of the convolution.
            board: [N, P, 1, 1].
            bias: names of the dense layer and of the norm over the sum.
        """
        dense, norm = bias
        scale, shift = self.weights.scale_and_shift(norm)
        weight = self.tensors[f"{name}.weight"] * scale[:, None, None, None]
        y = self.graph.conv(x, name, weight)
        # The shift goes to the smaller of the two.
        folded = _as_conv(self.tensors[f"{dense}.weight"] * scale[:, None])
        z = self.graph.conv(board, dense, folded, shift)
        return self.graph.relu(self.graph.node("Add", [y, z], f"{name}.sum"))

    def _conv_norm_relu(self, x: str, name: str, norm: str) -> str:
        scale, shift = self.weights.scale_and_shift(norm)
        weight = self.tensors[f"{name}.weight"] * scale[:, None, None, None]
        return self.graph.relu(self.graph.conv(x, name, weight, shift))

    def _norm_relu(self, x: str, norm: str) -> str:
        scale, shift = self.weights.scale_and_shift(norm)
        return self.graph.relu(self.graph.scale_planes(x, norm, scale, shift))

    def _dense(self, x: str, name: str, bias: Doubles) -> str:
        return self.graph.conv(x, name, _as_conv(self.tensors[f"{name}.weight"]), bias)


def _as_conv(weight: Doubles) -> Doubles:
    """Return a dense layer's weight [out, in] as a 1x1 convolution's [out, in, 1, 1]."""
    return weight[:, :, None, None]
