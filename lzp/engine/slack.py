"""No slack moves: of moves that win or lose alike, the one that is worth the most points.

To a winrate a safe half point is as good as fifty, so that a search that has won gives
points away, and one that has lost does not fight for them. Late in a game random games
tell moves apart that the winrate cannot.
"""

import math
import time
from collections.abc import Sequence

from lzp.engine.ownership import owner_balance
from lzp.engine.report import MoveReport
from lzp.go.constants import BLACK, EMPTY
from lzp.go.game import Game

#: Random games for each move that is compared.
PLAYOUTS = 200
#: Moves compared at most, and the share of the best one's visits that they need.
MOST_MOVES = 6
LEAST_SHARE = 0.1
#: Points that a move must be worth more than the best one, to be played in its place.
LEAST_GAIN = 1.5
#: Random games say little of a board with more empty points than this share.
MOST_EMPTY = 0.45
#: What comparing a move is taken to last at first, on a machine that does other things too.
TIME_OF_MOVE_S = 0.1
#: What a winrate must be within of 0 or 1 for the game to be decided.
DECIDED = 0.1


def without_slack(
    game: Game,
    moves: tuple[MoveReport, ...],
    best: MoveReport,
    margin: float,
    deadline_s: float = math.inf,
) -> MoveReport:
    """Return the move worth the most points among those that are as good as the best one.

    Args:
        game: the position.
        moves: of the root, best first.
        best: the one to be played, no pass.
        margin: winrate that a move may be below the best one.
        deadline_s: of `time.monotonic`; moves are compared as long as there is time for one.

    Returns:
        `best` itself while the game is open, or too young.
    """
    empty = int((game.board.colors() == EMPTY).sum())
    is_open = DECIDED < best.winrate < 1 - DECIDED
    if is_open or best.visits == 0 or empty > MOST_EMPTY * game.side * game.side:
        return best
    rivals = [
        move
        for move in moves
        if move.move != game.pass_move
        and move.visits >= max(2, LEAST_SHARE * best.visits)
        and move.winrate >= best.winrate - margin
    ][:MOST_MOVES]
    if best.move not in [move.move for move in rivals] or len(rivals) < 2:
        return best
    rivals.sort(key=lambda move: move.move != best.move)
    leads = _leads(game, rivals, deadline_s)
    most = max(leads, key=lambda move: leads[move], default=best)
    return most if leads and leads[most] >= leads[best] + LEAST_GAIN else best


def _leads(game: Game, moves: Sequence[MoveReport], deadline_s: float) -> dict[MoveReport, float]:
    """Return what moves leave the mover ahead by, of as many as there is time for."""
    leads: dict[MoveReport, float] = {}
    longest_s = TIME_OF_MOVE_S
    for move in moves:
        started_s = time.monotonic()
        if started_s + longest_s > deadline_s:
            break
        leads[move] = expected_lead(game, move.move)
        longest_s = max(longest_s, time.monotonic() - started_s)
    return leads


def expected_lead(game: Game, move: int) -> float:
    """Return the points that a move leaves the mover ahead by, as random games end.

    The mean over random games from the position after the move, komi left aside.
    """
    twin = game.copy()
    color = twin.to_play
    twin.play(move)
    lead = float(owner_balance(twin, PLAYOUTS).sum()) / PLAYOUTS
    return lead if color == BLACK else -lead
