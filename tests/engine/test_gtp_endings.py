"""How lzp-gtp ends, whatever happens to its pipes, and that stdout carries GTP alone."""

import os
import re
import signal
import subprocess
import sys
import time

import pytest

from tests.engine.gtp_process import PROGRAM, SOON_S, Engine
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled

FLAGS = ["--backend", "onnxruntime", "--precision", "float32", "-v", "20"]
WITHOUT_LIMIT = [*FLAGS[:-1], "0", "--timemanage", "off"]


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("network") / "r9.txt", side=9)


@pytest.fixture
def thinking(network):
    """A function that starts a process and waits until it thinks about what it is told."""
    engines = []

    def _thinking(*lines):
        engine = Engine("-w", network, *WITHOUT_LIMIT, "-q")
        engines.append(engine)
        engine.send("time_settings 3600 0 0\nlz-analyze 1\n")
        engine.wait_for("info move")  # loaded
        engine.send("\n".join(["known_command name", *lines]) + "\n")
        engine.wait_for("= true\n\n")
        time.sleep(0.2)
        return engine

    yield _thinking
    for engine in engines:
        engine.close()


def seconds_to_end(engine):
    started = time.monotonic()
    engine.process.wait(20)
    return time.monotonic() - started


def slow(*values):
    """A case like another one that is always run; each has a process of its own to end."""
    return pytest.param(*values, marks=pytest.mark.slow)


THINKING = [["lz-analyze"], ["genmove b"], slow(["lz-analyze 1"]), slow(["lz-genmove_analyze b 1"])]


@pytest.mark.parametrize("lines", THINKING)
def test_the_end_of_input_ends_the_process_within_a_second(thinking, lines):
    engine = thinking(*lines)
    engine.stdin.close()
    assert seconds_to_end(engine) < SOON_S
    assert engine.process.returncode == 0
    engine.reader.join()
    assert engine.text.endswith(b"\n\n")


@pytest.mark.parametrize("lines", [*THINKING, slow(["genmove b", "genmove w", "genmove b"])])
def test_a_reader_that_goes_away_ends_the_process_within_a_second(thinking, lines):
    engine = thinking(*lines)
    engine.stop_reading()  # the input stays open
    assert seconds_to_end(engine) < SOON_S
    assert engine.process.returncode == 0


@pytest.mark.parametrize(
    ("line", "number", "code"),
    [
        ("genmove b", signal.SIGINT, 0),
        ("lz-analyze 1", signal.SIGTERM, -15),
        slow("lz-analyze 1", signal.SIGINT, 0),
        slow("genmove b", signal.SIGTERM, -15),
    ],
)
def test_signals_end_the_process_within_a_second(thinking, line, number, code):
    engine = thinking(line)
    engine.process.send_signal(number)
    assert seconds_to_end(engine) < SOON_S
    assert engine.process.returncode == code


def run(command, script, **options):
    return subprocess.run(
        command, input=script, capture_output=True, timeout=60, check=False, **options
    )


def test_control_c_leaves_no_traceback(network):
    command = [*PROGRAM, "-w", network, *FLAGS, "-q"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(b"lz-analyze 1\n")
        process.stdin.flush()
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        said = process.communicate(timeout=20)[1]
    assert (process.returncode, said) == (0, b"")


def test_a_line_piped_in_gets_its_move_thought_out(network):
    done = run([*PROGRAM, "-w", network, *FLAGS], b"lz-genmove_analyze b 0\n")
    assert re.fullmatch(rb"=\nplay [A-HJ]\d\n\n", done.stdout)


NOISE = """
import ctypes, os, sys, threading, time
from lzp.engine.gtp import cli

def noise():
    while sys.stdout is not sys.stderr:
        time.sleep(0.001)
    print("noise of Python")
    sys.__stdout__.write("noise of whoever kept the stream\\n")
    sys.__stdout__.flush()
    os.write(1, b"noise of the system\\n")
    library = ctypes.CDLL(None)
    library.puts(b"noise of a library")
    library.fflush(None)

threading.Thread(target=noise).start()
cli.main()
"""


def test_what_others_print_reaches_stderr_and_never_stdout(network):
    # Twice a move, so that the noise has its time.
    command = [sys.executable, "-c", NOISE, "-w", network, *FLAGS, "-q"]
    done = run(command, b"1 name\n2 genmove b\n3 genmove w\n4 quit\n")
    assert re.fullmatch(rb"=1 [\w ]+\n\n=2 [A-HJ]\d\n\n=3 [A-HJ]\d\n\n=4 \n\n", done.stdout)
    for who in (b"Python", b"whoever kept the stream", b"the system", b"a library"):
        assert b"noise of " + who in done.stderr


def shell(network, redirection, *flags):
    """The program with a stream closed or sent elsewhere by a shell."""
    return ["sh", "-c", f'exec "$@" {redirection}', "sh", *PROGRAM, "-w", network, *FLAGS, *flags]


def test_without_stderr_its_remarks_go_nowhere(network):
    done = run(shell(network, "2>&-"), b"heatmap\ngenmove b\n")
    assert re.fullmatch(rb"= \n\n= [A-HJ]\d\n\n", done.stdout)


def test_without_stdin_the_process_ends(network):
    done = run(shell(network, "<&-", "-q"), b"")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_without_stdout_there_is_nothing_to_do(network):
    done = run(shell(network, ">&-"), b"name\n")
    said = b"lzp-gtp: there is no standard output to answer on\n"
    assert (done.returncode, done.stderr) == (2, said)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_stdout_that_cannot_be_written_ends_the_process(network):
    done = run(shell(network, ">/dev/full", "-q"), b"name\ngenmove b\n")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full here")
def test_a_log_that_cannot_be_written_ends_and_the_game_goes_on(network):
    done = run(shell(network, "", "-l", "/dev/full", "-q"), b"name\ngenmove b\n")
    assert re.fullmatch(rb"= [\w ]+\n\n= [A-HJ]\d\n\n", done.stdout)
    assert re.fullmatch(rb"lzp-gtp: no more log: [^\n]*No space left on device\n", done.stderr)


def test_a_reader_of_stderr_that_goes_away_ends_nothing(network):
    out, into = os.pipe()
    os.close(out)
    command = [*PROGRAM, "-w", network, *FLAGS]
    script = b"heatmap\ngenmove b\n"
    done = subprocess.run(
        command, input=script, stdout=subprocess.PIPE, stderr=into, timeout=60, check=False
    )
    os.close(into)
    assert re.fullmatch(rb"= \n\n= [A-HJ]\d\n\n", done.stdout)
    assert done.returncode == 0


def test_a_name_that_is_no_text_spoils_no_reply(network, tmp_path):
    odd = os.fsencode(tmp_path) + b"/r\xff9.txt"
    os.link(network, odd)
    done = run([*PROGRAM, "-w", odd, *FLAGS], b"boardsize 13\nname\n")
    first, second, _ = done.stdout.split(b"\n\n")
    assert first == rb"? unacceptable size: r\udcff9.txt is for 9x9"
    assert second.startswith(b"= ")
