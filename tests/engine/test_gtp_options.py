"""Flags that change while the program runs, and what it says of its memory."""

import re

import pytest

from tests.engine.gtp_text import converse
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "r9.txt", side=9)


@pytest.fixture
def talk(network):
    return lambda *lines, **flags: converse(*lines, weights=network, **flags)


def total_visits(reply):
    """The visits of all moves of the last report before the move."""
    return sum(map(int, re.findall(r"visits (\d+)", reply.split("\n")[-2])))


def test_visits_and_playouts_are_changed_from_the_next_search_on(talk):
    # The one report of an interval that does not pass is at the end.
    move = ["clear_board", "lz-genmove_analyze b 9999"]
    replies = talk(
        *move,
        "lz-setoption name visits value 60",
        *move,
        "lz-setoption name Visits value 0",
        "lz-setoption name PLAYOUTS value 30",
        *move,
        time_management="off",
    )
    # Of the root's visits, one is its own evaluation; playouts come on top of what is kept.
    assert [total_visits(replies[index]) for index in (1, 4, 8)] == [19, 59, 59 + 30]
    assert replies[2] == replies[5] == replies[6] == "= "


def test_memory_is_shared_out_in_leela_zeros_words(talk):
    replies = talk(
        "genmove b",
        "lz-setoption name Maximum Memory Use (MiB) value 200",
        "lz-setoption name Percentage of memory for cache value 25",
        "genmove w",
        "lz-setoption",
    )
    assert replies[1] == "= Setting max tree size to 180 MiB and cache size to 20 MiB."
    assert replies[2] == "= Setting max tree size to 150 MiB and cache size to 50 MiB."
    assert re.fullmatch(r"= [A-HJ]\d", replies[3])
    rows = replies[4].split("\n")
    assert rows[:3] == [
        "= ",
        "option name Maximum Memory Use (MiB) type spin default 200 min 128 max 131072",
        "option name Percentage of memory for cache type spin default 25 min 1 max 99",
    ]


def test_less_memory_makes_a_smaller_tree(talk, capfd):
    lines = [
        "lz-setoption name Maximum Memory Use (MiB) value 128",
        "lz-setoption name Percentage of memory for cache value 99",
    ]
    talk(*lines, "genmove b", visits=20_000, quiet=False)
    assert "the tree is full at" in capfd.readouterr().err
    talk("genmove b", visits=2000, quiet=False)
    assert "the tree is full at" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("name visits value many", "? incorrect value"),
        ("name visits value -1", "? incorrect value"),
        ("name visits value", "? incorrect value"),
        ("name Pondering value perhaps", "? incorrect value"),
        ("name Maximum Memory Use (MiB) value 64", "? incorrect value"),
        ("name Percentage of memory for cache value 100", "? incorrect value"),
        ("name Resign Percentage value -2", "? incorrect value"),
        ("name Sharpness value 4", "? Unknown option"),
        ("name value", "? Unknown option"),
        ("visits 4", "? incorrect syntax for lz-setoption"),
        ("name Resign Percentage value -1", "= "),
        ("name pondering value TRUE", "= "),
        ("name Lagbuffer value 50", "= "),
    ],
)
def test_options_are_checked(talk, words, reply):
    assert talk(f"lz-setoption {words}") == [reply]


def test_memory_is_reported(talk):
    reply = talk("genmove b", "lz-memory_report", visits=3000, memory_mib=400)[1]
    found = re.fullmatch(
        r"= Estimated total memory consumption: (\d+) MiB\.\nNetwork with overhead: (\d+) MiB / "
        r"Search tree: (\d+) MiB / Network cache: (\d+)",
        reply,
    )
    assert found is not None
    total, rest, tree, cache = map(int, found.groups())
    assert total == rest + tree + cache
    assert 1 <= tree <= 360
    assert rest > 20  # an interpreter with numpy


def test_the_cache_is_cleared_on_demand(talk):
    assert talk("genmove b", "clear_cache", "genmove w")[1] == "= "


def test_a_move_takes_the_seconds_that_it_may(talk):
    def visits(limit_s):
        lines = ["genmove b", "clear_board", "lz-genmove_analyze b 9999"]
        flags = {"max_time_s": limit_s, "visits": 0, "time_management": "off"}
        return total_visits(talk(*lines, **flags)[2])

    assert 0 < visits(0.1) < visits(0.6)
