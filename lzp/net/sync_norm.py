"""Batch norm over the batches of several processes, on any device.

torch's own `SyncBatchNorm` does the same on GPUs and refuses the CPU. Here the statistics
go through one differentiable sum over all processes, so that P processes with B positions
each learn what one process with P * B positions would.
"""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Function


class SyncNorm(nn.BatchNorm2d):
    """Batch norm whose batch is that of all processes; alone it is `nn.BatchNorm2d`.

    The names in its state dict are those of `nn.BatchNorm2d`. All processes must give
    batches of the same shape, as the loaders of training do. Every process ends with the
    same running statistics, if it began with the same.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Return the normalized batch, of the type and shape of `input`, [B, C, S, S]."""
        processes = distributed.get_world_size() if distributed.is_initialized() else 1
        if not self.training or processes == 1:
            return super().forward(input)
        mean, variance = self._statistics(_wide(input), processes)
        self._track(mean.detach(), variance.detach(), processes * input.numel() // len(mean))
        scale = self.weight * torch.rsqrt(variance + self.eps)
        shift = self.bias - mean * scale
        output = torch.addcmul(shift[:, None, None], _wide(input), scale[:, None, None])
        return output.to(input.dtype)

    def _statistics(self, x: Tensor, processes: int) -> tuple[Tensor, Tensor]:
        """Return mean and biased variance of each channel over all processes, [C] each.

        Squares are taken of the distance from the running mean, which all processes share:
        of a mean far from zero they would leave little of the variance.
        """
        assert self.running_mean is not None
        variance, mean = torch.var_mean(x, dim=(0, 2, 3), correction=0)
        distance = mean - self.running_mean
        sums = _Sum.apply(torch.stack((distance, variance + distance**2)))  # type: ignore[no-untyped-call]
        distance, square = (sums / processes).unbind()
        return distance + self.running_mean, square - distance**2

    @torch.no_grad()
    def _track(self, mean: Tensor, variance: Tensor, count: int) -> None:
        """Move the running statistics towards those of a batch of `count` numbers a channel."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        # As in torch: without momentum the statistics are the mean over all batches.
        step = self.momentum if self.momentum is not None else 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean), step)
        self.running_var.lerp_(variance.to(self.running_var) * (count / (count - 1)), step)


class _Sum(Function):
    """The sum of a tensor over all processes; so is its gradient."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor) -> Tensor:
        total = tensor.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> Any:
        return _Sum.forward(ctx, gradients[0])


def use_sync_norms(module: nn.Module) -> None:
    """Put a `SyncNorm` in place of every `nn.BatchNorm2d` in a module."""
    _replace(module, nn.BatchNorm2d, SyncNorm)


def use_plain_norms(module: nn.Module) -> None:
    """Undo `use_sync_norms`."""
    _replace(module, SyncNorm, nn.BatchNorm2d)


def _replace(module: nn.Module, old: type[nn.BatchNorm2d], new: type[nn.BatchNorm2d]) -> None:
    for name, child in module.named_children():
        if type(child) is old:
            setattr(module, name, _taking_over(child, new))
        else:
            _replace(child, old, new)


def _taking_over(norm: nn.BatchNorm2d, kind: type[nn.BatchNorm2d]) -> nn.BatchNorm2d:
    """Return a norm of a kind that holds the very tensors of another."""
    # "meta": the new norm's own tensors would be made for nothing.
    made = kind(norm.num_features, norm.eps, norm.momentum, device="meta")
    made.weight, made.bias = norm.weight, norm.bias
    for name, tensor in norm.named_buffers():
        setattr(made, name, tensor)
    return made.train(norm.training)


def _wide(x: Tensor) -> Tensor:
    """Return numbers of at least 32 bits: statistics of half precision are too coarse."""
    return x if x.dtype == torch.float64 else x.float()
