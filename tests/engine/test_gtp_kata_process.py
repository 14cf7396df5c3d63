"""KataGo's streams in a process of their own: what ends them, and who we say we are."""

import re

import pytest

from tests.engine.gtp_process import SOON_S, Engine
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)


@pytest.fixture
def engine(network):
    engine = Engine("-w", network, "-q", "--backend", "onnxruntime", "--as", "katago")
    yield engine
    engine.close()


def test_any_line_ends_an_analysis_and_only_an_interrupt_gets_no_reply(engine):
    engine.send("1 name\n2 kata-analyze b 5 ownership true\n")
    engine.wait_for(r"=1 KataGo\n\n=2\ninfo move [^\n]* ownership [^\n]*\n")
    engine.send("# interrupt\n")  # GoGui, whose shell sends nothing else meanwhile
    assert engine.wait_for(r"\n\n$") < SOON_S
    engine.send("3 kata-analyze 5\n")
    engine.wait_for(r"=3\ninfo move [^\n]*\n")
    engine.send("\n")
    assert engine.wait_for(r"=3\n[^=]*\n\n$") < SOON_S
    engine.send("4 kata-analyze 5\n")
    engine.wait_for(r"=4\ninfo move [^\n]*\n")
    engine.send("5 stop\n")
    assert engine.wait_for(r"=4\n[^=]*\n\n=5 \n\n$") < SOON_S


def test_a_search_can_be_cancelled_and_a_move_cannot(engine):
    engine.send("time_settings 0 60 1\nkata-search_analyze_cancellable b 5\n")
    engine.wait_for(r"info move")
    engine.send("last_move\n")
    assert engine.wait_for(r"\nplay cancelled\n\n\? no previous move known\n\n$") < SOON_S
    engine.send("time_settings 0 2 1\nkata-genmove_analyze b 5\n")
    engine.wait_for(r"cancelled.*info move")
    engine.send("last_move\n")
    engine.wait_for(r"\nplay [A-HJ]\d\n\n= black [A-HJ]\d\n\n$")
    move = re.search(r"\nplay ([A-HJ]\d)\n\n= black (\w+)", engine.text.decode())
    assert move
    assert move[1] == move[2]


def test_an_interrupted_move_is_played_and_answered(engine):
    engine.send("time_settings 0 600 1\nlzp-param liveGraphics moves\nkata-genmove_analyze w 5\n")
    engine.wait_for(r"info move")
    engine.send("# interrupt\n")
    assert engine.wait_for(r"\nplay [A-HJ]\d\n\n$") < SOON_S
