"""Two processes learn what one does with twice the batch, and share the positions."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from lzp.data import GameFilter, GameStore, PositionSampler, SamplerParams

ROOT = Path(__file__).parents[2]
LIGHTNING = [sys.executable]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def recorded(launcher: list[str], store: Path, folder: Path, *overrides: str) -> None:
    """Run `tests.train.recorded_run` to its end; its processes begin in the launcher's way."""
    command = [*launcher, "-m", "tests.train.recorded_run", str(store), str(folder), *overrides]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        command, capture_output=True, text=True, env=environment, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert "arning" not in done.stderr


def seen_by(folder: Path, rank: int) -> list[tuple[int, int]]:
    return [(int(game), int(ply)) for game, ply in np.load(folder / f"seen-{rank}.npy")]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("launcher", "optimizer"), [(LIGHTNING, "sgd"), (TORCHRUN, "adamw")], ids=["sgd", "adamw"]
)
def test_two_processes_are_one_with_the_doubled_batch(
    launcher: list[str], optimizer: str, games_store: Path, tmp_path: Path
) -> None:
    games = GameFilter(side=9, val_fraction=0.2, test_fraction=0.2)
    sampler = PositionSampler(GameStore.open(games_store), "train", SamplerParams(), games)
    steps = sampler.positions // 32
    changes = (
        f"optimizer={optimizer}",
        f"trainer.max_steps={steps}",
        f"trainer.val_check_interval={steps}",
        "trainer.limit_val_batches=1.0",
        "trainer.gradient_clip_val=0.5",  # less than the first steps' gradients
        "trainer.precision=64-true",  # rounding grows in training: with 32 bits to 1e-4
    )
    recorded(LIGHTNING, games_store, tmp_path / "one", "data.batch_size=32", *changes)
    two = ("trainer=ddp_cpu", "data.batch_size=16")
    recorded(launcher, games_store, tmp_path / "two", *two, *changes)

    first, second = (seen_by(tmp_path / "two", rank) for rank in (0, 1))
    assert len(first) == len(second) == 16 * steps > 500
    assert len({*first, *second}) == 32 * steps
    assert {*first, *second} == set(seen_by(tmp_path / "one", 0))

    states = [torch.load(tmp_path / f / "last.ckpt")["state_dict"] for f in ("one", "two")]
    assert states[0].keys() == states[1].keys()
    for name in states[0]:
        torch.testing.assert_close(states[0][name], states[1][name], rtol=1e-7, atol=1e-9, msg=name)
    figures = [json.loads((tmp_path / f / "metrics.json").read_text()) for f in ("one", "two")]
    measured = [name for name in figures[0] if name.startswith("val/")]
    assert len(measured) > 6
    for name in measured:
        assert figures[0][name] == pytest.approx(figures[1][name], rel=1e-6), name
