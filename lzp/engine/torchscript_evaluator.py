"""Networks run as TorchScript; the one part of playing that needs torch.

The file is what `lzp-export ... out.pt` writes: a module that takes `planes` uint8
[N, 18, S, S] and returns (policy, value), and beside it ``lzp.json`` with its side.
"""

import json
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from lzp.engine.evaluator import in_parts
from lzp.engine.onnxruntime_evaluator import RunOptions
from lzp.weights.tensors import MAX_SIDE, MIN_SIDE

METADATA_FILE = "lzp.json"


class TorchScriptEvaluator:
    """An `Evaluator` that runs a TorchScript file on the CPU.

    Args:
        path: the file.
        options: threads, which hold for all of torch in this process, and batch size.

    Raises:
        ValueError: not a file of `lzp-export`, or a damaged one.
    """

    def __init__(self, path: Path, options: RunOptions) -> None:
        self.name = path.name
        self._batch_size = options.batch_size
        self._module, self.side = _load(path)
        torch.set_num_threads(options.threads)

    def evaluate(
        self, planes: NDArray[np.uint8]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Evaluator.evaluate`."""
        with torch.inference_mode():
            # Copies, since torch warns of arrays that may not be written to.
            parts = [
                self._module(torch.from_numpy(part.copy()))
                for part in in_parts(planes, self._batch_size)
            ]
            policy = torch.cat([part[0] for part in parts])
            value = torch.cat([part[1] for part in parts])
        return policy.numpy(), value.numpy()


def _load(path: Path) -> tuple[Any, int]:
    """Return the module of a file and the side of its board."""
    extra = {METADATA_FILE: b""}
    load: Any = torch.jit.load  # which has no annotations
    try:
        with without_jit_warnings():
            module = load(str(path), map_location="cpu", _extra_files=extra)
    except Exception as error:  # torch documents no exceptions here; mostly RuntimeError
        line = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"not a TorchScript file, or a damaged one ({line[:120]})") from None
    try:
        side = json.loads(extra[METADATA_FILE])["side"]
    except (ValueError, KeyError, TypeError):
        raise ValueError(f"no side in {METADATA_FILE}: not written by lzp-export") from None
    if not isinstance(side, int) or not MIN_SIDE <= side <= MAX_SIDE:
        raise ValueError(f"{METADATA_FILE}: side {side!r}, expected {MIN_SIDE} to {MAX_SIDE}")
    return module.eval(), side


@contextmanager
def without_jit_warnings() -> Iterator[None]:
    """Silence torch's notes that TorchScript gets no new features: the form is fixed here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r".*torch\.jit\.\w+` is", DeprecationWarning)
        yield
