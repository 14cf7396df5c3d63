"""Reports on stores: the table, the picture, and what their bars stand for."""

import io
import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from lzp.data import GameStore
from lzp.data.cli import main
from lzp.data.summary import summarize
from lzp.data.summary_picture import draw_stores, panels_of
from lzp.data.summary_table import summary_table
from tests.data.makers import random_game, random_records, sgf_of, store_of

pytestmark = pytest.mark.compiled

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[GameStore]:
    facts = [
        ("B+R", {"BR": "6d", "WR": "7d", "DT": "2015-01-02"}, 45, 0),
        ("W+R", {"BR": "6d", "WR": "6d", "DT": "2017-01-02"}, 45, 0),
        ("W+1", {"BR": "3k", "DT": "2017-03-02"}, 12, 0),
        ("B+2", {}, 12, 2),
    ]
    records = [
        sgf_of(random_game(seed, plies=plies, handicap=stones, pass_rate=0), result, **names)
        for seed, (result, names, plies, stones) in enumerate(facts)
    ]
    folders = [tmp_path_factory.mktemp(name) for name in ("a", "b")]
    return [store_of(folders[0], records), store_of(folders[1], random_records(12, seed=9))]


def test_bars_are_parts_of_each_stores_games(stores: list[GameStore]) -> None:
    panels = {panel.title: panel for panel in panels_of(stores)}
    for panel in panels.values():
        assert panel.shares.shape == (2, len(panel.labels))
        assert np.allclose(panel.shares.sum(axis=1), 1)

    def first(title: str) -> dict[str, float]:
        panel = panels[title]
        parts = zip(panel.labels, panel.shares[0], strict=True)
        return {label: float(share) for label, share in parts if share}

    assert first("Moves, 20 to a bar") == {"0": 0.5, "40": 0.5}
    assert first("Result") == {"B resign": 0.25, "B score": 0.25, "W resign": 0.25, "W score": 0.25}
    assert first("Handicap") == {"even": 0.75, "2": 0.25}
    ranks = {"none": 3 / 8, "3k": 1 / 8, "6d": 3 / 8, "7d": 1 / 8}
    assert first("Rank of both players") == ranks
    assert first("Year") == {"?": 0.25, "2015": 0.25, "2017": 0.5}


def test_pictures_are_pictures(stores: list[GameStore], tmp_path: Path) -> None:
    assert draw_stores(stores, Path("x.png")).startswith(PNG)
    drawn = draw_stores(stores[:1], Path("x.SVG"))
    assert ElementTree.fromstring(drawn).tag.endswith("svg")
    assert draw_stores(stores[:1], Path("y.svg"))[:2000].count(b"<dc:date>") == 0
    with pytest.raises(ValueError, match=r"x.pdf: a picture is .svg or .png"):
        draw_stores(stores, Path("x.pdf"))


def test_the_table_has_a_column_for_each_store(stores: list[GameStore]) -> None:
    written = io.StringIO()
    console = Console(width=200, file=written)
    console.print(summary_table([summarize(store) for store in stores]))
    text = written.getvalue()
    for store in stores:
        assert str(store.path)[-20:] in text
    lines = [line for line in text.splitlines() if "games" in line]
    assert [cell.strip() for cell in lines[-1].split("│")[1:-1]] == ["games", "4", "12"]


def test_the_command_reports_several_stores(
    stores: list[GameStore], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [str(store.path) for store in stores]
    picture = tmp_path / "report.png"
    assert main(["report", *paths, "-o", str(picture)]) == 0
    text = capsys.readouterr().out
    assert picture.read_bytes().startswith(PNG)
    assert all(f"conversion of {path}" in text for path in paths)
    assert main(["report", *paths, "--json"]) == 0
    assert [part["summary"]["games"] for part in json.loads(capsys.readouterr().out)] == [4, 12]
    before = picture.read_bytes()
    assert main(["report", *paths, "-o", str(tmp_path / "report.gif")]) == 2
    assert "a picture is .svg or .png" in capsys.readouterr().err
    assert picture.read_bytes() == before
    assert main(["report", *paths, "-o", str(tmp_path / "no" / "report.png")]) == 2
