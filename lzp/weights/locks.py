"""Locks between processes, which the system takes back from a process that dies."""

import contextlib
import os
from pathlib import Path
from typing import IO

try:
    import fcntl
except ImportError:  # Windows; there nothing is locked, and nothing that needs a lock is done
    _HAS_LOCKS = False
else:
    _HAS_LOCKS = True


class FileLock:
    """A lock that one process at a time can hold, kept in a file of its own.

    The file goes when the lock is released. One that a killed process left is taken over.

    Args:
        path: of the file; its folder must exist.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[bytes] | None = None

    def is_held(self) -> bool:
        """Return whether this process has the lock, so that no other does."""
        return self._file is not None

    def acquire(self, *, wait: bool) -> bool:
        """Take the lock.

        Args:
            wait: until another process releases it; False gives up at once.

        Returns:
            False if another process holds it. Where the file system knows no locks, True,
            and `is_held` stays False.

        Raises:
            OSError: the file cannot be made.
        """
        if not _HAS_LOCKS:
            return True
        while True:
            file = self._path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                return False
            except OSError:  # some network file systems
                file.close()
                return True
            if _is_at(file, self._path):
                self._file = file
                return True
            file.close()  # its last holder removed it while we waited

    def release(self) -> None:
        """Give the lock back, if held; removes the file."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._path.unlink()
            self._file.close()
            self._file = None


def _is_at(file: IO[bytes], path: Path) -> bool:
    """Return whether an open file is still the one under its name."""
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    return False
