"""The memory layout of one position: a flat record without pointers.

A record is copied in one go, lies in arrays by the thousand and is shared with no one,
which is what the search and the sampler need. Layout for a side of 3 (stride 5)::

    20 21 22 23 24     # # # # #      point = (y + 1) * stride + (x + 1)
    15 16 17 18 19     # . . . #  y=2
    10 11 12 13 14     # . . . #  y=1  (row 2 in GTP)
     5  6  7  8  9     # . . . #  y=0  (row 1 in GTP)
     0  1  2  3  4     # # # # #
                         x=0..2

Stones of a chain form a circular list through `next`; `chain` names one of them, the
head, under which `liberties` and `stones` are kept. Liberties are pseudo-liberties (an
empty point counts once for every stone beside it), three sums packed into 64 bits::

    count | sum of points << 12 | sum of squared points << 32

so that adding or taking one is one addition, zero means captured, and a chain has p as
its only liberty exactly if all its n pseudo-liberties are p: packed == n * one(p).

The last plies are kept as changes (`recent_*`), from which the network's history planes
are made: slot `ply % 8` holds the move that led to `ply + 1`.
"""

import numpy as np

from lzp.go.constants import MAX_AREA, MAX_POINTS, RECENT_CAPTURES, RECENT_PLIES

#: One position. Field by field: see the module's text.
BOARD = np.dtype(
    [
        ("hash", np.uint64),  # Zobrist key of the stones alone
        ("side", np.int32),
        ("stride", np.int32),
        ("to_play", np.int32),  # color
        ("ko_point", np.int32),  # where a simple ko may not be retaken, or NO_POINT
        ("ply", np.int32),  # moves since the set-up, passes included
        ("passes", np.int32),  # consecutive passes at the end
        ("empty_count", np.int32),
        ("capture_end", np.int32),  # total captures so far; masked: end of recent_captures
        ("prisoners", np.int32, 3),  # stones taken, by color of the taken stone
        ("suicide", np.uint8),  # whether a move may take two or more of its own stones
        ("button", np.uint8),  # NO_BUTTON, BLACK, WHITE or FREE_BUTTON
        ("liberties", np.int64, MAX_POINTS),  # by chain head, packed
        ("color", np.uint8, MAX_POINTS),
        ("chain", np.uint16, MAX_POINTS),  # the head's point; 0 where there is no stone
        ("next", np.uint16, MAX_POINTS),
        ("stones", np.uint16, MAX_POINTS),  # by chain head
        ("empty", np.uint16, MAX_AREA),  # the empty points, in no order
        ("empty_index", np.uint16, MAX_POINTS),  # where in `empty` a point stands
        ("recent_point", np.uint16, RECENT_PLIES),  # NO_POINT is a pass
        ("recent_color", np.uint8, RECENT_PLIES),
        ("recent_taken_color", np.uint8, RECENT_PLIES),
        ("recent_taken", np.uint16, RECENT_PLIES),  # how many stones that ply captured
        ("recent_captures", np.uint16, RECENT_CAPTURES),
    ],
    align=True,
)
