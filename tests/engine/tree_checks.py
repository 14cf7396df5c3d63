"""A look into a tree from tests: its nodes as dictionaries, and what must always hold."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from lzp.engine.search import Search
from lzp.engine.tree_state import EXPANDED, IN_FLIGHT, INVALID, TERMINAL
from lzp.go import BLACK, Game
from lzp.go.constants import LEGAL, SUPERKO


def edges_of(search: Search, index: int) -> np.ndarray:
    arrays = search.tree.arrays
    node = arrays.nodes[index]
    start = int(node["edge_start"])
    return arrays.edges[start : start + int(node["edge_count"])]


def walk(search: Search, index: int = 0, line: tuple[int, ...] = ()) -> Iterator[tuple]:
    """Yield (line, node, edges) of every node, parents first."""
    edges = edges_of(search, index)
    yield line, index, edges
    for edge in edges:
        if edge["child"] >= 0:
            yield from walk(search, int(edge["child"]), (*line, int(edge["move"])))


def snapshot(search: Search) -> dict[tuple[int, ...], Any]:
    """Return visits, sums and priors of every visited line."""
    return {
        line: [
            (int(e["move"]), int(e["visits"]), float(e["winrate_sum"]), float(e["prior"]))
            for e in edges
        ]
        for line, _, edges in walk(search)
    }


def check_invariants(search: Search) -> None:
    arrays = search.tree.arrays
    seen = 0
    for _, index, edges in walk(search):
        seen += 1
        node = arrays.nodes[index]
        assert node["state"] != IN_FLIGHT
        assert not edges["in_flight"].any()
        assert node["child_visits"] == edges["visits"].sum()
        assert not edges["visits"][edges["closed"] & INVALID != 0].any()
        visited = edges["prior"][edges["visits"] > 0].sum()
        assert node["visited_prior"] == pytest.approx(visited, abs=1e-5)
        if node["state"] == EXPANDED:
            waiting = arrays.priors[index]
            total = edges["prior"].sum() + waiting[waiting >= 0].sum()
            # The root loses what would repeat a position, and the rest is not scaled up.
            assert total == pytest.approx(1, abs=1e-5) or (index == 0 and total < 1)
        for edge in edges[edges["child"] >= 0]:
            _check_edge(search, edge)
    assert seen == search.tree.node_count


def _check_edge(search: Search, edge: np.void) -> None:
    child = search.tree.arrays.nodes[edge["child"]]
    assert edge["visits"] == child["visits"]
    below = edges_of(search, int(edge["child"]))
    own = int(child["visits"] - child["child_visits"])
    if child["state"] == EXPANDED and not search.tree.is_full:
        assert own == 1
    total = own * float(child["net_winrate"]) + float(below["winrate_sum"].sum())
    expected = int(edge["visits"]) - total
    assert float(edge["winrate_sum"]) == pytest.approx(expected, abs=1e-4)


def check_rules(search: Search, game: Game) -> int:
    """Replay every line of a tree on a game; return how many repetitions were refused."""
    refused = 0
    for line, index, edges in walk(search):
        twin = game.copy()
        for move in line:
            assert twin.is_legal(move)
            twin.play(move)
        node = search.tree.arrays.nodes[index]
        if node["state"] == TERMINAL:
            lead = twin.area_score() if twin.to_play == BLACK else -twin.area_score()
            assert twin.is_over
            assert node["net_winrate"] == 0.5 + 0.5 * np.sign(lead)
        for edge in edges:
            code = twin.check(int(edge["move"]))
            assert code == (SUPERKO if edge["closed"] & INVALID else LEGAL)
            refused += code == SUPERKO
    return refused
