"""Networks run by ONNX Runtime on the CPU."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, evaluate_in_parts
from lzp.engine.network_file import NetworkFile
from lzp.engine.onnx_nodes import INPUT, POLICY
from lzp.engine.onnxruntime_session import CPU_PROVIDER, open_session
from lzp.engine.played_graph import WINRATE, played_graph
from lzp.engine.run_options import RunOptions

OUTPUTS = [POLICY, WINRATE]


class OnnxEvaluator:
    """An `Evaluator` over a session of a graph of `lzp.engine.played_graph`.

    Several may share a session: each call runs in its caller's thread.

    Args:
        session: of ONNX Runtime.
        file: the network's name and side.
        batch_size: most positions run at once; larger requests are split.
    """

    def __init__(self, session: Any, file: NetworkFile, batch_size: int) -> None:
        self.name = file.name
        self.side = file.side
        self._batch_size = batch_size
        self._session = session

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, self._batch_size, self._run)

    def _run(self, planes: NDArray[np.uint8]) -> Answer:
        policy, winrate = self._session.run(OUTPUTS, {INPUT: planes})
        return policy, winrate


def open_onnxruntime(file: NetworkFile, options: RunOptions) -> list[OnnxEvaluator]:
    """Return an evaluator for each lane, on the CPU.

    Raises:
        RuntimeError: ONNX Runtime refuses the network.
    """
    model = played_graph(file, options.precision, quantized_sums=True).SerializeToString()
    session = open_session(model, options.threads, [(CPU_PROVIDER, {})])
    return [OnnxEvaluator(session, file, options.batch_size) for _ in range(options.lanes)]
