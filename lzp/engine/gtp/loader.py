"""Loads the engine behind the first answers: imports, the network, the kernels.

A board asks who we are before anything else and gives up after 15 s; compiling kernels on
a new machine can take longer. So that work happens in a thread, and only the
commands that need its results wait for it.
"""

import sys
import threading
from concurrent.futures import Future
from typing import TYPE_CHECKING

from lzp.engine.gtp.engine import Stream
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.protocol import Command
from lzp.engine.gtp.reader import LineQueue
from lzp.engine.gtp.waiting import as_answer, wait_for

if TYPE_CHECKING:
    from lzp.engine.gtp.session import Session


class LoadingResponder:
    """Answers through a session that a thread is still building."""

    def __init__(self, options: EngineOptions, lines: LineQueue) -> None:
        """Start to load."""
        self._options = options
        self._lines = lines
        self._session: Future[Session] = Future()
        self._thread = threading.Thread(target=self._load, daemon=True, name="gtp-load")
        self._thread.start()

    def respond(self, command: Command) -> str | Stream:
        """Answer a command, after waiting for what it needs."""
        return wait_for(self._session, self._lines.interrupt).respond(command)

    def idle(self) -> None:
        """Let the session ponder, once there is one."""
        if self._session.done() and self._session.exception() is None:
            self._session.result().idle()

    def end_idle(self) -> None:
        """Let the session end its pondering, once there is one."""
        if self._session.done() and self._session.exception() is None:
            self._session.result().end_idle()

    def farewell(self) -> None:
        """Tell on stderr what a cross-check found; nothing if there was none."""
        if not self._session.done() or self._session.exception() is not None:
            return
        if found := self._session.result().cross_check():
            print(f"lzp-gtp: {found}", file=sys.stderr, flush=True)

    def _load(self) -> None:
        """Build the session, then its player; a failure becomes every waiting answer."""
        try:
            from lzp.engine.gtp.startup import open_session

            session, problem = open_session(self._options, self._lines)
        except Exception as error:
            self._session.set_exception(as_answer(error))
            return
        self._session.set_result(session)
        if problem is not None:
            session.player.set_exception(as_answer(problem))
        else:
            session.load_player()
