"""A network's graph in float16, with softmax and tanh in float32.

For GPUs, whose float16 units are many times faster. Planes of 0 and 1 lose nothing.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lzp.engine.onnx_nodes import INPUT

#: What is left of a probability in float16 is too little.
_EXACT = {"Softmax", "Tanh", "Sigmoid"}
#: Gives float32 where one of its inputs is.
_ELEMENTWISE = {"Add", "Sub", "Mul"}
#: Gives what its first input is; other inputs are shapes and indices.
_MOVES = {"Reshape", "Flatten", "Slice"}
_HALF = {
    "Conv", "Gemm", "Relu", "BatchNormalization", "GlobalAveragePool", "GlobalMaxPool", "Concat",
}  # fmt: skip
_LARGEST = float(np.finfo(np.float16).max)


def to_half(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a graph that computes the same in float16; inputs and outputs keep their types.

    Args:
        model: framed as `lzp.engine.onnx_nodes` shows, of the operators that lzp-export
            writes.

    Raises:
        ValueError: another operator, or a number too large for float16.
    """
    halved = onnx.ModelProto()
    halved.CopyFrom(model)
    graph = halved.graph
    writer = _Writer(graph)
    for node in model.graph.node:
        writer.add(node)
    outputs = {output.name for output in graph.output}
    del graph.node[:], graph.initializer[:], graph.value_info[:]
    graph.node.extend(writer.finish(outputs))
    graph.initializer.extend(writer.used.values())
    return halved


class _Writer:
    """Rewrites nodes in order, and casts between the two types where they meet."""

    def __init__(self, graph: onnx.GraphProto) -> None:
        self.used: dict[str, onnx.TensorProto] = {}
        self._stored = {tensor.name: tensor for tensor in graph.initializer}
        self._nodes: list[onnx.NodeProto] = []
        #: Computed tensors in float32; all others are in float16.
        self._floats: set[str] = set()
        self._casts: set[str] = set()

    def add(self, node: onnx.NodeProto) -> None:
        """Add a node in the type that fits it."""
        node = _copy(node)
        kind = node.op_type
        if kind == "Cast" and node.input[0] == INPUT:
            del node.attribute[:]
            node.attribute.append(helper.make_attribute("to", TensorProto.FLOAT16))
            self._nodes.append(node)
            return
        if kind not in _EXACT | _ELEMENTWISE | _MOVES | _HALF:
            raise ValueError(f"float16: only networks of lzp-export, not one with {kind}")
        is_float = kind in _EXACT or (
            kind in _ELEMENTWISE | _MOVES and any(name in self._floats for name in node.input)
        )
        for index, name in enumerate(node.input):
            node.input[index] = self._as(name, is_float)
        if is_float:
            self._floats.update(node.output)
        self._nodes.append(node)

    def finish(self, outputs: set[str]) -> list[onnx.NodeProto]:
        """Return the nodes.

        Raises:
            ValueError: one of the graph's outputs is in float16.
        """
        if halves := sorted(outputs - self._floats):
            raise ValueError(f"float16: {halves[0]} comes from no softmax or tanh")
        return self._nodes

    def _as(self, name: str, is_float: bool) -> str:
        """Return the name of a tensor in float32 or float16."""
        if name in self._stored:
            return self._store(self._stored[name], is_float)
        if not name or name == INPUT or (name in self._floats) == is_float:
            return name
        cast = f"{name}.{'single' if is_float else 'half'}"
        if cast not in self._casts:
            self._casts.add(cast)
            to = TensorProto.FLOAT if is_float else TensorProto.FLOAT16
            self._nodes.append(helper.make_node("Cast", [name], [cast], name=cast, to=to))
        return cast

    def _store(self, tensor: onnx.TensorProto, is_float: bool) -> str:
        """Keep a constant in the type that it is used in."""
        if tensor.data_type != TensorProto.FLOAT or is_float:
            self.used[tensor.name] = tensor
            return tensor.name
        name = f"{tensor.name}.half"
        if name not in self.used:
            array = numpy_helper.to_array(tensor)
            if np.abs(array).max(initial=0) > _LARGEST:
                raise ValueError(f"float16: {tensor.name} holds numbers that are too large for it")
            self.used[name] = numpy_helper.from_array(array.astype(np.float16), name)
        return name


def _copy(node: onnx.NodeProto) -> onnx.NodeProto:
    copied = onnx.NodeProto()
    copied.CopyFrom(node)
    return copied
