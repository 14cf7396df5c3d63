"""Several stores as one stream of samples, each with a share of it.

The stores' own streams are dealt out evenly: of the first n places of the mixture, a store
of share w has n * w, to within a sample for each store. Which place is whose follows from
the place and the shares alone, so that a mixture goes on from a number just as a single
store does, and each store is gone through in its own order, to its end before anything in
it comes again.
"""

import math
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.store import GameStore

#: Weights are counted in millionths, and at most a million: products stay below 2^62.
_WEIGHT_STEPS = 10**6


class StoreMixture:
    """Open stores that are sampled together.

    Games are numbered through all of them in the order given: the second store's first game
    has the number of games in the first store, and so on. These are the numbers in batches.

    Attributes:
        stores: at least one.
        weights: of the stores, or None: each position of each store is sampled as often.
        first_games: int64 [stores + 1], the number of each store's first game.
    """

    def __init__(self, stores: Sequence[GameStore], weights: Sequence[float] | None = None) -> None:
        """Take the stores.

        Raises:
            ValueError: no stores, or weights that are none; names the store.
        """
        if not stores:
            raise ValueError("no store is named")
        self.stores = tuple(stores)
        self.weights = None if weights is None else tuple(weights)
        for store, weight in zip(self.stores, self.weights or (), strict=bool(self.weights)):
            if not 1 / _WEIGHT_STEPS <= weight <= _WEIGHT_STEPS:
                raise ValueError(
                    f"{store.path}: its weight must be from 0.000001 to 1000000, got {weight}"
                )
        counts = [store.games for store in self.stores]
        self.first_games = np.cumsum([0, *counts], dtype=np.int64)

    @property
    def has_policies(self) -> bool:
        """Whether any of the stores has search policies."""
        return any(store.has_policies for store in self.stores)

    def locate(self, game: int) -> tuple[GameStore, int]:
        """Return the store of a game, and the game's number in it.

        Raises:
            IndexError: there is no such game.
        """
        if not 0 <= game < self.first_games[-1]:
            raise IndexError(f"game {game} of {self.first_games[-1]}")
        number = int(np.searchsorted(self.first_games, game, side="right")) - 1
        return self.stores[number], game - int(self.first_games[number])

    def whole_weights(self, numbers: Sequence[int], positions: Sequence[int]) -> list[int]:
        """Return the weights of some of the stores in whole numbers.

        Args:
            numbers: of the stores.
            positions: in an epoch of each of them; the weights where none were given.
        """
        if self.weights is None:
            return list(positions)
        parts = [round(self.weights[number] * _WEIGHT_STEPS) for number in numbers]
        return [part // math.gcd(*parts) for part in parts]


class Share(NamedTuple):
    """What one store has of some consecutive places of a mixture.

    Attributes:
        rows: int64, which of the places are its own, in order.
        first: the place in the store's own stream of the first of them; the others follow.
    """

    rows: NDArray[np.int64]
    first: int


def share_out(first: int, count: int, weights: Sequence[int]) -> Iterator[Share]:
    """Yield what each store has of the places first, first + 1, ... of a mixture.

    The first store gets floor(n * w / W) of the first n places, the next one likewise of
    the places that are left, and so on; the last one gets the rest.

    Args:
        first: 0 or more.
        count: of places.
        weights: at least 1 each; count times any of them must stay below 2^62.
    """
    rows = np.arange(count)
    total = sum(weights)
    for weight in weights[:-1]:
        before, rest = divmod(first * weight, total)
        had = (rest + weight * np.arange(1, len(rows) + 1)) // total
        own = np.diff(had, prepend=0) > 0
        yield Share(rows[own], before)
        rows = rows[~own]
        first -= before
        total -= weight
    yield Share(rows, first)


def epoch_size(positions: Sequence[int], weights: Sequence[int]) -> int:
    """Return how many places a mixture has before one of its stores begins again.

    Where the weights are the numbers of positions themselves, that is all of them.
    """
    total = sum(weights)
    size = min(own * total // weight for own, weight in zip(positions, weights, strict=True))
    while any(
        share.first > own for share, own in zip(share_out(size, 0, weights), positions, strict=True)
    ):
        size -= 1
    return size
