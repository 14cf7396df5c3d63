"""Game records in and out: SGF bytes to `GameRecord`, to `Game`, and back to text.

Everything that knows sgfmill is in this folder; the rest of the project sees records.
"""

from lzp.sgf.reader import SgfError, read_game, read_games
from lzp.sgf.record import GameRecord, GameResult, parse_rank, parse_result
from lzp.sgf.replay import to_game
from lzp.sgf.split import split_games
from lzp.sgf.writer import SgfInfo, write_game

__all__ = [
    "GameRecord",
    "GameResult",
    "SgfError",
    "SgfInfo",
    "parse_rank",
    "parse_result",
    "read_game",
    "read_games",
    "split_games",
    "to_game",
    "write_game",
]
