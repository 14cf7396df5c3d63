"""The process's standard streams, kept so that stdout carries GTP and nothing else.

Libraries below us may print, a board may close or never open one of the pipes, and a
network's name may hold bytes that are no text. None of that may spoil a reply or end a game.
"""

import contextlib
import io
import os
import select
import sys
import threading
from collections.abc import Callable
from typing import IO, TextIO, cast

from lzp.engine.gtp.reader import ByteSource

_STDIN, _STDOUT, _STDERR = 0, 1, 2


class Tolerant:
    """A text stream for remarks: what cannot be written is dropped."""

    def __init__(self, stream: TextIO) -> None:
        """Write to a stream as long as that works."""
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text, or drop it."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(text)
        return len(text)

    def flush(self) -> None:
        """Hand over what was written, or drop it."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()

    def fileno(self) -> int:
        """Return the number under which the system knows the stream."""
        return self._stream.fileno()

    def isatty(self) -> bool:
        """Return whether a person reads the stream."""
        return self._stream.isatty()


def guard_stderr() -> None:
    """Make remarks harmless: to nobody where stderr is closed, dropped where its reader went.

    Python prints to stdout what is meant for a stderr that is not there.
    """
    if sys.stderr is None:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        if nowhere != _STDERR:  # the first free number, as a rule that of stderr
            os.dup2(nowhere, _STDERR)
            os.close(nowhere)
        sys.stderr = os.fdopen(_STDERR, "w", errors="backslashreplace", closefd=False)
    sys.stderr = cast(TextIO, Tolerant(sys.stderr))


def take_stdout() -> TextIO:
    """Return a text stream to what was stdout, which only the caller has.

    From now on whatever prints to stdout, in Python or below it, reaches stderr.

    Raises:
        OSError: there is no stdout.
    """
    if sys.stdout is None:
        raise OSError("there is no standard output to answer on")
    sys.stdout.flush()
    _wait_when_full(_STDOUT)
    own = os.dup(_STDOUT)
    os.dup2(_STDERR, _STDOUT)
    sys.stdout = sys.stderr
    return os.fdopen(own, "w", encoding="utf-8", errors="backslashreplace", newline="\n")


def take_stdin() -> ByteSource:
    """Return the bytes of stdin; where it is closed, the end of input."""
    if sys.stdin is None:
        return io.BytesIO()
    _wait_when_full(_STDIN)
    return cast(ByteSource, sys.stdin.buffer)


def _wait_when_full(file: int) -> None:
    """Have reads and writes wait: a program before us may have left a terminal otherwise."""
    with contextlib.suppress(OSError, AttributeError):  # Windows has no such thing for pipes
        os.set_blocking(file, True)


def watch_reader(sink: IO[str], gone: Callable[[], object]) -> threading.Thread | None:
    """Call `gone` once nobody can read a sink any more; None where that is not told.

    A board that dies leaves a search running whose end nobody awaits, unless stdin closes
    as well; behind a shell or a relay it need not.
    """
    if not hasattr(select, "poll"):  # Windows
        return None
    thread = threading.Thread(
        target=_wait_for_closing, args=(sink.fileno(), gone), daemon=True, name="gtp-out"
    )
    thread.start()
    return thread


def _wait_for_closing(file: int, gone: Callable[[], object]) -> None:
    """Wait, as long as it takes, until the other end of a pipe is closed."""
    poll = select.poll()
    poll.register(file, 0)  # nothing to wait for but what cannot be left out
    if any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll()):
        gone()
