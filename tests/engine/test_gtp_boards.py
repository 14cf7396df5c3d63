"""Boards of several sizes: a network for each, changed by boardsize."""

import re

import pytest

from tests.engine.gtp_text import converse
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return {side: write_random_network(folder / f"r{side}.txt", side=side) for side in (5, 9, 13)}


@pytest.fixture
def talk(network):
    def _talk(*lines, sides=(9, 13), **flags):
        first, *more = (network[side] for side in sides)
        return converse(*lines, weights=first, more_weights=tuple(more), **flags)

    return _talk


def test_each_size_is_played_with_its_own_network(talk):
    lines = ["boardsize 13", "genmove b", "boardsize 9", "genmove b", "boardsize 13", "genmove b"]
    replies = talk(*lines)
    moves = [reply.removeprefix("= ") for reply in replies[1::2]]
    assert replies[::2] == ["= "] * 3
    # One size alone, and the same as the third game's start.
    assert moves[0] == talk("genmove b", sides=(13,))[0].removeprefix("= ")
    assert moves[1] == talk("genmove b", sides=(9,))[0].removeprefix("= ")
    assert moves[2] == moves[0]


def test_a_size_without_a_network_is_refused_and_the_game_stays(talk):
    replies = talk("play b e5", "boardsize 19", "last_move", sides=(9, 13, 5))
    assert replies[1] == (
        "? unacceptable size: r9.txt is for 9x9, r13.txt is for 13x13, r5.txt is for 5x5"
    )
    assert replies[2] == "= black E5"


def test_analysis_and_heatmap_follow_the_size(talk, capfd):
    replies = talk("boardsize 5", "heatmap", "lz-analyze 1 minmoves 25", sides=(9, 5))
    rows = [line for line in capfd.readouterr().err.splitlines() if re.match(r"[ \d]+$", line)]
    assert [len(row.split()) for row in rows] == [5] * 5
    assert replies[2].split("\n")[-1].count("info move") == 25


def test_a_record_of_another_size_brings_its_network(talk, tmp_path):
    path = tmp_path / "game.sgf"
    path.write_text("(;SZ[13];B[aa];W[mm])")
    replies = talk(f"loadsgf {path}", "last_move", "genmove b", "boardsize 9", "genmove b")
    assert replies[:2] == ["= ", "= white N1"]
    assert all(re.fullmatch(r"= [A-N]\d+", reply) for reply in (replies[2], replies[4]))
    path.write_text("(;SZ[19];B[aa])")
    wrong = talk(f"loadsgf {path}")[0]
    assert wrong == "? cannot load file: a 19x19 game; r9.txt is for 9x9, r13.txt is for 13x13"


def test_two_networks_for_a_size_are_refused(talk, network, capfd):
    replies = talk("boardsize 9", "genmove b", sides=(9, 13, 9))
    assert replies[0] == "= "
    assert replies[1] == f"? {network[9]}: {network[9]} is for 9x9 as well"
    assert "as well" in capfd.readouterr().err
