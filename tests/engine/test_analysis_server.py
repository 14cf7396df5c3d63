"""lzp-analysis as its clients see it: JSON lines in, JSON lines out."""

import math
from typing import Any

import numpy as np
import pytest

from lzp.engine.analysis.settings import Settings
from lzp.engine.lanes import Lanes
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.tactics_kernels import WEIGHTS
from lzp.features import encode
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import format_vertex, parse_vertex
from tests.engine.analysis_clients import SIDE, Answer, finals, query, serve
from tests.engine.scripted import HashEvaluator, UniformEvaluator, stone_margin, won_after
from tests.naive import NaiveGo
from tests.naive_tactics import NaiveTactics

pytestmark = pytest.mark.compiled

FIELDS_OF_MOVES = {
    *("move", "order", "visits", "edgeVisits", "weight", "edgeWeight", "prior", "pv"),
    *("winrate", "lcb", "utility", "utilityLcb", "playSelectionValue"),
    *("scoreLead", "scoreMean", "scoreSelfplay", "scoreStdev"),
}
FIELDS_OF_ROOT = {
    *("winrate", "visits", "utility", "scoreLead", "scoreSelfplay", "scoreStdev", "weight"),
    *("currentPlayer", "thisHash", "symHash", "rawWinrate", "rawLead", "rawNoResultProb"),
    *("rawScoreSelfplay", "rawScoreSelfplayStdev"),
}


def one(line: Answer, evaluators: Any = None, **params: Any) -> Answer:
    """Return the only answer."""
    (answer,) = serve([line], evaluators, **params)
    return answer


def test_answer_has_the_fields_that_katago_documents() -> None:
    answer = one(query(includePolicy=True, includePVVisits=True, includeOwnership=True))
    assert answer["id"] == "q"
    assert answer["turnNumber"] == 2
    assert answer["isDuringSearch"] is False
    assert answer["rootInfo"]["visits"] == 20
    assert set(answer["rootInfo"]) >= FIELDS_OF_ROOT
    assert [info["order"] for info in answer["moveInfos"]] == list(range(len(answer["moveInfos"])))
    for info in answer["moveInfos"]:
        assert set(info) == FIELDS_OF_MOVES | {"pvVisits"}
        assert info["pv"][0] == info["move"]
        assert info["pvVisits"][0] == info["visits"]
        assert len(info["pvVisits"]) == len(info["pv"])
        assert info["pvVisits"] == sorted(info["pvVisits"], reverse=True)
    assert sum(info["visits"] for info in answer["moveInfos"]) == 19
    assert len(answer["policy"]) == SIDE**2 + 1
    assert len(answer["ownership"]) == SIDE**2


def played() -> Game:
    """Return the game of `query`."""
    game = Game(SIDE, 0.5)
    game.play(parse_vertex("C3", SIDE), BLACK)
    game.play(parse_vertex("D5", SIDE), WHITE)
    return game


def test_search_is_that_of_a_single_tree() -> None:
    """Over a network that is the same under all symmetries."""
    answer = one(query(maxVisits=80), [UniformEvaluator(SIDE, stone_margin)], batch_size=1)
    lanes = Lanes([UniformEvaluator(SIDE, stone_margin)])
    # The cache that analyses share answers by history, too; one batch more than there are
    # lanes is on its way.
    flight = {"batches_in_flight": 2, "visits_per_leaf": 4, "cache": "exact"}
    params = SearchParams.strong(batch_size=1, rollouts=0, **flight)
    search = Search(lanes, params)
    search.set_position(played())
    report = search.run(SearchLimits(visits=80))
    lanes.close()
    expected = [(format_vertex(each.move, SIDE), each.visits) for each in report.moves]
    assert [(info["move"], info["visits"]) for info in answer["moveInfos"]] == expected
    for info, each in zip(answer["moveInfos"], report.moves, strict=True):
        assert info["winrate"] == pytest.approx(each.winrate, abs=1e-5)
        assert info["prior"] == pytest.approx(each.prior, abs=1e-5)
    assert answer["rootInfo"]["winrate"] == pytest.approx(report.winrate, abs=1e-5)


