"""The end of the game: dead stones in scores, passes, and points in decided games."""

import time

import pytest

from lzp.engine.clock import Clock, TimeSettings
from lzp.engine.passing import settled_score
from lzp.engine.player import Player, PlayerParams
from lzp.engine.report import MoveReport
from lzp.engine.search_params import SearchLimits
from lzp.engine.slack import expected_lead, without_slack
from lzp.engine.tree_state import TERMINAL
from lzp.go import BLACK, WHITE, Game
from lzp.go.diagram import parse_diagram
from lzp.go.rules import Rules
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import UniformEvaluator, search_on

#: Two white stones are lost in Black's part; White's part is its own.
WALLS = """
...XO..
.X.XO..
..OXO.O
.X.XO..
.OXXO..
..XXO..
...XO..
"""

#: White's three stones at the top can be saved at D7.
ATARI = """
OOO.O.O
XXXXOOO
.X.XO.O
XXXXOOO
...XO..
XXXXOOO
...XO..
"""


def position(diagram: str, to_play: int) -> Game:
    side, stones = parse_diagram(diagram)
    game = Game(side, komi=0.5)
    game.set_up(stones, to_play)
    return game


def report(move: int, winrate: float, visits: int, order: int) -> MoveReport:
    return MoveReport(
        move=move, visits=visits, winrate=winrate, prior=0.1, lcb=0, order=order, pv=(move,)
    )


@pytest.mark.compiled
def test_dead_stones_leave_the_score() -> None:
    game = position(WALLS, BLACK)
    assert settled_score(game, 100) == 7 * 4 - 7 * 3 - 0.5
    # Alive, they make all that is around them nobody's.
    assert game.area_score() < 0
    assert settled_score(game, 100) == settled_score(game, 100)


@pytest.mark.parametrize("playouts", [0, 50])
def test_a_game_that_ends_in_the_tree_is_scored_as_players_do(playouts: int) -> None:
    game = position(WALLS, BLACK)
    game.play(game.pass_move)
    search = search_on(game, UniformEvaluator(7), settling_playouts=playouts, dumb_pass=True)
    search.run(SearchLimits(visits=400))
    nodes = search.tree.arrays.nodes[: search.tree.node_count]
    ended = nodes[nodes["state"] == TERMINAL]
    first = search.report(min_moves=50)
    passing = next(move for move in first.moves if move.move == game.pass_move)
    assert len(ended) > 0
    # White passes as well: without its dead stones Black is ahead, with them White is.
    assert passing.winrate == (0 if playouts else 1)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("rules", "playouts", "passes"),
    [("chinese", 16, True), ("chinese", 0, False), ("tromp-taylor", 16, False)],
)
def test_a_pass_is_answered_if_that_wins_with_dead_stones_as_the_rules_have_them(
    rules: str, playouts: int, passes: bool
) -> None:
    game = position(WALLS, WHITE)
    game.rules = Rules.named(rules)
    game.play(game.pass_move)
    search = search_on(game, UniformEvaluator(7), settling_playouts=playouts)
    assert search.tree.arrays.heads[0]["settling_playouts"] == (playouts if passes else 0)
    decision = Player(search, PlayerParams(visits=10)).choose(game, BLACK)
    assert (decision.move == game.pass_move) == passes


@pytest.mark.parametrize(("playouts", "accepts"), [(16, True), (0, False)])
def test_a_lost_score_is_accepted_once_the_opponent_has_passed_three_times(
    playouts: int, accepts: bool
) -> None:
    """Unless dead stones count, which have to be taken first."""
    game = position(WALLS, WHITE)
    game.komi = 30.5
    search = search_on(game, UniformEvaluator(7), settling_playouts=playouts)
    player = Player(search, PlayerParams(visits=10))
    for _ in range(3):
        game.play(game.pass_move)
        move = player.choose(game, BLACK).move
        assert move is not None
        game.play(move)
    tried = [move != game.pass_move for _, move in game.moves[1::2]]
    assert tried == [True, True, not accepts]


@pytest.mark.compiled
def test_moves_that_lose_alike_are_told_apart_by_points() -> None:
    game = position(ATARI, WHITE)
    save, slack = parse_vertex("D7", 7), parse_vertex("G1", 7)
    assert expected_lead(game, save) > expected_lead(game, slack) + 1.5
    moves = (report(slack, 0.03, 50, 0), report(save, 0.029, 40, 1))
    assert without_slack(game, moves, moves[0], 0.01) is moves[1]
    few = (moves[0], report(save, 0.029, 4, 1))
    assert without_slack(game, few, few[0], 0.01) is few[0], "a move hardly looked at"


@pytest.mark.compiled
def test_points_are_compared_as_long_as_there_is_time() -> None:
    game = position(ATARI, WHITE)
    save, slack = parse_vertex("D7", 7), parse_vertex("G1", 7)
    moves = (report(slack, 0.03, 50, 0), report(save, 0.029, 40, 1))
    now = time.monotonic()
    assert without_slack(game, moves, moves[0], 0.01, now + 60) is moves[1]
    assert without_slack(game, moves, moves[0], 0.01, now) is moves[0]


@pytest.mark.parametrize("left_s", [0.9, 60.0])
def test_a_clock_does_not_run_out_over_points(
    monkeypatch: pytest.MonkeyPatch, left_s: float
) -> None:
    compared = []

    def slow_lead(_: Game, move: int) -> float:
        time.sleep(0.3)
        compared.append(move)
        return 0.0

    monkeypatch.setattr("lzp.engine.slack.expected_lead", slow_lead)
    game = position(ATARI, WHITE)
    lost = UniformEvaluator(7, lambda planes: -0.98 if planes[17, 0, 0] else 0.98)
    player = Player(search_on(game, lost, slack_margin=0.1), PlayerParams(visits=60))
    clock = Clock(TimeSettings(main_s=60), lag_s=0.1)
    clock.adjust(WHITE, left_s, 0)
    player.choose(game, WHITE, clock=clock)
    assert len(compared) <= 2 if left_s < 1 else len(compared) > 2


@pytest.mark.parametrize(
    ("first", "second", "margin"),
    [
        (0.5, 0.5, 0.02),  # open
        (0.97, 0.93, 0.02),  # costs too much
    ],
)
def test_open_games_and_costly_moves_are_left_alone(first, second, margin) -> None:
    game = position(ATARI, WHITE)
    moves = (report(7, first, 50, 0), report(3 + 6 * 7, second, 40, 1))
    assert without_slack(game, moves, moves[0], margin) is moves[0]


def test_young_games_are_left_alone() -> None:
    game = Game(7)
    moves = (report(24, 0.97, 50, 0), report(0, 0.97, 40, 1))
    assert without_slack(game, moves, moves[0], 0.02) is moves[0]
