"""How well a network foretells the moves and the results of stored games."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lzp.engine.evaluator import Evaluator
from lzp.features.constants import BLACK_TO_MOVE_PLANE
from lzp.play.bench import Figures

if TYPE_CHECKING:
    from lzp.data import Batch, GameFilter, GameStore, PositionSampler

#: How many of a network's first moves are kept and count as "among the first".
TOP = 5
#: Positions evaluated at once.
BATCH = 256
#: A move of no probability costs this many nats at most.
_LEAST_PROBABILITY = 1e-9


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """Which positions are measured.

    Attributes:
        split: "train", "val" or "test" of the store as training divides it, or "all": for a
            store of games that no training saw.
        positions: how many at least, in whole batches of 256, or all there are; drawn at
            random but the same each time.
        even_only: leave out handicap games.
        seed: which positions are drawn.
        games: the games, and how they are divided, where a run says other than by default.
    """

    split: str = "val"
    positions: int = 20_000
    even_only: bool = False
    seed: int = 0
    games: "GameFilter | None" = None


class Measured(NamedTuple):
    """What a network made of P positions; values are the side to move's.

    Attributes:
        game: int64 [P], the store's number of the game.
        ply: int64 [P], moves played before the position.
        black: bool [P], Black is to move.
        played: int64 [P], the move played, S² for a pass.
        rank: int64 [P], how many moves the network holds for likelier than the played one.
        nats: float64 [P], cross-entropy: -log of the played move's probability.
        value: float64 [P], the network's, in [-1, 1].
        result: float64 [P], +1 if the side to move won, -1 if it lost, 0 for neither.
        top_moves: int64 [P, TOP], the network's first moves, likeliest first.
        top_shares: float64 [P, TOP], their probabilities.
    """

    game: NDArray[np.int64]
    ply: NDArray[np.int64]
    black: NDArray[np.bool_]
    played: NDArray[np.int64]
    rank: NDArray[np.int64]
    nats: NDArray[np.float64]
    value: NDArray[np.float64]
    result: NDArray[np.float64]
    top_moves: NDArray[np.int64]
    top_shares: NDArray[np.float64]

    @property
    def square(self) -> NDArray[np.float64]:
        """The square error of the value; always answering 0 gets 1 in decided games."""
        return (self.value - self.result) ** 2

    @property
    def decided(self) -> NDArray[np.bool_]:
        """Whether somebody won the game."""
        return np.not_equal(self.result, 0)

    @property
    def names_winner(self) -> NDArray[np.bool_]:
        """Whether the value's sign is the result's; means nothing where not `decided`."""
        return np.greater(self.value * self.result, 0)


def measure_accuracy(evaluator: Evaluator, store: Path, sample: Sample) -> Figures:
    """Return shares of moves and results foretold, over positions of a store's split.

    `policy_top1` and `policy_top5`: how often the move played is the first, or one of the
    first five. `policy_nats`: mean cross-entropy. `value_mse`: mean square error of the value
    in [-1, 1]; always answering 0 gets 1. `value_accuracy`: how often it names the winner.

    Raises:
        StoreError: the store cannot be read, or has no such games.
        ValueError: the split is unknown.
    """
    from lzp.data import GameStore

    whole = measure_positions(evaluator, GameStore.open(store), sample)
    return {
        "positions": len(whole.rank),
        "policy_top1": float(np.mean(whole.rank < 1)),
        "policy_top5": float(np.mean(whole.rank < TOP)),
        "policy_nats": float(np.mean(whole.nats)),
        "value_mse": float(np.mean(whole.square)),
        "value_accuracy": float(np.mean(whole.names_winner[whole.decided])),
    }


def measure_positions(evaluator: Evaluator, store: "GameStore", sample: Sample) -> Measured:
    """Return what a network makes of positions of a store's split, one by one.

    Shows a bar on stderr where that is a terminal.

    Raises:
        StoreError: the store is damaged, of another board size, or has no such games.
        ValueError: the split is unknown.
    """
    rows = list(_measured(evaluator, open_sampler(evaluator, store, sample), sample.positions))
    return Measured(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def open_sampler(evaluator: Evaluator, store: "GameStore", sample: Sample) -> "PositionSampler":
    """Return what draws the positions, in batches of 256.

    Raises:
        StoreError: the store is of another board size, or has no such games.
        ValueError: the split is unknown.
    """
    from lzp.data import GameFilter, PositionSampler, SamplerParams, StoreError

    side = evaluator.side
    sides = np.unique(store.numbers("side")).tolist()
    if sides and side not in sides:
        boards = " and ".join(f"{s}x{s}" for s in sides)
        raise StoreError(
            f"{store.path}: holds {boards} games, {evaluator.name} is for {side}x{side}"
        )
    games = replace(sample.games or GameFilter(), side=side)
    if sample.even_only:
        games = replace(games, even_only=True)
    split = sample.split
    if split == "all":
        split, games = "val", replace(games, val_fraction=1.0, test_fraction=0.0)
    params = SamplerParams(batch_size=BATCH, seed=sample.seed, symmetries=False)
    return PositionSampler(store, split, params, games)


def _measured(
    evaluator: Evaluator, sampler: "PositionSampler", positions: int
) -> Iterator[Measured]:
    """Yield what the network makes of each batch."""
    for batch in sampled_batches(sampler, positions):
        policy, winrate = evaluator.evaluate(batch.planes)
        yield _compare(policy, 2 * winrate - 1, batch)


def sampled_batches(sampler: "PositionSampler", positions: int) -> Iterator["Batch"]:
    """Yield whole batches of so many positions at least, or all there are.

    Shows a bar on stderr where that is a terminal.
    """
    count = min(len(sampler), -(-positions // BATCH))
    console = Console(stderr=True)
    for number in track(
        range(count), "measuring", console=console, disable=not sys.stderr.isatty()
    ):
        yield sampler.batch(0, number)


def _compare(policy: NDArray[np.float32], value: NDArray[np.float32], batch: "Batch") -> Measured:
    """Return how far a network's answers are from what happened."""
    played = policy[np.arange(len(policy)), batch.policy_target]
    top_moves = np.argsort(-policy, axis=1, kind="stable")[:, :TOP]
    return Measured(
        game=batch.game.astype(np.int64),
        ply=batch.ply.astype(np.int64),
        black=batch.planes[:, BLACK_TO_MOVE_PLANE, 0, 0] > 0,
        played=batch.policy_target,
        rank=(policy > played[:, None]).sum(axis=1),
        nats=-np.log(np.maximum(played.astype(np.float64), _LEAST_PROBABILITY)),
        value=value.astype(np.float64),
        result=batch.value_target.astype(np.float64),
        top_moves=top_moves,
        top_shares=np.take_along_axis(policy, top_moves, axis=1).astype(np.float64),
    )
