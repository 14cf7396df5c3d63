"""The page in a real browser: its rules against ours, keys, clicks, and what must not run."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex
from lzp.sgf import read_game, to_game
from tests.review.chromium import Chromium, find_chromium
from tests.review.games import HOSTILE

PROGRAM = find_chromium()
pytestmark = [
    pytest.mark.compiled,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium to show the page"),
]
STONES = (
    "Object.fromEntries([...document.querySelectorAll('#board .board-stone')].map("
    "(s) => [s.dataset.vertex, s.classList.contains('black') ? 'B' : 'W']))"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    assert PROGRAM is not None
    with Chromium(PROGRAM, tmp_path_factory.mktemp("profile")) as started:
        yield started


@pytest.fixture
def page(browser: Chromium, reviewed: Path) -> Chromium:
    browser.errors.clear()
    browser.open(reviewed / "game.review.html", "#0")
    browser.evaluate("location.hash = '#0'")
    browser.wait_for("document.querySelector('#counter').textContent.startsWith('0 ')")
    return browser


def stones_of(game: Game) -> dict[str, str]:
    side = game.side
    points = ((move, game.board[move]) for move in range(side * side))
    return {
        format_vertex(move, side): "B" if color == BLACK else "W" for move, color in points if color
    }


def counter(page: Chromium) -> int:
    return int(page.evaluate("document.querySelector('#counter').textContent").split()[0])


def test_every_position_is_that_of_the_rules(page: Chromium, reviewed: Path) -> None:
    record = read_game((reviewed / "game.sgf").read_bytes())
    for ply in range(len(record.moves) + 1):
        assert counter(page) == ply
        assert page.evaluate(STONES) == stones_of(to_game(record, ply)), ply
        page.press("ArrowRight")
    assert counter(page) == len(record.moves)
    page.press("ArrowLeft")
    page.press("Home")
    assert page.evaluate(STONES) == {}
    page.click("#last")
    assert counter(page) == len(record.moves)
    assert not page.errors


def test_the_graph_and_the_mistakes_lead_to_their_moves(page: Chromium, reviewed: Path) -> None:
    figures = json.loads((reviewed / "game.review.json").read_text())
    page.click("#graph", x=0.99)
    assert counter(page) == len(figures["moves"])
    shown = page.evaluate(
        "[...document.querySelectorAll('#mistakes li')].map((l) => Number(l.dataset.ply))"
    )
    assert shown == figures["mistakes"]
    page.click(f"#mistakes li:nth-child({len(shown)}) button")
    assert counter(page) == shown[-1]
    page.press("Home")
    page.press("ArrowDown")
    assert counter(page) == min(shown)
    assert not page.errors


def test_a_variation_is_played_and_left(page: Chromium, reviewed: Path) -> None:
    figures: dict[str, Any] = json.loads((reviewed / "game.review.json").read_text())
    best = figures["positions"][0]["moves"][0]
    page.click("#candidates tbody tr:first-child td")
    assert len(page.evaluate(STONES)) >= len([v for v in best["pv"] if v != "pass"]) - 2
    assert "variation" in page.evaluate("document.querySelector('#line-state').textContent")
    page.press("Escape")
    assert page.evaluate(STONES) == {}
    assert not page.errors


def test_texts_of_the_record_are_shown_and_never_run(page: Chromium) -> None:
    assert page.evaluate("document.querySelector('#black-name').textContent") == HOSTILE
    assert page.evaluate("document.querySelectorAll('img').length") == 0
    page.press("ArrowRight")
    page.press("ArrowRight")
    assert page.evaluate("document.querySelector('#comment').textContent") == HOSTILE
    assert page.evaluate("document.title").startswith(HOSTILE)
    assert not page.errors


def test_a_telephone_needs_no_scrolling_to_the_side(reviewed: Path, tmp_path: Path) -> None:
    assert PROGRAM is not None
    with Chromium(PROGRAM, tmp_path / "profile", width=500) as phone:
        phone.call(
            "Emulation.setDeviceMetricsOverride", width=375, height=812, deviceScaleFactor=2,
            mobile=True,
        )  # fmt: skip
        phone.open(reviewed / "game.review.html", "#5")
        phone.wait_for("document.querySelector('#counter').textContent.startsWith('5 ')")
        assert phone.evaluate("document.documentElement.scrollWidth") <= 375
        assert (
            phone.evaluate("document.querySelector('#board').getBoundingClientRect().width") > 300
        )
        assert not phone.errors
