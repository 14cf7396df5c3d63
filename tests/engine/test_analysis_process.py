"""lzp-analysis as a process: flags, files, pipes, and how it ends."""

import gzip
import json
import os
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lzp.engine.analysis.cli import main
from lzp.engine.analysis.config_file import ConfigError, read_config, read_overrides
from lzp.engine.analysis.models import is_katago_network
from lzp.engine.network_file import shipped_network
from tests.engine.analysis_clients import SIDE, query
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

OWN = [sys.executable, "-m", "lzp.engine.analysis.cli"]
#: Nothing to be measured first.
PLAIN = ["--backend", "onnxruntime", "--precision", "float32", "-t", "1"]
ENDLESS = {"maxVisits": 2**40, "reportDuringSearchEvery": 0.05}


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_random_network(tmp_path_factory.mktemp("net") / "net.txt.gz", side=SIDE)


def start(network: Path, *flags: str) -> "subprocess.Popen[str]":
    command = [*OWN, "-w", str(network), *PLAIN, *flags]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


def lines(*queries: dict[str, Any]) -> str:
    return "".join(json.dumps(each) + "\n" for each in queries)


def answers(process: "subprocess.Popen[str]") -> Iterator[dict[str, Any]]:
    assert process.stdout is not None
    for line in process.stdout:
        yield json.loads(line)


def test_end_of_input_finishes_the_queries_first(network: Path) -> None:
    process = start(network)
    output, errors = process.communicate(lines(query("a"), query("b")), timeout=120)
    assert process.returncode == 0
    assert {json.loads(line)["id"] for line in output.splitlines()} == {"a", "b"}
    assert "Started, ready to begin handling requests" in errors


@pytest.mark.slow
def test_katagos_command_line_is_understood(network: Path, tmp_path: Path) -> None:
    config, theirs = tmp_path / "analysis.cfg", tmp_path / "b10.bin.gz"
    config.write_text("# a comment\nmaxVisits = 9 # few\nnnCacheSizePowerOfTwo = 20\n")
    theirs.write_bytes(gzip.compress(b"b10c384h6nbttflrs\n16\n22\n19\n" + bytes(1000)))
    words = ["analysis", "-model", str(theirs), "-config", str(config)]
    words += ["-override-config", "homeDataDir=/tmp,analysisPVLen=2", "-human-model", "x"]
    process = start(network, *words)
    output, errors = process.communicate(lines(query(maxVisits=None)), timeout=120)
    answer = json.loads(output)
    assert answer["rootInfo"]["visits"] == 9
    assert max(len(info["pv"]) for info in answer["moveInfos"]) <= 2
    assert process.returncode == 0
    assert "Traceback" not in errors


@pytest.mark.slow
def test_quitting_without_waiting_is_at_once(network: Path) -> None:
    with start(network, "-quit-without-waiting") as process:
        assert process.stdin is not None
        process.stdin.write(lines({**query(), **ENDLESS}))
        process.stdin.flush()
        assert next(answers(process))["isDuringSearch"]
        began_s = time.monotonic()
        process.stdin.close()
        assert process.wait(timeout=20) == 0
        assert time.monotonic() - began_s < 5


@pytest.mark.slow
def test_closed_pipe_ends_the_process(network: Path) -> None:
    with start(network) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        # Silent from here on: a write would not tell it.
        process.stdin.write(lines(query(), query(maxVisits=2**40)))
        process.stdin.flush()
        next(answers(process))
        process.stdout.close()
        assert process.wait(timeout=20) == 0


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="no shells")
def test_engine_whose_shell_was_killed_leaves(network: Path) -> None:
    """As KaTrain ends a custom command: the shell goes, the pipes stay open."""
    command = shlex.join([*OWN, "-w", str(network), *PLAIN, "-q"])
    words = ["sh", "-c", f"exec 3<&0; {command} <&3 & wait"]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True) as shell:
        assert shell.stdin is not None
        assert shell.stdout is not None
        shell.stdin.write(lines(query()))
        shell.stdin.flush()
        json.loads(shell.stdout.readline())
        shell.kill()
        # The end of its output is the end of the engine.
        rest = threading.Thread(target=shell.stdout.read, daemon=True)
        rest.start()
        rest.join(timeout=20)
        assert not rest.is_alive()


@pytest.mark.parametrize(
    ("flags", "part"),
    [
        (["-w", "missing.txt"], "missing.txt: no such file"),
        (["-config", "missing.cfg"], "missing.cfg: No such file"),
        (["-override-config", "maxVisits=many"], "maxVisits must be an integer"),
        (["-override-config", "maxVisits"], "expected name=value"),
        (["-w", str(shipped_network()), "-w", str(shipped_network())], "19x19"),
    ],
)
def test_wrong_flags_are_one_line(flags: list[str], part: str) -> None:
    done = subprocess.run([*OWN, *flags], input="", capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert part in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("flags", [["--nonsense"], ["-v", "0"], ["--report-winrates-as", "GREEN"]])
def test_wrong_words_are_refused_before_anything_is_loaded(
    flags: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as raised:
        main(flags)
    assert raised.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_configuration_files_are_read_as_katago_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "analysis.cfg"
    path.write_text('# top\n\nmaxVisits = 500   # each\nlogDir = "a # b"\n@include other.cfg\n')
    assert read_config(path) == {"maxVisits": "500", "logDir": "a # b"}
    path.write_text("maxVisits 500\n")
    with pytest.raises(ConfigError, match="line 1"):
        read_config(path)
    path.write_bytes(bytes(2_000_000))
    with pytest.raises(ConfigError, match="too long"):
        read_config(path)
    assert read_overrides("a=1, b=x=y,") == {"a": "1", "b": "x=y"}


def test_networks_of_katago_are_known_by_their_beginning(tmp_path: Path) -> None:
    path = tmp_path / "net.bin.gz"
    for head, expected in ((b"kata1-b18\n14\n22\n", True), (b"1\n0.1 0.2\n3\n", False)):
        path.write_bytes(head)
        assert is_katago_network(path) is expected
        path.write_bytes(gzip.compress(head))
        assert is_katago_network(path) is expected
    path.write_bytes(b"\x1f\x8bbroken")
    assert not is_katago_network(path)
    assert not is_katago_network(tmp_path / "missing")
    assert not is_katago_network(shipped_network())
