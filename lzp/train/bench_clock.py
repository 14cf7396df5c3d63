"""A callback that clocks training from inside a run: the loop as users get it, and its step alone.

Both are measured in turns on the same network, optimizer, precision and device, because a
shared machine's speed drifts. The step alone takes the last batch again and again; the
weights that come of it are of no use.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor, nn

from lzp.train.loader import BatchLoader
from lzp.train.roof import finish_work

_WARM_UP_STEPS = 8
#: Steps after a pause that are not clocked: the loader was a few batches ahead by then.
_SKIPPED_STEPS = 6


class StepClock(pl.Callback):
    """Clocks rounds of the loop and of the step alone, in turns, then ends the run.

    Attributes:
        loop_rates: samples/s of the whole loop, one of each round.
        step_rates: samples/s of the step alone, likewise.
        waiting: share of the loop's time in which it waited for batches, likewise.
        device: where the network was trained.

    Args:
        rounds: of each kind.
        round_s: seconds a round lasts at least.
        compile_net: let torch compile the network first.
    """

    def __init__(self, rounds: int = 5, round_s: float = 3.0, compile_net: bool = False) -> None:
        self.loop_rates: list[float] = []
        self.step_rates: list[float] = []
        self.waiting: list[float] = []
        self.device = torch.device("cpu")
        self._rounds = rounds
        self._round_s = round_s
        self._compile = compile_net
        self._unclocked = _WARM_UP_STEPS
        self._samples = 0
        self._started_s = 0.0
        self._waited_s = 0.0

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        """Mark the network for compilation, which its first step does."""
        if self._compile:
            net = pl_module.net
            assert isinstance(net, nn.Module)
            net.compile()

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Note the device."""
        self.device = trainer.strategy.root_device

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count a step; begin or end a round where it is time to."""
        if self._unclocked > 0:
            self._unclocked -= 1
            if self._unclocked == 0:
                self._begin(trainer)
            return
        self._samples += len(batch.planes)
        if time.perf_counter() - self._started_s >= self._round_s:
            self._end(trainer)
            self.step_rates.append(self._clock_alone(trainer, batch))
            self._unclocked = _SKIPPED_STEPS
            trainer.should_stop = len(self.loop_rates) == self._rounds

    def _begin(self, trainer: pl.Trainer) -> None:
        """Start the clock of a round of the loop."""
        finish_work()
        self._samples = 0
        self._waited_s = _waited_s(trainer)
        self._started_s = time.perf_counter()

    def _end(self, trainer: pl.Trainer) -> None:
        """Keep what a round of the loop came to."""
        finish_work()
        elapsed_s = time.perf_counter() - self._started_s
        self.loop_rates.append(self._samples / elapsed_s)
        self.waiting.append((_waited_s(trainer) - self._waited_s) / elapsed_s)

    def _clock_alone(self, trainer: pl.Trainer, batch: Any) -> float:
        """Return the samples/s of steps on one batch, after two that are not clocked."""
        with _unlogged(trainer):
            for _ in range(2):
                _step_alone(trainer, batch)
            finish_work()
            steps, started_s = 0, time.perf_counter()
            while time.perf_counter() - started_s < self._round_s:
                _step_alone(trainer, batch)
                steps += 1
            finish_work()
            return steps * len(batch.planes) / (time.perf_counter() - started_s)


def _step_alone(trainer: pl.Trainer, batch: Any) -> None:
    """Train on a batch with nothing around it: forward, backward, clipping, update."""
    optimizer = trainer.optimizers[0]
    scaler = getattr(trainer.precision_plugin, "scaler", None)
    optimizer.zero_grad()
    loss = trainer.strategy.training_step(batch, 0)
    assert isinstance(loss, Tensor)
    (scaler.scale(loss) if scaler else loss).backward()
    if trainer.gradient_clip_val:
        if scaler:
            scaler.unscale_(optimizer)
        weights = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(weights, float(trainer.gradient_clip_val))
    if scaler:
        scaler.step(optimizer)
        scaler.update()
    else:
        optimizer.step()


@contextmanager
def _unlogged(trainer: pl.Trainer) -> Iterator[None]:
    """Let steps measure nothing but their loss."""
    interval = trainer.log_every_n_steps  # type: ignore[attr-defined]
    trainer.log_every_n_steps = 0  # type: ignore[attr-defined]
    try:
        yield
    finally:
        trainer.log_every_n_steps = interval  # type: ignore[attr-defined]


def _waited_s(trainer: pl.Trainer) -> float:
    """Return how long the loop has waited for batches so far, in seconds."""
    loader = trainer.train_dataloader
    assert isinstance(loader, BatchLoader)
    return loader.waited_s
