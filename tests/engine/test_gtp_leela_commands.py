"""Leela Zero's hidden commands, and what we say where it ends itself."""

import re

import pytest

from tests.engine.gtp_text import converse
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return {side: write_random_network(folder / f"r{side}.txt", side=side) for side in (5, 19)}


@pytest.fixture
def talk(network):
    return lambda *lines, side=5, **flags: converse(*lines, weights=network[side], **flags)


def test_go_plays_for_whoever_is_to_move(talk):
    replies = talk("play b c3", "go", "go", "move_history")
    first, second = (reply.removeprefix("= ") for reply in replies[1:3])
    assert replies[3] == f"= black {second}\nwhite {first}\nblack C3"


def test_auto_plays_to_the_end(talk):
    replies = talk("komi 0.5", "auto", "move_history", "final_score", visits=5)
    moves = replies[1].removeprefix("= ").split()
    assert moves[-2:] == ["pass", "pass"] or moves[-1] == "resign" or len(moves) == 50
    history = replies[2].removeprefix("= ").splitlines()
    assert [line.split()[1] for line in reversed(history)] == [m for m in moves if m != "resign"]
    assert re.fullmatch(r"= [BW]\+\d+\.5", replies[3])


def test_exit_ends_the_session(talk):
    assert talk("7 exit", "name") == ["=7 "]


def test_netbench_counts_evaluations(talk, capfd):
    assert talk("netbench 11", "netbench 0", "netbench x") == [
        "= ",
        "= ",
        "? syntax not understood",
    ]
    told = re.findall(r"^ *(\d+) evaluations in .* n/s$", capfd.readouterr().err, re.MULTILINE)
    assert told == ["11", "0"]


def test_a_move_is_explained(talk):
    replies = talk("play b a1", "genmove w", "gomill-explain_last_move", "clear_board",
                   "gomill-explain_last_move")  # fmt: skip
    move = replies[1].removeprefix("= ")
    found = re.fullmatch(
        r"= move 1, W => (\w+)\nPlayouts: \d+, Win: \d+\.\d\d%, PV: (\w+)( \w+)*", replies[2]
    )
    assert found is not None
    assert (found[1], found[2]) == (move, move)
    assert replies[4] == "= "


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("dump_training b out", "? no searches to write since the board was cleared"),
        ("dump_debug out", "? no searches to write since the board was cleared"),
        ("save_training out", "? no searches to write since the board was cleared"),
        ("load_training /nowhere/x", "? cannot load /nowhere/x: No such file or directory"),
        ("dump_supervised /nowhere/x out", "? cannot load /nowhere/x: No such file or directory"),
    ],
)
def test_what_cannot_be_done_is_said(talk, line, reply):
    assert talk(line, side=19) == [reply]


def test_training_data_is_for_one_size(talk):
    assert talk("genmove b", "dump_training b out")[1] == "? training data is for 19x19 boards"


def test_a_broken_saved_game_is_refused_and_nothing_is_lost(talk, tmp_path):
    saved, broken = tmp_path / "saved", tmp_path / "broken"
    talk("genmove b", f"save_training {saved}", side=19)
    text = saved.read_text()
    for wrong, reason in [
        (text[:-20], "its length does not fit its number of searches"),
        (text.replace("1 18", "1 17", 1), "a search in it is of another kind"),
        (text.replace(" 000", " 002", 1), "a plane in it is not 361 times 0 or 1"),
        ("many", "its length does not fit its number of searches"),
    ]:
        broken.write_text(wrong)
        replies = talk(
            f"load_training {saved}", f"load_training {broken}", f"save_training {broken}",
            side=19,
        )  # fmt: skip
        assert replies == ["= ", f"? cannot load {broken}: {reason}", "= "]
        assert broken.read_text() == text


def test_a_record_says_who_resigned_and_the_clock(talk):
    replies = talk("time_settings 600 30 5", "play b c3", "play w resign", "printsgf", "undo",
                   "printsgf", "kata-time_settings fischer 60 5", "printsgf")  # fmt: skip
    assert "RE[B+Resign]" in replies[3]
    assert "TM[600]" in replies[3]
    assert "OT[5/30 Canadian]" in replies[3]
    assert "RE[" not in replies[5]
    assert "OT[5 fischer]" in replies[7]
