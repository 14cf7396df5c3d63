"""Samples of stored games: positions chosen by the sampler, written as one batch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import Shard, StoreError
from lzp.data.policy_kernels import PolicyArrays
from lzp.data.sampler_kernels import BatchArrays, GameArrays, Picks, write_samples
from lzp.data.store import GameStore
from lzp.features import PLANES, inverse_tables
from lzp.go import new_boards


class Batch(NamedTuple):
    """One training batch.

    Attributes:
        planes: uint8 [B, 18, S, S] of 0 and 1.
        policy_target: int64 [B], the move played, under the row's symmetry; S² is the pass.
        value_target: float32 [B], +1 if the side to move won, -1 if it lost, 0 for neither.
        game: int32 [B], number of the game in the store, or through all stores of a
            mixture (StoreMixture).
        ply: int32 [B], moves played before the position.
        ownership: int8 [B, S²] under the row's symmetry: whose each point is at the end of
            the record, by random games from there: +1 the side to move's, -1 the other's, 0
            undecided. [B, 0] unless `SamplerParams.ownership` asks for it. Kept in the store
            if it was converted with `ConvertOptions.ownership`, else found for each sample.
        reply_target: int64 [B], the move that answered the target, like `policy_target`.
        reply_known: bool [B], False after a game's last move, whose reply_target is the pass.
        policy: float32 [B, S² + 1] under the row's symmetry, the policy to learn: what a
            search made of the position, or 1 for the move played where there was none.
            [B, 0] where the store has no search policies (see `SamplerParams.policies`).
    """

    planes: NDArray[np.uint8]
    policy_target: NDArray[np.int64]
    value_target: NDArray[np.float32]
    game: NDArray[np.int32]
    ply: NDArray[np.int32]
    ownership: NDArray[np.int8]
    reply_target: NDArray[np.int64]
    reply_known: NDArray[np.bool_]
    policy: NDArray[np.float32]


def empty_batch(size: int, side: int, *, ownership: bool, policies: bool) -> Batch:
    """Return a batch of `size` rows that are still to be written.

    Args:
        size: positions.
        side: of the boards.
        ownership: whether there is room for whose the points are.
        policies: whether there is room for a policy over all moves.
    """
    area = side * side
    return Batch(
        planes=np.empty((size, PLANES, side, side), np.uint8),
        policy_target=np.empty(size, np.int64),
        value_target=np.empty(size, np.float32),
        game=np.empty(size, np.int32),
        ply=np.empty(size, np.int32),
        ownership=np.empty((size, area if ownership else 0), np.int8),
        reply_target=np.empty(size, np.int64),
        reply_known=np.empty(size, np.bool_),
        policy=np.empty((size, area + 1 if policies else 0), np.float32),
    )


class SampleWriter:
    """Writes positions of a store's games into batches; several threads may use one."""

    def __init__(self, store: GameStore, side: int, first_game: int = 0) -> None:
        """Take the arrays of a store.

        Args:
            store: where the games are.
            side: of the boards of all games that will be asked for.
            first_game: the number of the store's first game in batches.
        """
        self._path = store.path
        self._side = side
        self._first_game = first_game
        self._context = store.context if store.context.any() else None
        self._first_games = store.first_games
        self._arrays = [_arrays_of(shard) for shard in store.shards]
        self._inverse = inverse_tables(side)

    def write(self, picks: Picks, batch: Batch) -> None:
        """Write the samples of picks into their rows of a batch.

        Args:
            picks: games by their numbers within the store, plies counted from the first
                that is a sample.
            batch: of `empty_batch`.

        Raises:
            StoreError: a game in the store is damaged.
        """
        if self._context is not None:
            picks = picks._replace(plies=picks.plies + self._context[picks.games])
        batch.game[picks.rows] = picks.games + self._first_game
        batch.ply[picks.rows] = picks.plies
        columns = {name: getattr(batch, name) for name in BatchArrays._fields}
        planes = batch.planes.reshape(len(batch.planes), PLANES, -1)
        arrays = BatchArrays(**columns | {"planes": planes})
        if len(self._arrays) == 1:
            self._write_shard(0, picks, arrays)
            return
        shards = np.searchsorted(self._first_games, picks.games, side="right") - 1
        for shard in np.unique(shards):
            own = shards == shard
            self._write_shard(int(shard), Picks(*(column[own] for column in picks)), arrays)

    def _write_shard(self, shard: int, picks: Picks, arrays: BatchArrays) -> None:
        """Write samples whose games are all in one shard."""
        local = picks._replace(games=picks.games - self._first_games[shard])
        boards = new_boards(3, self._side)  # not shared: several threads may ask for batches
        damaged = write_samples(boards, self._arrays[shard], local, self._inverse, arrays)
        if damaged >= 0:
            game = int(picks.games[damaged])
            raise StoreError(f"{self._path}: game {game} is damaged: a move is not possible")


def _arrays_of(shard: Shard) -> GameArrays:
    """Return a shard's games as the kernel takes them."""
    return GameArrays(
        shard.moves,
        shard.starts,
        shard.setup,
        shard.setup_starts,
        shard.numbers("result"),
        *shard.optional["ownership"],
        PolicyArrays(
            *shard.optional["policy_counts"],
            *shard.optional["policy_moves"],
            shard.optional["policy_weights"][0],
        ),
    )
