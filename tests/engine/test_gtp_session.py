"""Whole sessions as text: what a board sends, what it gets back."""

import io
import re

import pytest

from lzp.engine.gtp import catalog
from lzp.engine.gtp.engine import GtpEngine, GtpLog
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.startup import HANDLERS
from lzp.sgf import read_game
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("networks")
    return {side: write_random_network(folder / f"r{side}.txt", side=side) for side in (9, 19)}


@pytest.fixture
def talk(network):
    """A function that sends lines at once and returns the reply to each command."""

    def _talk(*lines, side=9, **flags):
        values = {"visits": 20, "seed": 1, "quiet": True, "weights": network[side]}
        values |= {"backend": "onnxruntime", "precision": "float32"} | flags
        queue, sink = LineQueue(), io.StringIO()
        queue.put(list(lines))
        queue.close()
        options = EngineOptions(**values)
        identity = catalog.IDENTITIES[options.identity]
        GtpEngine(queue, sink, LoadingResponder(options, queue), identity=identity).run()
        *replies, rest = sink.getvalue().split("\n\n")
        assert rest == ""
        return replies

    return _talk


def test_every_command_listed_has_a_handler_and_the_other_way_round():
    hidden = {*catalog.UNLISTED_COMMANDS, *catalog.HIDDEN_COMMANDS} - {"exit"}
    assert {*catalog.SESSION_COMMANDS, *hidden} == set(HANDLERS)
    assert catalog.COMMANDS[0] == "protocol_version"


def test_who_we_are(talk):
    replies = talk("1 protocol_version", "2 name", "3 version", "list_commands", "quit")
    assert replies[:3] == ["=1 2", f"=2 {catalog.NAME}", f"=3 {catalog.VERSION}"]
    assert replies[3] == "= " + "\n".join(catalog.COMMANDS)
    assert replies[4] == "= "
    major, minor, *_ = catalog.VERSION.split(".")
    assert (int(major), int(minor) >= 15) == (0, True)  # Lizzie's condition


def test_boards_that_decide_by_name_are_told_another(talk):
    def is_integer(word):
        return word.isascii() and word.isdigit()

    name, version = talk("name", "version", identity="katago")
    assert name.startswith("= KataGo")  # Lizzie's condition for its kata mode
    assert [int(part) for part in version[2:].split(".")[:2]] < [1, 11]  # movesOwnership
    name, version = talk("name", "version", identity="leelaz")
    assert name == "= Leela Zero"
    minor = version[2:].split(".")[1]
    assert is_integer(minor)
    assert int(minor) >= 15


def test_known_commands(talk):
    assert talk("known_command genmove", "known_command fly", "known_command") == [
        "= true",
        "= false",
        "? syntax not understood",
    ]


def test_a_game_is_set_up_undone_and_scored(talk):
    replies = talk(
        "boardsize 9",
        "clear_board",
        "komi 6.5",
        "PLAY Black E5",
        "play w pAsS",
        "play\tb\tc3 # a comment",
        "last_move",
        "move_history",
        "undo",
        "undo",
        "final_score",
        "undo",
        "undo",
        "last_move",
        "",
        "# nothing",
        "quit",
        "name",
    )
    assert replies[:6] == ["= "] * 6
    assert replies[6] == "= black C3"
    assert replies[7] == "= black C3\nwhite pass\nblack E5"
    assert replies[8:] == [
        "= ",
        "= ",
        "= B+74.5",
        "= ",
        "? cannot undo",
        "? no previous move known",
        "= ",
    ]


