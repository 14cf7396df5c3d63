"""What a command waits for while a network takes its time, and what it does not wait for."""

import re
import time

import pytest

from lzp.engine.search import Search
from tests.engine.gtp_dialogue import Dialogue, SharedMaker
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

BATCH_S = 1.0


class Slow(HashEvaluator):
    """Takes so long for a batch, of whatever size."""

    def evaluate(self, planes):
        time.sleep(BATCH_S)
        return super().evaluate(planes)


@pytest.fixture
def dialogue(tmp_path):
    weights = write_random_network(tmp_path / "r9.txt", side=9)
    dialogue = Dialogue(
        weights=weights, quiet=True, backend="onnxruntime", precision="float32", memory_mib=64
    )
    player = dialogue.session.player.result()
    player.search = Search(Slow(9), player.search.params)
    yield dialogue
    dialogue.close()
    del SharedMaker.players[weights]


def seconds(dialogue, line):
    started = time.monotonic()
    dialogue.send(line)
    dialogue.reply()
    return time.monotonic() - started


@pytest.mark.parametrize(
    ("command", "line"),
    [
        ("lz-analyze b 1", "\n"),
        ("kata-analyze b 1", "name\n"),
        ("lz-analyze", "play b e5\n"),
        ("kata-analyze 1", "# interrupt\n"),
    ],
)
def test_a_line_ends_an_analysis_before_its_first_report(dialogue, command, line):
    dialogue.send(f"{command}\n")
    dialogue.sink.wait_for("=\n")  # it has begun
    time.sleep(0.05)
    started = time.monotonic()
    dialogue.send(line)
    assert dialogue.reply() == "="  # without any report
    assert time.monotonic() - started < BATCH_S / 2
    if line in ("name\n", "play b e5\n"):
        assert dialogue.reply().startswith("= ")


def test_an_analysis_that_is_piped_in_gets_its_report(dialogue):
    dialogue.send("lz-analyze b 1\nname\n")
    assert re.match(r"=\ninfo move ", dialogue.reply())
    assert dialogue.reply().startswith("= ")


def test_only_what_thinks_itself_waits_for_the_batch(dialogue):
    dialogue.send("lz-analyze b 1\n")
    dialogue.sink.wait_for("=\n")
    time.sleep(0.05)
    dialogue.send("\n")
    dialogue.reply()
    for line in ("showboard\n", "play w c3\n", "undo\n", "final_score\n", "time_left b 5 0\n"):
        assert seconds(dialogue, line) < BATCH_S / 2
