"""What GoGui asks for, read as GoGui reads it."""

import re

import pytest

from lzp.engine.gtp import catalog
from tests.engine.gtp_clients import (
    gogui_board,
    gogui_body,
    gogui_definitions,
    gogui_graphics,
    gogui_live,
    gogui_pairs,
    gogui_parameters,
    settled_board,
)
from tests.engine.gtp_text import converse
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

SIDE = 9


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("networks") / "r9.txt", side=SIDE)


@pytest.fixture
def talk(network):
    return lambda *lines, **flags: converse(*lines, weights=network, **flags)


def test_the_menu_is_taken_and_every_entry_answers(talk):
    menu = gogui_definitions(talk("gogui-analyze_commands")[0])
    types = {kind for kind, _, _ in menu}
    assert {"gfx", "dboard", "pspairs", "varc", "string", "param"} <= types
    commands = [command.replace("%m", "b").replace("%c", "w") for _, _, command in menu]
    assert {command.split()[0] for command in commands} <= set(catalog.COMMANDS)
    replies = talk("gogui-play_sequence b e5 w c3", *commands)[1:]
    assert [reply[0] for reply in replies] == ["="] * len(commands)
    readers = {
        "dboard": lambda reply: gogui_board(reply, SIDE),
        "pspairs": gogui_pairs,
        "gfx": lambda reply: gogui_graphics(gogui_body(reply)),
        "param": gogui_parameters,
    }
    for (kind, _, _), reply in zip(menu, replies, strict=True):
        if kind in readers:
            assert readers[kind](reply)
        elif kind in ("var", "varc"):
            steps = gogui_body(reply).split()
            assert steps
            assert all(re.fullmatch(r"[A-HJ]\d", step) for step in steps)
        elif kind == "string":
            assert "\n" not in reply  # one line goes to the status bar


def test_pictures_of_one_search_agree(talk):
    visits, winrate, best, variation = talk(
        "lzp-visits", "lzp-winrate", "lzp-best_moves", "lzp-variation b", visits=150
    )
    counts = {point: int(count) for point, count in gogui_pairs(visits).items()}
    assert sum(counts.values()) == 149
    said = re.fullmatch(
        r"Black ([\d.]+)%, White ([\d.]+)% after (\d+) visits, best (\w+)", gogui_body(winrate)
    )
    assert said
    black, white, root, move = said.groups()
    assert float(black) + float(white) == pytest.approx(100, abs=0.11)
    assert int(root) == 150
    drawn = gogui_graphics(gogui_body(best))
    colored = [words[1] for name, words in drawn if name == "COLOR"]
    (labels,) = [words for name, words in drawn if name == "LABEL"]
    assert colored == labels[::2]
    assert colored[0] == move == gogui_body(variation).split()[0]
    assert set(colored) <= set(counts)


@pytest.mark.parametrize(("color", "name"), [("b", "Black"), ("w", "White")])
def test_winrate_is_told_for_both_colors_whoever_is_to_move(talk, color, name):
    setup = f"gogui-setup_player {color}"
    told = re.search(rf"{name} ([\d.]+)%", talk(setup, "lzp-winrate", visits=40)[1])
    line = talk(f"kata-search_analyze {color} rootInfo true", visits=40)[0]
    found = re.search(r"rootInfo .*winrate ([\d.]+)", line)
    assert told
    assert found
    winrate = float(found[1])
    assert abs(winrate - 0.5) > 0.01
    assert float(told[1]) == pytest.approx(100 * winrate, abs=0.06)


def test_the_policy_is_shown_where_it_is_legal(talk, capfd):
    rows, pairs, _ = talk("play b c3", "lzp-policy_map", "lzp-policy", "heatmap average")[1:]
    board = gogui_board(rows, SIDE)
    assert max(map(max, board)) == 1
    assert board[6][2] == 0  # the stone
    shown = {point: int(share) for point, share in gogui_pairs(pairs).items()}
    best = max(
        (
            (number, row, column)
            for row, line in enumerate(board)
            for column, number in enumerate(line)
        )
    )
    assert next(iter(shown)) == f"{'ABCDEFGHJ'[best[2]]}{SIDE - best[1]}"
    heat = [[int(w) for w in line.split()] for line in capfd.readouterr().err.split("\n")[:SIDE]]
    for point, share in shown.items():
        row, column = SIDE - int(point[1:]), "ABCDEFGHJ".index(point[0])
        assert share == pytest.approx(heat[row][column] / 10, abs=0.6)


