"""What a search promises: limits, stop, seeds, reuse, reports, and what faults cost."""

import itertools
import threading
import time
from typing import Any

import numpy as np
import pytest

from lzp.engine import search_kernels
from lzp.engine.report import SearchReport
from lzp.engine.search import EvaluationError, Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.tree_state import PRUNED
from lzp.go import WHITE, Game
from lzp.go.vertex import parse_vertex
from tests.engine.scripted import HashEvaluator, UniformEvaluator, search_on, won_after
from tests.engine.tree_checks import check_invariants, check_rules, edges_of, snapshot, walk

# Limits


@pytest.mark.parametrize("batch_size", [1, 3, 16])
@pytest.mark.parametrize("visits", [2, 7, 100])
def test_visit_limit_is_met_exactly(batch_size: int, visits: int) -> None:
    search = search_on(Game(5), batch_size=batch_size)
    report = search.run(SearchLimits(visits=visits))
    assert report.visits_root == visits
    assert report.playouts == visits - 1
    assert sum(move.visits for move in report.moves) == visits - 1
    check_invariants(search)


def test_visits_count_what_is_kept_and_playouts_do_not() -> None:
    search = search_on(Game(5))
    assert search.run(SearchLimits(visits=40)).visits_root == 40
    assert search.run(SearchLimits(visits=60)).playouts == 20
    report = search.run(SearchLimits(playouts=25))
    assert (report.visits_root, report.playouts) == (85, 25)


def test_one_playout_is_always_made() -> None:
    search = search_on(Game(5))
    assert search.run(SearchLimits(visits=1)).visits_root == 2
    assert search.run(SearchLimits(visits=1)).visits_root == 3
    assert search.run(SearchLimits(time_s=0.0)).playouts >= 1


def test_first_evaluation_is_of_the_root_alone() -> None:
    evaluator = UniformEvaluator(5)
    search_on(Game(5), evaluator, batch_size=8, cache="off").run(SearchLimits(visits=17))
    assert evaluator.batches == [1, 8, 8]


def test_first_batches_are_small() -> None:
    evaluator = UniformEvaluator(5)
    search_on(Game(5), evaluator, batch_size=8, visits_per_leaf=4).run(SearchLimits(visits=60))
    assert evaluator.batches[:12] == [1] * 8 + [2, 2, 3, 3]
    assert max(evaluator.batches) == 8


def test_time_limit_ends_the_search() -> None:
    search = search_on(Game(5))
    started = time.monotonic()
    report = search.run(SearchLimits(time_s=0.2))
    assert report.elapsed_s >= 0.2
    assert time.monotonic() - started < 5


def test_stop_signal_ends_an_endless_search() -> None:
    search = search_on(Game(5))
    stop = threading.Event()
    timer = threading.Timer(0.2, stop.set)
    timer.start()
    report = search.run(SearchLimits(), stop=stop)
    timer.join()
    assert report.playouts > 0
    check_invariants(search)


def test_decided_playouts_do_not_delay_a_stop() -> None:
    # After a pass, passing again ends the game as won, and most playouts need no network.
    game = Game(2, 0.5)
    game.play(0)
    game.play(game.pass_move)
    search = search_on(game, UniformEvaluator(2))
    stop = threading.Event()
    stop.set()
    report = search.run(SearchLimits(), stop=stop)
    assert 1 <= report.playouts <= search_kernels.MOST_DECIDED + 8


@pytest.mark.parametrize(
    ("field", "value"),
    [("visits", 0), ("playouts", -1), ("time_s", -1.0), ("time_s", float("nan"))],
)
def test_limits_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        SearchLimits(**{field: value})


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("batch_size", 0),
        ("cpuct", float("nan")),
        ("virtual_loss", 0),
        ("max_nodes", 1),
        ("symmetry", 8),
        ("random_temperature", 0),
        ("seed", -1),
        ("noise_weight", 1.5),
    ],
)
def test_params_are_checked(field: str, value: Any) -> None:
    with pytest.raises(ValueError, match=field):
        SearchParams(**{field: value})


