"""Random commands, valid and broken, in sequences: no wrong answer, no crash, no hang.

Every reply is checked by `Oracle`, against a game that sgfmill's board plays. A command that the
oracle has no method for gets words that mean nothing, and must leave the game as it is.
"""

import functools
import time
from pathlib import Path
from random import Random
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test
from sgfmill.common import format_vertex

from tests.engine.gtp_dialogue import Dialogue
from tests.engine.gtp_model import COLUMNS, RULES
from tests.engine.gtp_oracle import WrongError
from tests.engine.gtp_oracle_more import Everything
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

SIDES = (7, 5)
#: Of processor time of this process, in seconds: what counts as a hang.
HANG_S = 1.0
KO = [f"play {move}" for move in "b b1,b a2,b b3,w c1,w d2,w c3,w b2,b c2".split(",")]
ON_BOARD = [f"{column}{row}" for column in COLUMNS[:7] for row in range(1, 8)]
COLOR_WORDS = ["b", "w", "B", "W", "black", "White", "BLACK"]
#: Acting without any words: not for the rule that is to leave the game alone.
ACTING = {"quit", "heatmap"}

MOVING = [
    "genmove", "genmove", "kgs-genmove_cleanup", "lz-genmove_analyze", "kata-genmove_analyze",
    "cgos-genmove_analyze", "kata-search",
]  # fmt: skip
ANALYSES = ["lz-analyze", "kata-analyze"]

colors = st.sampled_from(COLOR_WORDS)
vertices = st.one_of(
    st.sampled_from(ON_BOARD),
    st.sampled_from([word.lower() for word in ON_BOARD]),
    st.sampled_from(["pass", "PASS", "resign", "i5", "a0", "z9", "h8", "b", "5", "e5e", "a٣", "-"]),
)
junk = st.sampled_from(
    ["", "x", "-1", "0", "1", "7 7", "99999999999", "1e300", "nan", "inf", "é", "b b", "%s%n",
     "../..", "\x07", "=1", "?", "\u2028", "W" * 3000, "pass pass", "true", "\u0663"]
)  # fmt: skip
decimals = st.sampled_from(["0", "0.5", "7.5", "-6.5", "3", "1e1", "+2.25", "100", "-100", ".5"])
counts = st.sampled_from(["0", "1", "2", "3", "4", "5", "9", "25", "49", "-3", "+2", "2.0", "two"])
clock_words = st.lists(st.one_of(decimals, counts, junk), max_size=5).map(" ".join)
ids = st.sampled_from(["", "", "1 ", "007 ", "0 ", "2147483648 ", "9" * 40 + " ", "  3   "])
endings = st.sampled_from(["", "", "\r", "  ", "\t", " # play b a1", "#", "\x00"])
bytes_of_lines = st.binary(max_size=40).map(lambda text: text.replace(b"\n", b""))


@st.composite
def settled(draw, sides=SIDES):
    """A board where each color has a wall of its own with two eyes: who owns what is certain.

    No eye touches the other color.
    """
    side = draw(st.sampled_from(sides))
    border = draw(st.integers(2, side - 2))
    lines = [f"boardsize {side}", f"komi {draw(st.sampled_from(['0', '0.5', '6.5', '-3']))}"]
    inside = {"b": (0, border - 2), "w": (border + 1, side - 1)}
    for color, first, last in (("b", 0, border), ("w", border, side)):
        rows = draw(st.permutations(range(1, side, 2)))[:2]
        column = draw(st.integers(*inside[color]))
        eyes = {(row, column) for row in rows}
        lines += [
            f"play {color} {COLUMNS[x]}{y + 1}"
            for y in range(side)
            for x in range(first, last)
            if (y, x) not in eyes
        ]
    return lines


