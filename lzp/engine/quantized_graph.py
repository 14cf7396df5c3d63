"""A network's graph with its 3x3 convolutions in int8, as ONNX's QuantizeLinear says it.

::

    x ─► Q ─► DQ ─► Conv ─► y        Q: x / scale, rounded, as uint8 or int8; DQ: back
    weight int8 ─► DQ ──┘            a runtime folds the whole into one convolution of int8

Weights have a scale for each output plane, and no zero point. What goes into a convolution
comes from a ReLU, so that its uint8 begin at 0; its scale is that of the largest values in
play (`lzp.engine.calibration`). The input and the first block, the heads and the sums of
the tower stay in float32: on the shipped network the first block alone doubles the error.
"""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

_KERNEL = 3
#: The first block's convolutions.
_LEFT = 2
#: Of this way to quantize. A change makes proofs of earlier ones count as missing.
FORM = 2
_MOST_WEIGHT, _MOST_SIGNED, _MOST_UNSIGNED = 127, 127, 255
#: A plane of no weights still needs a scale.
_LEAST_SCALE = 1e-12


def quantizable(model: onnx.ModelProto) -> list[onnx.NodeProto]:
    """Return the convolutions that `quantize` changes.

    Those of 3x3 that read a ReLU's output, the first block's left out if there are more.
    """
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    maker = {name: node.op_type for node in model.graph.node for name in node.output}
    found = [
        node
        for node in model.graph.node
        if node.op_type == "Conv"
        and maker.get(node.input[0]) == "Relu"
        and node.input[1] in stored
        and list(stored[node.input[1]].dims[2:]) == [_KERNEL, _KERNEL]
        and stored[node.input[1]].data_type == TensorProto.FLOAT
    ]
    return found[_LEFT:] or found


def quantize(
    model: onnx.ModelProto, ranges: Mapping[str, float], *, quantized_sums: bool
) -> onnx.ModelProto:
    """Return a graph with its convolutions in int8; inputs and outputs stay as they are.

    Args:
        model: framed as `lzp.engine.onnx_nodes` shows.
        ranges: the largest absolute value that counts, by tensor, of what goes into and
            comes out of the convolutions.
        quantized_sums: what a convolution adds to the tower is quantized as well, without
            which ONNX Runtime does not compute in int8 at all.

    Raises:
        ValueError: no convolution can be quantized.
    """
    targets = {node.name for node in quantizable(model)}
    if not targets:
        raise ValueError("int8: no convolution of this network can be quantized")
    quantized = onnx.ModelProto()
    quantized.CopyFrom(model)
    graph = quantized.graph
    into_relu = {n.input[0] for n in graph.node if n.op_type == "Relu"}
    writer = _Writer(graph, ranges)
    for node in model.graph.node:
        if node.name not in targets:
            writer.nodes.append(node)
        else:
            writer.add_conv(node, quantized_sums and node.output[0] not in into_relu)
    del graph.node[:]
    graph.node.extend(writer.nodes)
    kept = [tensor for tensor in graph.initializer if tensor.name not in writer.replaced]
    del graph.initializer[:]
    graph.initializer.extend([*kept, *writer.stored])
    return quantized


class _Writer:
    """Adds nodes in order."""

    def __init__(self, graph: onnx.GraphProto, ranges: Mapping[str, float]) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.stored: list[onnx.TensorProto] = []
        self.replaced: set[str] = set()
        self._tensors = {tensor.name: tensor for tensor in graph.initializer}
        self._ranges = ranges
        self._scales: dict[str, float] = {}

    def add_conv(self, node: onnx.NodeProto, with_output: bool) -> None:
        """Add a convolution whose input and weights, and output if asked for, are quantized."""
        x, weight, *bias = node.input
        scale = self._scale(x, _MOST_UNSIGNED)
        quantized_x = self._round_trip(x, f"{x}.rounded", scale, np.uint8(0))
        array = numpy_helper.to_array(self._tensors[weight]).astype(np.float64)
        scales = np.maximum(np.abs(array).max(axis=(1, 2, 3)) / _MOST_WEIGHT, _LEAST_SCALE)
        rounded = np.rint(array / scales[:, None, None, None]).astype(np.int8)
        inputs = [quantized_x, self._constant(weight, rounded, scales)]
        if bias:
            numbers = numpy_helper.to_array(self._tensors[bias[0]]).astype(np.float64)
            step = scales * scale
            most = np.iinfo(np.int32).max
            whole = np.clip(np.rint(numbers / step), -most, most).astype(np.int32)
            inputs.append(self._constant(bias[0], whole, step))
        self.replaced.update([weight, *bias])
        output = f"{node.output[0]}.exact" if with_output else node.output[0]
        conv = helper.make_node("Conv", inputs, [output], name=output)
        conv.attribute.extend(node.attribute)
        self.nodes.append(conv)
        if with_output:
            scale = self._scale(node.output[0], _MOST_SIGNED)
            self._round_trip(output, node.output[0], scale, np.int8(0))

    def _scale(self, tensor: str, most: int) -> float:
        return max(self._ranges[tensor] / most, _LEAST_SCALE)

    def _round_trip(self, x: str, output: str, scale: float, zero: np.uint8 | np.int8) -> str:
        """Add rounding to multiples of a scale, once for a tensor, and return its name."""
        if output in self._scales:
            return output
        self._scales[output] = scale
        names = [
            self._store(f"{output}.scale", np.float32(scale)),
            self._store(f"{output}.zero", zero),
        ]
        whole = f"{output}.whole"
        self.nodes.append(helper.make_node("QuantizeLinear", [x, *names], [whole], name=whole))
        self.nodes.append(
            helper.make_node("DequantizeLinear", [whole, *names], [output], name=output)
        )
        return output

    def _constant(self, name: str, whole: np.ndarray, scales: np.ndarray) -> str:
        """Add stored whole numbers with a scale for each of their first axis."""
        zeros = np.zeros(len(scales), whole.dtype)
        names = [
            self._store(f"{name}.whole", whole),
            self._store(f"{name}.scale", scales.astype(np.float32)),
            self._store(f"{name}.zero", zeros),
        ]
        output = f"{name}.rounded"
        self.nodes.append(
            helper.make_node("DequantizeLinear", names, [output], name=output, axis=0)
        )
        return output

    def _store(self, name: str, array: np.ndarray | np.generic) -> str:
        self.stored.append(numpy_helper.from_array(np.asarray(array), name))
        return name
