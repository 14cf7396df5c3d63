"""Training batches straight from a game store: shuffled, mirrored, resumable.

The order of an epoch is a function of (seed, epoch) alone and is never stored: batch 0 and
batch 100,000 cost the same to ask for, which is what resuming, sharding over processes and
reading with several workers need.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import StoreError
from lzp.data.mixing_kernels import mix_pair
from lzp.data.sampler_kernels import Picks, pick_by_game, pick_uniform
from lzp.data.samples import Batch, SampleWriter
from lzp.data.store import GameStore

SPLITS = ("train", "val", "test")
#: Splits are cut at a resolution of 2^-32.
_HASH_STEPS = 1 << 32


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
        self._writer = SampleWriter(store, self.side, ownership=self.params.ownership)
        self._ends = np.cumsum(store.lengths[self.games])
        per_game = self.params.per_game
        self.positions = len(self.games) * per_game if per_game else int(self._ends[-1])

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
        return self._writer.write(picks)

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