def test_the_board_is_shown_in_the_reply(talk):
    shown = talk("play b a1", "play w j9", "showboard")[2]
    lines = shown.split("\n")
    assert lines[0] == "= "
    assert lines[1].split() == list("ABCDEFGHJ")
    assert lines[2].split() == ["9", *"........O", "9"]
    assert lines[10].split()[:2] == ["1", "X"]
    assert not [line for line in lines[1:] if line.startswith(("=", "?", "info", "play"))]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("fly", "? unknown command"),
        ("12name", "?12 unknown command"),
        ("7 fly", "?7 unknown command"),
        ("5", "?5 unknown command"),
        ("play", "? syntax not understood"),
        ("play b", "? syntax not understood"),
        ("play red e5", "? illegal move"),
        ("play b j10", "? illegal move"),
        ("play b i5", "? illegal move"),
        ("play b a0", "? illegal move"),
        ("play b e5e", "? illegal move"),
        ("genmove", "? syntax error"),
        ("genmove red", "? syntax error"),
        ("boardsize", "? syntax not understood"),
        ("boardsize big", "? syntax not understood"),
        ("boardsize 19", "? unacceptable size: r9.txt is for 9x9"),
        ("boardsize 99999999999999999999", "? syntax not understood"),
        ("boardsize 9 7", "? unacceptable size: only square boards"),
        ("komi", "? syntax not understood"),
        ("komi many", "? syntax not understood"),
        ("komi inf", "? syntax not understood"),
        ("komi 1e300", "? syntax not understood"),
        ("komi ٣", "? syntax not understood"),
        ("fixed_handicap", "? Not a valid number of handicap stones"),
        ("fixed_handicap 1", "? Not a valid number of handicap stones"),
        ("fixed_handicap 10", "? Not a valid number of handicap stones"),
        ("place_free_handicap 81", "? Not a valid number of handicap stones"),
        ("place_free_handicap -2", "? Not a valid number of handicap stones"),
        ("set_free_handicap", "? bad vertex list"),
        ("set_free_handicap c3 c3", "? bad vertex list"),
        ("set_free_handicap c3 pass", "? bad vertex list"),
        ("set_free_handicap c3 z9", "? illegal move"),
        ("final_status_list", "? syntax not understood"),
        ("final_status_list undead", "? syntax not understood"),
        ("time_settings 1 2", "? syntax not understood"),
        ("time_settings 1 2 x", "? syntax not understood"),
        ("time_settings -1 2 3", "? syntax not understood"),
        ("time_left", "? syntax not understood"),
        ("time_left red 5 5", "? Color in time adjust not understood."),
        ("kgs-time_settings", "? syntax not understood"),
        ("kgs-time_settings hourglass 5", "? syntax not understood"),
        ("kgs-time_settings byoyomi 5", "? syntax not understood"),
        ("kgs-time_settings fischer 5 1", "? syntax not understood"),
        ("kata-time_settings", "? syntax not understood"),
        ("kata-time_settings fischer 5", "? syntax not understood"),
        ("kata-time_settings fischer 5 nan", "? syntax not understood"),
        ("kata-time_settings absolute inf", "? syntax not understood"),
        ("kata-time_settings fischer -5 1", "? syntax not understood"),
        ("kata-time_settings fischer-capped 9 1 8 -1", "? main_limit_s is less than main_s: 8"),
        ("time_left b x 0", "? syntax not understood"),
        ("heatmap 8", "? syntax not understood"),
        ("heatmap -1", "? syntax not understood"),
        ("loadsgf", "? Missing filename."),
        ("loadsgf /nowhere/game.sgf", re.compile(r"\? cannot load file: .*/nowhere/game\.sgf")),
        ("printsgf /nowhere/g.sgf", "? cannot write /nowhere/g.sgf: No such file or directory"),
        ("lz-analyze 10 ownership true", "? cannot parse analyze tags"),
        ("lz-analyze interval", "? cannot parse analyze tags"),
        ("lz-analyze avoid b e5", "? cannot parse analyze tags"),
        ("lz-analyze avoid b e5 0", "? cannot parse analyze tags"),
        ("lz-analyze avoid b a1:pass 3", "? cannot parse analyze tags"),
        ("lz-analyze avoid b e5 3 allow b c3 3", "? cannot parse analyze tags"),
        ("lz-analyze 99999999999", "? cannot parse analyze tags"),
        ("lz-genmove_analyze b fast", "? cannot parse analyze tags"),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_one_line_and_the_session_goes_on(talk, line, reply):
    replies = talk(line, "name")
    assert replies[1] == f"= {catalog.NAME}"
    if isinstance(reply, str):
        assert replies[0] == reply
    else:
        assert reply.match(replies[0])
        assert "\n" not in replies[0]


