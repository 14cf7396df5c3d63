"""Leela Zero networks run by torch on an NVIDIA GPU, without ONNX Runtime.

What a call costs beside the multiplications is kept small: the norms are folded into the
convolutions; bias, residual and ReLU are part of them where cuDNN has that; tensors lie
channels last, as tensor cores read them; and a call is one CUDA graph on its lane's stream,
from pinned memory and back to it.
"""

import time
import warnings
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from lzp.engine.cuda_evaluator import batch_sizes
from lzp.engine.evaluator import Answer, evaluate_in_parts
from lzp.engine.network_file import NetworkFile, first_line
from lzp.engine.onnx_graph import fold
from lzp.engine.run_options import RunOptions
from lzp.features import PLANES
from lzp.features.constants import BLACK_TO_MOVE_PLANE
from lzp.weights import ConvNorm, Dense, LeelaWeights
from lzp.weights.tensors import POLICY_PLANES, VALUE_FOR_BLACK

#: Channels come in so many for tensor cores; others are filled up with zeros.
_CHANNEL_STEP = 8
#: Smaller batches are not worth cuDNN's trying of every algorithm.
_WORTH_TRYING = 32
#: Runs of a batch, each way, to see whether fused convolutions are faster; and how far
#: their probabilities may be off, since that is what a broken one would show in.
_RUNS, _CLOSE = 4, 0.05

Layer = tuple[Tensor, Tensor]


class TorchNetwork:
    """A Leela Zero network's tensors on a device; lanes share them.

    Args:
        weights: the network; either version.
        device: "cuda", or "cpu" for tests.
        kind: what it computes in; softmax and tanh are computed in float32 always.

    Attributes:
        is_fused: whether cuDNN adds bias and residual and takes the ReLU in its convolutions.

    Raises:
        ValueError: a number is too large for `kind`.
    """

    def __init__(self, weights: LeelaWeights, device: str, kind: torch.dtype) -> None:
        self.side = weights.side
        self.device = torch.device(device)
        self.is_fused = False
        self._kind = kind
        self._for_black = weights.version == VALUE_FOR_BLACK
        self._first = self._convolution(weights.input)
        self._blocks = [
            (self._convolution(first), self._convolution(second))
            for first, second in weights.blocks
        ]
        self._heads = self._head_planes(weights)
        self._policy = self._dense(weights.policy)
        self._hidden = self._dense(weights.value_hidden)
        self._value = self._dense(weights.value)

    def _place(self, array: NDArray[np.float32]) -> Tensor:
        tensor = torch.from_numpy(np.array(array)).to(self.device, self._kind)
        if not bool(torch.isfinite(tensor).all()):
            raise ValueError("a weight is too large once its norm is folded in")
        return tensor

    def _convolution(self, layer: ConvNorm) -> Layer:
        """Return weight [N, C, 3, 3] and bias [N], both counts of channels filled up."""
        weight, bias = fold(layer)
        more = [-channels % _CHANNEL_STEP for channels in weight.shape[:2]]
        weight = np.pad(weight, ((0, more[0]), (0, more[1]), (0, 0), (0, 0)))
        placed = self._place(weight).contiguous(memory_format=torch.channels_last)
        return placed, self._place(np.pad(bias, (0, more[0])))

    def _head_planes(self, weights: LeelaWeights) -> Layer:
        """Return the heads' 1x1 convolutions as one matrix, [8, C], the policy's planes first."""
        folded = [fold(weights.policy_conv), fold(weights.value_conv)]
        weight = np.concatenate([weight[:, :, 0, 0] for weight, _ in folded])
        bias = np.concatenate([bias for _, bias in folded])
        more = [-length % _CHANNEL_STEP for length in weight.shape]
        weight = np.pad(weight, ((0, more[0]), (0, more[1])))
        return self._place(weight), self._place(np.pad(bias, (0, more[0])))

    def _dense(self, layer: Dense) -> Layer:
        return self._place(layer.weight), self._place(layer.bias)

    def answer(self, planes: Tensor) -> tuple[Tensor, Tensor]:
        """Return policy float32 [B, S²+1] and winrate float32 [B] for the side to move.

        Args:
            planes: uint8 [B, 18, S, S] on the network's device.
        """
        count, area = len(planes), self.side * self.side
        x = F.pad(planes, (0, 0, 0, 0, 0, -PLANES % _CHANNEL_STEP))
        x = x.to(self._kind, memory_format=torch.channels_last)
        x = F.conv2d(x, *self._first, padding=1).relu_()
        for first, second in self._blocks:
            x = self._add_relu(self._add_relu(x, first, None), second, x)
        # A view where the tensor lies channels last: each point's channels as a row.
        rows = x.permute(0, 2, 3, 1).reshape(count, area, -1)
        heads = F.linear(rows, *self._heads).relu_()
        policy = heads[:, :, :POLICY_PLANES].transpose(1, 2).reshape(count, POLICY_PLANES * area)
        logits = F.linear(policy, *self._policy)
        hidden = F.linear(heads[:, :, POLICY_PLANES].contiguous(), *self._hidden).relu_()
        value = torch.tanh(F.linear(hidden, *self._value).float()[:, 0])
        if self._for_black:
            value = value * (planes[:, BLACK_TO_MOVE_PLANE, 0, 0].float() * 2 - 1)
        return torch.softmax(logits.float(), dim=1), (value + 1) / 2

    def _add_relu(self, x: Tensor, layer: Layer, residual: Tensor | None) -> Tensor:
        """Return ReLU(convolution + bias + residual) of a layer of the tower."""
        weight, bias = layer
        if self.is_fused:
            # Without a residual something has to stand for it: x, times 0. (torch's operation
            # without one takes its output, and what lies there before may be no number.)
            other, scale = (x, 0.0) if residual is None else (residual, 1.0)
            return torch.cudnn_convolution_add_relu(
                x, weight, other, scale, bias, (1, 1), (1, 1), (1, 1), 1
            )
        y = F.conv2d(x, weight, bias, padding=1)
        return (y if residual is None else y.add_(residual)).relu_()


