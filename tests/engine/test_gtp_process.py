"""lzp-gtp as a program: how fast it answers, how it stops, how it ends."""

import re
import subprocess
import time

import pytest

from lzp.engine.gtp import catalog
from tests.engine.gtp_process import PROGRAM, SHIPPED, SOON_S, Engine
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    folder = tmp_path_factory.mktemp("network")
    return write_random_network(folder / "r9.txt", side=9)


@pytest.fixture
def start(network):
    engines = []

    def _start(*args, **environment):
        engines.append(Engine("-w", network, *args, **environment))
        return engines[-1]

    yield _start
    for engine in engines:
        engine.close()


def tells_its_name_within_a_second(start, **environment):
    """One time of five, for what the machine does besides is not our doing."""
    for _ in range(5):
        launched = time.monotonic()
        engine = start(**environment)
        engine.send("name\n")
        engine.wait_for(rf"= {catalog.NAME}\n\n")
        taken_s = time.monotonic() - launched
        engine.close()
        if taken_s < 1.0:
            return True
    return False


def test_the_name_comes_within_a_second_without_compiled_kernels(start, tmp_path):
    assert tells_its_name_within_a_second(start, LZP_CACHE_DIR=str(tmp_path / "empty"))


def test_the_name_comes_within_a_second_from_a_home_that_cannot_be_written(start):
    nowhere = {"HOME": "/proc", "XDG_CACHE_HOME": "/proc/none", "LZP_CACHE_DIR": "/proc/none"}
    assert tells_its_name_within_a_second(start, **nowhere)


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["/proc/none", None])
def test_kernels_compile_behind_where_they_must(start, tmp_path, folder):
    engine = start("-v", 10, LZP_CACHE_DIR=folder or str(tmp_path / "new"))
    engine.send("name\ngenmove b\nquit\n")
    engine.wait_for(r"= [A-HJ]\d\n\n= \n\n", timeout_s=300)
    assert engine.process.wait(10) == 0


def test_a_script_is_answered_to_its_end(network):
    script = "1 boardsize 9\r\n2 genmove b\r\n# a comment\r\n\r\n3 genmove w\r\n4 quit\r\n"
    done = subprocess.run(
        [*PROGRAM, "-w", network, "-v", "30", "-q"],
        input=script.encode(),
        capture_output=True,
        timeout=60,
        check=True,
    )
    assert re.fullmatch(
        rb"=1 \n\n=2 [A-HJ]\d\n\n=3 [A-HJ]\d\n\n=4 \n\n", done.stdout
    )  # "quit" was there already: both moves were thought out
    assert done.stderr == b""


def test_the_end_of_input_is_quit(start):
    engine = start()
    engine.send("name\n")
    engine.wait_for("= ")
    engine.stdin.close()
    assert engine.process.wait(SOON_S) == 0


def leave(engine, last):
    """Send the last line, or close the pipe if there is none; the process must end soon."""
    if last is None:
        engine.stdin.close()
    else:
        engine.send(last)
    assert engine.process.wait(SOON_S) == 0
    engine.reader.join()


#: That the end of input ends everything is in test_gtp_endings.py too.
AT_ITS_END = pytest.param(None, marks=pytest.mark.slow)


@pytest.mark.parametrize("last", ["9 quit\r\n", AT_ITS_END])
def test_leaving_ends_an_analysis_and_the_process(start, last):
    engine = start()
    engine.send("lz-analyze 1\n")
    engine.wait_for(r"=\ninfo move .*\n")
    leave(engine, last)
    ending = rb"\n\n$" if last is None else rb"\n\n=9? \n\n$"
    assert re.search(ending, engine.text)


@pytest.mark.parametrize("last", ["quit\n", AT_ITS_END])
def test_leaving_ends_a_move_and_the_process(start, last):
    engine = start()
    engine.send("name\ntime_settings 3600 0 0\nlz-genmove_analyze b 1\n")
    engine.wait_for(r"info move")
    leave(engine, last)
    assert re.search(rb"\nplay [A-HJ]\d\n\n", engine.text)


def test_leaving_ends_pondering_and_the_process(start):
    engine = start()
    engine.send("time_settings 0 2 1\ngenmove b\n")
    engine.wait_for(r"= [A-HJ]\d\n\n")
    time.sleep(0.3)
    engine.send("quit\n")
    assert engine.process.wait(SOON_S) == 0


