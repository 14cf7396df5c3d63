"""Waiting for what loads in another thread, without keeping a board that wants to leave."""

import sys
import threading
from concurrent.futures import Future
from typing import TypeVar

from lzp.engine.gtp.protocol import GtpError

T = TypeVar("T")

#: How long a "quit" may go unnoticed while something loads, in seconds.
_POLL_S = 0.05


def wait_for(future: Future[T], interrupt: threading.Event) -> T:
    """Return a future's result as soon as it is there.

    Raises:
        GtpError: the board interrupts or leaves first; or what the future holds.
    """
    while not future.done():
        if interrupt.is_set():
            raise GtpError("interrupted while the engine was loading")
        try:
            return future.result(timeout=_POLL_S)
        except TimeoutError:
            continue
    return future.result()


def as_answer(error: Exception) -> GtpError:
    """Tell on stderr why something could not be loaded, once, and return it as an answer."""
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"lzp-gtp: {text}", file=sys.stderr, flush=True)
    return GtpError(text)
