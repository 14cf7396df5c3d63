"""Sessions as GoGui, Lizzie, LizzieYzy and Sabaki hold them, read by their own rules."""

import json
import re
import time

import pytest

from tests.engine.gtp_clients import (
    gogui_definitions,
    lizzie_kata,
    lizzieyzy_variations,
    sabaki_moves,
)
from tests.engine.gtp_process import SOON_S
from tests.engine.gui_clients import GoGui, Lizzie, LizzieYzy, Sabaki
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

VERTEX = re.compile(r"[A-HJ][1-9]|pass|resign", re.IGNORECASE)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)


@pytest.fixture
def start(network):
    """A function that starts a client; its process must have ended by itself."""
    clients = []

    def _start(client, *flags):
        words = ["--backend", "onnxruntime", "--precision", "float32", "-b", "80", *flags]
        clients.append(client("-w", network, *words))
        return clients[-1]

    yield _start
    for client in clients:
        client.process.kill()
        client.leave()
        assert client.died is None


def attach(gogui):
    """What GoGui's window sends when an engine is attached, in order; the list of commands."""
    for command in ("name", "protocol_version", "version"):
        assert gogui.ok(command)
    listed = gogui.ok("list_commands").split("\n")
    has_interrupt = "gogui-interrupt" in listed and gogui.ask("gogui-interrupt")[0] == "="
    assert has_interrupt
    assert not [command for command in listed if command.startswith("gogui-rules_")]
    for command in ("name", "protocol_version"):
        gogui.ok(command)
    assert gogui.ok("gogui-version 1.6.0") == ""
    menu = gogui_definitions(f"= {gogui.ok('gogui-analyze_commands')}")
    assert {command.split()[0] for _, _, command in menu} <= set(listed)
    for command in ("boardsize 9", "clear_board", "komi 6.5", "time_settings 0 1 1"):
        assert gogui.ok(command) == ""
    return listed


def test_gogui_plays_a_game(start):
    gogui = start(GoGui)
    attach(gogui)
    assert gogui.ok("play B E5") == ""
    gogui.ok("time_left w 60 0")
    assert VERTEX.fullmatch(gogui.ok("genmove w"))
    assert VERTEX.fullmatch(gogui.ok("genmove b"))
    gogui.ok("gg-undo 2")
    gogui.ok("play W PASS")
    gogui.ok("gogui-play_sequence B G7 W C3")
    gogui.ok("clear_board")
    gogui.ok("gogui-setup B C3 W D4")
    gogui.ok("gogui-setup_player W")
    gogui.ok("clear_board")
    gogui.ok("set_free_handicap C3 G7")
    assert re.fullmatch(r"[BW]\+\d+(\.\d+)?|0", gogui.ok("final_score"))
    for vertex in gogui.ok("final_status_list dead").split():
        assert VERTEX.fullmatch(vertex)
    assert VERTEX.fullmatch(gogui.ok("kgs-genmove_cleanup w"))
    gogui.ok("komi 7.5")
    gogui.ok("time_settings 0 1 0")  # no limit
    assert float(gogui.ok("cputime")) > 0  # gogui-twogtp's
    assert gogui.ok("quit") == ""
    gogui.stdin.close()
    assert gogui.leave() == 0
    assert gogui.invalid == []


def test_gogui_interrupts_a_move_and_an_analysis_of_its_shell(start):
    gogui = start(GoGui)
    attach(gogui)
    gogui.ok("genmove b")
    gogui.ok("time_settings 3600 0 0")
    gogui.ok("clear_board")
    for command in ("lz-analyze b 10", "genmove b"):
        count = len(gogui.replies)
        gogui.write(command + "\n")
        time.sleep(0.3)
        gogui.write("# interrupt\n")
        started = time.monotonic()
        gogui.wait_until(lambda count=count: len(gogui.replies) > count)
        assert time.monotonic() - started < SOON_S
    assert VERTEX.fullmatch(gogui.replies[-1][1])
    gogui.ok("quit")
    assert gogui.leave() == 0


def lizzie_starts(lizzie):
    """What Lizzie sends at once when it starts, and the analysis that begins by itself."""
    for command in ("name", "version", "boardsize 9", "komi 7.5"):
        lizzie.command(command)
    lizzie.wait_until(lambda: lizzie.answered == 4)
    name = "kata-analyze 10 ownership true" if lizzie.is_kata else "lz-analyze 10"
    lizzie.analyze(name)
    lizzie.wait_until(lambda: lizzie.best, "analysis")
    return name


