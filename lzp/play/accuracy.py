"""How well a network foretells the moves and the results of stored games."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lzp.engine.evaluator import Evaluator
from lzp.play.bench import Figures

_BATCH = 256
_TOP = 5
#: A move of no probability costs this many nats at most.
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Which positions are measured.

    Attributes:
        split: "val" or "test" of the store as training divides it, or "all": for a store of
            games that no training saw.
        positions: how many, drawn at random but the same each time.
        even_only: leave out handicap games.
        seed: which positions are drawn.
    """

    split: str = "val"
    positions: int = 20_000
    even_only: bool = False
    seed: int = 0


class _Row(NamedTuple):
    """What one batch gave, an array of B numbers each."""

    rank: NDArray[np.int64]
    nats: NDArray[np.float64]
    square: NDArray[np.float64]
    names_winner: NDArray[np.bool_]


def measure_accuracy(evaluator: Evaluator, store: Path, sample: Sample) -> Figures:
    """Return shares of moves and results foretold, over positions of a store's split.

    `policy_top1` and `policy_top5`: how often the move played is the first, or one of the
    first five. `policy_nats`: mean cross entropy. `value_mse`: mean square error of the value
    in [-1, 1]; always answering 0 gets 1. `value_accuracy`: how often it names the winner.

    Raises:
        StoreError: the store cannot be read, or has no such games.
        ValueError: there is no such split.
    """
    rows = list(_measured(evaluator, store, sample))
    whole = _Row(*(np.concatenate(column) for column in zip(*rows, strict=True)))
    return {
        "positions": len(whole.rank),
        "policy_top1": float(np.mean(whole.rank < 1)),
        "policy_top5": float(np.mean(whole.rank < _TOP)),
        "policy_nats": float(np.mean(whole.nats)),
        "value_mse": float(np.mean(whole.square)),
        "value_accuracy": float(np.mean(whole.names_winner)),
    }


def _measured(evaluator: Evaluator, store: Path, sample: Sample) -> Iterator[_Row]:
    """Yield what the network makes of each batch."""
    from lzp.data import GameFilter, GameStore, PositionSampler, SamplerParams

    games = GameFilter(side=evaluator.side, even_only=sample.even_only)
    whole = sample.split == "all"
    if whole:
        games = replace(games, val_fraction=1.0, test_fraction=0.0)
    params = SamplerParams(batch_size=_BATCH, seed=sample.seed, symmetries=False)
    sampler = PositionSampler(
        GameStore.open(store), "val" if whole else sample.split, params, games
    )
    count = min(len(sampler), -(-sample.positions // _BATCH))
    console = Console(stderr=True)
    for number in track(
        range(count), "measuring", console=console, disable=not sys.stderr.isatty()
    ):
        batch = sampler.batch(0, number)
        policy, value = evaluator.evaluate(batch.planes)
        yield _compare(policy, value, batch.policy_target, batch.value_target)


def _compare(
    policy: NDArray[np.float32],
    value: NDArray[np.float32],
    moves: NDArray[np.int64],
    results: NDArray[np.float32],
) -> _Row:
    """Return how far a network's answers are from what happened."""
    played = policy[np.arange(len(moves)), moves]
    return _Row(
        rank=(policy > played[:, None]).sum(axis=1),
        nats=-np.log(np.maximum(played.astype(np.float64), _LEAST_PROBABILITY)),
        square=np.square(value.astype(np.float64) - results),
        names_winner=value * results > 0,
    )
