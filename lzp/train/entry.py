"""What `lzp-train` runs once everything is imported, and how it explains what goes wrong."""

from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from lzp.data import SourceError, StoreError
from lzp.train.config import ConfigError, one_line
from lzp.train.run import run_training


def train(cfg: DictConfig) -> float | None:
    """Run one configuration, alone or as one of a sweep.

    Returns:
        The validation loss, which a sweeper may minimize; None without validation.
    """
    hydra = HydraConfig.get()
    if hydra.mode == RunMode.MULTIRUN:
        cfg.run_dir = str(Path(hydra.runtime.output_dir))
    return run_training(cfg).metrics.get("val/loss")


def expected_errors() -> tuple[type[Exception], ...]:
    """Return the errors that bad input causes; any other is a fault of the program."""
    return (
        ConfigError,
        SourceError,
        StoreError,
        HydraException,
        OmegaConfBaseException,
        OSError,
    )


def explain(error: Exception) -> str:
    """Return one line for an expected error, naming the key or file."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else one_line(error)
    # Hydra adds where it searched, in lines that few need.
    text = str(error).split("Config search path:")[0]
    cause = error.__cause__
    if isinstance(error, HydraException) and isinstance(cause, OmegaConfBaseException):
        text += f" {str(cause).split('object_type')[0]}"
    return " ".join(text.split()) or type(error).__name__
