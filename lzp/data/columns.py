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
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Version of this list; a store of another one is refused.
STORE_VERSION = 1
NO_RANK = -128

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


@dataclass(frozen=True, slots=True)
class GameBlock:
    """Some games as columns; row g has `move_counts[g]` of the moves, in order.

    Attributes:
        moves: uint16, the moves of all games one after another.
        move_counts: int64 [G].
        setup: uint16, likewise the set-up stones.
        setup_counts: int64 [G].
        numbers: NUMBER_COLUMNS by name, each [G].
        texts: TEXT_COLUMNS by name, each of G strings.
    """

    moves: NDArray[np.uint16]
    move_counts: NDArray[np.int64]
    setup: NDArray[np.uint16]
    setup_counts: NDArray[np.int64]
    numbers: Mapping[str, NDArray[Any]]
    texts: Mapping[str, Sequence[str]]

    def __len__(self) -> int:
        """Return the number of games."""
        return len(self.move_counts)

    def select(self, keep: NDArray[np.bool_]) -> "GameBlock":
        """Return the games that a mask [G] keeps."""
        if keep.all():
            return self
        return GameBlock(
            moves=self.moves[np.repeat(keep, self.move_counts)],
            move_counts=self.move_counts[keep],
            setup=self.setup[np.repeat(keep, self.setup_counts)],
            setup_counts=self.setup_counts[keep],
            numbers={name: column[keep] for name, column in self.numbers.items()},
            texts={
                name: [text for text, kept in zip(column, keep, strict=True) if kept]
                for name, column in self.texts.items()
            },
        )


def block_of_rows(
    moves: Sequence[NDArray[np.uint16]],
    setup: Sequence[NDArray[np.uint16]],
    rows: Sequence[Mapping[str, Any]],
) -> GameBlock:
    """Return games as a block; `rows` has one value per number and text column each."""
    return GameBlock(
        moves=_joined(moves),
        move_counts=np.array([len(game) for game in moves], np.int64),
        setup=_joined(setup),
        setup_counts=np.array([len(stones) for stones in setup], np.int64),
        numbers={
            name: np.array([row[name] for row in rows], kind)
            for name, kind in NUMBER_COLUMNS.items()
        },
        texts={name: [row[name] for row in rows] for name in TEXT_COLUMNS},
    )


def join_blocks(blocks: Sequence[GameBlock]) -> GameBlock:
    """Return the games of several blocks as one, at least one block."""
    return GameBlock(
        moves=_joined([block.moves for block in blocks]),
        move_counts=np.concatenate([block.move_counts for block in blocks]),
        setup=_joined([block.setup for block in blocks]),
        setup_counts=np.concatenate([block.setup_counts for block in blocks]),
        numbers={
            name: np.concatenate([block.numbers[name] for block in blocks])
            for name in NUMBER_COLUMNS
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


def _joined(parts: Sequence[NDArray[np.uint16]]) -> NDArray[np.uint16]:
    """Return arrays one after another; none give an empty one."""
    return np.concatenate(parts) if parts else np.empty(0, np.uint16)