class _Buffers:
    """Memory for one size of batch, here and on the device, and the graph of its run.

    Args:
        network: what answers.
        size: positions.
        stream: of CUDA, on which it runs; None on a CPU.
    """

    def __init__(
        self, network: TorchNetwork, size: int, stream: "torch.cuda.Stream | None"
    ) -> None:
        side, is_pinned = network.side, stream is not None
        self._network, self._stream = network, stream
        shape = (size, PLANES, side, side)
        # In the program's own memory, where the GPU reads and writes by itself: what a batch
        # is filled up in, and its answers.
        self._planes = torch.zeros(shape, dtype=torch.uint8, pin_memory=is_pinned)
        self._policy = torch.empty((size, side * side + 1), pin_memory=is_pinned)
        self._winrate = torch.empty(size, pin_memory=is_pinned)
        self._given = torch.zeros(shape, dtype=torch.uint8, device=network.device)
        self._graph: Any = None
        self._answer: tuple[Tensor, Tensor] | None = None
        if stream is not None:
            with torch.inference_mode():
                self._capture(stream)

    def _capture(self, stream: "torch.cuda.Stream") -> None:
        """Record a run as a graph; where that fails, runs are started kernel by kernel."""
        stream.wait_stream(torch.cuda.current_stream())  # which the buffers were made on
        graph = torch.cuda.CUDAGraph()
        # Around all of it, since a recording that fails leaves its stream the current one.
        with torch.cuda.stream(stream):
            for _ in range(2):  # cuDNN chooses its algorithms, and asks for memory
                self._network.answer(self._given)
            stream.synchronize()
            try:
                with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
                    answer = self._network.answer(self._given)
            except torch.OutOfMemoryError:
                raise
            except RuntimeError as error:
                reason = f"no CUDA graph, so small batches are slow: {first_line(error)}"
                warnings.warn(reason, stacklevel=2)
                return
        self._graph, self._answer = graph, answer

    def run(self, planes: NDArray[np.uint8]) -> Answer:
        """Return the answers to at most as many positions as the buffers are for."""
        count = len(planes)
        # What is left of an earlier batch behind them is evaluated as well, and not returned.
        self._planes.numpy()[:count] = planes
        with torch.inference_mode(), torch.cuda.stream(self._stream):
            self._given.copy_(self._planes, non_blocking=True)
            policy, winrate = self._run()
            self._policy.copy_(policy, non_blocking=True)
            self._winrate.copy_(winrate, non_blocking=True)
        if self._stream is not None:
            self._stream.synchronize()
        # Copies: the next batch writes to the same memory.
        return self._policy.numpy()[:count].copy(), self._winrate.numpy()[:count].copy()

    def _run(self) -> tuple[Tensor, Tensor]:
        """Answer what was given, on the current stream."""
        if self._answer is None:
            return self._network.answer(self._given)
        self._graph.replay()
        return self._answer


