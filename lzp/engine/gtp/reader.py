"""Input lines, read in a thread of their own so that they can end a running search.

Boards send commands in bursts without waiting, stop an analysis by any line, cut a move
short by the comment "# interrupt", and leave by "quit" or by closing the pipe.
"""

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


class LineQueue:
    """Lines that wait for their turn, and the two signals they give.

    Attributes:
        waiting: set while a line (or the end of input) waits: ends analysis and pondering.
        interrupt: set when the running command should answer soon: "# interrupt", or a
            "quit" or the end of input that arrived with nothing else before it. A "quit"
            that was there before the command began does not cut it short, so that
            a script piped in gets its moves thought out.
    """

    def __init__(self) -> None:
        """Start empty and open."""
        self.waiting = threading.Event()
        self.interrupt = threading.Event()
        self._lines: deque[str] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def put(self, lines: list[str]) -> None:
        """Add lines, all at once."""
        with self._changed:
            for line in lines:
                words = line.lower().split()
                if words == ["#", "interrupt"] or (not self._lines and _is_quit(words)):
                    self.interrupt.set()
                self._lines.append(line)
            if self._lines:
                self.waiting.set()
                self._changed.notify_all()

    def close(self) -> None:
        """Say that no more lines will come."""
        with self._changed:
            if not self._lines:
                self.interrupt.set()
            self._closed = True
            self.waiting.set()
            self._changed.notify_all()

    def take(self) -> str | None:
        """Wait for the next line and return it; None at the end. Clears `interrupt`."""
        with self._changed:
            while not self._lines and not self._closed:
                self._changed.wait()
            self.interrupt.clear()
            if not self._lines:
                return None
            line = self._lines.popleft()
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


def read_lines(source: ByteSource, queue: LineQueue) -> None:
    """Move lines from a byte source to a queue until it ends, then close the queue."""
    rest = b""
    try:
        while chunk := source.read1(_CHUNK_BYTES):
            *lines, rest = (rest + chunk).split(b"\n")
            queue.put([_decode(line) for line in lines])
            if len(rest) > _MAX_LINE_BYTES:
                rest = rest[:_MAX_LINE_BYTES]
    except (OSError, ValueError):
        pass  # a pipe that broke or was closed is the end of input as well
    if rest:
        queue.put([_decode(rest)])
    queue.close()


def _decode(line: bytes) -> str:
    """Return a line as text, whatever bytes it holds."""
    return line[:_MAX_LINE_BYTES].decode("utf-8", errors="replace")


def start_reader(source: ByteSource, queue: LineQueue) -> threading.Thread:
    """Start a daemon thread that reads a source into a queue."""
    thread = threading.Thread(target=read_lines, args=(source, queue), daemon=True, name="gtp-in")
    thread.start()
    return thread