KO = ["play b b1", "play b a2", "play b b3", "play w c1", "play w d2", "play w c3", "play b c2",
      "play w b2"]  # fmt: skip


def test_play_refuses_only_what_cannot_be_put_on_the_board(talk):
    replies = talk(*KO, "play b c2", "play w b2", "play b e9", "play b e8")
    assert replies[:8] == ["= "] * 8
    assert replies[8] == "? illegal move: black C2: the ko cannot be retaken yet"
    assert replies[9] == "? illegal move: white B2: the point is occupied"
    assert replies[10:] == ["= ", "= "]  # twice the same color: a record may do that
    assert talk("play w b1", "play w a2", "play b a1")[2] == "? illegal move: black A1: suicide"


def test_a_repeated_position_is_accepted_as_a_record_may_hold_it(talk):
    replies = talk(*KO, "play b pass", "play w pass", "play b c2", "showboard")
    assert replies[-2] == "= "
    assert "prisoners: black 1, white 1" in replies[-1]


def test_komi_that_is_no_number_leaves_the_komi_alone(talk):
    assert talk("komi 5.5", "komi NaN", "final_score")[1:] == ["= ", "= W+5.5"]


def test_handicap_is_placed_counted_and_not_undone(talk):
    assert talk("fixed_handicap 5", "final_score", "undo", "fixed_handicap 2", "genmove w")[:4] == [
        "= C3 C7 E5 G3 G7",
        "= B+68.5",
        "? cannot undo",
        "? board not empty",
    ]
    assert talk("set_free_handicap e5 d4", "last_move") == ["= D4 E5", "? no previous move known"]


def test_free_handicap_goes_on_where_the_star_points_end(talk):
    stones = talk("place_free_handicap 11", side=19)[0].split()[1:]
    assert stones == ["D4", "D7", "D10", "D13", "D16", "K4", "K10", "K16", "Q4", "Q10", "Q16"]
    assert len(set(talk("place_free_handicap 40", side=19)[0].split()[1:])) == 25


def test_genmove_plays_a_legal_move_for_either_color(talk):
    replies = talk("genmove b", "genmove b", "genmove w", "move_history", ponder=False)
    moves = [reply[2:] for reply in replies[:3]]
    assert all(re.fullmatch(r"[A-HJ][1-9]", move) for move in moves)
    assert replies[3] == f"= white {moves[2]}\nblack {moves[1]}\nblack {moves[0]}"


def test_the_same_seed_gives_the_same_game(talk):
    lines = ["genmove b", "genmove w"] * 4
    assert talk(*lines, seed=7, random_moves=8) == talk(*lines, seed=7, random_moves=8)
    games = {tuple(talk(*lines, seed=seed, random_moves=8)) for seed in range(4)}
    assert len(games) > 1


def test_genmove_answers_after_the_game_is_over(talk):
    replies = talk("play b pass", "play w pass", "genmove b", "lz-analyze 10")
    assert re.fullmatch(r"= ([A-HJ][1-9]|pass|resign)", replies[2])
    assert replies[3].startswith("=")


def test_clean_up_passes_only_when_nothing_else_is_left(talk):
    won = ["play b d1", "play b d2", "play b d3", "play b d4", "play b d5", "play b d6",
           "play b d7", "play b d8", "play b d9", "play w pass"]  # fmt: skip
    assert talk(*won, "kgs-genmove_cleanup b")[-1] != "= pass"
    assert talk(*won, "genmove b")[-1] == "= pass"  # it is ahead: after a pass that wins


