"""lzp-data as a user meets it: output, exit codes, one line for what is wrong."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from lzp.data import GameStore
from lzp.data.cli import main
from tests.data.makers import random_records, sgf_of, write_records

pytestmark = pytest.mark.compiled


@pytest.fixture
def games(tmp_path: Path) -> Path:
    return write_records(tmp_path / "games.sgf", random_records(8, plies=20))


def run(*arguments: object) -> int:
    return main([str(argument) for argument in arguments])


def test_convert_report_verify(
    games: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = tmp_path / "out.lzps"
    counts = tmp_path / "counts.json"
    options = ["--sides", 9, "--min-moves", 1, "--workers", 1, "--report", counts]
    assert run("convert", games, "-o", store, *options) == 0
    assert "8  games found" in capsys.readouterr().out
    assert json.loads(counts.read_text())["games_stored"] == 8
    assert run("report", store) == 0
    assert "9x9 8" in capsys.readouterr().out
    assert run("report", store, "--json") == 0
    assert json.loads(capsys.readouterr().out)["summary"]["games"] == 8
    assert run("verify", store) == 0
    assert "8 games" in capsys.readouterr().out


def test_reasons_can_be_let_in_and_kept_out(tmp_path: Path) -> None:
    games = [sgf_of_result(result) for result in ("B+T", "W+F", "B+R")]
    write_records(tmp_path / "games.sgf", games)
    options = ["--sides", 9, "--min-moves", 1, "--workers", 1, "-o", tmp_path / "out"]
    assert run("convert", tmp_path / "games.sgf", *options, "--include", "time,forfeit") == 0
    assert GameStore.open(tmp_path / "out").games == 3
    assert run("convert", tmp_path / "games.sgf", *options, "--overwrite") == 0
    assert GameStore.open(tmp_path / "out").report.excluded == {"time": 1, "forfeit": 1}


def sgf_of_result(result: str) -> str:
    from tests.data.makers import random_game

    return sgf_of(random_game(len(result) + ord(result[2]), 9), result)


WRONG = [
    (["convert", "{tmp}/none.sgf", "-o", "{tmp}/out"], "none.sgf: no such file or folder"),
    (["convert", "{tmp}/empty", "-o", "{tmp}/out"], "empty: no game records found"),
    (["convert", "{tmp}/prose.sgf", "-o", "{tmp}/out"], "prose.sgf: no game records found"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}"], "is something else than a game store"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}/games.sgf/x"], "cannot be written"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}/x", "--include", "dull"], "no such reason: dull"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}/x", "--exclude", "dull"], "no such reason: dull"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}/x", "--sides", "40"], "sides must be"),
    (["convert", "{tmp}/games.sgf", "-o", "{tmp}/x", "--workers", "0"], "--workers"),
    (["report", "{tmp}/none"], "none: no such game store"),
    (["verify", "{tmp}/games.sgf"], "not a game store"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG)
def test_wrong_input_gets_one_line_and_code_2(
    games: Path, tmp_path: Path, arguments: list[str], message: str, capsys
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "prose.sgf").write_text("once upon a time")
    extra = ["--overwrite"] if arguments[-1] == "{tmp}" else []
    code = main([argument.format(tmp=tmp_path) for argument in arguments] + extra)
    output = capsys.readouterr()
    assert code == 2
    assert message in output.err
    assert output.err.startswith("lzp-data: ")
    assert output.err.count("\n") == 1


def test_wrong_words_get_code_2() -> None:
    for arguments in ([], ["convert"], ["paint"]):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert caught.value.code == 2


def test_help_lists_the_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["convert", "--help"])
    text = capsys.readouterr().out
    assert "illegal-move" in text
    assert "lzp-data convert games/" in text


NO_ARROW = """
import sys
sys.modules["pyarrow"] = None
from lzp.data.cli import main
sys.exit(main(["report", sys.argv[1]]))
"""


def test_without_pyarrow_one_line_names_the_extra(games: Path, tmp_path: Path) -> None:
    store = tmp_path / "out"
    options = ["--sides", 9, "--min-moves", 1, "--workers", 1]
    assert run("convert", games, "-o", store, *options) == 0
    command = [sys.executable, "-c", NO_ARROW, str(store)]
    root = Path(__file__).parents[2]
    result = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr == "lzp-data: game stores need pyarrow: pip install 'lzp[train]'\n"
