"""Checkpoints on disk: written whole or not at all, read as data only."""

import os
import zipfile
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins.io.torch_io import TorchCheckpointIO

from lzp.train.config import ConfigError
from lzp.weights.atomic import replacing


class AtomicCheckpointIO(TorchCheckpointIO):
    """Lightning's checkpoint files, moved into place when complete.

    A killed process leaves the old `last.ckpt` or the new one. Lightning's own writer
    goes through the system's temporary folder, from where a move may be a slow copy.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | os.PathLike[str],
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


def check_resumable(path: Path, network: dict[str, Any]) -> None:
    """Check that training can go on from a checkpoint, before anything is set up.

    Args:
        path: a .ckpt file.
        network: plain description of the network that the run will train.

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