SEGMENT = (
    r"info move (?:pass|[A-HJ]\d) visits \d+ winrate \d{1,5} prior \d{1,5} lcb \d{1,5} order \d+"
    r" pv(?: (?:pass|[A-HJ]\d))+"
)


def test_analysis_lines_are_as_the_boards_read_them(talk):
    reply = talk("3 lz-analyze w interval 1", "name", visits=60)[0]
    head, *lines = reply.split("\n")
    assert head == "=3"
    assert lines
    for line in lines:
        assert re.fullmatch(rf"{SEGMENT}(?: {SEGMENT})*", line)
        assert [int(order) for order in re.findall(r"order (\d+)", line)] == list(
            range(line.count("info"))
        )
        assert not re.search(r"winrate (1[0-9]{4}[1-9]|[2-9]\d{4})", line)


def test_analysis_without_an_interval_says_nothing(talk):
    assert talk("lz-analyze", "name") == ["=", f"= {catalog.NAME}"]


def test_analysis_takes_the_color_over(talk):
    replies = talk("lz-analyze w 1", "showboard")
    assert "white to play" in replies[1]


def test_analysis_lists_unvisited_moves_when_asked(talk):
    reply = talk("lz-analyze 1 minmoves 30", visits=10)[0]
    assert reply.split("\n")[-1].count("info move") == 30


def test_avoided_moves_are_left_out_and_only_allowed_ones_in(talk):
    def moves(line):
        reply = talk(line, visits=100)[0]
        return set(re.findall(r"info move (\w+)", reply.split("\n")[-1]))

    everywhere = moves("lz-analyze b 1")
    avoided = sorted(everywhere)[:3]
    assert not moves(f"lz-analyze b 1 avoid b {','.join(avoided)} 1") & set(avoided)
    assert moves("lz-analyze b 1 allow b A1:B2,E5 1") <= {"A1", "A2", "B1", "B2", "E5", "pass"}


def test_genmove_with_analysis_ends_with_the_move(talk):
    reply, history = talk("lz-genmove_analyze b 1", "move_history", visits=50)
    head, *lines, last = reply.split("\n")
    assert head == "="
    assert lines
    assert all(line.startswith("info move ") for line in lines)
    assert re.fullmatch(r"play [A-HJ]\d", last)
    assert history == f"= black {last[5:]}"


def test_records_go_out_and_come_back(talk, tmp_path):
    path = tmp_path / "My Game.sgf"
    replies = talk("komi 5.5", "play b e5", "play w pass", f"printsgf {path}", "clear_board",
                   f"loadsgf {path}", "move_history", f"loadsgf {path} 2", "move_history",
                   "printsgf")  # fmt: skip
    assert replies[3] == "= "
    assert replies[5:9] == ["= ", "= white pass\nblack E5", "= ", "= black E5"]
    assert replies[9].startswith("= (;")
    record = read_game(path)
    assert (record.komi, len(record.moves), record.black.split(" 0.")[0]) == (5.5, 2, catalog.NAME)
    assert [path] == list(tmp_path.iterdir())


def test_a_record_that_cannot_be_read_leaves_the_game(talk, tmp_path):
    (tmp_path / "cut.sgf").write_text("(;SZ[9];B[ee];W[")
    (tmp_path / "big.sgf").write_text("(;SZ[19];B[ee])")
    replies = talk("play b e5", f"loadsgf {tmp_path}/none.sgf", f"loadsgf {tmp_path}/big.sgf",
                   "last_move", f"loadsgf {tmp_path}/cut.sgf")  # fmt: skip
    assert replies[1].startswith("? cannot load file:")
    assert "none.sgf" in replies[1]
    assert replies[2] == "? cannot load file: a 19x19 game; r9.txt is for 9x9"
    assert replies[3] == "= black E5"
    assert replies[4].startswith("? cannot load file:")
    assert "cut.sgf" in replies[4]


