"""A nested bottleneck network exported: ONNX says what torch says in float64."""

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from lzp.engine import export_cli
from lzp.engine.evaluator import Evaluator
from lzp.engine.export_check import compare_files
from lzp.engine.model import as_onnx, load_evaluator, read_network
from lzp.engine.onnx_nested import NestedWeights
from lzp.features import SYMMETRIES, encode
from lzp.go import Game
from lzp.net import NestedBottleneckNet
from tests.net.random_net import random_nested_net, save_checkpoint

#: Nothing here is about kernels: once is enough.
pytestmark = pytest.mark.compiled

TOLERANCE = 1e-5


def checkpoint_of(net: NestedBottleneckNet, folder: Path) -> Path:
    save_checkpoint(net, str(folder / "last.ckpt"))
    return folder / "last.ckpt"


def run(*arguments: str | Path) -> int:
    return export_cli.main([str(argument) for argument in arguments])


def games(evaluator: Evaluator, count: int = 6) -> list[Game]:
    """Games of growing length: moves at random, and moves that the network wants."""
    rng = np.random.default_rng(5)
    played = []
    for index in range(count):
        game = Game(evaluator.side)
        for _ in range(index * evaluator.side // 2):
            legal = game.legal_moves()[:-1]
            if not len(legal):
                break
            if index % 2:
                policy, _ = evaluator.evaluate(encode(game.boards))
                legal = legal[np.argsort(policy[0, legal])[-1:]]
            game.play(int(rng.choice(legal)))
        played.append(game)
    return played


@pytest.mark.parametrize(("side", "blocks", "filters"), [(19, 2, 16), (9, 3, 24), (13, 1, 8)])
def test_onnx_says_what_torch_says_under_all_symmetries(
    tmp_path: Path, side: int, blocks: int, filters: int
) -> None:
    net = random_nested_net(side, blocks, filters, seed=side)
    path = checkpoint_of(net, tmp_path)
    assert run(path, tmp_path / "net.onnx") == 0
    evaluator = load_evaluator(tmp_path / "net.onnx", batch_size=7, threads=1)
    boards = np.concatenate([game.boards for game in games(evaluator)])
    planes = encode(np.repeat(boards, SYMMETRIES), np.tile(np.arange(SYMMETRIES), len(boards)))
    with torch.inference_mode():
        output = net.double()(torch.from_numpy(planes).double())
    true_policy = torch.softmax(output.policy_logits, 1).numpy()
    assert output.value.std().item() > 0.02, "a network that says the same of all tests nothing"
    assert true_policy.max() > 3 / side**2
    for batch in (1, 3, len(planes)):
        policy, winrate = evaluator.evaluate(planes[:batch])
        np.testing.assert_allclose(policy, true_policy[:batch], rtol=0, atol=TOLERANCE)
        true_winrate = (1 + output.value[:batch].numpy()) / 2
        np.testing.assert_allclose(winrate, true_winrate, rtol=0, atol=TOLERANCE)


def test_export_verifies_and_says_what_it_wrote(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint_of(random_nested_net(5, 2, 16), tmp_path)
    assert run("--verify", path, tmp_path / "net.onnx") == 0
    out = capsys.readouterr().out
    assert "2 nested bottleneck blocks x 16 filters, 5x5 board" in out
    assert "equal on 32 positions" in out
    model = onnx.load(tmp_path / "net.onnx")
    assert {entry.key: entry.value for entry in model.metadata_props} == {
        "lzp.kind": "nested-bottleneck",
        "lzp.name": "net.onnx",
        "lzp.side": "5",
        "lzp.blocks": "2",
        "lzp.filters": "16",
        "lzp.planes_version": "1",
    }


@pytest.mark.parametrize(
    "name",
    ["norm.weight", "blocks.1.pairs.0.pool.norm.bias", "value.pooled_norm.running_mean"],
)
def test_a_tensor_that_is_off_is_seen_by_the_comparison(tmp_path: Path, name: str) -> None:
    path = checkpoint_of(random_nested_net(5, 2, 16), tmp_path)
    network = read_network(path)
    assert isinstance(network, NestedWeights)
    tensors = {**network.tensors, name: network.tensors[name] * 0.95}
    wrong = NestedWeights(tensors=tensors, blocks=2, filters=16, side=5, epsilon=network.epsilon)
    target = tmp_path / "wrong.onnx"
    target.write_bytes(as_onnx(wrong, "wrong").SerializeToString())
    difference = compare_files(path, target)
    assert max(difference.policy, difference.winrate) > 10 * TOLERANCE


@pytest.mark.parametrize("form", ["txt", "txt.gz", "pt"])
def test_other_forms_are_refused_by_the_layer_they_have_no_place_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    path = checkpoint_of(random_nested_net(5, 1, 8), tmp_path)
    target = tmp_path / f"net.{form}"
    assert run(path, target) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines()[-1] == (
        f"lzp-export: {target}: only .onnx can hold this network: its layer blocks.0.down_norm, "
        "a norm before a convolution, has no place in Leela Zero's format"
    )
    assert list(tmp_path.iterdir()) == [path]


def test_a_checkpoint_is_played_as_what_it_is_exported_to(tmp_path: Path) -> None:
    path = checkpoint_of(random_nested_net(9, 2, 16), tmp_path)
    assert run(path, tmp_path / "net.onnx") == 0
    planes = encode(np.concatenate([Game(9).boards] * 3))
    ours, theirs = (
        load_evaluator(file, batch_size=2, threads=1).evaluate(planes)
        for file in (path, tmp_path / "net.onnx")
    )
    np.testing.assert_array_equal(ours[0], theirs[0])
    np.testing.assert_array_equal(ours[1], theirs[1])


def test_the_same_weights_exported_for_another_side_play_there(tmp_path: Path) -> None:
    """A network has the side it was made for, but no weight depends on it."""
    small = random_nested_net(9, 2, 16)
    large = NestedBottleneckNet(2, 16, 13).eval()
    large.load_state_dict(small.state_dict())
    network = read_network(checkpoint_of(large, tmp_path))
    path = tmp_path / "large.onnx"
    path.write_bytes(as_onnx(network, "large").SerializeToString())
    evaluator = load_evaluator(path, batch_size=4, threads=1)
    policy, _ = evaluator.evaluate(encode(Game(13).boards))
    assert policy.shape == (1, 170)
