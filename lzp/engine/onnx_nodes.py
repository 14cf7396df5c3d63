"""What the builders of ONNX graphs share: nodes by name, and the frame around a network.

::

    planes uint8 [N, 18, S, S] ─► cast ─► tower ─┬─► ... ─► softmax ─► policy float32 [N, S²+1]
                                                 └─► ... ─► tanh ────► value  float32 [N]
"""

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from lzp.features import PLANES, PLANES_VERSION

INPUT, POLICY, VALUE = "planes", "policy", "value"
#: Old enough for ONNX Runtime from 1.14 on (2023); nothing newer is needed.
OPSET = 17
IR_VERSION = 8
METADATA_PREFIX = "lzp."
#: Not 0, which CUDA's norms do not take.
NORM_EPSILON = 1e-5

Numbers = NDArray[np.float32] | NDArray[np.float64]


class Graph:
    """Nodes and constants in the order they are added; each node is named by its output.

    Numbers are stored as float32, whatever they were computed in.
    """

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def node(
        self, kind: str, inputs: list[str], output: str, **attributes: float | list[int]
    ) -> str:
        """Add an operator of one output, and return its name."""
        node = helper.make_node(kind, inputs, [output], name=output)
        node.attribute.extend(
            helper.make_attribute(key, value) for key, value in attributes.items()
        )
        self.nodes.append(node)
        return output

    def constant(self, name: str, array: NDArray[np.generic]) -> str:
        """Add a stored tensor as it is, and return its name."""
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def numbers(self, name: str, array: Numbers) -> str:
        """Add a stored tensor of float32, and return its name."""
        return self.constant(name, array.astype(np.float32))

    def planes(self) -> str:
        """Add the input as float32, [N, 18, S, S]."""
        return self.node("Cast", [INPUT], "planes.float", to=TensorProto.FLOAT)

    def conv(self, x: str, name: str, weight: Numbers, bias: Numbers | None = None) -> str:
        """Add a convolution that keeps the board's size; weight [out, in, k, k], bias [out]."""
        size = weight.shape[2]
        inputs = [x, self.numbers(f"{name}.weight", weight)]
        if bias is not None:
            inputs.append(self.numbers(f"{name}.bias", bias))
        return self.node("Conv", inputs, name, kernel_shape=[size] * 2, pads=[size // 2] * 4)

    def scale_planes(self, x: str, name: str, scale: Numbers, shift: Numbers) -> str:
        """Add ``scale * x + shift``, one of each for a plane of x [N, C, S, S].

        As a norm, not a product and a sum: ONNX Runtime keeps its blocked layout of planes
        through norms, which is 5 to 8 % of a whole network on a CPU. The mean is 0 and the
        variance 1 less the epsilon that is added to it.
        """
        mean, variance = np.zeros_like(scale), np.full_like(scale, 1 - NORM_EPSILON)
        numbers = {"scale": scale, "shift": shift, "mean": mean, "variance": variance}
        inputs = [self.numbers(f"{name}.{part}", array) for part, array in numbers.items()]
        return self.node("BatchNormalization", [x, *inputs], name, epsilon=NORM_EPSILON)

    def relu(self, x: str) -> str:
        """Add max(0, x)."""
        return self.node("Relu", [x], f"{x}.relu")

    def dense(self, x: str, name: str, weight: Numbers, bias: Numbers) -> str:
        """Add ``weight @ x + bias`` for x [N, in]."""
        inputs = [x, self.numbers(f"{name}.weight", weight), self.numbers(f"{name}.bias", bias)]
        return self.node("Gemm", inputs, name, transB=1)

    def as_value(self, x: str) -> None:
        """Make a tensor of N numbers, of any shape, the output `value`."""
        self.node("Reshape", [x, self.constant("value.shape", np.array([-1], np.int64))], VALUE)


def finish_model(
    graph: Graph, side: int, name: str, metadata: Mapping[str, str | int]
) -> onnx.ModelProto:
    """Return the checked model of a graph that has both outputs.

    Args:
        graph: reads `INPUT`, writes `POLICY` and `VALUE`.
        side: lines of the board, S.
        name: what to call it in the file, for people.
        metadata: more to say in the file.
    """
    planes = helper.make_tensor_value_info(INPUT, TensorProto.UINT8, ["N", PLANES, side, side])
    policy = helper.make_tensor_value_info(POLICY, TensorProto.FLOAT, ["N", side * side + 1])
    value = helper.make_tensor_value_info(VALUE, TensorProto.FLOAT, ["N"])
    model = helper.make_model(
        helper.make_graph(graph.nodes, name, [planes], [policy, value], graph.constants),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
        producer_name="lzp",
    )
    entries = {"name": name, "side": side, **metadata, "planes_version": PLANES_VERSION}
    helper.set_model_props(model, {METADATA_PREFIX + key: str(v) for key, v in entries.items()})
    onnx.checker.check_model(model, full_check=True)
    return model
