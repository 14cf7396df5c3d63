"""A sweep of learning rates: a few hundred steps of the real task, each at a higher rate.

The loss falls fastest somewhat below the best rate and rises far above it (Smith 2017,
"Cyclical Learning Rates for Training Neural Networks"). The sweep has a network, an
optimizer and a trainer of its own that write no checkpoint, so that a run in the same
folder goes on as if it had not been.
"""

import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from numpy.typing import NDArray
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from lzp.train.config import ConfigError, Plain, build
from lzp.train.datamodule import PositionDataModule, say
from lzp.train.task import TrainTask
from lzp.weights.atomic import replacing

LOWEST, HIGHEST = 1e-6, 10.0
PICTURE = "lr_finder.png"
#: Part of the sweep over which losses are averaged to either side; and the steps at the
#: ends whose slope says nothing.
_SMOOTHING = 1 / 40
_START, _END = 10, 3
#: Steps of the running average that tells when a sweep has become hopeless.
_WATCHED_STEPS = 10
#: The sweep ends where the loss is this many times its lowest.
_DIVERGED = 2.0
#: A slope per step that is rounding.
_FLAT = 1e-9


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes:
        rates: of each step, rising.
        losses: of each step.
    """

    rates: list[float] = field(default_factory=list)
    losses: list[float] = field(default_factory=list)

    def smooth(self) -> NDArray[np.float64]:
        """Return the losses averaged over steps before and after alike.

        A running average would lag behind, and its steepest fall be at too high a rate.
        """
        steps = np.arange(len(self.losses))
        width = max(1.0, _SMOOTHING * len(steps))
        weights = np.exp(-np.abs(steps[:, None] - steps[None, :]) / width)
        averages: NDArray[np.float64] = weights @ np.array(self.losses) / weights.sum(axis=1)
        return averages

    def suggestion(self) -> float | None:
        """Return the rate at which the loss falls fastest per factor of rate; None if nowhere."""
        slopes = np.gradient(self.smooth())[_START:-_END] if len(self.losses) > 1 else np.zeros(0)
        if len(slopes) == 0 or slopes.min() >= -_FLAT:
            return None
        return self.rates[_START + int(slopes.argmin())]


class RateSweep(Callback):
    """Sets the rate of each step of a run in place of its schedule, and keeps the losses.

    Args:
        steps: optimizer steps from the lowest rate to the highest.
    """

    def __init__(self, steps: int) -> None:
        self.found = Sweep()
        self._steps = steps
        self._average = 0.0
        self._lowest = math.inf

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Set the rate; groups keep their ratios."""
        rate, optimizer = self._rate(trainer.global_step), trainer.optimizers[0]
        configured = optimizer.defaults["lr"] or 1.0
        for group in optimizer.param_groups:
            group["lr"] = rate * group.get("initial_lr", configured) / configured

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Keep the loss of a step; end where it has become hopeless."""
        found, step = self.found, trainer.global_step
        if step <= len(found.rates):
            return  # gradients are accumulated
        loss: Tensor = outputs["loss"].detach()
        mean = float(trainer.strategy.reduce(loss, reduce_op="mean"))
        mean *= trainer.accumulate_grad_batches  # Lightning has divided it
        kept = 1 - 1 / _WATCHED_STEPS
        self._average = kept * self._average + (1 - kept) * mean
        average = self._average / (1 - kept**step)
        self._lowest = min(self._lowest, average) if step > _START else math.inf
        if not math.isfinite(average) or average > _DIVERGED * self._lowest:
            trainer.should_stop = True
            return
        found.rates.append(self._rate(step - 1))
        found.losses.append(mean)

    def _rate(self, step: int) -> float:
        return float(LOWEST * (HIGHEST / LOWEST) ** (step / max(1, self._steps - 1)))


def find_rate(
    steps: int, plain: Plain, task: TrainTask, data: PositionDataModule, folder: Path
) -> float | None:
    """Sweep the rates, draw the losses into a folder and say what to take.

    Args:
        steps: of the sweep.
        plain: the run's configuration, whose trainer is used without its checkpoints.
        task: a new one; spent afterwards.
        data: of the run.
        folder: gets lr_finder.png.

    Returns:
        The suggested rate; None where the loss never fell.

    Raises:
        ConfigError: the loss was no number from the start.
        OSError: the picture cannot be written.
    """
    sweep = RateSweep(steps)
    callbacks = [sweep]
    if "progress" in plain["callbacks"]:
        callbacks.append(build(plain["callbacks"]["progress"], "callbacks.progress"))
    changes = {"max_steps": steps, "limit_val_batches": 0, "val_check_interval": None}
    trainer = build(
        {**plain["trainer"], **changes, "enable_checkpointing": False},
        "trainer",
        callbacks=callbacks,
        logger=False,
    )
    trainer.fit(task, datamodule=data)
    if not sweep.found.losses:
        raise ConfigError("find_lr: the loss is no number at the lowest rate already")
    rate = sweep.found.suggestion()
    if trainer.is_global_zero:
        _report(sweep.found, rate, folder)
    return rate


def _report(found: Sweep, rate: float | None, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with replacing(folder / PICTURE) as file:
        file.write(_picture(found, rate))
    lowest = found.rates[int(found.smooth().argmin())]
    advice = f"try optimizer.lr={rate:.2g}" if rate else "the loss never fell; try more steps"
    say(f"{folder / PICTURE}: {advice} (the loss is lowest at {lowest:.2g})")


def _picture(found: Sweep, rate: float | None) -> bytes:
    """Return a PNG: loss over rate, and the suggestion."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.semilogx(found.rates, found.losses, color="lightgray")
    axes.semilogx(found.rates, found.smooth())
    if rate is not None:
        axes.axvline(rate, linestyle="--", color="tab:red", label=f"suggestion {rate:.2g}")
        axes.legend()
    axes.set_xlabel("learning rate")
    axes.set_ylabel("training loss")
    content = io.BytesIO()
    figure.savefig(content, format="png", dpi=120)
    return content.getvalue()
