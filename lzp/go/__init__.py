"""The rules of Go: boards, games, scoring, coordinates, diagrams.

Start with `Game` to use the rules and with board_kernels.py to see them.
"""

from lzp.go.board import Board, new_boards
from lzp.go.constants import BLACK, EMPTY, WHITE
from lzp.go.game import Game, IllegalMoveError

__all__ = ["BLACK", "EMPTY", "WHITE", "Board", "Game", "IllegalMoveError", "new_boards"]
