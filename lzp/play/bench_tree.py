"""The core alone: what a leaf costs beside the network, and whether trees get in each other's way.

The network's answers come from a table, at no cost worth mentioning.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial

from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.warmup import warmup
from lzp.go import Game
from lzp.play.bench import random_positions, spread
from lzp.play.bench_rows import Row
from lzp.play.table_evaluator import TableEvaluator

_SIDE = 19
#: The default settings for the tree and the network alone.
_strong = partial(SearchParams.strong, rollouts=0)
#: Leaves of a tree that is measured beside another.
_SCALING_NODES = 10_000
#: Trees of that size that fill the memory for answers.
_FILLING_TREES = 24
#: Each thread's own search, here and in the processes.
_worker = threading.local()


def bench_tree(nodes: Sequence[int], batch_size: int, rounds: int) -> list[Row]:
    """Measure what a leaf costs on one thread in trees that grow to some sizes.

    Costs are processor time of the thread, so that what else the machine does counts little.

    Args:
        nodes: sizes of the trees.
        batch_size: leaves gathered at once.
        rounds: trees of each size, in turns.
    """
    warmup()
    opening, middle = Game(_SIDE), random_positions(_SIDE, 1, seed=1, plies=120)[0]
    rows: list[Row] = []
    for name, game, make in (
        ("empty", opening, SearchParams),
        ("middle game", middle, SearchParams),
        ("middle game, strong", middle, _strong),
    ):
        search = Search(TableEvaluator(), make(batch_size=batch_size, seed=1))
        search.set_position(game)
        search.run(SearchLimits(playouts=max(nodes)))  # touches the memory
        costs: dict[int, list[float]] = {size: [] for size in nodes}
        for _ in range(rounds):
            for size in nodes:
                costs[size] += _leaf_costs_us(search, game, size, max(nodes) // size)
        for size in nodes:
            described: Row = {"positions": name, "nodes": size, "batch": batch_size}
            rows.append({**described, **spread("us_a_leaf", costs[size])})
    return rows


def _leaf_costs_us(search: Search, game: Game, nodes: int, times: int) -> list[float]:
    """Return the microseconds a leaf of growing a tree to a size, at most 20 times."""
    costs = []
    for _ in range(min(times, 20)):
        search.clear()
        search.set_position(game)
        started = time.thread_time()
        search.run(SearchLimits(playouts=nodes))
        costs.append((time.thread_time() - started) / nodes * 1e6)
    return costs


def bench_scaling(trees: int, batch_size: int, seconds: float, rounds: int) -> list[Row]:
    """Measure leaves/s of one tree, of several on threads, and of as many processes, in turns.

    Args:
        trees: how many at once.
        batch_size: leaves that each gathers at once.
        seconds: that each grows, in each round.
        rounds: of all three.

    Returns:
        A row for trees alone and one for the default settings, which read tactics.
    """
    with (
        ThreadPoolExecutor(trees) as threads,
        ProcessPoolExecutor(trees, multiprocessing.get_context("spawn")) as processes,
    ):
        return [
            {
                "tree": name,
                "batch": batch_size,
                **_scaling(threads, processes, _Growth(params, trees, seconds), rounds),
            }
            for name, params in (
                ("plain", SearchParams(batch_size=batch_size, seed=1)),
                ("strong", _strong(batch_size=batch_size, seed=1)),
            )
        ]


@dataclass(frozen=True, slots=True)
class _Growth:
    """What grows at once: trees with these settings, each for so many seconds."""

    params: SearchParams
    trees: int
    seconds: float


def _scaling(threads: Executor, processes: Executor, growth: _Growth, rounds: int) -> Row:
    """Measure one tree, and trees on threads and in processes, in turns."""
    for pool in (threads, processes):
        for _ in range(2):  # loads, compiles, fills memory; at first one may do it all
            _leaves_per_s(pool, replace(growth, seconds=0.5))
    found: dict[str, list[float]] = {"one": [], "threads": [], "processes": []}
    for _ in range(rounds):
        found["one"].append(_leaves_per_s(threads, replace(growth, trees=1)))
        found["threads"].append(_leaves_per_s(threads, growth))
        found["processes"].append(_leaves_per_s(processes, growth))
    threads_gain, processes_gain = (
        [many / one for many, one in zip(found[name], found["one"], strict=True)]
        for name in ("threads", "processes")
    )
    ratios = [a / b for a, b in zip(found["threads"], found["processes"], strict=True)]
    return {
        "trees": growth.trees,
        "cores": float(os.cpu_count() or 1),
        **spread("one_tree_leaves_per_s", found["one"]),
        **spread("on_threads_leaves_per_s", found["threads"]),
        **spread("in_processes_leaves_per_s", found["processes"]),
        **spread("threads_gain", threads_gain),
        **spread("processes_gain", processes_gain),
        **spread("threads_to_processes", ratios),
    }


def _leaves_per_s(pool: Executor, growth: _Growth) -> float:
    """Return the leaves a second of trees at once, together."""
    return sum(pool.map(_grow_trees, [growth] * growth.trees))


def _grow_trees(growth: _Growth) -> float:
    """Grow trees one after the other for some time; return the leaves a second."""
    search = _search_of_worker(growth.params)
    leaves, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < growth.seconds:
        _grow_one(search)
        leaves += _SCALING_NODES
    return leaves / elapsed


def _search_of_worker(params: SearchParams) -> Search:
    """Return this thread's or process's search, whose memory the system has given out before.

    As in play, where a search goes on from move to move: page by page, new memory costs a
    third of a leaf, and threads of one process more than processes.
    """
    search: Search | None = getattr(_worker, "search", None)
    if search is None or search.params != params:
        _worker.search = search = Search(TableEvaluator(), params)
        search.set_position(Game(_SIDE))
        for _ in range(_FILLING_TREES):
            _grow_one(search)
    return search


def _grow_one(search: Search) -> None:
    """Grow a tree of the size that is measured, from nothing."""
    search.clear()
    search.run(SearchLimits(playouts=_SCALING_NODES))
