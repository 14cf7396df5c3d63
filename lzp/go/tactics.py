"""Reading for Python: the features of a position's moves."""

import numpy as np
from numpy.typing import NDArray

from lzp.go.board_state import BOARD
from lzp.go.constants import MAX_POINTS
from lzp.go.game import Game
from lzp.go.ladder_kernels import FRAME_COLUMNS, FRAMES
from lzp.go.tactics_kernels import FEATURES, MOST_ROWS, TacticsRoom, write_tactics


def new_tactics_room() -> TacticsRoom:
    """Return room for `write_tactics`."""
    return TacticsRoom(
        boards=np.zeros(FRAMES, BOARD),
        frames=np.zeros((FRAMES, FRAME_COLUMNS), np.int64),
        classes=np.zeros(MAX_POINTS, np.uint8),
        rows=np.zeros((MOST_ROWS, FEATURES), np.float32),
        moves=np.zeros(MOST_ROWS, np.int16),
    )


def tactical_features(
    game: Game, room: TacticsRoom
) -> tuple[NDArray[np.int16], NDArray[np.float32]]:
    """Return the moves [N] of which reading says something, and what, [N, FEATURES].

    Args:
        game: the position, of the color to play.
        room: overwritten; the results are views of it.
    """
    count = write_tactics(room, game.boards)
    return room.moves[:count], room.rows[:count]
