"""The command lzp-export: what it writes, and what it says of what it cannot."""

import os
import stat
from pathlib import Path

import numpy as np
import pytest
import torch

from lzp.engine import export, export_cli
from lzp.engine.export_check import compare_files
from lzp.weights import ConvNorm, LeelaWeights, read_weights, write_weights
from tests.net.random_net import random_net, save_checkpoint
from tests.networks import random_weights, write_random_network

#: Nothing here is about kernels: once is enough.
pytestmark = pytest.mark.compiled


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    return write_random_network(tmp_path / "in.txt", side=5, blocks=2, filters=16)


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    save_checkpoint(random_net(side=5), str(tmp_path / "last.ckpt"))
    return tmp_path / "last.ckpt"


def run(*arguments: str | Path) -> int:
    return export_cli.main([str(argument) for argument in arguments])


@pytest.mark.parametrize("form", ["txt", "txt.gz", "onnx", "pt"])
@pytest.mark.parametrize("source", ["weights", "checkpoint"])
def test_a_source_is_written_in_every_form_and_verified(
    request: pytest.FixtureRequest,
    capsys: pytest.CaptureFixture[str],
    source: str,
    form: str,
) -> None:
    path: Path = request.getfixturevalue(source)
    target = path.with_name(f"out.{form}")
    assert run("--verify", path, target) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{target}: ")
    assert "2 blocks x 16 filters, 5x5 board" in out
    assert "equal on 32 positions" in out
    assert err.splitlines()[0] == f"reading {path} ..."
    # As any new file, it can be read by whom the umask lets.
    mask = os.umask(0o022)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask


def test_fewer_digits_make_a_shorter_text_of_nearly_the_same_network(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole, short = tmp_path / "whole.txt", tmp_path / "short.txt"
    assert run(weights, whole) == 0
    assert run("--digits", "4", "--verify", weights, short) == 0
    assert short.stat().st_size < 0.8 * whole.stat().st_size
    for word in short.read_text().split():
        mantissa = word.lower().split("e")[0].lstrip("-").replace(".", "").lstrip("0")
        assert len(mantissa.rstrip("0")) <= 4
    for (_, ours), (_, theirs) in zip(
        read_weights(short).named_tensors(), read_weights(whole).named_tensors(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=5.1e-4)


def test_digits_out_of_range_are_refused(weights: Path, tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("--digits", "2", weights, tmp_path / "out.txt")
    assert stopped.value.code == 2


def test_the_word_default_is_the_shipped_network(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "shipped_network", lambda: weights)
    assert run("default", tmp_path / "out.txt") == 0
    assert (tmp_path / "out.txt").read_bytes() == weights.read_bytes()


@pytest.mark.parametrize("form", ["txt.gz", "onnx"])
def test_writing_twice_gives_the_same_bytes(checkpoint: Path, tmp_path: Path, form: str) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        assert run(checkpoint, tmp_path / folder / f"net.{form}") == 0
    first, second = ((tmp_path / folder / f"net.{form}").read_bytes() for folder in ("a", "b"))
    assert first == second


def with_wrong_bias(weights: LeelaWeights) -> LeelaWeights:
    layer = weights.policy_conv
    wrong = ConvNorm(layer.weight, layer.bias * 0.99, layer.mean, layer.variance)
    object.__setattr__(weights, "policy_conv", wrong)
    return weights


def test_a_file_of_another_network_does_not_pass_as_equal(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    write_weights(tmp_path / "wrong.txt", with_wrong_bias(read_weights(weights)))
    assert compare_files(weights, tmp_path / "wrong.txt").policy > 1e-4
    monkeypatch.setattr(
        export_cli,
        "write_model",
        lambda path, net: write_weights(path, with_wrong_bias(net)),
    )
    assert run("--verify", weights, tmp_path / "out.txt") == 1
    assert "NOT EQUAL on 32 positions" in capsys.readouterr().out


def expect_refusal(capsys: pytest.CaptureFixture[str], source: Path | str, target: Path) -> str:
    """Return the last line of stderr, without the command's name; the exit code is 2."""
    before = target.read_bytes() if target.is_file() else None
    assert run(source, target) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert (target.read_bytes() if target.is_file() else None) == before
    return err.splitlines()[-1].removeprefix("lzp-export: ")


def test_bad_sources_are_named(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "out.onnx"
    target.write_bytes(b"what was there before")
    missing = tmp_path / "none.ckpt"
    assert expect_refusal(capsys, missing, target) == f"{missing}: no such file"
    cut = tmp_path / "cut.txt"
    cut.write_bytes(weights.read_bytes()[:-3000])
    assert expect_refusal(capsys, cut, target).startswith(f"{cut}: 34 lines, expected 19 + 8")
    for form, kind in (("onnx", "an ONNX file"), ("pt", "a TorchScript file")):
        model = tmp_path / f"model.{form}"
        assert run(weights, model) == 0
        capsys.readouterr()
        expected = f"{model}: {kind}; expected a checkpoint or Leela Zero weights"
        assert expect_refusal(capsys, model, target) == expected


def test_a_network_with_a_number_that_is_not_finite_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    net = random_net(side=5)
    torch.nn.init.constant_(net.blocks[1].first.norm.bias, torch.inf)  # type: ignore[union-attr,arg-type]
    path = tmp_path / "last.ckpt"
    save_checkpoint(net, str(path))
    assert expect_refusal(capsys, path, tmp_path / "out.txt") == (
        f"{path}: state_dict.net.blocks.1.first.norm.bias: a number is not finite"
    )


def test_bad_targets_are_named(
    weights: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ends = "the name must end in one of .txt.gz, .txt, .onnx, .pt"
    for name in ("out.pb", "out", "out.gz", ".onnx"):
        target = tmp_path / name
        assert expect_refusal(capsys, weights, target) == f"{target}: {ends}"
    target = tmp_path / "none" / "out.onnx"
    assert expect_refusal(capsys, weights, target) == f"{target.parent}: no such folder"
    folder = tmp_path / "folder.onnx"
    folder.mkdir()
    assert expect_refusal(capsys, weights, folder) == f"{folder}: is a folder"


@pytest.mark.parametrize("form", ["txt", "onnx", "pt"])
def test_an_unwritable_folder_is_named(
    weights: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    form: str,
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    if os.access(folder, os.W_OK):  # root may write anywhere: let the system call say no

        def refuse(path: Path, mode: str = "r") -> None:
            raise PermissionError(13, "Permission denied", str(path))

        monkeypatch.setattr("lzp.weights.atomic.Path.open", refuse)
        monkeypatch.setattr(export_cli, "read_network", lambda path: random_weights(5))
    message = expect_refusal(capsys, weights, folder / f"out.{form}")
    assert message == f"{folder}: no permission to write here"
    assert list(folder.iterdir()) == []


def test_wrong_usage_exits_with_2_and_help_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        run("only one argument")
    with pytest.raises(SystemExit, match="0"):
        run("--help")
    assert "examples:" in capsys.readouterr().out