# Chance


def test_same_seed_makes_the_same_tree() -> None:
    trees = []
    for _ in range(2):
        search = search_on(Game(5), noise=True)
        search.run(SearchLimits(visits=150))
        trees.append(snapshot(search))
    assert trees[0] == trees[1]


def test_other_seed_makes_another_tree() -> None:
    trees = []
    for seed in (1, 2):
        search = Search(HashEvaluator(5), SearchParams(seed=seed))
        search.set_position(Game(5))
        search.run(SearchLimits(visits=150))
        trees.append(snapshot(search))
    assert trees[0] != trees[1]


def test_every_symmetry_is_drawn() -> None:
    images: set[bytes] = set()

    class Watched(UniformEvaluator):
        def evaluate(self, planes):
            images.update(position[0].tobytes() for position in planes)
            return super().evaluate(planes)

    game = Game(5)
    game.play(parse_vertex("B1", 5))
    game.play(game.pass_move)
    search = search_on(game, Watched(5))
    for _ in range(100):
        search.clear()
        search.run(SearchLimits(playouts=1))
        if len(seen := {image for image in images if sum(image) == 1}) == 8:
            break
    assert len(seen) == 8


@pytest.mark.parametrize("symmetry", range(8))
def test_answers_are_taken_back_through_the_symmetry(symmetry: int) -> None:
    # The network sees an image of the board and prefers the image of the only stone's
    # neighbor above; whatever the symmetry, that is one of the stone's neighbors.
    stone = parse_vertex("B3", 5)

    class Beside(UniformEvaluator):
        def evaluate(self, planes):
            policy, winrate = super().evaluate(planes)
            for slot, position in enumerate(planes):
                there = np.flatnonzero(position[8].ravel())
                if len(there) == 1:
                    policy[slot] = 0.0
                    policy[slot, there[0] + 5 if there[0] < 20 else there[0] - 5] = 1.0
            return policy, winrate

    game = Game(5)
    game.play(stone)
    search = search_on(game, Beside(5), symmetry=symmetry)
    report = search.run(SearchLimits(visits=10))
    best = max(report.moves, key=lambda move: move.prior)
    assert best.prior == pytest.approx(1.0)
    assert best.move in (stone - 5, stone - 1, stone + 1, stone + 5)


def test_noise_is_mixed_into_the_root_alone() -> None:
    plain, noisy = search_on(Game(5), symmetry=0), search_on(Game(5), symmetry=0, noise=True)
    for search in (plain, noisy):
        search.run(SearchLimits(visits=120))
    priors = []
    for search in (plain, noisy):
        moves = search.report(min_moves=26).moves
        priors.append({move.move: move.prior for move in moves})
        assert sum(priors[-1].values()) == pytest.approx(1.0, abs=1e-5)
        check_invariants(search)
    assert priors[0].keys() == priors[1].keys()
    gaps = [abs(priors[0][move] - priors[1][move]) for move in priors[0]]
    assert 0.01 < max(gaps) <= 0.25
    first = {line: edges["prior"].tolist() for line, _, edges in walk(plain) if line}
    second = {line: edges["prior"].tolist() for line, _, edges in walk(noisy) if line}
    common = [line for line in first.keys() & second.keys() if first[line] and second[line]]
    assert common
    for line in common:
        count = min(len(first[line]), len(second[line]))
        assert first[line][:count] == second[line][:count]


# Reuse


@pytest.mark.compiled
def test_subtree_is_kept_after_moves() -> None:
    game = Game(5, 0.5)
    search = search_on(game)
    report = search.run(SearchLimits(visits=400))
    line = report.moves[0].pv[:2]
    before = {k[2:]: v for k, v in snapshot(search).items() if k[:2] == line}
    for move in line:
        game.play(move)
    search.set_position(game)
    assert snapshot(search) == before
    assert search.tree.root_visits > 1
    check_invariants(search)
    check_rules(search, game)
    search.run(SearchLimits(visits=400))
    check_invariants(search)
    check_rules(search, game)


