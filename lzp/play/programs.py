"""Other people's Go programs on this machine."""

import shutil
from pathlib import Path

#: Where Debian puts games; it is not on every PATH.
_GAMES_FOLDER = Path("/usr/games")


def find_program(name: str) -> str | None:
    """Return the path of a program by its name or path; None if it is not installed."""
    return shutil.which(name) or shutil.which(str(_GAMES_FOLDER / name))
