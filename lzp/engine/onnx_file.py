"""ONNX files that others made: taken only if they compute what lzp-export's do."""

from collections.abc import Iterator

import onnx
from onnx import TensorProto

from lzp.engine.onnx_nodes import INPUT, METADATA_PREFIX, POLICY, VALUE
from lzp.features import PLANES, PLANES_VERSION
from lzp.weights.tensors import MAX_SIDE, MIN_SIDE

STANDARD_DOMAINS = ("", "ai.onnx")
TYPE_NAMES: dict[int, str] = {TensorProto.UINT8: "uint8", TensorProto.FLOAT: "float32"}


def check_onnx(model: bytes) -> int:
    """Return the side of the board that a serialized ONNX model is for.

    Looks at names, types and shapes of inputs and outputs and for what could read other
    files or run foreign code; runs nothing.

    Raises:
        ValueError: not an ONNX model, or none of ours; one line without the file's name.
    """
    try:
        proto = onnx.load_model_from_string(model)
    except Exception:  # protobuf's DecodeError, which is not public through onnx
        raise ValueError("not an ONNX model, or cut off") from None
    if not proto.HasField("graph") or not proto.graph.node:
        raise ValueError("not an ONNX model, or cut off: no graph")
    _check_closed(proto)
    side = _check_faces(proto.graph)
    _check_metadata(proto, side)
    return side


def _check_closed(proto: onnx.ModelProto) -> None:
    """Refuse operators outside the standard and tensors that lie in other files."""
    for node in proto.functions:
        raise ValueError(f"defines the operator {node.name}; only standard operators are run")
    for graph in _graphs(proto.graph):
        for node in graph.node:
            if node.domain not in STANDARD_DOMAINS:
                raise ValueError(f"uses the custom operator {node.domain}.{node.op_type}")
        for tensor in _tensors(graph):
            if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
                raise ValueError(f"tensor {tensor.name} lies in another file; expected one file")


def _graphs(graph: onnx.GraphProto) -> Iterator[onnx.GraphProto]:
    """Yield a graph and all graphs within its nodes."""
    yield graph
    for node in graph.node:
        for attribute in node.attribute:
            for inner in (attribute.g, *attribute.graphs):
                if inner.node or inner.initializer:
                    yield from _graphs(inner)


def _tensors(graph: onnx.GraphProto) -> Iterator[onnx.TensorProto]:
    """Yield every tensor stored in a graph."""
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)
    for node in graph.node:
        for attribute in node.attribute:
            yield from (attribute.t, *attribute.tensors)
            for sparse in (attribute.sparse_tensor, *attribute.sparse_tensors):
                yield from (sparse.values, sparse.indices)


def _check_faces(graph: onnx.GraphProto) -> int:
    """Return the side that inputs and outputs agree on."""
    stored = {tensor.name for tensor in graph.initializer}
    inputs = {face.name: face for face in graph.input if face.name not in stored}
    outputs = {face.name: face for face in graph.output}
    if list(inputs) != [INPUT]:
        raise ValueError(f"inputs {sorted(inputs)}, expected one input {INPUT!r}")
    if set(outputs) != {POLICY, VALUE}:
        raise ValueError(f"outputs {sorted(outputs)}, expected {POLICY!r} and {VALUE!r}")
    dims = inputs[INPUT].type.tensor_type.shape.dim
    side = dims[-1].dim_value if len(dims) == 4 else 0
    if not MIN_SIDE <= side <= MAX_SIDE:
        raise ValueError(
            f"input {INPUT}: shape {_describe(inputs[INPUT])}, expected [N, {PLANES}, S, S] "
            f"with S from {MIN_SIDE} to {MAX_SIDE}"
        )
    _check_face(inputs[INPUT], TensorProto.UINT8, [PLANES, side, side])
    _check_face(outputs[POLICY], TensorProto.FLOAT, [side * side + 1])
    _check_face(outputs[VALUE], TensorProto.FLOAT, [])
    return side


def _check_face(face: onnx.ValueInfoProto, kind: int, shape: list[int]) -> None:
    """Refuse an input or output of another type or shape, or with a fixed batch."""
    tensor = face.type.tensor_type
    dims = tensor.shape.dim
    fits = bool(dims) and not dims[0].HasField("dim_value")
    if tensor.elem_type != kind or not fits or [dim.dim_value for dim in dims[1:]] != shape:
        expected = ", ".join(["N", *map(str, shape)])
        raise ValueError(
            f"{face.name}: {TYPE_NAMES.get(tensor.elem_type, 'other')} {_describe(face)}, "
            f"expected {TYPE_NAMES[kind]} [{expected}]"
        )


def _describe(face: onnx.ValueInfoProto) -> str:
    dims = face.type.tensor_type.shape.dim
    return "[" + ", ".join(dim.dim_param or str(dim.dim_value) for dim in dims) + "]"


def _check_metadata(proto: onnx.ModelProto, side: int) -> None:
    """Refuse a file made for other planes; files without our metadata have none to check."""
    entries = {entry.key: entry.value for entry in proto.metadata_props}
    for key, expected in (("planes_version", PLANES_VERSION), ("side", side)):
        found = entries.get(METADATA_PREFIX + key, str(expected))
        if found != str(expected):
            raise ValueError(
                f"metadata {METADATA_PREFIX}{key}: {found[:20]!r}, expected {expected}"
            )
