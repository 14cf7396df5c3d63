"""Which move of a finished search is played: the best, or one drawn for a reason.

Three reasons: Leela Zero's random first moves (-m), an opening that is not always the same
(--variety), and play that is to be weaker than the search (--level).
"""

import numpy as np

from lzp.engine.report import MoveReport
from lzp.engine.search_kernels import fills_own_eye
from lzp.engine.search_params import SearchParams
from lzp.go.game import Game

#: Variety is for this share of the board's points, in moves.
_OPENING = 1 / 12
#: It plays what was looked at at least so much, as a share of the best move's visits,
_LEAST_VISITS = 0.2
#: and costs no more than this winrate.
_MOST_LOSS = 0.02

_Moves = tuple[MoveReport, ...]


def draw_by_visits(moves: _Moves, params: SearchParams, random: np.random.Generator) -> MoveReport:
    """Return a move drawn as Leela Zero draws its first ones.

    Args:
        moves: best first.
        params: which moves are drawn, and how boldly.
        random: what draws.
    """
    best = moves[0]
    if best.visits <= params.random_visits:
        return best
    drawn = [move for move in moves if move.visits > params.random_visits]
    weights = [move.visits / best.visits for move in drawn]
    return _draw(drawn, weights, params.random_temperature, random)


def draw_opening(game: Game, moves: _Moves, random: np.random.Generator) -> MoveReport:
    """Return the best move or, in the opening, one of those that are about as good.

    Args:
        game: the position.
        moves: best first.
        random: what draws.
    """
    best = moves[0]
    if game.ply + game.handicap >= game.side * game.side * _OPENING or best.visits == 0:
        return best
    good = [
        move
        for move in moves
        if move.visits >= _LEAST_VISITS * best.visits
        and move.winrate >= best.winrate - _MOST_LOSS
        and move.move != game.pass_move
    ]
    return _draw(good, [move.visits for move in good], 1.0, random) if good else best


def draw_weaker(
    game: Game,
    moves: _Moves,
    temperature: float,
    random: np.random.Generator,
    *,
    by_policy: bool,
) -> MoveReport:
    """Return a move drawn in proportion to visits, or to the network's policy.

    Passes are left to those who look at the score; nobody fills eyes of his own.

    Args:
        game: the position.
        moves: all of the root's, best first.
        temperature: above 0; 1 is in proportion, more is wilder.
        random: what draws.
        by_policy: whether the network's policy counts, and not the visits.
    """
    if moves[0].move == game.pass_move:
        return moves[0]
    sane = [
        move
        for move in moves
        if move.move != game.pass_move
        and (move.prior if by_policy else move.visits) > 0
        and not fills_own_eye(game.boards, move.move)
    ]
    if not sane:
        return moves[0]
    weights = [move.prior if by_policy else move.visits for move in sane]
    return _draw(sane, weights, temperature, random)


def _draw(
    moves: list[MoveReport],
    weights: list[float],
    temperature: float,
    random: np.random.Generator,
) -> MoveReport:
    """Return a move drawn in proportion to its weight, to the power 1 / temperature."""
    shares = np.array(weights, np.float64)
    shares = (shares / shares.max()) ** (1 / temperature)
    return moves[int(random.choice(len(moves), p=shares / shares.sum()))]
