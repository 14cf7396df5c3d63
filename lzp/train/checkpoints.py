"""Checkpoints on disk: written whole or not at all, read as data only."""

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from packaging.version import InvalidVersion, Version
from pytorch_lightning.callbacks import Checkpoint, ModelCheckpoint
from torch import Tensor

from lzp.features import PLANES_VERSION
from lzp.net import CheckpointError
from lzp.net.plain_data import check_plain, read_plain
from lzp.train.config import ConfigError
from lzp.train.epoch_ends import mend_epoch_end
from lzp.weights.atomic import replacing

#: File name of the checkpoint that a run goes on from.
LAST = "last.ckpt"


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, moved into place when complete.

    A killed process leaves the old `last.ckpt` or the new one. Lightning's own writer
    goes through the system's temporary folder, from where a move may be a slow copy.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any | None = None,
    ) -> None:
        """Write `checkpoint` to `path`; makes the folder.

        Raises:
            OSError: the folder cannot be made or written to, or the disk is full.
            CheckpointError: there is more than plain data in it.
        """
        target = Path(path)
        check_plain(checkpoint)  # what could not be read again is not to replace what can
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            watched = _WatchedFile(file)
            try:
                torch.save(checkpoint, cast(BinaryIO, watched))
            except RuntimeError as error:  # torch's writer hides what stopped it
                raise watched.failure or error from error

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any = "cpu",
        weights_only: bool | None = True,
    ) -> dict[str, Any]:
        """Return what a file holds; as data and on the CPU, whatever the caller says.

        Raises:
            CheckpointError: there is no such file, or it holds more than plain data.
        """
        return read_plain(Path(path))


class _WatchedFile(io.RawIOBase):
    """Hands on what is written, and remembers the error that ended it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.failure: OSError | None = None

    def write(self, data: Any) -> int:
        """Write to the file."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        """Flush the file."""
        self._file.flush()


class StepCheckpoint(Checkpoint):
    """Calls `after_step` when an optimizer step is over, and its validation with it.

    Only then does a checkpoint hold all that the step led to: Lightning leaves out a
    validation that was due when it goes on from one saved before. With gradients gathered
    over several batches, those in between are no end of a step.
    """

    def __init__(self) -> None:
        self._step = 0

    def after_step(self, trainer: pl.Trainer) -> None:
        """Do what is to be done after a step; for subclasses."""
        raise NotImplementedError

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take the steps of a resumed run as done."""
        self._step = trainer.global_step

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """See whether that was a step, with nothing to follow."""
        epoch_loop, fetcher = trainer.fit_loop.epoch_loop, trainer.fit_loop._data_fetcher
        assert fetcher is not None
        if not epoch_loop._should_check_val_fx(fetcher):
            self._finish(trainer)

    def on_validation_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """See whether the validation followed a step."""
        if not trainer.sanity_checking:
            self._finish(trainer)

    def _finish(self, trainer: pl.Trainer) -> None:
        if trainer.global_step > self._step:
            self._step = trainer.global_step
            self.after_step(trainer)


class LastCheckpoint(StepCheckpoint):
    """Keeps last.ckpt: every so many steps, and when training ends.

    Lightning's own callback can do each of these, but not without writing over the best.

    Args:
        folder: of the run; made where needed.
        every_steps: optimizer steps between two saves.
    """

    def __init__(self, folder: str, every_steps: int = 500) -> None:
        if every_steps < 1:
            raise ValueError(f"every_steps must be at least 1, not {every_steps}")
        super().__init__()
        self._path = Path(folder) / LAST
        self._every_steps = every_steps
        self._saved_step = 0

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Take what a resumed run goes on from as saved, unless it lies elsewhere."""
        super().on_train_start(trainer, pl_module)
        source = trainer.ckpt_path
        if source is not None and Path(source).absolute() == self._path.absolute():
            self._saved_step = trainer.global_step

    def on_load_checkpoint(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, checkpoint: dict[str, Any]
    ) -> None:
        """Have a run go on well from what was saved when an epoch ended."""
        every = trainer.val_check_interval
        mend_epoch_end(checkpoint["loops"], every if isinstance(every, int) else None)

    def after_step(self, trainer: pl.Trainer) -> None:
        """Save where it is time to; at the end of an epoch when that is over, too."""
        is_last = trainer.fit_loop.epoch_loop.batch_progress.is_last_batch
        if trainer.global_step % self._every_steps == 0 and not is_last:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; the last epoch ends with the run."""
        self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        step = trainer.global_step
        if step > self._saved_step and not getattr(trainer, "fast_dev_run", False):
            trainer.save_checkpoint(self._path, weights_only=False)  # all: optimizer, loader
            self._saved_step = step


