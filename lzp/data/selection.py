"""The games of a store that are sampled: those of a split that pass a filter."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.arrow import StoreError
from lzp.data.game_filter import SPLITS, Condition, GameFilter, split_of
from lzp.data.store import GameStore


class NoGamesError(StoreError):
    """A store has no games in a split under a filter."""


class Selection(NamedTuple):
    """The games of a store that are sampled.

    Attributes:
        side: board side of all of them.
        games: int64 [G], their numbers in the store, at least one.
    """

    side: int
    games: NDArray[np.int64]


def select_games(
    store: GameStore,
    split: str,
    chosen: GameFilter,
    earlier: NDArray[np.uint64] | None = None,
) -> Selection:
    """Return the games of a store that are in a split and pass a filter.

    Args:
        store: open.
        split: of SPLITS.
        chosen: the filter.
        earlier: hashes of games taken from other stores, which are not taken again, turned
            or mirrored either.

    Raises:
        ValueError: no such split.
        NoGamesError: there are none, with the counts after each condition.
        StoreError: boards of several sides and no choice.
    """
    if split not in SPLITS:
        raise ValueError(f"no such split: {split} (known: {', '.join(SPLITS)})")
    side = _side(store, chosen)
    left = np.ones(store.games, np.bool_)
    counts = [f"{store.games:,} games"]
    conditions = list(_conditions(store, split, chosen, side))
    if earlier is not None:
        new = ~np.isin(store.numbers("hash"), earlier)
        conditions.append(Condition("in none of the stores named before", new))
    for words, mask in conditions:
        left &= mask
        counts.append(f"{np.count_nonzero(left):,} {words}")
        if not left.any():
            break
    if not left.any():
        text = f"{store.path}: no games in the {split} split: {', '.join(counts)}"
        raise NoGamesError(text)
    return Selection(side, np.flatnonzero(left))


def select_from_stores(
    stores: Sequence[GameStore], split: str, chosen: GameFilter
) -> dict[int, Selection]:
    """Return what is sampled of several stores, by the stores' indices.

    A game that several stores have is taken from the first of them. A store without games
    in a validation or test split is left out, if another one has some.

    Raises:
        ValueError, NoGamesError, StoreError: as in `select_games`; or the stores' boards are
            of several sides.
    """
    selections: dict[int, Selection] = {}
    seen: NDArray[np.uint64] | None = None
    missing: NoGamesError | None = None
    for index, store in enumerate(stores):
        try:
            found = select_games(store, split, chosen, seen)
        except NoGamesError as error:
            if split == "train":
                raise
            missing = missing or error
            continue
        selections[index] = found
        hashes = store.numbers("hash")[found.games]
        seen = hashes if seen is None else np.concatenate([seen, hashes])
    if not selections and missing:
        raise missing
    sides = sorted({selection.side for selection in selections.values()})
    if len(sides) > 1:
        raise StoreError(f"{stores[0].path} and others: boards of sides {sides}: choose one")
    return selections


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
