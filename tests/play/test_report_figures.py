"""The figures of a report, against counts by hand and a bootstrap over games."""

import math

import numpy as np
import pytest

from lzp.engine.model import load_evaluator
from lzp.features import encode
from lzp.go import BLACK
from lzp.play.accuracy import Sample, measure_accuracy
from lzp.play.chart import padded, tick_texts, ticks
from lzp.play.report_figures import (
    calibrate,
    find_figures,
    mean_of,
    surprising_moves,
    wrong_values,
)
from lzp.play.report_positions import group_positions, measure_stores
from tests.data.makers import random_game, random_records, sgf_of, store_of
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

ALL = Sample(split="all")


@pytest.fixture(scope="module")
def evaluator(tmp_path_factory):
    path = write_random_network(tmp_path_factory.mktemp("net") / "net.txt", side=9)
    return load_evaluator(path, batch_size=16, threads=1)


@pytest.fixture(scope="module")
def positions(tmp_path_factory, evaluator):
    even = random_records(10, 9, plies=60)
    handicap = [sgf_of(random_game(77, handicap=h), "B+R", BR=f"{h}d", WR="9d") for h in (2, 3)]
    first = store_of(tmp_path_factory.mktemp("one"), even + handicap)
    second = store_of(tmp_path_factory.mktemp("two"), random_records(6, 9, seed=5))
    return measure_stores(evaluator, [first, second], ALL)


def test_every_position_is_measured_as_the_network_answers_for_it_alone(positions, evaluator):
    found = positions.measured
    assert len(found.game) == sum(store.positions for store in positions.stores)
    seen = set()
    for index in range(0, len(found.game), 7):
        game = positions.replay(index)
        seen.add((int(positions.store[index]), int(found.game[index]), game.ply))
        policy, winrate = evaluator.evaluate(encode(game.boards))
        store = positions.stores[positions.store[index]]
        color, move = store.moves(int(found.game[index]))[game.ply]
        assert found.played[index] == move
        assert found.black[index] == (color == BLACK)
        assert found.nats[index] == pytest.approx(-math.log(policy[0, move]), rel=1e-4)
        assert found.value[index] == pytest.approx(2 * winrate[0] - 1, abs=1e-5)
        assert found.rank[index] == sorted(-policy[0]).index(-policy[0, move])
        assert found.top_shares[index] == pytest.approx(sorted(policy[0])[:-6:-1], rel=1e-4)
        won = store.numbers("result")[found.game[index]] == (1 if color == BLACK else -1)
        assert (found.result[index] > 0) == won
    assert len(seen) == len(range(0, len(found.game), 7))


def test_the_totals_are_those_of_the_benchmark_and_groups_add_up(positions, evaluator):
    findings = find_figures(positions, group_positions(positions))
    only = [measure_accuracy(evaluator, s.path, ALL) for s in positions.stores]
    weights = [figures["positions"] for figures in only]
    for name, mean in findings.total.items():
        assert mean.mean == pytest.approx(np.average([f[name] for f in only], weights=weights))
    assert findings.games == 18
    assert {"store", "handicap", "part of the game", "side to move"} <= findings.groups.keys()
    for groups in findings.groups.values():
        for name, total in findings.total.items():
            counts = [means[name].count for means in groups.values()]
            each = [means[name].mean for means in groups.values()]
            assert sum(counts) == total.count
            assert np.average(each, weights=counts) == pytest.approx(total.mean)
    handicap = {
        name: means["value_mse"].count for name, means in findings.groups["handicap"].items()
    }
    stones = positions.stores[0].numbers("handicap")
    lengths = positions.stores[0].lengths
    assert handicap["2"] == lengths[stones == 2].sum()
    assert handicap["3"] == lengths[stones == 3].sum()
    assert {"2d", "3d", "9d", "none"} == findings.groups["rank of the player"].keys()


def test_bins_by_ply_are_means_over_their_plies(positions):
    found = positions.measured
    for part in find_figures(positions, {}).by_ply:
        first = 5 * (int(part.at) // 5)
        rows = [i for i in range(len(found.ply)) if first <= found.ply[i] < first + 5]
        assert part.means["policy_nats"].count == len(rows)
        assert part.means["policy_nats"].mean == pytest.approx(np.mean(found.nats[rows]))
        assert part.at == pytest.approx(np.mean(found.ply[rows]))


def test_the_error_of_a_mean_is_what_drawing_other_games_gives():
    rng = np.random.default_rng(3)
    sizes = rng.integers(5, 30, 60)
    games = np.repeat(np.arange(60), sizes)
    numbers = np.repeat(rng.normal(size=60), sizes) + rng.normal(size=len(games)) * 0.1
    by_game = [numbers[games == game] for game in range(60)]
    drawn = [
        np.concatenate([by_game[g] for g in rng.integers(0, 60, 60)]).mean() for _ in range(2000)
    ]
    mean = mean_of(numbers, games)
    assert mean.error == pytest.approx(np.std(drawn), rel=0.15)
    assert mean.error > 2 * np.std(numbers) / np.sqrt(len(numbers))  # what ignores games says
    assert math.isnan(mean_of(numbers[:3], games[:3]).error)
    assert mean_of(numbers[:0], games[:0]).count == 0


def test_calibration_is_perfect_where_chances_come_true_and_off_by_what_they_miss():
    games = np.arange(1000)
    chance = np.repeat([0.25, 0.75, 1.0], [400, 400, 200])
    true = np.concatenate([np.arange(400) < 100, np.arange(400) < 300, np.ones(200, bool)])
    good = calibrate(chance, true, games)
    assert good.error == pytest.approx(0)
    assert [(part.at, part.means["share"].count) for part in good.bins] == [
        (0.25, 400), (0.75, 400), (1.0, 200),
    ]  # fmt: skip
    assert calibrate(chance, ~true, games).error == pytest.approx(
        (400 + 400 + 2 * 200) * 0.5 / 1000
    )


def test_the_hardest_positions_are_the_worst_of_different_games(positions):
    found = positions.measured
    moves, values = surprising_moves(positions, 5), wrong_values(positions, 5)
    board = found.played < 81
    assert found.nats[moves[0]] == found.nats[board].max()
    assert found.square[values[0]] == found.square.max()
    for chosen, badness in ((moves, found.nats), (values, found.square)):
        assert len({int(positions.game[index]) for index in chosen}) == 5
        assert sorted(badness[chosen], reverse=True) == badness[chosen].tolist()
        own = [positions.game == positions.game[index] for index in chosen]
        for index, mask in zip(chosen, own, strict=True):
            assert badness[index] == badness[mask & board].max()
    assert len(surprising_moves(positions, 999)) == 18


@pytest.mark.parametrize(
    ("ends", "percent", "texts"),
    [
        ((0, 1), True, ["0%", "20%", "40%", "60%", "80%", "100%"]),
        ((0.31, 0.52), True, ["35%", "40%", "45%", "50%"]),
        ((0, 2_500_000), False, ["0", "0.5M", "1.0M", "1.5M", "2.0M", "2.5M"]),
        ((0, 0.003), False, ["0.000", "0.001", "0.002", "0.003"]),
        ((-1, 1), False, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
    ],
)
def test_axes_are_numbered_in_round_steps(ends, percent, texts):
    assert tick_texts(ticks(ends[0], ends[1], most=5), percent) == texts


def test_axes_of_one_number_have_a_length():
    for number in (0.0, 1.0, -3.0, 1e9):
        low, high = padded([number], 0.0)
        assert low < number < high
