"""KataGo's commands, read as the boards that use them read the replies."""

import json
import re
import time
from dataclasses import replace

import pytest

from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.parameters import PARAMETERS
from lzp.go import Game
from lzp.go.vertex import parse_vertex
from tests.engine.gtp_clients import (
    LIZZIE_MOVE,
    cgos_move,
    cgos_owners,
    lizzie_kata,
    lizzieyzy_variations,
    raw_network,
    sabaki_moves,
    settled_board,
)
from tests.engine.gtp_text import converse
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

SIDE = 9
BLACKS_COLUMNS = 4


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("networks") / "r9.txt", side=SIDE)


@pytest.fixture
def talk(network):
    return lambda *lines, **flags: converse(*lines, weights=network, **flags)


def lines_of(reply):
    head, *lines = reply.split("\n")
    assert re.fullmatch(r"=\d*", head)  # the first report is on a line of its own
    assert lines
    return lines


def reports(reply):
    return [line for line in lines_of(reply) if not line.startswith("play ")]


def columns_owned(numbers):
    """Numbers of a board, rows from the top, as the mean of each half."""
    left = [number for place, number in enumerate(numbers) if place % SIDE < BLACKS_COLUMNS]
    right = [number for place, number in enumerate(numbers) if place % SIDE >= BLACKS_COLUMNS]
    return sum(left) / len(left), sum(right) / len(right)


def test_analysis_is_read_by_sabaki_as_by_lizzie(talk):
    replies = talk(
        "7 kata-search_analyze w interval 1", "analyze w 1", "kata-analyze w 1", visits=60
    )
    assert [reply.startswith("=") for reply in replies] == [True] * 3
    for line in [line for reply in replies for line in reports(reply)]:
        assert "nan" not in line
        assert "inf " not in line.replace("info", "")
        shown = sabaki_moves(line, "kata-analyze")
        moves, ownership = lizzie_kata(line, SIDE)
        assert ownership is None
        assert [move["order"] for move in moves] == list(range(len(moves)))
        on_board = [move for move in moves if move["move"] != "pass"]
        assert [move["move"] for move in shown] == [move["move"] for move in on_board]
        for first, second in zip(shown, on_board, strict=True):
            assert first["winrate"] == second["winrate"]
            assert first["score"] == second["scoreMean"]
            assert 0 <= second["lcb"] <= second["winrate"] <= 1
            assert second["pv"][0] == second["move"]
            assert LIZZIE_MOVE.fullmatch(second["move"])


def test_a_lead_goes_with_its_winrate(talk):
    line = reports(talk("kata-search_analyze b", visits=60)[0])[-1]
    moves, _ = lizzie_kata(line, SIDE)
    assert len(moves) > 5
    for move in moves:
        assert (move["scoreMean"] > 0) == (move["winrate"] > 0.5)


def test_kata_and_lz_say_the_same_of_the_same_search(talk):
    lz, kata = (talk(f"{name}-genmove_analyze b 9999", visits=50)[0] for name in ("lz", "kata"))
    lz_words, kata_words = reports(lz)[-1].split(), reports(kata)[-1].split()
    for key in ("move", "visits", "order"):
        values = [
            [words[place + 1] for place, word in enumerate(words) if word == key]
            for words in (lz_words, kata_words)
        ]
        assert values[0] == values[1] != []
    winrates = [
        [float(words[place + 1]) for place, word in enumerate(words) if word == "winrate"]
        for words in (lz_words, kata_words)
    ]
    for of_lz, of_kata in zip(*winrates, strict=True):
        assert of_lz / 10000 == pytest.approx(of_kata, abs=1.01e-4)


@pytest.mark.parametrize(("color", "sign"), [("b", 1), ("w", -1)])
def test_ownership_is_in_the_view_of_the_color_to_move(talk, color, sign):
    line = lines_of(talk(settled_board(), f"kata-analyze {color} 1 ownership true")[-1])[-1]
    _, ownership = lizzie_kata(line, SIDE)
    left, right = columns_owned(ownership)
    assert sign * left > 0.9
    assert sign * right < -0.9


