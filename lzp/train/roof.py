"""How much a network computes, and how much a device can: what a speed is compared with."""

import copy
import time
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from lzp.weights.tensors import INPUT_PLANES

#: A step's backward pass computes two products for each one of the forward pass.
_PASSES = 3
_DTYPES = {"32-true": torch.float32, "bf16-mixed": torch.bfloat16, "16-mixed": torch.float16}
_REPEATS = 5


def training_flops(net: nn.Module, side: int) -> int:
    """Return the floating-point operations of training on one position.

    Counted are the multiplications and additions of convolutions and dense layers, in the
    forward pass and twice that in the backward pass.

    Args:
        net: takes planes [B, 18, S, S].
        side: lines of the board, S.
    """
    counter = FlopCounterMode(display=False)
    # Of tensors without numbers torch computes every layer itself, in name.
    shadow = copy.deepcopy(net).to("meta").eval()
    with torch.no_grad(), counter:
        shadow(torch.zeros(1, INPUT_PLANES, side, side, device="meta"))
    return _PASSES * int(counter.get_total_flops())


def measure_roof(device: torch.device, precision: str) -> float:
    """Return the most operations a second that a device was seen to do.

    The faster of a large matrix product and a large 3x3 convolution, in the number type
    that the precision computes them in; the best of several runs.

    Args:
        device: where.
        precision: of Lightning: 32-true, bf16-mixed or 16-mixed.
    """
    large = device.type == "cuda"
    options = {"device": device, "dtype": _DTYPES[precision]}
    size = 8192 if large else 1024
    matrix = torch.randn(size, size, **options)  # type: ignore[call-overload]
    images, filters = (512, 256) if large else (16, 128)
    planes = torch.randn(images, filters, 19, 19, **options)  # type: ignore[call-overload]
    planes = planes.to(memory_format=torch.channels_last)
    kernel = torch.randn(filters, filters, 3, 3, **options)  # type: ignore[call-overload]
    kernel = kernel.to(memory_format=torch.channels_last)
    product = 2 * size**3 / _best_s(lambda: matrix @ matrix)
    operations = 2 * images * 19 * 19 * 9 * filters**2
    return max(product, operations / _best_s(lambda: F.conv2d(planes, kernel, padding=1)))


def _best_s(work: Callable[[], Tensor]) -> float:
    """Return the seconds of the fastest of several runs, after two to warm up."""
    with torch.no_grad():
        return min([_seconds(work) for _ in range(_REPEATS + 2)][2:])


def _seconds(work: Callable[[], Tensor]) -> float:
    """Return the seconds of one run, the device idle before and after it."""
    finish_work()
    started_s = time.perf_counter()
    work()
    finish_work()
    return time.perf_counter() - started_s


def finish_work() -> None:
    """Wait for the GPU, where there is one."""
    if torch.accelerator.is_available():
        torch.accelerator.synchronize()
