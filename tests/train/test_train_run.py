"""Whole runs, small: they end, resume exactly, learn, and leave what they promise."""

import csv
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from omegaconf import OmegaConf

from lzp.data import (
    ConvertOptions,
    GameFilter,
    GameStore,
    PositionSampler,
    SamplerParams,
    StoreError,
)
from lzp.net import load_network
from lzp.train.config import ConfigError
from lzp.train.datamodule import PositionDataModule
from lzp.train.loader import TrainBatch
from lzp.train.run import run_training
from lzp.train.task import TrainTask
from tests.data.makers import random_records, store_of, write_records
from tests.train.comparing import assert_same
from tests.train.runs import small_run


@contextmanager
def at_step(step: int, happen: Callable[[], Any]) -> Iterator[None]:
    """Something happens to a run in this block before its step number `step`."""
    real_step = TrainTask.training_step

    def training_step(task: TrainTask, batch: TrainBatch, batch_idx: int) -> torch.Tensor:
        if task.global_step == step:
            happen()
        return real_step(task, batch, batch_idx)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TrainTask, "training_step", training_step)
        yield


def fail() -> None:
    raise RuntimeError("killed")


SIDE_9 = ConvertOptions(sides=(9,))


def load(path: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
    return checkpoint


def differences(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    assert first.keys() == second.keys()
    return [name for name in first if not torch.equal(first[name], second[name])]


def test_ownership_is_trained_where_it_has_a_weight_and_data(
    games_store: Path, tmp_path: Path
) -> None:
    wanted = ["task.weights.ownership=1.0", "data.ownership=true"]
    result = run_training(small_run(games_store, tmp_path / "with", *wanted))
    assert 0 < result.metrics["val/ownership_loss"] < 1
    plain = run_training(small_run(games_store, tmp_path / "without"))
    assert plain.metrics["val/ownership_loss"] == 0
    with pytest.raises(ConfigError, match=r"task.weights.ownership: 1.0, needs data.ownership"):
        run_training(small_run(games_store, tmp_path / "bad", wanted[0]))
    assert not (tmp_path / "bad").exists()


def test_a_run_leaves_checkpoints_figures_and_its_configuration(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    result = run_training(small_run(games_store, tmp_path, "run_test=true"))
    shown = f"test/policy_top1 {result.metrics['test/policy_top1']:.4f}"
    assert shown in capsys.readouterr().err
    assert {"val/loss", "val/policy_top1", "val/policy_top5", "val/value_mse"} <= set(
        result.metrics
    )
    assert {"val/value_accuracy", "test/loss", "test/policy_top1"} <= set(result.metrics)
    assert (tmp_path / "best.ckpt").is_file()
    assert load(tmp_path / "last.ckpt")["global_step"] == 12
    assert OmegaConf.load(tmp_path / "config.yaml").schedule.total_steps == 12
    with next(tmp_path.glob("csv/*/metrics.csv")).open() as file:
        rows = list(csv.DictReader(file))
    assert len([row for row in rows if row["train/loss"]]) == 12
    assert len([row for row in rows if row["val/loss"]]) == 2
    assert not list(tmp_path.glob(".*.part"))


def test_training_figures_are_those_of_the_logged_steps(games_store: Path, tmp_path: Path) -> None:
    run_training(small_run(games_store, tmp_path / "every"))
    run_training(small_run(games_store, tmp_path / "fourth", "trainer.log_every_n_steps=4"))
    rows = [logged_rows(tmp_path / name) for name in ("every", "fourth")]
    assert list(rows[0]) == list(range(12))
    assert list(rows[1]) == [3, 7, 11]
    for step, row in rows[1].items():
        assert row == rows[0][step]


def logged_rows(run_dir: Path) -> dict[int, dict[str, str]]:
    """Return the losses and figures of the training steps in a run's log, by step."""
    with next(run_dir.glob("csv/*/metrics.csv")).open() as file:
        rows = [row for row in csv.DictReader(file) if row["train/policy_top1_step"]]
    kept = ("train/loss", "train/policy_top1_step", "train/value_mse_step")
    return {int(row["step"]): {name: row[name] for name in kept} for row in rows}


def test_a_checkpoint_is_plain_data_that_the_exporter_reads(
    games_store: Path, tmp_path: Path
) -> None:
    result = run_training(small_run(games_store, tmp_path))
    checkpoint = load(tmp_path / "last.ckpt")
    assert checkpoint["hyper_parameters"] == {
        "network": result.task.net.shape.to_dict(),
        "planes_version": 1,
    }
    net, info = load_network(tmp_path / "last.ckpt")
    assert info.step == 12
    assert not differences(net.state_dict(), result.task.net.state_dict())


def test_validation_figures_are_those_of_the_stored_network(
    games_store: Path, tmp_path: Path
) -> None:
    result = run_training(small_run(games_store, tmp_path, "trainer.limit_val_batches=1.0"))
    net, _ = load_network(tmp_path / "last.ckpt")
    games = GameFilter(side=9, val_fraction=0.2, test_fraction=0.2)
    params = SamplerParams(batch_size=10_000)
    sampler = PositionSampler(GameStore.open(games_store), "val", params, games)
    batch = sampler.batch(0, 0)
    with torch.no_grad():
        output = net(torch.from_numpy(batch.planes).float())
    logits, value = output.policy_logits.numpy().astype(np.float64), output.value.numpy()
    logits -= logits.max(axis=1, keepdims=True)
    chosen = logits[np.arange(len(logits)), batch.policy_target]
    policy_loss = float((np.log(np.exp(logits).sum(axis=1)) - chosen).mean())
    value_loss = float(((value - batch.value_target) ** 2).mean())
    top1 = float((logits.argmax(axis=1) == batch.policy_target).mean())
    found = result.metrics
    assert found["val/policy_loss"] == pytest.approx(policy_loss, rel=1e-5)
    assert found["val/value_loss"] == pytest.approx(value_loss, rel=1e-5)
    assert found["val/value_mse"] == pytest.approx(value_loss, rel=1e-5)
    assert found["val/loss"] == pytest.approx(policy_loss + value_loss, rel=1e-5)
    assert found["val/policy_top1"] == pytest.approx(top1, abs=1e-6)


# A stop in the middle of an epoch, and one in the second epoch.
@pytest.mark.parametrize(
    ("extras", "stop", "steps"),
    [
        ("[]", 9, 12),
        ("[]", 46, 50),
        ("ema", 9, 12),
        ("swa", 9, 12),
        pytest.param("ema", 46, 50, marks=pytest.mark.slow),
        pytest.param("swa", 46, 50, marks=pytest.mark.slow),
    ],
)
def test_a_resumed_run_ends_with_the_very_same_numbers(
    extras: str, stop: int, steps: int, games_store: Path, tmp_path: Path
) -> None:
    changes = (f"extras={extras}", f"trainer.max_steps={steps}")
    run_training(small_run(games_store, tmp_path / "whole", *changes))
    again = small_run(games_store, tmp_path / "resumed", *changes)
    with at_step(stop, fail), pytest.raises(RuntimeError, match="killed"):
        run_training(again)
    assert load(tmp_path / "resumed" / "last.ckpt")["global_step"] == stop // 4 * 4
    run_training(again)
    whole, resumed = load(tmp_path / "whole/last.ckpt"), load(tmp_path / "resumed/last.ckpt")
    assert resumed["global_step"] == steps
    assert not differences(whole["state_dict"], resumed["state_dict"])
    assert whole["lr_schedulers"] == resumed["lr_schedulers"]
    positions = [c["loops"]["fit_loop"]["state_dict"]["combined_loader"] for c in (whole, resumed)]
    assert positions[0] == positions[1]
    assert positions[0][0] == {"samples": steps * 32}


@pytest.mark.parametrize(
    ("every", "val_every", "stop", "steps"),
    [
        (5, 6, 39, 50),
        (19, 19, 39, 50),
        pytest.param(5, 19, 39, 50, marks=pytest.mark.slow),
        pytest.param(19, 6, 77, 90, marks=pytest.mark.slow),
    ],
)
def test_a_run_that_stopped_when_an_epoch_ended_goes_on_with_the_next(
    every: int, val_every: int, stop: int, steps: int, games_store: Path, tmp_path: Path
) -> None:
    changes = (
        f"trainer.max_steps={steps}",
        f"trainer.val_check_interval={val_every}",
        f"callbacks.last.every_steps={every}",
    )
    whole = run_training(small_run(games_store, tmp_path / "whole", *changes))
    again = small_run(games_store, tmp_path / "pieces", *changes)
    with at_step(stop, fail), pytest.raises(RuntimeError, match="killed"):
        run_training(again)
    saved = load(tmp_path / "pieces/last.ckpt")["global_step"]
    assert saved % whole.trainer.num_training_batches == 0
    run_training(again)
    assert_same(load(tmp_path / "whole/last.ckpt"), load(tmp_path / "pieces/last.ckpt"), tmp_path)


def test_a_finished_run_goes_on_in_the_middle_of_an_epoch(
    games_store: Path, tmp_path: Path
) -> None:
    changes = ("schedule=constant", "trainer.val_check_interval=9", "trainer.max_steps=50")
    run_training(small_run(games_store, tmp_path / "whole", *changes))
    for steps in (45, 50):
        longer = (*changes, f"trainer.max_steps={steps}")
        run_training(small_run(games_store, tmp_path / "pieces", *longer))
    whole, pieces = (load(tmp_path / run / "last.ckpt")["loops"] for run in ("whole", "pieces"))
    assert_same(whole, pieces, tmp_path)


@pytest.mark.slow
def test_thirty_two_positions_are_learned_by_heart(tmp_path: Path) -> None:
    store = store_of(tmp_path, random_records(4, plies=12, pass_rate=0.0)).path
    changes = (
        "data.games.val_fraction=0",
        "data.games.test_fraction=0",
        "data.batch_size=32",
        "network.filters=16",
        "trainer.max_steps=200",
        "trainer.limit_val_batches=0",
        "optimizer.lr=0.01",
    )
    result = run_training(small_run(store, tmp_path / "run", *changes))
    assert result.metrics["train/value_loss"] < 0.1
    assert result.metrics["train/policy_loss"] < 1.0
    assert result.metrics["train/policy_top1_epoch"] > 0.8


@pytest.mark.parametrize(
    "named", ["{{{0}:3,{1}:1}}", pytest.param("[{0},{1}]", marks=pytest.mark.slow)]
)
def test_a_run_on_several_stores_goes_on_where_it_stopped(
    named: str, games_store: Path, tmp_path: Path
) -> None:
    other = store_of(tmp_path, random_records(30, seed=4)).path
    change = f"data.store={named.format(games_store, other)}"
    run_training(small_run(games_store, tmp_path / "whole", change))
    again = small_run(games_store, tmp_path / "resumed", change)
    with at_step(9, fail), pytest.raises(RuntimeError, match="killed"):
        run_training(again)
    run_training(again)
    whole, resumed = load(tmp_path / "whole/last.ckpt"), load(tmp_path / "resumed/last.ckpt")
    assert not differences(whole["state_dict"], resumed["state_dict"])


def test_several_stores_that_make_no_sense_are_named(games_store: Path, tmp_path: Path) -> None:
    cases = {
        "data.store=[a,b] data.sources=[c]": "sources become one store; store names 2",
        "data.store={a:1,b:0}": "store: the weight of b must be above 0, not 0",
        "data.store={a:heavy}": "data.store: .*'heavy'.*expected text or a list",
        "data.store=[a,3]": "data.store: .*expected text or a list",
        "data.store=[nowhere,b]": "nowhere: no such game store",
    }
    for changes, complaint in cases.items():
        with pytest.raises((ConfigError, StoreError), match=complaint):
            run_training(small_run(games_store, tmp_path / "run", *changes.split()))


def test_debug_runs_one_batch_and_writes_nothing(games_store: Path, tmp_path: Path) -> None:
    changes = ("trainer=debug", "trainer.fast_dev_run=true")
    result = run_training(small_run(games_store, tmp_path / "run", *changes))
    assert result.trainer.global_step == 1
    assert not list((tmp_path / "run").glob("*.ckpt"))
    assert not (tmp_path / "run" / "config.yaml").exists()


def test_records_become_a_store_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    records = write_records(tmp_path / "games.sgf", random_records(20))
    module = PositionDataModule(store=None, sources=[str(records)], options=SIDE_9)
    module.prepare_data()
    written = (module.path / "store.json").stat().st_mtime_ns
    assert module.path.parent.name == "stores"
    PositionDataModule(store=None, sources=[str(records)], options=SIDE_9).prepare_data()
    assert (module.path / "store.json").stat().st_mtime_ns == written
    write_records(records, random_records(21))
    changed = PositionDataModule(store=None, sources=[str(records)], options=SIDE_9)
    assert changed.path != module.path


def test_a_second_run_does_not_write_over_the_first(games_store: Path, tmp_path: Path) -> None:
    run_training(small_run(games_store, tmp_path, "trainer.max_steps=4"))
    before = (tmp_path / "last.ckpt").read_bytes()
    with pytest.raises(ConfigError, match="from an earlier run; choose another name="):
        run_training(small_run(games_store, tmp_path, "resume=false"))
    with pytest.raises(ConfigError, match=r"holds the network .*'filters': 8.*'filters': 16"):
        run_training(small_run(games_store, tmp_path, "network.filters=16"))
    assert (tmp_path / "last.ckpt").read_bytes() == before


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _other(path: Path) -> None:
    torch.save({"state_dict": {}}, path)


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        (_cut, "cut off"),
        (_other, "not a checkpoint of lzp-train"),
        (lambda path: torch.save([1], path), "not a checkpoint"),
        (lambda path: torch.save({"hyper_parameters": os.system}, path), "system.*no code"),
        (lambda path: path.unlink(), "no such file"),
    ],
)
def test_a_checkpoint_that_cannot_be_used_is_named(
    damage: Callable[[Path], Any], complaint: str, games_store: Path, tmp_path: Path
) -> None:
    path = tmp_path / "mine.ckpt"
    torch.save({"state_dict": {}, "padding": torch.zeros(1000)}, path)
    damage(path)
    with pytest.raises(ConfigError, match=f"mine.ckpt: .*{complaint}"):
        run_training(small_run(games_store, tmp_path / "run", f"resume={path}"))
    assert not (tmp_path / "run").exists()


def _without(key: str) -> Callable[[dict[str, Any]], None]:
    return lambda checkpoint: checkpoint.pop(key)


def _spoiled(checkpoint: dict[str, Any]) -> None:
    checkpoint["state_dict"]["net.policy.dense.bias"][0] = torch.nan


def _of_other_planes(checkpoint: dict[str, Any]) -> None:
    checkpoint["hyper_parameters"]["planes_version"] = 2


def _of_other_optimizer(checkpoint: dict[str, Any]) -> None:
    checkpoint["optimizer_states"][0]["param_groups"].pop()


def _unversioned(checkpoint: dict[str, Any]) -> None:
    checkpoint["pytorch-lightning_version"] = "yesterday's"


@pytest.fixture(scope="module")
def finished(games_store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the last checkpoint of a short run; to be left as it is."""
    folder = tmp_path_factory.mktemp("finished")
    run_training(small_run(games_store, folder, "trainer.max_steps=4", "logger={}"))
    return folder / "last.ckpt"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (_without("loops"), r"not a checkpoint of lzp-train \(no loops\)"),
        (_without("optimizer_states"), r"not a checkpoint of lzp-train \(no optimizer_states\)"),
        (_unversioned, r"not a checkpoint of lzp-train \(no version\)"),
        (_spoiled, "state_dict.net.policy.dense.bias: a number is not finite"),
        (_of_other_planes, "trained on planes of version 2, this program makes 1"),
        (_of_other_optimizer, "does not fit this configuration: .*parameter group"),
    ],
)
def test_a_checkpoint_that_a_run_cannot_go_on_from_is_named_and_stays(
    change: Callable[[dict[str, Any]], None],
    complaint: str,
    finished: Path,
    games_store: Path,
    tmp_path: Path,
) -> None:
    last = tmp_path / "last.ckpt"
    checkpoint = load(finished)
    change(checkpoint)
    torch.save(checkpoint, last)
    before = last.read_bytes()
    with pytest.raises(ConfigError, match=f"last.ckpt: {complaint}"):
        run_training(small_run(games_store, tmp_path, "logger={}"))
    assert last.read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (["data.games.val_fraction=0"], "no games in the val split"),
        (["data.side=13"], "no games in the train split"),
        (["data.store=nowhere"], "nowhere: no such game store"),
    ],
)
def test_a_store_that_gives_no_batch_is_named(
    changes: list[str], complaint: str, games_store: Path, tmp_path: Path
) -> None:
    with pytest.raises((ConfigError, StoreError), match=complaint):
        run_training(small_run(games_store, tmp_path / "run", *changes))
