"""What a search finds, and that it plays by the rules to the end of the game."""

import numpy as np
import pytest

from lzp.engine.restrictions import MoveRestrictions, Restriction
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK, WHITE, Game
from lzp.go.constants import SUPERKO
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import (
    HashEvaluator,
    UniformEvaluator,
    UrgentEvaluator,
    search_on,
    stone_margin,
    won_after,
)
from tests.engine.tree_checks import check_invariants, check_rules, walk


def played(side: int, text: str, komi: float = 0.5) -> Game:
    """Return a game after moves like "C3 D3 pass", Black first."""
    game = Game(side, komi)
    for vertex in text.split():
        game.play(parse_vertex(vertex, side))
    return game


def set_up(diagram: str, to_play: int, komi: float = 0.5) -> Game:
    """Return a game from rows, top first, of X (Black), O (White) and dots."""
    rows = diagram.split()[::-1]
    side = len(rows)
    colors = {"X": BLACK, "O": WHITE}
    game = Game(side, komi)
    stones = [
        (colors[mark], y * side + x)
        for y, row in enumerate(rows)
        for x, mark in enumerate(row)
        if mark != "."
    ]
    game.set_up(stones, to_play)
    return game


# What it finds


@pytest.mark.parametrize("arm", ["A1", "C3", "E2"])
def test_bandit_pulls_the_best_arm(arm: str) -> None:
    search = search_on(Game(5), UniformEvaluator(5, won_after(arm, 5)), symmetry=0)
    report = search.run(SearchLimits(visits=400))
    assert report.moves[0].move == parse_vertex(arm, 5)
    assert report.moves[0].visits > 200
    assert report.moves[0].winrate == pytest.approx(0.8, abs=0.01)


ATARI = """
.....
..X..
.XOX.
.XO..
..X..
"""
#: White's eye space is three points in a row: at B1 it dies, by stones that are thrown in
#: and taken back; anywhere else it lives.
THROW_IN = """
.....
.....
XXXXX
OOOOX
...OX
"""
LADDER = """
.......
.......
...X...
..XOX..
..XO...
.......
.......
"""
#: The ladder runs into a stone at E2.
BROKEN = """
.......
.......
...X...
..XOX..
..XO...
....O..
.......
"""


@pytest.mark.compiled
def test_capture_is_found_with_a_uniform_policy() -> None:
    search = search_on(set_up(ATARI, BLACK), UniformEvaluator(5, stone_margin))
    report = search.run(SearchLimits(visits=400))
    assert report.moves[0].move == parse_vertex("D2", 5)


@pytest.mark.compiled
def test_snapback_kills() -> None:
    search = search_on(set_up(THROW_IN, BLACK), UrgentEvaluator(5, stone_margin))
    report = search.run(SearchLimits(visits=1200))
    assert report.moves[0].move == parse_vertex("B1", 5)
    assert report.moves[0].visits > 600


@pytest.mark.compiled
def test_ladder_is_read_to_its_end() -> None:
    best = {}
    for diagram in (LADDER, BROKEN):
        search = search_on(set_up(diagram, BLACK), UrgentEvaluator(7, stone_margin))
        best[diagram] = search.run(SearchLimits(visits=1500)).moves[0]
    assert best[LADDER].move == parse_vertex("D2", 7)
    assert len(best[LADDER].pv) > 6
    assert best[BROKEN].winrate < best[LADDER].winrate - 0.04


# Superko, the end, the whole game


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("side", "komi"), [(2, 0.5), (3, 2.5), (4, 0.0)])
def test_whole_games_keep_the_rules(side: int, komi: float, seed: int) -> None:
    game = Game(side, komi)
    search = Search(HashEvaluator(side, seed), SearchParams(seed=seed, dumb_pass=seed == 1))
    while not game.is_over and game.ply < 40:
        search.set_position(game)
        report = search.run(SearchLimits(visits=30))
        move = report.moves[0].move
        assert game.is_legal(move)
        check_invariants(search)
        check_rules(search, game)
        game.play(move)
    assert game.ply >= 2


def test_repetition_is_no_candidate_at_the_root() -> None:
    # On 2x2 repetitions come fast; whatever the search lists may be played.
    random = np.random.default_rng(3)
    met = 0
    for _ in range(30):
        game = Game(2, 0.5)
        for _ in range(12):
            moves = game.legal_moves()
            if game.is_over or len(moves) == 1:
                break
            game.play(int(random.choice(moves[:-1])))
        search = search_on(game, UniformEvaluator(2), dumb_pass=True)
        listed = {move.move for move in _all_moves(search)}
        assert listed == set(game.legal_moves().tolist())
        met += any(game.check(move) == SUPERKO for move in range(4))
    assert met > 0


