"""kata-analyze as text: KataGo's words after the command, and the lines that answer it.

Winrates, bounds and scores are in the view of the color to move, as KataGo's default has it.
Every number but the counts has a decimal point: Sabaki takes one without for 0 to 10000.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from lzp.engine.gtp.analysis_text import AnalysisRequest, parse_request
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.ownership import estimate_ownership
from lzp.engine.report import MoveReport, SearchReport
from lzp.engine.score_lead import SCORE_SPREAD, score_lead
from lzp.engine.tree import Tree
from lzp.engine.variation import variation_visits
from lzp.go import BLACK, EMPTY, Game
from lzp.go.vertex import format_vertex

_BAD_TAGS = "cannot parse analyze tags"
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
#: What KataGo knows of moves and we only of positions, or not at all.
_REFUSED = ("movesOwnership", "movesOwnershipStdev", "ownershipStdev", "pvEdgeVisits")
_SWITCHES = {"rootinfo": "root_info", "ownership": "ownership", "pvvisits": "pv_visits"}
_DECIMAL = re.compile(r"\d{1,7}\.\d*", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class KataRequest:
    """What the words of kata-analyze ask for.

    Attributes:
        analysis: what Leela Zero's words among them ask for.
        max_moves: list no more moves than this; None lists all.
        root_info: whether the position itself is reported as well.
        ownership: whether an estimate of each point's owner is.
        pv_visits: whether the visits of each move of a variation are.
    """

    analysis: AnalysisRequest
    max_moves: int | None = None
    root_info: bool = False
    ownership: bool = False
    pv_visits: bool = False


def parse_kata_request(args: Sequence[str], side: int, ply: int) -> KataRequest:
    """Read the words of kata-analyze: KataGo's own, and those of lz-analyze.

    Args:
        args: the words after the command.
        side: of the board.
        ply: of the game now; restrictions count from it.

    Raises:
        GtpError: a word that KataGo would not understand, or one that asks for what there is
            not.
    """
    rest: list[str] = []
    switches: dict[str, bool] = {}
    max_moves = None
    words = iter(args)
    for word in words:
        lower = word.lower()
        if lower in _SWITCHES:
            switches[_SWITCHES[lower]] = _truth(next(words, ""))
        elif lower == "maxmoves":
            max_moves = _count(next(words, ""))
        elif lower in {refused.lower() for refused in _REFUSED}:
            _refuse(lower, next(words, ""))
        else:
            rest.append(_whole(word))
    analysis = parse_request(rest, side, ply)
    return KataRequest(analysis=analysis, max_moves=max_moves, **switches)


def _truth(word: str) -> bool:
    """Return what "true" or "false" says."""
    if word.lower() not in _TRUTH:
        raise GtpError(_BAD_TAGS)
    return _TRUTH[word.lower()]


def _count(word: str) -> int:
    """Return a whole number of at most nine digits."""
    if not (word.isascii() and word.isdigit()) or len(word) > 9:
        raise GtpError(_BAD_TAGS)
    return int(word)


def _refuse(lower: str, word: str) -> None:
    """Say that something is not to be had, unless it was told not to come."""
    if _truth(word):
        name = next(refused for refused in _REFUSED if refused.lower() == lower)
        raise GtpError(f"{name} is not supported")


def _whole(word: str) -> str:
    """Return an interval with decimals as the next whole centisecond, at least 1."""
    if not _DECIMAL.fullmatch(word):
        return word
    return str(max(1, round(float(word))))


class KataFormat:
    """Writes reports of one position as lines of kata-analyze."""

    def __init__(self, request: KataRequest, game: Game, color: int, tree: Tree) -> None:
        """Write what a request asks for.

        Args:
            request: the words of the command.
            game: the position; a copy is kept.
            color: who is to move, whose view the numbers take.
            tree: of the search that reports.
        """
        self._request = request
        self._game = game.copy()
        self._color = color
        self._tree = tree
        self._filled = float((game.board.colors() != EMPTY).mean())
        self._ownership = ""

    def __call__(self, report: SearchReport) -> str:
        """Return a report as one line; empty if there is no move. For the search's thread."""
        moves = report.moves[: self._request.max_moves]
        if not moves:
            return ""
        parts = [self._segment(move) for move in moves]
        if self._request.root_info:
            parts.append(f"rootInfo visits {report.visits_root} {self._numbers(report.winrate)}")
        if self._request.ownership:
            parts.append(self._owners())
        return " ".join(parts)

    def _segment(self, move: MoveReport) -> str:
        """Return one move's part of the line; its pv holds at least the move itself."""
        steps = move.pv or (move.move,)
        side = self._game.side
        text = (
            f"info move {format_vertex(move.move, side)} visits {move.visits}"
            f" {self._numbers(move.winrate)} prior {_decimal(move.prior)}"
            f" lcb {_decimal(move.lcb)} order {move.order}"
            f" pv {' '.join(format_vertex(step, side) for step in steps)}"
        )
        if self._request.pv_visits:
            visits = variation_visits(self._tree.arrays, steps)
            visits += [0] * (len(steps) - len(visits))
            text += f" pvVisits {' '.join(map(str, visits))}"
        return text

    def _numbers(self, winrate: float) -> str:
        """Return who wins, and the points that this is worth; Lizzie reads scoreMean."""
        lead = _decimal(score_lead(winrate, self._filled))
        spread = _decimal(SCORE_SPREAD)
        return f"winrate {_decimal(winrate)} scoreMean {lead} scoreStdev {spread} scoreLead {lead}"

    def _owners(self) -> str:
        """Return the estimate of each point's owner, made once, rows from the top."""
        if not self._ownership:
            sign = 1 if self._color == BLACK else -1
            owners = sign * estimate_ownership(self._game) + 0.0  # no -0
            self._ownership = "ownership " + " ".join(f"{owner:.4f}" for owner in owners)
        return self._ownership


def _decimal(number: float) -> str:
    """Return a number with a decimal point and no exponent."""
    return f"{number:.6f}"
