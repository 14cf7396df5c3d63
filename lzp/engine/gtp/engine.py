"""The loop: takes lines, answers who we are at once and everything else through a session."""

import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from lzp.engine.gtp.catalog import (
    COMMANDS,
    HIDDEN_COMMANDS,
    IDENTITIES,
    PROTOCOL_VERSION,
    UNLISTED_COMMANDS,
    Identity,
)
from lzp.engine.gtp.protocol import Command, GtpError, format_reply, parse_line, stream_head
from lzp.engine.gtp.reader import LineQueue

WriteLine = Callable[[str], None]
#: A reply whose lines come one by one: called with a function that writes a line.
Stream = Callable[[WriteLine], None]


class TextSink(Protocol):
    """Where replies go: the part of a text file that is needed here."""

    def write(self, text: str, /) -> int:
        """Write text."""
        ...

    def flush(self) -> None:
        """Hand over what was written."""
        ...


class SinkGoneError(Exception):
    """Nobody reads our replies any more, or they cannot be written."""


class Responder(Protocol):
    """What answers the commands that need a board or a network."""

    def respond(self, command: Command) -> str | Stream:
        """Answer one command; GtpError becomes "? message"."""
        ...

    def idle(self) -> None:
        """Begin to use the time until the next line, for pondering."""
        ...

    def end_idle(self) -> None:
        """End that, without waiting for it: a line has come."""
        ...


class GtpLog:
    """A file that gets every line in and out with its time, to find out what a board sent."""

    def __init__(self, path: Path | None) -> None:
        """Open the file for appending; None keeps no log.

        Raises:
            OSError: the file cannot be written.
        """
        self._file = None
        if path is not None:
            self._file = path.open("a", encoding="utf-8", errors="backslashreplace")
        self._lock = threading.Lock()

    def note(self, direction: str, text: str) -> None:
        """Write lines that came in (">") or went out ("<"), or what went wrong ("!").

        A log that cannot be written (the disk is full) ends, and the game goes on.
        """
        if self._file is None:
            return
        stamp = time.strftime("%H:%M:%S") + f".{time.time_ns() // 1_000_000 % 1000:03d}"
        lines = [f"{stamp} {direction} {line}\n" for line in text.splitlines()]
        try:
            with self._lock:
                self._file.write("".join(lines))
                self._file.flush()
        except (OSError, ValueError) as error:
            self._file = None
            print(f"lzp-gtp: no more log: {error}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Close the file; nothing may be noted afterwards."""
        if self._file is not None:
            self._file.close()


class GtpEngine:
    """Answers one stream of GTP lines, in order, one reply a command."""

    def __init__(
        self,
        lines: LineQueue,
        sink: TextSink,
        responder: Responder,
        log: GtpLog | None = None,
        identity: Identity = IDENTITIES["lzp"],
    ) -> None:
        """Join the input, the output and what answers."""
        self._lines = lines
        self._sink = sink
        self._responder = responder
        self._log = log or GtpLog(None)
        self._identity: dict[str, Callable[[Command], str]] = {
            "protocol_version": lambda _: PROTOCOL_VERSION,
            "name": lambda _: identity.name,
            "version": lambda _: identity.version,
            "quit": lambda _: "",
            "exit": lambda _: "",
            "known_command": _known_command,
            "list_commands": lambda _: "\n".join(COMMANDS),
        }

    def run(self) -> None:
        """Answer until "quit", the end of input, or a reader of ours that went away."""
        try:
            while self._answer_next():
                if not self._lines.waiting.is_set():
                    self._idle()
        except SinkGoneError as error:
            self._log.note("!", f"replies cannot be written: {error}")
        finally:
            self._responder.end_idle()

    def _answer_next(self) -> bool:
        """Answer the next line; False when it was the last."""
        line = self._lines.take()
        self._responder.end_idle()
        if line is None:
            return False
        self._log.note(">", line)
        command = parse_line(line)
        if command is None:
            return True
        self._answer(command)
        return command.name not in ("quit", "exit")

    def _answer(self, command: Command) -> None:
        """Write the one reply of a command."""
        try:
            answer = self._dispatch(command)
        except GtpError as error:
            self._write(format_reply(command.id, str(error), ok=False))
        except Exception as error:
            self._note_failure(error)
            self._write(format_reply(command.id, _internal(error), ok=False))
        else:
            if isinstance(answer, str):
                self._write(format_reply(command.id, answer))
            else:
                self._stream(command, answer)

    def _dispatch(self, command: Command) -> str | Stream:
        """Return the answer of the handler a command's name belongs to."""
        if command.name in self._identity:
            return self._identity[command.name](command)
        if command.name in (*COMMANDS, *UNLISTED_COMMANDS, *HIDDEN_COMMANDS):
            return self._responder.respond(command)
        raise GtpError("unknown command")

    def _stream(self, command: Command, stream: Stream) -> None:
        """Write a reply line by line; a failure half-way ends it and is told on stderr."""
        self._write(stream_head(command.id))
        try:
            stream(lambda line: self._write(line + "\n"))
        except SinkGoneError:
            raise
        except Exception as error:
            self._note_failure(error)
            print(f"lzp-gtp: {command.name}: {_internal(error)}", file=sys.stderr)
        self._write("\n")

    def _idle(self) -> None:
        """Ponder; what goes wrong there is told, and the next command is answered."""
        try:
            self._responder.idle()
        except Exception as error:
            self._note_failure(error)
            print(f"lzp-gtp: pondering: {_internal(error)}", file=sys.stderr)

    def _write(self, text: str) -> None:
        try:
            self._sink.write(text)
            self._sink.flush()
        except (OSError, ValueError) as error:
            raise SinkGoneError(str(error)) from error
        self._log.note("<", text)

    def _note_failure(self, error: Exception) -> None:
        self._log.note("!", "".join(traceback.format_exception(error)))


def _known_command(command: Command) -> str:
    """Answer "true" or "false" for the command named."""
    if not command.args:
        raise GtpError("syntax not understood")
    name = command.args[0].lower()
    return "true" if name in COMMANDS or name in UNLISTED_COMMANDS else "false"


def _internal(error: Exception) -> str:
    """Return a failure that no handler foresaw as one line."""
    text = " ".join(str(error).split())
    return f"{text or 'failed'} ({type(error).__name__})"
