"""The graph that is run, made from the graph of a file: `winrate` in place of `value`.

::

    planes uint8 [N, 18, S, S] ─► network ─┬─► policy ────────────────► policy  float32 [N, S²+1]
                                           └─► value ─► (value + 1) / 2 ► winrate float32 [N]

Files keep `value`, which is what others know; the last step is added when one is loaded.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lzp.engine.calibration import calibrated_ranges
from lzp.engine.half_graph import to_half
from lzp.engine.network_file import NetworkFile
from lzp.engine.onnx_nodes import VALUE
from lzp.engine.quantized_graph import quantize

WINRATE = "winrate"
_PREFIX = "lzp.winrate"


def played_graph(
    file: NetworkFile, precision: str, *, quantized_sums: bool = False
) -> onnx.ModelProto:
    """Return the graph to run for a network.

    Args:
        file: the network.
        precision: one of `lzp.engine.run_options.PRECISIONS`; bfloat16 is a runtime's own
            affair, its graph is that of float32.
        quantized_sums: see `lzp.engine.quantized_graph.quantize`.

    Raises:
        ValueError: the network has no form in that precision.
    """
    model = file.onnx
    if precision == "float16":
        model = to_half(model)
    elif precision == "int8":
        model = quantize(model, calibrated_ranges(file), quantized_sums=quantized_sums)
    return with_winrate(model)


def with_winrate(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy of a model whose second output is `winrate`, float32 [N] in [0, 1]."""
    played = onnx.ModelProto()
    played.CopyFrom(model)
    graph = played.graph
    for name, number in (("one", 1.0), ("half", 0.5)):
        graph.initializer.append(
            numpy_helper.from_array(np.array(number, np.float32), f"{_PREFIX}.{name}")
        )
    sum_name = f"{_PREFIX}.sum"
    graph.node.extend(
        [
            helper.make_node("Add", [VALUE, f"{_PREFIX}.one"], [sum_name], name=sum_name),
            helper.make_node("Mul", [sum_name, f"{_PREFIX}.half"], [WINRATE], name=WINRATE),
        ]
    )
    index = [output.name for output in graph.output].index(VALUE)
    graph.output[index].CopyFrom(helper.make_tensor_value_info(WINRATE, TensorProto.FLOAT, ["N"]))
    return played