def test_the_position_and_the_visits_of_variations_come_when_asked_for(talk):
    words = "rootInfo true pvVisits true ownership false movesOwnership false"
    line = reports(talk(f"kata-search_analyze b {words}", visits=200)[0])[-1]
    moves, _ = lizzie_kata(line, SIDE)
    variations = lizzieyzy_variations(line)
    assert any(len(pv) > 1 for pv, _ in variations)
    for (pv, visits), move in zip(variations, moves, strict=True):
        assert len(visits) == len(pv)
        assert visits[0] == move["visits"]
        assert visits == sorted(visits, reverse=True)
    root = line.split(" rootInfo ")[1].split(" ")
    values = dict(zip(root[::2], root[1::2], strict=True))
    assert int(values["visits"]) == 1 + sum(move["visits"] for move in moves)
    assert min(move["winrate"] for move in moves) < float(values["winrate"]) < 1


def test_the_list_can_be_made_longer_and_shorter(talk):
    few, many, none, left_out = talk(
        "kata-search_analyze b maxmoves 2",
        "kata-search_analyze b minmoves 40",
        "kata-analyze",
        "kata-search_analyze b allow b A1:B2,E5 1 avoid b pass 9",
        visits=30,
    )
    assert reports(few)[-1].count("info move") == 2
    assert reports(many)[-1].count("info move") == 40
    assert none == "="
    moves, _ = lizzie_kata(reports(left_out)[-1], SIDE)
    assert {move["move"] for move in moves} <= {"A1", "A2", "B1", "B2", "E5"}


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("kata-analyze b 10 movesOwnership true", "? movesOwnership is not supported"),
        ("kata-analyze b ownershipStdev true", "? ownershipStdev is not supported"),
        ("kata-analyze b 10 ownership", "? cannot parse analyze tags"),
        ("kata-analyze b 10 ownership maybe", "? cannot parse analyze tags"),
        ("kata-analyze maxmoves -1", "? cannot parse analyze tags"),
        ("kata-analyze b 10 fast true", "? cannot parse analyze tags"),
        ("kata-genmove_analyze b 10 nan", "? cannot parse analyze tags"),
        ("kata-search red", "? syntax not understood"),
        ("kata-raw-nn 8", "? syntax not understood"),
        ("kata-set-rules", "? syntax not understood"),
        ("kata-set-rules {", "? the rules are not valid JSON"),
        ("kata-set-rule ko", "? syntax not understood"),
        ("kata-set-rule ko NONE",
         "? ko must be one of SIMPLE, POSITIONAL, SITUATIONAL, not 'NONE'"),
        ("kgs-rules ing", "? unknown rules 'ing'; known are chinese, aga, japanese, new_zealand"),
        ("kata-get-param", "? syntax not understood"),
        ("kata-get-param sharpness", "? Invalid parameter: sharpness"),
        ("kata-set-param maxVisits", "? syntax not understood"),
        ("kata-set-param maxVisits 1.5", "? maxVisits: must be a whole number"),
        ("kata-set-param maxVisits nan", "? maxVisits: must be a number"),
        ("kata-set-param maxTime -1", "? maxTime: must be at least 0"),
        ("kata-set-param lagBuffer 31", "? lagBuffer: must be at least 0 and at most 30"),
        ("kata-set-param ponderingEnabled perhaps", "? ponderingEnabled: must be true or false"),
        ("kata-set-param analysisWideRootNoise 0.04",
         "? analysisWideRootNoise: cannot be changed: the search has no such noise"),
        ("kata-set-param liveGraphics all",
         "? liveGraphics: must be one of off, moves, variation"),
        ("kata-set-params [1]", "? the parameters are no JSON object"),
        ("kata-set-params {", "? the parameters are not valid JSON"),
        ('kata-set-params {"maxVisits": 5, "maxTime": "soon"}', "? maxTime: must be a number"),
        ("cgos-genmove_analyze", "? syntax error"),
        ("kgs-chat game", "? syntax not understood"),
    ],
)  # fmt: skip
def test_what_is_wrong_gets_one_line(broken, line, reply):
    assert broken[line] == reply


@pytest.fixture(scope="module")
def broken(network):
    """The replies to all wrong lines, in one session, by line."""
    marks = test_what_is_wrong_gets_one_line.pytestmark
    lines = [line for line, _ in next(m for m in marks if m.name == "parametrize").args[1]]
    replies = converse(*lines, "kata-get-param maxVisits", weights=network)
    assert replies[-1] == "= 20"  # not even a part of what was wrong has changed anything
    return dict(zip(lines, replies, strict=False))