def test_the_territory_is_blacks_above_zero(talk):
    board = gogui_board(talk(settled_board(), "lzp-territory")[1], SIDE)
    assert min(min(row[:4]) for row in board) > 0.9
    assert max(max(row[4:]) for row in board) < -0.9


def test_parameters_are_a_dialog(talk):
    shown, *replies, again = talk(
        "lzp-param",
        "lzp-param maxVisits 33",
        "lzp-param ponderingEnabled 1",
        "lzp-param liveGraphics variation",
        "lzp-param liveGraphics everything",
        "lzp-param",
    )
    before, after = gogui_parameters(shown), gogui_parameters(again)
    assert (before["maxVisits"], after["maxVisits"]) == (("string", "20"), ("string", "33"))
    assert (before["ponderingEnabled"][1], after["ponderingEnabled"]) == ("0", ("bool", "1"))
    assert after["liveGraphics"] == ("list/off/moves/variation", "variation")
    assert replies[-1].startswith("? ")


@pytest.mark.parametrize(("word", "name"), [("moves", "COLOR"), ("variation", "VAR")])
@pytest.mark.parametrize("command", ["genmove b", "lzp-visits", "lz-genmove_analyze b 1"])
def test_live_graphics_are_drawn_on_request_and_cleared(talk, capfd, word, name, command):
    reply = talk(f"lzp-param liveGraphics {word}", command, visits=60)[-1]
    pictures = gogui_live(capfd.readouterr().err)
    assert len(pictures) >= 2
    assert pictures[-1] == []
    assert all(picture[0][0] == name for picture in pictures[:-1])
    assert "gogui-gfx" not in reply
    if "analyze" in command:
        assert "info move" in reply  # who asked for reports has them as well


def test_nothing_is_drawn_unless_asked_for(talk, capfd):
    talk("genmove b", "lzp-visits")
    assert capfd.readouterr().err == ""


def test_a_position_is_set_up_and_who_plays_in_it(talk):
    replies = talk(
        "gogui-version 1.6.0", "clear_board", "gogui-setup B C3 W D4 b e5", "gogui-setup_player W",
        "showboard", "list_stones b", "list_stones white", "play w e4", "gg-undo",
        "gogui-setup b d5", "list_stones black", "undo", "gogui-setup b c3",
        "gogui-setup b a1 w a2 w b1", "gogui-setup b pass", "gogui-setup b", "list_stones black",
    )  # fmt: skip
    assert replies[:4] == ["= "] * 4
    assert "white to play" in replies[4]
    assert replies[5:7] == ["= C3 E5", "= D4"]
    assert replies[7:10] == ["= "] * 3
    assert sorted(replies[10].split()[1:]) == ["C3", "D5", "E5"]
    assert replies[11] == "? cannot undo"
    assert all(reply.startswith("? ") for reply in replies[12:16])
    assert replies[16] == replies[10]  # what was refused has left no trace


def test_moves_are_played_and_taken_back_all_or_none(talk):
    replies = talk(
        "gogui-play_sequence B E5 W PASS b c3 b c4", "move_history",
        "gogui-play_sequence w d4 b e5", "gogui-play_sequence w", "gogui-play_sequence w k10",
        "gg-undo 5", "gg-undo -1", "move_history", "gg-undo 3", "move_history", "gg-undo",
        "gg-undo", "gogui-play_sequence", "gg-undo 0",
    )  # fmt: skip
    assert replies[0] == "= "
    assert replies[1] == "= black C4\nblack C3\nwhite pass\nblack E5"
    assert replies[2] == "? illegal move: black E5: the point is occupied"
    assert all(reply.startswith("? ") for reply in replies[3:7])
    assert replies[7] == replies[1]
    assert replies[9] == "= black E5"
    assert replies[10:] == ["= ", "? cannot undo", "= ", "= "]