def test_same_position_keeps_everything_after_undo() -> None:
    game = Game(5, 0.5)
    search = search_on(game)
    report = search.run(SearchLimits(visits=100))
    game.play(report.moves[0].move)
    game.undo()
    search.set_position(game)
    assert search.tree.root_visits == 100


def _change_komi(game: Game) -> Game:
    twin = game.copy()
    twin.komi = 6.5
    return twin


def _change_turn(game: Game) -> Game:
    twin = game.copy()
    twin.to_play = WHITE
    return twin


def _other_line(game: Game) -> Game:
    twin = Game(game.side, game.komi)
    twin.play(3)
    return twin


@pytest.mark.parametrize("change", [_change_komi, _change_turn, _other_line])
def test_another_position_starts_anew(change) -> None:
    game = Game(5, 0.5)
    game.play(4)
    game.play(5)
    search = search_on(game)
    search.run(SearchLimits(visits=100))
    search.set_position(change(game))
    assert search.tree.root_visits == 0
    search.run(SearchLimits(visits=50))
    check_invariants(search)


def test_other_side_is_refused() -> None:
    with pytest.raises(ValueError, match="5x5, not on 9x9"):
        search_on(Game(5)).set_position(Game(9))


def test_search_without_a_position_is_refused() -> None:
    with pytest.raises(ValueError, match="no position"):
        Search(HashEvaluator(5), SearchParams()).run(SearchLimits(visits=2))


# Bounds


def test_full_tree_goes_on_and_says_so() -> None:
    search = search_on(Game(5), max_nodes=50)
    report = search.run(SearchLimits(visits=400))
    assert report.tree_full
    assert report.nodes == 50
    assert report.visits_root == 400
    check_invariants(search)


def test_full_tree_has_room_again_after_a_move() -> None:
    game = Game(5, 0.5)
    search = search_on(game, max_nodes=60)
    report = search.run(SearchLimits(visits=100))
    game.play(report.moves[0].move)
    search.set_position(game)
    assert search.tree.node_count < 60
    assert not search.tree.is_full


@pytest.mark.compiled
def test_growing_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    trees = []
    for first in (16, 100_000):
        monkeypatch.setattr("lzp.engine.tree._FIRST_NODES", first)
        search = search_on(Game(5), HashEvaluator(5))
        search.run(SearchLimits(visits=700))
        trees.append(snapshot(search))
    assert trees[0] == trees[1]


# Faults


class Broken(HashEvaluator):
    """Fails in a given way from its third call on, once."""

    def __init__(self, side: int, fault: str):
        super().__init__(side)
        self.fault = fault
        self.calls = 0

    def evaluate(self, planes):
        self.calls += 1
        policy, winrate = super().evaluate(planes)
        if self.calls != 3:
            return policy, winrate
        if self.fault == "raise":
            raise RuntimeError("out of memory")
        if self.fault == "shape":
            return policy[:, :-1], winrate
        if self.fault == "value":
            return policy, np.full_like(winrate, np.nan)
        policy = policy.copy()
        policy[-1, 3] = {"nan": np.nan, "inf": np.inf, "negative": -0.1}[self.fault]
        return policy, winrate


@pytest.mark.parametrize("fault", ["raise", "shape", "value", "nan", "inf", "negative"])
def test_fault_costs_one_batch(fault: str) -> None:
    search = search_on(Game(5), Broken(5, fault), batch_size=4, cache="off")
    expected = RuntimeError if fault == "raise" else EvaluationError
    with pytest.raises(expected, match="out of memory" if fault == "raise" else "hash: it answ"):
        search.run(SearchLimits(visits=50))
    assert search.tree.root_visits == 5
    report = search.run(SearchLimits(visits=50))
    assert report.visits_root == 50
    check_invariants(search)


