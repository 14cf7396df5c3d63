"""Clients in threads of their own share a network's batches, and each gets its own answers."""

import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np
import pytest

from lzp.engine.lanes import Lanes, Submitter
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.shared import ClosedError, SharedNetwork
from lzp.go import Game
from tests.engine.scripted import HashEvaluator

SIDE = 5
WAIT_S = 30


class GatedEvaluator(HashEvaluator):
    """Answers when it is let; keeps what it was asked."""

    def __init__(self, side: int = SIDE):
        super().__init__(side)
        self.gate = threading.Event()
        self.asked: list[list[int]] = []
        self.started = threading.Semaphore(0)

    def evaluate(self, planes):
        self.asked.append(planes[:, 0, 0, 0].tolist())
        self.started.release()
        assert self.gate.wait(WAIT_S)
        if 255 in planes[:, 0, 0, 0]:
            raise ValueError("a bad position")
        return super().evaluate(planes)


class SlowEvaluator(HashEvaluator):
    """Takes as long for a batch as for a position, as a GPU does."""

    def evaluate(self, planes):
        time.sleep(0.002)
        return super().evaluate(planes)


def marked(mark: int, count: int = 1):
    """Planes that can be told apart by their first byte."""
    planes = np.zeros((count, 18, SIDE, SIDE), np.uint8)
    planes[:, 0, 0, 0] = mark
    return planes


@pytest.fixture
def gated():
    evaluator = GatedEvaluator()
    lanes = Lanes([evaluator])
    shared = SharedNetwork(lanes, batch_size=4)
    yield evaluator, shared
    evaluator.gate.set()
    shared.close()
    lanes.close()


def occupy(evaluator, shared):
    """Have the only lane work on something, so that what follows waits."""
    first = shared.client().submit(marked(0))
    assert evaluator.started.acquire(timeout=WAIT_S)
    return first


def results(*answers: Future):
    return [answer.result(timeout=WAIT_S) for answer in answers]


def test_client_is_a_submitter(gated) -> None:
    _, shared = gated
    assert isinstance(shared.client(), Submitter)


