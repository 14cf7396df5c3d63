"""Input lines, read in a thread of their own so that they can end a running search.

Boards send commands in bursts without waiting, stop an analysis by any line, cut a move
short by the comment "# interrupt", and leave by "quit" or by closing the pipe.
"""

import select
import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

_CHUNK_BYTES = 1 << 16
#: A line longer than this is nobody's command; it is dropped instead of kept in memory.
_MAX_LINE_BYTES = 1 << 20


class ByteSource(Protocol):
    """What lines are read from: the part of a binary file that is needed here."""

    def read1(self, size: int = -1, /) -> bytes:
        """Return some bytes as soon as there are any, none at the end."""
        ...

    def fileno(self) -> int:
        """Return the system's number of the file; OSError if there is none."""
        ...


class LineQueue:
    """Lines that wait for their turn, and the two signals they give.

    Attributes:
        waiting: set while a line (or the end of input) waits: ends analysis and pondering.
        interrupt: set when the running command should answer soon: "# interrupt" behind it,
            or a "quit" or the end of input that arrived with nothing else before it. A "quit"
            that was there before the command began does not cut it short, so that
            a script piped in gets its moves thought out.
    """

    def __init__(self) -> None:
        """Start empty and open."""
        self.waiting = threading.Event()
        self.interrupt = threading.Event()
        self._lines: deque[str] = deque()
        self._interrupts = 0
        self._closed = False
        self._changed = threading.Condition()

    def put(self, lines: list[str], *, ends: bool = False) -> None:
        """Add lines, all at once, and with them the end of input if there is no more."""
        with self._changed:
            for line in lines:
                words = line.lower().split()
                if _is_interrupt(words) or (not self._lines and _is_quit(words)):
                    self.interrupt.set()
                self._interrupts += _is_interrupt(words)
                self._lines.append(line)
            if ends:
                self._close()
            elif self._lines:
                self.waiting.set()
                self._changed.notify_all()

    def close(self) -> None:
        """Say that no more lines will come."""
        with self._changed:
            self._close()

    def abandon(self) -> None:
        """Close, and drop the lines that wait: nobody is there to be answered."""
        with self._changed:
            self._lines.clear()
            self._interrupts = 0
            self._closed = False
            self._close()

    def _close(self) -> None:
        """Close, within the lock."""
        if not (self._lines or self._closed):
            self.interrupt.set()
        self._closed = True
        self.waiting.set()
        self._changed.notify_all()

    def take(self) -> str | None:
        """Wait for the next line and return it; None at the end.

        Clears `interrupt`, unless an "# interrupt" waits behind the line: a board may have
        sent it before we came to the command that it is meant for.
        """
        with self._changed:
            while not self._lines and not self._closed:
                self._changed.wait()
            if not self._lines:
                self.interrupt.clear()
                return None
            line = self._lines.popleft()
            self._interrupts -= _is_interrupt(line.lower().split())
            if not self._interrupts:
                self.interrupt.clear()
            if not self._lines and not self._closed:
                self.waiting.clear()
            return line

    def wait_or(self, is_over: Callable[[], bool]) -> None:
        """Wait for a line or the end of input, or until something is over; see `nudge`."""
        with self._changed:
            while not (self._lines or self._closed or is_over()):
                self._changed.wait()

    def nudge(self) -> None:
        """Have `wait_or` look again."""
        with self._changed:
            self._changed.notify_all()


def _is_quit(words: list[str]) -> bool:
    """Return whether a line's words are "quit", with or without an id."""
    return words[:1] == ["quit"] or (len(words) > 1 and words[0].isdigit() and words[1] == "quit")


def _is_interrupt(words: list[str]) -> bool:
    """Return whether a line's words are GoGui's "# interrupt"."""
    return words == ["#", "interrupt"]


def read_lines(source: ByteSource, queue: LineQueue) -> None:
    """Move lines from a byte source to a queue until it ends, then close the queue.

    The end is looked for before lines are handed over: a script's last command is to be
    thought out, although the end of input comes right behind it.
    """
    rest, chunk = b"", _read(source)
    while chunk:
        *lines, rest = (rest + chunk).split(b"\n")
        rest = rest[:_MAX_LINE_BYTES]
        if lines and not _is_ready(source):
            queue.put([_decode(line) for line in lines])
            lines = []
        chunk = _read(source)
        if rest and not chunk:
            lines.append(rest)
        if lines:
            queue.put([_decode(line) for line in lines], ends=not chunk)
    queue.close()


def _read(source: ByteSource) -> bytes:
    """Return some bytes; none at the end, which a pipe that broke or was closed is as well."""
    try:
        return source.read1(_CHUNK_BYTES)
    except (OSError, ValueError):
        return b""


def _is_ready(source: ByteSource) -> bool:
    """Return whether reading would not wait; False where the system cannot tell."""
    try:
        return bool(select.select([source.fileno()], [], [], 0)[0])
    except (OSError, ValueError):  # no file, or a pipe on Windows
        return False


def _decode(line: bytes) -> str:
    """Return a line as text, whatever bytes it holds."""
    return line[:_MAX_LINE_BYTES].decode("utf-8", errors="replace")


def start_reader(source: ByteSource, queue: LineQueue) -> threading.Thread:
    """Start a daemon thread that reads a source into a queue."""
    thread = threading.Thread(target=read_lines, args=(source, queue), daemon=True, name="gtp-in")
    thread.start()
    return thread
