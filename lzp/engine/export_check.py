"""How far a written model's answers are from those of the file it was made of.

A checkpoint is run by torch with its norms as they are, in float64; Leela Zero weights by
numpy in float64, by the formulas of the format. Neither shares code with what is checked:
the folding of norms and the runtimes.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lzp.engine.model import is_checkpoint, load_evaluator, read_as_weights
from lzp.features import SYMMETRIES, encode
from lzp.features.constants import BLACK_TO_MOVE_PLANE, WHITE_TO_MOVE_PLANE
from lzp.go import Game
from lzp.weights import ConvNorm, Dense, LeelaWeights
from lzp.weights.tensors import EPSILON, VALUE_FOR_BLACK

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


def compare_files(source: Path, target: Path, *, positions: int = 32, seed: int = 0) -> Difference:
    """Compare what a model file answers with what its source computes, on random legal games.

    Args:
        source: the checkpoint or weight file that the target was made of.
        target: a model file of any form that can be played with.
        positions: how many; games of no ply to several hundred, all symmetries in turn.
        seed: of the games.

    Raises:
        ModelError: one of the files cannot be used.
    """
    evaluator = load_evaluator(target, batch_size=positions, threads=1)
    planes = np.concatenate(list(_sample_planes(evaluator.side, positions, seed)))
    policy, value = evaluator.evaluate(planes)
    true_policy, true_value = _run_source(source, planes)
    return Difference(
        positions=positions,
        policy=float(np.abs(policy - true_policy).max()),
        winrate=float(np.abs(value - true_value).max()) / 2,
    )


def _run_source(source: Path, planes: NDArray[np.uint8]) -> tuple[Doubles, Doubles]:
    if not is_checkpoint(source):
        return run_weights(read_as_weights(source), planes)
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


def _sample_planes(side: int, positions: int, seed: int) -> Iterator[NDArray[np.uint8]]:
    """Yield the planes of the last positions of random games, under changing symmetries."""
    rng = np.random.default_rng(seed)
    for index in range(positions):
        game = Game(side)
        for _ in range(int(rng.integers(0, side * side))):
            if game.is_over:
                break
            game.play(int(rng.choice(game.legal_moves())))
        yield encode(game.boards, index % SYMMETRIES)
