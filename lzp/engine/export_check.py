"""How far a written model's answers are from those of the file it was made of.

A checkpoint is run by torch with its norms as they are, in float64; Leela Zero weights by
numpy in float64, by the formulas of the format. Neither shares code with what is checked:
the folding of norms and the runtimes.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lzp.engine.evaluator import Evaluator
from lzp.engine.model import is_checkpoint, load_evaluator, read_network
from lzp.engine.sample_positions import draw_move
from lzp.features import SYMMETRIES, encode
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE
from lzp.go import Game
from lzp.weights import ConvNorm, Dense, LeelaWeights
from lzp.weights.tensors import EPSILON, VALUE_FOR_BLACK

#: Games, and so positions, of each kind.
RANDOM_GAMES, POLICY_GAMES = 24, 8
#: By how many plies each game that follows the policy is longer than the one before.
PLIES_APART = 4

Doubles = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """The largest differences between two networks' answers.

    Attributes:
        positions: how many positions were compared.
        policy: of a probability.
        winrate: of (1 + value) / 2.
    """

    positions: int
    policy: float
    winrate: float


def compare_files(source: Path, target: Path, *, seed: int = 0) -> Difference:
    """Compare what a model file answers with what its source computes.

    The positions are of random games, and of games that follow the network's policy,
    where it is as sharp as in play; all symmetries in turn.

    Args:
        source: the checkpoint or weight file that the target was made of.
        target: a model file of any form that can be played with.
        seed: of the games.

    Raises:
        ModelError: one of the files cannot be used.
    """
    evaluator = load_evaluator(target, batch_size=RANDOM_GAMES, threads=1)
    rng = np.random.default_rng(seed)
    games = [*_random_games(evaluator.side, rng), *_games_by_policy(evaluator, rng)]
    symmetries = np.arange(len(games)) % SYMMETRIES
    planes = encode(np.concatenate([game.boards for game in games]), symmetries)
    policy, winrate = evaluator.evaluate(planes)
    true_policy, true_value = _run_source(source, planes)
    return Difference(
        positions=len(games),
        policy=float(np.abs(policy - true_policy).max()),
        winrate=float(np.abs(winrate - (1 + true_value) / 2).max()),
    )


def _run_source(source: Path, planes: NDArray[np.uint8]) -> tuple[Doubles, Doubles]:
    if not is_checkpoint(source):
        weights = read_network(source)
        assert isinstance(weights, LeelaWeights)  # only checkpoints hold other networks
        return run_weights(weights, planes)
    # Here, since only checkpoints need torch.
    from lzp.engine.export_torchscript import run_checkpoint

    return run_checkpoint(source, planes)


def run_weights(weights: LeelaWeights, planes: NDArray[np.uint8]) -> tuple[Doubles, Doubles]:
    """Return what a network computes, slowly and in float64, by the format's formulas.

    Args:
        weights: the network; either version.
        planes: uint8 [B, 18, S, S].

    Returns:
        policy [B, S²+1], probabilities, and value [B], for the side to move.
    """
    x = _relu(_convolve(planes.astype(np.float64), weights.input))
    for first, second in weights.blocks:
        x = _relu(_convolve(_relu(_convolve(x, first)), second) + x)
    logits = _apply(_flatten(_relu(_convolve(x, weights.policy_conv))), weights.policy)
    chances = np.exp(logits - logits.max(axis=1, keepdims=True))
    hidden = _apply(_flatten(_relu(_convolve(x, weights.value_conv))), weights.value_hidden)
    value = np.tanh(_apply(_relu(hidden), weights.value))[:, 0]
    if weights.version == VALUE_FOR_BLACK:
        corners = planes[:, :, 0, 0].astype(np.float64)
        value = value * (corners[:, BLACK_TO_MOVE_PLANE] - corners[:, WHITE_TO_MOVE_PLANE])
    return chances / chances.sum(axis=1, keepdims=True), value


def _convolve(x: Doubles, layer: ConvNorm) -> Doubles:
    """Return convolution and norm: float64 [B, out, S, S] of [B, in, S, S]."""
    size = layer.weight.shape[2]
    edge = size // 2
    padded = np.pad(x, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
    windows = sliding_window_view(padded, (size, size), axis=(2, 3))
    sums = np.einsum("biyxjk,oijk->boyx", windows, layer.weight.astype(np.float64), optimize=True)
    shift = layer.bias.astype(np.float64) - layer.mean
    scale = 1 / np.sqrt(layer.variance.astype(np.float64) + EPSILON)
    result: Doubles = (sums + shift[:, None, None]) * scale[:, None, None]
    return result


def _apply(x: Doubles, layer: Dense) -> Doubles:
    return x @ layer.weight.T.astype(np.float64) + layer.bias


def _flatten(x: Doubles) -> Doubles:
    return x.reshape(len(x), -1)


def _relu(x: Doubles) -> Doubles:
    return np.maximum(x, 0.0)


def _random_games(side: int, rng: np.random.Generator) -> list[Game]:
    """Return games of uniformly random moves, of no ply to several hundred."""
    games = [Game(side) for _ in range(RANDOM_GAMES)]
    for game in games:
        for _ in range(int(rng.integers(0, side * side))):
            if not game.is_over:
                game.play(int(rng.choice(game.legal_moves())))
    return games


def _games_by_policy(evaluator: Evaluator, rng: np.random.Generator) -> list[Game]:
    """Return games whose moves are drawn by a network's policy, each longer than the last."""
    games = [Game(evaluator.side) for _ in range(POLICY_GAMES)]
    for ply in range(PLIES_APART * POLICY_GAMES):
        going = [game for game in games[ply // PLIES_APART :] if not game.is_over]
        if not going:
            break
        policy, _ = evaluator.evaluate(encode(np.concatenate([game.boards for game in going])))
        for game, chances in zip(going, policy.astype(np.float64), strict=True):
            game.play(draw_move(game, chances, rng))
    return games