class Conversation(RuleBasedStateMachine):
    """One client of an engine, and what it may say."""

    flags: ClassVar[dict] = {}
    folder: ClassVar[Path]
    commands: ClassVar[int] = 0
    slowest_s: ClassVar[float] = 0.0

    def __init__(self):
        super().__init__()
        self.dialogue = Dialogue(**self.flags)
        self.has_failed = False
        self.oracle = Everything(SIDES, SIDES[0], 7.5)
        self.oracle.listed = set(self.dialogue.ask("list_commands")[2:].split("\n"))
        self.unmodeled = sorted(
            name
            for name in self.oracle.listed - ACTING - set(self.oracle.methods)
            if not hasattr(self.oracle, name.replace("-", "_"))
        )

    def teardown(self):
        Conversation.slowest_s = max(self.slowest_s, self.dialogue.slowest_s)
        self.dialogue.close()
        assert self.has_failed or self.dialogue.sink.text == ""

    def say(self, *lines, dress=""):
        """Send lines at once, and check the reply to each that gets one."""
        number, ending = dress if dress else ("", "")
        dressed = [f"{number}{line}{ending}" for line in lines]
        self.dialogue.send("".join(f"{line}\n" for line in dressed))
        for line in dressed:
            if self.oracle.expects_reply(line):
                self.hear(line)

    def hear(self, line):
        self.has_failed = True
        reply = self.dialogue.reply()
        Conversation.commands += 1
        note(f"{line!r} -> {reply!r}")
        try:
            self.oracle.hear(line, reply)
        except WrongError as error:
            raise AssertionError(f"{line!r} got {reply!r}: {error}") from error
        assert self.dialogue.slowest_s < HANG_S, line
        self.has_failed = False

    @rule(moves=st.lists(st.tuples(colors, vertices), min_size=1, max_size=15))
    def play(self, moves):
        self.say(*(f"play {color} {vertex}" for color, vertex in moves), "showboard")

    @rule(moves=st.lists(st.sampled_from(ON_BOARD), min_size=5, max_size=25))
    def play_in_turn(self, moves):
        self.say(*(f"play {'bw'[ply % 2]} {move}" for ply, move in enumerate(moves)))

    @rule(seed=st.integers(0, 2**32), count=st.integers(10, 80))
    def fill_the_board(self, seed, count):
        """Empty points at random, until chains are taken; some moves are not legal."""
        random = Random(seed)  # what is drawn must not depend on the engine's own moves
        for ply in range(count):
            model = self.oracle.model
            if model.now.ko is not None:
                color, point = model.now.ko
                self.say(f"play {color} {format_vertex(point)}")
            empty = [point for point in model.now.board.board_points if not model.stone(point)]
            color, point = "bw"[ply % 2], random.choice(empty)
            self.say(f"play {color} {format_vertex(point)}")
        self.say("showboard")

    @rule(retaken_by=st.sampled_from("bw"), passes=st.integers(0, 2))
    def fight_a_ko(self, retaken_by, passes):
        """Black takes at C2; White may come back only once something else was played."""
        self.say("clear_board", *KO, *["play b pass"] * passes, f"play {retaken_by} b2", "undo")
        self.say("showboard", f"play {retaken_by} b2", "showboard")

    @rule(count=st.integers(1, 6), dress=st.tuples(ids, endings))
    def take_back(self, count, dress):
        self.say(*["undo"] * count, dress=dress)
        self.say("showboard", "last_move")

    @rule(word=decimals | junk, dress=st.tuples(ids, endings))
    def komi(self, word, dress):
        self.say(f"komi {word}", dress=dress)

    @rule(word=counts | st.sampled_from(["7", "5", "5", "07", "5 5", "5 7", "19"]))
    def boardsize(self, word):
        self.say(f"boardsize {word}", "showboard")

    @rule(dress=st.tuples(ids, endings))
    def start_anew(self, dress):
        self.say("clear_board", dress=dress)

    @rule(dress=st.tuples(ids, endings))
    def look(self, dress):
        self.say("showboard", "move_history", "last_move", "final_score", "cputime", dress=dress)

    @rule(status=st.sampled_from(["alive", "dead", "seki", "DEAD", "", "sick"]))
    def ask_for_statuses(self, status):
        self.say(f"final_status_list {status}")

    @rule(kind=st.sampled_from(["fixed_handicap", "place_free_handicap"]), stones=counts)
    def handicap(self, kind, stones):
        self.say("clear_board", f"{kind} {stones}", f"{kind} 2", "showboard")

    @rule(points=st.lists(st.sampled_from(ON_BOARD) | vertices, max_size=9))
    def free_handicap(self, points):
        self.say("clear_board", f"set_free_handicap {' '.join(points)}", "undo", "showboard")

    @rule(lines=settled())
    def count(self, lines):
        self.say(*lines)
        self.oracle.settled = self.oracle.model.now
        self.say(
            "final_score", *(f"final_status_list {word}" for word in ("alive", "dead", "seki"))
        )

    @rule(
        name=st.sampled_from(["time_settings", "kgs-time_settings", "kata-time_settings"]),
        kind=st.sampled_from(["none", "absolute", "Byoyomi", "canadian", "fischer", ""]),
        words=clock_words,
    )
    def set_clock(self, name, kind, words):
        self.say(f"{name} {'' if name == 'time_settings' else kind} {words}")

    @rule(color=colors | junk, words=clock_words)
    def tell_time(self, color, words):
        self.say(f"time_left {color} {words}")

    @rule(
        name=st.sampled_from(MOVING),
        color=colors,
        dress=st.tuples(ids, endings),
    )
    def move(self, name, color, dress):
        self.say(f"{name} {color}", dress=dress)
        self.say("showboard")

    @rule(word=junk)
    def ask_for_no_move(self, word):
        self.say(f"genmove {word}")

    @rule(count=st.integers(2, 10))
    def play_itself(self, count):
        self.say(*(f"genmove {'bw'[ply % 2]}" for ply in range(count)))

    @rule(
        name=st.sampled_from(ANALYSES),
        color=st.sampled_from(["", "b", "w"]),
        waits=st.booleans(),
        blank=st.booleans(),
    )
    def analyze(self, name, color, waits, blank):
        """Without any limit: what comes next ends it."""
        line = f"{name} {color} 1"
        self.say("lz-setoption name Visits value 0")
        self.dialogue.send(f"{line}\n")
        is_over = [move for _, move in self.oracle.model.moves[-2:]] == [None, None]
        if waits and not is_over:
            self.dialogue.sink.wait_for(r"\ninfo move .*\n")
        self.dialogue.send("\n" if blank else "# enough\n")
        self.hear(line)
        self.say("lz-setoption name Visits value 8", "showboard")

    @rule(moves=st.lists(st.tuples(colors, vertices), max_size=9), count=counts)
    def go_through_a_game(self, moves, count):
        words = " ".join(f"{color} {vertex}" for color, vertex in moves)
        self.say(f"gogui-play_sequence {words}", "showboard", f"gg-undo {count}", "gg-undo")
        self.say("showboard", "list_stones b", "list_stones White", "list_stones")

    @rule(
        stones=st.lists(st.tuples(st.sampled_from("bw"), st.sampled_from(ON_BOARD)), max_size=30),
        clears=st.booleans(),
        color=colors | junk,
    )
    def set_up(self, stones, clears, color):
        words = " ".join(f"{color} {vertex}" for color, vertex in stones)
        self.say(*["clear_board"] * clears, f"gogui-setup {words}", f"gogui-setup_player {color}")
        self.say("showboard", "undo", "gogui-version 1.6.0")

    @rule(name=st.sampled_from(sorted(RULES)) | junk)
    def choose_rules(self, name):
        self.say(f"kata-set-rules {name}", "kata-get-rules")

    @rule(before=st.integers(0, 30))
    def save_and_load(self, before):
        path = self.folder / "game.sgf"
        path.write_bytes(self.oracle.model.as_sgf())
        number = f" {before}" if before else ""
        self.say("printsgf", "clear_board", f"loadsgf {path}{number}", "showboard", "move_history")

    @rule()
    def save_to_a_file(self):
        path = self.folder / "saved.sgf"
        self.say(f"printsgf {path}", f"loadsgf {path}.gone", f"loadsgf {path}", "showboard")

    @rule(word=st.sampled_from(["play", "PLAY", "fly", "", "play#", "genmove b", "\x0bundo"]))
    def known(self, word):
        self.say(f"known_command {word}", "list_commands", "protocol_version", "name", "version")

    @rule(lines=st.lists(st.sampled_from(["", " ", "\t", "\r", "# genmove b", "#"]), max_size=4))
    def say_nothing(self, lines):
        self.say(*lines, "showboard")

    @rule(data=st.data(), words=junk)
    def say_what_means_nothing(self, data, words):
        if self.unmodeled:
            name = data.draw(st.sampled_from(self.unmodeled))
            self.say(f"{name} %junk% {words}", "showboard", "move_history")

    @rule(text=bytes_of_lines, name=st.sampled_from(["", "12", "5 ", "7x", "fly ", "pl\xe4y "]))
    def say_bytes(self, text, name):
        line = name.encode("latin-1") + b"#" * (not name) + text
        self.dialogue.send(line + b"\n")
        said = line.decode("utf-8", errors="replace")
        if self.oracle.expects_reply(said):
            self.hear(said)

    @rule(length=st.sampled_from([5000, 70_000, 1_100_000]))
    def say_much(self, length):
        if self.commands % 10 == 0:  # the longest take their time to be sent
            self.say("fly " + "a" * length)


