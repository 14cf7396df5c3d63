"""A view on one position, for people and for code that is in no hurry."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_kernels import clear_boards, point_of
from lzp.go.board_state import BOARD
from lzp.go.constants import EMPTY, MAX_SIDE, MIN_SIDE, NO_POINT
from lzp.go.diagram import render_diagram


def new_boards(count: int, side: int) -> NDArray[np.void]:
    """Return `count` empty boards of a side, Black to play, as an array [count] of BOARD.

    Raises:
        ValueError: the side is not in 2..25.
    """
    if not MIN_SIDE <= side <= MAX_SIDE:
        raise ValueError(f"the board's side must be {MIN_SIDE} to {MAX_SIDE}, not {side}")
    boards = np.zeros(count, BOARD)
    clear_boards(boards, side)
    return boards


class Board:
    """One position, looked at but not changed: `board[move]` is the color there.

    A view: it shows what the record holds now. Moves are y * side + x (see vertex.py).
    """

    def __init__(self, boards: NDArray[np.void]) -> None:
        """Look at boards[0] of a BOARD array."""
        self.boards = boards

    @property
    def side(self) -> int:
        """The number of lines."""
        return int(self.boards[0]["side"])

    @property
    def hash(self) -> int:
        """The Zobrist key of the stones alone: not the turn, ko or history."""
        return int(self.boards[0]["hash"])

    @property
    def to_play(self) -> int:
        """The color whose turn it is."""
        return int(self.boards[0]["to_play"])

    @property
    def ko_move(self) -> int | None:
        """The move that a simple ko forbids now, if any."""
        point = int(self.boards[0]["ko_point"])
        return None if point == NO_POINT else self._move(point)

    def prisoners(self, color: int) -> int:
        """Return how many stones of a color have been taken off the board."""
        return int(self.boards[0]["prisoners"][color])

    def colors(self) -> NDArray[np.uint8]:
        """Return what each point holds: uint8 [side²] by move."""
        side = self.side
        padded = self.boards[0]["color"][: (side + 2) ** 2].reshape(side + 2, side + 2)
        inner: NDArray[np.uint8] = padded[1:-1, 1:-1].ravel().copy()
        return inner

    def __getitem__(self, move: int) -> int:
        """Return EMPTY, BLACK or WHITE at a move's point."""
        if not 0 <= move < self.side**2:
            raise IndexError(f"not a point of a {self.side}x{self.side} board: {move}")
        return int(self.boards[0]["color"][self._point(move)])

    def _point(self, move: int) -> int:
        return point_of(self.boards[0], move)

    def _move(self, point: int) -> int:
        side = self.side
        return (point // (side + 2) - 1) * side + point % (side + 2) - 1

    def chain(self, move: int) -> list[int]:
        """Return the moves of the chain at a point, the point first; empty if no stone is there."""
        record = self.boards[0]
        start = self._point(move)
        if record["color"][start] == EMPTY:
            return []
        members = [move]
        point = int(record["next"][start])
        while point != start:
            members.append(self._move(point))
            point = int(record["next"][point])
        return members

    def chains(self) -> Iterator[list[int]]:
        """Yield every chain on the board once, by its lowest move."""
        seen: set[int] = set()
        for move in range(self.side**2):
            if move not in seen and self[move] != EMPTY:
                members = self.chain(move)
                seen.update(members)
                yield members

    def liberties(self, move: int) -> int:
        """Return how many empty points touch the chain at a point; 0 if no stone is there."""
        side = self.side
        touching = set()
        for member in self.chain(move):
            y, x = divmod(member, side)
            for near_x, near_y in [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]:
                if 0 <= near_x < side and 0 <= near_y < side:
                    touching.add(near_y * side + near_x)
        return sum(self[near] == EMPTY for near in touching)

    def __str__(self) -> str:
        """Return the position as a diagram with coordinates."""
        return render_diagram(self.colors().tolist(), self.side)
