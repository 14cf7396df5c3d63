"""Averages of the weights over steps, with batch-norm statistics of their own.

Averaged weights are usually better than the last ones, but the running statistics of batch
norm belong to the weights they were taken with. Those of the average are therefore measured
anew, on fixed batches of training positions, wherever the average is: before it is
validated, and before it is saved. Training goes on as if nothing had happened.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import WeightAveraging
from pytorch_lightning.trainer.states import TrainerFn
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.optim.swa_utils import get_swa_multi_avg_fn

from lzp.train.datamodule import PositionDataModule
from lzp.train.task import TrainTask

Tensors = list[Tensor]


class AveragedWeights(WeightAveraging):
    """Averages the weights; checkpoints and validation have the average.

    The weights in training are in a checkpoint as well (`current_model_state`), so that a
    resumed run goes on with them.

    Args:
        decay: weight of the old average at each step, so that it reaches over the last
            1 / (1 - decay) steps, or over the last tenth of a run that is younger than
            that; None: all steps count the same (SWA).
        start: part of the run's steps, from 0 to 1, in which the average is the weights
            themselves.
        every_steps: steps from one update of the average to the next.
        batches: batches of training positions that the statistics are measured on; 0:
            those of the weights in training are taken.
    """

    def __init__(
        self,
        decay: float | None = 0.999,
        start: float = 0.0,
        every_steps: int = 1,
        batches: int = 50,
    ) -> None:
        if decay is not None and not 0.0 <= decay < 1.0:
            raise ValueError(f"decay must be at least 0 and below 1, not {decay}")
        if not 0.0 <= start <= 1.0:
            raise ValueError(f"start must be from 0 to 1, not {start}")
        if every_steps < 1 or batches < 0:
            raise ValueError("every_steps must be 1 or more, batches 0 or more")
        average = get_swa_multi_avg_fn() if decay is None else _moving_average(decay)
        super().__init__(use_buffers=False, multi_avg_fn=average)
        self._start = start
        self._start_step = 0
        self._every_steps = every_steps
        self._batches = batches
        self._measured_at = -1

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Make the average where the network will be, which Lightning has not moved yet."""
        self._device = trainer.strategy.root_device
        self._start_step = int(self._start * max(0, trainer.max_steps))
        super().setup(trainer, pl_module, stage)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        """Return whether the average follows the weights after a step (numbered from 0)."""
        return step_idx is not None and (
            step_idx < self._start_step or (step_idx + 1) % self._every_steps == 0
        )

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Update the average; up to the start it is a copy."""
        if trainer.global_step <= self._start_step and self._average_model is not None:
            self._average_model.n_averaged.zero_()
        super().on_train_batch_end(trainer, pl_module, outputs, batch, batch_idx)

    def on_validation_epoch_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Measure the statistics and put the average in the place of the weights."""
        if trainer.state.fn == TrainerFn.FITTING:  # later the network is the average already
            self._measure(trainer)
            super().on_validation_epoch_start(trainer, pl_module)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Put the weights back."""
        if trainer.state.fn == TrainerFn.FITTING:
            super().on_validation_epoch_end(trainer, pl_module)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Put the average with its statistics into a checkpoint."""
        self._measure(trainer)
        super().on_save_checkpoint(trainer, pl_module, checkpoint)

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Go on with the weights in training; a test keeps the average, already loaded."""
        if trainer.state.fn == TrainerFn.FITTING:
            super().on_load_checkpoint(trainer, pl_module, checkpoint)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Leave the network as the average."""
        self._measure(trainer)
        super().on_train_end(trainer, pl_module)

    def _measure(self, trainer: pl.Trainer) -> None:
        """Measure the average's statistics, if it has changed since they were.

        Each process does all of it, on the same batches: none has to wait for another.
        """
        average, data = self._average_model, getattr(trainer, "datamodule", None)
        if average is None or not self._batches or self._measured_at == self._latest_update_step:
            return
        assert isinstance(data, PositionDataModule)
        device = trainer.strategy.root_device
        assert isinstance(average.module, TrainTask)
        # Of the network alone: the heads beside it see no batch here.
        with torch.no_grad(), cumulative_statistics(average.module.net):
            for batch in data.statistics_batches(self._batches):
                with trainer.precision_plugin.forward_context():
                    average.module(batch.planes.to(device, non_blocking=True))
        self._measured_at = self._latest_update_step


@contextmanager
def cumulative_statistics(module: nn.Module) -> Iterator[None]:
    """Let batch norms take the mean statistics of all batches that pass in this block."""
    norms = [part for part in module.modules() if isinstance(part, _BatchNorm)]
    momenta, training = [norm.momentum for norm in norms], module.training
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of all since the reset
    module.train()
    try:
        yield
    finally:
        module.train(training)
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum


def _moving_average(decay: float) -> Callable[[Tensors, Tensors, Tensor | int], None]:
    """Return the update of an exponential moving average that grows up to its length."""

    @torch.no_grad()
    def update(averages: Tensors, weights: Tensors, updates: Tensor | int) -> None:
        done = int(updates)
        # At first over a tenth of the steps so far, or it would long remember the start.
        kept = min(decay, (1 + done) / (10 + done))
        torch._foreach_lerp_(averages, weights, 1.0 - kept)

    return update
