"""Another GTP engine as a process: commands out, replies in, and every way it can fail.

Replies are read in a thread, so that an engine that hangs, dies or answers with nonsense
ends in an exception with its name and not in a stuck match.
"""

import contextlib
import os
import queue
import shlex
import signal
import subprocess
import threading
from collections import deque
from pathlib import Path
from typing import IO

#: How long an engine may take to leave after "quit", in seconds.
_QUIT_S = 5.0
_KEPT_STDERR_LINES = 20


class EngineError(Exception):
    """The process is of no more use."""


class EngineCrashError(EngineError):
    """The process ended, or closed its output, while an answer was due."""


class EngineTimeoutError(EngineError):
    """No answer came in the time allowed."""


class CommandError(Exception):
    """The engine answered "? message"."""


class GtpClient:
    """One engine process; commands are sent one at a time."""

    def __init__(self, command: str, name: str = "") -> None:
        """Start an engine by a command line, which is split as a shell would.

        Raises:
            EngineError: the program cannot be started.
        """
        words = shlex.split(command)
        if not words:
            raise EngineError("empty engine command")
        self.command = command
        self.label = name or Path(words[0]).name
        try:
            self._process = subprocess.Popen(
                words,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,  # Ctrl-C is for us, and is no crash of the engine
            )
        except OSError as error:
            raise EngineError(f"cannot start {words[0]}: {error.strerror}") from None
        self._replies: queue.Queue[str | None] = queue.Queue()
        self._stderr: deque[str] = deque(maxlen=_KEPT_STDERR_LINES)
        self._threads = [
            threading.Thread(target=target, daemon=True, name=f"gtp {self.label}")
            for target in (self._read_replies, self._read_stderr)
        ]
        for thread in self._threads:
            thread.start()

    def send(self, command: str, timeout_s: float | None = None) -> str:
        """Send a command and return the text of its reply.

        Raises:
            CommandError: the engine refused it.
            EngineCrashError: the engine ended.
            EngineTimeoutError: nothing came in time; the engine's later words cannot be trusted.
        """
        try:
            stdin = _opened(self._process.stdin)
            stdin.write(command.encode() + b"\n")
            stdin.flush()
        except (OSError, ValueError):  # ValueError: another thread has closed it
            raise self._crash(command) from None
        try:
            reply = self._replies.get(timeout=timeout_s)
        except queue.Empty:
            raise EngineTimeoutError(f"{self.label}: no answer to {command!r}") from None
        if reply is None:
            raise self._crash(command)
        text = reply[1:].lstrip("0123456789").strip()
        if reply.startswith("?"):
            raise CommandError(f"{self.label}: {command!r}: {text}")
        return text

    def _crash(self, command: str) -> EngineCrashError:
        """Return the error of a process that is gone, with its last words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1.0)
            self._threads[-1].join(timeout=1.0)  # its last words may still be on their way
        said = f": {self._stderr[-1]}" if self._stderr else ""
        code = self._process.returncode
        return EngineCrashError(f"{self.label} ended (code {code}) at {command!r}{said}")

    def _read_replies(self) -> None:
        """Cut standard output into replies; lines outside one are dropped."""
        lines: list[str] = []
        with contextlib.suppress(OSError, ValueError):
            for raw in _opened(self._process.stdout):
                line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
                if lines and not line:
                    self._replies.put("\n".join(lines))
                    lines = []
                elif lines or line[:1] in ("=", "?"):
                    lines.append(line)
        self._replies.put(None)

    def _read_stderr(self) -> None:
        """Keep the last lines of standard error, and its pipe empty."""
        with contextlib.suppress(OSError, ValueError):
            for raw in _opened(self._process.stderr):
                self._stderr.append(raw.decode("utf-8", errors="replace").rstrip())

    @property
    def last_words(self) -> list[str]:
        """The last lines of standard error; all of them once it is closed."""
        return list(self._stderr)

    def close(self) -> None:
        """Say "quit", and end the process if that is not enough; never raises."""
        with contextlib.suppress(EngineError, CommandError):
            self.send("quit", _QUIT_S)
        with contextlib.suppress(OSError):  # it may have gone with bytes of ours unread
            _opened(self._process.stdin).close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=_QUIT_S)
        self.kill()

    def kill(self) -> None:
        """End the process, what it started, and its pipes at once; never raises."""
        self._kill_group()
        self._process.wait()
        for thread in self._threads:
            thread.join(timeout=_QUIT_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            with contextlib.suppress(OSError):
                _opened(stream).close()

    def _kill_group(self) -> None:
        """End a process that has not ended, with its children: it may be a script around one."""
        if self._process.poll() is not None:
            return
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()


def _opened(stream: IO[bytes] | None) -> IO[bytes]:
    """Return a pipe, which Popen types as perhaps missing."""
    if stream is None:
        raise OSError("not a pipe")
    return stream
