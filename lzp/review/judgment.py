"""What a move is worth: the winrate it lost, and how its player did on the whole.

The winrate lost by a move is that of the best move before it minus that of the position
after it, both searched with the same visits and both in the view of who moved. It is 0 for
the best move itself and never negative. Passes that end the game are not judged, since the
network's view of a finished game says nothing of how it is counted.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lzp.engine.report import MoveReport, SearchReport
from lzp.go import BLACK, Game

#: "" is a move that is not judged.
Verdict = Literal["", "best", "good", "inaccuracy", "mistake", "blunder", "find"]

#: A move that loses half of a mistake's threshold is an inaccuracy, twice of it a blunder.
_INACCURACY, _BLUNDER = 0.5, 2.0
#: Parts of a game by share of the board's points that were played: 50 and 150 on 19x19.
_PHASES = (("opening", 0.0), ("middle", 50 / 361), ("endgame", 150 / 361))


@dataclass(frozen=True, kw_only=True, slots=True)
class Position:
    """One position of the game and what the search found.

    Attributes:
        to_play: who moved there, or would have.
        winrate_black: in [0, 1].
        visits: of the root.
        moves: best first, in the view of `to_play`; all legal ones, also without visits.
    """

    to_play: int
    winrate_black: float
    visits: int
    moves: tuple[MoveReport, ...]

    @property
    def best(self) -> MoveReport:
        """The move that the search would play."""
        return self.moves[0]

    def find(self, move: int) -> MoveReport | None:
        """Return what is known of a move; None if it may not be played."""
        return next((report for report in self.moves if report.move == move), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgedMove:
    """A move of the game. Winrates are in [0, 1], in the view of who moved.

    Attributes:
        ply: counted from 1.
        best: the move that the search would have played.
        winrate: of the position after the move.
        lost: winrate lost; None for a move that is not judged.
        rank: place among the moves that were searched, from 1; None if it was not.
        prior: the network's probability for the move.
        verdict: empty for a move that is not judged.
    """

    ply: int
    color: int
    move: int
    best: MoveReport
    winrate: float
    lost: float | None
    rank: int | None
    prior: float
    verdict: Verdict

    @property
    def is_best(self) -> bool:
        """Whether it is the search's own move."""
        return self.move == self.best.move


@dataclass(frozen=True, kw_only=True, slots=True)
class Average:
    """How a player did, over the moves that are judged.

    Attributes:
        moves: how many.
        lost: mean winrate lost by a move; 0 without moves.
        best: share of moves that are the search's own.
        first_three: share of moves among its first three.
        inaccuracies: how many; mistakes and blunders likewise, each counted once.
    """

    moves: int
    lost: float
    best: float
    first_three: float
    inaccuracies: int
    mistakes: int
    blunders: int


def make_position(game: Game, report: SearchReport) -> Position:
    """Return a position from the search of it.

    Args:
        game: at that position, with the turn of who moved.
        report: in the view of the color to move.
    """
    own = report.winrate
    return Position(
        to_play=game.to_play,
        winrate_black=own if game.to_play == BLACK else 1 - own,
        visits=report.visits_root,
        moves=report.moves,
    )


def judge(
    moves: Sequence[tuple[int, int]],
    positions: Sequence[Position],
    pass_move: int,
    threshold: float,
) -> tuple[JudgedMove, ...]:
    """Judge every move of a game.

    Args:
        moves: (color, move) from the first on.
        positions: one more than moves, from before the first to after the last.
        pass_move: side².
        threshold: winrate that a mistake loses at least, in (0, 1].
    """
    judged = len(moves)
    while judged and moves[judged - 1][1] == pass_move:
        judged -= 1
    return tuple(
        _judge_one(ply, moves[ply - 1], positions[ply - 1 : ply + 1], threshold)
        if ply <= judged
        else _judge_one(ply, moves[ply - 1], positions[ply - 1 : ply + 1], None)
        for ply in range(1, len(moves) + 1)
    )


def _judge_one(
    ply: int, colored: tuple[int, int], around: Sequence[Position], threshold: float | None
) -> JudgedMove:
    """Judge a move by the positions before and after it; not at all without a threshold."""
    color, move = colored
    before, after = around
    found = before.find(move)
    winrate = after.winrate_black if color == BLACK else 1 - after.winrate_black
    lost: float | None = None
    verdict: Verdict = ""
    if threshold is not None:
        lost, verdict = _cost(before, move, winrate, threshold)
    return JudgedMove(
        ply=ply,
        color=color,
        move=move,
        best=before.best,
        winrate=winrate,
        lost=lost,
        rank=None if found is None or not found.visits else found.order + 1,
        prior=0.0 if found is None else found.prior,
        verdict=verdict,
    )


def _cost(before: Position, move: int, winrate: float, threshold: float) -> tuple[float, Verdict]:
    """Return the winrate that a move lost, and the name of it."""
    if move == before.best.move:
        return 0.0, "find" if _is_find(before, threshold) else "best"
    lost = max(0.0, before.best.winrate - winrate)
    return lost, _verdict(lost, threshold)


def _verdict(lost: float, threshold: float) -> Verdict:
    """Name what a move lost that is not the best."""
    if lost >= _BLUNDER * threshold:
        return "blunder"
    if lost >= threshold:
        return "mistake"
    return "inaccuracy" if lost >= _INACCURACY * threshold else "good"


def _is_find(position: Position, threshold: float) -> bool:
    """Whether the best move is one that the network did not expect and that nothing matches."""
    first = max(position.moves, key=lambda report: report.prior)
    others = [report.winrate for report in position.moves[1:] if report.visits > 1]
    if first.move == position.best.move or not others:
        return False
    return position.best.winrate - max(others) >= threshold


def average(moves: Sequence[JudgedMove], color: int) -> Average:
    """Return how a color did."""
    own = [move for move in moves if move.color == color and move.lost is not None]
    count = max(1, len(own))
    verdicts = [move.verdict for move in own]
    return Average(
        moves=len(own),
        lost=sum(move.lost or 0.0 for move in own) / count,
        best=sum(move.is_best for move in own) / count,
        first_three=sum(move.rank is not None and move.rank <= 3 for move in own) / count,
        inaccuracies=verdicts.count("inaccuracy"),
        mistakes=verdicts.count("mistake"),
        blunders=verdicts.count("blunder"),
    )


def phases(moves: Sequence[JudgedMove], side: int) -> dict[str, tuple[JudgedMove, ...]]:
    """Return the moves of each part of a game, by its name."""
    borders = [round(share * side * side) for _, share in _PHASES] + [len(moves)]
    names = [name for name, _ in _PHASES]
    return {
        name: tuple(moves[start:end])
        for name, start, end in zip(names, borders, borders[1:], strict=False)
    }


def biggest_mistakes(moves: Sequence[JudgedMove], most: int = 10) -> tuple[JudgedMove, ...]:
    """Return the moves that lost most, most first, of those that are mistakes at all."""
    bad = [move for move in moves if move.verdict in ("inaccuracy", "mistake", "blunder")]
    return tuple(sorted(bad, key=lambda move: (-(move.lost or 0.0), move.ply))[:most])
