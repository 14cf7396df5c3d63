"""What a search found, for people, protocols and the player. Made by the search's thread."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lzp.engine.report_kernels import write_move_stats, write_variation
from lzp.engine.student import student_quantiles
from lzp.engine.tree_state import INVALID, MOVE_STATS, TreeArrays, root_edges

#: Moves of a principal variation that are shown at most.
MOST_SHOWN = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class MoveReport:
    """One move of the root, in the view of the color to move, winrates in [0, 1].

    Attributes:
        move: y * side + x, or side² for the pass.
        visits: 0 for a move that was not looked at.
        winrate: the mean of its playouts; 0 without visits.
        prior: the network's, over the legal moves.
        lcb: lower confidence bound of the winrate, 0 at least, 0 below two visits.
        order: 0 for the best move.
        pv: the principal variation, this move first.
    """

    move: int
    visits: int
    winrate: float
    prior: float
    lcb: float
    order: int
    pv: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class SearchReport:
    """What a search knows at one time.

    Attributes:
        visits_root: of the root, its own evaluation and reused visits included.
        playouts: made by this search.
        winrate: of the color to move, in [0, 1].
        moves: best first.
        elapsed_s: seconds of this search.
        nodes: positions in the tree.
        tree_full: whether the tree met its bound and stopped growing.
        batches: answered by the network in this search.
        leaves: positions in them.
        fill: how full they were, 1 for batches of the size that was asked for.
        answer_s: mean seconds from sending a batch to using its answer.
        lookups: positions looked up in the cache of answers.
        hits: those among them that were found there.
    """

    visits_root: int
    playouts: int
    winrate: float
    moves: tuple[MoveReport, ...]
    elapsed_s: float
    nodes: int
    tree_full: bool
    batches: int = 0
    leaves: int = 0
    fill: float = 0.0
    answer_s: float = 0.0
    lookups: int = 0
    hits: int = 0


class Reporter:
    """Reads the moves of a tree's root in order of merit."""

    def __init__(self, tree: TreeArrays, lcb_ratio: float) -> None:
        """Read a tree; valid until its arrays are replaced."""
        self.tree = tree
        self._ratio = float(lcb_ratio)
        self._quantiles = student_quantiles()
        size = tree.priors.shape[1]
        self._stats = np.zeros(size, MOVE_STATS)
        self._scratch = np.zeros(size, MOVE_STATS)
        self._line = np.zeros(MOST_SHOWN - 1, np.int32)

    def moves(self, least: int = 0) -> tuple[MoveReport, ...]:
        """Return the visited moves of the root, then unvisited ones until `least` are listed."""
        count = write_move_stats(self.tree, 0, self._ratio, self._quantiles, self._stats)
        visited = [self._report(row) for row in sorted(self._stats[:count], key=_merit)[::-1]]
        unvisited = sorted(self._unvisited(), key=lambda report: -report.prior)
        chosen = visited + unvisited[: max(0, least - count)]
        return tuple(replace(report, order=order) for order, report in enumerate(chosen))

    def _report(self, row: np.void) -> MoveReport:
        """Return the report of one visited move."""
        return MoveReport(
            move=int(row["move"]),
            visits=int(row["visits"]),
            winrate=float(row["winrate"]),
            prior=float(row["prior"]),
            lcb=max(0.0, float(row["lcb"])),
            order=0,
            pv=(int(row["move"]), *self._variation(int(row["child"]))),
        )

    def _variation(self, index: int) -> list[int]:
        """Return the best moves from a node on."""
        length = write_variation(
            self.tree, index, self._ratio, self._quantiles, self._scratch, self._line
        )
        moves: list[int] = self._line[:length].tolist()
        return moves

    def _unvisited(self) -> Iterator[MoveReport]:
        """Yield the moves of the root that have no visits."""
        row = self.tree.priors[0]
        waiting = [(int(move), float(row[move])) for move in np.flatnonzero(row >= 0)]
        for edge in root_edges(self.tree):
            if edge["visits"] == 0 and not edge["closed"] & INVALID:
                waiting.append((int(edge["move"]), float(edge["prior"])))
        for move, prior in waiting:
            yield MoveReport(
                move=move, visits=0, winrate=0.0, prior=prior, lcb=0.0, order=0, pv=(move,)
            )

    def winrate(self) -> float:
        """Return the mean of everything backed up to the root, for the color to move."""
        edges = root_edges(self.tree)
        visits = int(edges["visits"].sum())
        total = float(edges["winrate_sum"].sum())
        return (float(self.tree.nodes[0]["net_winrate"]) + total) / (1 + visits)


def _merit(row: np.void) -> tuple[bool, bool, float, int, float]:
    """Return what moves are ordered by: not dropped, a trusted bound, visits, then winrate."""
    trusted = bool(row["trusted"])
    bound = float(row["lcb"]) if trusted else 0.0
    return not row["dropped"], trusted, bound, int(row["visits"]), float(row["winrate"])
