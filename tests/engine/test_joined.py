"""Leaves whose position is on its way already: one question, an answer for each of them."""

import numpy as np
import pytest

from lzp.engine.cache_state import WAYS
from lzp.engine.search_params import SearchLimits
from lzp.go import Game
from tests.engine.scripted import HashEvaluator, Uneven, search_on
from tests.engine.test_cache import random_game
from tests.engine.tree_checks import check_invariants, check_rules, snapshot


class Asked(HashEvaluator):
    """Remembers the positions it was asked about, whatever side they are seen from."""

    def __init__(self, side: int):
        super().__init__(side)
        self.positions: list[bytes] = []

    def evaluate(self, planes):
        self.positions += [_from_all_sides(position) for position in planes]
        return super().evaluate(planes)


def _from_all_sides(planes: np.ndarray) -> bytes:
    turned = [np.rot90(planes, turns, (1, 2)) for turns in range(4)]
    return min(image.tobytes() for turn in turned for image in (turn, turn[:, :, ::-1]))


@pytest.mark.parametrize(("batch_size", "flight"), [(8, 1), (8, 3), (2, 5)])
def test_no_position_is_asked_about_twice(batch_size: int, flight: int) -> None:
    found = {}
    for cache in ("off", "exact"):
        evaluator = Asked(7)
        network = Uneven(evaluator, lanes=1, seed=1, most_s=0.0) if flight > 1 else evaluator
        search = search_on(
            Game(7), network, batch_size=batch_size, batches_in_flight=flight, cache=cache
        )
        search.tree.cache.arrays.heads["symmetric_plies"] = 100
        report = search.run(SearchLimits(visits=60))
        assert report.visits_root == 60
        check_invariants(search)
        check_rules(search, Game(7))
        found[cache] = len(evaluator.positions), len(set(evaluator.positions))
        assert found[cache][0] == report.leaves
    assert found["exact"][0] == found["exact"][1]
    assert found["off"][0] > found["off"][1]


@pytest.mark.parametrize("rows", [WAYS, 2 * WAYS])
def test_answer_that_is_gone_again_is_asked_for_anew(rows: int) -> None:
    # The answers that came with it have taken its place before those who wait look it up.
    network = Uneven(HashEvaluator(5), lanes=1, seed=0, most_s=0.0)
    search = search_on(Game(5), network, batch_size=16, batches_in_flight=3)
    cache = search.tree.cache
    cache.arrays = cache.arrays._replace(
        entries=cache.arrays.entries[: 2 * rows].copy(),
        policies=cache.arrays.policies[:rows].copy(),
    )
    assert search.run(SearchLimits(visits=300)).visits_root == 300
    check_invariants(search)


def test_leaves_that_joined_are_taken_back_with_the_others() -> None:
    evaluator, limits = HashEvaluator(5), SearchLimits(visits=40)
    search = search_on(Game(5), evaluator, batch_size=8)
    search.begin()
    search.accept(*evaluator.evaluate(search.gather(limits)))
    before = snapshot(search)
    first, second = len(search.gather(limits)), len(search.gather(limits))
    assert 0 < first < 8  # the others are images of these
    assert 0 < second < 8
    search.cancel()
    check_invariants(search)
    assert search.tree.root_visits == 1
    search.tree.clear()
    search.begin()
    assert len(search.gather(limits)) == 0  # the root is remembered, and opened at once
    assert snapshot(search) == before
    # What was taken back is on its way no more: nobody waits for it.
    assert search.run(limits).visits_root == 40


def test_root_is_asked_about_although_it_is_a_leaf_of_another_search() -> None:
    # As in an analysis of several positions of one game, whose searches share their answers.
    game, evaluator, limits = random_game(7, 9, 1), HashEvaluator(7), SearchLimits(visits=60)
    first = search_on(game, evaluator, batch_size=1, symmetry=0)
    first.begin()
    first.accept(*evaluator.evaluate(first.gather(limits)))
    assert len(first.gather(limits)) == 1
    (edge,) = first.tree.arrays.edges[:1]
    game.play(int(edge["move"]))
    second = search_on(game, evaluator, batch_size=4, symmetry=0)
    second.tree.cache = first.tree.cache
    second.begin()
    planes = second.gather(limits)
    assert len(planes) == 1
    second.accept(*evaluator.evaluate(planes))
    assert second.tree.is_root_expanded
    first.cancel()
    assert first.run(limits).visits_root == second.run(limits).visits_root == 60
    check_invariants(first)
    check_invariants(second)


@pytest.mark.parametrize("ply", [0, 30])
def test_every_leaf_is_asked_about_or_found(ply: int) -> None:
    search = search_on(random_game(9, ply, 2), batch_size=8)
    report = search.run(SearchLimits(visits=100))
    assert report.leaves + report.hits == report.lookups
    check_invariants(search)