def chains_in(reply):
    lines = reply.removeprefix("= ").split("\n")
    return {frozenset(line.split()) for line in lines if line}


def test_chains_are_listed_as_alive_dead_or_in_seki(talk):
    # Black has the left, with two eyes, and a stone of White's in it; the right is White's.
    left = [f"play b {column}{row}" for column in "CD" for row in range(1, 10)]
    right = [f"play w {column}{row}" for column in "FG" for row in range(1, 10)]
    asked = [f"final_status_list {word}" for word in ("alive", "dead", "seki")]
    lines = [*left, *right, "play w B5", *asked, "final_score"]
    alive, dead, seki, score = talk("komi 0.5", *lines)[-4:]
    assert {len(chain) for chain in chains_in(alive)} == {18}
    assert (chains_in(dead), chains_in(seki)) == ({frozenset({"B5"})}, set())
    assert score == "= W+0.5"
    *_, alive, dead, seki, score = talk("komi 0.5", *lines, dumb_pass=True)
    assert (len(chains_in(alive)), dead, seki) == (3, "= ", "= ")
    assert score == "= W+19.5"  # with that stone alive the left is nobody's


def test_the_heatmap_is_on_stderr_and_adds_up(talk, capfd):
    assert talk("play b e5", "heatmap", "heatmap average", "heatmap all")[1:] == ["= "] * 3
    text = capfd.readouterr().err
    maps = text.split("winrate: ")
    assert len(maps) == 1 + 1 + 1 + 8
    rows = [[int(word) for word in row.split()] for row in maps[0].splitlines()[:9]]
    passing = int(maps[0].splitlines()[9].removeprefix("pass: "))
    assert [len(row) for row in rows] == [9] * 9
    assert rows[4][4] == 0
    assert 800 <= sum(map(sum, rows)) + passing <= 1000  # cut off, and E5's share is hidden


def test_a_cross_check_is_told_on_demand(talk):
    replies = talk("genmove b", "lzp-cross_check", cross_check="torchscript")
    found = re.fullmatch(
        r"= onnxruntime against torchscript: winrate within (\S+) \(mean \S+\), policy within "
        r"(\S+), same first move in 100\.00% of (\d+) positions",
        replies[1],
    )
    assert found is not None
    assert max(float(found[1]), float(found[2])) < 1e-4
    assert int(found[3]) > 1


def test_without_a_cross_check_there_is_none_to_tell(talk):
    reply = "? no cross-check: start with --cross-check and a backend"
    assert talk("lzp-cross_check") == [reply]


def test_a_backend_that_is_not_here_is_told_by_the_commands_that_think(talk, capfd):
    replies = talk("boardsize 9", "genmove b", backend="onnxruntime", precision="float16")
    assert replies[0] == "= "
    assert replies[1].startswith("? ")
    assert "computes in float16; onnxruntime has float32" in replies[1]
    assert capfd.readouterr().err.count("\n") == 1


def test_a_broken_network_is_told_by_the_commands_that_need_it(talk, tmp_path, capfd):
    bad = tmp_path / "cut.txt"
    bad.write_text("1\n0.5 0.5\n")
    replies = talk("name", "boardsize 13", "play b n13", "genmove w", "lz-analyze 10", "heatmap",
                   "undo", weights=bad)  # fmt: skip
    assert replies[:3] == [f"= {catalog.NAME}", "= ", "= "]
    assert replies[3] == replies[4] == replies[5]
    assert replies[3].startswith(f"? {bad}: ")
    assert replies[6] == "= "
    assert f"lzp-gtp: {bad}: " in capfd.readouterr().err


def test_a_flag_out_of_range_is_told_by_the_commands_that_think(talk, capfd):
    assert talk("play b e5", "genmove w", batch_size=5000) == [
        "= ",
        "? batch_size must be 1 to 4096, not 5000",
    ]
    assert "lzp-gtp: batch_size must be" in capfd.readouterr().err


