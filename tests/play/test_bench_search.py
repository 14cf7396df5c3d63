"""The benchmarks of the search: what they measure, not how fast it is."""

import json
import os
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lzp.engine.backends import BACKENDS, REFERENCE
from lzp.engine.evaluator import Evaluator, empty_planes, find_fault
from lzp.engine.model import load_evaluator, open_evaluators
from lzp.engine.run_options import RunOptions
from lzp.play import bench_cli
from lzp.play.bench_leelaz import Leelaz
from lzp.play.bench_networks import count_operations, random_weights, write_network
from lzp.play.bench_positions import KINDS, positions
from lzp.play.bench_rows import as_markdown, as_table
from lzp.play.bench_search import SearchBench, Trees, Way, bench_search, run_search
from lzp.play.table_evaluator import Device, TableEvaluator
from tests.engine.leelaz import LEELAZ, needs_leelaz
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


def figures(capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    bench_cli.main([*map(str, words), "--json"])
    rows: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["rows"]
    return rows


@pytest.mark.parametrize("side", [9, 19])
@pytest.mark.parametrize("kind", KINDS)
def test_positions_are_legal_games_of_their_kind(kind: str, side: int) -> None:
    games = positions(HashEvaluator(side), kind, 3, seed=2)
    low, high = (int(plies * side**2 / 361) for plies in KINDS[kind])
    for game in games:
        assert low <= game.ply <= high
        assert not game.is_over
    again = positions(HashEvaluator(side), kind, 3, seed=2)
    assert [game.moves for game in games] == [game.moves for game in again]


@pytest.mark.parametrize(("games", "lanes"), [(1, 1), (4, 1), (4, 2)])
def test_all_playouts_are_made_and_all_evaluations_counted(games: int, lanes: int) -> None:
    opened: list[tuple[int, int]] = []

    def open_lanes(batch_size: int, count: int) -> Sequence[Evaluator]:
        opened.append((batch_size, count))
        return [HashEvaluator(9) for _ in range(count)]

    bench = SearchBench(
        batch_sizes=(4,), lanes=(lanes,), in_flight=(1,), games=(games,), kinds=("opening",),
        visits=40, rounds=2,
    )  # fmt: skip
    (row,) = bench_search(open_lanes, bench)
    assert opened == [(4 * max(1, games // lanes), lanes)]
    assert 1 < float(row["fill"]) <= 4 * games / lanes
    assert float(row["ratio_low"]) <= float(row["ratio"]) <= float(row["ratio_high"])


def test_searches_of_many_trees_fill_batches() -> None:
    way = Way([HashEvaluator(9)], 4, 1, 6)
    _, fill = run_search(way, positions(HashEvaluator(9), "opening", 6), 40)
    assert fill > 8


@pytest.mark.parametrize("games", [1, 4])
def test_trees_are_empty_again_in_every_run(games: int) -> None:
    starts = positions(HashEvaluator(9), "middle game", games)
    trees = Trees(Way([HashEvaluator(9)], 4, 1, games))
    # A tree that was kept would go on from where it was, and ask its cache first.
    (_, first), (_, again) = trees.run(starts, 60), trees.run(starts, 60)
    assert again == first


def test_operations_reach_the_roof_at_known_rates() -> None:
    # Evaluations/s at 790 TFLOP/s, worked out by hand for each network.
    for (blocks, filters), rate in {(10, 128): 368e3, (20, 256): 46e3, (40, 256): 23e3}.items():
        assert 790e12 / count_operations(blocks, filters, 19) == pytest.approx(rate, rel=0.02)


@pytest.mark.parametrize("blocks", [1, 12])
def test_random_networks_are_written_in_their_architecture(blocks: int, tmp_path: Path) -> None:
    file = write_network(tmp_path, blocks, 16, 9)
    assert file.architecture == f"{blocks}x16"
    (evaluator,) = open_evaluators(file, BACKENDS[REFERENCE], RunOptions(batch_size=4, threads=1))
    planes = empty_planes(9, 4)
    planes[1:, 0, 3, 3] = 1
    policy, winrate = evaluator.evaluate(planes)
    assert find_fault(evaluator, (policy, winrate), 4) is None
    assert policy.max() < 0.9  # no activations that have grown out of all bounds
    assert not np.array_equal(policy[0], policy[1])
    assert random_weights(blocks, 16, 9).filters == 16


def test_networks_are_measured_raw_and_in_search(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["networks", "--network", "1x8", "--network", "2x8", "--size", 9, "--visits", 16]
    words += ["--rounds", 1, "--games", 1, "--games", 4, "--roof", "0.1"]
    rows = figures(capsys, *words)
    assert [(row["network"], row["games"]) for row in rows] == [
        ("1x8", 1), ("1x8", 4), ("2x8", 1), ("2x8", 4),
    ]  # fmt: skip
    for row in rows:
        blocks = int(str(row["network"])[0])
        tflops = row["evaluations_per_s"] * count_operations(blocks, 8, 9) / 1e12
        assert row["raw_tflops"] == pytest.approx(tflops)
        assert row["raw_share_of_roof"] == pytest.approx(tflops / 0.1)
        assert 0 < row["search_share_of_roof"] < 1


@pytest.mark.slow
def test_the_tree_is_measured_on_threads_and_in_processes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    words = ["tree", "--nodes", 200, "--nodes", 400, "--rounds", 1, "--seconds", "0.05"]
    rows = figures(capsys, *words)
    leaves, pairs = rows[:6], rows[6:]
    assert [row["nodes"] for row in leaves] == [200, 400] * 3
    assert all(0.5 < row["us_a_leaf"] < 1e5 for row in leaves)
    assert [(row["tree"], row["trees"]) for row in pairs] == [("plain", 2), ("strong", 2)]
    for row in pairs:
        ratio = row["on_threads_leaves_per_s"] / row["in_processes_leaves_per_s"]
        assert row["threads_to_processes"] == pytest.approx(ratio)


def test_the_table_answers_batch_after_batch() -> None:
    table = TableEvaluator()
    planes = empty_planes(19, 3000)
    first, second = table.evaluate(planes), table.evaluate(planes)
    assert find_fault(table, first, 3000) is None
    assert np.array_equal(first[0], second[0])  # 4,096 rows: it begins anew


def test_a_device_takes_one_batch_after_the_other() -> None:
    device = Device(2000.0)
    began = time.perf_counter()
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(device.compute, [20, 40]))
    assert time.perf_counter() - began >= 0.03  # 60 positions, whichever came first


def test_trees_are_measured_against_a_pace(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["search", "--pace", 4000, "--lanes", 2, "--batch", 4, "--visits", 60, "--rounds", 1]
    rows = figures(capsys, *words)
    assert [row["games"] for row in rows] == [1, 64]
    assert all(0 < row["evaluations_per_s"] <= 4000 for row in rows)
    assert all(row["ratio"] > 0 for row in rows)


# Against leelaz


@needs_leelaz
@pytest.mark.slow
def test_leelaz_is_compared_with_in_turns(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["search", "--vs", LEELAZ, "--visits", 20, "--rounds", 1]
    rows = figures(capsys, *words)
    assert [row["positions"] for row in rows] == ["empty", "middle game"]
    for row in rows:
        assert row["leelaz_threads"] in (1, 2, 4)
        ratio = row["playouts_per_s"] / row["leelaz_playouts_per_s"]
        assert row["ours_to_leelaz"] == pytest.approx(ratio)


@needs_leelaz
def test_leelaz_says_what_it_searched(tmp_path: Path) -> None:
    weights = write_random_network(tmp_path / "r.txt")
    (game,) = positions(load_evaluator(weights, batch_size=1, threads=1), "opening", 1)
    found = Leelaz("leelaz", weights).search(game, threads=1, visits=30)
    assert found.visits == 30
    assert found.playouts in (29, 30)
    assert 0 < found.seconds < 60


SCRIPT = """#!/bin/sh
case "$*" in *--cpu-only*) ;; *) echo "no OpenCL" >&2; exit 134;; esac
while read -r line; do
    case $line in
        genmove*) echo "31 visits, 900 nodes, 30 playouts, 77 n/s" >&2;;
    esac
    printf '= \\n\\n'
    case $line in quit) exit;; esac
done
"""


@pytest.mark.skipif(os.name != "posix", reason="a shell script stands for leelaz")
def test_a_program_without_a_gpu_runs_on_the_cpu(tmp_path: Path) -> None:
    program = tmp_path / "leelaz"
    program.write_text(SCRIPT)
    program.chmod(0o755)
    (game,) = positions(HashEvaluator(19), "opening", 1)
    found = Leelaz(str(program), tmp_path / "net.txt").search(game, threads=2, visits=31)
    assert (found.visits, found.playouts, found.claimed_per_s) == (31, 30, 77)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["search", "--vs", "/nowhere/leelaz"], "cannot start /nowhere/leelaz"),
        (["search", "--backend", "abacus"], "backend 'abacus', expected one of onnxruntime"),
        (["search", "--precision", "float16"], "float16: onnxruntime has float32"),
        (["networks", "--network", "10"], "expected blocks and filters as 10x128, not '10'"),
        (["networks", "--roof", "-1"], "expected a number above 0, not '-1'"),
        (["tree", "--nodes", "0"], "expected a whole number of 1 or more, not '0'"),
    ],
)
def test_what_cannot_be_measured_is_one_line(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        bench_cli.main(words)
    captured = capsys.readouterr()
    assert left.value.code == 2
    assert message in captured.err
    assert captured.err.count("\n") == 1


# Tables

ROWS: list[dict[str, str | float]] = [
    {"network": "1x8", "batch": 8, "x_per_s": 12.5, "x_per_s_low": 12.0, "x_per_s_high": 13.0},
    {"network": "2x8", "batch": 8, "x_per_s": 2000.0},
]


def test_rows_as_markdown() -> None:
    assert as_markdown(ROWS).splitlines() == [
        "| network | batch | x/s |",
        "|---|---:|---:|",
        "| 1x8 | 8 | 12.5 (12 to 13) |",
        "| 2x8 | 8 | 2,000 |",
    ]


def test_what_is_the_same_in_all_rows_goes_below_the_table() -> None:
    table = as_table("t", "machine", ROWS)
    assert [column.header for column in table.columns] == ["network", "x/s"]
    assert table.caption == "batch 8\nmachine"
    assert len(as_table("t", "machine", ROWS[:1]).columns) == 2
