"""Training batches straight from a game store: shuffled, mirrored, resumable.

The order of an epoch is a function of (seed, epoch) alone and is never stored: batch 0 and
batch 100,000 cost the same to ask for, which is what resuming, sharding over processes and
reading with several workers need.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import StoreError
from lzp.data.mixing_kernels import mix_pair
from lzp.data.sampler_kernels import (
    BatchArrays,
    GameArrays,
    Picks,
    pick_by_game,
    pick_uniform,
    write_samples,
)
from lzp.data.store import GameStore
from lzp.features import PLANES, inverse_tables
from lzp.go import new_boards

SPLITS = ("train", "val", "test")
#: Splits are cut at a resolution of 2^-32.
_HASH_STEPS = 1 << 32


class Batch(NamedTuple):
    """One training batch.

    Attributes:
        planes: uint8 [B, 18, S, S] of 0 and 1.
        policy_target: int64 [B], the move played, under the row's symmetry; S² is the pass.
        value_target: float32 [B], +1 if the side to move won, -1 if it lost, 0 for neither.
        game: int32 [B], number of the game in the store.
        ply: int32 [B], moves played before the position.
        ownership: int8 [B, S²] under the row's symmetry: whose each point is at the end of
            the record, by random games from there: +1 the side to move's, -1 the other's, 0
            undecided. [B, 0] unless `SamplerParams.ownership` asks for it.
        reply_target: int64 [B], the move that answered the target, like `policy_target`.
        reply_known: bool [B], False after a game's last move, whose reply_target is the pass.
    """

    planes: NDArray[np.uint8]
    policy_target: NDArray[np.int64]
    value_target: NDArray[np.float32]
    game: NDArray[np.int32]
    ply: NDArray[np.int32]
    ownership: NDArray[np.int8]
    reply_target: NDArray[np.int64]
    reply_known: NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True, slots=True)
class GameFilter:
    """Which games of a store are sampled.

    Attributes:
        side: board side; None takes the store's only one.
        even_only: leave out handicap games.
        min_rank: leave out games with a player below this rank or without one
            (lzp.sgf.parse_rank: 6 is 6d).
        undecided: take games without a winner too; their value target is 0.
        val_fraction: part of the games, by hash, that make up the validation split.
        test_fraction: likewise the test split.
    """

    side: int | None = None
    even_only: bool = False
    min_rank: int | None = None
    undecided: bool = False
    val_fraction: float = 0.01
    test_fraction: float = 0.01

    def __post_init__(self) -> None:
        """Refuse fractions that are none."""
        parts = (self.val_fraction, self.test_fraction)
        if min(parts) < 0 or sum(parts) > 1:
            raise ValueError(
                f"val_fraction and test_fraction must be from 0 to 1 together, got {parts}"
            )


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplerParams:
    """How a split is gone through.

    Attributes:
        batch_size: positions in a batch.
        seed: selects the order of every epoch.
        per_game: None goes through every position once an epoch; k takes k positions of
            every game, other ones in each epoch.
        symmetries: True turns and mirrors each sample at random; False leaves all alone.
        drop_last: leave out the last batch of an epoch where it is not full.
        ownership: whether batches say whose the points are in the end, which takes the
            sampler some sixty times as long.
    """

    batch_size: int = 256
    seed: int = 0
    per_game: int | None = None
    symmetries: bool = True
    drop_last: bool = True
    ownership: bool = False

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}")
        if self.per_game is not None and not 1 <= self.per_game <= 1024:
            raise ValueError(f"per_game must be from 1 to 1024, got {self.per_game}")


class PositionSampler:
    """Batches of one split of a store; several threads may use one sampler.

    Attributes:
        games: int64, the store's numbers of the games in this split.
        positions: samples in an epoch.
        side: board side of the samples.
    """

    def __init__(
        self,
        store: GameStore,
        split: str = "train",
        params: SamplerParams | None = None,
        games: GameFilter | None = None,
    ) -> None:
        """Select the games.

        Raises:
            ValueError: no such split.
            StoreError: no game of the store is in the split under this filter.
        """
        if split not in SPLITS:
            raise ValueError(f"no such split: {split} (known: {', '.join(SPLITS)})")
        self.params = params or SamplerParams()
        chosen = games or GameFilter()
        self.side = _side(store, chosen)
        self.games = np.flatnonzero(_selected(store, split, chosen, self.side))
        if len(self.games) == 0:
            raise StoreError(f"{store.path}: no games in the {split} split")
        self._path = store.path
        self._first_games = store.first_games
        self._arrays = [
            GameArrays(s.moves, s.starts, s.setup, s.setup_starts, s.numbers("result"))
            for s in store.shards
        ]
        self._ends = np.cumsum(store.lengths[self.games])
        per_game = self.params.per_game
        self.positions = len(self.games) * per_game if per_game else int(self._ends[-1])
        self._inverse = inverse_tables(self.side)

    def __len__(self) -> int:
        """Return the number of batches in an epoch, of all ranks together."""
        full, rest = divmod(self.positions, self.params.batch_size)
        return full + (rest > 0 and not self.params.drop_last)

    def batches(
        self, epoch: int, start_batch: int = 0, rank: int = 0, world: int = 1
    ) -> Iterator[Batch]:
        """Yield an epoch's batches, or one process's share of them.

        Process `rank` of `world` gets the batches whose number leaves the remainder
        `rank`; where batches are dropped at all, every process gets as many as the others.

        Args:
            epoch: selects the order, together with the seed.
            start_batch: how many of this process's batches to skip.
            rank: 0 .. world - 1.
            world: number of processes.
        """
        count = len(self)
        if self.params.drop_last:
            count -= count % world
        for number in range(start_batch * world + rank, count, world):
            yield self.batch(epoch, number)

    def batch(self, epoch: int, number: int) -> Batch:
        """Return one batch of an epoch by its number.

        Raises:
            IndexError: the epoch has no such batch.
            StoreError: a game in the store is damaged.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"batch {number} of {len(self)}")
        picks = self._pick(epoch, number)
        picks.games[:] = self.games[picks.games]
        return self._write(picks)

    def _pick(self, epoch: int, number: int) -> Picks:
        """Choose the positions of a batch; games are numbers within the split."""
        first = number * self.params.batch_size
        size = min(self.params.batch_size, self.positions - first)
        picks = Picks(*(np.empty(size, np.int64) for _ in Picks._fields))
        key = mix_pair(np.uint64(self.params.seed % 2**64), np.uint64(epoch % 2**64))
        if self.params.per_game is None:
            pick_uniform(self._ends, np.uint64(key), first, picks)
        else:
            pick_by_game(self._ends, self.params.per_game, np.uint64(key), first, picks)
        if not self.params.symmetries:
            picks.symmetries[:] = 0
        return picks

    def _write(self, picks: Picks) -> Batch:
        """Return the samples of picks whose games are numbers within the store."""
        size = len(picks.games)
        planes = np.empty((size, PLANES, self.side, self.side), np.uint8)
        points = self.side * self.side if self.params.ownership else 0
        arrays = BatchArrays(
            planes.reshape(size, PLANES, -1),
            np.empty(size, np.int64),
            np.empty(size, np.float32),
            np.empty((size, points), np.int8),
            np.empty(size, np.int64),
            np.empty(size, np.bool_),
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
        boards = new_boards(3, self.side)  # not shared: several threads may ask for batches
        damaged = write_samples(boards, self._arrays[shard], local, self._inverse, arrays)
        if damaged >= 0:
            game = int(picks.games[damaged])
            raise StoreError(f"{self._path}: game {game} is damaged: a move is not possible")


def _side(store: GameStore, chosen: GameFilter) -> int:
    """Return the board side to sample."""
    if chosen.side is not None:
        return chosen.side
    sides = np.unique(store.numbers("side")).tolist()
    if len(sides) > 1:
        raise StoreError(f"{store.path}: boards of sides {sides}: choose one")
    return int(sides[0]) if sides else 19


def _selected(store: GameStore, split: str, chosen: GameFilter, side: int) -> NDArray[np.bool_]:
    """Return a mask over the store's games."""
    mask: NDArray[np.bool_] = split_of(store.numbers("hash"), chosen) == SPLITS.index(split)
    mask &= (store.numbers("side") == side) & (store.lengths > 0)
    if not chosen.undecided:
        mask &= store.numbers("result") != 0
    if chosen.even_only:
        mask &= store.numbers("handicap") == 0
    if chosen.min_rank is not None:
        lower = np.minimum(store.numbers("black_rank"), store.numbers("white_rank"))
        mask &= lower >= chosen.min_rank
    return mask


def split_of(hashes: NDArray[np.uint64], fractions: GameFilter) -> NDArray[np.int8]:
    """Return the index in SPLITS of games by their hashes, int8 [G].

    Test games are those with the lowest hashes, validation games the next ones, so that
    a game's split depends on nothing but its moves and the two fractions.
    """
    steps = hashes.astype(np.uint64) >> np.uint64(32)
    test_end = round(fractions.test_fraction * _HASH_STEPS)
    val_end = test_end + round(fractions.val_fraction * _HASH_STEPS)
    splits = np.zeros(len(steps), np.int8)
    splits[steps < np.uint64(min(val_end, _HASH_STEPS))] = SPLITS.index("val")
    splits[steps < np.uint64(min(test_end, _HASH_STEPS))] = SPLITS.index("test")
    return splits
