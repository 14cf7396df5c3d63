"""The search against the real leelaz: the same visits on networks without a sense of direction.

Leela Zero looks at each position under a symmetry of its own choice and remembers answers
by position, not by history. Networks that answer alike under all symmetries, and that look
at the present only, take both out of the comparison.
"""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lzp.engine.model import load_evaluator
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import SYMMETRIES, symmetry_tables
from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex, parse_vertex
from lzp.weights import ConvNorm, LeelaWeights, write_weights
from tests.engine.leelaz import LEELAZ, needs_leelaz
from tests.networks import random_weights

SIDE = 19
VISITS = 300
LONG_VISITS = 1000


def even(conv: ConvNorm) -> ConvNorm:
    """Return a 3x3 convolution that does not know left from right."""
    turned = [np.rot90(conv.weight, turns, axes=(2, 3)) for turns in range(4)]
    images = turned + [np.flip(image, axis=3) for image in turned]
    # Averages of eight are smaller than what they are made of.
    return replace(conv, weight=(2 * np.mean(images, axis=0)).astype(np.float32))


def orbits() -> np.ndarray:
    """Return for each point the least of its images, int [S²]."""
    return symmetry_tables(SIDE).min(axis=0).astype(np.int64)


def symmetric_weights(seed: int, *, sees_history: bool = False) -> LeelaWeights:
    weights = random_weights(SIDE, blocks=1, filters=8, seed=seed)
    random = np.random.default_rng(seed)
    first = even(weights.input).weight.copy()
    if not sees_history:
        first[:, [*range(1, 8), *range(9, 16)]] = 0.0
    area = SIDE * SIDE
    y, x = np.divmod(np.arange(area), SIDE)
    gaps = np.sort([abs(y[:, None] - y), abs(x[:, None] - x)], axis=0)
    by_gap = random.normal(0, 0.03, (2, SIDE, SIDE))
    policy = np.zeros_like(weights.policy.weight)
    for plane in range(2):
        policy[:area, plane * area : (plane + 1) * area] = by_gap[plane, gaps[0], gaps[1]]
        policy[area, plane * area : (plane + 1) * area] = 0.01 * random.normal()
    policy_bias = weights.policy.bias.copy()
    policy_bias[:area] = policy_bias[orbits()]
    hidden = weights.value_hidden.weight[:, orbits()]
    return replace(
        weights,
        input=replace(weights.input, weight=first),
        blocks=tuple((even(one), even(two)) for one, two in weights.blocks),
        policy=replace(weights.policy, weight=policy, bias=policy_bias),
        # Quiet values, so that the search spreads out.
        value=replace(weights.value, weight=0.2 * weights.value.weight),
        value_hidden=replace(weights.value_hidden, weight=np.ascontiguousarray(hidden)),
    )


LINE = re.compile(r"^ *([A-T]\d+|pass) -> +(\d+) \(V: +([\d.]+)%\) \(LCB: +(-?[\d.]+)%\)", re.M)


def leelaz_moves(
    weights: Path, game: Game, manage: str, visits: int = VISITS
) -> dict[int, tuple[int, float, float]]:
    """Return visits, winrate and lower bound of each move that leelaz looked at."""
    assert LEELAZ is not None
    flags = ["--cpu-only", "-g", "--noponder", "-t", "1", "-s", "1", "-v", str(visits)]
    flags += ["--timemanage", manage, "-r", "0", "-w", str(weights)]
    commands = ["time_settings 0 1 0"]
    for color, move in game.moves:
        commands.append(f"play {'b' if color == BLACK else 'w'} {format_vertex(move, SIDE)}")
    commands += [f"genmove {'b' if game.to_play == BLACK else 'w'}", "quit"]
    text = "\n".join(commands) + "\n"
    done = subprocess.run(
        [LEELAZ, *flags], input=text, capture_output=True, text=True, timeout=300, check=True
    )
    found = {
        parse_vertex(match[1], SIDE): (int(match[2]), float(match[3]) / 100, float(match[4]) / 100)
        for match in LINE.finditer(done.stderr)
        if match[2] != "0"
    }
    assert found, done.stderr[-2000:]
    return found


POSITIONS = ["Q16 D3 C16", "D4 Q16 Q3 C17 R14", "K10 D4 E17 Q3 R5 O3 pass C14"]


