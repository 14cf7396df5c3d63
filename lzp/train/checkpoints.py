"""Checkpoints on disk: written whole or not at all, read as data only."""

import zipfile
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO
from pytorch_lightning.callbacks import Checkpoint

from lzp.train.config import ConfigError
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
            OSError: the folder cannot be made or written to.
        """
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            torch.save(checkpoint, file)

    def load_checkpoint(
        self,
        path: str | Path,
        map_location: Any = "cpu",
        weights_only: bool | None = True,
    ) -> dict[str, Any]:
        """Return what a file holds; as data, whatever the caller says.

        Raises:
            FileNotFoundError: there is no such file.
            pickle.UnpicklingError: the file holds more than plain data.
        """
        checkpoint: dict[str, Any] = super().load_checkpoint(path, map_location, weights_only=True)
        return checkpoint


class LastCheckpoint(Checkpoint):
    """Keeps last.ckpt: every so many steps, when training ends, and when it is interrupted.

    Lightning's own callback can do each of these, but not without writing over the best.

    Args:
        folder: of the run; made where needed.
        every_steps: optimizer steps between two saves.
    """

    def __init__(self, folder: str, every_steps: int = 500) -> None:
        if every_steps < 1:
            raise ValueError(f"every_steps must be at least 1, not {every_steps}")
        self._path = Path(folder) / LAST
        self._every_steps = every_steps
        self._saved_step = 0

    def on_train_batch_end(
        self,
        trainer: pl.Trainer,
        pl_module: pl.LightningModule,
        outputs: Any,
        batch: Any,
        batch_idx: int,
    ) -> None:
        """Save where it is time to."""
        if trainer.global_step % self._every_steps == 0:
            self._save(trainer)

    def on_train_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Save; the last epoch ends with the run."""
        self._save(trainer)

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        """Save what was learned so far, unless the training itself fell over.

        One process of several cannot save alone: the others may never come to it.
        """
        if isinstance(exception, KeyboardInterrupt) and trainer.world_size == 1:
            self._save(trainer)

    def _save(self, trainer: pl.Trainer) -> None:
        step = trainer.global_step
        if step > self._saved_step and not getattr(trainer, "fast_dev_run", False):
            trainer.save_checkpoint(self._path, weights_only=False)  # all: optimizer, loader
            self._saved_step = step


def check_resumable(path: Path, network: dict[str, Any]) -> int:
    """Check that training can go on from a checkpoint, before anything is set up.

    Args:
        path: a .ckpt file.
        network: plain description of the network that the run will train.

    Returns:
        The optimizer steps it has behind it.

    Raises:
        ConfigError: the file is missing, cut off, not a checkpoint, holds more than plain
            data, or belongs to another network.
    """
    checkpoint = _load(path)
    stored = checkpoint.get("hyper_parameters")
    if not isinstance(stored, dict) or "loops" not in checkpoint:
        raise ConfigError(f"{path}: not a checkpoint of lzp-train")
    if stored.get("network") != network:
        raise ConfigError(
            f"{path}: holds the network {stored.get('network')}, the configuration asks for "
            f"{network}; choose another name= or run_dir="
        )
    return int(checkpoint.get("global_step", 0))


def _load(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise ConfigError(f"{path}: no such checkpoint")
    if not zipfile.is_zipfile(path):
        raise ConfigError(f"{path}: not a checkpoint, or cut off")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except Exception as error:  # torch raises a dozen kinds for a damaged file
        raise ConfigError(f"{path}: cannot be read ({str(error).splitlines()[0]})") from error
    if not isinstance(checkpoint, dict):
        raise ConfigError(f"{path}: not a checkpoint")
    return checkpoint
