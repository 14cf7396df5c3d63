"""Averages of the weights: what they are, what they are measured with, and at what price."""

from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.optim.swa_utils import update_bn

from lzp.net import load_network
from lzp.train.averaging import AveragedWeights
from lzp.train.run import RunResult, run_training
from tests.train.runs import small_run

Weights = dict[str, Tensor]


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> list[Weights]:
    """The weights in training after each step of the runs in a test."""
    steps: list[Weights] = []
    follow = AveragedWeights.on_train_batch_end

    def on_train_batch_end(
        self: AveragedWeights, trainer: pl.Trainer, pl_module: pl.LightningModule, *rest: Any
    ) -> None:
        steps.append(
            {name: weight.detach().clone() for name, weight in pl_module.named_parameters()}
        )
        follow(self, trainer, pl_module, *rest)

    monkeypatch.setattr(AveragedWeights, "on_train_batch_end", on_train_batch_end)
    return steps


def close(found: Weights, expected: Weights) -> None:
    for name, weight in expected.items():
        torch.testing.assert_close(found[name], weight, rtol=1e-4, atol=1e-6, msg=name)


def load(path: Path) -> dict[str, Any]:
    checkpoint: dict[str, Any] = torch.load(path, weights_only=True)
    return checkpoint


def test_the_moving_average_grows_up_to_its_length(
    games_store: Path, tmp_path: Path, history: list[Weights]
) -> None:
    run_training(small_run(games_store, tmp_path, "extras=ema", "callbacks.average.decay=0.5"))
    average = history[0]
    for done, weights in enumerate(history[1:], start=1):
        kept = min(0.5, (1 + done) / (10 + done))
        average = {name: kept * average[name] + (1 - kept) * weights[name] for name in average}
    close(load(tmp_path / "last.ckpt")["state_dict"], average)


def test_the_mean_begins_where_it_is_told_to(
    games_store: Path, tmp_path: Path, history: list[Weights]
) -> None:
    changes = ("extras=swa", "callbacks.average.every_steps=2", "callbacks.average.start=0.5")
    run_training(small_run(games_store, tmp_path, *changes))
    used = [history[step - 1] for step in (6, 8, 10, 12)]
    mean = {name: torch.stack([w[name] for w in used]).mean(dim=0) for name in used[0]}
    close(load(tmp_path / "last.ckpt")["state_dict"], mean)


@pytest.mark.parametrize("name", ["best.ckpt", "last.ckpt"])
def test_statistics_are_those_of_the_averaged_weights(
    name: str, games_store: Path, tmp_path: Path
) -> None:
    result = run_training(small_run(games_store, tmp_path, "extras=ema"))
    net, _ = load_network(tmp_path / name)
    stored = {key: tensor.clone() for key, tensor in net.state_dict().items()}
    update_bn([batch.planes.float() for batch in result.data.statistics_batches(50)], net)
    close(net.state_dict(), stored)
    of_last_weights = load(tmp_path / name)["current_model_state"]
    mean = "input.norm.running_mean"
    assert not torch.allclose(stored[mean], of_last_weights[f"net.{mean}"], rtol=1e-2)


def test_averaging_leaves_training_alone(games_store: Path, tmp_path: Path) -> None:
    run_training(small_run(games_store, tmp_path / "plain"))
    run_training(small_run(games_store, tmp_path / "averaged", "extras=ema"))
    plain, averaged = (load(tmp_path / f / "last.ckpt") for f in ("plain", "averaged"))
    for name, tensor in plain["state_dict"].items():
        assert torch.equal(averaged["current_model_state"][name], tensor), name
    assert plain["loops"]["fit_loop"]["state_dict"] == averaged["loops"]["fit_loop"]["state_dict"]


@pytest.mark.filterwarnings("ignore:.isinstance.treespec, LeafSpec")
def test_the_average_is_what_is_measured_tested_and_left(games_store: Path, tmp_path: Path) -> None:
    changes = ("extras=ema", "trainer.max_steps=6", "run_test=true")
    result: RunResult = run_training(small_run(games_store, tmp_path, *changes))
    stored = load(tmp_path / "last.ckpt")["state_dict"]
    assert stored.keys() == result.task.state_dict().keys()
    assert all(torch.equal(stored[n], t) for n, t in result.task.state_dict().items())
    found = result.trainer.validate(result.task, datamodule=result.data, verbose=False)[0]
    assert found["val/loss"] == pytest.approx(result.metrics["val/loss"], rel=1e-6)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"decay": 1.0}, "decay must be at least 0 and below 1, not 1.0"),
        ({"start": 2.0}, "start must be from 0 to 1, not 2.0"),
        ({"every_steps": 0}, "every_steps must be 1 or more"),
    ],
)
def test_numbers_out_of_range_are_refused(change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        AveragedWeights(**change)
