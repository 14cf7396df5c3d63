"""Training batches straight from a game store: shuffled, mirrored, resumable.

stream.py says in which order, mixture.py how several stores share it; here the positions
become planes and targets.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.game_filter import GameFilter
from lzp.data.mixture import Share, StoreMixture, epoch_size, share_out
from lzp.data.sampler_kernels import Picks
from lzp.data.samples import Batch, SampleWriter, empty_batch
from lzp.data.selection import select_from_stores
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


class _Part(NamedTuple):
    """What a sampler takes from one store.

    Attributes:
        games: int64, the numbers of the games through all stores.
        stream: the games' positions, by the games' numbers in the store.
        writer: makes samples of them.
    """

    games: NDArray[np.int64]
    stream: PositionStream
    writer: SampleWriter


class PositionSampler:
    """Samples of one split of a store or a mixture; several threads may use one sampler.

    Attributes:
        games: int64, the numbers of the games in this split, in the store or the mixture.
        positions: samples in an epoch: all positions, or as many as a mixture has before
            one of its stores begins again.
        side: board side of the samples.
    """

    def __init__(
        self,
        store: GameStore | StoreMixture,
        split: str = "train",
        params: SamplerParams | None = None,
        games: GameFilter | None = None,
    ) -> None:
        """Select the games.

        Raises:
            ValueError: no such split.
            StoreError: no game is in the split under this filter, or the boards are not of
                one side.
        """
        self.params = params or SamplerParams()
        mixture = store if isinstance(store, StoreMixture) else StoreMixture([store])
        chosen = select_from_stores(mixture.stores, split, games or GameFilter())
        self.side = next(iter(chosen.values())).side
        self._parts = [self._part(mixture, index, chosen[index].games) for index in chosen]
        self.games = np.concatenate([part.games for part in self._parts])
        sizes = [part.stream.positions for part in self._parts]
        self._weights = mixture.whole_weights(list(chosen), sizes)
        self.positions = epoch_size(sizes, self._weights)
        wanted = self.params.policies
        self._policies = mixture.has_policies if wanted is None else wanted

    def _part(self, mixture: StoreMixture, index: int, games: NDArray[np.int64]) -> _Part:
        """Return what is taken of one of the stores."""
        store = mixture.stores[index]
        first_game = int(mixture.first_games[index])
        return _Part(
            games + first_game,
            PositionStream(games, store.samples[games], self.params.seed, self.params.per_game),
            SampleWriter(store, self.side, first_game),
        )

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
        batch = empty_batch(
            count, self.side, ownership=self.params.ownership, policies=self._policies
        )
        for part, share in zip(self._parts, share_out(first, count, self._weights), strict=True):
            self._write(part, share, batch)
        return batch

    def _write(self, part: _Part, share: Share, batch: Batch) -> None:
        """Write a store's share of a batch."""
        games, plies, symmetries = (np.empty(len(share.rows), np.int64) for _ in range(3))
        picks = Picks(games, plies, symmetries, share.rows)
        part.stream.pick(share.first, picks)
        if not self.params.symmetries:
            picks.symmetries[:] = 0
        part.writer.write(picks, batch)
