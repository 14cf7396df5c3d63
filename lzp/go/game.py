"""A game in progress: positions, turn, komi, handicap, superko, undo, the end."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from lzp.go.board import Board, new_boards
from lzp.go.board_kernels import (
    TURN_KEY,
    check_move,
    hash_after,
    legal_flags,
    play_move,
    set_up_stones,
)
from lzp.go.board_state import BOARD
from lzp.go.constants import (
    BLACK,
    FREE_BUTTON,
    KO,
    LEGAL,
    NO_BUTTON,
    OCCUPIED,
    OFF_BOARD,
    RECENT_CAPTURES,
    SUICIDE,
    SUPERKO,
    WHITE,
)
from lzp.go.rules import DEFAULT_RULES, POSITIONAL, SIMPLE, SITUATIONAL, TERRITORY, Rules
from lzp.go.scoring_kernels import area_difference, counted_difference
from lzp.go.vertex import format_color, format_vertex

_REASONS = {
    OCCUPIED: "the point is occupied",
    KO: "the ko cannot be retaken yet",
    SUICIDE: "suicide",
    SUPERKO: "the position would repeat",
    OFF_BOARD: "off the board",
}
_FIRST_CAPACITY = 64


class IllegalMoveError(ValueError):
    """A move that the rules forbid; `code` is the reason (constants.py)."""

    def __init__(self, move: int, color: int, side: int, code: int) -> None:
        """Say which move of which color is refused, and why."""
        vertex = f"move {move}" if code == OFF_BOARD else format_vertex(move, side)
        super().__init__(f"illegal move {format_color(color)} {vertex}: {_REASONS[code]}")
        self.code = code


class Game:
    """The moves of a game and every position since its set-up.

    Ko, superko over the whole game, suicide and scoring are those of `rules`. Either color
    may move at any time; `to_play` is only a default. Positions are kept whole, 16 KB each,
    so that undo is exact and instant.
    """

    def __init__(self, side: int = 19, komi: float = 7.5, rules: Rules = DEFAULT_RULES) -> None:
        """Start with an empty board, Black to play.

        Raises:
            ValueError: the side is not in 2..25.
        """
        self.komi = komi
        self._positions = new_boards(_FIRST_CAPACITY, side)
        self._hashes = np.zeros(_FIRST_CAPACITY, np.uint64)
        self._scratch = np.zeros(1, BOARD)
        self.side = side
        self._rules = rules
        self.clear()

    @property
    def rules(self) -> Rules:
        """The rule set; may be set at any time, moves that it forbids stay."""
        return self._rules

    @rules.setter
    def rules(self, rules: Rules) -> None:
        self._rules = rules
        self._positions["suicide"] = rules.suicide
        button, passes = FREE_BUTTON if rules.button else NO_BUTTON, 0
        self._positions[0]["button"] = button
        for ply, (color, move) in enumerate(self.moves, 1):
            if move != self.pass_move:
                passes = 0
            elif button == FREE_BUTTON:
                button = color
            else:
                passes += 1
            self._positions[ply]["button"] = button
            self._positions[ply]["passes"] = passes

    def clear(self) -> None:
        """Empty the board; side and komi stay."""
        self.set_up([], BLACK)

    def set_up(self, stones: Iterable[tuple[int, int]], to_play: int, handicap: int = 0) -> None:
        """Start from a position instead of the empty board; moves and history are dropped.

        Args:
            stones: (color, move) of each stone.
            to_play: the color to move.
            handicap: Black's handicap stones, for scoring.

        Raises:
            ValueError: two stones on a point, a chain without liberties, or a move off the
                board. The game is then as it was before.
        """
        stones = list(stones)
        start = new_boards(1, self.side)
        colors = np.array([color for color, _ in stones], np.int32)
        points = np.array([move for _, move in stones], np.int32)
        bad = [int(move) for move in points if not 0 <= move < self.pass_move]
        if bad:
            raise ValueError(f"cannot set up a stone off the board: {bad[0]}")
        wrong = set_up_stones(start, points, colors)
        if wrong >= 0:
            vertex = format_vertex(int(points[wrong]), self.side)
            raise ValueError(f"cannot set up a stone at {vertex}: occupied or without liberties")
        start[0]["to_play"] = to_play
        start[0]["suicide"] = self._rules.suicide
        start[0]["button"] = FREE_BUTTON if self._rules.button else NO_BUTTON
        self.setup = stones
        self.handicap = handicap
        self.moves: list[tuple[int, int]] = []
        self._captured = np.zeros(self.pass_move, np.bool_)
        self._positions[0] = start[0]
        self._hashes[0] = start[0]["hash"]

    @property
    def pass_move(self) -> int:
        """The move that passes: side²."""
        return self.side * self.side

    @property
    def ply(self) -> int:
        """Moves played since the set-up, passes included."""
        return len(self.moves)

    @property
    def boards(self) -> NDArray[np.void]:
        """The current position as a BOARD array [1]; a view, valid until the next move."""
        return self._positions[self.ply : self.ply + 1]

    @property
    def board(self) -> Board:
        """The current position, to look at."""
        return Board(self.boards)

    @property
    def to_play(self) -> int:
        """The color whose turn it is; may be set."""
        return int(self.boards[0]["to_play"])

    @to_play.setter
    def to_play(self, color: int) -> None:
        self.boards[0]["to_play"] = color

    @property
    def passes(self) -> int:
        """Consecutive passes at the end of the game so far."""
        return int(self.boards[0]["passes"])

    @property
    def is_over(self) -> bool:
        """Whether the last two moves were passes."""
        return self.passes >= 2

    def check(self, move: int, color: int | None = None) -> int:
        """Return the legality code of a move: LEGAL, OCCUPIED, KO, SUICIDE, SUPERKO, OFF_BOARD."""
        color = color or self.to_play
        code = check_move(self.boards, move, color)
        if code == LEGAL and self._repeats(move, color):
            return SUPERKO
        return code

    def _repeats(self, move: int, color: int) -> bool:
        """Return whether the superko rule forbids a move that is legal without it.

        Unless it is suicide, the new stone stood there in that earlier position and was
        taken since, so only points where a stone was ever taken can repeat.
        """
        rules = self._rules
        if rules.ko == SIMPLE or move == self.pass_move:
            return False
        if not (self._captured[move] or rules.suicide):
            return False
        key = np.uint64(hash_after(self.boards, self._scratch, move, color))
        if rules.ko == SITUATIONAL and color == BLACK:
            key ^= TURN_KEY
        return bool(np.any(self.superko_keys() == key))

    def _check_suicide(self, move: int, color: int) -> int:
        """Return the legality code of a suicide where the rules allow it."""
        self._scratch[0] = self.boards[0]
        self._scratch[0]["suicide"] = True
        return check_move(self._scratch, move, color)

    def is_legal(self, move: int, color: int | None = None) -> bool:
        """Return whether a move may be played by a color (by default the one to play)."""
        return self.check(move, color) == LEGAL

    def legal_moves(self, color: int | None = None) -> NDArray[np.int32]:
        """Return every legal move of a color in rising order, the pass last."""
        color = color or self.to_play
        flags = np.zeros(self.pass_move + 1, np.bool_)
        legal_flags(self.boards, color, flags)
        for move in np.flatnonzero(flags[:-1] & (self._captured | self._rules.suicide)):
            flags[move] = not self._repeats(int(move), color)
        return np.flatnonzero(flags).astype(np.int32)

    def play(
        self, move: int, color: int | None = None, *, superko: bool = True, suicide: bool = False
    ) -> None:
        """Play a move and give the turn to the other color.

        Args:
            move: y * side + x, or side² to pass.
            color: BLACK or WHITE; by default the one to play.
            superko: whether a repeated position is refused; records may hold one.
            suicide: whether two or more stones may take themselves off the board whatever
                the rules say; records may hold that as well.

        Raises:
            IllegalMoveError: the rules forbid it; nothing changes.
        """
        color = color or self.to_play
        code = self.check(move, color)
        if code == SUICIDE and suicide:
            code = self._check_suicide(move, color)
        if code != LEGAL and (superko or code != SUPERKO):
            raise IllegalMoveError(move, color, self.side, code)
        self._reserve(self.ply + 2)
        following = self._positions[self.ply + 1 : self.ply + 2]
        following[0] = self.boards[0]
        play_move(following, move, color)
        self._note_captures(following[0])
        self.moves.append((color, move))
        self._hashes[self.ply] = following[0]["hash"]

    def _note_captures(self, record: np.void) -> None:
        """Mark the points where the last move took stones."""
        before, end = int(self.boards[0]["capture_end"]), int(record["capture_end"])
        points = record["recent_captures"][np.arange(before, end) & (RECENT_CAPTURES - 1)]
        rows, columns = np.divmod(points.astype(np.int64), self.side + 2)
        self._captured[(rows - 1) * self.side + columns - 1] = True

    def _reserve(self, positions: int) -> None:
        """Make room for so many positions, doubling."""
        if positions > len(self._positions):
            grown = np.zeros(2 * len(self._positions), BOARD)
            grown[: len(self._positions)] = self._positions
            self._positions = grown
            self._hashes = np.concatenate([self._hashes, np.zeros_like(self._hashes)])

    def undo(self) -> None:
        """Take the last move back.

        Raises:
            ValueError: no move has been played since the set-up.
        """
        if not self.moves:
            raise ValueError("no move to take back")
        self.moves.pop()

    def position_hashes(self) -> NDArray[np.uint64]:
        """Return the stones' hash of every position, set-up first, the current one last."""
        return self._hashes[: self.ply + 1]

    def superko_keys(self) -> NDArray[np.uint64]:
        """Return what stands for every position so far where repetitions are looked for.

        The stones' hash; unless the rules look at stones alone, with TURN_KEY mixed in
        where it was White's turn.
        """
        hashes = self.position_hashes()
        if self._rules.ko == POSITIONAL:
            return hashes
        is_white = self._positions["to_play"][: self.ply + 1] == WHITE
        return np.where(is_white, hashes ^ TURN_KEY, hashes)

    @property
    def compensation(self) -> float:
        """What White is given, in points: komi, and what the rules add for handicap stones."""
        return self.komi + self._rules.bonus(self.handicap)

    def area_score(self) -> float:
        """Return Black's lead in points by area, whatever the rules, every stone being alive.

        Komi, and what the rules give for handicap stones, are taken off.
        """
        return area_difference(self.boards) - self.compensation

    def score(self) -> float:
        """Return Black's lead in points as the rules count it, if every stone is alive.

        By area or by territory, with button, komi and handicap. No eyes are taxed: that
        takes knowing which stones are dead and which alive in seki (counting.py).
        """
        by_territory = int(self._rules.scoring == TERRITORY)
        return counted_difference(self.boards, by_territory) - self.compensation

    def copy(self) -> "Game":
        """Return an independent game in the same state."""
        twin = Game(self.side, self.komi, self._rules)
        twin.set_up(self.setup, BLACK, self.handicap)
        twin._positions = self._positions.copy()
        twin._hashes = self._hashes.copy()
        twin._captured = self._captured.copy()
        twin.moves = list(self.moves)
        return twin

    def __str__(self) -> str:
        """Return the position as a diagram with the turn and the prisoners."""
        taken = (
            f"prisoners: black {self.board.prisoners(WHITE)}, white {self.board.prisoners(BLACK)}"
        )
        return f"{self.board}\n{format_color(self.to_play)} to play, {taken}"
