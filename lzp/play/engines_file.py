"""Engines of a round robin from a TOML file: a table `[engines]` of names and command lines."""

import tomllib
from pathlib import Path

from lzp.play.match_engines import EngineSpec
from lzp.play.match_rules import MatchError


def read_engines(path: Path) -> list[EngineSpec]:
    """Return the engines of a file, in its order.

    Raises:
        MatchError: the file cannot be read or holds something else; one line.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise MatchError(f"{path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise MatchError(f"{path}: {' '.join(str(error).split())}") from None
    engines = found.get("engines")
    if not isinstance(engines, dict) or set(found) != {"engines"}:
        raise MatchError(f'{path}: expected one table, [engines], of NAME = "COMMAND"')
    for name, command in engines.items():
        if not isinstance(command, str) or not command.strip() or not name.strip():
            raise MatchError(f"{path}: engine {name!r}: expected a command line in quotes")
    return [EngineSpec(command, name) for name, command in engines.items()]
