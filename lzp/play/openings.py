"""Short random openings, so that deterministic engines do not repeat one game.

Every opening is used twice, with the colors exchanged: what luck it holds cancels out.
"""

import numpy as np

#: Distances from the two edges of a corner at which a first stone is common.
_CORNER_POINTS = ((3, 3), (2, 3), (3, 2), (2, 2), (2, 4), (4, 2))
_SMALLEST_SIDE = 9
CORNERS = 4


def random_opening(side: int, moves: int, seed: int, number: int) -> list[int]:
    """Return opening number `number`: moves in different corners, Black first.

    Args:
        side: the board's side; below 9 corners have no room and the opening is empty.
        moves: 0 to 4 of them.
        seed: of the whole match; the same seed and number give the same opening.
        number: which of the match's openings.
    """
    if side < _SMALLEST_SIDE:
        return []
    random = np.random.default_rng([seed, number])
    corners = random.permutation(CORNERS)[: min(moves, CORNERS)]
    opening = []
    for corner in corners.tolist():
        x, y = _CORNER_POINTS[int(random.integers(len(_CORNER_POINTS)))]
        if side < 13:
            x, y = min(x, 3), min(y, 3)
        x = side - 1 - x if corner & 1 else x
        y = side - 1 - y if corner & 2 else y
        opening.append(y * side + x)
    return opening
