"""The results of a match on disk: one JSON file, and an SGF file a game.

The results are replaced as a whole after every game, so that a killed match leaves the
games that were over and can go on.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lzp.go import BLACK, EMPTY, WHITE
from lzp.play.match_game import ENDINGS
from lzp.weights.atomic import replacing

_RESULTS_FILE = "match.json"
_FORMAT = 1
#: What JSON may hold for a field's type.
_JSON_TYPES = {str(int): (int,), str(float): (int, float), str(str): (str,)}


class MatchError(ValueError):
    """A match that cannot be played or gone on with; one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayedGame:
    """One line of a match's results.

    Attributes:
        number: counted from 0.
        a_color: engine A's color.
        winner: BLACK, WHITE or EMPTY.
        ending: one of ENDINGS.
        points: the lead, where it was counted.
        detail: one line for people.
        moves: length, opening included.
        seconds: wall time.
    """

    number: int
    a_color: int
    winner: int
    ending: str
    points: float
    detail: str
    moves: int
    seconds: float

    def a_result(self) -> float | None:
        """Return A's points: 1, 0.5 or 0; None if the game has no result."""
        if self.winner == EMPTY:
            return 0.5 if self.ending == "score" else None
        return 1.0 if self.winner == self.a_color else 0.0


def record_path(folder: Path, number: int) -> Path:
    """Return where the record of a game, counted from 0, is kept."""
    return folder / f"game-{number + 1:04d}.sgf"


def write_record(folder: Path, number: int, sgf: str) -> None:
    """Write a game's record; OSError if that fails."""
    _replace(record_path(folder, number), sgf + "\n")


def write_results(folder: Path, match: Mapping[str, object], games: Sequence[PlayedGame]) -> None:
    """Write what a match is and how its games went so far; OSError if that fails."""
    state = {"format": _FORMAT, "match": match, "games": [asdict(game) for game in games]}
    _replace(folder / _RESULTS_FILE, json.dumps(state, indent=1) + "\n")


def _replace(path: Path, text: str) -> None:
    """Write a text file as a whole or not at all."""
    with replacing(path) as file:
        file.write(text.encode())


def read_results(folder: Path, match: Mapping[str, object]) -> list[PlayedGame]:
    """Return the games of a match that a folder already holds; makes the folder.

    A game whose record is gone is played again.

    Raises:
        MatchError: the folder cannot be used, or holds something else.
    """
    path = folder / _RESULTS_FILE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise MatchError(f"cannot use {folder}: {error}") from None
    if not text:
        return []
    try:
        state = json.loads(text)
        found = state["match"] if state["format"] == _FORMAT else None
        games = [_checked(values) for values in state["games"]]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise MatchError(f"{path}: not a match's results") from None
    if found != match:
        raise MatchError(f"{folder} holds another match; choose another folder")
    return [game for game in games if record_path(folder, game.number).exists()]


def _checked(values: dict[str, object]) -> PlayedGame:
    """Return one game read from a file; ValueError or TypeError if it is not one."""
    for each in fields(PlayedGame):
        if type(values[each.name]) not in _JSON_TYPES[str(each.type)]:
            raise TypeError(each.name)
    game = PlayedGame(**values)  # type: ignore[arg-type]
    colors_fit = game.a_color in (BLACK, WHITE) and game.winner in (EMPTY, BLACK, WHITE)
    if game.number < 0 or game.ending not in ENDINGS or not colors_fit:
        raise ValueError("not a game's result")
    return game
