"""What lzp-analysis answers to wrong queries, to actions, and to lines that are neither."""

import json
from typing import Any

import pytest

from lzp import __version__
from tests.engine.analysis_clients import SIDE, Answer, finals, query, serve
from tests.engine.scripted import HashEvaluator

pytestmark = pytest.mark.compiled

DEEP = "[" * 100_000


def refused(**fields: Any) -> Answer:
    """Return the only answer to a query that is wrong."""
    (answer,) = serve([query(**fields)])
    assert set(answer) == {"error", "field", "id"}
    return answer


NO_QUERIES = [
    *("nonsense", "[1, 2]", "3", "null", '"text"', "{}", '{"id": 7}', '{"id": null}', DEEP),
    *('{"id":"a","komi":NaN}', '{"id":"a","komi":Infinity}', '{"id":"a",}', "{'id':'a'}"),
    *('{"id":"a"} {"id":"b"}', "\x00", "\ufffd\ufffd", '{"id":"a","n":' + "9" * 5000 + "}"),
]


@pytest.mark.parametrize("line", NO_QUERIES)
def test_line_that_is_no_query_is_an_error_without_an_id(line: str) -> None:
    (answer,) = serve([line])
    assert set(answer) == {"error"}
    assert "\n" not in answer["error"]
    assert len(answer["error"]) < 400


def test_blank_lines_are_nothing() -> None:
    assert serve(["", "   ", "\t", "\r"]) == []


LIMIT = {"player": "B", "moves": ["A1"], "untilDepth": 1}
WRONG: dict[str, list[Any]] = {
    "boardXSize": [None, 0, 1, 26, -5, 5.0, "5", True, 2**70, [5]],
    "moves": [
        *(None, "C3", {}, 3, ["B"], [None], [["B"]], [[1, 2]], [["B", "Z9"]], [["X", "A1"]]),
        *([["B", "A1", "B1"]], [["B", "(1,2"]], [["B", "(a,b)"]], [["B", "A1"]] * 2001),
    ],
    "initialStones": [[["B", "pass"]], "A1", [["B", "(9,9)"]], [["B", "A1"], ["W", "A1"]]],
    "initialPlayer": ["x", 1, "", []],
    "analyzeTurns": [[3], [-1], 2, ["1"], [1.0], [True], [2**80]],
    "rules": [None, "silly", 5, [], {"ko": "x"}, {"odd": 1}, {"ko": [1]}, {"suicide": 2}],
    "komi": [151, -151, 0.3, "7.5", True, 10**400, [7]],
    "whiteHandicapBonus": [1, "x", ""],
    "overrideSettings": [
        *([], 3, {"maxVisits": "many"}, {"maxTime": -1}, {"maxTime": [1]}),
        *({"reportAnalysisWinratesAs": "GREEN"}, {"rootSymmetryPruning": "maybe"}),
    ],
    "maxVisits": [0, -1, 2**51, 1.5, "5", True],
    "rootPolicyTemperature": [0, 101, "1", 10**400],
    "rootFpuReductionMax": [-0.1, 2.1, []],
    "analysisPVLen": [0, 1001],
    "includePolicy": [1, "true"],
    "includeOwnership": [1],
    "includePVVisits": [0],
    "includeMovesOwnership": ["yes"],
    "priority": [2**31, 0.5, "1"],
    "priorities": [[1, 2], "1", [1.5], [2**31], [True]],
    "reportDuringSearchEvery": [0, 1e7, "1", False],
    "avoidMoves": [
        *({}, [1], [{}], "A1", [{**LIMIT, "untilDepth": 0}], [{**LIMIT, "player": "C"}]),
        *([{**LIMIT, "moves": wrong}] for wrong in ("A1", ["A9"], [1])),
    ],
    "allowMoves": [[LIMIT, LIMIT], LIMIT],
}


