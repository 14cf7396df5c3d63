"""Convolutions that a CPU computes by Winograd's method, and torch everywhere else."""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from lzp.jit import IS_COMPILED
from lzp.winograd.batches import convolve_boards, weight_gradient

#: Filters that the kernels are worth it for come in so many: they are padded to whole blocks.
_FILTER_STEP = 16


class BoardConv2d(nn.Conv2d):
    """A convolution without bias that keeps the board's size.

    Where it can (float32, on a CPU, 3x3, filters in sixteens) it takes a quarter of the
    multiplications, and less than half of the time; results differ in the sixth digit.
    """

    def __init__(self, planes: int, filters: int, size: int) -> None:
        super().__init__(planes, filters, size, padding=size // 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return float [B, filters, S, S] of float [B, planes, S, S]."""
        if self._is_quick(x):
            return cast(Tensor, _Winograd.apply(x, self.weight))  # type: ignore[no-untyped-call]
        return super().forward(x)

    def _is_quick(self, x: Tensor) -> bool:
        """Whether the kernels can do this one."""
        return (
            IS_COMPILED
            and x.device.type == "cpu"
            and x.dtype == self.weight.dtype == torch.float32
            and not torch.is_autocast_enabled("cpu")
            and self.kernel_size == (3, 3)
            and self.out_channels % _FILTER_STEP == 0
            and not torch.compiler.is_compiling()
            and not torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
        )


class _Winograd(torch.autograd.Function):
    """The convolution of boards, [B, C, S, S], by the kernels of lzp.winograd."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _convolve(x, weight)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        slope = slopes[0]
        to_input = to_weight = None
        if ctx.needs_input_grad[0]:
            to_input = _input_gradient(slope, weight)
        if ctx.needs_input_grad[1]:
            found = weight_gradient(_as_boards(x), _as_boards(slope), torch.get_num_threads())
            to_weight = torch.from_numpy(found)
        return to_input, to_weight


def _input_gradient(slope: Tensor, weight: Tensor) -> Tensor:
    """Return the gradient of the input: a convolution with the weights turned half around."""
    if weight.shape[1] % _FILTER_STEP == 0:
        return _convolve(slope, weight.flip(2, 3).transpose(0, 1))
    return F.conv_transpose2d(slope, weight, padding=1)


def _convolve(x: Tensor, weight: Tensor) -> Tensor:
    """Return the convolution, [B, C, S, S], channels last in memory."""
    found = convolve_boards(_as_boards(x), weight.detach().numpy(), torch.get_num_threads())
    return torch.from_numpy(found).permute(0, 3, 1, 2)


def _as_boards(x: Tensor) -> Any:
    """Return [B, C, S, S] as an array [B, S, S, C] without gaps."""
    return x.detach().permute(0, 2, 3, 1).contiguous().numpy()
