"""Networks run by OpenVINO on the CPU."""

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, evaluate_in_parts
from lzp.engine.network_file import NetworkFile, first_line
from lzp.engine.played_graph import played_graph
from lzp.engine.run_options import RunOptions

DEVICE = "CPU"
#: How OpenVINO calls what it computes in. Quantized graphs keep float32 for the rest.
HINTS = {"float32": "f32", "bfloat16": "bf16", "int8": "f32"}
#: What imports a part of OpenVINO that reports the import to its makers over the network.
_REPORTING_PART = "openvino.tools.ovc"


class OpenVinoEvaluator:
    """An `Evaluator` over a request of a compiled network; several may share a network.

    Args:
        request: of OpenVINO; waits for no other.
        file: the network's name and side.
        batch_size: most positions run at once; larger requests are split.
    """

    def __init__(self, request: Any, file: NetworkFile, batch_size: int) -> None:
        self.name = file.name
        self.side = file.side
        self._batch_size = batch_size
        self._request = request

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, self._batch_size, self._run)

    def _run(self, planes: NDArray[np.uint8]) -> Answer:
        # The planes are read where they are; the answers are copies.
        answer = self._request.infer([planes], share_inputs=True)
        return answer[0], answer[1]


def open_openvino(file: NetworkFile, options: RunOptions) -> list[OpenVinoEvaluator]:
    """Return an evaluator for each lane, on the CPU.

    Raises:
        RuntimeError: OpenVINO refuses the network.
    """
    precision = "int8" if options.precision == "int8" else "float32"
    model = played_graph(file, precision).SerializeToString()
    told = {
        # Always: left alone it takes bfloat16 on CPUs that have it.
        "INFERENCE_PRECISION_HINT": HINTS[options.precision],
        "NUM_STREAMS": options.lanes,
        "INFERENCE_NUM_THREADS": options.lanes * options.threads,
        # Two programs that pin their threads would share a core and leave another idle.
        "ENABLE_CPU_PINNING": False,
    }
    core = _core()
    try:
        compiled = core.compile_model(core.read_model(model), DEVICE, told)
        requests = [compiled.create_infer_request() for _ in range(options.lanes)]
    except Exception as error:  # RuntimeError mostly, with a page of text
        raise RuntimeError(first_line(error)) from None
    return [OpenVinoEvaluator(request, file, options.batch_size) for request in requests]


def why_no_openvino() -> str | None:
    """Say why OpenVINO cannot be used here; None if it can. Imports nothing."""
    if importlib.util.find_spec("openvino") is None:
        return "openvino is not installed: pip install openvino"
    return None


def openvino_precisions() -> tuple[str, ...]:
    """Return the precisions that this CPU has instructions for."""
    able = _core().get_property(DEVICE, "OPTIMIZATION_CAPABILITIES")
    return ("float32", "bfloat16", "int8") if "BF16" in able else ("float32", "int8")


@cache
def _core() -> Any:
    return openvino_module().Core()


@cache
def openvino_module() -> ModuleType:
    """Return openvino, imported without the part of it that reports to its makers.

    That part converts models of other frameworks; openvino goes on without it.
    """
    known = _REPORTING_PART in sys.modules
    sys.modules.setdefault(_REPORTING_PART, None)  # type: ignore[arg-type]
    try:
        import openvino
    finally:
        if not known:
            del sys.modules[_REPORTING_PART]
    return openvino  # type: ignore[no-any-return]