def test_priors_are_the_networks_as_the_position_lies_and_as_the_search_weighs_them() -> None:
    answer, game = one(query(maxVisits=40)), played()
    raw, winrate = HashEvaluator(SIDE).evaluate(encode(game.boards))
    assert answer["rootInfo"]["rawWinrate"] == pytest.approx(winrate[0], abs=1e-5)
    candidates = [move for move in game.legal_moves() if move != game.pass_move]
    tactics = NaiveTactics(NaiveGo.of(game), game.to_play)
    weighed = {
        move: raw[0, move] * math.exp(np.dot(WEIGHTS, tactics.features(move)))
        for move in candidates
    }
    powers = {m: share ** SearchParams.strong().policy_exponent for m, share in weighed.items()}
    for info in answer["moveInfos"]:
        share = powers[parse_vertex(info["move"], SIDE)] / sum(powers.values())
        assert info["prior"] == pytest.approx(share, rel=0.004)


def test_policy_is_the_networks_and_minus_one_where_illegal() -> None:
    answer, game = one(query(includePolicy=True)), played()
    raw = HashEvaluator(SIDE).evaluate(encode(game.boards))[0][0]
    policy = answer["policy"]
    legal = set(game.legal_moves().tolist())
    for move in range(SIDE**2):
        y, x = divmod(move, SIDE)
        given = policy[(SIDE - 1 - y) * SIDE + x]
        assert given == -1 if move not in legal else given > 0
        if move in legal:
            assert given / policy[-1] == pytest.approx(raw[move] / raw[-1], rel=1e-3)
    assert sum(share for share in policy if share >= 0) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("turn", [1, 2])
def test_numbers_are_told_in_the_view_that_is_asked_for(turn: int) -> None:
    """Turn 1 is White's, turn 2 Black's."""
    network = [UniformEvaluator(SIDE, won_after("C3", SIDE))]  # Black has that stone

    def told(view: str) -> Answer:
        fields: Any = {"overrideSettings": {"reportAnalysisWinratesAs": view}}
        return one(query(analyzeTurns=[turn], **fields), evaluators=network)

    black, white, mover = (told(view) for view in ("BLACK", "WHITE", "SIDETOMOVE"))
    assert black["rootInfo"]["winrate"] > 0.7
    for info, other in zip(black["moveInfos"], white["moveInfos"], strict=True):
        assert info["winrate"] + other["winrate"] == pytest.approx(1, abs=1e-5)
        assert info["lcb"] + other["lcb"] == pytest.approx(1, abs=1e-5)
        assert info["scoreLead"] == pytest.approx(-other["scoreLead"], abs=1e-3)
        assert info["utility"] == pytest.approx(-other["utility"], abs=1e-5)
        assert info["scoreLead"] > 0
    assert mover["moveInfos"] == (white if turn == 1 else black)["moveInfos"]
    assert mover["rootInfo"]["winrate"] == (white if turn == 1 else black)["rootInfo"]["winrate"]


def test_bound_is_worse_for_the_mover_in_every_view() -> None:
    answers = serve([query(analyzeTurns=[1, 2], maxVisits=60)])
    for answer in answers:
        sign = 1 if answer["rootInfo"]["currentPlayer"] == "B" else -1
        best = answer["moveInfos"][0]
        assert sign * best["lcb"] < sign * best["winrate"]


def test_turns_get_an_answer_each() -> None:
    answers = serve([query(analyzeTurns=[0, 2, 1, 2])])
    assert sorted(each["turnNumber"] for each in answers) == [0, 1, 2]
    players = {each["turnNumber"]: each["rootInfo"]["currentPlayer"] for each in answers}
    assert players == {0: "B", 1: "W", 2: "B"}


def test_initial_stones_and_player_are_the_beginning() -> None:
    stones = [["B", "B2"], ["B", "D4"]]
    fields: Any = {"initialStones": stones, "moves": [], "includePolicy": True}
    answers = serve([query("a", **fields), query("b", initialPlayer="B", **fields)])
    by_id = {each["id"]: each for each in answers}
    assert by_id["a"]["rootInfo"]["currentPlayer"] == "W"
    assert by_id["b"]["rootInfo"]["currentPlayer"] == "B"
    assert by_id["a"]["policy"].count(-1) == 2
    assert by_id["a"]["rootInfo"]["thisHash"] != by_id["b"]["rootInfo"]["thisHash"]


