"""The sweep of learning rates, and the stop of a run that no longer gets better."""

import math
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from lzp.train.lr_finder import HIGHEST, LOWEST, PICTURE, Sweep
from lzp.train.run import run_training
from tests.train.runs import small_run


def test_the_suggestion_is_where_the_loss_falls_fastest() -> None:
    rates = [10.0 ** (step / 20 - 5) for step in range(100)]
    # A logistic fall around 1e-3, and a rise at the end.
    losses = [3 / (1 + math.exp(4 * (math.log10(r) + 3))) + 10 * max(0.0, r - 0.5) for r in rates]
    found = Sweep(rates, losses).suggestion()
    assert found == pytest.approx(1e-3, rel=0.1)
    assert Sweep(rates, [1.0] * 100).suggestion() is None
    assert Sweep([1e-6], [5.0]).suggestion() is None


def test_a_sweep_draws_and_advises_and_leaves_the_run_alone(
    games_store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, swept = tmp_path / "whole", tmp_path / "swept"
    run_training(small_run(games_store, whole))
    run_training(small_run(games_store, swept, "trainer.max_steps=4", "schedule=constant"))
    before = {path: path.read_bytes() for path in swept.iterdir() if path.is_file()}
    capsys.readouterr()
    changes = ("optimizer=sgd", "optimizer.lr=0.3", "find_lr=60", "schedule.warmup_steps=2")
    run_training(small_run(games_store, swept, *changes))
    advice = [line for line in capsys.readouterr().err.splitlines() if PICTURE in line]
    assert len(advice) == 1
    assert "try optimizer.lr=" in advice[0] or "the loss never fell" in advice[0]
    assert (swept / PICTURE).read_bytes().startswith(b"\x89PNG")
    after = {path: path.read_bytes() for path in swept.iterdir() if path.is_file()}
    assert after.keys() - before.keys() == {swept / PICTURE}
    assert all(after[path] == content for path, content in before.items())


def test_each_step_has_its_rate(
    games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates: list[float] = []
    real = torch.optim.SGD.step

    def step(self: torch.optim.SGD, *arguments: Any, **named: Any) -> Any:
        rates.append(self.param_groups[0]["lr"])
        return real(self, *arguments, **named)

    monkeypatch.setattr(torch.optim.SGD, "step", step)
    changes = ("optimizer=sgd", "find_lr=50", "trainer.accumulate_grad_batches=2")
    run_training(small_run(games_store, tmp_path, *changes))
    assert rates[0] == pytest.approx(LOWEST)
    factor = (HIGHEST / LOWEST) ** (1 / 49)
    assert len(rates) > 10
    for first, second in pairwise(rates):
        assert second / first == pytest.approx(factor)


def test_a_run_that_gets_no_better_ends_early_and_remembers_why(
    games_store: Path, tmp_path: Path
) -> None:
    frozen = ("optimizer=sgd", "optimizer.lr=0.0", "trainer.max_steps=40")
    still = ("extras=early_stopping", "callbacks.early_stopping.patience=3")
    changes = (*frozen, *still, "callbacks.early_stopping.min_delta=100")
    result = run_training(small_run(games_store, tmp_path / "whole", *changes))
    assert result.trainer.global_step == 24  # the first of four validations was the best
    short = [c.replace("max_steps=40", "max_steps=12") for c in changes]
    run_training(small_run(games_store, tmp_path / "parts", *short))
    resumed = run_training(small_run(games_store, tmp_path / "parts", *changes))
    assert resumed.trainer.global_step == 24
