"""One network in every form, and the real leelaz, give the same policy and winrate."""

from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from lzp.engine.evaluator import Evaluator
from lzp.engine.export import write_model
from lzp.engine.export_check import run_weights
from lzp.engine.model import load_evaluator
from lzp.features import encode, symmetry_tables
from lzp.go import BLACK, WHITE, Game
from lzp.net import GoNet, network_from_weights, weights_from_network
from lzp.weights import ConvNorm, LeelaWeights
from tests.engine.leelaz import heatmaps, needs_leelaz
from tests.net.random_net import random_net, save_checkpoint
from tests.networks import random_weights

#: Nothing here is about kernels: once is enough.
pytestmark = pytest.mark.compiled

TOLERANCE = 1e-5
FORMS = ["txt", "txt.gz", "onnx", "pt"]

Answers = tuple[NDArray[np.float64], NDArray[np.float64]]


def sample_games() -> list[Game]:
    """Games whose last positions differ in all that the planes depend on."""
    rng = np.random.default_rng(11)
    games = [Game(), *(random_game(rng, plies) for plies in (1, 5, 60, 301))]
    passes = random_game(rng, 30)
    passes.play(passes.pass_move)
    twice = random_game(rng, 12)
    twice.play(int(twice.legal_moves(BLACK)[0]), BLACK)
    twice.play(int(twice.legal_moves(BLACK)[7]), BLACK)
    games += [passes, twice]
    assert {game.to_play for game in games} == {BLACK, WHITE}
    return games


def random_game(rng: np.random.Generator, plies: int) -> Game:
    game = Game()
    for _ in range(plies):
        game.play(int(rng.choice(game.legal_moves()[:-1])))
    return game


GAMES = sample_games()


def all_planes() -> NDArray[np.uint8]:
    """Planes of each game under each symmetry, uint8 [8·G, 18, 19, 19], symmetry fastest."""
    boards = np.concatenate([game.boards for game in GAMES])
    return encode(np.repeat(boards, 8), np.tile(np.arange(8), len(GAMES)))


def ask(evaluator: Evaluator) -> Answers:
    policy, winrate = evaluator.evaluate(all_planes())
    return policy.astype(np.float64), 2 * winrate.astype(np.float64) - 1


def ask_torch(net: GoNet) -> Answers:
    with torch.inference_mode():
        logits, value, _ = net(torch.from_numpy(all_planes()).float())
    assert value.std().item() > 0.02, "a network that says the same of all positions tests nothing"
    return torch.softmax(logits, 1).double().numpy(), value.double().numpy()


def written(weights: LeelaWeights, path: Path) -> Answers:
    write_model(path, weights)
    return ask(load_evaluator(path, batch_size=16, threads=1))


def assert_close(ours: Answers, theirs: Answers) -> None:
    np.testing.assert_allclose(ours[0], theirs[0], rtol=0, atol=TOLERANCE)
    np.testing.assert_allclose(ours[1] / 2, theirs[1] / 2, rtol=0, atol=TOLERANCE)


def assert_equals_leelaz(answers: Answers, weights: Path) -> None:
    tables = symmetry_tables(19)
    for index, (game, maps) in enumerate(zip(GAMES, heatmaps(weights, GAMES), strict=True)):
        occupied = np.array([game.board[move] for move in range(361)] + [0]) != 0
        for symmetry, (thousandths, winrate) in enumerate(maps):
            policy, value = (part[8 * index + symmetry] for part in answers)
            turned = np.empty(362)
            turned[tables[symmetry]] = policy[:361]
            turned[361] = policy[361]
            turned[occupied] = 0
            # leelaz rounds down to thousandths.
            assert (turned * 1000 >= thousandths - 1000 * TOLERANCE).all()
            assert (turned * 1000 < thousandths + 1 + 1000 * TOLERANCE).all()
            assert (1 + value) / 2 == pytest.approx(winrate, abs=TOLERANCE)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("form", FORMS)
def test_every_form_computes_the_formulas_of_the_format(
    tmp_path: Path, form: str, version: int
) -> None:
    weights = random_weights(19, 2, 16, seed=3, version=version)
    assert_close(written(weights, tmp_path / f"net.{form}"), run_weights(weights, all_planes()))


def test_every_form_computes_what_the_trained_network_does(tmp_path: Path) -> None:
    net = random_net(seed=4)
    truth = ask_torch(net)
    save_checkpoint(net, str(tmp_path / "last.ckpt"))
    checkpoint = load_evaluator(tmp_path / "last.ckpt", batch_size=64, threads=1)
    assert_close(ask(checkpoint), truth)
    weights = weights_from_network(net)
    for form in FORMS:
        assert_close(written(weights, tmp_path / f"net.{form}"), truth)


@needs_leelaz
@pytest.mark.parametrize("version", [1, 2])
def test_leelaz_says_the_same_under_all_symmetries(tmp_path: Path, version: int) -> None:
    weights = random_weights(19, 2, 16, seed=5, version=version)
    answers = written(weights, tmp_path / "net.txt.gz")
    assert_equals_leelaz(answers, tmp_path / "net.txt.gz")


@needs_leelaz
def test_leelaz_says_the_same_of_a_trained_network(tmp_path: Path) -> None:
    net = random_net(seed=6)
    answers = ask_torch(net)
    write_model(tmp_path / "net.txt", weights_from_network(net))
    assert_equals_leelaz(answers, tmp_path / "net.txt")


def test_the_wrong_sign_of_epsilon_would_be_seen() -> None:
    """The networks here are sensitive to the mistake of the original exporter."""
    net = random_net(seed=6)
    wrong = weights_from_network(net)
    conv = wrong.input
    ratio = np.sqrt((conv.variance - 1e-5) / (conv.variance + 1e-5))
    mistaken = ConvNorm(conv.weight, conv.bias * ratio, conv.mean, conv.variance)
    planes = all_planes()
    right = run_weights(wrong, planes)
    object.__setattr__(wrong, "input", mistaken)
    assert np.abs(run_weights(wrong, planes)[1] - right[1]).max() > 100 * TOLERANCE


def test_weights_survive_the_way_through_a_network() -> None:
    weights = random_weights(9, 3, 8, seed=7, version=2)
    back = weights_from_network(network_from_weights(weights))
    assert back.version == 2
    for (name, ours), (_, theirs) in zip(
        weights.named_tensors(), back.named_tensors(), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-9, err_msg=name)
