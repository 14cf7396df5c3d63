"""A whole game searched at once is what its positions are, searched one by one."""

import pytest

from lzp.engine.lanes import Lanes
from lzp.engine.many_analysis import (
    AnalysisParams,
    analyze_game,
    analyze_positions,
    position_at,
)
from lzp.engine.report import SearchReport
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK, WHITE, Game
from tests.engine.scripted import HashEvaluator

SIDE = 5
LIMITS = SearchLimits(visits=30)


class CountingEvaluator(HashEvaluator):
    def __init__(self, side: int = SIDE):
        super().__init__(side)
        self.batches: list[int] = []

    def evaluate(self, planes):
        self.batches.append(len(planes))
        return super().evaluate(planes)


def played() -> Game:
    game = Game(SIDE, 0.5)
    for move in (12, 7, 11, 13, 6, 8, 17, 3, 2):
        game.play(move)
    return game


def params(width: int = 4, seed: int | None = 5) -> AnalysisParams:
    search = SearchParams(batch_size=1, cache_mib=1, seed=seed)
    return AnalysisParams(limits=LIMITS, search=search, width=width)


def test_reports_are_those_of_single_searches() -> None:
    game, evaluator = played(), CountingEvaluator()
    reports = analyze_game(game, evaluator, params())
    assert len(reports) == game.ply + 1
    for ply, report in enumerate(reports):
        search = Search(HashEvaluator(SIDE), SearchParams(batch_size=1, cache_mib=1, seed=5 + ply))
        search.set_position(position_at(game, ply))
        alone = search.run(LIMITS)
        assert report.visits_root == 30
        assert report.moves == alone.moves
    assert max(evaluator.batches) == 4
    assert sum(batch == 4 for batch in evaluator.batches) > len(evaluator.batches) / 2


@pytest.mark.compiled
@pytest.mark.parametrize("count", [1, 2])
def test_lanes_change_nothing_but_the_batches(count: int) -> None:
    lanes = Lanes([HashEvaluator(SIDE) for _ in range(count)])
    shared = analyze_game(played(), lanes, params(width=6))
    alone = analyze_game(played(), HashEvaluator(SIDE), params(width=1))
    assert [report.moves for report in shared] == [report.moves for report in alone]
    lanes.close()


@pytest.mark.compiled
def test_every_report_is_handed_out_as_it_is_ready() -> None:
    seen: dict[int, SearchReport] = {}
    reports = analyze_game(played(), HashEvaluator(SIDE), params(), seen.__setitem__)
    assert [seen[ply] for ply in sorted(seen)] == reports
    first = next(analyze_positions(played(), HashEvaluator(SIDE), params()))
    assert first[0] in range(4)


def test_positions_have_the_turn_of_who_moved() -> None:
    game = Game(SIDE)
    game.set_up([(BLACK, 12)], WHITE)
    game.play(7, WHITE)
    game.play(8, WHITE)
    game.play(13, BLACK)
    turns = [position_at(game, ply).to_play for ply in range(4)]
    assert turns == [WHITE, WHITE, BLACK, WHITE]
    assert game.ply == 3
    assert str(position_at(game, 3)) == str(game)


def test_endless_analysis_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a limit of visits or playouts"):
        AnalysisParams(limits=SearchLimits(time_s=1))
