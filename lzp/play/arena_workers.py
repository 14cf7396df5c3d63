"""The same command in several processes, each with a part of the games."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence

_LOOK_S = 1.0


def run_workers(words: Sequence[str], workers: int, on_wait: Callable[[], bool]) -> None:
    """Run the command with each part of the games and wait for all.

    Args:
        words: of the command line.
        workers: how many processes.
        on_wait: called every second; True ends the processes.

    Raises:
        ValueError: a process failed, which has said why on stderr; the rest are ended.
    """
    command = [sys.executable, "-m", "lzp.play.arena_cli", *words, f"--worker-of={os.getpid()}"]
    processes = []
    try:
        for index in range(workers):
            part = f"--part={index + 1}/{workers}"
            processes.append(subprocess.Popen([*command, part], stdin=subprocess.DEVNULL))
        while any(process.poll() is None for process in processes):
            if any(process.poll() for process in processes):
                break
            time.sleep(_LOOK_S)
            if on_wait():
                return
        if any(process.poll() for process in processes):
            raise ValueError("a worker failed; the finished games are kept")
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=10)
