"""What a run says of its progress where there is no terminal."""

import re
from pathlib import Path

import pytest

from lzp.train.loader import BatchLoader
from lzp.train.progress import StepProgress
from lzp.train.run import run_training
from tests.train.runs import small_run


def test_a_run_says_how_fast_it_is_and_how_much_it_waits(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_training(small_run(games_store, tmp_path))
    last = capsys.readouterr().err.splitlines()[-1]
    assert re.match(r"step 12 of 12, \S+ left, [\d,]+ samples/s \([\d.]+% waiting\), ", last)
    assert "train/loss " in last


def test_a_run_without_an_end_says_its_steps_alone(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    endless = ("trainer.max_steps=-1", "schedule=constant", "trainer.max_time=00:00:00:01")
    run_training(small_run(games_store, tmp_path, *endless))
    assert re.search(r"^step [\d,]+, [\d,]+ samples/s", capsys.readouterr().err, re.MULTILINE)


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