def test_a_move_with_analysis_is_reported_once_at_least_and_played(talk):
    reply, last = talk("kata-genmove_analyze b ownership true", "last_move")
    report, play = lines_of(reply)  # CGOS's client takes what comes before the move
    moves, ownership = lizzie_kata(report, SIDE)
    assert len(ownership) == SIDE * SIDE
    assert moves
    assert last == f"= black {play.removeprefix('play ')}"


def test_a_search_does_not_play(talk):
    replies = talk("kata-search b", "kata-search_analyze b 1000", "move_history", "genmove b")
    assert replies[2] == "= "
    assert replies[0] == replies[3]
    assert f"= {lines_of(replies[1])[-1].removeprefix('play ')}" == replies[0]


def test_rules_are_told_in_katagos_json_and_set_by_name_or_field(talk):
    replies = talk("kata-get-rules", "kata-set-rules new-zealand", "kata-set-rule ko SIMPLE",
                   "kata-get-rules", "kgs-rules japanese", "kata-get-rules",
                   'kata-set-rules {"scoring": "AREA", "whiteHandicapBonus": "N-1"}',
                   "kata-get-rules", "clear_board", "kata-get-rules")  # fmt: skip
    told = [json.loads(replies[place][2:]) for place in (0, 3, 5, 7, 9)]
    keys = {"scoring", "ko", "tax", "suicide", "hasButton", "whiteHandicapBonus"}
    assert all(keys <= set(rules) for rules in told)  # what LizzieYzy looks up
    assert (told[0]["scoring"], told[0]["suicide"]) == ("AREA", False)
    assert (told[1]["ko"], told[1]["suicide"]) == ("SIMPLE", True)
    assert (told[2]["scoring"], told[2]["tax"]) == ("TERRITORY", "SEKI")
    assert told[3]["whiteHandicapBonus"] == "N-1"
    assert told[4] == told[3]  # a new game is played by the same rules


def test_rules_decide_what_is_considered_and_a_record_what_is_played(talk):
    setup = "gogui-setup w c1 w c2 w a3 w b3 b a1 b b1 b b2"
    for rules, considered in (("japanese", {"pass"}), ("tromp-taylor", {"A2", "pass"})):
        words = [setup, f"kata-set-rules {rules}", "kata-search_analyze b 1000 allow b a2,pass 1"]
        report, played, stones = talk(*words, "play b a2", "list_stones b")[2:]
        assert set(re.findall(r"move (\S+)", report)) == considered
        assert (played, stones) == ("= ", "= ")


@pytest.mark.parametrize("color", ["b", "w"])
def test_the_raw_network_is_that_of_the_heatmap(talk, capfd, color):
    """Held against the heatmap, which is held against leelaz."""
    replies = talk("play b c3", f"gogui-setup_player {color}", "heatmap 3", "kata-raw-nn 3")
    text = capfd.readouterr().err
    found = raw_network(replies[-1].removeprefix("= "))
    assert found["symmetry"] == [3]
    winrate = float(text.split("winrate: ")[1].split()[0])
    white = winrate if color == "w" else 1 - winrate
    assert found["whiteWin"][0] == pytest.approx(white, abs=1e-5)
    assert found["whiteLoss"][0] == pytest.approx(1 - white, abs=1e-5)
    rows = [int(word) for row in text.split("\n")[:SIDE] for word in row.split()]
    assert len(found["policy"]) == len(found["whiteOwnership"]) == SIDE * SIDE
    assert found["policy"][6 * SIDE + 2] == 0  # the stone on C3; the rest is shared out anew
    total = sum(found["policy"]) + found["policyPass"][0]
    assert total == pytest.approx(1, abs=1e-4)
    ratio = max(rows) / max(found["policy"])
    for per_mille, policy in zip(rows, found["policy"], strict=True):
        assert policy * ratio == pytest.approx(per_mille, abs=1)  # the heatmap cuts off


def test_the_raw_network_knows_whose_the_points_are(talk):
    reply = talk(settled_board(), "kata-raw-nn all")[-1]
    assert reply.count("symmetry ") == 8
    left, right = columns_owned(raw_network(reply.removeprefix("= "))["whiteOwnership"])
    assert left < -0.9
    assert right > 0.9


