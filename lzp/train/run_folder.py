"""The folder of a run: one process at a time writes there, and says how it was configured."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from lzp.train.config import ConfigError
from lzp.weights.atomic import remove_parts, replacing
from lzp.weights.locks import FileLock

_CONFIG = "config.yaml"
_LOCK = ".lock"


@contextmanager
def own_folder(folder: Path) -> Iterator[None]:
    """Make a run's folder and keep it from others; removes what killed processes left there.

    Raises:
        ConfigError: another process is at work there.
        OSError: it cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / _LOCK)
    if not lock.acquire(wait=False):
        raise ConfigError(f"{folder}: another run writes there; choose another name= or run_dir=")
    try:
        if lock.is_held():
            remove_parts(folder)
        yield
    finally:
        lock.release()


def save_config(cfg: DictConfig, folder: Path) -> None:
    """Write the resolved configuration beside the checkpoints."""
    with replacing(folder / _CONFIG) as file:
        file.write(OmegaConf.to_yaml(cfg, resolve=True).encode())
