"""Networks run as TorchScript by torch; the one part of playing that needs it."""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, evaluate_in_parts
from lzp.engine.network_file import NetworkFile, first_line
from lzp.engine.run_options import RunOptions
from lzp.weights import LeelaWeights


class TorchScriptEvaluator:
    """An `Evaluator` over a module on the CPU; several may share one.

    Args:
        module: takes `planes` uint8 [N, 18, S, S] and returns (policy, value).
        file: the network's name and side.
        batch_size: most positions run at once; larger requests are split.
    """

    def __init__(self, module: Any, file: NetworkFile, batch_size: int) -> None:
        self.name = file.name
        self.side = file.side
        self._batch_size = batch_size
        self._module = module

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, self._batch_size, self._run)

    def _run(self, planes: NDArray[np.uint8]) -> Answer:
        with torch.inference_mode():
            # A copy, since torch warns of arrays that may not be written to.
            policy, value = self._module(torch.from_numpy(planes.copy()))
            return policy.numpy(), ((value + 1) / 2).numpy()


def open_torchscript(file: NetworkFile, options: RunOptions) -> list[TorchScriptEvaluator]:
    """Return an evaluator for each lane; their threads hold for all of torch in this process.

    Raises:
        ValueError: a damaged file, or a network that has no form as TorchScript.
    """
    module = _load(_as_torchscript(file))
    torch.set_num_threads(options.threads)
    return [TorchScriptEvaluator(module, file, options.batch_size) for _ in range(options.lanes)]


def _as_torchscript(file: NetworkFile) -> bytes:
    """Return a file's bytes, or those of a file made from its weights."""
    if file.torchscript is not None:
        return file.torchscript
    from lzp.engine.export_torchscript import serialize_network

    if not isinstance(file.network, LeelaWeights):
        raise ValueError("only TorchScript files and Leela Zero's networks run on torchscript")
    return serialize_network(file.network, file.name)


def _load(file: bytes) -> Any:
    """Return the module of a TorchScript file."""
    load: Any = torch.jit.load  # which has no annotations
    try:
        with without_jit_warnings():
            module = load(io.BytesIO(file), map_location="cpu")
    except Exception as error:  # torch documents no exceptions here; mostly RuntimeError
        line = first_line(error)[:120]
        raise ValueError(f"not a TorchScript file, or a damaged one ({line})") from None
    return module.eval()


@contextmanager
def without_jit_warnings() -> Iterator[None]:
    """Silence torch's notes that TorchScript gets no new features: the form is fixed here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit\.\w+` is", DeprecationWarning)
        yield
