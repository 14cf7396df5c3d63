"""Training batches straight from a game store: shuffled, mirrored, resumable.

stream.py says in which order; here its positions become planes and targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lzp.data.game_filter import GameFilter
from lzp.data.sampler_kernels import Picks
from lzp.data.samples import Batch, SampleWriter
from lzp.data.selection import select_games
from lzp.data.store import GameStore
from lzp.data.stream import PositionStream


@dataclass(frozen=True, kw_only=True, slots=True)
class SamplerParams:
    """How a split is gone through.

    Attributes:
        batch_size: positions in a batch.
        seed: selects the order of every epoch.
        per_game: None goes through every position once an epoch; k takes k positions of
            every game, other ones in each epoch.
        symmetries: True turns and mirrors each sample at random; False leaves all alone.
        ownership: whether batches say whose the points are in the end. Where the store was
            not converted with it, it takes the sampler some sixty times as long.
        policies: whether batches have a policy over all moves, which is that of a search
            where the store knows one; None: where the store has any. Stores that are mixed
            must agree on it.
    """

    batch_size: int = 256
    seed: int = 0
    per_game: int | None = None
    symmetries: bool = True
    ownership: bool = False
    policies: bool | None = None

    def __post_init__(self) -> None:
        """Refuse counts that make no sense."""
        if self.batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {self.batch_size}")
        if self.per_game is not None and not 1 <= self.per_game <= 1024:
            raise ValueError(f"per_game must be from 1 to 1024, got {self.per_game}")


class PositionSampler:
    """Samples of one split of a store; several threads may use one sampler.

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
        self.params = params or SamplerParams()
        chosen = select_games(store, split, games or GameFilter())
        self.side = chosen.side
        self.games = chosen.games
        self._writer = SampleWriter(
            store, self.side, ownership=self.params.ownership, policies=self.params.policies
        )
        self._stream = PositionStream(
            self.games, store.samples[self.games], self.params.seed, self.params.per_game
        )
        self.positions = self._stream.positions

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return -(-self.positions // self.params.batch_size)

    def batches(self, epoch: int) -> Iterator[Batch]:
        """Yield an epoch's batches; the last one may have fewer positions."""
        for number in range(len(self)):
            yield self.batch(epoch, number)

    def batch(self, epoch: int, number: int) -> Batch:
        """Return one batch of an epoch by its number.

        Raises:
            IndexError: the epoch has no such batch.
            StoreError: a game in the store is damaged.
        """
        if not 0 <= number < len(self):
            raise IndexError(f"batch {number} of {len(self)}")
        first = number * self.params.batch_size
        size = min(self.params.batch_size, self.positions - first)
        return self.samples(epoch * self.positions + first, size)

    def samples(self, first: int, count: int) -> Batch:
        """Return the samples at the places first, first + 1, ... of the stream.

        A sample depends on the seed and its place alone, not on what it is asked for with;
        the stream has no end, so that every batch of training is full.

        Raises:
            StoreError: a game in the store is damaged.
        """
        picks = Picks(*(np.empty(count, np.int64) for _ in Picks._fields))
        self._stream.pick(first, picks)
        if not self.params.symmetries:
            picks.symmetries[:] = 0
        return self._writer.write(picks)
