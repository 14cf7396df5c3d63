"""Memory: a bound in MiB that holds, and a search that goes on at it and says so."""

import io

import pytest

from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.tree import nodes_for
from lzp.go import Game
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network


@pytest.mark.compiled
@pytest.mark.parametrize(("side", "mib"), [(5, 1), (9, 2)])
def test_a_full_tree_takes_no_more_than_it_may(side: int, mib: int) -> None:
    params = SearchParams(max_nodes=nodes_for(mib, side), cache="off", seed=1)
    search = Search(HashEvaluator(side), params)
    full: list[int] = []
    search.on_full = lambda: full.append(search.tree.node_count)
    search.set_position(Game(side))
    report = search.run(SearchLimits(visits=2 * params.max_nodes))
    assert report.tree_full
    assert full == [report.nodes]
    arrays = search.tree.arrays
    parts = (arrays.nodes, arrays.priors, arrays.edges)
    # The edges twice: a new root is copied into a second block.
    assert sum(part.nbytes for part in parts) + arrays.edges.nbytes <= mib * 2**20
    assert report.visits_root == 2 * params.max_nodes


@pytest.mark.compiled
def test_the_engine_says_once_that_its_tree_is_full(tmp_path, capsys) -> None:
    network = write_random_network(tmp_path / "r.txt", side=5)
    options = EngineOptions(
        weights=network, visits=5000, memory_mib=1, time_management="off",
        backend="onnxruntime", precision="float32",
        ponder=False,
    )  # fmt: skip
    lines, replies = LineQueue(), io.StringIO()
    lines.put(["genmove b", "genmove w", "quit"])
    GtpEngine(lines, replies, LoadingResponder(options, lines)).run()
    assert replies.getvalue().count("= ") == 3
    said = capsys.readouterr().err
    assert said.count("the tree is full at ") == 1
    assert "--memory MIB makes room for more" in said
