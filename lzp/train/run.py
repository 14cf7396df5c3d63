"""A training run from a composed configuration: check, build, fit, measure."""

import logging
import warnings
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytorch_lightning as pl
from omegaconf import DictConfig
from pytorch_lightning.callbacks import Callback

from lzp.data import SourceError, StoreError
from lzp.train.agreement import check_agreement
from lzp.train.checkpoints import LAST, check_resumable
from lzp.train.config import ConfigError, Plain, RunSettings, build, checked, one_line
from lzp.train.datamodule import PositionDataModule, say
from lzp.train.guards import FiniteGuard, StopGuard, StopSignals
from lzp.train.lr_finder import find_rate
from lzp.train.run_folder import own_folder, save_config
from lzp.train.task import TrainTask
from lzp.train.trained import start_from


@dataclass(frozen=True, kw_only=True, slots=True)
class RunResult:
    """What a run leaves in memory.

    Attributes:
        metrics: the last value of every figure, `val/loss` and so on.
        trainer: of the run, stopped.
        task: with the network in its last state (averaged, if the run averages).
        data: of the run.
    """

    metrics: dict[str, float]
    trainer: pl.Trainer
    task: TrainTask
    data: PositionDataModule


def run_training(cfg: DictConfig) -> RunResult:
    """Run what a composed configuration describes.

    Raises:
        ConfigError: the configuration, or a file it names, cannot be used; nothing has
            been written then.
        StoreError, SourceError: so for the game records or the store.
        OSError: the run's folder cannot be written.
        TrainingError: the loss became something else than a number.
        StoppedError: a signal ended the run, in order.
    """
    settings, plain = checked(cfg)
    check_agreement(plain)
    with warnings.catch_warnings(), ExitStack() as stack:
        _quiet()
        pl.seed_everything(settings.seed, workers=True, verbose=False)
        task = _build_task(plain, settings.start_from)
        data = build(plain["data"], "data")
        if settings.find_lr:
            find_rate(settings.find_lr, plain, task, data, Path(settings.run_dir))
            return RunResult(metrics={}, trainer=task.trainer, task=task, data=data)
        resumed = _resume_from(settings, task)
        folder = Path(settings.run_dir)
        stack.enter_context(signals := StopSignals())
        stop = StopGuard(folder, signals)
        trainer = _build_trainer(plain, [FiniteGuard(folder, data.name_game), stop])
        if trainer.is_global_zero and not plain["trainer"].get("fast_dev_run"):
            stack.enter_context(own_folder(folder))
            save_config(cfg, folder)
        try:
            trainer.fit(task, datamodule=data, ckpt_path=resumed, weights_only=True)
        except (AttributeError, KeyError, RuntimeError, TypeError, ValueError) as error:
            _explain_restoring(error, None if stop.started else resumed)
            raise
        metrics = _numbers(trainer)
        if settings.run_test:
            metrics |= _test(trainer, task, data)
    return RunResult(metrics=metrics, trainer=trainer, task=task, data=data)


def _build_task(plain: Plain, trained: str | None) -> TrainTask:
    net = build(plain["network"], "network")
    if trained is not None:
        start_from(net, Path(trained))
    optimizer = build(plain["optimizer"], "optimizer")
    schedule = build(plain["schedule"], "schedule")
    task = build(plain["task"], "task", net=net, optimizer=optimizer, schedule=schedule)
    assert isinstance(task, TrainTask)
    _check_optimizer(task)
    return task


def _check_optimizer(task: TrainTask) -> None:
    """Make the optimizer and schedule once, so that what they refuse is known at the start."""
    try:
        task.configure_optimizers()
    except (TypeError, ValueError) as error:
        raise ConfigError(f"optimizer or schedule: {error}") from error


def _explain_restoring(error: Exception, path: str | None) -> None:
    """Raise in better words what went wrong while a checkpoint's state was put to use.

    Raises:
        ConfigError: with `path`, the checkpoint; its optimizer, say, is another.
    """
    if path is not None and not isinstance(error, (ConfigError, StoreError, SourceError)):
        text = f"{path}: does not fit this configuration: {one_line(error)}"
        raise ConfigError(text) from error


def _build_trainer(plain: Plain, guards: list[Callback]) -> pl.Trainer:
    """Return the trainer; the guards come after the configured callbacks of their kind."""
    callbacks = [build(c, f"callbacks.{n}") for n, c in plain["callbacks"].items()]
    loggers = [build(c, f"logger.{n}") for n, c in plain["logger"].items()]
    # False, not an empty list: for that Lightning would choose a logger of its own.
    trainer = build(
        plain["trainer"], "trainer", callbacks=[*callbacks, *guards], logger=loggers or False
    )
    assert isinstance(trainer, pl.Trainer)
    return trainer


def _resume_from(settings: RunSettings, task: TrainTask) -> str | None:
    """Return the checkpoint to go on from; None to start anew.

    Raises:
        ConfigError: there is none where there must be, it cannot be used, or a new run
            would write over an old one.
    """
    last = Path(settings.run_dir) / LAST
    wanted = settings.resume
    if wanted is False or (wanted == "auto" and not last.exists()):
        if last.exists():
            raise ConfigError(f"{last}: from an earlier run; choose another name= or resume=auto")
        return None
    path = last if wanted in (True, "auto") else Path(str(wanted))
    step = check_resumable(path, task)
    say(f"going on from {path}, step {step:,}")
    return str(path)


def _test(trainer: pl.Trainer, task: TrainTask, data: PositionDataModule) -> dict[str, float]:
    """Measure the best checkpoint, or what the run ended with, on the test split."""
    checkpoint = trainer.checkpoint_callback
    best = getattr(checkpoint, "best_model_path", "") or None
    trainer.test(task, datamodule=data, ckpt_path=best, weights_only=True, verbose=False)
    figures = _numbers(trainer)
    if trainer.is_global_zero:
        shown = [f"{name} {figures[name]:.4f}" for name in sorted(figures) if "test/" in name]
        say(f"{best or 'the last weights'}: {', '.join(shown)}")
    return figures


def _numbers(trainer: pl.Trainer) -> dict[str, float]:
    return {name: float(value) for name, value in trainer.callback_metrics.items()}


def _quiet() -> None:
    """Keep from the reader what Lightning says about things that are meant to be so."""
    for name in ("pytorch_lightning.utilities.rank_zero", "lightning_fabric.utilities.distributed"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # The word that takes its place is unknown to torch before 2.13.
    warnings.filterwarnings("ignore", message=r"`broadcast_buffers` is deprecated")
    # The folder of a run that goes on, or that hydra has just put its log into.
    warnings.filterwarnings("ignore", message=r"Checkpoint directory .* exists and is not empty")
    # In fp16 the first step is often left out, to find the scale of the gradients.
    warnings.filterwarnings("ignore", message=r"Detected call of `lr_scheduler.step\(\)` before")
    # Lightning 2.6 with torch 2.13.
    warnings.filterwarnings("ignore", message=r"`isinstance\(treespec, LeafSpec\)` is deprecated")
