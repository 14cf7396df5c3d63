"""What ends a run early and in order: a loss that is no number, and signals to stop."""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NamedTuple

import pytorch_lightning as pl
import torch
import torch.distributed
from pytorch_lightning.callbacks import Callback
from torch import Tensor

from lzp.train.checkpoints import LAST, StepCheckpoint, not_finite
from lzp.train.loader import TrainBatch
from lzp.weights.atomic import replacing

#: Every batch's games that led to a loss which is no number, a position a line.
BAD_BATCH = "bad-batch.txt"
#: Steps whose losses are looked at together, where a look makes the device or others wait.
_STEPS_BETWEEN_LOOKS = 32
_GAMES_NAMED = 3
_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGUSR1") if hasattr(signal, name)
)


class TrainingError(RuntimeError):
    """Training cannot go on; one line that says why and what is left."""


class StoppedError(BaseException):
    """A signal ended the run; one line that says where it stopped.

    Like KeyboardInterrupt no `Exception`: it may be raised anywhere, and nothing in the way
    is to take it for an error of its own.

    Attributes:
        signal: its number.
    """

    def __init__(self, number: int, text: str) -> None:
        super().__init__(f"{signal.Signals(number).name}: {text}")
        self.signal = number


class _Step(NamedTuple):
    number: int
    loss: Tensor
    batch: TrainBatch


class FiniteGuard(Callback):
    """Ends training at a loss that is not finite, and keeps such weights out of checkpoints.

    On the CPU every loss is looked at before it changes a weight; on other devices, and
    with several processes, some steps together and before each save.

    Args:
        folder: of the run.
        name_game: gives the name of a game by its number in batches.
    """

    def __init__(self, folder: Path, name_game: Callable[[int], str]) -> None:
        self._folder = folder
        self._name_game = name_game
        self._batch: TrainBatch | None = None
        self._unseen: list[_Step] = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Any, batch_idx: int
    ) -> None:
        """Keep the batch for the case that its loss is no number."""
        self._batch = batch

    def on_before_backward(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, loss: Tensor
    ) -> None:
        """Take note of the loss, and look at it where that costs nothing."""
        assert self._batch is not None
        # Without its planes, which are nearly all of a batch.
        batch = self._batch._replace(planes=self._batch.planes[:0])
        self._unseen.append(_Step(trainer.global_step + 1, loss.detach(), batch))
        alone_on_cpu = loss.device.type == "cpu" and trainer.world_size == 1
        if alone_on_cpu or len(self._unseen) >= _STEPS_BETWEEN_LOOKS:
            self._look(trainer)

    def on_save_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Refuse to save weights that are not finite.

        Raises:
            TrainingError: they are not, or a loss since the last look was not.
        """
        self._look(trainer)
        for field in ("state_dict", "current_model_state"):
            bad = not_finite(checkpoint.get(field, {}))
            if bad:
                step = trainer.global_step
                raise TrainingError(
                    f"step {step:,}: a number in {bad} is not finite; {self._left()}"
                )

    def _look(self, trainer: pl.Trainer) -> None:
        """Look at the losses that have not been looked at; with all processes together."""
        unseen, self._unseen = self._unseen, []
        if not unseen:
            return
        finite = torch.isfinite(torch.stack([step.loss for step in unseen])).tolist()
        bad = unseen[finite.index(False)] if not all(finite) else None
        found = (bad.number, self._explain(bad, trainer)) if bad else None
        if trainer.world_size > 1:
            found = _earliest(trainer, found)
        if found is not None:
            raise TrainingError(found[1])

    def _explain(self, step: _Step, trainer: pl.Trainer) -> str:
        """Return one line about a loss, and write its batch to a file."""
        games, plies = step.batch.game.tolist(), step.batch.ply.tolist()
        rows = list(zip(games, plies, strict=True))
        names = {game: self._name_game(game) for game in set(games)}
        suffix = f".{trainer.global_rank}" if trainer.world_size > 1 else ""
        path = self._folder / f"{BAD_BATCH}{suffix}"
        lines = [f"game {game} ply {ply} {names[game]}\n" for game, ply in rows]
        with replacing(path) as file:
            file.write("".join(lines).encode())
        shown = ", ".join(f"{g} ({names[g]}) ply {p}" for g, p in rows[:_GAMES_NAMED])
        return (
            f"step {step.number:,}: the loss is {float(step.loss)}; games of its batch: {shown}, "
            f"all {len(rows)} in {path}; {self._left()}"
        )

    def _left(self) -> str:
        last = self._folder / LAST
        return f"{last} is as it was" if last.exists() else "nothing was saved before"


def _earliest(trainer: pl.Trainer, found: tuple[int, str] | None) -> tuple[int, str] | None:
    """Return what was found in the earliest step by any process, in all of them.

    One process's loss becomes everyone's a step later, since they share their gradients.
    """
    if not trainer.strategy.reduce_boolean_decision(found is not None, all=False):
        return None
    all_found: list[tuple[int, str] | None] = [None] * trainer.world_size
    torch.distributed.all_gather_object(all_found, found)
    return min(one for one in all_found if one is not None)


class StopSignals:
    """Turns Ctrl-C and the signals of job schedulers into an end in order.

    While steps are trained a signal is kept until the step is over, since in the middle of
    one there is nothing that could be saved. A second one, and one at any other time, ends
    the run at once. A context manager; only the main thread can have handlers.

    Attributes:
        received: the number of the signal that is kept.
        keeping: steps are being trained.
    """

    def __init__(self) -> None:
        self.received: int | None = None
        self.keeping = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> "StopSignals":
        """Begin to listen."""
        self._before = {number: signal.getsignal(number) for number in _SIGNALS}
        self.listen()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give the signals back to whom they were."""
        self._handle(self._before)

    def listen(self) -> None:
        """Take the signals; Lightning has handlers of its own, for some, when it begins."""
        self._handle(dict.fromkeys(_SIGNALS, self._receive))

    def _handle(self, handlers: dict[int, Any]) -> None:
        if threading.current_thread() is threading.main_thread():
            for number, handler in handlers.items():
                signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if not self.keeping or self.received is not None:
            raise StoppedError(number, "stopped; the same command goes on from last.ckpt, if any")
        self.received = number
        # Not print: the signal may have come in the middle of one.
        os.write(2, b"\nlzp-train: stopping after this step; once more stops at once\n")


