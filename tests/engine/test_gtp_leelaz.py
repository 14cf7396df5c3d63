"""The same lines to the real leelaz and to us: the same replies, and the same heatmaps."""

import gzip
import re
import subprocess
import sys

import pytest

from tests.engine.leelaz import HEATMAP, LEELAZ, needs_leelaz
from tests.networks import write_random_network

pytestmark = [pytest.mark.compiled, needs_leelaz]

#: What both must answer with the same bytes.
SAME = """\
1 protocol_version
known_command genmove
known_command frobnicate
7 frobnicate
12name
007 komi 6.5
boardsize 19
boardsize
komi many
komi
play b Q16
PLAY WHITE d4
play w pass
play b resign
play b z1
play b d4
play red d5
play b
last_move
move_history
undo
last_move
undo
undo
undo
undo
last_move
move_history
final_score
play b k10
final_score
final_status_list dead
final_status_list seki
clear_board
fixed_handicap 9
final_score
clear_board
fixed_handicap 1
fixed_handicap x
clear_board
place_free_handicap 5
clear_board
place_free_handicap 11
clear_board
place_free_handicap 1
clear_board
place_free_handicap 0
gomill-explain_last_move
kgs-game_over
known_command exit
known_command go
known_command auto
known_command netbench
known_command dump_training
known_command lz-setoption
known_command lz-memory_report
known_command gomill-explain_last_move
lz-setoption name Visits value 4
lz-setoption name Playouts value 3
lz-setoption name Lagbuffer value 20
lz-setoption name Resign Percentage value 5
lz-setoption name Resign Percentage value -1
lz-setoption name Playouts value 0
lz-setoption name Visits value 5
lz-setoption name Pondering value what
lz-setoption name Pondering value false
lz-setoption name Maximum Memory Use (MiB) value 10
lz-setoption name Percentage of memory for cache value 200
lz-setoption name Sharpness value 10
lz-setoption foo
netbench 3
dump_debug
save_training
time_settings 600 30 5
time_settings 600 30
time_left b 60 5
kgs-time_settings none
kgs-time_settings byoyomi 300 30 5
kgs-time_settings sometimes
genmove
genmove red
lz-analyze what
lz-analyze avoid b d4
lz-analyze avoid b d4 0
lz-analyze avoid b a1:pass 5
lz-analyze avoid b d4 5 allow b q16 5
loadsgf
"""

HEATMAPS = ["play b Q16", "play w D4", "play b C3", *[f"heatmap {s}" for s in range(8)]]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "net.txt", filters=8)


def answer(command, lines, cwd=None):
    """The replies, one a line, and what was on stderr."""
    text = "\n".join([*lines, "quit"]) + "\n"
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=120, check=True, cwd=cwd
    )
    replies = re.findall(r"^[=?].*?(?=\n\n)", done.stdout, re.DOTALL | re.MULTILINE)
    return replies, done.stderr


def leelaz(network, lines):
    # It saves into its own folder where it is not told a name.
    words = [LEELAZ, "--cpu-only", "-g", "-w", network, "--noponder", "-t", "1", "-v", "5"]
    return answer(words, lines, network.parent)


def ours(network, lines):
    program = [sys.executable, "-m", "lzp.engine.gtp.cli"]
    return answer([*program, "-w", network, "--noponder", "-v", "5"], lines)


def test_replies_are_leela_zeros(network):
    lines = SAME.splitlines()
    theirs, mine = leelaz(network, lines)[0], ours(network, lines)[0]
    assert len(theirs) == len(mine) == len(lines) + 1
    different = {
        line: (their, our)
        for line, their, our in zip(lines, theirs, mine, strict=False)
        if their.strip() != our.strip()
        # Where we refuse we may add a reason to leelaz's words.
        and not (their.startswith("?") and our.startswith(f"{their}: "))
    }
    assert different == {}


