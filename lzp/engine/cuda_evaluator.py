"""Networks run by ONNX Runtime on an NVIDIA GPU, by CUDA or by TensorRT.

Every buffer is made once, in the GPU's memory, and bound to the session: a call copies the
planes in, runs, and copies the answers out. Batches are filled up to one of a few sizes,
since cuDNN looks for its algorithms, and TensorRT compiles, for every size anew.
"""

import ctypes
import importlib
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.engine_cache import engine_cache
from lzp.engine.evaluator import Answer, evaluate_in_parts
from lzp.engine.gpu import NO_NVIDIA_GPU, has_nvidia_gpu
from lzp.engine.network_file import NetworkFile
from lzp.engine.onnx_nodes import INPUT, POLICY
from lzp.engine.onnxruntime_session import CPU_PROVIDER, Provider, onnxruntime_module, open_session
from lzp.engine.played_graph import WINRATE, played_graph
from lzp.engine.run_options import RunOptions
from lzp.features import PLANES

CUDA, TENSORRT = "CUDAExecutionProvider", "TensorrtExecutionProvider"
#: Without TF32, whose 10-bit mantissas shift winrates in the third digit.
CUDA_OPTIONS = {"use_tf32": "0", "cudnn_conv_algo_search": "EXHAUSTIVE"}
_TENSORRT_LIBRARIES = ("nvinfer_10.dll",) if sys.platform == "win32" else ("libnvinfer.so.10",)


class _Buffers:
    """Input and outputs for one size of batch, on a device, bound to a session."""

    def __init__(self, session: Any, side: int, size: int, device: str) -> None:
        ort = onnxruntime_module()
        self._session = session
        self._binding = session.io_binding()
        #: In the program's own memory: what a batch is filled up in.
        self._staged = np.zeros((size, PLANES, side, side), np.uint8)

        def bound(shape: tuple[int, ...], kind: type[np.generic]) -> Any:
            return ort.OrtValue.ortvalue_from_shape_and_type(shape, kind, device, 0)

        self._planes = bound(self._staged.shape, np.uint8)
        self._policy = bound((size, side * side + 1), np.float32)
        self._winrate = bound((size,), np.float32)
        self._binding.bind_ortvalue_input(INPUT, self._planes)
        self._binding.bind_ortvalue_output(POLICY, self._policy)
        self._binding.bind_ortvalue_output(WINRATE, self._winrate)

    def run(self, planes: NDArray[np.uint8]) -> Answer:
        """Return the answers to at most as many positions as the buffers are for."""
        count = len(planes)
        # What is left of an earlier batch behind them is evaluated as well, and not returned.
        self._staged[:count] = planes
        self._planes.update_inplace(self._staged)
        self._session.run_with_iobinding(self._binding)
        # Copies: on the CPU `numpy` is a view of the buffer that the next batch fills.
        return self._policy.numpy()[:count].copy(), self._winrate.numpy()[:count].copy()


class BoundEvaluator:
    """An `Evaluator` over buffers on a device; several may share a session.

    Args:
        session: of ONNX Runtime.
        file: the network's name and side.
        batch_size: most positions run at once; larger requests are split.
        device: where the buffers lie: "cuda", or "cpu".
    """

    def __init__(self, session: Any, file: NetworkFile, batch_size: int, device: str) -> None:
        self.name = file.name
        self.side = file.side
        self._batch_size = batch_size
        self._buffers = {
            size: _Buffers(session, file.side, size, device) for size in batch_sizes(batch_size)
        }

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, self._batch_size, self._run)

    def _run(self, planes: NDArray[np.uint8]) -> Answer:
        size = next(size for size in self._buffers if size >= len(planes))
        return self._buffers[size].run(planes)


def batch_sizes(most: int) -> list[int]:
    """Return the sizes that batches are filled up to: powers of four, and the largest."""
    sizes = [1]
    while sizes[-1] * 4 < most:
        sizes.append(sizes[-1] * 4)
    return sizes if most == sizes[-1] else [*sizes, most]


def open_cuda(file: NetworkFile, options: RunOptions) -> list[BoundEvaluator]:
    """Return an evaluator for each lane, on the first GPU by CUDA.

    Raises:
        RuntimeError: ONNX Runtime refuses the network or the GPU.
    """
    return _open(file, options, [(CUDA, CUDA_OPTIONS), (CPU_PROVIDER, {})])


def open_tensorrt(file: NetworkFile, options: RunOptions) -> list[BoundEvaluator]:
    """Return an evaluator for each lane, on the first GPU by TensorRT.

    The first time for a network takes minutes; what was built is kept on disk.

    Raises:
        RuntimeError: ONNX Runtime refuses the network or the GPU.
    """
    providers = [(TENSORRT, tensorrt_options(file, options)), (CUDA, CUDA_OPTIONS)]
    return _open(file, options, [*providers, (CPU_PROVIDER, {})])


def tensorrt_options(file: NetworkFile, options: RunOptions) -> dict[str, str]:
    """Return what TensorRT is told: sizes of batches, and where built engines are kept."""

    def shape(count: int) -> str:
        return f"{INPUT}:{count}x{PLANES}x{file.side}x{file.side}"

    told = {
        "trt_fp16_enable": str(int(options.precision == "float16")),
        "trt_profile_min_shapes": shape(1),
        "trt_profile_opt_shapes": shape(options.batch_size),
        "trt_profile_max_shapes": shape(options.batch_size),
    }
    folder = engine_cache(f"tensorrt/{file.digest[:16]}-{options.precision}")
    if folder is None:
        return told
    return told | {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": str(folder.parent),
    }


def _open(
    file: NetworkFile, options: RunOptions, providers: list[Provider]
) -> list[BoundEvaluator]:
    """Return an evaluator for each lane, all over one session on the GPU."""
    preload_cuda(onnxruntime_module())
    model = played_graph(file, options.precision).SerializeToString()
    session = open_session(model, options.threads, providers)
    return [BoundEvaluator(session, file, options.batch_size, "cuda") for _ in range(options.lanes)]


def why_no_cuda() -> str | None:
    """Say why CUDA cannot be used here; None if it may well be."""
    return _why_not(CUDA)


def why_no_tensorrt() -> str | None:
    """Say why TensorRT cannot be used here; None if it may well be."""
    if (reason := _why_not(TENSORRT)) is not None:
        return reason
    try:
        importlib.import_module("tensorrt_libs")  # pip's package, which loads them
    except ImportError:
        if not any(_loads(name) for name in _TENSORRT_LIBRARIES):
            return "TensorRT is not installed: pip install tensorrt"
    return None


def _why_not(provider: str) -> str | None:
    if not has_nvidia_gpu():
        return NO_NVIDIA_GPU
    if provider not in onnxruntime_module().get_available_providers():
        return "this onnxruntime has no GPU support: pip install onnxruntime-gpu"
    return None


def preload_cuda(ort: ModuleType) -> None:
    """Load CUDA's libraries from pip packages, where a session would not look for them.

    ONNX Runtime's own function tells on stdout what it misses, and stdout is GTP's: its
    module gets a silent `print`. A session without the libraries says so by itself.
    """
    vars(ort)["print"] = lambda *_args, **_options: None
    if hasattr(ort, "preload_dlls"):
        ort.preload_dlls()


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
