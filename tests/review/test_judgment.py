"""What a move lost, against the definition worked out by hand from single searches."""

import pytest

from lzp.engine.many_analysis import position_at
from lzp.engine.report import MoveReport, SearchReport
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK, WHITE, Game
from lzp.review.judgment import (
    Position,
    average,
    biggest_mistakes,
    judge,
    make_position,
    phases,
)
from tests.engine.scripted import HashEvaluator

SIDE = 5
PASS = SIDE * SIDE


def candidate(move: int, winrate: float, visits: int = 10, prior: float = 0.1) -> MoveReport:
    return MoveReport(
        move=move, visits=visits, winrate=winrate, prior=prior, lcb=0.0, order=0, pv=(move,)
    )


def position(color: int, winrate_black: float, *moves: MoveReport) -> Position:
    ordered = tuple(
        MoveReport(
            move=each.move, visits=each.visits, winrate=each.winrate, prior=each.prior,
            lcb=0.0, order=order, pv=each.pv,
        )
        for order, each in enumerate(moves)
    )  # fmt: skip
    return Position(to_play=color, winrate_black=winrate_black, visits=50, moves=ordered)


def test_loss_is_what_separate_searches_say() -> None:
    game = Game(SIDE, 0.5)
    for move in (12, 7, 11, 13, 6, 8, 17, 3, 2):
        game.play(move)
    reports: list[SearchReport] = []
    positions = []
    for ply in range(game.ply + 1):
        at = position_at(game, ply)
        search = Search(HashEvaluator(SIDE), SearchParams(batch_size=1, cache_mib=1, seed=3))
        search.set_position(at)
        reports.append(search.run(SearchLimits(visits=40)))
        positions.append(make_position(at, reports[-1]))
    judged = judge(game.moves, positions, PASS, 0.1)
    assert len(judged) == game.ply
    for ply, found in enumerate(judged, 1):
        before, after = reports[ply - 1], reports[ply]
        best = before.moves[0]
        mover_after = 1 - after.winrate  # colors alternate: the other one is to move
        expected = 0 if best.move == found.move else max(0, best.winrate - mover_after)
        assert found.lost == pytest.approx(expected)
        assert found.winrate == pytest.approx(mover_after)
        black = before.winrate if ply % 2 else 1 - before.winrate
        assert positions[ply - 1].winrate_black == pytest.approx(black)
    assert any(move.lost for move in judged)


def test_a_color_may_move_twice() -> None:
    positions = [
        position(BLACK, 0.6, candidate(1, 0.6)),
        position(BLACK, 0.5, candidate(2, 0.55)),
        position(WHITE, 0.7, candidate(3, 0.4)),
    ]
    first, second = judge([(BLACK, 0), (BLACK, 2)], positions, PASS, 0.1)
    assert first.lost == pytest.approx(0.1)  # 0.6 for the best, 0.5 after it, both Black's
    assert second.lost == 0.0
    assert second.winrate == pytest.approx(0.7)


VERDICTS = [
    (0.60, "good"),
    (0.56, "good"),
    (0.549, "inaccuracy"),
    (0.501, "inaccuracy"),
    (0.499, "mistake"),
    (0.401, "mistake"),
    (0.399, "blunder"),
    (0.70, "good"),
]


@pytest.mark.parametrize(("after", "verdict"), VERDICTS)
def test_verdicts_follow_the_threshold(after: float, verdict: str) -> None:
    positions = [
        position(WHITE, 0.4, candidate(1, 0.6), candidate(0, 0.5)),
        position(BLACK, 1 - after),
    ]
    (move,) = judge([(WHITE, 0)], positions, PASS, 0.1)
    assert move.verdict == verdict
    assert move.lost == pytest.approx(max(0.0, 0.6 - after))
    assert move.rank == 2


def test_a_find_is_unexpected_and_alone() -> None:
    def verdict(*moves: MoveReport) -> str:
        positions = [position(BLACK, 0.5, *moves), position(WHITE, 0.5)]
        return judge([(BLACK, moves[0].move)], positions, PASS, 0.1)[0].verdict

    rare, usual = candidate(1, 0.6, prior=0.05), candidate(2, 0.49, prior=0.6)
    assert verdict(rare, usual) == "find"
    assert verdict(rare, candidate(2, 0.55, prior=0.6)) == "best"
    assert verdict(candidate(1, 0.6, prior=0.7), usual) == "best"
    assert verdict(rare) == "best"


def test_passes_that_end_the_game_are_not_judged() -> None:
    positions = [position(color, 0.5, candidate(1, 0.9)) for color in (1, 2, 1, 2, 1)]
    judged = judge([(BLACK, PASS), (WHITE, 0), (BLACK, PASS), (WHITE, PASS)], positions, PASS, 0.1)
    assert [move.lost is None for move in judged] == [False, False, True, True]
    assert average(judged, BLACK).moves == 1


def test_an_unsearched_move_has_no_rank() -> None:
    positions = [position(BLACK, 0.5, candidate(1, 0.6), candidate(0, 0.0, visits=0)),
                 position(WHITE, 0.5)]  # fmt: skip
    (move,) = judge([(BLACK, 0)], positions, PASS, 0.1)
    assert (move.rank, move.prior) == (None, 0.1)


def test_figures_of_players_and_phases() -> None:
    positions = [position(1 + ply % 2, 0.5, candidate(1, 0.5 + 0.04 * ply)) for ply in range(8)]
    judged = judge([(1 + ply % 2, 0) for ply in range(7)], positions, PASS, 0.1)
    black, white = average(judged, BLACK), average(judged, WHITE)
    assert black.lost == pytest.approx((0 + 0.08 + 0.16 + 0.24) / 4)
    assert white.lost == pytest.approx((0.04 + 0.12 + 0.2) / 3)
    assert (black.inaccuracies, black.mistakes, black.blunders) == (1, 1, 1)
    assert black.best == 0
    worst = biggest_mistakes(judged, 3)
    assert [move.ply for move in worst] == [7, 6, 5]
    parts = phases(judged, SIDE)
    assert [move.ply for name in ("opening", "middle", "endgame") for move in parts[name]] == [
        *range(1, 8)
    ]
    assert len(parts["opening"]) == round(50 / 361 * 25)
    assert sum(map(len, phases(judged, 19).values())) == 7
