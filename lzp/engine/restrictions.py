"""Moves that an analysis must leave out: `avoid` and `allow` of lz-analyze.

They hold at every depth of the tree, up to a ply of the game.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import ALLOW_END, ALLOW_UNTIL, AVOID_UNTIL
from lzp.go.constants import MAX_AREA

#: Stands for resigning in a restriction, where a move would stand.
RESIGN = -1


@dataclass(frozen=True, slots=True)
class Restriction:
    """One color and move, restricted as long as `game.ply < until_ply`.

    Attributes:
        color: BLACK or WHITE.
        move: y * side + x, side² for the pass, or RESIGN.
        until_ply: exclusive; n plies from now are `game.ply + n`.
    """

    color: int
    move: int
    until_ply: int


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveRestrictions:
    """What may not be played.

    Attributes:
        avoid: moves that may not be played.
        allow: where a color has any that still holds, its other points may not be played;
            passing and resigning may.
    """

    avoid: tuple[Restriction, ...] = ()
    allow: tuple[Restriction, ...] = ()

    def table(self, area: int) -> NDArray[np.int32]:
        """Return `restrictions` of a TREE record, int32 [3, 3, MAX_AREA + 1].

        Raises:
            ValueError: a move is not on a board of this area.
        """
        table = np.zeros((3, 3, MAX_AREA + 1), np.int32)
        for entry in self.avoid + self.allow:
            if not RESIGN <= entry.move <= area:
                raise ValueError(f"cannot restrict move {entry.move}: off the board")
        for entry in self.avoid:
            if entry.move != RESIGN:
                _raise_to(table[AVOID_UNTIL, entry.color], entry)
        for entry in self.allow:
            if 0 <= entry.move < area:
                _raise_to(table[ALLOW_UNTIL, entry.color], entry)
            end = table[ALLOW_END, entry.color, :area]
            np.maximum(end, entry.until_ply, out=end)
        return table

    def forbids_resigning(self, color: int, ply: int) -> bool:
        """Return whether a color may not resign at a ply of the game."""
        return any(
            entry.move == RESIGN and entry.color == color and ply < entry.until_ply
            for entry in self.avoid
        )


def _raise_to(row: NDArray[np.int32], entry: Restriction) -> None:
    """Extend the restriction of one move."""
    row[entry.move] = max(int(row[entry.move]), entry.until_ply)
