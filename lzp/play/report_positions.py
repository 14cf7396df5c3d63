"""The positions of a report: measured in one or several stores, and what kind each is of."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lzp.data import NO_RANK, GameStore
from lzp.engine.evaluator import Evaluator
from lzp.go import Game
from lzp.play.accuracy import Measured, Sample, measure_positions
from lzp.play.replay import replay_stored

#: Heading, then the name of each group and the positions in it, bool [P].
Groups = dict[str, list[tuple[str, NDArray[np.bool_]]]]

_MOST_SOURCES = 12
_FIRST_PRO = 10
_QUARTERS = ("1st quarter", "2nd quarter", "3rd quarter", "4th quarter")


@dataclass(frozen=True, kw_only=True, slots=True)
class Positions:
    """Measured positions of several stores, one after another.

    Attributes:
        measured: what the network made of them; its games are numbers within a store.
        store: int64 [P], which of `stores`.
        game: int64 [P], a number that is different for games of different stores.
        stores: where they are from.
        side: of the board.
    """

    measured: Measured
    store: NDArray[np.int64]
    game: NDArray[np.int64]
    stores: tuple[GameStore, ...]
    side: int

    def replay(self, index: int) -> Game:
        """Return a position as the game up to there, its side to move set."""
        store = self.stores[int(self.store[index])]
        number, ply = int(self.measured.game[index]), int(self.measured.ply[index])
        return replay_stored(store, number, ply)

    def source(self, index: int) -> str:
        """Return the file that a position's game is from, as the store names it."""
        shard, row = self.stores[int(self.store[index])].locate(int(self.measured.game[index]))
        return str(shard.texts("source")[row])


def measure_stores(evaluator: Evaluator, stores: Sequence[GameStore], sample: Sample) -> Positions:
    """Measure a sample's positions, as many of each store.

    Raises:
        StoreError: a store is damaged, of another board size, or has no such games.
        ValueError: the split is unknown.
    """
    share = replace(sample, positions=-(-sample.positions // len(stores)))
    parts = [measure_positions(evaluator, store, share) for store in stores]
    firsts = np.cumsum([0, *(store.games for store in stores)])
    sizes = [len(part.game) for part in parts]
    measured = Measured(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    store = np.repeat(np.arange(len(stores)), sizes)
    return Positions(
        measured=measured,
        store=store,
        game=measured.game + firsts[store],
        stores=tuple(stores),
        side=evaluator.side,
    )


def group_positions(positions: Positions) -> Groups:
    """Divide positions by where they are from and what they are; not where all are alike."""
    found = positions.measured
    ranks = np.where(
        found.black, _of_games(positions, "black_rank"), _of_games(positions, "white_rank")
    )
    groups = {
        "store": _named(_store_names(positions), positions.store),
        "source": _by_source(positions),
        "rank of the player": _by_rank(ranks),
        "handicap": _by_handicap(_of_games(positions, "handicap")),
        "part of the game": _named(_QUARTERS, _quarters(positions)),
        "side to move": _named(("White", "Black"), found.black.astype(np.int64)),
    }
    return {heading: parts for heading, parts in groups.items() if len(parts) > 1}


def _store_names(positions: Positions) -> list[str]:
    """Return the folders' names, or their paths where two have the same name."""
    paths = [store.path for store in positions.stores]
    names = [path.name for path in paths]
    return names if len(set(names)) == len(names) else [str(path) for path in paths]


def _named(names: Sequence[str], number: NDArray[np.int64]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Return a group for each name that occurs, by number [P]."""
    masks = [(name, number == index) for index, name in enumerate(names)]
    return [(name, mask) for name, mask in masks if mask.any()]


def _of_games(positions: Positions, column: str) -> NDArray[np.int64]:
    """Return a number column of the store for each position, [P]."""
    whole = np.concatenate([store.numbers(column) for store in positions.stores])
    return whole[positions.game].astype(np.int64)


def _quarters(positions: Positions) -> NDArray[np.int64]:
    """Return which quarter of its game each position is in, 0 to 3."""
    lengths = np.concatenate([store.lengths for store in positions.stores])[positions.game]
    quarters: NDArray[np.int64] = (4 * positions.measured.ply) // lengths
    return quarters


def _by_source(positions: Positions) -> list[tuple[str, NDArray[np.bool_]]]:
    """Group by the file or archive of the game, the most frequent ones."""
    texts = [text for store in positions.stores for text in store.texts("source")]
    sources = np.array([_source(texts[game]) for game in positions.game.tolist()])
    names, counts = np.unique(sources, return_counts=True)
    chosen = names[np.argsort(-counts, kind="stable")][:_MOST_SOURCES]
    return [(str(name), sources == name) for name in sorted(chosen.tolist())]


def _source(text: str) -> str:
    """Return the archive or folder that a store's source text begins with."""
    return text.split("/")[0].split("#")[0]


def _by_rank(ranks: NDArray[np.int64]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Group by rank: none, kyu, each dan, professionals."""
    known = ranks != NO_RANK
    groups = [("none", ~known), ("kyu", known & (ranks < 1))]
    groups += [(f"{dan}d", ranks == dan) for dan in range(1, _FIRST_PRO)]
    groups.append(("professional", ranks >= _FIRST_PRO))
    return [(name, mask) for name, mask in groups if mask.any()]


def _by_handicap(stones: NDArray[np.int64]) -> list[tuple[str, NDArray[np.bool_]]]:
    """Group by handicap: none, 2, 3, 4, 5 and more."""
    groups = [("none", stones < 2)]
    groups += [(str(count), stones == count) for count in (2, 3, 4)]
    groups.append(("5 and more", stones > 4))
    return [(name, mask) for name, mask in groups if mask.any()]
