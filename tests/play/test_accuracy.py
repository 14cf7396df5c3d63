"""What a network foretells, against a count by hand; and the command that tells it."""

import json

import numpy as np
import pytest

from lzp.data import GameFilter, PositionSampler, SamplerParams
from lzp.engine.certificate import proven_backends
from lzp.engine.measured_cache import machine_key
from lzp.engine.model import load_evaluator, open_network
from lzp.play import bench_cli
from lzp.play.accuracy import Sample, measure_accuracy, measure_positions
from tests.data.makers import random_game, random_records, sgf_of, store_of
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


class Oracle:
    """Knows what comes next in a store: puts the move at a rank, and gives a value."""

    side = 9
    name = "oracle"

    def __init__(self, store, rank, value):
        games = GameFilter(val_fraction=1.0, test_fraction=0.0)
        params = SamplerParams(batch_size=256, symmetries=False)
        self.coming = PositionSampler(store, "val", params, games).batches(0)
        self.rank, self.value = rank, value

    def evaluate(self, planes):
        batch = next(self.coming)
        assert np.array_equal(planes, batch.planes)
        policy = np.full((len(planes), 82), 0.001, np.float32)
        for row, move in enumerate(batch.policy_target.tolist()):
            policy[row, [other for other in range(82) if other != move][: self.rank]] = 0.2
            policy[row, move] = 0.1
        return policy, (1 + np.float32(self.value) * batch.value_target) / 2


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return store_of(tmp_path_factory.mktemp("store"), random_records(24, 9))


@pytest.mark.parametrize(
    ("rank", "value", "top1", "top5", "winner"),
    [(0, 0.5, 1, 1, 1), (4, -0.5, 0, 1, 0), (5, 0.0, 0, 0, 0)],
)
def test_figures_follow_from_what_the_network_knows(store, rank, value, top1, top5, winner):
    figures = measure_accuracy(Oracle(store, rank, value), store.path, Sample(split="all"))
    assert figures["positions"] == store.positions
    assert figures["policy_top1"] == top1
    assert figures["policy_top5"] == top5
    assert figures["policy_nats"] == pytest.approx(-np.log(0.1), rel=1e-6)
    assert figures["value_mse"] == pytest.approx((1 - value) ** 2)
    assert figures["value_accuracy"] == winner


def test_the_command_measures_a_network(store, tmp_path, capsys):
    network = write_random_network(tmp_path / "net.txt", side=9)
    words = ["accuracy", "-w", str(network), "--store", str(store.path), "--split", "all"]
    bench_cli.main([*words, "--positions", "256", "--json"])
    figures = json.loads(capsys.readouterr().out)
    assert figures["positions"] == 256
    assert 0 <= figures["policy_top1"] <= figures["policy_top5"] <= 1
    assert figures["policy_nats"] > 1


def agreement(store, network, capsys, *words):
    files = ["-w", str(network), "--store", str(store.path)]
    bench_cli.main(["agreement", *words, *files, "--split", "all", "--json"])
    return json.loads(capsys.readouterr().out)


def test_the_command_compares_two_backends(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LZP_CACHE_DIR", str(tmp_path))
    network = write_random_network(tmp_path / "net.txt", side=9)
    words = ["--backend", "torchscript", "--precision", "float32"]
    close = agreement(store, network, capsys, *words)
    assert close["positions"] == min(1024, store.positions)
    assert 0 < close["winrate_error_mean"] <= close["winrate_error_most"] < 1e-4
    assert close["top1_agreement"] > 0.99
    assert "accepted_by_auto" not in close


def test_a_proof_for_int8_is_kept_for_the_choice(store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("LZP_CACHE_DIR", str(tmp_path))
    network = write_random_network(tmp_path / "net.txt", side=9)
    found = agreement(store, network, capsys, "--backend", "onnxruntime")
    proven = proven_backends(open_network(network), machine_key())
    assert proven == ({"onnxruntime"} if found["accepted_by_auto"] else frozenset())
    exact = found["winrate_error_most"] <= 0.015 and found["top1_agreement"] >= 0.99
    assert found["accepted_by_auto"] == (exact and found["positions"] >= 1000)


@pytest.mark.parametrize(
    ("side", "folder", "message"),
    [
        (9, "games.lzps", "no games in the test split"),
        (9, "no", "no such game store"),
        (5, "games.lzps", "holds 9x9 games, net.txt is for 5x5"),
    ],
)
def test_what_cannot_be_measured_is_refused(store, tmp_path, capsys, side, folder, message):
    network = str(write_random_network(tmp_path / "net.txt", side=side))
    words = ["accuracy", "-w", network, "--store", str(store.path.parent / folder)]
    with pytest.raises(SystemExit) as stop:
        bench_cli.main([*words, "--split", "test"])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message in error


def test_games_that_nobody_won_do_not_count_for_the_winner(tmp_path):
    records = [sgf_of(random_game(seed), result) for seed, result in enumerate(["B+R", "0"])]
    store = store_of(tmp_path, records, exclude=frozenset())
    sample = Sample(split="all", games=GameFilter(undecided=True))
    evaluator = load_evaluator(
        write_random_network(tmp_path / "net.txt", side=9), batch_size=16, threads=1
    )
    measured = measure_positions(evaluator, store, sample)
    names = [(v > 0) == (r > 0) for v, r in zip(measured.value, measured.result, strict=True) if r]
    assert 0 < len(names) < len(measured.game) == store.positions
    assert measured.names_winner[measured.decided].tolist() == names