class TorchCudaEvaluator:
    """An `Evaluator` over a network on a device, with a stream of its own.

    Args:
        network: several evaluators may share it.
        name: what to call it.
        batch_size: most positions run at once; larger requests are split.
    """

    def __init__(self, network: TorchNetwork, name: str, batch_size: int) -> None:
        self.name = name
        self.side = network.side
        self._batch_size = batch_size
        cuda: Any = torch.cuda  # which has annotations in parts only
        stream = cuda.Stream() if network.device.type == "cuda" else None
        self._buffers: dict[int, _Buffers] = {}
        for size in batch_sizes(batch_size):
            # Trying every algorithm takes seconds for a size: for the one that counts.
            torch.backends.cudnn.benchmark = size == batch_size >= _WORTH_TRYING
            self._buffers[size] = _Buffers(network, size, stream)
        torch.backends.cudnn.benchmark = False

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """See `Evaluator.evaluate`."""
        return evaluate_in_parts(planes, self._batch_size, self._run)

    def _run(self, planes: NDArray[np.uint8]) -> Answer:
        size = next(size for size in self._buffers if size >= len(planes))
        return self._buffers[size].run(planes)


def open_torch_cuda(file: NetworkFile, options: RunOptions) -> list[TorchCudaEvaluator]:
    """Return an evaluator for each lane, on the first GPU.

    Raises:
        ValueError: not a Leela Zero network, or numbers too large for the precision.
        RuntimeError: the GPU cannot be used, or has too little memory.
    """
    if not isinstance(file.network, LeelaWeights):
        raise ValueError("only Leela Zero's networks run on torch-cuda")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch has a newer word for it that not all have
        # TF32's 10-bit mantissas shift winrates in the third digit.
        torch.backends.cudnn.allow_tf32 = False
    kind = torch.float16 if options.precision == "float16" else torch.float32
    network = TorchNetwork(file.network, "cuda", kind)
    choose_fused(network, options.batch_size)
    return [
        TorchCudaEvaluator(network, file.name, options.batch_size) for _ in range(options.lanes)
    ]


def choose_fused(network: TorchNetwork, size: int) -> None:
    """Let a network use fused convolutions if there are any, and faster ones, for a size."""
    generator = torch.Generator().manual_seed(1)
    shape = (size, PLANES, network.side, network.side)
    planes = torch.randint(2, shape, generator=generator, dtype=torch.uint8).to(network.device)
    torch.backends.cudnn.benchmark = size >= _WORTH_TRYING
    plain_s, plain = _timed(network, planes)
    network.is_fused = True
    try:
        fused_s, fused = _timed(network, planes)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:  # not for these shapes, this kind of number, or this device
        network.is_fused = False
    else:
        # Written so that a NaN is far off.
        is_close = bool((fused - plain).abs().max() < _CLOSE)
        network.is_fused = is_close and fused_s < plain_s
    torch.backends.cudnn.benchmark = False


def _timed(network: TorchNetwork, planes: Tensor) -> tuple[float, Tensor]:
    """Return the least seconds of a run, and the policy, [B, S²+1]."""
    seconds = []
    with torch.inference_mode():
        for _ in range(1 + _RUNS):  # the first one chooses algorithms
            started = time.perf_counter()
            policy, _ = network.answer(planes)
            policy[0, 0].item()  # waits for the device
            seconds.append(time.perf_counter() - started)
    return min(seconds[1:]), policy


def why_torch_has_no_cuda() -> str | None:
    """Say why the installed torch cannot use an NVIDIA GPU; None if it may well."""
    return None if torch.cuda.is_available() else "this torch has no CUDA, or none for the driver"
