"""One GTP conversation within this process: bytes go in by a pipe, replies come out."""

import os
import re
import threading
import time
from concurrent.futures import Future
from typing import Any

from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue, start_reader
from lzp.engine.gtp.startup import Maker, open_session
from lzp.engine.player import Player

#: Waits longer than this are a hang, even on a busy machine.
_HANG_S = 30.0


class Sink:
    """Collects what the engine writes."""

    def __init__(self) -> None:
        self.text = ""
        self.changed = threading.Condition()

    def write(self, text: str) -> int:
        with self.changed:
            self.text += text
            self.changed.notify_all()
        return len(text)

    def flush(self) -> None:
        pass

    def wait_for(self, pattern: str) -> re.Match[str]:
        with self.changed:
            found = self.changed.wait_for(
                lambda: re.search(pattern, self.text, re.DOTALL), timeout=_HANG_S
            )
            assert found is not None, f"no answer in {_HANG_S} s; so far {self.text!r}"
            return found


class SharedMaker(Maker):
    """Makes a player for a size once and keeps it for the conversations that follow."""

    players: dict[Any, Player] = {}  # noqa: RUF012

    def make(self, session, file):
        key = file.path
        if key not in self.players:
            self.players[key] = super().make(session, file)
        player = self.players[key]
        player.search.clear()
        super().refit(session, player, set())
        return player


class Dialogue:
    """An engine in a thread, asked line by line.

    Attributes:
        slowest_s: the longest that an answer took, in seconds of processor time of this
            whole process: a busy machine does not count, a hang without work ends in
            `Sink.wait_for`.
    """

    def __init__(self, **flags: Any) -> None:
        self.lines, self.sink = LineQueue(), Sink()
        options = EngineOptions(**flags)
        session, problem = open_session(options, self.lines)
        assert problem is None
        session._maker = SharedMaker()
        session.load_player()
        self.session = session
        self.slowest_s = 0.0
        out, self._into = os.pipe()
        self._source = os.fdopen(out, "rb")
        self._reader = start_reader(self._source, self.lines)
        self._engine: Future[None] = Future()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            GtpEngine(self.lines, self.sink, self.session).run()
        except BaseException as error:
            self._engine.set_exception(error)
        else:
            self._engine.set_result(None)

    def send(self, text: str | bytes) -> None:
        os.write(self._into, text if isinstance(text, bytes) else text.encode())

    def reply(self) -> str:
        """The next reply, without the blank line that ends it."""
        started = time.process_time()
        self.sink.wait_for(r"\n\n")
        self.slowest_s = max(self.slowest_s, time.process_time() - started)
        with self.sink.changed:
            reply, _, self.sink.text = self.sink.text.partition("\n\n")
        return reply

    def ask(self, line: str) -> str:
        self.send(line + "\n")
        return self.reply()

    def close(self) -> None:
        """End the input; the engine must end."""
        os.close(self._into)
        self._engine.result(timeout=_HANG_S)
        self._thread.join()
        self._reader.join()
        self._source.close()
        self.session.background.wait()
