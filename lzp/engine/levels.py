"""Levels for people: from a first game to all that the engine can do.

A level is what limits a move and how boldly it is drawn. Those of one visit do not search:
they draw from the network's policy, wildly at first. What a level is worth is measured with
the network that ships (`python -m lzp.play.level_elo`) and kept beside it. Imports nothing
heavy, for the command line.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

_MEASURED = "levels.json"


@dataclass(frozen=True, slots=True)
class Level:
    """How strong to play.

    Attributes:
        visits: of the root a move; 1 is the network alone, 0 sets no limit.
        temperature: of the draw among the moves, by visits or by policy; 0 plays the best.
        description: for people.
    """

    visits: int
    temperature: float
    description: str


#: By number from 1. The temperatures are such that steps are about alike: below 1 a draw is
#: nearly as good as the best move, above 1 each tenth costs a hundred Elo and more.
LEVELS = (
    Level(1, 2.0, "first games: mostly random moves"),
    Level(1, 1.75, "often random moves"),
    Level(1, 1.5, "random moves in between"),
    Level(1, 1.3, "knows shapes, blunders a lot"),
    Level(1, 1.12, "blunders now and then"),
    Level(1, 0.95, "as careless as the games it has learned from"),
    Level(1, 0.7, "few slips"),
    Level(1, 0.0, "the network's first move, no reading"),
    Level(12, 0.0, "reads a little"),
    Level(36, 0.0, "reads the next few moves"),
    Level(110, 0.0, "reads, in less than a second a move"),
    Level(0, 0.0, "full strength: as long as the clock or the flags allow"),
)
FULL = len(LEVELS)


def level(number: int) -> Level:
    """Return a level.

    Raises:
        ValueError: there is none of this number.
    """
    if not 1 <= number <= FULL:
        raise ValueError(f"level must be 1 to {FULL}, not {number}")
    return LEVELS[number - 1]


def measured_path() -> Path:
    """Return where the measured strengths are kept."""
    return Path(str(resources.files("lzp").joinpath("networks", _MEASURED)))


def measured_text(elo: Mapping[int, tuple[float, float]], **about: Any) -> str:
    """Return measured strengths as `measured_elo` reads them.

    Args:
        elo: by level, the Elo and half of its 95 % interval.
        about: how they were measured.
    """
    rows = [
        {"level": number, **asdict(level(number)), "elo": round(rating), "error": round(error)}
        for number, (rating, error) in elo.items()
    ]
    return json.dumps({**about, "levels": rows}, indent=1) + "\n"


@cache
def measured_elo(path: Path | None = None) -> dict[int, tuple[int, int]]:
    """Return Elo and half of its 95 % interval by number, of levels that are as measured.

    Args:
        path: a file of `measured_text`; None for the one that ships.
    """
    rows = _measured(path).get("levels", ())
    return {
        row["level"]: (row["elo"], row["error"])
        for row in rows
        if row["level"] <= FULL and asdict(level(row["level"])).items() <= row.items()
    }


def _measured(path: Path | None) -> dict[str, Any]:
    """Return what was measured as `measured_text` wrote it; nothing without such a file."""
    try:
        found = json.loads((path or measured_path()).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def levels_table() -> str:
    """Return all levels as text, for `--level help`."""
    found = measured_elo()
    lines = ["level  visits  temperature  Elo            "]
    for number, each in enumerate(LEVELS, 1):
        visits = str(each.visits or "all")
        temperature = f"{each.temperature:g}" if each.temperature else "best move"
        elo = "{} +-{}".format(*found[number]) if number in found else "not measured"
        lines.append(f"{number:5}  {visits:>6}  {temperature:>11}  {elo:14} {each.description}")
    network = _measured(None).get("network", "no network")
    note = f"Elo of {network}, level 1 being 0; other networks differ."
    return "\n".join([*(line.rstrip() for line in lines), note])
