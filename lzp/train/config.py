"""The configuration, checked as a whole before any work starts.

Everything that is built is named by a `_target_`: its keys are compared with the
parameters of that class or function, the values with their annotations
(config_values.py), and what it makes with what is wanted there (config_targets.py).
"""

import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytorch_lightning as pl
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.loggers import Logger
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from lzp.train.config_targets import check_described
from lzp.train.config_values import ConfigError, check_value, one_line
from lzp.train.precision import install_precision

#: What each group makes.
_GROUPS = {
    "network": nn.Module,
    "data": pl.LightningDataModule,
    "optimizer": Callable[..., Optimizer],
    "schedule": Callable[..., LRScheduler],
    "task": pl.LightningModule,
    "trainer": pl.Trainer,
}
#: Groups that hold any number of objects by name, or none.
_COLLECTIONS = {"callbacks": pl.Callback, "logger": Logger}
#: Parameters that are objects, not configuration: `build` gets them from run.py.
_GIVEN = {"task": ("net", "optimizer", "schedule"), "trainer": ("callbacks", "logger")}

Plain = dict[str, Any]
_FEWEST_SWEEP_STEPS = 50


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """The values at the top of the configuration, outside its groups.

    Attributes:
        name: of the run, for people and loggers.
        run_dir: folder of everything the run writes.
        seed: of the network's start and the order of positions, 0 or more.
        resume: "auto", True, False, or the path of a checkpoint.
        run_test: whether to measure the best checkpoint on the test split at the end.
        start_from: a checkpoint or Leela Zero weights that the network begins with;
            of a smaller network it begins with the answers.
        find_lr: steps of a sweep of learning rates in place of training; 0: train.
    """

    name: str
    run_dir: str
    seed: int
    resume: bool | str
    run_test: bool
    start_from: str | None = None
    find_lr: int = 0

    def __post_init__(self) -> None:
        for key in ("name", "run_dir"):
            if not getattr(self, key).strip():
                raise ConfigError(f"{key}: is empty")
        if self.start_from is not None and not self.start_from.strip():
            raise ConfigError("start_from: is empty")
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed: must be between 0 and 2**32 - 1, not {self.seed}")
        if self.find_lr and self.find_lr < _FEWEST_SWEEP_STEPS:
            raise ConfigError(f"find_lr: 0 or at least {_FEWEST_SWEEP_STEPS}, not {self.find_lr}")


def checked(cfg: DictConfig) -> tuple[RunSettings, Plain]:
    """Resolve a composed configuration and check all of it.

    Returns:
        The top values, and all of it as plain dictionaries and lists.

    Raises:
        ConfigError: a value is missing or of the wrong type, a key is unknown, or a target
            is not allowed; names the full key.
    """
    plain = _plain(cfg)
    settings = _check_settings(plain)
    for key, made in _GROUPS.items():
        check_described(key, plain.get(key), made, _GIVEN.get(key, ()))
    for key, made in _COLLECTIONS.items():
        plain[key] = _check_collection(key, plain.get(key), made)
    return settings, plain


def build(config: Plain, key: str, **arguments: Any) -> Any:
    """Make the object that a checked part of the configuration describes.

    Args:
        config: the part, with a `_target_`.
        key: its full key, for messages.
        **arguments: parameters that are objects, not configuration.

    Raises:
        ConfigError: the constructor refuses the values; names the key and its reason.
    """
    try:
        if not arguments:
            return instantiate(config, _convert_="all")
        # In two steps: objects have no place in the containers that hydra makes of a part.
        return instantiate({**config, "_partial_": True}, _convert_="all")(**arguments)
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, OSError):
            raise ConfigError(f"{cause.filename}: {cause.strerror}") from error
        raise ConfigError(f"{key}: {one_line(cause)}") from error


def _plain(cfg: DictConfig) -> Plain:
    install_precision()
    try:
        plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None)
        raise ConfigError(f"{key}: {str(error).splitlines()[0]}") from error
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _check_settings(plain: Plain) -> RunSettings:
    wanted = typing.get_type_hints(RunSettings)
    known = (*wanted, *_GROUPS, *_COLLECTIONS)
    for key in plain:
        if key not in known:
            raise ConfigError(f"{key}: no such key; keys are {', '.join(known)}")
    for key, annotation in wanted.items():
        if key not in plain:
            raise ConfigError(f"{key}: missing")
        check_value(key, annotation, plain[key])
    return RunSettings(**{key: plain[key] for key in wanted})


def _check_collection(key: str, objects: Any, made: type) -> Plain:
    """Check objects by name, and leave out those that were set to null."""
    if objects is not None and not isinstance(objects, dict):
        raise ConfigError(f"{key}: {objects!r}, expected objects by name")
    wanted = {name: config for name, config in (objects or {}).items() if config is not None}
    for name, config in wanted.items():
        check_described(f"{key}.{name}", config, made)
    return wanted
