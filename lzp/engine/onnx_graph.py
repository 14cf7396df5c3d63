"""A Leela Zero network as an ONNX graph, made from its weights without torch.

::

    planes uint8 [N, 18, S, S] ─► cast ─► tower ─┬─► ... ─► softmax ─► policy float32 [N, S²+1]
                                                 └─► ... ─► tanh ────► value  float32 [N]

The norms are folded into the convolutions in float64. A network whose value head speaks
for Black (weights version 2) gets its sign from planes 16 and 17 inside the graph, so
that `value` is always the side to move's.
"""

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lzp.features import PLANES, PLANES_VERSION
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE
from lzp.weights import ConvNorm, Dense, LeelaWeights
from lzp.weights.tensors import EPSILON, VALUE_FOR_BLACK

INPUT, POLICY, VALUE = "planes", "policy", "value"
#: Old enough for ONNX Runtime from 1.14 on (2023); nothing newer is needed.
OPSET = 17
IR_VERSION = 8
METADATA_PREFIX = "lzp."


def build_model(weights: LeelaWeights, name: str) -> onnx.ModelProto:
    """Return the checked ONNX model of a network.

    Args:
        weights: the network; either version.
        name: what to call it in the file, for people.
    """
    graph = _Graph()
    tower = _add_tower(graph, weights)
    _add_policy(graph, tower, weights)
    _add_value(graph, tower, weights)
    model = helper.make_model(
        _finish(graph, weights.side, name),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="lzp",
    )
    metadata = {
        "name": name,
        "side": weights.side,
        "blocks": len(weights.blocks),
        "filters": weights.filters,
        "planes_version": PLANES_VERSION,
    }
    entries = {METADATA_PREFIX + key: str(entry) for key, entry in metadata.items()}
    helper.set_model_props(model, entries)
    onnx.checker.check_model(model, full_check=True)
    return model


def fold(layer: ConvNorm) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return weight and bias of the one convolution that equals convolution and norm."""
    scale = 1.0 / np.sqrt(layer.variance.astype(np.float64) + EPSILON)
    bias = (layer.bias.astype(np.float64) - layer.mean) * scale
    weight = layer.weight.astype(np.float64) * scale[:, None, None, None]
    return weight.astype(np.float32), bias.astype(np.float32)


class _Graph:
    """Nodes and constants in the order they are added."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(self, kind: str, inputs: list[str], output: str, **attributes: int | list[int]) -> str:
        node = helper.make_node(kind, inputs, [output], name=output)
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        self.nodes.append(node)
        return output

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def conv(self, x: str, name: str, layer: ConvNorm) -> str:
        weight, bias = fold(layer)
        size = weight.shape[2]
        inputs = [x, self.constant(f"{name}.weight", weight), self.constant(f"{name}.bias", bias)]
        return self.node("Conv", inputs, name, kernel_shape=[size] * 2, pads=[size // 2] * 4)

    def relu(self, x: str) -> str:
        return self.node("Relu", [x], f"{x}.relu")

    def dense(self, x: str, name: str, layer: Dense) -> str:
        weight = self.constant(f"{name}.weight", layer.weight)
        bias = self.constant(f"{name}.bias", layer.bias)
        return self.node("Gemm", [x, weight, bias], name, transB=1)


def _add_tower(graph: _Graph, weights: LeelaWeights) -> str:
    planes = graph.node("Cast", [INPUT], "planes.float", to=TensorProto.FLOAT)
    x = graph.relu(graph.conv(planes, "input", weights.input))
    for index, (first, second) in enumerate(weights.blocks):
        y = graph.relu(graph.conv(x, f"block{index}.first", first))
        y = graph.conv(y, f"block{index}.second", second)
        x = graph.relu(graph.node("Add", [y, x], f"block{index}.sum"))
    return x


def _add_policy(graph: _Graph, tower: str, weights: LeelaWeights) -> None:
    x = graph.relu(graph.conv(tower, "policy.conv", weights.policy_conv))
    x = graph.node("Flatten", [x], "policy.flat", axis=1)
    x = graph.dense(x, "policy.logits", weights.policy)
    graph.node("Softmax", [x], POLICY, axis=1)


def _add_value(graph: _Graph, tower: str, weights: LeelaWeights) -> None:
    x = graph.relu(graph.conv(tower, "value.conv", weights.value_conv))
    x = graph.node("Flatten", [x], "value.flat", axis=1)
    x = graph.relu(graph.dense(x, "value.hidden", weights.value_hidden))
    x = graph.node("Tanh", [graph.dense(x, "value.dense", weights.value)], "value.tanh")
    if weights.version == VALUE_FOR_BLACK:
        x = graph.node("Mul", [x, _add_sign(graph)], "value.mover")
    one_axis = graph.constant("value.shape", np.array([-1], np.int64))
    graph.node("Reshape", [x, one_axis], VALUE)


def _add_sign(graph: _Graph) -> str:
    """Add +1 where Black is to move and -1 where White is; float32 [N, 1]."""
    axes = graph.constant("sign.axes", np.array([1, 2, 3], np.int64))
    corners = []
    for color, plane in (("black", BLACK_TO_MOVE_PLANE), ("white", WHITE_TO_MOVE_PLANE)):
        start = graph.constant(f"sign.{color}.start", np.array([plane, 0, 0], np.int64))
        end = graph.constant(f"sign.{color}.end", np.array([plane + 1, 1, 1], np.int64))
        corners.append(graph.node("Slice", ["planes.float", start, end, axes], f"sign.{color}"))
    return graph.node("Flatten", [graph.node("Sub", corners, "sign.difference")], "sign", axis=1)


def _finish(graph: _Graph, side: int, name: str) -> onnx.GraphProto:
    moves = side * side + 1
    planes = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", PLANES, side, side])
    policy = helper.make_tensor_value_info(POLICY, TensorProto.FLOAT, ["N", moves])
    value = helper.make_tensor_value_info(VALUE, TensorProto.FLOAT, ["N"])
    return helper.make_graph(graph.nodes, name, [planes], [policy, value], graph.constants)