def test_heatmaps_are_leela_zeros_under_all_symmetries(network):
    theirs, mine = (HEATMAP.findall(engine(network, HEATMAPS)[1]) for engine in (leelaz, ours))
    assert len(theirs) == len(mine) == 8
    for (rows, passing, winrate), (our_rows, our_passing, our_winrate) in zip(
        theirs, mine, strict=True
    ):
        assert float(our_winrate) == pytest.approx(float(winrate), abs=2e-5)
        shares = [int(share) for share in [*rows.split(), passing]]
        our_shares = [int(share) for share in [*our_rows.split(), our_passing]]
        assert max(shares) > 3
        assert max(abs(a - b) for a, b in zip(shares, our_shares, strict=True)) <= 1


def test_analysis_lines_have_leela_zeros_form(network):
    lines = ["play b Q16", "lz-analyze w 10 minmoves 7"]
    forms = []
    for engine in (leelaz, ours):
        (reply,) = [reply for reply in engine(network, lines)[0] if "info" in reply]
        assert reply.startswith("=\ninfo move ")
        words = reply.splitlines()[1].replace("pass", "A1").split()
        forms.append([re.sub(r"\d+", "N", re.sub(r"[A-T]\d+", "V", word)) for word in words[:16]])
    assert forms[0][:13] == forms[1][:13]


#: Words of a reply that may be other numbers or vertices; the rest is the same.
FREE = re.compile(r"\b(?:[A-HJ-T]\d{1,2}|\d+(?:\.\d+)?)\b|(?<=PV: ).*|(?<=default )\S+")


def test_what_holds_figures_has_leela_zeros_words(network):
    lines = [
        "genmove b",
        "gomill-explain_last_move",
        "lz-memory_report",
        "lz-setoption name Maximum Memory Use (MiB) value 1024",
        "lz-setoption",
    ]
    theirs, mine = (engine(network, lines)[0][:-1] for engine in (leelaz, ours))
    assert [FREE.sub("#", reply.strip()) for reply in mine] == [
        FREE.sub("#", reply.strip()) for reply in theirs
    ]
    assert all("#" in FREE.sub("#", reply) for reply in mine)


def test_netbench_tells_on_stderr_in_leela_zeros_words(network):
    line = re.compile(r"^ {3}20 evaluations in +\d+\.\d\d seconds -> \d+ n/s$", re.MULTILINE)
    for engine in (leelaz, ours):
        assert len(line.findall(engine(network, ["netbench 20"])[1])) == 1


#: Two moves of each side, and a resignation that is recorded too.
SEARCHES = ["genmove b", "genmove w", "play b K10", "genmove w", "undo", "genmove w"]


def read_zipped(path):
    return gzip.decompress(path.read_bytes())


def test_saved_searches_go_from_us_to_leelaz_and_back(network, tmp_path):
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    replies, _ = ours(network, [*SEARCHES, f"save_training {mine}", f"dump_training w {mine}.txt"])
    assert replies[-3:-1] == ["= ", "= "]
    leelaz(
        network,
        [f"load_training {mine}", f"dump_training w {theirs}.txt", f"save_training {theirs}"],
    )
    records = read_zipped(tmp_path / "mine.txt.0.gz")
    assert records.count(b"\n") == 19 * 4
    assert records == read_zipped(tmp_path / "theirs.txt.0.gz")
    ours(network, [f"load_training {theirs}", f"dump_training w {mine}.2", f"dump_debug {mine}"])
    assert records == read_zipped(tmp_path / "mine.2.0.gz")
    head, name, *numbers = read_zipped(tmp_path / "mine.0.gz").decode().splitlines()
    assert (head, name, len(numbers)) == ("2", f"-1 {network}", 4)


RECORD = "(;GM[1]FF[4]SZ[19]KM[7.5]RE[B+R]HA[2]AB[dd][pp];W[pd];B[dp];W[qf];B[];W[cc])"


def test_supervised_positions_are_leela_zeros(network, tmp_path):
    games = tmp_path / "games.sgf"
    games.write_text(RECORD + RECORD.replace("B+R", "Void") + RECORD.replace("SZ[19]", "SZ[9]"))
    theirs, mine = tmp_path / "theirs", tmp_path / "mine"
    leelaz(network, [f"dump_supervised {games} {theirs}"])
    replies, _ = ours(network, [f"dump_supervised {games} {mine}"])
    assert replies[0] == "= 5 training positions of 1 games; 3 games in file"
    assert read_zipped(tmp_path / "theirs.0.gz") == read_zipped(tmp_path / "mine.0.gz")
