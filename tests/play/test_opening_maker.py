from typing import Any

import numpy as np
import pytest

from lzp.engine.model import load_evaluator
from lzp.features import encode
from lzp.go import Game
from lzp.play import opening_maker
from lzp.play.opening_maker import MakerOptions, OpeningMaker, make_file, read_made
from lzp.play.openings import read_openings, symmetric_key
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

OPTIONS = MakerOptions(count=6, least_plies=2, most_plies=5, visits=8, most_off=0.2)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "r9.txt", side=9, seed=2)


def test_a_stopped_run_ends_with_the_file_of_one_that_was_not(tmp_path, network):
    whole, parts = tmp_path / "whole.txt", tmp_path / "parts.txt"
    assert make_file(whole, network, OPTIONS, threads=1) == 6
    few = MakerOptions(count=2, least_plies=2, most_plies=5, visits=8, most_off=0.2)
    assert make_file(parts, network, few, threads=1) == 2
    assert make_file(parts, network, OPTIONS, threads=1) == 6
    openings = [line.split("#")[0] for line in whole.read_text().splitlines()]
    assert openings == [line.split("#")[0] for line in parts.read_text().splitlines()]
    found = read_openings(whole, 9)
    assert len({symmetric_key(moves, 9) for moves in found}) == 6
    assert {len(moves) for moves in found} <= {2, 3, 4, 5}
    assert make_file(whole, network, few, threads=1) == 6  # nothing is taken away


def test_what_is_kept_is_even_by_the_search_and_by_the_mean_of_all_symmetries(network):
    evaluator = load_evaluator(network, batch_size=8, threads=1)
    narrow = MakerOptions(least_plies=2, most_plies=8, visits=8, most_off=0.04)
    made = OpeningMaker(evaluator, narrow).make([])
    kept = [next(made) for _ in range(3)]
    for opening in kept:
        assert abs(opening.winrate - 0.5) <= 0.04
        game = Game(9)
        for move in opening.moves:
            game.play(move)
        winrates = [evaluator.evaluate(encode(game.boards, s))[1][0] for s in range(8)]
        assert abs(np.mean(winrates) - 0.5) <= 0.08
    assert kept[-1].candidate > 3  # others were not


def test_a_network_that_finds_nothing_even_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(opening_maker, "_MOST_REFUSED", 20)
    sure = write_random_network(tmp_path / "sure.txt", side=9, seed=0)  # gives 0.95 everywhere
    with pytest.raises(ValueError, match="none of 20 candidates in a row is new and even"):
        make_file(tmp_path / "made.txt", sure, OPTIONS, threads=1)


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"visits": 9}, {"most_off": 0.1}, {"least_plies": 3}]
)
def test_a_file_made_in_another_way_is_refused(tmp_path, network, change):
    path = tmp_path / "made.txt"
    values: dict[str, Any] = {
        "count": 1,
        "least_plies": 2,
        "most_plies": 5,
        "visits": 8,
        "most_off": 0.2,
    }
    make_file(path, network, MakerOptions(**values), threads=1)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"made\.txt was made with another network or other"):
        make_file(path, network, MakerOptions(**(values | change)), threads=1)
    assert path.read_bytes() == before


def test_a_damaged_file_is_named(tmp_path):
    path = tmp_path / "made.txt"
    path.write_text("# head\nC3 D4  # 0 50.0%\nnonsense\n")
    with pytest.raises(ValueError, match=r"made\.txt: line 3 is not an opening"):
        read_made(path, "# head", 9)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--count", "0"], "count and visits must be 1 or more"),
        (["--plies", "9", "3"], "plies must rise"),
        (["--off", "0.4"], "at most 0.25"),
        (["-w", "/nowhere/net.gz"], "/nowhere/net.gz"),
    ],
)
def test_a_set_that_cannot_be_made_is_one_line_and_code_2(tmp_path, capsys, words, message):
    with pytest.raises(SystemExit) as stop:
        opening_maker.main([str(tmp_path / "out.txt"), *words])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out.txt").exists()
