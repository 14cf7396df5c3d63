"""How runs end early: losses that are no numbers, signals, full disks, and who else is there."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from lzp.data import GameStore
from lzp.train.config import ConfigError
from lzp.train.guards import BAD_BATCH, StoppedError, TrainingError
from lzp.train.loader import TrainBatch
from lzp.train.run import run_training
from lzp.train.task import TrainTask
from lzp.weights.locks import FileLock
from tests.train.comparing import assert_same
from tests.train.runs import small_run

Step = Callable[[TrainTask, TrainBatch, int], torch.Tensor]


@contextmanager
def steps_by(change: Callable[[Step, TrainTask, TrainBatch, int], torch.Tensor]) -> Iterator[None]:
    """Training steps in this block are made by another function, which is given the real one."""
    real = TrainTask.training_step

    def training_step(task: TrainTask, batch: TrainBatch, batch_idx: int) -> torch.Tensor:
        return change(real, task, batch, batch_idx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainTask, "training_step", training_step)
        yield


def load(path: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
    return checkpoint


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_names_its_games(
    bad: float, games_store: Path, tmp_path: Path
) -> None:
    batches: list[TrainBatch] = []

    def break_step_7(step: Step, task: TrainTask, batch: TrainBatch, index: int) -> torch.Tensor:
        batches.append(batch)
        return step(task, batch, index) * (bad if task.global_step == 6 else 1)

    with steps_by(break_step_7), pytest.raises(TrainingError) as caught:
        run_training(small_run(games_store, tmp_path))
    line = str(caught.value)
    assert line.startswith(f"step 7: the loss is {bad}; games of its batch: ")
    assert line.endswith(f"{tmp_path / 'last.ckpt'} is as it was")
    assert "\n" not in line
    store = GameStore.open(games_store)
    game, ply = int(batches[6].game[0]), int(batches[6].ply[0])
    source = store.texts("source")[game]
    assert f"{game} ({source}) ply {ply}" in line
    rows = (tmp_path / BAD_BATCH).read_text().splitlines()
    assert len(rows) == 32
    assert rows[0] == f"game {game} ply {ply} {source}"
    checkpoint = load(tmp_path / "last.ckpt")
    assert checkpoint["global_step"] == 4
    assert all(torch.isfinite(tensor).all() for tensor in checkpoint["state_dict"].values())
    run_training(small_run(games_store, tmp_path))  # goes on
    assert load(tmp_path / "last.ckpt")["global_step"] == 12


@pytest.mark.parametrize("callbacks", ["default", "ema"])
def test_weights_that_are_not_finite_are_never_saved(
    callbacks: str, games_store: Path, tmp_path: Path
) -> None:
    def spoil_step_8(step: Step, task: TrainTask, batch: TrainBatch, index: int) -> torch.Tensor:
        loss = step(task, batch, index)
        if task.global_step == 7:
            loss.register_hook(lambda gradient: gradient * float("inf"))
        return loss

    changes = ["+extras=ema"] if callbacks == "ema" else []
    changes.append("trainer.gradient_clip_val=0")
    with steps_by(spoil_step_8), pytest.raises(TrainingError, match="step 8: a number in net"):
        run_training(small_run(games_store, tmp_path, *changes))
    assert load(tmp_path / "last.ckpt")["global_step"] == 4


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGUSR1"])
def test_a_signal_saves_after_the_step_and_says_so(
    name: str, games_store: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.Signals[name])

    def signal_in_step_3(step: Step, task: TrainTask, batch: TrainBatch, i: int) -> torch.Tensor:
        if task.global_step == 2:
            signal.raise_signal(signal.Signals[name])
        return step(task, batch, i)

    with steps_by(signal_in_step_3), pytest.raises(StoppedError) as caught:
        run_training(small_run(games_store, tmp_path))
    text = f"{name}: stopped after step 3; the same command goes on from {tmp_path / 'last.ckpt'}"
    assert str(caught.value) == text
    assert caught.value.signal == signal.Signals[name]
    assert "stopping after this step" in capfd.readouterr().err
    assert load(tmp_path / "last.ckpt")["global_step"] == 3
    assert signal.getsignal(signal.Signals[name]) is before


def test_a_second_signal_stops_at_once(games_store: Path, tmp_path: Path) -> None:
    def signal_twice(step: Step, task: TrainTask, batch: TrainBatch, index: int) -> torch.Tensor:
        if task.global_step == 5:
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)
        return step(task, batch, index)

    with steps_by(signal_twice), pytest.raises(StoppedError, match="SIGTERM: stopped; the same"):
        run_training(small_run(games_store, tmp_path))
    assert load(tmp_path / "last.ckpt")["global_step"] == 4


@pytest.mark.parametrize("gathered", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_a_run_stopped_after_any_step_ends_with_the_very_same_numbers(
    gathered: int, games_store: Path, tmp_path: Path
) -> None:
    changes = (
        "+extras=ema",
        "trainer.max_steps=8",
        f"trainer.accumulate_grad_batches={gathered}",
        "trainer.val_check_interval=3",
        "callbacks.last.every_steps=3",
        "logger={}",
    )
    run_training(small_run(games_store, tmp_path / "whole", *changes))
    pieces = small_run(games_store, tmp_path / "pieces", *changes)

    def stop(step: Step, task: TrainTask, batch: TrainBatch, index: int) -> torch.Tensor:
        if index % gathered == 0:
            signal.raise_signal(signal.SIGTERM)
        return step(task, batch, index)

    with steps_by(stop):
        for done in range(1, 8):
            with pytest.raises(StoppedError, match=f"after step {done}"):
                run_training(pieces)
    run_training(pieces)
    for name in ("last.ckpt", "best.ckpt"):
        whole, resumed = load(tmp_path / "whole" / name), load(tmp_path / "pieces" / name)
        assert_same(whole, resumed, tmp_path)


def test_a_run_goes_on_where_its_folder_was_moved_to(games_store: Path, tmp_path: Path) -> None:
    run_training(small_run(games_store, tmp_path / "old", "trainer.max_steps=8"))
    checkpoint = load(tmp_path / "old" / "last.ckpt")
    (state,) = (s for key, s in checkpoint["callbacks"].items() if "ModelCheckpoint" in key)
    state["best_model_score"] = torch.tensor(0.0)  # no later one is better
    torch.save(checkpoint, tmp_path / "old" / "last.ckpt")
    best = (tmp_path / "old" / "best.ckpt").read_bytes()
    (tmp_path / "old").rename(tmp_path / "new")
    result = run_training(small_run(games_store, tmp_path / "new"))
    assert result.trainer.global_step == 12
    assert (tmp_path / "new" / "best.ckpt").read_bytes() == best
    assert not (tmp_path / "old").exists()


def test_a_checkpoint_has_no_say_in_which_files_are_removed(
    games_store: Path, tmp_path: Path
) -> None:
    run_training(small_run(games_store, tmp_path / "run", "trainer.max_steps=8"))
    (tmp_path / "precious").touch()
    checkpoint = load(tmp_path / "run" / "last.ckpt")
    (state,) = (s for key, s in checkpoint["callbacks"].items() if "ModelCheckpoint" in key)
    precious = str(tmp_path / "run" / ".." / "precious")
    state["best_model_path"] = state["kth_best_model_path"] = precious
    state["best_k_models"] = {precious: torch.tensor(100.0)}
    torch.save(checkpoint, tmp_path / "run" / "last.ckpt")
    run_training(small_run(games_store, tmp_path / "run"))
    assert (tmp_path / "precious").exists()


def test_a_folder_has_one_run_at_a_time(games_store: Path, tmp_path: Path) -> None:
    lock = FileLock(tmp_path / ".lock")
    assert lock.acquire(wait=False)
    (tmp_path / ".last.ckpt.01234567.part").touch()
    with pytest.raises(ConfigError, match="another run writes there; choose another name="):
        run_training(small_run(games_store, tmp_path))
    assert (tmp_path / ".last.ckpt.01234567.part").exists()
    lock.release()
    run_training(small_run(games_store, tmp_path, "trainer.max_steps=4"))
    assert not list(tmp_path.glob(".*"))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 700 kB: room for one checkpoint and a half."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=700k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root can make a small disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_named_and_the_last_checkpoint_stays(
    small_disk: Path, games_store: Path
) -> None:
    changes = ("logger={}", "trainer.limit_val_batches=0", "callbacks.learning_rate=null")
    with pytest.raises(OSError, match="No space left on device") as caught:
        run_training(small_run(games_store, small_disk / "run", *changes))
    assert caught.value.filename == str(small_disk / "run" / "last.ckpt")
    assert load(small_disk / "run" / "last.ckpt")["global_step"] == 4
    assert not list((small_disk / "run").glob(".*"))
