"""Progress of a run: a bar with samples/s and time left, or a line now and then in a log."""

import sys
import time
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar, Timer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

_SHOWN = ("train/loss", "train/policy_top1_step", "val/loss", "val/policy_top1")
_REFRESH_S = 0.5


class StepProgress(ProgressBar):
    """Shows steps done of all, time left, positions a second and the latest figures.

    Beside the speed stands the share of the time in which training waited for batches.
    Both are logged too, as `train/samples_per_s` and `train/data_wait`; validation counts
    for neither.

    On a terminal a bar; elsewhere, where a bar would fill a log, one line every
    `report_interval_s` seconds. Writes to stderr, from the first process only.

    Args:
        report_interval_s: seconds between lines where there is no terminal.
    """

    def __init__(self, report_interval_s: float = 30.0) -> None:
        super().__init__()
        if report_interval_s <= 0:
            raise ValueError(f"report_interval_s must be above 0, not {report_interval_s}")
        self._interval_s = report_interval_s
        self._enabled = True
        self._bar: Progress | None = None
        self._samples = 0
        self._resumed_at = 0
        self._started_s = 0.0
        self._paused_s = 0.0
        self._validations = 0
        self._shown_s = 0.0
        self._shown_step = -1

    def disable(self) -> None:
        """Show nothing: Lightning asks all processes but the first for this."""
        self._enabled = False

    def enable(self) -> None:
        """Show again."""
        self._enabled = True

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Start the clock, and the bar where there is a terminal."""
        self._samples = 0
        self._resumed_at = trainer.global_step
        self._started_s = self._shown_s = time.monotonic()
        self._paused_s, self._validations = 0.0, 0
        if self._enabled and sys.stderr.isatty():
            self._bar = _make_bar()
            self._bar.add_task("train", total=_total_steps(trainer), left="", figures="")
            self._bar.start()

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Count the batch, and show where it is time to."""
        self._samples += len(batch[0]) * trainer.world_size
        if trainer.global_step % max(1, trainer.log_every_n_steps) == 0:  # type: ignore[attr-defined]
            speed, wait = self.samples_per_second(), self.waiting_share(trainer)
            pl_module.log_dict({"train/samples_per_s": speed, "train/data_wait": wait})
        now_s = time.monotonic()
        interval_s = _REFRESH_S if self._bar else self._interval_s
        if self._enabled and now_s - self._shown_s >= interval_s:
            self._shown_s = now_s
            self._show(trainer)

    def on_validation_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Stop the clock: validation is no training time."""
        self._paused_s -= time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Go on with the clock, and show what validation found."""
        self._paused_s += time.monotonic()
        self._validations += 1
        if self._enabled and self._samples and not trainer.sanity_checking:
            self._show(trainer)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Show the last figures."""
        if self._enabled and self._samples and self._shown_step != trainer.global_step:
            self._show(trainer)
        self._close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Leave the terminal in order."""
        self._close()

    def samples_per_second(self) -> float:
        """Return positions trained on per second since the start, validation left out."""
        elapsed_s = time.monotonic() - self._started_s - self._paused_s
        return self._samples / max(elapsed_s, 1e-9)

    def waiting_share(self, trainer: pl.Trainer) -> float:
        """Return the share of the time since the start in which training waited for batches."""
        elapsed_s = time.monotonic() - self._started_s - self._paused_s
        waited_s = getattr(trainer.train_dataloader, "waited_s", 0.0)  # of our own loader alone
        return min(1.0, float(waited_s) / max(elapsed_s, 1e-9))

    def _show(self, trainer: pl.Trainer) -> None:
        speed = f"{self.samples_per_second():,.0f} samples/s"
        figures = f"{speed} (data wait {self.waiting_share(trainer):.1%}){_figures(trainer)}"
        step, total, left_s = trainer.global_step, _total_steps(trainer), self.left_s(trainer)
        self._shown_step = step
        left = "" if left_s is None else f"{_clock(left_s)} left, "
        if self._bar is not None:
            self._bar.update(self._bar.task_ids[0], completed=step, left=left, figures=figures)
            return
        steps = f"step {step:,} of {total:,}" if total else f"step {step:,}"
        print(f"{steps}, {left}{figures}", file=sys.stderr, flush=True)

    def left_s(self, trainer: pl.Trainer) -> float | None:
        """Return the seconds to the run's end, with the validations to come; None if unknown."""
        ends = [t.time_remaining() for t in trainer.callbacks if isinstance(t, Timer)]  # type: ignore[attr-defined]
        step, total = trainer.global_step, _total_steps(trainer)
        if total:
            trained_s = time.monotonic() - self._started_s - self._paused_s
            left = max(0, total - step)
            step_s = trained_s / max(1, step - self._resumed_at)
            validation_s = self._paused_s / max(1, self._validations)
            ends.append(left * step_s + _validations_left(trainer, left) * validation_s)
        return min((end for end in ends if end is not None), default=None)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.stop()
            self._bar = None


def _make_bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[left]}{task.fields[figures]}"),
        console=Console(stderr=True),
    )


def _total_steps(trainer: pl.Trainer) -> int | None:
    """Return the number of steps of the whole run; None where it has no known end."""
    steps = trainer.estimated_stepping_batches
    return None if steps == float("inf") else int(steps)


def _validations_left(trainer: pl.Trainer, steps: int) -> int:
    """Return how many validations the remaining steps bring, where they come by steps."""
    interval = trainer.val_check_interval
    if not isinstance(interval, int) or not trainer.limit_val_batches:
        return 0
    done = trainer.global_step * trainer.accumulate_grad_batches
    return (done + steps * trainer.accumulate_grad_batches) // interval - done // interval


def _clock(seconds: float) -> str:
    seconds = max(0.0, seconds)
    minutes = int(seconds) // 60
    return f"{minutes // 60}:{minutes % 60:02}:{int(seconds) % 60:02}"


def _figures(trainer: pl.Trainer) -> str:
    known = trainer.callback_metrics
    return "".join(f", {name} {float(known[name]):.4f}" for name in _SHOWN if name in known)
