"""Files that appear under their name only when they are complete."""

import errno
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

_PART = re.compile(r"\..+\.[0-9a-f]{8}\.part")


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a new file beside `path` for writing and move it there when the block ends.

    If the block raises, or the process dies, what was under the name before stays.

    Raises:
        OSError: the folder is missing or cannot be written to, the disk is full, or what is
            there is no file (a device, a pipe: moving a file there would end it); names
            the file.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        raise OSError(errno.EINVAL, "not a file", str(path))
    if not path.name:
        raise OSError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.filename is None:  # a failed write names none
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def remove_parts(folder: Path) -> None:
    """Remove what processes that died in `replacing` left in a folder.

    The caller makes sure that no other process is writing there.
    """
    for part in folder.glob(".*.part"):
        if _PART.fullmatch(part.name):
            part.unlink(missing_ok=True)