def machine(tmp_path, **flags):
    weights = {side: write_random_network(tmp_path / f"r{side}.txt", side=side) for side in SIDES}
    Conversation.folder = tmp_path
    Conversation.commands, Conversation.slowest_s = 0, 0.0
    Conversation.flags = {
        "weights": weights[SIDES[0]], "more_weights": (weights[SIDES[1]],), "visits": 8, "seed": 1,
        "quiet": True, "backend": "onnxruntime", "precision": "float32", "threads": 1,
        "memory_mib": 64, "ponder": False, **flags,
    }  # fmt: skip
    return Conversation


run = functools.partial(
    settings, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
)


@pytest.mark.parametrize("ponder", [False, True])
def test_random_commands_are_answered_as_a_model_of_the_game_has_it(tmp_path, monkeypatch, ponder):
    monkeypatch.chdir(tmp_path)
    conversation = machine(tmp_path, ponder=ponder)
    run_state_machine_as_test(conversation, settings=run(max_examples=8, stateful_step_count=20))
    assert conversation.commands > 500


@pytest.mark.long
def test_a_hundred_thousand_random_commands(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    conversation, started = machine(tmp_path), time.monotonic()
    while conversation.commands < 100_000:
        run_state_machine_as_test(
            conversation,
            settings=run(max_examples=100, stateful_step_count=50, database=None),
        )
    with capsys.disabled():
        print(
            f"\n{conversation.commands} commands in {time.monotonic() - started:.0f} s, the slowest"
            f" answer after {conversation.slowest_s:.3f} s of processor time"
        )
