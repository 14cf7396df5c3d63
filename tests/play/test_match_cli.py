"""lzp-match's command line: who plays, and what is refused."""

import fcntl
import os
import pty
import shlex
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from lzp.play import match_cli
from lzp.play.engines_file import read_engines
from lzp.play.match_engines import EngineSpec
from lzp.play.match_rules import MatchError

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"


def run(*words):
    """Return the exit code of lzp-match, 0 if it returns."""
    try:
        match_cli.main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code
    return 0


def test_engines_are_read_from_a_file_in_its_order(tmp_path):
    path = tmp_path / "engines.toml"
    path.write_text('[engines]\nnew = "lzp-gtp -v 100"\n"old one" = "gnugo --mode gtp"\n')
    assert read_engines(path) == [
        EngineSpec("lzp-gtp -v 100", "new"),
        EngineSpec("gnugo --mode gtp", "old one"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"expected one table, \[engines\]"),
        ("engines = 3", r"expected one table, \[engines\]"),
        ('[engines]\na = "x"\n[other]\nb = "y"', r"expected one table, \[engines\]"),
        ("[engines]\na = 3", "engine 'a': expected a command line in quotes"),
        ('[engines]\na = " "', "engine 'a': expected a command line in quotes"),
        ("[engines", r"Expected '\]' at the end of a table"),
        ('[engines]\na = "x"\na = "y"', "Cannot overwrite a value"),
    ],
)
def test_a_file_that_names_no_engines_is_refused(tmp_path, text, message):
    path = tmp_path / "engines.toml"
    path.write_text(text)
    with pytest.raises(MatchError, match=rf"engines\.toml: .*{message}") as caught:
        read_engines(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "name two engines: -a COMMAND -b COMMAND, or -e NAME=COMMAND"),
        (["-e", f"one={ENGINE}"], "name two engines"),
        (["-e", ENGINE], "expected NAME=COMMAND"),
        (["-e", f"x={ENGINE}", "-e", f"x={ENGINE}"], "two engines have the same name"),
        (["-a", ENGINE, "-e", f"x={ENGINE}"], "either by -a and -b or by -e and --engines"),
        (["-b", ENGINE], "the other engine is missing: -a"),
        (["--engines", "/nowhere/engines.toml"], "/nowhere/engines.toml: No such file"),
        ([*(f"-e{name}={ENGINE}" for name in "xyz"), "--sprt", "0,35"], "match of two engines"),
        (["-a", ENGINE, "-b", ENGINE, "--sprt", "35,0"], "SPRT needs ELO0 below ELO1"),
        (["-a", ENGINE, "-b", ENGINE, "--parallel", "0"], "parallel games must be 1 to 256"),
        (["-a", ENGINE, "-b", ENGINE, "--picture", "x.png"], "x.png: a picture is .svg"),
        (["-a", ENGINE, "-b", ENGINE, "--openings", "/nowhere/x"], "/nowhere/x: No such file"),
        (["-a", ENGINE, "-b", ENGINE, "--time", "5", "--grace", "-1"], "a time is negative"),
        (["-a", "'unclosed", "-b", ENGINE], "No closing quotation"),
    ],
)
def test_a_match_that_cannot_be_is_one_line_and_code_2(words, message, capsys):
    assert run(*words) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_a_round_robin_prints_and_writes_its_table(tmp_path, capsys):
    path = tmp_path / "engines.toml"
    path.write_text("".join(["[engines]\n", *(f'{name} = "{ENGINE}"\n' for name in "ab")]))
    words = ["--engines", path, "-e", f"[c]={ENGINE} --fail resign --at 1", "--size", 5,
             "--games", 2, "--referee", "none", "--gauntlet", "--json", tmp_path / "out.json",
             "--picture", tmp_path / "out.svg"]  # fmt: skip
    assert run(*words) == 0
    out = capsys.readouterr().out
    assert "[c] (B) - a (W): a wins (resign)" in out
    assert "3 players, 4 games" in out
    assert '"total": 4' in (tmp_path / "out.json").read_text()
    assert "[c]" in (tmp_path / "out.svg").read_text()


def test_few_openings_for_many_games_are_mentioned(tmp_path, capsys):
    (tmp_path / "book.txt").write_text("C3\n")
    words = ["-a", f"{ENGINE} --fail resign", "-b", f"{ENGINE} --fail resign", "--size", 5,
             "--games", 4, "--openings", tmp_path / "book.txt"]  # fmt: skip
    assert run(*words) == 0
    assert "1 openings for 2 pairs of games: some come again" in capsys.readouterr().err


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="no terminals to be had")
def test_a_terminal_gets_a_live_table_below_the_lines():
    words = ["-a", f"{ENGINE} --fail resign", "-b", f"{ENGINE} --fail resign --name other",
             "--size", "5", "--games", "6", "--referee", "none"]  # fmt: skip
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 120, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "lzp.play.match_cli", *words],
        stdin=theirs,
        stdout=theirs,
        env=os.environ | {"TERM": "xterm"},
    )
    os.close(theirs)
    shown = bytearray()
    while chunk := read_terminal(ours):
        shown += chunk
    os.close(ours)
    assert process.wait() == 0
    text = shown.decode()
    assert "game 6/6" in text
    assert "6 of 6 games" in text
    assert "random against other" in text
    assert "\x1b[1A" in text  # it went up to draw the table again


def read_terminal(file):
    """Return what a terminal shows next; nothing at its end, which Linux gives as an error."""
    try:
        return os.read(file, 4096)
    except OSError:
        return b""
