"""How long an engine takes to stop what it does when a line comes, or when its input ends."""

import contextlib
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Iterator
from typing import IO

from lzp.play.bench import Figures, spread
from lzp.play.gtp_client import EngineError

#: The first answers wait for the network and, once on a machine, for the compiler.
_START_S = 600.0
_ANSWER_S = 60.0
#: How long the engine is left to its work before it is stopped.
_WORK_S = 0.3


class _Wire:
    """A process with its input, and what it has written so far."""

    def __init__(self, command: str) -> None:
        """Start an engine by a command line, which is split as a shell would.

        Raises:
            EngineError: the program cannot be started.
        """
        self._words = shlex.split(command)
        try:
            self._process = subprocess.Popen(
                self._words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        except (OSError, IndexError) as error:
            raise EngineError(f"cannot start {command}: {error}") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin: IO[bytes] = self._process.stdin
        self._stdout: IO[bytes] = self._process.stdout
        self._text, self._changed = b"", threading.Condition()
        self._has_ended = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        for line in self._stdout:
            with self._changed:
                self._text += line
                self._changed.notify_all()
        with self._changed:
            self._has_ended = True
            self._changed.notify_all()

    def ask(self, text: str, pattern: str, timeout_s: float = _ANSWER_S) -> float:
        """Send text, wait until what comes then holds a pattern, and return the seconds.

        Raises:
            EngineError: it does not come, or the engine has ended.
        """
        with self._changed:
            self._text = b""
        started = time.perf_counter()
        try:
            self._stdin.write(text.encode())
            self._stdin.flush()
        except OSError:
            raise EngineError(f"{self._words[0]} ended before {text!r}") from None
        with self._changed:
            self._changed.wait_for(lambda: self._holds(pattern) or self._has_ended, timeout_s)
            if not self._holds(pattern):
                raise EngineError(f"{self._words[0]}: no answer to {text!r}")
        return time.perf_counter() - started

    def _holds(self, pattern: str) -> bool:
        """Return whether what came since the last question holds a pattern."""
        return re.search(pattern.encode(), self._text, re.DOTALL) is not None

    def end(self) -> float:
        """Close the input and return the seconds until the process has ended.

        Raises:
            EngineError: it does not end.
        """
        started = time.perf_counter()
        self._stdin.close()
        try:
            self._process.wait(_ANSWER_S)
        except subprocess.TimeoutExpired:
            raise EngineError(f"{self._words[0]} goes on after the end of its input") from None
        return time.perf_counter() - started

    def kill(self) -> None:
        """End the process and its pipes at once; never raises."""
        self._process.kill()
        self._process.wait()
        self._thread.join()
        for stream in (self._stdin, self._stdout):
            with contextlib.suppress(OSError):
                stream.close()


@contextlib.contextmanager
def _started(command: str) -> Iterator[_Wire]:
    """Start an engine and wait until it has analyzed; it is ended with the block."""
    wire = _Wire(command)
    try:
        wire.ask("lz-analyze 1\n", "info move|unknown", _START_S)
        wire.ask("known_command lz-analyze\n", r"= true\n\n", _ANSWER_S)
        yield wire
    finally:
        wire.kill()


def bench_stop(command: str, rounds: int) -> Figures:
    """Measure how long an engine takes from a line to its answer, in milliseconds.

    While it analyzes, while it ponders, and while it thinks about a move that GoGui's
    "# interrupt" ends; and from the end of its input to the end of the process. An engine
    that does not ponder answers at once there.

    Raises:
        EngineError: it does not start, does not know lz-analyze, or does not answer.
    """
    analysis, pondering, moves, ends = [], [], [], []
    for _ in range(rounds):
        with _started(command) as wire:
            wire.ask("lz-analyze 1\n", "info move")
            time.sleep(_WORK_S)
            analysis.append(1000 * wire.ask("1 name\n", r"=1 [^\n]*\n\n"))
            wire.ask("time_settings 0 2 1\n2 genmove b\n", r"=2 [^\n]*\n\n")
            time.sleep(_WORK_S)
            pondering.append(1000 * wire.ask("3 name\n", r"=3 [^\n]*\n\n"))
            wire.ask("4 time_settings 3600 0 0\n", r"=4 \n\n")
            wire.ask("lz-genmove_analyze w 1\n", "info move")
            time.sleep(_WORK_S)
            moves.append(1000 * wire.ask("# interrupt\n", r"play [^\n]*\n\n"))
            wire.ask("lz-genmove_analyze b 1\n", "info move")
            time.sleep(_WORK_S)
            ends.append(1000 * wire.end())
    return {
        "rounds": rounds,
        **spread("analysis_stop_ms", analysis),
        **spread("pondering_stop_ms", pondering),
        **spread("interrupted_move_ms", moves),
        **spread("end_of_input_ms", ends),
    }
