"""What was found of a position, as KataGo's JSON has it."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from lzp.engine.analysis.fields import format_player, from_top
from lzp.engine.analysis.fingerprint import position_hash, symmetric_hash
from lzp.engine.analysis.images import Shown, with_images
from lzp.engine.analysis.position import Position
from lzp.engine.report import MoveReport, SearchReport
from lzp.engine.score_lead import SCORE_SPREAD, score_lead
from lzp.engine.variation import variation_visits
from lzp.go.constants import BLACK, EMPTY
from lzp.go.vertex import format_vertex

#: A JSON object to be written.
Answer = dict[str, Any]


class View:
    """Numbers of the color to move, in the view that the client asked for."""

    def __init__(self, position: Position) -> None:
        """See a position as its query wants it."""
        perspective = position.query.settings.perspective
        self.color = position.to_play if perspective is None else perspective
        self.is_turned = self.color != position.to_play
        self._filled = float((position.board.colors() != EMPTY).mean())

    def numbers(self, winrate: float) -> Answer:
        """Return what a winrate of the color to move says of who wins, and by how much."""
        winrate = 1 - winrate if self.is_turned else winrate
        lead = round(score_lead(winrate, self._filled), 4)
        return {
            "winrate": round(winrate, 6),
            "utility": _utility(winrate),
            "scoreLead": lead,
            "scoreMean": lead,
            "scoreSelfplay": lead,
            "scoreStdev": SCORE_SPREAD,
        }

    def bounds(self, lcb: float) -> Answer:
        """Return a bound of the color to move's winrate."""
        lcb = 1 - lcb if self.is_turned else lcb
        return {"lcb": round(lcb, 6), "utilityLcb": _utility(lcb)}


def _utility(winrate: float) -> float:
    """Return a winrate as KataGo's utility of a win and a loss, -1 to 1."""
    return round(2 * winrate - 1, 6)


def no_results(position: Position) -> Answer:
    """Return what is told of a position that was given up before anything was found."""
    head = _head(position, is_during_search=False)
    return {**head, "noResults": True}


def failure(position: Position) -> Answer:
    """Return what is told of a position whose search failed."""
    text = f"The network could not be used: {position.error}"
    return {"id": position.query.id, "turnNumber": position.turn, "error": text}


def result(position: Position, *, is_during_search: bool) -> Answer:
    """Return what was found of a position that has a result; whether more is to come."""
    query, report, view = position.query, position.report(), View(position)
    answer = _head(position, is_during_search=is_during_search)
    answer["moveInfos"] = _move_infos(position, report, view)
    answer["rootInfo"] = _root_info(position, report, view)
    if query.policy:
        answer["policy"] = _policy(position)
    if position.ownership is not None:
        sign = 1 if view.color == BLACK else -1
        answer["ownership"] = [round(sign * each, 4) for each in position.ownership.tolist()]
    return answer


def _head(position: Position, *, is_during_search: bool) -> Answer:
    return {
        "id": position.query.id,
        "turnNumber": position.turn,
        "isDuringSearch": is_during_search,
    }


def _move_infos(position: Position, report: SearchReport, view: View) -> list[Answer]:
    """Return what was found of each move, best first."""
    query, tree = position.query, position.search.tree
    shown: Iterable[Shown] = ((move, None) for move in report.moves)
    if tree.merges_equal_moves:
        shown = with_images(position.boards, report.moves)
    infos: list[Answer] = []
    visits: list[int] = []
    for move, original in shown:
        info = _move_info(move, position.side, query.settings.pv_length, view)
        if original is not None:
            info["isSymmetryOf"] = format_vertex(original, position.side)
        elif query.pv_visits:
            visits = variation_visits(tree.arrays, move.pv)
        if query.pv_visits:  # an image follows what it is one of
            info["pvVisits"] = visits[: len(info["pv"])]
        infos.append(info)
    return infos


def _move_info(move: MoveReport, side: int, pv_length: int, view: View) -> Answer:
    """Return what was found of one move."""
    return {
        "move": format_vertex(move.move, side),
        "order": move.order,
        "visits": move.visits,
        "edgeVisits": move.visits,
        "weight": float(move.visits),
        "edgeWeight": float(move.visits),
        "playSelectionValue": float(move.visits),
        "prior": round(move.prior, 6),
        **view.numbers(move.winrate),
        **view.bounds(move.lcb),
        "pv": [format_vertex(step, side) for step in move.pv[:pv_length]],
    }


def _root_info(position: Position, report: SearchReport, view: View) -> Answer:
    """Return what was found of the position itself, and what the network alone says of it."""
    raw = view.numbers(position.winrate)
    return {
        "currentPlayer": format_player(position.to_play),
        "visits": report.visits_root,
        "weight": float(report.visits_root),
        **view.numbers(report.winrate),
        "rawWinrate": raw["winrate"],
        "rawLead": raw["scoreLead"],
        "rawScoreSelfplay": raw["scoreSelfplay"],
        "rawScoreSelfplayStdev": raw["scoreStdev"],
        "rawNoResultProb": 0.0,
        "thisHash": position_hash(position.boards),
        "symHash": symmetric_hash(position.boards),
    }


def _policy(position: Position) -> list[float]:
    """Return the network's policy over the legal moves, -1 elsewhere, the pass last."""
    policy, legal = position.policy, position.legal
    assert policy is not None
    total = float(policy[legal].sum()) or 1.0
    shares = np.where(legal, policy / total, -1.0)
    order = [*from_top(position.side), position.side**2]
    return [float(f"{share:.6g}") for share in shares[order].tolist()]
