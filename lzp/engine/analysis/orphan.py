"""Leaving when whoever started the program has gone without a word.

KaTrain ends its engine by ending the shell between them, and keeps the pipe open: neither
a signal nor the end of input comes, and the engine would stay for ever.
"""

import os
import stat
import sys
import threading
import time
from collections.abc import Callable

_LOOK_EVERY_S = 1.0


def leave_with_parent(leave: Callable[[], object]) -> None:
    """Call `leave` once another process has become our parent; only if stdin is a pipe."""
    try:
        is_pipe = stat.S_ISFIFO(os.fstat(sys.stdin.fileno()).st_mode)
    except (OSError, ValueError):
        return
    if is_pipe and os.name == "posix":
        parent = os.getppid()
        threading.Thread(target=_watch, args=(parent, leave), daemon=True, name="orphan").start()


def _watch(parent: int, leave: Callable[[], object]) -> None:
    """Look who our parent is until it is somebody else."""
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    leave()
