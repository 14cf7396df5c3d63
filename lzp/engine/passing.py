"""When to pass: what the score says of the best move, or of passing in its place.

The rules are Leela Zero 0.17's; the score may leave dead stones out, as players do.
"""

from dataclasses import replace
from itertools import takewhile

import numpy as np

from lzp.engine.report import MoveReport
from lzp.engine.search_kernels import fills_own_eye
from lzp.go.board_state import BOARD
from lzp.go.constants import BLACK
from lzp.go.game import Game
from lzp.go.rules import TERRITORY
from lzp.go.settling_kernels import settled_difference

_EVEN = 0.5
#: Tries that the opponent has answered by passes, after which a lost score is accepted.
_TRIES = 3


def settled_score(game: Game, playouts: int) -> float:
    """Return Black's lead as the game's rules count it, without the stones that look dead.

    A stone looks dead where most games that are played on take it. The same position always
    gets the same answer, in the middle of a game, too.

    Args:
        game: the position, best with nothing left to play for.
        playouts: how many games.
    """
    boards = np.zeros(2, BOARD)
    boards[0] = game.boards[0]
    balance = np.empty(game.side * game.side, np.int32)
    by_territory = int(game.rules.scoring == TERRITORY)
    lead = settled_difference(boards, playouts, by_territory, balance)
    return lead - game.compensation


def instead_of_pass(game: Game, moves: tuple[MoveReport, ...]) -> MoveReport:
    """Return the best move that is no pass and fills no own eye; the pass if there is none."""
    passing = next(move for move in moves if move.move == game.pass_move)
    for move in moves:
        if move.move != game.pass_move and not fills_own_eye(game.boards, move.move):
            return move
    return passing


def consider_passing(
    game: Game,
    moves: tuple[MoveReport, ...],
    best: MoveReport,
    score_black: float,
    *,
    dead_are_off: bool = False,
) -> MoveReport:
    """Return the best move, or a pass, or a move in place of a pass, as the score has it.

    Args:
        game: the position.
        moves: all of the root's, best first, the pass among them.
        best: the one to be played.
        score_black: Black's lead if the game ended now. A network that has learned from
            people passes before dead stones are taken; who counts them as alive may not.
        dead_are_off: whether the score leaves dead stones out. Then nothing has to be taken,
            and an opponent who has answered several tries by passes is believed that the
            game is lost; else the tries may be what wins it.
    """
    score = score_black if game.to_play == BLACK else -score_black
    if dead_are_off and score < 0 and _opponents_passes(game) >= _TRIES:
        return replace(best, move=game.pass_move)
    if best.move == game.pass_move:
        other = instead_of_pass(game, moves)
        wins_instead = score == 0 and other.visits > 0 and other.winrate > _EVEN
        return other if score < 0 or wins_instead else best
    if game.passes == 0:
        return best
    winrate = best.winrate if best.visits else _EVEN
    if score > 0 or (score == 0 and winrate < _EVEN):
        return replace(best, move=game.pass_move)
    return best


def _opponents_passes(game: Game) -> int:
    """Return how many of the opponent's last moves in a row were passes."""
    theirs = (move for color, move in reversed(game.moves) if color != game.to_play)
    return sum(1 for _ in takewhile(lambda move: move == game.pass_move, theirs))