def test_first_request_does_not_wait_for_others(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    assert evaluator.asked == [[0]]


def test_what_waits_is_merged_and_everybody_gets_his_own(gated) -> None:
    evaluator, shared = gated
    first = occupy(evaluator, shared)
    answers = [shared.client().submit(marked(mark)) for mark in (1, 2, 3)]
    evaluator.gate.set()
    results(first)
    for mark, (policy, winrate) in zip((1, 2, 3), results(*answers), strict=True):
        expected = HashEvaluator(SIDE).evaluate(marked(mark))
        assert np.array_equal(policy, expected[0])
        assert np.array_equal(winrate, expected[1])
    assert evaluator.asked == [[0], [1, 2, 3]]
    report = shared.report()
    assert (report.requests, report.batches, report.positions) == (4, 2, 4)
    assert report.fill == 0.5
    assert 0 <= report.wait_mean_s <= report.wait_p95_s


def test_batches_are_not_overfilled_and_long_requests_go_alone(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    sizes = (3, 2, 1, 6, 2)
    clients = [shared.client() for _ in sizes]
    answers = [c.submit(marked(n + 1, s)) for n, (c, s) in enumerate(zip(clients, sizes))]  # noqa: B905
    evaluator.gate.set()
    assert [len(policy) for policy, _ in results(*answers)] == list(sizes)
    assert evaluator.asked == [[0], [1, 1, 1, 3], [2, 2, 5, 5], [4] * 6]


def test_clients_take_turns(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    greedy, modest = shared.client(), shared.client()
    answers = [greedy.submit(marked(1)) for _ in range(6)]
    answers += [modest.submit(marked(2)) for _ in range(2)]
    evaluator.gate.set()
    results(*answers)
    assert evaluator.asked == [[0], [1, 2, 1, 2], [1, 1, 1, 1]]


def test_higher_priority_goes_first_and_the_rest_fills_up(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    low, high = shared.client(), shared.client(priority=1)
    answers = [low.submit(marked(1)) for _ in range(3)]
    answers += [high.submit(marked(2)) for _ in range(5)]
    evaluator.gate.set()
    results(*answers)
    assert evaluator.asked == [[0], [2, 2, 2, 2], [2, 1, 1, 1]]


def test_low_priority_does_not_wait_forever(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    low, high = shared.client(), shared.client(priority=1)
    answers = [low.submit(marked(1))] + [high.submit(marked(2)) for _ in range(60)]
    evaluator.gate.set()
    results(*answers)
    assert next(n for n, batch in enumerate(evaluator.asked) if 1 in batch) < 10


def test_error_goes_to_the_request_that_caused_it(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    answers = [shared.client().submit(marked(mark)) for mark in (1, 255, 3)]
    evaluator.gate.set()
    results(answers[0], answers[2])
    with pytest.raises(ValueError, match="a bad position"):
        results(answers[1])
    assert evaluator.asked == [[0], [1, 255, 3], [1], [255], [3]]


@pytest.mark.parametrize("planes", [marked(1)[:, :17], marked(1)[:0], marked(1).astype(np.int8)])
def test_what_is_no_planes_is_refused_at_once(gated, planes) -> None:
    _, shared = gated
    with pytest.raises(ValueError, match=r"hash: .* are no planes"):
        shared.client().submit(planes)


def test_request_taken_back_is_not_evaluated(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    gone, kept = shared.client().submit(marked(1)), shared.client().submit(marked(2))
    assert gone.cancel()
    evaluator.gate.set()
    results(kept)
    assert evaluator.asked == [[0], [2]]


def test_closing_answers_what_is_evaluated_and_refuses_the_rest(gated) -> None:
    evaluator, shared = gated
    client = shared.client()
    first = occupy(evaluator, shared)
    waiting = client.submit(marked(1))
    closing = threading.Thread(target=shared.close)
    closing.start()
    with pytest.raises(ClosedError, match="hash is closed"):
        results(waiting)
    evaluator.gate.set()
    closing.join(WAIT_S)
    assert first.done()
    with pytest.raises(ClosedError):
        client.submit(marked(1))


def test_client_that_leaves_does_not_disturb_others(gated) -> None:
    evaluator, shared = gated
    occupy(evaluator, shared)
    leaving, staying = shared.client(), shared.client()
    gone, kept = leaving.submit(marked(1)), staying.submit(marked(2))
    leaving.close()
    evaluator.gate.set()
    results(kept)
    with pytest.raises(ClosedError):
        results(gone)


def test_network_closed_before_its_sharer_is_an_error_not_a_hang() -> None:
    lanes = Lanes([HashEvaluator(SIDE)])
    shared = SharedNetwork(lanes, batch_size=4)
    lanes.close()
    with pytest.raises(RuntimeError):
        results(shared.client().submit(marked(1)))
    shared.close()


def test_answer_of_wrong_size_is_an_error_not_a_hang() -> None:
    class Short(HashEvaluator):
        def evaluate(self, planes):
            policy, winrate = super().evaluate(planes)
            return policy[:-1], winrate

    lanes = Lanes([Short(SIDE)])
    shared = SharedNetwork(lanes, batch_size=4)
    search = Search(shared.client(), SearchParams(seed=1))
    search.set_position(Game(SIDE))
    with pytest.raises(EvaluationError, match="answered 1 positions with 0"):
        search.run(SearchLimits(visits=10))
    shared.close()
    lanes.close()


@pytest.mark.parametrize("count", [1, 2])
def test_searches_in_threads_find_what_they_find_alone(count: int) -> None:
    lanes = Lanes([SlowEvaluator(SIDE) for _ in range(count)])
    shared = SharedNetwork(lanes, batch_size=8)

    def search(seed: int, network) -> tuple:
        found = Search(network, SearchParams(seed=seed, batch_size=2))
        found.set_position(Game(SIDE))
        return found.run(SearchLimits(visits=60)).moves

    with ThreadPoolExecutor(8) as threads:
        together = list(threads.map(lambda seed: search(seed, shared.client()), range(8)))
    assert together == [search(seed, HashEvaluator(SIDE)) for seed in range(8)]
    report = shared.report()
    assert report.positions > report.batches * 2.5  # a search alone sends two at most
    assert report.wait_p95_s < 1
    shared.close()
    lanes.close()


def test_many_threads_and_many_requests_lose_nothing() -> None:
    lanes = Lanes([HashEvaluator(SIDE), HashEvaluator(SIDE)])
    shared = SharedNetwork(lanes, batch_size=16)
    twin = HashEvaluator(SIDE)

    def ask(number: int) -> bool:
        client = shared.client(priority=number % 3)
        random = np.random.default_rng(number)
        asked = [random.integers(0, 2, (n % 3 + 1, 18, SIDE, SIDE), np.uint8) for n in range(40)]
        answers = [client.submit(planes) for planes in asked]
        client_answers = results(*answers)
        client.close()
        return all(
            np.array_equal(policy, twin.evaluate(planes)[0])
            for (policy, _), planes in zip(client_answers, asked, strict=True)
        )

    with ThreadPoolExecutor(10) as threads:
        assert all(threads.map(ask, range(10)))
    assert shared.report().requests == 400
    shared.close()
    lanes.close()
