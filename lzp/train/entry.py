"""What `lzp-train` runs once Hydra is there, and how it explains what goes wrong.

What takes long to import comes inside functions: help and completions do without it.
"""

import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException, MissingConfigException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from lzp.train.config_values import ConfigError, one_line
from lzp.train.help import install_help
from lzp.train.precision import install_precision
from lzp.train.sweep import GOAL, run_recorded

_EXIT_BAD_INPUT = 2
_EXIT_FAILED = 1
#: Plus the signal's number, as shells count: 130 for Ctrl-C, 143 for SIGTERM, 138 for SIGUSR1.
_EXIT_SIGNAL = 128
_EXIT_INTERRUPTED = _EXIT_SIGNAL + 2
#: What Hydra says of an option chosen in a list.
_NOT_LOADED = re.compile(r"Could not load '(\S+)/([^/']+)'")
_SEARCHED = re.compile(r"path=file://(.+)")


def run_command(folder: Path, *, tracebacks: bool) -> None:
    """Run Hydra's command line on the configuration in a folder.

    Args:
        folder: of the configuration files.
        tracebacks: let errors through, instead of one line and exit code 2.
    """
    composed = False

    def task(cfg: DictConfig) -> float | None:
        nonlocal composed
        composed = True
        # Explained here already: Hydra would add a line of its own.
        with _explaining(tracebacks), _telling_stops():
            return train(cfg)

    install_help()
    install_precision()
    run = hydra.main(version_base="1.3", config_path=str(folder), config_name="train")
    try:
        with _explaining(tracebacks):
            run(task)()
    except KeyboardInterrupt:
        sys.exit(_EXIT_INTERRUPTED)
    except ValueError as error:  # Hydra's own for `network=null` and the like
        if composed or tracebacks:
            raise
        _complain(error)


def train(cfg: DictConfig) -> float | None:
    """Run one configuration, alone or as one of a sweep.

    Returns:
        The validation loss, which a sweeper may minimize; None without validation.
    """
    from lzp.train.run import run_training

    job = HydraConfig.get()
    if job.mode != RunMode.MULTIRUN:
        return run_training(cfg).metrics.get(GOAL)
    folder = Path(job.runtime.output_dir)
    cfg.run_dir = str(folder)
    overrides = list(job.overrides.task)
    return run_recorded(folder, overrides, lambda: run_training(cfg).metrics, expected_errors())


def expected_errors() -> tuple[type[Exception], ...]:
    """Return what bad input causes; any other error is a fault of the program."""
    from lzp.data import SourceError, StoreError
    from lzp.net import CheckpointError
    from lzp.train.guards import TrainingError

    ours = (CheckpointError, ConfigError, SourceError, StoreError, TrainingError)
    return (*ours, HydraException, OmegaConfBaseException, OSError)


def explain(error: Exception) -> str:
    """Return one line for an expected error, naming the key or file."""
    if isinstance(error, MissingConfigException) and error.options:
        return _explain_option(error.missing_cfg_file or "", error.options)
    if isinstance(error, OSError) and not isinstance(error, HydraException):
        return f"{error.filename}: {error.strerror}" if error.filename else one_line(error)
    if match := _NOT_LOADED.search(str(error)):
        group, name = match.groups()
        folders = [Path(found) for found in _SEARCHED.findall(str(error))]
        options = [path.stem for folder in folders for path in folder.glob(f"{group}/*.yaml")]
        return _explain_option(f"{group}/{name}", options)
    # Hydra adds where it searched, in lines that few need.
    text = str(error).split("Config search path:")[0].split("See https://")[0]
    override = getattr(error, "override", None)
    if isinstance(override, str):
        text = f"{override}: {text}"
    cause = error.__cause__
    if isinstance(error, HydraException) and isinstance(cause, OmegaConfBaseException):
        text += f" {str(cause).split('object_type')[0]}"
    return " ".join(text.split()) or type(error).__name__


def _explain_option(wanted: str, options: Sequence[str]) -> str:
    group, _, name = wanted.removesuffix(".yaml").rpartition("/")
    known = ", ".join(sorted({re.sub(r"\.yaml$", "", option) for option in options}))
    return f"{group}={name}: no such option; options are {known}"


def _complain(error: Exception) -> None:
    from pytorch_lightning.utilities import rank_zero_only

    from lzp.train.guards import TrainingError

    if isinstance(error, TrainingError):  # which all processes of a run raise together
        rank_zero_only(print)(f"lzp-train: {explain(error)}", file=sys.stderr)
        sys.exit(_EXIT_FAILED)
    print(f"lzp-train: {explain(error)}", file=sys.stderr)
    sys.exit(_EXIT_BAD_INPUT)


@contextmanager
def _telling_stops() -> Iterator[None]:
    """Turn a signal that ended the run into one line and the exit code for it."""
    from pytorch_lightning.utilities import rank_zero_only

    from lzp.train.guards import StoppedError

    try:
        yield
    except StoppedError as stop:
        rank_zero_only(print)(f"lzp-train: {stop}", file=sys.stderr)
        sys.exit(_EXIT_SIGNAL + stop.signal)


@contextmanager
def _explaining(tracebacks: bool) -> Iterator[None]:
    """Turn the errors that bad input causes into one line and the exit code for it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if tracebacks or (error.name or "").startswith("lzp"):
            raise
        missing = f"needs {error.name}, which is not installed: pip install 'lzp[train]'"
        print(f"lzp-train: {missing}", file=sys.stderr)
        sys.exit(_EXIT_BAD_INPUT)
    except Exception as error:
        if tracebacks or not isinstance(error, expected_errors()):
            raise
        _complain(error)