@pytest.mark.parametrize("identity", ["lzp", pytest.param("leelaz", marks=pytest.mark.slow)])
def test_lizzie_analyzes_and_plays(start, identity):
    lizzie = start(Lizzie, "--as", identity)
    name = lizzie_starts(lizzie)
    assert not lizzie.is_kata
    steps = [
        "play B E5", "play W C3", "undo", "play W pass", "clear_board", "komi 6.5", "name",
    ]  # fmt: skip
    for step in steps:  # any of them ends the analysis that runs
        lizzie.command(step)
        lizzie.analyze(name)
        lizzie.wait_until(lambda: lizzie.best, "analysis")
        assert all(move["pv"][0] == move["move"] for move in lizzie.best)
        assert 0 <= lizzie.winrate() <= 100
    lizzie.analyze("lz-analyze 10 avoid b E5,D4 30 avoid w E5,D4 30")
    lizzie.wait_until(lambda: lizzie.best, "analysis")
    assert not {"E5", "D4"} & {move["move"] for move in lizzie.best}
    lizzie.analyze("lz-analyze 10 allow b G3 1")
    lizzie.wait_until(lambda: lizzie.best, "analysis")
    assert {move["move"] for move in lizzie.best} <= {"G3", "pass"}
    lizzie.command("time_settings 0 1 1")
    lizzie.command("genmove B")
    lizzie.command("lz-genmove_analyze W 10")
    lizzie.wait_until(lambda: len(lizzie.moves) == 2, "move")
    assert set(map(len, lizzie.moves)) == {2}
    lizzie.command("clear_board")
    lizzie.command("fixed_handicap 4")
    lizzie.wait_until(lambda: lizzie.answered == lizzie.number)
    assert sorted(lizzie.replies[-1][1].split()) == ["C3", "C7", "G3", "G7"]
    assert all(status == "=" for status, _ in lizzie.replies)
    lizzie.command("quit")
    assert lizzie.leave(5) == 0


def test_lizzie_analyzes_as_it_does_with_katago(start):
    lizzie = start(Lizzie, "--as", "katago")
    name = lizzie_starts(lizzie)
    assert lizzie.is_kata
    assert len(lizzie.ownership) == 81
    for step in ("play B E5", "play W C3", "undo", "clear_board"):
        lizzie.command(step)
        lizzie.analyze(name)
        lizzie.wait_until(lambda: lizzie.best, "analysis")
        assert all(move["pv"][0] == move["move"] for move in lizzie.best)
        assert 0 <= lizzie.winrate() <= 100
    lizzie.command("time_settings 0 1 1")
    lizzie.command("genmove B")
    lizzie.wait_until(lambda: lizzie.moves, "move")
    assert all(status == "=" for status, _ in lizzie.replies)
    lizzie.stdin.close()  # it may close the pipe alone
    assert lizzie.leave(5) == 0


def test_lizzieyzy_counts_as_many_replies_as_it_sent_commands(start):
    lizzie = start(LizzieYzy)
    for command in ("name", "version", "list_commands", "komi 7.5", "boardsize 9"):
        lizzie.command(command)
    lizzie.settle()
    assert lizzie.replies[0][1].startswith("Leela Zero")  # lz-analyze with a color
    assert lizzie.replies[2][1].startswith("protocol_version\n")
    for color, step in (("B", "play B E5"), ("W", "play W C3"), ("B", "undo"), ("W", "name")):
        lizzie.segments = []
        lizzie.command(f"lz-analyze {color} 10")
        lizzie.wait_until(lambda: lizzie.segments, "analysis")
        orders = [int(found["order"]) for found, _ in lizzie.segments]
        assert orders == list(range(len(orders)))
        assert all(re.fullmatch(r"\d+", found["winrate"]) for found, _ in lizzie.segments)
        lizzie.command(step)
        lizzie.settle()
    lizzie.command("heatmap")
    lizzie.settle()
    assert all(status == "=" for status, _ in lizzie.replies)
    lizzie.command("quit")
    assert lizzie.leave() == 0


