"""The games of a store that are sampled: those of a split that pass a filter."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import StoreError
from lzp.data.game_filter import SPLITS, Condition, GameFilter, split_of
from lzp.data.store import GameStore


class Selection(NamedTuple):
    """The games of a store that are sampled.

    Attributes:
        side: board side of all of them.
        games: int64 [G], their numbers in the store, at least one.
    """

    side: int
    games: NDArray[np.int64]


def select_games(store: GameStore, split: str, chosen: GameFilter) -> Selection:
    """Return the games of a store that are in a split and pass a filter.

    Raises:
        ValueError: no such split.
        StoreError: there are none, with the counts after each condition; or boards of
            several sides and no choice.
    """
    if split not in SPLITS:
        raise ValueError(f"no such split: {split} (known: {', '.join(SPLITS)})")
    side = _side(store, chosen)
    left = np.ones(store.games, np.bool_)
    counts = [f"{store.games:,} games"]
    for words, mask in _conditions(store, split, chosen, side):
        left &= mask
        counts.append(f"{np.count_nonzero(left):,} {words}")
        if not left.any():
            break
    if not left.any():
        text = f"{store.path}: no games in the {split} split: {', '.join(counts)}"
        raise StoreError(text)
    return Selection(side, np.flatnonzero(left))


def _conditions(store: GameStore, split: str, chosen: GameFilter, side: int) -> Iterator[Condition]:
    """Yield all that is asked of a game."""
    yield Condition(f"on {side}x{side}", store.numbers("side") == side)
    yield Condition("with moves", store.samples > 0)
    if not chosen.undecided:
        yield Condition("with a winner", store.numbers("result") != 0)
    yield from chosen.conditions(store)
    splits = split_of(store.numbers("hash"), chosen)
    yield Condition(f"in the {split} split", splits == SPLITS.index(split))


def _side(store: GameStore, chosen: GameFilter) -> int:
    """Return the board side to sample."""
    if chosen.side is not None:
        return chosen.side
    sides = np.unique(store.numbers("side")).tolist()
    if len(sides) > 1:
        raise StoreError(f"{store.path}: boards of sides {sides}: choose one")
    return int(sides[0]) if sides else 19
