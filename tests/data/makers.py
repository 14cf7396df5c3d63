"""Games made by random legal play, and the files that hold them."""

import re
from pathlib import Path
from typing import Any

import numpy as np

from lzp.data import ConvertOptions, GameStore, convert
from lzp.go import BLACK, WHITE, Game
from lzp.go.handicap import fixed_handicap
from lzp.sgf import SgfInfo, write_game


def random_game(
    seed: int, side: int = 9, plies: int = 40, handicap: int = 0, pass_rate: float = 0.03
) -> Game:
    """Play at random, with passes in between; ends at `plies` or at a second pass."""
    rng = np.random.default_rng(seed)
    game = Game(side, 6.5)
    if handicap:
        stones = [(BLACK, move) for move in fixed_handicap(handicap, side)]
        game.set_up(stones, WHITE, handicap)
    for _ in range(plies):
        moves = game.legal_moves()
        passes = len(moves) == 1 or rng.random() < pass_rate
        game.play(game.pass_move if passes else int(rng.choice(moves[:-1])))
        if game.is_over:
            break
    return game


def sgf_of(game: Game, result: str = "B+3.5", **properties: str) -> str:
    """A record of a game, with further root properties."""
    extra = tuple(properties.items())
    return write_game(game, SgfInfo(result=result, properties=extra))


def random_records(count: int, side: int = 9, seed: int = 0, **options: Any) -> list[str]:
    """Records of different random games, won by either color in turn."""
    return [
        sgf_of(random_game(seed * 1000 + index, side, **options), ["B+R", "W+2.5"][index % 2])
        for index in range(count)
    ]


def mirrored(record: str) -> str:
    """A record turned and mirrored: x and y of every stone and move change places."""
    return re.sub(r"\[([a-s])([a-s])\]", r"[\2\1]", record)


def write_records(path: Path, records: list[str]) -> Path:
    """A file of concatenated records."""
    path.write_text("\n".join(records), encoding="utf-8")
    return path


def store_of(folder: Path, records: list[str], **changes: Any) -> GameStore:
    """A store of records, converted in this process."""
    options: dict[str, Any] = {"sides": (9,), "min_moves": 1} | changes
    source = write_records(folder / "games.sgf", records)
    convert([source], folder / "games.lzps", ConvertOptions(**options), workers=1)
    return GameStore.open(folder / "games.lzps")