@needs_leelaz
@pytest.mark.compiled
@pytest.mark.parametrize("manage", ["off", "on"])
@pytest.mark.parametrize("seed", [1, 2, 4, 6])
def test_visits_equal_the_real_leelaz(tmp_path: Path, seed: int, manage: str) -> None:
    path = tmp_path / "even.txt"
    write_weights(path, symmetric_weights(seed))
    game = Game(SIDE, 7.5)
    for vertex in POSITIONS[seed % len(POSITIONS)].split():
        game.play(parse_vertex(vertex, SIDE))
    evaluator = load_evaluator(path, batch_size=1, threads=1)
    search = Search(evaluator, SearchParams.leela(symmetry=0))
    search.set_position(game)
    saves = manage == "on"
    limits = SearchLimits(visits=VISITS, prune=saves, stop_when_decided=saves)
    report = search.run(limits)
    theirs = leelaz_moves(path, game, manage)
    assert {m.move: m.visits for m in report.moves} == {k: v[0] for k, v in theirs.items()}
    # One visit each is a tie but for rounding.
    ranked = [move for move, found in theirs.items() if found[0] > 1]
    assert [m.move for m in report.moves if m.visits > 1] == ranked
    for move in report.moves:
        _, winrate, bound = theirs[move.move]
        assert move.winrate == pytest.approx(winrate, abs=1e-4)
        assert move.lcb == pytest.approx(bound, abs=1e-4)
    assert len(report.moves) > 5
    assert (report.visits_root < VISITS) <= saves


def random_game(plies: int, seed: int) -> Game:
    random = np.random.default_rng(seed)
    game = Game(SIDE, 7.5)
    for _ in range(plies):
        game.play(int(random.choice(game.legal_moves()[:-1])))
    return game


#: Plies of a random game, its seed, the weights' version.
LONG = [(2, 0, 1), (5, 1, 2), (25, 2, 1), (60, 3, 2), (150, 4, 1), (240, 5, 2)]


@needs_leelaz
@pytest.mark.slow
@pytest.mark.compiled
@pytest.mark.parametrize(("plies", "seed", "version"), LONG)
def test_long_searches_share_answers_as_leelaz_does(
    tmp_path: Path, plies: int, seed: int, version: int
) -> None:
    # These networks see the past: what a position is worth depends on how it came about
    # first, and on the images of early positions, as far as answers are remembered.
    path = tmp_path / "even.txt"
    weights = replace(symmetric_weights(seed, sees_history=True), version=version)
    write_weights(path, weights)
    game = random_game(plies, seed)
    search = Search(load_evaluator(path, batch_size=1, threads=1), SearchParams.leela())
    search.set_position(game)
    report = search.run(SearchLimits(visits=LONG_VISITS))
    theirs = leelaz_moves(path, game, "off", LONG_VISITS)
    assert {m.move: m.visits for m in report.moves} == {k: v[0] for k, v in theirs.items()}
    for move in report.moves:
        assert move.winrate == pytest.approx(theirs[move.move][1], abs=1e-4)
    # Otherwise nothing would have been shown about the answers.
    if plies < 100:
        assert report.hits > 10


@pytest.mark.compiled
def test_networks_have_no_sense_of_direction(tmp_path: Path) -> None:
    path = tmp_path / "even.txt"
    write_weights(path, symmetric_weights(1))
    evaluator = load_evaluator(path, batch_size=8, threads=1)
    planes = np.zeros((SYMMETRIES, 18, SIDE, SIDE), np.uint8)
    table = symmetry_tables(SIDE)
    board = np.zeros((18, SIDE * SIDE), np.uint8)
    board[0, 70], board[8, 5], board[16] = 1, 1, 1
    for symmetry in range(SYMMETRIES):
        planes[symmetry] = board[:, table[symmetry]].reshape(18, SIDE, SIDE)
    policy, winrate = evaluator.evaluate(planes)
    assert np.ptp(winrate) < 1e-5
    for symmetry in range(SYMMETRIES):
        assert policy[symmetry, :-1] == pytest.approx(policy[0, table[symmetry]], abs=1e-5)
    assert policy[0].max() > 3 * policy[0].min()
