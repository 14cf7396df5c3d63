"""Ladders, against a reader on naive boards, and one over the whole board."""

import numpy as np
import pytest

from lzp.go import WHITE, Game
from lzp.go.board_kernels import point_of
from lzp.go.diagram import parse_diagram
from lzp.go.ladder_kernels import ATTACKER, DEFENDER, is_caught
from lzp.go.tactics import new_tactics_room
from lzp.go.vertex import parse_vertex
from tests.naive import NaiveGo
from tests.naive_ladders import NaiveReader


def read(game: Game, move: int, turn: int) -> bool:
    room = new_tactics_room()
    room.boards[0] = game.boards[0]
    return is_caught(room.boards, room.frames, point_of(game.boards[0], move), turn)


@pytest.mark.parametrize("seed", range(3))
def test_chains_are_caught_where_a_naive_reader_catches_them(seed):
    side = 7
    rng = np.random.default_rng(seed)
    found = {(turn, caught): 0 for turn in (ATTACKER, DEFENDER) for caught in (True, False)}
    for _ in range(6):
        game, other = Game(side), NaiveGo(side)
        for _ in range(30):
            color, move = game.to_play, int(rng.choice(game.legal_moves()))
            game.play(move)
            other.play(move, color)
            for stone in other.stones:
                liberties = len(other.chain(other.stones, stone)[1])
                if liberties > 2:
                    continue
                attack = liberties == 2
                caught = NaiveReader(other, stone).is_caught(attack=attack)
                turn = ATTACKER if attack else DEFENDER
                assert read(game, stone, turn) == caught
                found[turn, caught] += 1
    assert min(found.values()) > 20


LADDER = """
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. . . . . . . . .
. X . . . . . . .
. X O X . . . . .
. . X . . . . . .
. . . . . . . . .
"""


@pytest.mark.parametrize(
    ("breaker", "caught"), [(None, True), ("F6", False), ("G7", False), ("J1", True)]
)
def test_a_ladder_over_the_board_is_read_to_its_end(breaker, caught):
    side, stones = parse_diagram(LADDER)
    if breaker:
        stones = [*stones, (WHITE, parse_vertex(breaker, side))]
    game = Game(side)
    game.set_up(stones, WHITE)
    assert read(game, parse_vertex("C3", side), DEFENDER) == caught