def test_symmetric_positions_share_a_hash() -> None:
    answers = serve([query(vertex, moves=[["B", vertex]]) for vertex in ("B2", "D4", "C3")])
    roots = {each["id"]: each["rootInfo"] for each in answers}
    assert roots["B2"]["symHash"] == roots["D4"]["symHash"] != roots["C3"]["symHash"]
    assert len({root["thisHash"] for root in roots.values()}) == 3
    assert all(len(root["thisHash"]) == 32 for root in roots.values())


def test_mirror_images_are_listed_with_what_they_are_images_of() -> None:
    fields: Any = {"moves": [], "maxVisits": 50}
    pruned = one(query(**fields))["moveInfos"]
    moves = [info["move"] for info in pruned]
    assert len(set(moves)) == len(moves)
    images = [info for info in pruned if "isSymmetryOf" in info]
    originals = {info["move"]: info for info in pruned if "isSymmetryOf" not in info}
    assert images
    for image in images:
        original = originals[image["isSymmetryOf"]]
        assert image["visits"] == original["visits"]
        assert len(image["pv"]) == len(original["pv"])
    assert sum(info["visits"] for info in originals.values()) == 49
    plain = one(query(**fields, overrideSettings={"rootSymmetryPruning": False}))["moveInfos"]
    assert not any("isSymmetryOf" in info for info in plain)


@pytest.mark.parametrize("depth", [1, 4])
def test_avoided_moves_are_not_played(depth: int) -> None:
    moves = [format_vertex(move, SIDE) for move in range(0, SIDE**2, 2)]
    avoid = [{"player": "B", "moves": moves, "untilDepth": depth}]
    answer = one(query(maxVisits=60, avoidMoves=avoid))
    for info in answer["moveInfos"]:
        assert info["move"] not in moves
        assert depth == 1 or not set(info["pv"][:depth:2]) & set(moves)


def test_only_allowed_moves_are_played() -> None:
    allow = [{"player": "b", "moves": ["A1", "E5"], "untilDepth": 1}]
    answer = one(query(allowMoves=allow), [UniformEvaluator(SIDE)])
    assert {info["move"] for info in answer["moveInfos"]} == {"A1", "E5"}


@pytest.mark.parametrize("word", ["avoidMoves", "allowMoves"])
def test_no_move_left_is_no_endless_search(word: str) -> None:
    every = [format_vertex(move, SIDE) for move in range(SIDE**2 + 1)]
    moves = every if word == "avoidMoves" else []
    fields: Any = {word: [{"player": "B", "moves": moves, "untilDepth": 1}]}
    assert one(query(**fields))["rootInfo"]["visits"] >= 1


def test_reports_come_while_it_searches() -> None:
    answers = serve([query(maxVisits=3000, reportDuringSearchEvery=0.001)])
    assert len(answers) > 2
    assert [each["isDuringSearch"] for each in answers] == [True] * (len(answers) - 1) + [False]
    visits = [each["rootInfo"]["visits"] for each in answers]
    assert visits == sorted(visits)
    assert visits[-1] == 3000


def test_time_ends_a_search() -> None:
    answer = one(query(maxVisits=2**49, overrideSettings={"maxTime": 0.1}))
    assert 1 <= answer["rootInfo"]["visits"] < 1_000_000


def test_root_policy_temperature_widens_the_search() -> None:
    class Leaning(UniformEvaluator):
        """Likes each move half as well as the one before it."""

        def evaluate(self, planes: np.ndarray) -> Any:
            _, winrate = super().evaluate(planes)
            policy = 0.5 ** np.arange(1, SIDE**2 + 2, dtype=np.float32)
            return np.tile(policy / policy.sum(), (len(planes), 1)), winrate

    def moves(temperature: float) -> int:
        fields: Any = {"maxVisits": 40, "rootPolicyTemperature": temperature}
        return len(one(query(**fields), [Leaning(SIDE)])["moveInfos"])

    assert moves(0.3) < moves(1.0) < moves(5.0)


