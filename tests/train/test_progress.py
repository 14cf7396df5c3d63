"""What a run says of its progress where there is no terminal."""

import csv
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import pytorch_lightning as pl

from lzp.train.loader import BatchLoader
from lzp.train.progress import StepProgress
from lzp.train.run import run_training
from tests.train.runs import small_run


def test_a_run_says_how_fast_it_is_and_how_much_it_waits(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_training(small_run(games_store, tmp_path))
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.match(r"step 12 of 12, \S+ left, [\d,]+ samples/s \(data wait [\d.]+%\), ", last)
    assert "train/loss " in last


def test_a_run_without_an_end_says_its_steps_alone(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = ("trainer.max_steps=-1", "schedule=constant", "trainer.max_time=00:00:00:01")
    run_training(small_run(games_store, tmp_path, *endless))
    assert re.search(
        r"^step [\d,]+, 0:00:0\d left, [\d,]+ samples/s", capsys.readouterr().err, re.MULTILINE
    )


def test_waiting_is_a_share_of_the_time_since_the_start(games_store: Path, tmp_path: Path) -> None:
    trainer = run_training(small_run(games_store, tmp_path)).trainer
    progress = next(c for c in trainer.callbacks if isinstance(c, StepProgress))  # type: ignore[attr-defined]
    loader = trainer.train_dataloader
    assert isinstance(loader, BatchLoader)
    assert loader.waited_s > 0
    seconds = 12 * 32 / progress.samples_per_second()  # since the start, until this line
    loader.waited_s = seconds / 4
    assert progress.waiting_share(trainer) == pytest.approx(0.25, rel=0.2)
    loader.waited_s = 0.0
    assert progress.waiting_share(trainer) == 0.0


def test_speed_and_waiting_are_logged(games_store: Path, tmp_path: Path) -> None:
    run_training(small_run(games_store, tmp_path))
    with next(tmp_path.glob("csv/*/metrics.csv")).open() as file:
        rows = [row for row in csv.DictReader(file) if row["train/data_wait"]]
    assert len(rows) == 12
    assert all(0 <= float(row["train/data_wait"]) <= 1 for row in rows)
    assert all(float(row["train/samples_per_s"]) > 0 for row in rows)


def test_the_time_left_counts_steps_and_validations_to_come(
    games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Steps of 1 s and validations of 10 s, by a clock that only they move."""
    now, left = [0.0], {}
    start, end = StepProgress.on_validation_start, StepProgress.on_train_batch_end

    def on_validation_start(self: StepProgress, *parts: Any) -> None:
        start(self, *parts)
        now[0] += 10

    def on_train_batch_end(self: StepProgress, trainer: pl.Trainer, *parts: Any) -> None:
        now[0] += 1
        end(self, trainer, *parts)
        left[trainer.global_step] = self.left_s(trainer)

    monkeypatch.setattr("lzp.train.progress.time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(StepProgress, "on_validation_start", on_validation_start)
    monkeypatch.setattr(StepProgress, "on_train_batch_end", on_train_batch_end)
    run_training(small_run(games_store, tmp_path, "trainer.val_check_interval=4"))
    assert left[1] == 11  # steps; what a validation takes is not known yet
    assert left[5] == 7 + 2 * 10
    assert left[11] == 1 + 10
    assert left[12] == 0
