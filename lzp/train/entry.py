"""What `lzp-train` runs once everything is imported, and how it explains what goes wrong."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.utilities import rank_zero_only

from lzp.data import SourceError, StoreError
from lzp.net import CheckpointError
from lzp.train.config import ConfigError, one_line
from lzp.train.guards import StoppedError, TrainingError
from lzp.train.run import run_training

_EXIT_BAD_INPUT = 2
_EXIT_FAILED = 1
#: Plus the signal's number, as shells count: 130 for Ctrl-C, 143 for SIGTERM, 138 for SIGUSR1.
_EXIT_SIGNAL = 128
_EXIT_INTERRUPTED = _EXIT_SIGNAL + 2

#: What bad input causes; any other error is a fault of the program.
_EXPECTED = (
    CheckpointError,
    ConfigError,
    SourceError,
    StoreError,
    TrainingError,
    HydraException,
    OmegaConfBaseException,
    OSError,
)


def run_command(folder: Path, *, tracebacks: bool) -> None:
    """Run Hydra's command line on the configuration in a folder.

    Args:
        folder: of the configuration files.
        tracebacks: let errors through, instead of one line and exit code 2.
    """

    def task(cfg: DictConfig) -> float | None:
        with _explaining(tracebacks):  # here already: Hydra would add a line of its own
            return train(cfg)

    run = hydra.main(version_base="1.3", config_path=str(folder), config_name="train")
    try:
        with _explaining(tracebacks):
            run(task)()
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)


def train(cfg: DictConfig) -> float | None:
    """Run one configuration, alone or as one of a sweep.

    Returns:
        The validation loss, which a sweeper may minimize; None without validation.
    """
    job = HydraConfig.get()
    if job.mode == RunMode.MULTIRUN:
        cfg.run_dir = str(Path(job.runtime.output_dir))
    return run_training(cfg).metrics.get("val/loss")


def explain(error: Exception) -> str:
    """Return one line for an expected error, naming the key or file."""
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else one_line(error)
    # Hydra adds where it searched, in lines that few need.
    text = str(error).split("Config search path:")[0].split("See https://")[0]
    override = getattr(error, "override", None)
    if isinstance(override, str):
        text = f"{override}: {text}"
    cause = error.__cause__
    if isinstance(error, HydraException) and isinstance(cause, OmegaConfBaseException):
        text += f" {str(cause).split('object_type')[0]}"
    return " ".join(text.split()) or type(error).__name__


@contextmanager
def _explaining(tracebacks: bool) -> Iterator[None]:
    """Turn the errors that bad input causes into one line and the exit code for it."""
    try:
        yield
    except _EXPECTED as error:
        if tracebacks:
            raise
        print(f"lzp-train: {explain(error)}", file=sys.stderr)
        sys.exit(_EXIT_FAILED if isinstance(error, TrainingError) else _EXIT_BAD_INPUT)
    except StoppedError as stop:
        rank_zero_only(print)(f"lzp-train: {stop}", file=sys.stderr)
        sys.exit(_EXIT_SIGNAL + stop.signal)
