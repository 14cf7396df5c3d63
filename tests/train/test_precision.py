"""Number formats, memory layout, compilation, accumulation and clipping: what they leave alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from lzp.net import LeelaNet, load_network
from lzp.train.agreement import check_agreement
from lzp.train.compiling import check_compiler
from lzp.train.config import ConfigError, checked
from lzp.train.precision import cpu_precision
from lzp.train.run import run_training
from lzp.train.task import TrainTask
from tests.train.runs import composed, small_run

FP16 = (
    "trainer.precision=null",
    "trainer.plugins=[{_target_:pytorch_lightning.plugins.MixedPrecision,precision:16-mixed,"
    "device:cpu},{_target_:lzp.train.checkpoints.AtomicCheckpointIO}]",
)


def trained(store: Path, folder: Path, *changes: str) -> dict[str, Tensor]:
    """Return the network's tensors after a small run."""
    run_training(small_run(store, folder, *changes))
    return load_network(folder / "last.ckpt")[0].state_dict()


def distance(first: dict[str, Tensor], second: dict[str, Tensor]) -> float:
    """Return the largest difference of two networks' weights."""
    names = [name for name in first if name.endswith(("weight", "bias"))]
    return max(float((first[name] - second[name]).abs().max()) for name in names)


@pytest.mark.parametrize("changes", [("trainer.precision=bf16-mixed",), FP16], ids=["bf16", "fp16"])
def test_half_precision_computes_in_half_and_keeps_weights_in_full(
    changes: tuple[str, ...], games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: set[torch.dtype] = set()
    real = nn.Conv2d.forward

    def forward(self: nn.Conv2d, input: Tensor) -> Tensor:
        output = real(self, input)
        seen.add(output.dtype)
        return output

    full = trained(games_store, tmp_path / "full", "trainer.precision=32-true")
    monkeypatch.setattr(nn.Conv2d, "forward", forward)
    result = run_training(small_run(games_store, tmp_path / "half", *changes))
    assert seen == {torch.float16 if changes == FP16 else torch.bfloat16}
    assert {p.dtype for p in result.task.net.parameters()} == {torch.float32}
    half = result.task.net.state_dict()
    start = LeelaNet(1, 8, side=9).state_dict()
    assert 0 < distance(full, half) < 0.02 < distance(full, start)
    plugin = result.trainer.precision_plugin
    scaler = getattr(plugin, "scaler", None)
    assert (scaler is not None and scaler.get_scale() > 1) == (changes == FP16)


def test_fp16_on_the_cpu_is_refused_by_name(games_store: Path, tmp_path: Path) -> None:
    with pytest.raises(
        ConfigError, match=r"trainer.precision: 16-mixed needs a GPU; .* bf16-mixed"
    ):
        run_training(small_run(games_store, tmp_path / "run", "trainer.precision=16-mixed"))
    assert not (tmp_path / "run").exists()
    _, plain = checked(
        composed("data=store", "data.store=x", "trainer=gpu", "trainer.precision=16-mixed")
    )
    check_agreement(plain)


@pytest.mark.parametrize(
    ("facts", "precision"),
    [
        ("flags : fpu sse2 avx2 avx512f avx512bw", "32-true"),
        ("flags : fpu avx512f avx512_bf16 fsrm", "bf16-mixed"),
        ("flags : fpu avx2 amx_bf16 amx_tile", "bf16-mixed"),
        ("Features : fp asimd i8mm bf16", "bf16-mixed"),
        (None, "32-true"),
    ],
)
def test_the_cpu_computes_in_what_it_has_instructions_for(
    facts: str | None, precision: str, tmp_path: Path
) -> None:
    path = tmp_path / "cpuinfo"
    if facts is not None:
        path.write_text(f"processor : 0\n{facts}\n")
    assert cpu_precision(path) == precision
    _, plain = checked(composed("data=store", "data.store=x", "trainer=cpu"))
    assert plain["trainer"]["precision"] == cpu_precision()


@pytest.mark.parametrize(
    "changes",
    [
        ("task.channels_last=true",),
        ("data.batch_size=16", "trainer.accumulate_grad_batches=2"),
        pytest.param(("task.compile=true",), marks=pytest.mark.slow),
        pytest.param(("task.compile=true", "task.weights.reply=0.1"), marks=pytest.mark.slow),
    ],
    ids=["channels_last", "accumulated", "compiled", "compiled-with-reply"],
)
@pytest.mark.filterwarnings("ignore:.torch.jit.script_method")  # torch.compile imports it
def test_the_way_of_computing_leaves_the_weights_alone(
    changes: tuple[str, ...], games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In float64, and with norms that use fixed statistics: half a batch has others."""
    monkeypatch.setattr(nn.BatchNorm2d, "forward", fixed_norm)
    common = ["trainer.precision=64-true", "trainer.gradient_clip_val=0.1", "trainer.max_steps=6"]
    common += ["trainer.val_check_interval=12", *(c for c in changes if "reply" in c)]
    plain = trained(games_store, tmp_path / "plain", *common)
    other = trained(games_store, tmp_path / "other", *common, *changes)
    assert list(plain) == list(other)
    for name, tensor in plain.items():
        torch.testing.assert_close(other[name], tensor, rtol=1e-6, atol=1e-7, msg=name)


def fixed_norm(norm: nn.BatchNorm2d, x: Tensor) -> Tensor:
    return nn.functional.batch_norm(
        x, norm.running_mean, norm.running_var, norm.weight, norm.bias, False, 0.0, norm.eps
    )


def test_channels_last_is_the_layout_of_every_activation(
    games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    layouts: list[bool] = []
    real = nn.BatchNorm2d.forward

    def forward(self: nn.BatchNorm2d, input: Tensor) -> Tensor:
        output = real(self, input)
        if output.shape[1] > 2:  # of one or two planes both layouts can be true
            layouts.append(output.is_contiguous(memory_format=torch.channels_last))
        return output

    monkeypatch.setattr(nn.BatchNorm2d, "forward", forward)
    run_training(small_run(games_store, tmp_path / "last", "task.channels_last=true"))
    assert layouts
    assert all(layouts)
    layouts.clear()
    run_training(small_run(games_store, tmp_path / "first"))
    assert not any(layouts)


def test_gradients_are_clipped_to_the_norm_that_is_asked_for(
    games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    norms: list[float] = []
    real: Callable[..., Any] = TrainTask.configure_gradient_clipping

    def clip(self: TrainTask, *arguments: Any, **named: Any) -> None:
        real(self, *arguments, **named)
        gradients = [p.grad for p in self.parameters() if p.grad is not None]
        norms.append(float(torch.linalg.vector_norm(torch.stack([g.norm() for g in gradients]))))

    monkeypatch.setattr(TrainTask, "configure_gradient_clipping", clip)
    run_training(small_run(games_store, tmp_path, "trainer.gradient_clip_val=0.01"))
    assert len(norms) == 12
    assert max(norms) == pytest.approx(0.01, rel=1e-3)


def test_a_missing_compiler_is_one_line(
    games_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler")
    with pytest.raises(
        ConfigError, match=r"task.compile: needs a C\+\+ compiler.*no-such-compiler"
    ):
        check_compiler()
    with pytest.raises(ConfigError, match="no-such-compiler"):
        run_training(small_run(games_store, tmp_path / "run", "task.compile=true"))
    assert not (tmp_path / "run").exists()
