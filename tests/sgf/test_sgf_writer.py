"""Games to text and back, and records to games."""

import numpy as np
import pytest
from sgfmill import sgf

from lzp.go import BLACK, WHITE, Game
from lzp.go.constants import SUPERKO
from lzp.sgf import SgfError, SgfInfo, read_game, to_game, write_game
from lzp.sgf.replay import DEFAULT_KOMI
from tests.data.makers import random_game


@pytest.mark.parametrize("seed", range(4))
def test_written_games_come_back(seed: int) -> None:
    game = random_game(seed, 19, plies=60, handicap=[0, 3][seed % 2], pass_rate=0.1)
    again = to_game(read_game(write_game(game).encode()))
    assert again.moves == game.moves
    assert sorted(again.setup) == sorted(game.setup)
    assert (again.side, again.komi, again.handicap) == (19, 6.5, game.handicap)
    assert (again.to_play, str(again.board)) == (game.to_play, str(game.board))


def test_sgfmill_reads_what_we_write() -> None:
    game = random_game(7, 13, handicap=4)
    info = SgfInfo(
        black="a]b\\c", white="漢", result="W+R", comment="x:y]", properties=(("TM", "600"),)
    )
    witness = sgf.Sgf_game.from_string(write_game(game, info))
    root = witness.get_root()
    assert (witness.get_size(), witness.get_komi(), witness.get_handicap()) == (13, 6.5, 4)
    assert (root.get("PB"), root.get("PW"), root.get("C")) == ("a]b\\c", "漢", "x:y]")
    assert (witness.get_winner(), root.get("TM")) == ("w", 600.0)
    board, plays = sgf_board(witness)
    assert len(plays) == len(game.moves)
    for row in range(13):
        for column in range(13):
            name = {None: 0, "b": BLACK, "w": WHITE}[board.get(row, column)]
            assert game.board[row * 13 + column] == name


def sgf_board(witness):
    from sgfmill import sgf_moves

    board, plays = sgf_moves.get_setup_and_moves(witness)
    for color, point in plays:
        if point is not None:
            board.play(*point, color)
    return board, plays


def test_a_side_to_move_that_is_not_usual_is_kept() -> None:
    game = Game(9)
    game.set_up([(BLACK, 40)], BLACK)
    assert to_game(read_game(write_game(game).encode())).to_play == BLACK


def test_part_of_a_record() -> None:
    record = read_game(b"(;SZ[9]KM[5.5];B[aa];B[bb];W[cc])")
    assert [to_game(record, ply).ply for ply in (0, 1, 2, 3, 99, -1)] == [0, 1, 2, 3, 3, 0]
    assert to_game(record, 1).to_play == BLACK
    assert to_game(record).to_play == BLACK
    assert to_game(record).komi == 5.5
    assert to_game(read_game(b"(;SZ[9];B[aa])")).komi == DEFAULT_KOMI


def test_handicap_is_counted_where_the_record_does_not_say() -> None:
    assert to_game(read_game(b"(;SZ[9]AB[cc][gg];W[ee])")).handicap == 2
    assert to_game(read_game(b"(;SZ[9]HA[3]AB[cc][gg];W[ee])")).handicap == 3
    assert to_game(read_game(b"(;SZ[9]AB[cc]AW[gg];W[ee])")).handicap == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"(;SZ[9];B[aa];W[aa])", "move 2 at A9 is not legal: .*occupied"),
        (b"(;SZ[9]AB[ab][ba];W[aa])", "move 1 at A9 is not legal: .*suicide"),
        (b"(;SZ[9]AB[aa]AW[ab][ba];B[ee])", "set-up: .*A9"),
    ],
)
def test_impossible_moves_are_named(text: bytes, message: str) -> None:
    with pytest.raises(SgfError, match=message):
        to_game(read_game(text))


def test_repeated_positions_are_allowed() -> None:
    game = game_with_a_repetition()
    assert to_game(read_game(write_game(game).encode())).moves == game.moves


def game_with_a_repetition() -> Game:
    """A random game on 3x3 that ends with a move superko forbids."""
    rng = np.random.default_rng(1)
    game = Game(3)
    while True:
        for move in rng.permutation(9):
            if game.check(int(move)) == SUPERKO:
                game.play(int(move), superko=False)
                return game
        game.play(int(rng.choice(game.legal_moves())))
