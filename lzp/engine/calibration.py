"""How large the numbers inside a network get in play, measured once for a network and kept."""

import os
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from lzp.engine.evaluator import Answer
from lzp.engine.measured_cache import read_measured, write_measured
from lzp.engine.network_file import NetworkFile
from lzp.engine.onnx_nodes import INPUT, POLICY, VALUE
from lzp.engine.onnxruntime_session import CPU_PROVIDER, open_session
from lzp.engine.quantized_graph import quantizable
from lzp.engine.sample_positions import play_games

#: Positions: so many plies of 8 games, others than those that candidates are compared on.
_PLIES, _SEED = 32, 1
#: A change makes ranges that were measured before count as missing.
_FORM = 2


def calibrated_ranges(file: NetworkFile) -> dict[str, float]:
    """Return the largest absolute values of what `quantize` rounds, by tensor.

    Raises:
        RuntimeError: ONNX Runtime refuses the network.
    """
    names = _tensors(file.onnx)
    key = {"what": "ranges", "form": _FORM, "network": file.digest}
    kept = read_measured(key)
    if kept is not None and set(kept) == set(names):
        return {name: float(kept[name]) for name in names}
    recorder = _Recorder(file, names)
    for _ in play_games(recorder, _PLIES, _SEED):
        pass
    ranges = recorder.ranges()
    write_measured(key, ranges)
    return ranges


def _tensors(model: onnx.ModelProto) -> list[str]:
    """Return the names of what goes into and comes out of the convolutions, each once."""
    convs = quantizable(model)
    return list(dict.fromkeys(name for node in convs for name in (node.input[0], node.output[0])))


class _Recorder:
    """An evaluator that notes how large its inner numbers are."""

    def __init__(self, file: NetworkFile, names: list[str]) -> None:
        model = onnx.ModelProto()
        model.CopyFrom(file.onnx)
        model.graph.output.extend(
            helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in names
        )
        self.side, self.name = file.side, file.name
        self._names = names
        self._largest: list[NDArray[np.float64]] = []
        threads = os.cpu_count() or 1
        provider = [(CPU_PROVIDER, dict[str, str]())]
        self._session: Any = open_session(model.SerializeToString(), threads, provider)

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        outputs = [POLICY, VALUE, *self._names]
        policy, value, *inner = self._session.run(outputs, {INPUT: planes})
        self._largest.append(np.array([np.abs(array).max() for array in inner]))
        return policy, (value + 1) / 2

    def ranges(self) -> dict[str, float]:
        """Return the largest values of all.

        To cut off one in 10,000 of them costs more than finer steps for the rest bring: on
        the shipped network 97 instead of 99 % of first moves stay.
        """
        return dict(zip(self._names, np.max(self._largest, axis=0).tolist(), strict=True))