class StopGuard(StepCheckpoint):
    """Saves and ends the run after the step in which a signal came.

    Args:
        folder: of the run.
        signals: what was received.

    Attributes:
        started: all is set up and restored, and the training has begun.
    """

    def __init__(self, folder: Path, signals: StopSignals) -> None:
        super().__init__()
        self.started = False
        self._path = folder / LAST
        self._signals = signals

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Keep signals until a step is over."""
        super().on_train_start(trainer, pl_module)
        self.started = True
        self._signals.listen()
        self._signals.keeping = True

    def after_step(self, trainer: pl.Trainer) -> None:
        """Save and stop, if a signal came to any of the processes.

        Raises:
            StoppedError: it did.
        """
        number = self._signals.received or 0
        if trainer.world_size > 1:
            number = _largest(trainer, number)
        if number:
            if not getattr(trainer, "fast_dev_run", False):
                trainer.save_checkpoint(self._path, weights_only=False)
            text = f"stopped after step {trainer.global_step:,}; the same command goes on"
            raise StoppedError(number, f"{text} from {self._path}")

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Let signals end what comes after training at once."""
        self._signals.keeping = False

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Let signals end what comes after training at once."""
        self._signals.keeping = False


def _largest(trainer: pl.Trainer, number: int) -> int:
    """Return the largest of all processes' numbers, now and then; in between 0."""
    if trainer.global_step % _STEPS_BETWEEN_LOOKS:
        return 0
    mine = torch.tensor(number, device=trainer.strategy.root_device)
    return int(trainer.strategy.reduce(mine, reduce_op="max"))