def test_any_line_ends_an_analysis_and_the_next_command_is_answered(start):
    engine = start()
    for number, line in enumerate(["\n", "name\n", "# interrupt\n"]):
        engine.send(f"{number} lz-analyze b 1\n")
        engine.wait_for(rf"={number}\ninfo move .*\n")
        engine.send(line)
        assert engine.wait_for(rf"={number}\n.*info [^\n]*\n\n") < SOON_S
        engine.send(f"8{number} known_command name\n")
        engine.wait_for(rf"=8{number} true\n\n")


def test_gogui_interrupts_a_move(start):
    engine = start()
    engine.send("time_settings 3600 0 0\nlz-genmove_analyze b 1\n")
    engine.wait_for(r"info move")
    engine.send("# interrupt\n")
    assert engine.wait_for(r"\nplay [A-HJ]\d\n\n") < SOON_S


def test_other_input_does_not_cut_a_move_short(start):
    engine = start()
    engine.send("lz-analyze 1\n")
    engine.wait_for(r"info move")  # what loads at first would count as thinking
    engine.send("time_settings 0 2 1\n1 lz-genmove_analyze b 1\n")
    engine.wait_for(r"=1\ninfo move")
    engine.send("name\n")
    assert engine.wait_for(rf"play [A-HJ]\d\n\n= {catalog.NAME}\n\n") > 0.3


def seconds_to_answer(engine, line, tag):
    """Send a line with an id and return how long its answer takes."""
    engine.send(f"{tag} {line}\n")
    return engine.wait_for(rf"={tag} [^\n]*\n\n")


def test_pondering_does_not_keep_a_command_waiting(start):
    # A batch of this network takes much longer than the answers may.
    engine = start("--batchsize", 100, "-w", SHIPPED)
    engine.send("kata-time_settings byoyomi 0 0.2 1\n")
    for place, line in enumerate(["name", "play w J9", "time_left w 5 0", "known_command play"]):
        waits = []
        for number in range(3):
            engine.send(f"clear_board\n1{place}{number} genmove b\n")
            engine.wait_for(rf"=1{place}{number} \w+\n\n")
            time.sleep(0.3)
            waits.append(seconds_to_answer(engine, line, f"2{place}{number}"))
        assert min(waits) < 0.05, line


def test_analysis_ends_without_the_batch_on_its_way(start):
    engine = start("--batchsize", 100, "-w", SHIPPED)
    engine.send("lz-analyze 1\n")
    engine.wait_for(r"info move")
    waits = []
    for number in range(3):
        engine.send(f"1{number} lz-analyze 1\n")
        engine.wait_for(rf"=1{number}\ninfo move")
        time.sleep(0.1)
        waits.append(seconds_to_answer(engine, "name", f"2{number}"))
    assert min(waits) < 0.05


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--fly"], "lzp-gtp: unrecognized arguments: --fly (see lzp-gtp --help)"),
        (["-v", "x"], "argument -v/--visits: expected a whole number of 0 or more, not 'x'"),
        (["-v", "-5"], "argument -v/--visits: expected"),
        (["--max-time", "-1"], "argument --max-time: expected 0 to 86400 seconds, not '-1'"),
        (["-r", "200"], "argument -r/--resignpct: expected -1 to 100, not '200'"),
        (["--komi", "nan"], "argument --komi: expected a number of points, not 'nan'"),
        (["--search", "deep"], "argument --search: invalid choice: 'deep'"),
        (["--timemanage", "slow"], "argument --timemanage: invalid choice: 'slow'"),
        (["-w", "/nowhere/net.txt"], "lzp-gtp: /nowhere/net.txt: no such file"),
        (["-l", "/nowhere/log"], "lzp-gtp: cannot write /nowhere/log: No such file or directory"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_code_2(args, message):
    done = subprocess.run(
        [*PROGRAM, *args], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_help_is_grouped_and_has_examples():
    done = subprocess.run([*PROGRAM, "-h"], capture_output=True, text=True, timeout=30, check=True)
    for part in ("how long to think:", "how to play:", "examples:", "--noponder", "-w FILE"):
        assert part in done.stdout