def test_models_are_told_as_json(talk):
    (model,) = json.loads(talk("kata-get-models")[0].removeprefix("= "))
    assert model["name"] == "r9.txt"
    assert not model["usesHumanSLProfile"]


def test_parameters_are_listed_read_and_set(talk):
    listed, every, *replies = talk(
        "kata-list-params",
        "kata-get-params",
        "kata-get-param playoutDoublingAdvantage",
        "kata-get-param analysisWideRootNoise",
        "kata-set-param analysisWideRootNoise 0",
        'kata-set-params {"maxVisits": 9, "allowResignation": false}',
        "kata-get-param allowResignation",
        "cgos-genmove_analyze b",
        "kata-set-param maxVisits 1125899906842624",
        "kata-get-param maxvisits",
    )
    assert listed.removeprefix("= ").split() == list(json.loads(every.removeprefix("= ")))
    assert replies[:5] == ["= 0.0", "= 0.0", "= ", "= ", "= false"]
    assert cgos_move(replies[5])[1]["visits"] == 9
    assert replies[6:] == ["= ", "= 0"]  # KataGo's "no limit"


SETTINGS = {
    "maxVisits": "7",
    "maxPlayouts": "8",
    "maxTime": "2.5",
    "lagBuffer": "0.25",
    "ponderingEnabled": "false",
    "allowResignation": "false",
    "resignThreshold": "-0.9",
    "playoutDoublingAdvantage": "0.0",
    "analysisWideRootNoise": "0.0",
    "lookSeconds": "0.5",
    "liveGraphics": "variation",
}


@pytest.mark.parametrize("name", PARAMETERS)
def test_what_is_written_is_read_again(name):
    parameter = PARAMETERS[name]
    changed = replace(EngineOptions(), **parameter.write(SETTINGS[name]))
    assert parameter.read(changed) == SETTINGS[name]


def test_the_time_of_a_move_can_be_set(talk):
    """Four moves at 5 s, the usual, would take 20."""
    talk("genmove b")
    started = time.monotonic()
    moves = talk("kata-set-param maxTime 0.1", *["genmove b"] * 4, visits=0)[1:]
    assert all(re.fullmatch(r"= [A-HJ]\d", move) for move in moves)
    assert time.monotonic() - started < 15


def test_cgos_gets_its_json_and_the_move(talk):
    reply, last = talk("cgos-genmove_analyze w", "last_move", visits=40)
    move, analysis = cgos_move(reply)
    assert last == f"= white {move}"
    assert analysis["visits"] == 40
    assert 0 < analysis["winrate"] < 1
    assert analysis["moves"][0]["move"] == move
    game = Game(SIDE)
    for found in analysis["moves"]:
        steps = [found["move"], *found["pv"].split()]
        for step in steps:  # the variation goes on after the move
            assert parse_vertex(step, SIDE) < game.pass_move or step == "pass"
        assert steps.count(found["move"]) <= 2
        assert 0 <= found["prior"] <= 1
        assert (found["score"] > 0) == (found["winrate"] > 0.5)
    assert sum(found["visits"] for found in analysis["moves"]) == 39


@pytest.mark.parametrize(("color", "sign"), [("b", 1), ("w", -1)])
def test_cgos_gets_the_points_in_the_players_view(talk, color, sign):
    _, analysis = cgos_move(talk(settled_board(), f"cgos-genmove_analyze {color}")[-1])
    left, right = columns_owned(cgos_owners(analysis["ownership"]))
    assert sign * left > 0.9
    assert sign * right < -0.9


def test_kgs_chat_understands_a_few_words(talk):
    replies = talk("kgs-chat game joe winrate?", "genmove b", "kgs-chat private joe WR",
                   "kgs-chat game joe help", "kgs-chat game joe version",
                   "kgs-chat game joe nice weather")  # fmt: skip
    assert replies[0] == "= I have not moved yet."
    assert re.fullmatch(rf"= My last move: .*Win: \d+\.\d\d%, PV: {replies[1][2:]}.*", replies[2])
    assert replies[3].startswith("= ")
    assert replies[4].startswith("= Leela Zero Python ")
    assert replies[5] == "? I'm a go bot, not a chat bot."
