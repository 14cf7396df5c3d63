import shlex
import sys
import time
from pathlib import Path

import pytest

from lzp.play.gtp_client import (
    CommandError,
    EngineCrashError,
    EngineError,
    EngineTimeoutError,
    GtpClient,
)

ENGINE = f"{shlex.quote(sys.executable)} {Path(__file__).with_name('random_engine.py')}"


@pytest.fixture
def start():
    """A function that starts engines which are ended with the test."""
    clients = []

    def _start(command):
        clients.append(GtpClient(command))
        return clients[-1]

    yield _start
    for client in clients:
        client.kill()


def script(text):
    return f"{shlex.quote(sys.executable)} -c {shlex.quote(text)}"


def test_commands_are_answered(start):
    client = start(ENGINE)
    assert client.send("name", 20) == "random"
    client.close()
    assert client._process.returncode == 0


def test_a_refusal_is_an_error_and_the_engine_goes_on(start):
    client = start(ENGINE)
    with pytest.raises(CommandError, match="unknown command"):
        client.send("fly", 20)
    assert client.send("name", 20) == "random"


def test_noise_ids_and_many_lines_are_understood(start):
    text = r"print('banner\n'); input(); print('=12 a\r\nb\r\n\r', flush=True); input()"
    client = start(script(text))
    assert client.send("12 list", 20) == "a\nb"


def test_a_crash_names_the_engine_its_code_and_its_last_words(start):
    client = start(ENGINE + " --fail crash")
    with pytest.raises(EngineCrashError, match=r"ended \(code 3\).*the end"):
        client.send("genmove b", 20)
    with pytest.raises(EngineCrashError):
        client.send("name", 20)


def test_a_hanging_engine_times_out_and_can_be_killed(start):
    client = start(ENGINE + " --fail hang")
    client.send("name", 20)
    started = time.monotonic()
    with pytest.raises(EngineTimeoutError, match="no answer to 'genmove b'"):
        client.send("genmove b", 0.2)
    assert time.monotonic() - started < 5


def test_a_program_that_is_missing_is_named():
    with pytest.raises(EngineError, match="cannot start /nowhere/engine: No such file"):
        GtpClient("/nowhere/engine --gtp")
    with pytest.raises(EngineError, match="empty"):
        GtpClient("  ")


@pytest.mark.skipif(not Path("/proc").exists(), reason="looks at processes in /proc")
def test_killing_a_script_ends_the_engine_that_it_started(start, tmp_path):
    text = (
        "import subprocess; child = subprocess.Popen(['sleep', '600']); "
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(child.pid)); "
        "input(); print('= x\\n', flush=True); child.wait()"
    )
    client = start(script(text))
    client.send("name", 20)
    process = Path("/proc") / (tmp_path / "pid").read_text()
    assert process.exists()
    client.kill()
    deadline = time.monotonic() + 10
    while process.exists() and "\nState:\tZ" not in (process / "status").read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
