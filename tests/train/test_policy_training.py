"""Training on the policies of searches, straight from Leela Zero's chunks."""

import gzip
import math
from pathlib import Path

import pytest
import torch

from lzp.data import ConvertOptions, GameFilter, GameStore, PositionSampler, SamplerParams, convert
from lzp.net.losses import policy_loss
from lzp.train.loader import BatchLoader, ReadPlan, TrainBatch
from lzp.train.run import run_training
from tests.data.chunk_makers import positions_of, text_of
from tests.data.makers import random_game
from tests.train.runs import SMALL, composed


@pytest.fixture(scope="module")
def chunk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Positions of 24 games with visit counts."""
    games = [random_game(seed, 19, 30) for seed in range(24)]
    records = [text_of(p) for n, game in enumerate(games) for p in positions_of(game, seed=n)]
    path = tmp_path_factory.mktemp("chunk") / "train_00000001.gz"
    path.write_bytes(gzip.compress(b"".join(records)))
    return path


def first_batch(chunk: Path, tmp_path: Path) -> TrainBatch:
    convert([chunk], tmp_path / "store", ConvertOptions(), workers=1)
    games = GameFilter(val_fraction=0.0, test_fraction=0.0)
    store = GameStore.open(tmp_path / "store")
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=32), games)
    return next(iter(BatchLoader(sampler, ReadPlan(ahead=0))))


def test_the_goal_is_the_whole_policy(chunk: Path, tmp_path: Path) -> None:
    batch = first_batch(chunk, tmp_path)
    goal = batch.policy_goal()
    assert goal.shape == (32, 362)
    assert torch.allclose(goal.sum(1), torch.ones(32))
    assert (goal.count_nonzero(dim=1) > 1).all()
    logits = torch.randn(32, 362)
    expected = -(goal * logits.log_softmax(1)).sum(1).mean()
    assert torch.allclose(policy_loss(logits, goal), expected)
    assert torch.equal(batch.best_move(), goal.argmax(1))
    assert (batch.best_move() != batch.policy_target).any()  # what was played is another thing


def test_without_searches_the_goal_is_the_move(games_store: Path) -> None:
    store = GameStore.open(games_store)
    sampler = PositionSampler(store, "train", SamplerParams(batch_size=32))
    batch = next(iter(BatchLoader(sampler, ReadPlan(ahead=0))))
    assert batch.policy.shape == (32, 0)
    assert batch.policy_goal() is batch.policy_target
    assert batch.best_move() is batch.policy_target


@pytest.mark.slow
def test_a_run_learns_from_chunks(chunk: Path, tmp_path: Path) -> None:
    changes = [change for change in SMALL if not change.startswith("data=")]
    changes += ["data=sgf", f"data.sources=[{chunk}]", f"data.store={tmp_path / 'chunks.lzps'}"]
    changes += ["data.side=19", f"run_dir={tmp_path / 'run'}"]
    result = run_training(composed(*changes))
    assert GameStore.open(tmp_path / "chunks.lzps").has_policies
    assert 0 < result.metrics["val/policy_loss"] < 2 * math.log(362)
    assert 0 <= result.metrics["val/policy_top1"] <= 1
