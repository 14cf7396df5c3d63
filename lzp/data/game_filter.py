"""Which games of a store are sampled, and how they are divided into splits."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import StoreError
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
        StoreError: there are none, or boards of several sides and no choice.
    """
    if split not in SPLITS:
        raise ValueError(f"no such split: {split} (known: {', '.join(SPLITS)})")
    side = _side(store, chosen)
    games = np.flatnonzero(_selected(store, split, chosen, side))
    if len(games) == 0:
        raise StoreError(f"{store.path}: no games in the {split} split")
    return Selection(side, games)


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
