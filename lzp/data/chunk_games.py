"""Games out of a chunk's positions.

A chunk holds positions without a word about games. Two that follow one another belong to
one game if the second is the first after one move, with the same seven boards behind it and
the same winner, and the first one's policy gives that move a part. The move is read off the
boards. A position that does not go on an earlier one becomes a game too: the oldest of its
eight boards as the set-up and the moves that led from there as context. The target of the
last position of a game, whose move nobody knows, is the greatest of its policy.

What comes out is played by the rules and compared with the planes; nothing is believed.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.chunk_kernels import count_matching, read_history
from lzp.data.constants import WHITE_BIT
from lzp.features import HISTORY, symmetry_tables
from lzp.features.constants import BLACK_TO_MOVE_PLANE
from lzp.features.leela_chunks import AREA, SIDE, ChunkPosition
from lzp.go import BLACK, EMPTY, WHITE, new_boards
from lzp.go.constants import LEGAL

_PASS = AREA


class ChunkGame(NamedTuple):
    """A game rebuilt from positions that follow one another.

    Attributes:
        first: the index of its first position.
        setup: uint16 codes (constants.py) of the stones placed first.
        moves: uint16 codes: the context, then the target of each position.
        context: how many moves the context has, at most 7.
    """

    first: int
    setup: NDArray[np.uint16]
    moves: NDArray[np.uint16]
    context: int

    @property
    def positions(self) -> int:
        """How many positions it was made of."""
        return len(self.moves) - self.context


class Stray(NamedTuple):
    """A position that is no part of a game by the rules.

    Attributes:
        at: the index of the position.
        code: why its target cannot be played (lzp.go.constants); LEGAL where its boards
            do not follow from one another.
    """

    at: int
    code: int


def rebuild_games(positions: Sequence[ChunkPosition]) -> Iterator[ChunkGame | Stray]:
    """Yield what consecutive positions come to, in their order; each is in one of these."""
    if not positions:
        return
    table = _Table(positions)
    starts = np.flatnonzero(np.append(True, table.played[:-1] < 0)).tolist()
    for start, end in zip(starts, [*starts[1:], len(positions)], strict=True):
        yield from _rebuild_run(table, start, end)


class _Table:
    """Positions as arrays.

    Attributes:
        planes: uint8 [N, 18, 361].
        policies: float32 [N, 362].
        movers: int64 [N], BLACK or WHITE.
        boards: uint8 [N, 8, 361], the latest first; EMPTY, BLACK, WHITE or, on a damaged
            board, the sum of both.
        played: int64 [N], the move that leads to the next position's board; -1 where that
            position does not go on this one.
    """

    def __init__(self, positions: Sequence[ChunkPosition]) -> None:
        self.planes = np.stack([position.planes for position in positions])
        self.planes = self.planes.reshape(len(positions), -1, AREA)
        self.policies = np.stack([position.policy for position in positions])
        black = self.planes[:, BLACK_TO_MOVE_PLANE, 0] != 0
        self.movers = np.where(black, BLACK, WHITE)
        mine, theirs = self.movers.astype(np.uint8), (BLACK + WHITE - self.movers).astype(np.uint8)
        self.boards = self.planes[:, :HISTORY] * mine[:, None, None]
        self.boards += self.planes[:, HISTORY : 2 * HISTORY] * theirs[:, None, None]
        values = np.array([position.value for position in positions])
        self.played = np.full(len(positions), -1)
        self.played[:-1] = self._played(np.where(black, values, -values))

    def _played(self, winners: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the moves between neighbors; -1 where they do not belong together.

        Args:
            winners: [N], the same for all positions of a game.
        """
        old, new = self.boards[:-1, 0], self.boards[1:, 0]
        added = (old == EMPTY) & (new != EMPTY)
        moves = np.where(added.any(axis=1), added.argmax(axis=1), _PASS)
        unchanged = (old == new).all(axis=1)
        by_mover = np.take_along_axis(new, moves[:, None] % AREA, axis=1)[:, 0] == self.movers[:-1]
        fits = np.where(added.any(axis=1), (added.sum(axis=1) == 1) & by_mover, unchanged)
        fits &= (self.boards[1:, 1:] == self.boards[:-1, :-1]).all(axis=(1, 2))
        fits &= (self.movers[1:] != self.movers[:-1]) & (winners[1:] == winners[:-1])
        fits &= np.take_along_axis(self.policies[:-1], moves[:, None], axis=1)[:, 0] > 0
        return np.where(fits, moves, -1)


def _rebuild_run(table: _Table, start: int, end: int) -> Iterator[ChunkGame | Stray]:
    """Yield what the positions start .. end-1, each the next one after a move, come to."""
    same = symmetry_tables(SIDE)[0]
    waiting = [(start, end)]
    while waiting:
        start, end = waiting.pop()
        game = _game_of(table, start, end)
        if game is None:
            matching, code = 0, LEGAL
        else:
            matching, code = count_matching(
                new_boards(1, SIDE), game.setup, game.moves, table.planes[start:end], same
            )
        if game is not None and matching == end - start:
            yield game
            continue
        middle = start + matching
        if matching == 0:
            yield Stray(start, code)
            middle += 1
        if middle < end:
            waiting.append((middle, end))
        if matching > 0:
            waiting.append((start, middle))


def _game_of(table: _Table, start: int, end: int) -> ChunkGame | None:
    """Return positions as one game; None if the first one's boards are not successive."""
    history = _history_of(table.boards[start], int(table.movers[start]))
    if history is None:
        return None
    setup, context = history
    targets = [*table.played[start : end - 1].tolist(), int(table.policies[end - 1].argmax())]
    codes = [
        _code(move, int(mover))
        for move, mover in zip(targets, table.movers[start:end], strict=True)
    ]
    moves = np.concatenate([context, np.array(codes, np.uint16)])
    return ChunkGame(start, setup, moves, len(context))


def _history_of(
    boards: NDArray[np.uint8], mover: int
) -> tuple[NDArray[np.uint16], NDArray[np.uint16]] | None:
    """Return the set-up and the moves from there to the latest of eight boards, coded."""
    setup, context = np.empty(AREA, np.uint16), np.empty(HISTORY - 1, np.uint16)
    stones, moves = read_history(boards, mover, setup, context)
    return None if stones < 0 else (setup[:stones], context[:moves])


def _code(move: int, color: int) -> int:
    """Return a move as the store writes it."""
    return move | WHITE_BIT if color == WHITE else move