# Reports


def test_reports_come_at_intervals_and_at_least_once() -> None:
    seen: list[SearchReport] = []
    search = search_on(Game(5))
    search.run(SearchLimits(time_s=0.5), on_report=seen.append, report_interval_s=0.1)
    assert 2 <= len(seen) <= 5
    assert all(a.playouts < b.playouts for a, b in itertools.pairwise(seen))
    seen.clear()
    search.run(SearchLimits(playouts=1), on_report=seen.append, report_interval_s=100.0)
    assert len(seen) == 1
    search.run(SearchLimits(playouts=1), on_report=seen.append)
    assert len(seen) == 1


def test_report_orders_moves_and_shows_lines() -> None:
    game = Game(5, 0.5)
    report = search_on(game).run(SearchLimits(visits=300))
    assert [move.order for move in report.moves] == list(range(len(report.moves)))
    trusted = [move for move in report.moves if move.visits > max(2, 0.1 * _most(report))]
    assert report.moves[: len(trusted)] == tuple(trusted)
    assert [m.lcb for m in trusted] == sorted([m.lcb for m in trusted], reverse=True)
    for move in report.moves:
        assert move.pv[0] == move.move
        assert 0 <= move.lcb <= move.winrate <= 1
        twin = game.copy()
        for step in move.pv:
            assert twin.is_legal(step)
            twin.play(step)


def _most(report: SearchReport) -> int:
    return max(move.visits for move in report.moves)


def test_unvisited_moves_are_listed_on_request() -> None:
    search = search_on(Game(5))
    report = search.run(SearchLimits(visits=4), min_moves=10)
    assert len(report.moves) == 10
    assert [move.visits > 0 for move in report.moves] == [True] * 3 + [False] * 7
    waiting = report.moves[3:]
    assert all(move.winrate == 0 and move.lcb == 0 for move in waiting)
    assert [m.prior for m in waiting] == sorted([m.prior for m in waiting], reverse=True)


def test_root_winrate_is_the_mean_of_its_playouts() -> None:
    search = search_on(Game(5))
    report = search.run(SearchLimits(visits=100))
    total = sum(move.visits * move.winrate for move in report.moves)
    own = float(search.tree.arrays.nodes[0]["net_winrate"])
    assert report.winrate == pytest.approx((own + total) / 100)


# Early stop


@pytest.mark.compiled
def test_decided_move_ends_the_search() -> None:
    limits = SearchLimits(visits=2000, prune=True, stop_when_decided=True)
    search = search_on(Game(5), UniformEvaluator(5, won_after("C3", 5)))
    report = search.run(limits)
    assert report.visits_root < 1500
    assert report.moves[0].move == 12
    check_invariants(search)


def test_pruned_moves_compete_again_in_the_next_search() -> None:
    limits = SearchLimits(visits=600, prune=True, stop_when_decided=True)
    search = search_on(Game(5), UniformEvaluator(5, won_after("C3", 5)))
    search.run(limits)
    arrays = search.tree.arrays
    assert arrays.heads[0]["root_closed"]
    assert np.count_nonzero(edges_of(search, 0)["closed"] == PRUNED) > 10
    search.run(SearchLimits(playouts=1))
    assert not arrays.heads[0]["root_closed"]
    assert not edges_of(search, 0)["closed"].any()


@pytest.mark.compiled
def test_without_the_option_the_limit_is_used_up() -> None:
    search = search_on(Game(5), UniformEvaluator(5, won_after("C3", 5)))
    assert search.run(SearchLimits(visits=500)).visits_root == 500


def test_endless_search_ends_before_counters_overflow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lzp.engine.search.MOST_VISITS", 900)
    search = search_on(Game(5), max_nodes=40)
    assert search.run(SearchLimits()).visits_root == 900
    assert search.run(SearchLimits(visits=2000)).visits_root == 901
