"""The game that a query tells of, and a board that shows any of its positions."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from lzp.engine.analysis.fields import QueryError
from lzp.go.constants import BLACK, WHITE
from lzp.go.game import Game, IllegalMoveError
from lzp.go.rules import Rules
from lzp.go.vertex import format_vertex

#: A position is kept for every move, 16 KB each; no real game is longer.
MOST_MOVES = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """A game as a query has it.

    Attributes:
        side: lines of the board.
        komi: in points.
        rules: what it is played by.
        stones: (color, move) of those that lie there before the first move.
        first: the color that begins.
        moves: (color, move) in order; a color may move twice.
    """

    side: int
    komi: float
    rules: Rules
    stones: tuple[tuple[int, int], ...]
    first: int
    moves: tuple[tuple[int, int], ...]

    @property
    def opening(self) -> int:
        """How many moves Black makes before White's first."""
        return sum(1 for _ in takewhile(lambda pair: pair[0] == BLACK, self.moves))

    @property
    def handicap(self) -> int:
        """Black's handicap stones: those set up, and moves of Black before White's first.

        As KataGo counts them: a single stone is none, nor are any beside a white one.
        """
        if any(color == WHITE for color, _ in self.stones):
            return 0
        placed = sum(move < self.side * self.side for _, move in self.moves[: self.opening])
        count = len(self.stones) + (placed if placed > 1 else 0)
        return count if count > 1 else 0


class Replay:
    """A board that goes from one position to the next; what they share is not played again.

    Clients ask for a game position by position, each time with all moves before it.
    """

    def __init__(self) -> None:
        """Begin with no game."""
        self._game = Game()
        self._start: Record | None = None

    def at(self, record: Record, turn: int) -> Game:
        """Return a game after so many moves, on a board that the next call changes.

        Raises:
            QueryError: stones or a move cannot be put on the board.
        """
        start = replace(record, moves=record.moves[: record.opening])
        if start != self._start:
            self._set_up(record)
            self._start = start
        game = self._game
        shared = _common(game.moves, record.moves[:turn])
        while game.ply > shared:
            game.undo()
        for number in range(shared, turn):
            color, move = record.moves[number]
            try:
                # Records hold repetitions and suicides, whatever the rules say of them.
                game.play(move, color, superko=False, suicide=True)
            except IllegalMoveError as error:
                vertex = format_vertex(move, record.side)
                reason = str(error).rpartition(": ")[2]
                raise QueryError("moves", f"Illegal move {number}: {vertex} ({reason})") from None
        return game

    def _set_up(self, record: Record) -> None:
        """Begin a game."""
        self._start = None
        self._game = Game(record.side, record.komi, record.rules)
        try:
            self._game.set_up(record.stones, record.first, record.handicap)
        except ValueError as error:
            raise QueryError("initialStones", f"Illegal stones: {error}") from None


def _common(first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]) -> int:
    """Return how many moves two games have in common from the beginning."""
    for number, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return number
    return min(len(first), len(second))
