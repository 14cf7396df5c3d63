import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from lzp.net import CheckpointError, LeelaNet, load_network

SHAPE = {"kind": "leela", "blocks": 1, "filters": 8, "side": 5}


def checkpoint_of(net: LeelaNet) -> dict[str, Any]:
    return {
        "epoch": 3,
        "global_step": 1200,
        "hyper_parameters": {"network": net.shape.to_dict(), "learning_rate": 0.1},
        "state_dict": {f"net.{name}": tensor for name, tensor in net.state_dict().items()},
        "optimizer_states": [{"state": {}}],
    }


@pytest.fixture
def net() -> LeelaNet:
    torch.manual_seed(5)
    net = LeelaNet(1, 8, 5)
    for _ in range(3):
        net(torch.rand(16, 18, 5, 5))
    return net


def test_a_checkpoint_gives_back_the_network_it_was_made_of(net: LeelaNet, tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save(checkpoint_of(net), path)
    loaded, info = load_network(path)
    assert (info.epoch, info.step, info.averaged) == (3, 1200, False)
    assert not loaded.training
    assert all(parameter.requires_grad for parameter in loaded.parameters())
    planes = torch.rand(4, 18, 5, 5)
    for ours, theirs in zip(loaded(planes), net.eval()(planes), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=0, atol=0)


def test_averaged_tensors_win(net: LeelaNet, tmp_path: Path) -> None:
    checkpoint = checkpoint_of(net)
    checkpoint["ema_state_dict"] = {
        name: tensor + 1 for name, tensor in checkpoint["state_dict"].items()
    }
    torch.save(checkpoint, tmp_path / "ema.ckpt")
    loaded, info = load_network(tmp_path / "ema.ckpt")
    assert info.averaged
    torch.testing.assert_close(loaded.value.dense.bias, net.value.dense.bias + 1)


def test_half_precision_tensors_are_widened(net: LeelaNet, tmp_path: Path) -> None:
    checkpoint = checkpoint_of(net)
    weight = checkpoint["state_dict"]["net.policy.dense.weight"]
    checkpoint["state_dict"]["net.policy.dense.weight"] = weight.bfloat16()
    torch.save(checkpoint, tmp_path / "half.ckpt")
    loaded, _ = load_network(tmp_path / "half.ckpt")
    assert isinstance(loaded, LeelaNet)
    assert loaded.policy.dense.weight.dtype == torch.float32


def drop(*keys: str) -> Callable[[dict[str, Any]], None]:
    def change(checkpoint: dict[str, Any]) -> None:
        for key in keys[:-1]:
            checkpoint = checkpoint[key]
        del checkpoint[keys[-1]]

    return change


def put(value: object, *keys: str) -> Callable[[dict[str, Any]], None]:
    def change(checkpoint: dict[str, Any]) -> None:
        for key in keys[:-1]:
            checkpoint = checkpoint[key]
        checkpoint[keys[-1]] = value

    return change


BIAS = "net.value.dense.bias"
WEIGHT = "net.policy.dense.weight"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop("hyper_parameters"), "hyper_parameters.network: missing"),
        (drop("hyper_parameters", "network"), "hyper_parameters.network: missing"),
        (put([1], "hyper_parameters", "network"), "network: expected a dict, found list"),
        (put("8", "hyper_parameters", "network", "filters"), "network: filters: '8'"),
        (put(10**6, "hyper_parameters", "network", "blocks"), "network: blocks: 1000000"),
        (put(16, "hyper_parameters", "network", "filters"), r"shape \[8, 18, 3, 3\], expected"),
        (put(4096, "hyper_parameters", "network", "filters"), r"expected \[4096, 18, 3, 3\]"),
        (put(2, "hyper_parameters", "planes_version"), "planes_version: 2, this program makes 1"),
        (drop("state_dict"), "state_dict: missing"),
        (drop("state_dict", BIAS), f"state_dict.{BIAS}: missing"),
        (put("text", "state_dict", BIAS), f"state_dict.{BIAS}: missing"),
        (put(torch.zeros(2), "state_dict", BIAS), rf"{BIAS}: shape \[2\], expected \[1\]"),
        (put(torch.tensor([torch.nan]), "state_dict", BIAS), f"{BIAS}: a number is not finite"),
        (put(torch.tensor([1]), "state_dict", BIAS), f"{BIAS}: torch.int64 numbers"),
        (put(torch.zeros(1, 1).expand(26, 50), "state_dict", WEIGHT), "fewer numbers than its"),
        (put(torch.zeros(1), "state_dict", "net.blocks.7.x"), "net.blocks.7.x: not part of"),
    ],
)
def test_a_wrong_field_is_named_in_one_line(
    net: LeelaNet, tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    checkpoint = checkpoint_of(net)
    change(checkpoint)
    path = tmp_path / "wrong.ckpt"
    torch.save(checkpoint, path)
    with pytest.raises(CheckpointError, match=message) as caught:
        load_network(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


class Payload:
    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (Path("executed"),))


def test_code_in_a_checkpoint_is_not_run(
    net: LeelaNet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    checkpoint = checkpoint_of(net)
    checkpoint["hyper_parameters"]["callback"] = Payload()
    torch.save(checkpoint, "evil.ckpt")
    with pytest.raises(CheckpointError, match="no code") as caught:
        load_network(Path("evil.ckpt"))
    assert "\n" not in str(caught.value)
    assert not Path("executed").exists()
    pickle.loads(pickle.dumps(Payload()))  # proves that the payload works where it is let in
    assert Path("executed").exists()


def test_files_that_are_no_checkpoints(net: LeelaNet, tmp_path: Path) -> None:
    whole = tmp_path / "whole.ckpt"
    torch.save(checkpoint_of(net), whole)
    cases = {
        "missing": None,
        "empty": b"",
        "text": b"1\n0.5 0.25\n",
        "pickle": pickle.dumps({"state_dict": {}}),
        "half": whole.read_bytes()[: whole.stat().st_size // 2],
        "header": b"PK\x03\x04" + bytes(100),
    }
    for name, contents in cases.items():
        path = tmp_path / f"{name}.ckpt"
        if contents is not None:
            path.write_bytes(contents)
        with pytest.raises(CheckpointError) as caught:
            load_network(path)
        assert str(caught.value).startswith(f"{path}: "), name
        assert "\n" not in str(caught.value), name
    with zipfile.ZipFile(tmp_path / "other.ckpt", "w") as archive:
        archive.writestr("games/1.sgf", "(;GM[1])")
    with pytest.raises(CheckpointError, match="damaged"):
        load_network(tmp_path / "other.ckpt")
    with pytest.raises(CheckpointError, match="directory"):
        load_network(tmp_path)


def test_a_tensor_is_no_checkpoint(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.ckpt")
    with pytest.raises(CheckpointError, match="holds a Tensor, not a checkpoint"):
        load_network(tmp_path / "tensor.ckpt")