class BestCheckpoint(ModelCheckpoint):
    """Lightning's keeper of the best checkpoint, which a resumed run takes up again.

    What a checkpoint says of the best one holds for the file in this run's own folder, and
    only if it is there: a run's folder may have been moved, and a checkpoint of another run
    knows a best one that this run does not have. Names from a checkpoint are never used:
    Lightning removes the file of a former best.
    """

    @property
    def state_key(self) -> str:
        """The name of its state in checkpoints, the same as that of Lightning's own."""
        return super().state_key.replace(type(self).__qualname__, ModelCheckpoint.__qualname__)

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take up what `state_dict` gave, the score of the best and of the last measurement."""
        name = self.format_checkpoint_name({})
        score = state_dict.get("best_model_score")
        if self.save_top_k != 1 or not isinstance(score, Tensor) or not Path(name).is_file():
            return
        self.best_model_score = self.kth_value = score
        self.best_model_path = self.kth_best_model_path = name
        self.best_k_models = {name: score}
        self.current_score = state_dict.get("current_score")


def check_resumable(path: Path, task: pl.LightningModule) -> int:
    """Check that training can go on from a checkpoint, before anything is set up.

    Args:
        path: a .ckpt file.
        task: what the run will train.

    Returns:
        The optimizer steps it has behind it.

    Raises:
        ConfigError: the file is missing, cut off, not a checkpoint, holds more than plain
            data, numbers that are not finite, or another network than the task's.
    """
    try:
        checkpoint = read_plain(path)
        _check_parts(checkpoint)
        _check_same_network(checkpoint, dict(task.hparams["network"]))
        _check_tensors(checkpoint, task.state_dict())
    except CheckpointError as error:
        text = str(error)
        raise ConfigError(text if text.startswith(str(path)) else f"{path}: {text}") from None
    step = checkpoint["global_step"]
    assert isinstance(step, int)
    return step


def _check_parts(checkpoint: Mapping[str, object]) -> None:
    """Check that what Lightning reads from a checkpoint is there, and may be believed."""
    parts = {
        "hyper_parameters": dict,
        "loops": dict,
        "state_dict": dict,
        "callbacks": dict,
        "optimizer_states": list,
        "lr_schedulers": list,
        "global_step": int,
    }
    for name, kind in parts.items():
        if not isinstance(checkpoint.get(name), kind):
            raise CheckpointError(f"not a checkpoint of lzp-train (no {name})")
    try:
        Version(str(checkpoint.get("pytorch-lightning_version")))
    except InvalidVersion:
        raise CheckpointError("not a checkpoint of lzp-train (no version)") from None


def _check_same_network(checkpoint: Mapping[str, Any], network: dict[str, Any]) -> None:
    stored = checkpoint["hyper_parameters"]
    version = stored.get("planes_version", 1)  # the first ones did not say
    if version != PLANES_VERSION:
        raise CheckpointError(
            f"trained on planes of version {version!r:.20}, this program makes {PLANES_VERSION}"
        )
    if stored.get("network") != network:
        raise CheckpointError(
            f"holds the network {stored.get('network')}, the configuration asks for "
            f"{network}; choose another name= or run_dir="
        )


def _check_tensors(checkpoint: Mapping[str, Any], expected: Mapping[str, Tensor]) -> None:
    """Check that the tensors are those of the task, and finite."""
    stored = checkpoint["state_dict"]
    for name in [*expected, *stored]:
        if name not in expected:
            raise CheckpointError(f"state_dict.{name}: not part of the network described")
        if not isinstance(stored.get(name), Tensor) or stored[name].shape != expected[name].shape:
            raise CheckpointError(f"state_dict.{name}: missing, or of another shape")
    bad = not_finite(stored)
    if bad:
        raise CheckpointError(f"state_dict.{bad}: a number is not finite")


def not_finite(tensors: Mapping[str, Tensor]) -> str | None:
    """Return the name of the first tensor with a number that is not finite, if any."""
    for name, tensor in tensors.items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            return name
    return None