def test_only_a_repetition_left_leaves_the_pass() -> None:
    random = np.random.default_rng(5)
    game = Game(2, 0.5)
    banned: list[int] = []
    while not banned:
        if game.is_over:
            game.clear()
        game.play(int(random.choice(game.legal_moves())))
        banned = [move for move in range(4) if game.check(move) == SUPERKO]
    color = game.to_play
    others = [move for move in range(5) if move != banned[0]]
    avoid = tuple(Restriction(color, move, game.ply + 1) for move in others)
    search = search_on(game, UniformEvaluator(2))
    report = search.run(SearchLimits(visits=20), restrictions=MoveRestrictions(avoid=avoid))
    assert [move.move for move in report.moves] == [game.pass_move]


def _all_moves(search: Search):
    search.run(SearchLimits(visits=2))
    return search.report(min_moves=1000).moves


def test_search_goes_on_after_two_passes() -> None:
    game = played(5, "C3 pass pass")
    report = search_on(game).run(SearchLimits(visits=50))
    assert report.visits_root == 50


def test_passing_to_win_is_seen() -> None:
    # Black owns everything; after White's pass a pass ends the game.
    game = played(3, "B2 pass", komi=0.5)
    search = search_on(game, UniformEvaluator(3), dumb_pass=True)
    report = search.run(SearchLimits(visits=100))
    best = {move.move: move for move in report.moves}[game.pass_move]
    assert best.winrate == 1.0
    assert report.moves[0].move == game.pass_move


@pytest.mark.parametrize(("komi", "winrate"), [(8.0, 1.0), (9.0, 0.5), (10.0, 0.0)])
def test_komi_and_handicap_decide_the_end(komi: float, winrate: float) -> None:
    game = Game(3, komi - 1)
    game.set_up([(BLACK, 4)], WHITE, handicap=1)
    game.play(game.pass_move)
    search = search_on(game, UniformEvaluator(3), dumb_pass=True)
    report = search.run(SearchLimits(visits=100))
    passing = {move.move: move for move in report.moves}[game.pass_move]
    assert passing.winrate == winrate


def test_pass_is_no_candidate_on_an_open_board() -> None:
    game = Game(9)
    assert all(move.move != 81 for move in _all_moves(search_on(game)))
    listed = _all_moves(search_on(game, dumb_pass=True))
    assert any(move.move == 81 for move in listed)


def test_policy_without_legal_moves_becomes_even() -> None:
    class Nowhere(UniformEvaluator):
        def evaluate(self, planes):
            policy, winrate = super().evaluate(planes)
            policy[:] = 0.0
            policy[:, -1] = 1.0
            return policy, winrate

    moves = _all_moves(search_on(Game(9), Nowhere(9)))
    assert [move.prior for move in moves] == pytest.approx([1 / 81] * 81)


# Restrictions


def test_avoided_points_are_not_played_until_their_ply() -> None:
    game = Game(5, 0.5)
    avoid = (
        Restriction(BLACK, 12, 2),
        Restriction(WHITE, 12, 2),
        Restriction(BLACK, 7, 99),
    )
    search = search_on(game)
    search.run(SearchLimits(visits=600), restrictions=MoveRestrictions(avoid=avoid))
    lines = [(*line, int(move)) for line, _, edges in walk(search) for move in edges["move"]]
    assert all(line[ply] != 12 for line in lines for ply in range(min(2, len(line))))
    assert all(move != 7 for line in lines for move in line[::2])
    assert any(12 in line for line in lines)
    assert any(7 in line[1::2] for line in lines)


def test_allowed_points_are_the_only_ones_for_their_color() -> None:
    game = Game(5, 0.5)
    allow = (Restriction(BLACK, 3, 3), Restriction(BLACK, 4, 1))
    search = search_on(game)
    search.run(SearchLimits(visits=600), restrictions=MoveRestrictions(allow=allow))
    lines = [line for line, _, _ in walk(search) if line]
    assert {line[0] for line in lines} == {3, 4, 25}
    assert {line[2] for line in lines if len(line) > 2} <= {3, 25}
    assert len({line[1] for line in lines if len(line) > 1}) > 2


def test_tree_is_not_shared_between_restrictions() -> None:
    search = search_on(Game(5))
    avoid = MoveRestrictions(avoid=(Restriction(BLACK, 12, 1),))
    search.run(SearchLimits(visits=100))
    assert search.run(SearchLimits(playouts=10), restrictions=avoid).visits_root == 11
    assert search.run(SearchLimits(playouts=10), restrictions=avoid).visits_root == 21
    assert search.run(SearchLimits(playouts=10)).visits_root == 11


def test_everything_avoided_leaves_the_pass() -> None:
    avoid = tuple(Restriction(BLACK, move, 1) for move in range(26))
    search = search_on(Game(5))
    report = search.run(SearchLimits(visits=20), restrictions=MoveRestrictions(avoid=avoid))
    assert [move.move for move in report.moves] == [25]


def test_restriction_off_the_board_is_refused() -> None:
    search = search_on(Game(5))
    avoid = MoveRestrictions(avoid=(Restriction(BLACK, 26, 1),))
    with pytest.raises(ValueError, match="off the board"):
        search.run(SearchLimits(visits=2), restrictions=avoid)
