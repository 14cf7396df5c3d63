"""Networks run by ONNX Runtime: on an NVIDIA GPU where there is one, else on the CPU."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, in_parts

CPU_PROVIDER = "CPUExecutionProvider"
#: Without TF32, whose 10-bit mantissas shift winrates in the third digit.
CUDA_PROVIDER = ("CUDAExecutionProvider", {"use_tf32": "0"})
SILENT = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class RunOptions:
    """How a network is run.

    Attributes:
        batch_size: most positions run at once; larger requests are split.
        threads: CPU threads of one evaluation.

    Raises:
        ValueError: a number below 1.
    """

    batch_size: int
    threads: int

    def __post_init__(self) -> None:
        for name, number in (("batch_size", self.batch_size), ("threads", self.threads)):
            if number < 1:
                raise ValueError(f"{name}: {number}, expected 1 or more")


class OnnxEvaluator:
    """An `Evaluator` that runs an ONNX model framed as `lzp.engine.onnx_nodes` shows.

    Args:
        model: the serialized model.
        name: what to call the network.
        side: lines of its board.
        options: threads and batch size.

    Raises:
        RuntimeError: ONNX Runtime refuses the model.
    """

    def __init__(self, model: bytes, name: str, side: int, options: RunOptions) -> None:
        self.name = name
        self.side = side
        self._batch_size = options.batch_size
        self._session = _open_session(model, options.threads)

    @property
    def device(self) -> str:
        """Where the network runs: ``cpu`` or ``cuda``."""
        first: str = self._session.get_providers()[0]
        return first.removesuffix("ExecutionProvider").lower()

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        outputs = ["policy", "value"]
        parts = [
            self._session.run(outputs, {"planes": part})
            for part in in_parts(planes, self._batch_size)
        ]
        policy, value = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
        return policy, (value + np.float32(1)) / np.float32(2)


def _open_session(model: bytes, threads: int) -> Any:
    """Return a session on the best device that works."""
    ort = _onnxruntime()
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = SILENT  # what fails is raised as well
    # Idle threads that spin take the cores from the search: half the speed on two cores.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")

    def open_on(providers: list[Any]) -> Any:
        # With its own fallback ONNX Runtime would print to stdout, which is GTP's.
        return ort.InferenceSession(model, options, providers=providers, enable_fallback=0)

    try:
        if "CUDAExecutionProvider" in ort.get_available_providers() and _has_nvidia_gpu():
            try:
                preload_cuda(ort)
                return open_on([CUDA_PROVIDER, CPU_PROVIDER])
            except Exception as error:
                reason = str(error).strip().splitlines()[0]
                print(f"the GPU cannot be used, taking the CPU: {reason}", file=sys.stderr)
        return open_on([CPU_PROVIDER])
    except Exception as error:  # the bindings' exceptions share no public base class
        raise RuntimeError(str(error).strip().splitlines()[0]) from None


@cache
def _onnxruntime() -> ModuleType:
    """Return onnxruntime, imported without its warnings about devices that are not there."""
    with _without_stderr():
        import onnxruntime
    onnxruntime.set_default_logger_severity(SILENT)
    return onnxruntime  # type: ignore[no-any-return]


def preload_cuda(ort: ModuleType) -> None:
    """Load CUDA's libraries from pip packages, where a session would not look for them.

    ONNX Runtime's own function tells on stdout what it misses, and stdout is GTP's: its
    module gets a silent `print`. A session without the libraries says so by itself.
    """
    vars(ort)["print"] = lambda *_args, **_options: None
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()


@contextmanager
def _without_stderr() -> Iterator[None]:
    """Send the process's stderr nowhere for a moment.

    ONNX Runtime looks for GPUs while it is imported and logs what it misses, before its
    log level can be set (microsoft/onnxruntime#27092).
    """
    try:
        kept = os.dup(2)
    except OSError:  # no stderr at all
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
            yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)


def _has_nvidia_gpu() -> bool:
    """Ask the driver whether there is a GPU, so that CUDA is not tried, and logs, in vain."""
    name = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
    try:
        driver = ctypes.CDLL(name)
    except OSError:
        return False
    count = ctypes.c_int(0)
    started = driver.cuInit(0) == 0
    return started and driver.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