@pytest.mark.parametrize(
    ("field", "value"), [(field, value) for field, values in WRONG.items() for value in values]
)
def test_wrong_field_is_named(field: str, value: Any) -> None:
    fields = {field: value}
    if field == "priorities":
        fields["analyzeTurns"] = [1]
    assert refused(**fields)["field"] == field


def test_oblong_boards_are_refused() -> None:
    assert "No network for 5x7" in refused(boardYSize=7)["error"]


def test_avoid_and_allow_do_not_go_together() -> None:
    assert refused(avoidMoves=[LIMIT], allowMoves=[LIMIT])["field"] == "allowMoves"


def test_illegal_move_is_told_in_katagos_words() -> None:
    error = refused(moves=[["B", "C3"], ["W", "C3"]])
    assert error["field"] == "moves"
    assert error["error"].startswith("Illegal move 1: C3")


def test_record_may_hold_a_suicide_that_the_rules_forbid() -> None:
    moves = [word.split() for word in ("B A4", "B B4", "B C5", "W A5", "W B5")]
    # Both stones are gone: their points are Black's to play on again.
    (answer,) = serve([query(moves=moves, rules="chinese", includePolicy=True)])
    assert answer["turnNumber"] == 5
    assert min(answer["policy"][:2]) > 0
    (error,) = serve([query(moves=[*moves, ["B", "B5"], ["W", "A5"]], rules="chinese")])
    assert error["error"].startswith("Illegal move 6: A5 (suicide)")


def test_record_may_hold_repetitions_and_colors_out_of_turn() -> None:
    ko = "B B2,B C1,B D2,W B3,W C4,W D3,W C2,B C3,W C2,B A1,B E5,W pass".split(",")
    moves = [word.split() for word in ko]
    (answer,) = serve([query(moves=moves)])
    assert "error" in answer  # the ko is taken back at once, which no rules allow
    (answer,) = serve([query(moves=moves[:8] + moves[9:])])
    assert answer["rootInfo"]["currentPlayer"] == "B"


def test_coordinates_may_be_numbers_from_the_top_left() -> None:
    named, numbered = serve(
        [query("a", moves=[["b", "b5"]]), query("b", moves=[["black", "(1,0)"]])]
    )
    assert named["rootInfo"]["thisHash"] == numbered["rootInfo"]["thisHash"]


def test_what_cannot_be_had_is_a_warning_and_the_rest_is_answered() -> None:
    fields: Any = {"includeMovesOwnership": True, "bogus": 1}
    answers = serve([query(**fields, overrideSettings={"antiMirror": True, "maxVisits": 3})])
    warned = {each["field"]: each for each in answers if "warning" in each}
    assert set(warned) == {"includeMovesOwnership", "bogus", "overrideSettings"}
    assert "antiMirror" in warned["overrideSettings"]["warning"]
    assert all(set(each) == {"warning", "field", "id"} for each in warned.values())
    assert set(finals(answers)) == {("q", 2)}


def test_version_and_models_are_told() -> None:
    version, models = serve(
        [
            {"id": "a", "action": "query_version", "extra": [1]},
            {"id": "b", "action": "query_models"},
        ],
        [HashEvaluator(5), HashEvaluator(7)],
    )
    assert version["version"] == __version__
    assert version["extra"] == [1]
    assert "git_hash" in version
    assert [each["name"] for each in models["models"]] == ["hash", "hash"]


def test_clear_cache_echoes_and_answers_stay_right() -> None:
    lines = [query("a"), {"id": "c", "action": "clear_cache"}, query("b")]
    answers = serve(lines, width=1)
    assert {"id": "c", "action": "clear_cache"} in answers
    assert set(finals(answers)) == {("a", 2), ("b", 2)}


@pytest.mark.parametrize("action", ["dance", 3, None, {}, "QUERY_VERSION"])
def test_unknown_action_is_an_error_with_its_id(action: Any) -> None:
    (answer,) = serve([{"id": "a", "action": action}])
    assert answer["id"] == "a"
    assert answer["field"] == "action"


