"""Stores whose moves are no example: they teach who won and whose the points are, alone."""

from pathlib import Path

import pytest
import torch

from lzp.net import LeelaNet, LossWeights, Targets, leela_losses
from lzp.net.losses import policy_loss
from lzp.train.config import ConfigError
from lzp.train.datamodule import PositionDataModule
from lzp.train.loader import TrainBatch
from lzp.train.run import run_training
from tests.data.makers import random_records, store_of
from tests.train.runs import SMALL, composed


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two stores of other games."""
    records = random_records(40)
    folders = [tmp_path_factory.mktemp(name) for name in ("people", "played-on")]
    first, second = (
        store_of(f, part) for f, part in zip(folders, (records[:20], records[20:]), strict=True)
    )
    return str(first.path), str(second.path)


def batch_of(stores: tuple[str, str], results_only: list[str]) -> TrainBatch:
    data = PositionDataModule(
        store=list(stores), batch_size=64, results_only=results_only, side=9, ahead=0
    )
    data.setup("fit")
    return next(iter(data.train_dataloader()))


def test_rows_of_such_a_store_have_no_move_to_learn(stores) -> None:
    batch = batch_of(stores, [stores[1]])
    assert torch.equal(batch.policy_known, batch.game < 20)
    assert 0 < batch.policy_known.sum() < 64
    assert not (batch.reply_known & ~batch.policy_known).any()
    assert batch_of(stores, []).policy_known.all()


def test_their_moves_move_nothing_and_their_results_do() -> None:
    net = LeelaNet(1, 8, 5)
    planes = torch.rand(4, 18, 5, 5).round()
    known = torch.tensor([True, False, True, False])

    def gradient(moves: list[int], value: float, weights: LossWeights) -> torch.Tensor:
        net.zero_grad()
        targets = Targets(
            torch.tensor(moves), torch.full((4,), value), torch.zeros(4, 0), policy_known=known
        )
        leela_losses(net(planes), targets, weights).total.backward()
        return torch.cat([p.grad.flatten() for p in net.parameters() if p.grad is not None])

    both = LossWeights(smoothing=0.1)
    assert torch.equal(gradient([1, 2, 3, 4], 1, both), gradient([1, 9, 3, 20], 1, both))
    assert not torch.equal(gradient([1, 2, 3, 4], 1, both), gradient([5, 2, 3, 4], 1, both))
    assert not torch.equal(gradient([1, 2, 3, 4], 1, both), gradient([1, 2, 3, 4], -1, both))


def test_a_batch_without_examples_costs_no_policy() -> None:
    logits = torch.randn(3, 26, requires_grad=True)
    loss = policy_loss(logits, torch.tensor([1, 2, 3]), known=torch.zeros(3, dtype=torch.bool))
    assert loss.item() == 0


def test_a_store_that_is_not_named_is_refused(stores) -> None:
    with pytest.raises(ConfigError, match="results_only: elsewhere is not among the stores"):
        PositionDataModule(store=stores[0], results_only=["elsewhere"], side=9)


def test_a_run_on_both(stores, tmp_path: Path) -> None:
    config = composed(
        *SMALL,
        f"data.store=[{stores[0]},{stores[1]}]",
        f"data.results_only=[{stores[1]}]",
        f"run_dir={tmp_path / 'run'}",
        "task.weights.reply=0.1",
    )
    metrics = run_training(config).metrics
    assert 0 < metrics["val/policy_loss"] < 10
    assert 0 <= metrics["val/policy_top1"] <= 1