def test_time_settings_limit_a_move(talk):
    replies = talk("time_settings 0 1 1", "time_left b 1 1", "genmove b", "time_settings 0 1 0",
                   "kgs-time_settings none", "kgs-time_settings absolute 60",
                   "kgs-time_settings canadian 1 2 3", "kgs-time_settings byoyomi 0 1 1",
                   "genmove w", visits=0, lag_buffer_cs=80, ponder=False)  # fmt: skip
    assert all(reply.startswith("= ") for reply in replies)


KATA_KINDS = {
    "none": "",
    "absolute": "2147483647.5",
    "byoyomi": "0.5 1.25 3",
    "canadian": "0 30.5 25",
    "fischer": "5 1.5",
    "fischer-capped": "5 1 60 -1",
}


def test_the_kinds_of_clocks_that_are_listed_are_understood(talk):
    assert talk("kata-list_time_settings") == ["= " + " ".join(KATA_KINDS)]
    lines = [f"kata-time_settings {kind} {words}" for kind, words in KATA_KINDS.items()]
    lines += ["time_left w 1.75 0", "time_left w -0.5 0", "time_settings 1.5 0 0"]
    assert talk(*lines) == ["= "] * len(lines)


def test_a_clock_without_time_is_answered_by_the_policy(talk):
    replies = talk("kata-time_settings fischer 0.01 0", "genmove b", "genmove w", visits=0)
    assert all(re.fullmatch(r"= [A-HJ]\d", reply) for reply in replies[1:])


def test_everything_is_logged_with_its_time(network, tmp_path):
    queue, path = LineQueue(), tmp_path / "gtp.log"
    queue.put(["7 name", "quit"])
    responder = LoadingResponder(EngineOptions(weights=network[9], quiet=True), queue)
    log = GtpLog(path)
    GtpEngine(queue, io.StringIO(), responder, log).run()
    log.close()
    lines = path.read_text().splitlines()
    assert all(re.match(r"\d\d:\d\d:\d\d\.\d{3} [<>] ", line) for line in lines)
    said = [line[13:] for line in lines]
    assert said == ["> 7 name", f"< =7 {catalog.NAME}", "< ", "> quit", "< = ", "< "]


class Failing:
    """Answers everything with a failure that nobody foresaw."""

    def respond(self, command):
        if command.name == "lz-analyze":
            return self.stream
        raise ZeroDivisionError("a\nproblem")

    def stream(self, write):
        write("info move E5")
        raise KeyError("half-way")

    def idle(self):
        raise RuntimeError("while pondering")

    def end_idle(self):
        pass


def test_a_failure_nobody_foresaw_is_one_line_and_the_session_goes_on(capfd):
    queue, sink = LineQueue(), io.StringIO()
    queue.put(["genmove b", "lz-analyze 10", "name"])
    queue.close()
    GtpEngine(queue, sink, Failing()).run()
    assert sink.getvalue().split("\n\n")[:3] == [
        "? a problem (ZeroDivisionError)",
        "=\ninfo move E5",
        f"= {catalog.NAME}",
    ]
    assert "half-way" in capfd.readouterr().err


def test_a_record_may_hold_a_suicide_that_the_rules_here_forbid(talk, tmp_path):
    path = tmp_path / "suicide.sgf"
    path.write_text("(;SZ[9];W[ba];B[ab];W[bb];B[tt];W[ac];B[aa])")
    replies = talk(f"loadsgf {path}", "showboard", "kata-get-rules", "play b a8", "play b a9",
                   "list_stones b")  # fmt: skip
    assert replies[0] == "= "
    assert "prisoners: black 0, white 2" in replies[1]
    assert '"suicide":false' in replies[2]
    assert replies[3:] == ["= ", "= ", "= "]  # told once more, they are taken off once more