def test_terminated_positions_end_with_what_was_found() -> None:
    endless = query("long", maxVisits=2**40, analyzeTurns=[0, 1, 2])
    answers = serve([endless, {"id": "t", "action": "terminate", "terminateId": "long"}])
    assert {"id": "t", "action": "terminate", "terminateId": "long"} in answers
    ends = finals(answers)
    assert set(ends) == {("long", 0), ("long", 1), ("long", 2)}
    assert all(end.get("noResults") or end["rootInfo"]["visits"] > 0 for end in ends.values())


def test_only_the_named_turns_are_terminated() -> None:
    lines = [
        query("a", analyzeTurns=[0, 1, 2], overrideSettings={"maxTime": 0.3}, maxVisits=2**40),
        {"id": "t", "action": "terminate", "terminateId": "a", "turnNumbers": [0, 2]},
    ]
    ends = finals(serve(lines))
    assert {turn for (_, turn), end in ends.items() if end.get("noResults")} <= {0, 2}
    assert ends["a", 1]["rootInfo"]["visits"] > 1


def test_terminate_all_ends_everything() -> None:
    lines: list[Any] = [query(str(n), maxVisits=2**40) for n in range(40)]
    ends = finals(serve([*lines, {"id": "t", "action": "terminate_all"}], width=4))
    assert len(ends) == 40
    assert any(end.get("noResults") for end in ends.values())


def test_terminate_of_nothing_is_echoed() -> None:
    lines = [query("a"), {"id": "t", "action": "terminate", "terminateId": "other"}]
    answers = serve(lines)
    assert len(answers) == 2
    assert set(finals(answers)) == {("a", 2)}


@pytest.mark.parametrize("fields", [{}, {"terminateId": 3}, {"terminateId": "a", "turnNumbers": 1}])
def test_terminate_that_names_nothing_is_an_error(fields: dict[str, Any]) -> None:
    (answer,) = serve([{"id": "t", "action": "terminate", **fields}])
    assert answer["id"] == "t"
    assert answer["field"] in ("terminateId", "turnNumbers")


def test_queries_after_a_terminate_run() -> None:
    lines = [
        query("a", maxVisits=2**40),
        {"id": "t", "action": "terminate", "terminateId": "a"},
        query("a"),
    ]
    answers = serve(lines)
    ends = [each for each in answers if each.get("isDuringSearch") is False]
    assert [each["id"] for each in ends] == ["a", "a"]
    assert ends[1]["rootInfo"]["visits"] == 20


def test_equal_ids_are_answered_each() -> None:
    answers = serve([query("same"), query("same", maxVisits=30)])
    assert sorted(each["rootInfo"]["visits"] for each in answers) == [20, 30]


@pytest.mark.parametrize("name", ["", "a b", "\u00e9\u4e2d", "\ud800", '"\\\n', "x" * 10_000])
def test_ids_come_back_as_they_were(name: str) -> None:
    (answer,) = serve([json.dumps(query(name))])
    assert answer["id"] == name


def test_quitting_without_waiting_leaves_queries_open() -> None:
    assert serve([query(maxVisits=2**40)], waits=False) == []


def test_reader_that_went_away_ends_it() -> None:
    from lzp.engine.analysis.models import Model
    from lzp.engine.analysis.server import AnalysisServer, ServerParams
    from lzp.engine.gtp.reader import LineQueue
    from lzp.engine.lanes import Lanes

    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError

        def flush(self) -> None:
            raise AssertionError

    lines, network = LineQueue(), Lanes([HashEvaluator(SIDE)])
    lines.put([json.dumps(query(maxVisits=2**40, reportDuringSearchEvery=0.01))])
    AnalysisServer(lines, Closed(), [Model.of(network, 1)], ServerParams()).run()
    network.close()
