"""`lzp-bench train`: what it counts is right, and it runs on a small network."""

import json
import sys
from pathlib import Path

import pytest
import torch

from lzp.net import LeelaNet
from lzp.play import bench_cli
from lzp.train.roof import measure_roof, training_flops

pytestmark = pytest.mark.compiled

SMALL = ["--network", "tiny", "--batch", "16", "--device", "cpu", "--rounds", "2"]
SMALL += ["--seconds", "0.05", "--roof", "0.5"]


def run(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    """The exit code of `lzp-bench train`, what it printed, and its errors."""
    code = 0
    try:
        bench_cli.main(["train", *map(str, words)])
    except SystemExit as stop:
        code = int(stop.code or 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_operations_are_those_counted_by_hand() -> None:
    side, blocks, filters = 9, 3, 16
    points, moves = side * side, side * side + 1
    convolutions = 9 * points * (18 * filters + 2 * blocks * filters**2)
    policy = points * filters * 2 + 2 * points * moves
    value = points * filters + points * 256 + 256
    net = LeelaNet(blocks, filters, side)
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert training_flops(net, side) == 6 * (convolutions + policy + value)
    assert net.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_a_roof_is_above_what_a_small_product_reaches() -> None:
    assert 1e8 < measure_roof(torch.device("cpu"), "32-true") < 1e14


def test_training_is_measured_with_and_without_its_loader(
    capsys: pytest.CaptureFixture[str], games_store: Path
) -> None:
    words = [*SMALL, "--network", "2x8", "--store", games_store, "data.side=9"]
    code, out, err = run(capsys, *words, "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert found["bench"] == "train"
    assert [r["network"] for r in found["runs"]] == ["tiny", "2x8"]
    for figures in found["runs"]:
        assert figures["loop_samples_per_s"] > 1
        assert figures["step_samples_per_s_low"] <= figures["step_samples_per_s"]
        assert 0 <= figures["waiting_share"] < 1
        net = LeelaNet(1 if figures["network"] == "tiny" else 2, 8, 9)
        operations = figures["loop_samples_per_s"] * training_flops(net, 9)
        assert figures["tflops"] == pytest.approx(operations / 1e12)
        assert figures["share_of_roof"] == pytest.approx(figures["tflops"] / 0.5)


def test_random_games_stand_in_for_a_store_and_bf16_runs(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, out, err = run(capsys, *SMALL, "--precision", "bf16-mixed", "--channels-last")
    assert (code, err) == (0, "")
    assert "tiny, batch 16" in out
    assert "loop waits for data" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--network", "nowhere"], "nowhere"),
        (["--network", "0x8"], "blocks: 0"),
        (["--batch", "0"], "expected a whole number of 1 or more, not '0'"),
        (["--roof", "nan"], "expected a number above 0, not 'nan'"),
        (["--precision", "8"], "invalid choice: '8'"),
        (["--device", "abacus"], "abacus"),
        (["--store", "/nowhere/store"], "/nowhere/store"),
        (["task.nonsense=1"], "nonsense"),
    ],
)
def test_what_cannot_be_measured_is_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str], games_store: Path, words: list[str], message: str
) -> None:
    code, out, err = run(capsys, *SMALL, "--store", games_store, "data.side=9", *words)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_a_missing_package_is_one_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "lzp.train.bench", raising=False)
    monkeypatch.setitem(sys.modules, "hydra", None)
    code, _, err = run(capsys, *SMALL)
    assert code == 2
    assert "needs hydra, which is not installed: pip install 'lzp[train]'" in err
    assert err.count("\n") == 1
