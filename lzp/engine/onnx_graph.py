"""A Leela Zero network as an ONNX graph, made from its weights without torch.

The norms are folded into the convolutions in float64. A network whose value head speaks
for Black (weights version 2) gets its sign from planes 16 and 17 inside the graph, so
that `value` is always the side to move's.
"""

import numpy as np
import onnx
from numpy.typing import NDArray

from lzp.engine.onnx_nodes import POLICY, Graph, finish_model
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE
from lzp.weights import ConvNorm, LeelaWeights
from lzp.weights.tensors import EPSILON, VALUE_FOR_BLACK


def build_model(weights: LeelaWeights, name: str) -> onnx.ModelProto:
    """Return the checked ONNX model of a network; `lzp.engine.onnx_nodes` shows its frame.

    Args:
        weights: the network; either version.
        name: what to call it in the file, for people.
    """
    graph = Graph()
    tower = _add_tower(graph, weights)
    _add_policy(graph, tower, weights)
    _add_value(graph, tower, weights)
    metadata = {"blocks": len(weights.blocks), "filters": weights.filters}
    return finish_model(graph, weights.side, name, metadata)


def fold(layer: ConvNorm) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weight and bias of the one convolution that equals convolution and norm."""
    scale = 1.0 / np.sqrt(layer.variance.astype(np.float64) + EPSILON)
    bias = (layer.bias.astype(np.float64) - layer.mean) * scale
    weight = layer.weight.astype(np.float64) * scale[:, None, None, None]
    return weight.astype(np.float32), bias.astype(np.float32)


def _add_tower(graph: Graph, weights: LeelaWeights) -> str:
    x = graph.relu(graph.conv(graph.planes(), "input", *fold(weights.input)))
    for index, (first, second) in enumerate(weights.blocks):
        y = graph.relu(graph.conv(x, f"block{index}.first", *fold(first)))
        y = graph.conv(y, f"block{index}.second", *fold(second))
        x = graph.relu(graph.node("Add", [y, x], f"block{index}.sum"))
    return x


def _add_policy(graph: Graph, tower: str, weights: LeelaWeights) -> None:
    x = graph.relu(graph.conv(tower, "policy.conv", *fold(weights.policy_conv)))
    x = graph.node("Flatten", [x], "policy.flat", axis=1)
    x = graph.dense(x, "policy.logits", *weights.policy.tensors())
    graph.node("Softmax", [x], POLICY, axis=1)


def _add_value(graph: Graph, tower: str, weights: LeelaWeights) -> None:
    x = graph.relu(graph.conv(tower, "value.conv", *fold(weights.value_conv)))
    x = graph.node("Flatten", [x], "value.flat", axis=1)
    x = graph.relu(graph.dense(x, "value.hidden", *weights.value_hidden.tensors()))
    x = graph.dense(x, "value.dense", *weights.value.tensors())
    x = graph.node("Tanh", [x], "value.tanh")
    if weights.version == VALUE_FOR_BLACK:
        x = graph.node("Mul", [x, _add_sign(graph)], "value.mover")
    graph.as_value(x)


def _add_sign(graph: Graph) -> str:
    """Add +1 where Black is to move and -1 where White is; float32 [N, 1]."""
    axes = graph.constant("sign.axes", np.array([1, 2, 3], np.int64))
    corners = []
    for color, plane in (("black", BLACK_TO_MOVE_PLANE), ("white", WHITE_TO_MOVE_PLANE)):
        start = graph.constant(f"sign.{color}.start", np.array([plane, 0, 0], np.int64))
        end = graph.constant(f"sign.{color}.end", np.array([plane + 1, 1, 1], np.int64))
        corners.append(graph.node("Slice", ["planes.float", start, end, axes], f"sign.{color}"))
    return graph.node("Flatten", [graph.node("Sub", corners, "sign.difference")], "sign", axis=1)