def test_lizzieyzy_talks_as_it_does_to_katago(start):
    lizzie = start(LizzieYzy, "--as", "katago")
    for command in ("name", "version", "list_commands", "komi 7.5", "boardsize 9"):
        lizzie.command(command)
    for key in ("playoutDoublingAdvantage", "analysisWideRootNoise"):
        lizzie.command(f"kata-get-param {key}")
        lizzie.settle()
        assert float(lizzie.replies[-1][1]) == 0
    lizzie.command("kata-get-rules")
    lizzie.settle()
    keys = {"scoring", "ko", "tax", "suicide", "hasButton", "whiteHandicapBonus"}
    assert keys <= set(json.loads(lizzie.replies[-1][1]))
    assert lizzie.replies[0][1].startswith("KataGo")
    for words in ("", "avoid b E5,D4 5 avoid w E5 5 ", "ownership true pvVisits true "):
        lizzie.lines = []
        lizzie.command(f"kata-analyze B 10 {words}".strip())
        lizzie.wait_until(lambda: lizzie.lines, "analysis")
        for line in lizzie.lines:
            if "pvVisits" in words:
                assert all(len(pv) == len(visits) for pv, visits in lizzieyzy_variations(line))
            elif "avoid" in words:
                assert not {"E5", "D4"} & {move["move"] for move in lizzie_kata(line, 9)[0]}
        lizzie.command("stop")
        lizzie.settle()
    lizzie.command("time_settings 0 1 1")
    lizzie.command("kata-genmove_analyze B 10")
    lizzie.wait_until(lambda: lizzie.plays, "move")
    assert VERTEX.fullmatch(lizzie.plays[-1])
    lizzie.command("kata-raw-nn 0")
    lizzie.settle()
    assert all(status == "=" for status, _ in lizzie.replies)
    lizzie.command("quit")
    assert lizzie.leave() == 0


ANALYSES = ("analyze", "kata-analyze", "lz-analyze")
MOVES = ("genmove_analyze", "kata-genmove_analyze", "lz-genmove_analyze")


def test_sabaki_attaches_keeps_in_step_and_shows_the_search(start):
    sabaki = start(Sabaki)
    *_, listed = sabaki.burst(
        "name", "version", "protocol_version", "list_commands", "time_settings 0 1 1"
    )[:4]
    commands = listed[1].split("\n")  # compared as they are: a blank behind one hides it
    assert commands == [command.strip() for command in commands]
    assert "analyze" not in commands  # Sabaki would prefer it, and read floats as 0.00 %
    analysis = next(command for command in ANALYSES if command in commands)
    moving = next(command for command in MOVES if command in commands)
    far = [f"{column}{row}" for row in range(1, 10) for column in "ACEGJ"]
    plays = [f"play {'BW'[ply % 2]} {vertex}" for ply, vertex in enumerate(far)]
    burst = ["komi NaN", "komi 6.5", "boardsize 9", "clear_board", *plays]
    assert all(reply == ("=", "") for reply in sabaki.burst(*burst))
    for step in (["undo"] * 40, ["undo", *plays[4:9]]):
        assert all(reply == ("=", "") for reply in sabaki.burst(*step))
        sabaki.infos = []
        sabaki.write(f"{analysis} B 50\n")
        sabaki.wait_until(lambda: sabaki.infos, "analysis")
        shown = [move for line in sabaki.infos for move in sabaki_moves(line, analysis)]
        assert shown
        assert all(0 <= move["winrate"] <= 1 for move in shown)
        sabaki.burst("protocol_version")
        sabaki.wait_until(lambda: sabaki.replies[-2:] == [("=", ""), ("=", "2")])
    sabaki.burst(f"{moving} B 50")
    assert VERTEX.fullmatch(sabaki.plays[-1])
    assert sabaki.burst("quit") == [("=", "")]
    assert sabaki.leave(3) == 0


def test_the_best_winrate_sabaki_shows_is_of_a_move_that_was_searched(start):
    sabaki = start(Sabaki)
    sabaki.write("lz-analyze B 10\n")
    sabaki.wait_until(lambda: len(sabaki.infos) > 3, "analysis")
    for line in sabaki.infos:
        assert all(move["visits"] > 0 for move in sabaki_moves(line, "lz-analyze"))
    sabaki.burst("quit")
    assert sabaki.leave(3) == 0
