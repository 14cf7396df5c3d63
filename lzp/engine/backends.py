"""The backends: everything that can run a network, by name.

A new one is a file with a function that opens a network on it, and an entry in `BACKENDS`.
Nothing is imported before it is asked for.
"""

import importlib
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from lzp.engine.evaluator import Evaluator
from lzp.engine.gpu import NO_NVIDIA_GPU, has_nvidia_gpu
from lzp.engine.network_file import NetworkFile, needs_torch
from lzp.engine.run_options import RunOptions
from lzp.weights import LeelaWeights

#: What is exact everywhere, and what all others are held against.
REFERENCE = "onnxruntime"


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """Something that runs networks.

    Attributes:
        name: as the command line says it.
        device: "cpu" or "gpu".
        distributions: the packages whose versions decide how fast and how exact it is.
        is_automatic: may be chosen without being asked for.
        why_not: why it is not available on this machine, in one line; None if it is.
        refusal: why it cannot run a network; None if it can. Looks at the file alone.
        precisions: what it computes in on this machine, "float32" first if it can.
        open: returns an evaluator for each of `RunOptions.lanes`; raises RuntimeError,
            ValueError or ImportError, whose first line says why it cannot.
    """

    name: str
    device: str = "cpu"
    distributions: tuple[str, ...]
    is_automatic: bool = True
    why_not: Callable[[], str | None]
    refusal: Callable[[NetworkFile], str | None]
    precisions: Callable[[], tuple[str, ...]]
    open: Callable[[NetworkFile, RunOptions], Sequence[Evaluator]]

    @property
    def is_on_gpu(self) -> bool:
        """Whether a GPU runs its networks."""
        return self.device == "gpu"


def why_unusable(backend: Backend, file: NetworkFile) -> str | None:
    """Say why a backend cannot run a network on this machine; None if it can."""
    return backend.refusal(file) or backend.why_not()


def find_backend(name: str) -> Backend:
    """Return the backend of a name.

    Raises:
        ValueError: there is none.
    """
    if name not in BACKENDS:
        raise ValueError(f"backend {name!r}, expected one of {', '.join(BACKENDS)}")
    return BACKENDS[name]


def default_backend(file: NetworkFile) -> Backend:
    """Return what runs a file where nothing was measured: exact, and on the GPU if there is one."""
    usable = [name for name in ("cuda", REFERENCE) if not why_unusable(BACKENDS[name], file)]
    return BACKENDS[usable[0] if usable else "torchscript"]


def _later(module: str, function: str) -> Callable[..., object]:
    """Return a function of a module of this folder that is imported when it is called."""

    def call(*arguments: object) -> object:
        return getattr(importlib.import_module(f"lzp.engine.{module}"), function)(*arguments)

    return call


def _opens(module: str, function: str) -> Callable[[NetworkFile, RunOptions], Sequence[Evaluator]]:
    return cast(Callable[[NetworkFile, RunOptions], Sequence[Evaluator]], _later(module, function))


def _says(module: str, function: str) -> Callable[[], str | None]:
    return cast(Callable[[], str | None], _later(module, function))


def _needs_graph(file: NetworkFile) -> str | None:
    return None if file.torchscript is None else "TorchScript files run on torchscript alone"


def _needs_torchscript(file: NetworkFile) -> str | None:
    if file.torchscript is not None or isinstance(file.network, LeelaWeights):
        return None
    return "only TorchScript files and Leela Zero's networks run on torchscript"


def _needs_leela(name: str) -> Callable[[NetworkFile], str | None]:
    def refusal(file: NetworkFile) -> str | None:
        if file.torchscript is not None or isinstance(file.network, LeelaWeights):
            return _needs_graph(file)
        return f"only Leela Zero's networks run on {name}"

    return refusal


def _why_no_torch(name: str = "torchscript") -> str | None:
    return None if importlib.util.find_spec("torch") else needs_torch(name)


def _why_no_torch_cuda() -> str | None:
    if not has_nvidia_gpu():
        return NO_NVIDIA_GPU
    reason = _why_no_torch("torch-cuda")
    return reason or _says("torch_cuda_evaluator", "why_torch_has_no_cuda")()


_RUNTIME = ("onnxruntime", "onnxruntime-gpu")

BACKENDS: dict[str, Backend] = {
    backend.name: backend
    for backend in (
        Backend(
            name="onnxruntime",
            distributions=_RUNTIME,
            why_not=lambda: None,
            refusal=_needs_graph,
            precisions=lambda: ("float32", "int8"),
            open=_opens("onnxruntime_evaluator", "open_onnxruntime"),
        ),
        Backend(
            name="openvino",
            distributions=("openvino",),
            why_not=_says("openvino_evaluator", "why_no_openvino"),
            refusal=_needs_graph,
            precisions=cast(
                Callable[[], tuple[str, ...]], _later("openvino_evaluator", "openvino_precisions")
            ),
            open=_opens("openvino_evaluator", "open_openvino"),
        ),
        Backend(
            name="winograd",
            distributions=("numba", "llvmlite"),
            why_not=_says("winograd_evaluator", "why_no_winograd"),
            refusal=_needs_leela("winograd"),
            precisions=lambda: ("float32",),
            open=_opens("winograd_evaluator", "open_winograd"),
        ),
        Backend(
            name="torchscript",
            distributions=("torch",),
            is_automatic=False,  # seconds of imports, and slower than all others
            why_not=_why_no_torch,
            refusal=_needs_torchscript,
            precisions=lambda: ("float32",),
            open=_opens("torchscript_evaluator", "open_torchscript"),
        ),
        Backend(
            name="cuda",
            device="gpu",
            distributions=_RUNTIME,
            why_not=_says("cuda_evaluator", "why_no_cuda"),
            refusal=_needs_graph,
            precisions=lambda: ("float32", "float16"),
            open=_opens("cuda_evaluator", "open_cuda"),
        ),
        Backend(
            name="tensorrt",
            device="gpu",
            distributions=_RUNTIME,
            is_automatic=False,  # the first time for a network takes minutes
            why_not=_says("cuda_evaluator", "why_no_tensorrt"),
            refusal=_needs_graph,
            precisions=lambda: ("float32", "float16"),
            open=_opens("cuda_evaluator", "open_tensorrt"),
        ),
        Backend(
            name="torch-cuda",
            device="gpu",
            distributions=("torch",),
            is_automatic=False,  # seconds of imports, and `cuda` runs every network
            why_not=_why_no_torch_cuda,
            refusal=_needs_leela("torch-cuda"),
            precisions=lambda: ("float32", "float16"),
            open=_opens("torch_cuda_evaluator", "open_torch_cuda"),
        ),
    )
}
