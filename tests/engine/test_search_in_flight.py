"""Several batches on their way at once: limits, order, stops, buffers, faults."""

import threading
import time
from concurrent.futures import Future
from typing import Any

import numpy as np
import pytest

from lzp.engine.evaluator import Answer
from lzp.engine.lanes import Lanes
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import Game
from tests.engine.scripted import HashEvaluator, Uneven, search_on
from tests.engine.tree_checks import check_invariants, check_rules, snapshot


class Gate(HashEvaluator):
    """Answers the first batches at once and the later ones when the gate is opened."""

    def __init__(self, side: int, free: int):
        super().__init__(side)
        self.opened = threading.Event()
        self.entered = threading.Event()
        self.changed = False
        self._free = free

    def evaluate(self, planes):
        self._free -= 1
        if self._free < 0:
            before = planes.copy()
            self.entered.set()
            assert self.opened.wait(timeout=30)
            self.changed |= not np.array_equal(planes, before)
        return super().evaluate(planes)


class Held:
    """Keeps every batch until the test answers it."""

    side, name, lanes = 5, "held", 2

    def __init__(self) -> None:
        self.sent: list[tuple[np.ndarray, Future[Answer]]] = []

    def submit(self, planes):
        future: Future[Answer] = Future()
        self.sent.append((planes, future))
        return future


@pytest.mark.parametrize("visits", [2, 7, 100])
@pytest.mark.parametrize(("batch_size", "flight"), [(1, 2), (3, 4), (16, 3)])
def test_visit_limit_is_met_exactly(visits: int, batch_size: int, flight: int) -> None:
    network = Uneven(HashEvaluator(5), lanes=2, seed=visits)
    search = search_on(Game(5), network, batch_size=batch_size, batches_in_flight=flight)
    report = search.run(SearchLimits(visits=visits))
    assert report.visits_root == visits
    assert report.playouts == visits - 1
    assert search.run(SearchLimits(playouts=25)).playouts == 25
    assert search.run(SearchLimits(visits=1)).playouts == 1
    check_invariants(search)
    check_rules(search, Game(5))


# As plain Python the search is so slow that answers come in the order they were asked for.
@pytest.mark.compiled
def test_order_of_answers_changes_nothing() -> None:
    trees, orders = [], []
    for seed in range(6):
        network = Uneven(HashEvaluator(5), lanes=3, seed=seed)
        search = search_on(Game(5), network, batch_size=4, batches_in_flight=4)
        search.run(SearchLimits(visits=200))
        trees.append(snapshot(search))
        orders.append(network.ended)
    assert all(tree == trees[0] for tree in trees)
    assert any(order != orders[0] for order in orders)
    assert any(order != sorted(order) for order in orders)


def test_batches_are_sent_before_the_first_is_answered() -> None:
    held = Held()
    search = search_on(Game(5), held, batch_size=2, batches_in_flight=3)
    thread = threading.Thread(target=search.run, args=(SearchLimits(visits=20),))
    thread.start()
    evaluator, most, answered = HashEvaluator(5), 0, 0
    while thread.is_alive():
        time.sleep(0.002)
        most = max(most, len(held.sent) - answered)
        if len(held.sent) > answered:
            planes, future = held.sent[answered]
            future.set_result(evaluator.evaluate(planes))
            answered += 1
    thread.join()
    assert most == 3
    assert search.tree.root_visits == 20


def test_stop_does_not_wait_for_the_network() -> None:
    gate = Gate(5, free=3)
    lanes = Lanes([gate])
    search = search_on(Game(5), lanes, batch_size=4, batches_in_flight=3, cache="off")
    stop, reports = threading.Event(), []
    thread = threading.Thread(target=lambda: reports.append(search.run(SearchLimits(), stop=stop)))
    thread.start()
    assert gate.entered.wait(timeout=30)
    started = time.monotonic()
    stop.set()
    thread.join()
    assert time.monotonic() - started < 2  # the gate would hold it for 30
    assert reports[0].playouts in (4, 8)
    check_invariants(search)
    gate.opened.set()
    lanes.close()


def test_planes_stay_until_who_reads_them_has_finished() -> None:
    gate = Gate(5, free=3)
    lanes = Lanes([gate])
    search = search_on(Game(5), lanes, batch_size=4, batches_in_flight=2, cache="off")
    assert search.run(SearchLimits(time_s=0.1)).playouts in (4, 8)
    assert gate.entered.wait(timeout=30)
    # The next search gathers while the evaluator is still busy with a batch given up.
    timer = threading.Timer(0.2, gate.opened.set)
    timer.start()
    assert search.run(SearchLimits(visits=60)).visits_root == 60
    timer.join()
    assert not gate.changed
    check_invariants(search)
    lanes.close()


def test_time_limit_ends_a_search_that_waits() -> None:
    gate = Gate(5, free=2)
    lanes = Lanes([gate])
    search = search_on(Game(5), lanes, batch_size=2, batches_in_flight=2, cache="off")
    started = time.monotonic()
    report = search.run(SearchLimits(time_s=0.2))
    assert 0.2 <= time.monotonic() - started < 5
    assert report.playouts == 2
    gate.opened.set()
    lanes.close()


class Failing(HashEvaluator):
    def __init__(self, side: int, fault: str):
        super().__init__(side)
        self._fault = fault
        self._calls = 0

    def evaluate(self, planes):
        self._calls += 1
        policy, winrate = super().evaluate(planes)
        if self._calls == 4 and self._fault == "raise":
            raise RuntimeError("out of memory")
        if self._calls == 4:
            winrate[0] = np.nan
        return policy, winrate


# On an empty board with the cache on, leaves wait for the answer to an image of theirs.
@pytest.mark.parametrize("cache", ["off", "exact"])
@pytest.mark.parametrize("fault", ["raise", "nan"])
def test_fault_leaves_nothing_on_its_way(fault: str, cache: Any) -> None:
    params = SearchParams(seed=7, batch_size=4, batches_in_flight=3, cache=cache)
    search = Search(Failing(5, fault), params)
    search.set_position(Game(5))
    expected = RuntimeError if fault == "raise" else EvaluationError
    with pytest.raises(expected):
        search.run(SearchLimits(visits=80))
    assert search.tree.root_visits == 9
    check_invariants(search)
    assert search.run(SearchLimits(visits=80)).visits_root == 80
    check_invariants(search)


def test_search_in_steps_takes_answers_in_order() -> None:
    evaluator, limits = HashEvaluator(5), SearchLimits(visits=30)
    search = search_on(Game(5), evaluator, batch_size=4, cache="off")
    search.begin()
    search.accept(*evaluator.evaluate(search.gather(limits)))
    first, second = search.gather(limits), search.gather(limits)
    answers = [evaluator.evaluate(planes) for planes in (first, second)]
    assert len(first) == len(second) == 4
    for answer in answers:
        search.accept(*answer)
    assert search.tree.root_visits == 9
    search.gather(limits)
    search.cancel()
    assert search.run(limits).visits_root == 30
    check_invariants(search)


def test_report_counts_batches_and_their_fill() -> None:
    search = search_on(Game(5), batch_size=8, cache="off")
    report = search.run(SearchLimits(visits=21))
    assert (report.batches, report.leaves) == (4, 21)
    assert report.fill == pytest.approx(21 / 32)
    network = Uneven(HashEvaluator(5), lanes=1, seed=0, most_s=0.02)
    search = search_on(Game(5), network, batch_size=8, batches_in_flight=2, cache="off")
    report = search.run(SearchLimits(visits=21))
    assert report.leaves == 21
    assert 0 < report.answer_s < 10
