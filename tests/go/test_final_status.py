"""Dead stones, sekis and the score: textbook positions, each under several rules."""

import numpy as np
import pytest

from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.go.counting import final_lead, mark_points
from lzp.go.diagram import parse_diagram
from lzp.go.final_status import Status, find_status
from lzp.go.rules import NAMED, Rules
from lzp.go.vertex import format_vertex, parse_vertex

PLAYOUTS = 40


def game_from(diagram, rules="chinese"):
    side, stones = parse_diagram(diagram)
    game = Game(side, 0.0, Rules.parse(rules))
    game.set_up(stones, BLACK)
    return game


def names(flags, side):
    return {format_vertex(int(move), side) for move in np.flatnonzero(flags)}


def at(points, vertex):
    return points[parse_vertex(vertex, int(len(points) ** 0.5))]


# Both sides live; a lone stone of each is in the other's land.
LAND = "...XO..\n.O.XO..\n...XO..\n...XO.X\n..XXOO.\n...XO..\n...XO.."


def test_lone_stones_in_the_other_land_are_dead():
    game = game_from(LAND)
    status = find_status(game, PLAYOUTS)
    assert names(status.dead, 7) == {"B6", "G4"}
    assert not status.seki.any()
    assert final_lead(game, status) == 4 * 7 - 3 * 7
    game.rules = Rules.named("japanese")
    # Empty points, those under dead stones too, and a prisoner each.
    assert final_lead(game, status) == (3 * 7 - 1 + 1) - (2 * 7 - 1 + 1)


def test_the_rules_may_leave_dead_stones_on_the_board():
    game = game_from(LAND, "tromp-taylor")
    status = find_status(game, PLAYOUTS)
    assert not status.dead.any()
    assert final_lead(game, status) == game.score() == 9 - 9


def test_the_answer_is_the_same_each_time_and_the_position_stays():
    game = game_from(LAND)
    before = game.boards.tobytes()
    first, again = find_status(game, PLAYOUTS), find_status(game, PLAYOUTS)
    assert np.array_equal(first.dead, again.dead)
    assert game.boards.tobytes() == before


# name, diagram, the dead
DEAD = [
    ("one eye", ".OX....\nOOX....\nXXX....\n.......\n.......\n.......\n.......", "B7 A6 B6"),
    ("two eyes", ".O.OX..\nOOOOX..\nXXXXX..\n.......\n.......\n.......\n.......", ""),
    ("a false eye", ".O.OX..\nOOXOX..\nX.X.X..\nXXXXX..\n.......\n.......\n.......",
     "B7 D7 A6 B6 D6"),
    ("square four", "..OX...\n..OX...\nOOOX...\nXXXX...\n.......\n.......\n.......",
     "C7 C6 A5 B5 C5"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "diagram", "dead"), DEAD)
def test_life_and_death(name, diagram, dead):
    status = find_status(game_from(diagram), PLAYOUTS)
    assert names(status.dead, 7) == set(dead.split()), name


# At the top each color has an eye and both share D7; below both live.
SEKI = ".XX.OO.\nXXXXOOO\nOOOOXXX\n.OOOXX.\nOOOOXXX\n.OOOXX.\nOOOOXXX"


@pytest.mark.parametrize("color", [BLACK, WHITE])
def test_stones_without_two_eyes_that_nobody_can_take_are_in_seki(color):
    game = game_from(SEKI)
    game.to_play = color
    status = find_status(game, PLAYOUTS)
    assert not status.dead.any()
    assert names(status.seki, 7) == set("B7 C7 A6 B6 C6 D6 E7 F7 E6 F6 G6".split())


@pytest.mark.parametrize("name", NAMED)
def test_eyes_in_seki_count_unless_the_rules_tax_them(name):
    game = game_from(SEKI, name)
    points = mark_points(game, find_status(game, PLAYOUTS))
    rules = NAMED[name]
    assert (at(points, "A7") == BLACK) == (rules.tax == "NONE")
    assert (at(points, "G7") == WHITE) == (rules.tax == "NONE")
    assert (at(points, "A4") == WHITE) == (rules.tax != "ALL")  # an eye of a living group
    assert at(points, "D7") == EMPTY
    assert (at(points, "B7") == BLACK) == (rules.scoring == "AREA")


# D4 can be taken at C4 as soon as White likes; in the second diagram Black may take D3, a
# neutral point, to save it.
UNPROTECTED = "..XO...\n..XO...\n..XO...\n...XO..\n..XO...\n..XO...\n..XO..."
CONNECTABLE = "..XO...\n..XO...\n..XO...\n...XO..\n..X.O..\n..XO...\n..XO..."


def test_a_point_that_must_be_filled_is_no_territory():
    alive = Status.all_alive(7)
    game = game_from(UNPROTECTED, "japanese")
    assert at(mark_points(game, alive), "C4") == EMPTY
    assert final_lead(game, alive) == 14 - 20
    game.rules = Rules.named("chinese")
    assert at(mark_points(game, alive), "C4") == BLACK
    assert final_lead(game, alive) == 22 - 27
    other = game_from(CONNECTABLE, "japanese")
    assert at(mark_points(other, alive), "C4") == BLACK
    assert final_lead(other, alive) == 15 - 19


def test_a_game_without_stones_is_won_by_the_komi():
    game = Game(5, 6.5)
    assert final_lead(game, find_status(game, PLAYOUTS)) == -6.5