def test_the_shortest_search_is_the_networks_opinion() -> None:
    answer = one(query(maxVisits=1))
    assert answer["moveInfos"] == []
    assert answer["rootInfo"]["visits"] == 1
    assert answer["rootInfo"]["winrate"] == answer["rootInfo"]["rawWinrate"]


def test_boards_of_several_sizes_have_their_networks() -> None:
    networks = [HashEvaluator(5), HashEvaluator(7)]
    answers = serve(
        [query(), query("r", boardXSize=7, boardYSize=7, includePolicy=True)], evaluators=networks
    )
    by_id = {each["id"]: each for each in answers}
    assert len(by_id["r"]["policy"]) == 50
    (error,) = serve([query(boardXSize=9, boardYSize=9)], evaluators=networks)
    assert error["field"] == "boardXSize"
    assert "5x5, 7x7" in error["error"]


def test_higher_priorities_end_first() -> None:
    queries = [query(str(n), priority=n % 3, maxVisits=30) for n in range(9)]
    order = [each["id"] for each in serve(queries, width=1)]
    assert order == ["2", "5", "8", "1", "4", "7", "0", "3", "6"]
    fields: Any = {"analyzeTurns": [0, 1, 2], "priorities": [1, 3, 2]}
    turns = [each["turnNumber"] for each in serve([query(**fields)], width=1)]
    assert turns == [1, 2, 0]


def test_low_priorities_are_searched_beside_endless_high_ones() -> None:
    endless = query("ponder", priority=1000, maxVisits=2**40, overrideSettings={"maxTime": 1.0})
    answers = serve([endless, query("game", priority=-100)])
    assert [each["id"] for each in answers] == ["game", "ponder"]


def test_batches_hold_leaves_of_several_positions() -> None:
    network = UniformEvaluator(SIDE)
    vertices = [f"{column}{row}" for column in "ABDE" for row in (1, 2, 4)]
    queries = [query(v, moves=[["B", "C3"], ["W", v]], maxVisits=30) for v in vertices]
    serve(queries, evaluators=[network])
    assert max(network.batches) == 4
    assert np.mean(network.batches) > 3


def test_equal_queries_ask_the_network_once() -> None:
    asked = []
    for count in (1, 12):
        network = UniformEvaluator(SIDE)
        answers = serve([query(str(n), maxVisits=30) for n in range(count)], evaluators=[network])
        assert all(answer["rootInfo"]["visits"] == 30 for answer in answers)
        asked.append(sum(network.batches))
    # Not all walk down alike, as they wait for different batches.
    assert asked[1] < 3 * asked[0]


def test_fault_of_the_network_costs_its_positions_alone() -> None:
    class Failing(HashEvaluator):
        calls = 0

        def evaluate(self, planes: np.ndarray) -> Any:
            self.calls += 1
            if self.calls == 2:
                raise ValueError("device lost")
            return super().evaluate(planes)

    answers = serve([query("a"), query("b"), query("c")], evaluators=[Failing(SIDE)], width=1)
    failed = [each for each in answers if "error" in each]
    assert [each["id"] for each in failed] == ["a"]
    assert "device lost" in failed[0]["error"]
    assert set(finals(answers)) == {("b", 2), ("c", 2)}


def test_default_settings_come_from_the_configuration() -> None:
    settings = Settings().changed({"maxVisits": "7", "reportAnalysisWinratesAs": "white"})[0]
    network = [UniformEvaluator(SIDE, won_after("C3", SIDE))]
    plain = one(query(maxVisits=None), network, settings=settings)["rootInfo"]
    assert plain["visits"] == 7
    asked = one(query(maxVisits=7), network)["rootInfo"]
    assert plain["winrate"] == pytest.approx(1 - asked["winrate"], abs=1e-5)


def test_every_number_is_finite() -> None:
    def numbers(value: Any) -> list[float]:
        if isinstance(value, dict):
            return [each for inner in value.values() for each in numbers(inner)]
        if isinstance(value, list):
            return [each for inner in value for each in numbers(inner)]
        return [value] if isinstance(value, int | float) else []

    answer = one(query(includePolicy=True, includeOwnership=True))
    assert all(math.isfinite(number) for number in numbers(answer))
