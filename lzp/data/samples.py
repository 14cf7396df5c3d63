"""Samples of stored games: positions chosen by the sampler, written as one batch."""

from typing import Any, NamedTuple

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


class SampleWriter:
    """Writes positions of a store's games as batches; several threads may use one."""

    def __init__(
        self,
        store: GameStore,
        side: int,
        *,
        ownership: bool = False,
        policies: bool | None = None,
    ) -> None:
        """Take the arrays of a store.

        Args:
            store: where the games are.
            side: of the boards of all games that will be asked for.
            ownership: whether batches say whose the points are in the end.
            policies: whether batches have a policy over all moves; None: where the store has
                search policies.
        """
        self._path = store.path
        self._side = side
        area = side * side
        self._owned_points = area if ownership else 0
        dense = store.has_policies if policies is None else policies
        self._policy_moves = area + 1 if dense else 0
        self._context = store.context if store.context.any() else None
        self._first_games = store.first_games
        self._arrays = [_arrays_of(shard) for shard in store.shards]
        self._inverse = inverse_tables(side)

    def write(self, picks: Picks) -> Batch:
        """Return the samples of picks whose games are numbers within the store.

        Plies are counted from the first that is a sample.

        Raises:
            StoreError: a game in the store is damaged.
        """
        if self._context is not None:
            plies = picks.plies + self._context[picks.games]
            picks = Picks(picks.games, plies, picks.symmetries)
        size = len(picks.games)
        planes = np.empty((size, PLANES, self._side, self._side), np.uint8)
        arrays = BatchArrays(
            planes.reshape(size, PLANES, -1),
            np.empty(size, np.int64),
            np.empty(size, np.float32),
            np.empty((size, self._owned_points), np.int8),
            np.empty(size, np.int64),
            np.empty(size, np.bool_),
            np.empty((size, self._policy_moves), np.float32),
        )
        if len(self._arrays) == 1:
            self._write_shard(0, picks, arrays)
        else:
            shards = np.searchsorted(self._first_games, picks.games, side="right") - 1
            for shard in np.unique(shards):
                self._write_rows(int(shard), np.flatnonzero(shards == shard), picks, arrays)
        return Batch(
            planes=planes,
            game=picks.games.astype(np.int32),
            ply=picks.plies.astype(np.int32),
            **{name: getattr(arrays, name) for name in arrays._fields if name != "planes"},
        )

    def _write_rows(
        self, shard: int, rows: NDArray[np.int64], picks: Picks, arrays: BatchArrays
    ) -> None:
        """Write the rows of a batch whose games are in one of several shards."""
        own = Picks(picks.games[rows], picks.plies[rows], picks.symmetries[rows])
        whole: tuple[NDArray[Any], ...] = arrays
        part = BatchArrays(*[np.empty_like(array[rows]) for array in whole])
        self._write_shard(shard, own, part)
        for array, written in zip(whole, part, strict=True):
            array[rows] = written

    def _write_shard(self, shard: int, picks: Picks, arrays: BatchArrays) -> None:
        """Write samples whose games are all in one shard."""
        first = self._first_games[shard]
        local = Picks(picks.games - first, picks.plies, picks.symmetries)
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
