"""The columns of a game store, and blocks of games on their way into one.

Positions are not stored: a game is its moves. One row of a shard:

    moves         list<uint16>  constants.py
    setup         list<uint16>  stones on the board before the first move
    side          uint8
    komi          float32       NaN where the record has none
    handicap      uint8         the record's number, or the count of set-up stones
    first_player  uint8         BLACK or WHITE
    result        int8          +1 Black won, -1 White won, 0 neither or unknown
    ending        uint8         index into lzp.sgf.record.ENDINGS
    margin        float32       points, NaN where none were counted
    black_rank    int8          lzp.sgf.parse_rank; NO_RANK where there is none
    white_rank    int8
    date          int32         yyyymmdd, 0 where unknown
    hash          uint64        the same for a game turned or mirrored; decides the split
    rules         dictionary of strings
    source        string        file, member, number of the game

A shard has these columns too where any of its games has something in them:

    ownership       list<uint8>    whose the points are in the end, ownership_kernels.py
    policy_counts   list<uint16>   search policies, policy_kernels.py: entries of each ply
    policy_moves    list<uint16>   an entry's move
    policy_weights  list<float32>  an entry's part of the visits, as it was written
    context         uint8          first plies that are there for what the later ones see
                                   of them, and are never samples themselves
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Version of this list; a store of a later one is refused. 1 had no optional columns.
STORE_VERSION = 2
READABLE_VERSIONS = (1, 2)
NO_RANK = -128

LIST_COLUMNS: dict[str, type[np.generic]] = {"moves": np.uint16, "setup": np.uint16}
NUMBER_COLUMNS: dict[str, type[np.generic]] = {
    "side": np.uint8,
    "komi": np.float32,
    "handicap": np.uint8,
    "first_player": np.uint8,
    "result": np.int8,
    "ending": np.uint8,
    "margin": np.float32,
    "black_rank": np.int8,
    "white_rank": np.int8,
    "date": np.int32,
    "hash": np.uint64,
}
TEXT_COLUMNS = ("rules", "source")
#: A shard without them holds empty lists in their place.
OPTIONAL_LISTS: dict[str, type[np.generic]] = {
    "ownership": np.uint8,
    "policy_counts": np.uint16,
    "policy_moves": np.uint16,
    "policy_weights": np.float32,
}
#: A shard without them holds zeros in their place.
OPTIONAL_NUMBERS: dict[str, type[np.generic]] = {"context": np.uint8}


@dataclass(frozen=True, slots=True)
class Ragged:
    """Rows of different lengths: row g has `counts[g]` of the values, in order.

    Attributes:
        values: all rows one after another.
        counts: int64 [G].
    """

    values: NDArray[Any]
    counts: NDArray[np.int64]

    def select(self, keep: NDArray[np.bool_]) -> "Ragged":
        """Return the rows that a mask [G] keeps."""
        return Ragged(self.values[np.repeat(keep, self.counts)], self.counts[keep])


@dataclass(frozen=True, slots=True)
class GameRow:
    """One game as a row of all columns.

    Attributes:
        lists: by name, an array each; of OPTIONAL_LISTS any may be missing.
        values: by name, a value each for numbers and texts; of OPTIONAL_NUMBERS any may be
            missing.
    """

    lists: Mapping[str, NDArray[Any]]
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class GameBlock:
    """Some games as columns.

    Attributes:
        lists: LIST_COLUMNS and OPTIONAL_LISTS by name, each of G rows.
        numbers: NUMBER_COLUMNS and OPTIONAL_NUMBERS by name, each [G].
        texts: TEXT_COLUMNS by name, each of G strings.
    """

    lists: Mapping[str, Ragged]
    numbers: Mapping[str, NDArray[Any]]
    texts: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        """Return the number of games."""
        return len(self.move_counts)

    @property
    def move_counts(self) -> NDArray[np.int64]:
        """Moves of each game, [G]."""
        return self.lists["moves"].counts

    @property
    def positions(self) -> int:
        """The number of samples in the games."""
        return int(self.move_counts.sum() - self.numbers["context"].sum(dtype=np.int64))

    @property
    def sizes(self) -> NDArray[np.int64]:
        """How much there is of each game: its moves and the entries of its policies, [G]."""
        return self.move_counts + self.lists["policy_moves"].counts

    def select(self, keep: NDArray[np.bool_]) -> "GameBlock":
        """Return the games that a mask [G] keeps."""
        if keep.all():
            return self
        return GameBlock(
            lists={name: rows.select(keep) for name, rows in self.lists.items()},
            numbers={name: column[keep] for name, column in self.numbers.items()},
            texts={
                name: [text for text, kept in zip(column, keep, strict=True) if kept]
                for name, column in self.texts.items()
            },
        )


def block_of_rows(rows: Sequence[GameRow]) -> GameBlock:
    """Return games as a block."""
    return GameBlock(
        lists={
            name: _ragged([row.lists.get(name, ()) for row in rows], kind)
            for name, kind in (LIST_COLUMNS | OPTIONAL_LISTS).items()
        },
        numbers={
            name: np.array([row.values[name] for row in rows], kind)
            for name, kind in NUMBER_COLUMNS.items()
        }
        | {
            name: np.array([row.values.get(name, 0) for row in rows], kind)
            for name, kind in OPTIONAL_NUMBERS.items()
        },
        texts={name: [row.values[name] for row in rows] for name in TEXT_COLUMNS},
    )


def _ragged(rows: Sequence[Collection[Any]], kind: type[np.generic]) -> Ragged:
    """Return arrays as the rows of one column."""
    values = np.concatenate([np.empty(0, kind), *(np.asarray(row, kind) for row in rows)])
    return Ragged(values, np.array([len(row) for row in rows], np.int64))


def join_blocks(blocks: Sequence[GameBlock]) -> GameBlock:
    """Return the games of several blocks as one, at least one block."""
    return GameBlock(
        lists={
            name: Ragged(
                np.concatenate([block.lists[name].values for block in blocks]),
                np.concatenate([block.lists[name].counts for block in blocks]),
            )
            for name in blocks[0].lists
        },
        numbers={
            name: np.concatenate([block.numbers[name] for block in blocks])
            for name in blocks[0].numbers
        },
        texts={
            name: [text for block in blocks for text in block.texts[name]] for name in TEXT_COLUMNS
        },
    )


def rank_text(rank: int) -> str:
    """Return a stored rank as players write it: 6 is 6d, 0 is 1k, 10 is 1p."""
    if rank == NO_RANK:
        return "none"
    if rank <= 0:
        return f"{1 - rank}k"
    return f"{rank}d" if rank <= 9 else f"{rank - 9}p"
