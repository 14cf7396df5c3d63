"""Random games against two boards that we did not write for speed: sgfmill's and a naive one."""

import numpy as np
import pytest
from sgfmill import boards as sgfmill_boards

from lzp.go import BLACK, Game
from lzp.go.board_kernels import ZOBRIST
from lzp.go.constants import KO, LEGAL, MAX_POINTS, OCCUPIED, SUICIDE
from tests.naive import NaiveGo

NAMES = {1: "b", 2: "w"}


class SgfmillGo:
    """sgfmill's board with what it leaves to its user: ko, suicide, passes."""

    def __init__(self, side):
        self.side = side
        self.board = sgfmill_boards.Board(side)
        self.ko = None

    def check(self, move, color):
        """Return the code of a move; superko is not looked at."""
        row, column = divmod(move, self.side)
        if self.board.get(row, column) is not None:
            return OCCUPIED
        after = self.board.copy()
        after.play(row, column, NAMES[color])
        if after.get(row, column) is None:
            return SUICIDE
        return KO if self.ko == (row, column, color) else LEGAL

    def play(self, move, color):
        self.ko = None
        if move < self.side**2:
            point = self.board.play(*divmod(move, self.side), NAMES[color])
            self.ko = None if point is None else (*point, 3 - color)

    def colors(self):
        codes = {None: 0, "b": 1, "w": 2}
        return [codes[self.board.get(*divmod(i, self.side))] for i in range(self.side**2)]


def hash_from_scratch(colors, side):
    key = 0
    for move, color in enumerate(colors):
        if color:
            point = (move // side + 1) * (side + 2) + move % side + 1
            key ^= int(ZOBRIST[color * MAX_POINTS + point])
    return key


def check_records(game):
    """Recompute what a record keeps by increments: empty points, chains, pseudo-liberties."""
    record, board, side = game.boards[0], game.board, game.side
    colors = board.colors()
    count = int(record["empty_count"])
    assert count == int((colors == 0).sum())
    assert len({int(point) for point in record["empty"][:count]}) == count
    for index in range(count):
        assert record["empty_index"][record["empty"][index]] == index
    for members in board.chains():
        points = [(m // side + 1) * (side + 2) + m % side + 1 for m in members]
        heads = {int(record["chain"][point]) for point in points}
        assert len(heads) == 1
        assert int(record["stones"][heads.pop()]) == len(members)
        near = [p + d for p in points for d in (-1, 1, -side - 2, side + 2)]
        free = [p for p in near if record["color"][p] == 0]
        packed = int(record["liberties"][record["chain"][points[0]]])
        assert packed == sum(1 + (p << 12) + (p * p << 32) for p in free)
        assert board.liberties(members[0]) == len(set(free))


def play_and_compare(side, rng, probes):
    """Play a random game on both boards; return how many moves it had."""
    game, other = Game(side), SgfmillGo(side)
    limit = 3 * side * side
    while not game.is_over and game.ply < limit:
        color = game.to_play
        for move in rng.integers(0, side * side, probes).tolist():
            code = other.check(move, color)
            assert game.check(move, color) in ({code, 4} if code == LEGAL else {code}), game
        candidates = game.legal_moves()
        # Passing at random would end most games early.
        move = int(rng.choice(candidates[:-1] if len(candidates) > 1 else candidates))
        game.play(move)
        other.play(move, color)
        colors = other.colors()
        assert game.board.colors().tolist() == colors, game
        assert game.board.ko_move == (
            None if other.ko is None else other.ko[0] * side + other.ko[1]
        )
        assert game.board.hash == hash_from_scratch(colors, side)
    area = other.board.area_score()
    assert game.area_score() == area - game.komi
    return game.ply


@pytest.mark.compiled
def test_random_games_equal_sgfmill():
    rng = np.random.default_rng(1)
    moves = sum(play_and_compare(side, rng, 3) for side in [2, 3, 4, 5, 7, 9, 13] * 3 + [19, 25])
    assert moves > 4_000


@pytest.mark.long
@pytest.mark.compiled
def test_ten_thousand_random_games_equal_sgfmill():
    rng = np.random.default_rng(2)
    sides = [2, 3, 4, 5, 6] * 1_900 + [7, 8, 9] * 150 + [13, 19, 21, 25] * 13
    assert len(sides) >= 10_000
    for side in sides:
        play_and_compare(side, rng, 1)


@pytest.mark.parametrize("side", [2, 3, 4, 5])
def test_legal_moves_equal_a_naive_board_with_superko(side):
    rng = np.random.default_rng(side)
    banned = 0
    for _ in range(4):
        game, other = Game(side), NaiveGo(side)
        while not game.is_over and game.ply < 80:
            color = int(rng.integers(1, 3)) if rng.random() < 0.2 else game.to_play
            legal = game.legal_moves(color)
            assert legal.tolist() == other.legal_moves(color), game
            banned += sum(
                game.check(move, color) == 4 and other.is_legal(move, color, superko=False)
                for move in range(side * side)
            )
            move = int(rng.choice(legal[:-1])) if len(legal) > 1 else side * side
            game.play(move, color)
            other.play(move, color)
            assert game.board.colors().tolist() == other.colors()
            check_records(game)
        assert game.area_score() == other.area_difference() - game.komi
    assert banned > 0 or side > 3  # small boards repeat all the time


def test_a_random_game_undone_move_by_move_goes_back_through_every_position():
    rng = np.random.default_rng(5)
    game = Game(5)
    records = []
    while game.ply < 60:
        records.append(game.boards[0].tobytes())
        game.play(int(rng.choice(game.legal_moves())))
    while records:
        game.undo()
        assert game.boards[0].tobytes() == records.pop()
    assert game.ply == 0
    assert game.to_play == BLACK
