"""The ablation of the search: rows against the base, kept, gone on with, and as a table."""

from pathlib import Path

import pytest

from lzp.play.arena_score import ArenaScore
from lzp.play.arena_settings import Contestant
from lzp.play.search_ablation import ROWS, main, table
from tests.networks import write_random_network


@pytest.mark.parametrize("line", ROWS.values())
def test_every_row_is_a_setting_that_the_search_knows(line: str) -> None:
    assert Contestant.parse(line).search != Contestant.parse("cpuct=9").search
    assert Contestant.parse(line).search != Contestant.parse("").search, "the default itself"


def test_a_table_has_a_row_for_each_technique_and_the_elo_it_is_worth() -> None:
    won = ArenaScore(games=40, score=0.6, low=0.5, high=0.7)
    text = table({("without LCB", 100): won, ("without LCB", 32): won})
    assert (
        text.splitlines()[0] == "| the default against itself | 32 evaluations | 100 evaluations |"
    )
    cell = "+70 (+0 to +147), 40"
    assert text.splitlines()[2] == f"| without LCB | {cell} | {cell} |"


@pytest.mark.compiled
def test_rows_are_played_and_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    network = write_random_network(tmp_path / "net.txt", side=5)
    command = ["--out", str(tmp_path / "out"), "-w", str(network), "--size", "5"]
    command += ["--games", "2", "--budgets", "4", "--max-moves", "20"]
    command += ["--rows", "without tuned cpuct", "cpuct=3"]
    main(command)
    first = capsys.readouterr().out
    assert "| cpuct=3 |" in first
    files = sorted(path for path in tmp_path.rglob("*") if "jsonl" in path.name)
    before = [path.read_bytes() for path in files]
    assert len(files) == 2
    main(command)
    assert capsys.readouterr().out == first
    assert [path.read_bytes() for path in files] == before


def test_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="no row 'slack'"):
        main(["--out", str(tmp_path), "--rows", "slack"])


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        (["--rows", "cpuct=high"], "cpuct: cannot read 'high'"),
        (["--base", "exponent=1"], "unknown setting 'exponent'"),
        (["--agree", "2"], "agreed winrate must be"),
        (["--budgets", "0"], "evaluations must be a whole number from 1 on"),
    ],
)
def test_a_setting_that_is_none_is_refused_in_a_line(
    tmp_path: Path, asked: list[str], named: str
) -> None:
    with pytest.raises(SystemExit, match=f"search_ablation: {named}"):
        main(["--out", str(tmp_path), *asked])
