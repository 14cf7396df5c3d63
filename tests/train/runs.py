"""Small runs for tests: random 9x9 games, a network of one block, a few steps on the CPU."""

from pathlib import Path

from hydra import compose, initialize_config_dir
from omegaconf import DictConfig

from lzp.train.cli import config_folder

GROUPS = (
    "network",
    "data",
    "optimizer",
    "schedule",
    "trainer",
    "callbacks",
    "extras",
    "logger",
)

#: Of the real configuration, made small enough for a test.
SMALL = (
    "network=tiny",
    "data.side=9",
    "data=store",
    "data.batch_size=32",
    "data.games.val_fraction=0.2",
    "data.games.test_fraction=0.2",
    "schedule.warmup_steps=2",
    "trainer.accelerator=cpu",
    "trainer.max_steps=12",
    "trainer.val_check_interval=6",
    "trainer.limit_val_batches=2",
    "trainer.log_every_n_steps=1",
    "callbacks.last.every_steps=4",
    "logger=csv",
)


def composed(*overrides: str) -> DictConfig:
    """Return the configuration that the command line would make of some overrides."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        return compose("train", list(overrides))


def small_run(store: Path, run_dir: Path, *overrides: str) -> DictConfig:
    """Return the configuration of a small run on a store."""
    return composed(*SMALL, f"data.store={store}", f"run_dir={run_dir}", *overrides)


def options_of(group: str) -> list[str]:
    """Return the names of a group's options."""
    return sorted(path.stem for path in (config_folder() / group).glob("*.yaml"))
