"""One position of a query while it is searched."""

import time

import numpy as np
from numpy.typing import NDArray

from lzp.engine.analysis.models import Model
from lzp.engine.analysis.query import Query
from lzp.engine.ownership import estimate_ownership
from lzp.engine.report import SearchReport
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.engine.tree_state import UNKNOWN, TreeArrays
from lzp.features import SYMMETRIES, encode, symmetry_tables
from lzp.go.board import Board
from lzp.go.game import Game

#: Random games that ownership is estimated by: as many as visits, within these bounds.
_LEAST_PLAYOUTS = 64
_MOST_PLAYOUTS = 256


class Position:
    """A position and its search, which asks for batches and is given answers.

    The network is asked about the position as it lies first: what it says is told as its
    policy, and opens the root.

    Attributes:
        query: where it comes from.
        turn: which position of the query's game it is.
        priority: the higher is served first.
        boards: BOARD array [1], as it stands there.
        legal: bool [side² + 1], the moves that may be played there.
        ownership: float32 [side²] row by row from the top left, 1 for Black's points and -1
            for White's; None unless it is wanted.
        policy: the network's, float32 [side² + 1] by move; None until it has answered.
        winrate: the network's, of the color to move.
        is_closed: whether its search is over, one way or another.
        error: what ended it before its time; None for nothing.
        served: number of the last batch that it was part of, for those who make them.
    """

    def __init__(self, query: Query, turn: int) -> None:
        """Wait with a position; nothing is made of it before `begin`."""
        self.query = query
        self.turn = turn
        self.priority = query.priorities[turn]
        self.side = query.record.side
        self.ownership: NDArray[np.float32] | None = None
        self.policy: NDArray[np.float32] | None = None
        self.winrate = 0.5
        self.is_closed = False
        self.error: str | None = None
        self.served = 0
        self._has_asked = False
        self._report_due_s = float("inf")

    def begin(self, game: Game, model: Model, params: SearchParams) -> None:
        """Take the position from a board and start its clock.

        Args:
            game: that shows it; may go on to another one afterwards.
            model: that will be asked.
            params: constants of the search, without a cache of its own.

        Raises:
            ValueError: a constant is out of range.
        """
        query, settings = self.query, self.query.settings
        self.boards = game.boards.copy()
        self.legal = np.zeros(game.pass_move + 1, np.bool_)
        self.legal[game.legal_moves()] = True
        if query.ownership:
            playouts = min(max(settings.visits, _LEAST_PLAYOUTS), _MOST_PLAYOUTS)
            self.ownership = estimate_ownership(game, playouts=playouts)
        self.limits = SearchLimits(
            visits=settings.visits, playouts=settings.playouts, time_s=settings.time_s
        )
        self.search = Search(model.network, settings.search_params(params))
        self.search.tree.cache = model.cache
        self.search.set_position(game)
        self.search.begin(query.restrictions(self.turn))
        if query.first_report_s is not None:
            self._report_due_s = time.monotonic() + query.first_report_s

    def gather(self, most: int) -> NDArray[np.uint8]:
        """Return planes to be evaluated, uint8 [count, 18, side, side], `most` at most.

        None, if nothing can be asked before an answer is there, or nothing at all.
        """
        if self.is_closed:
            return np.empty((0, 0, self.side, self.side), np.uint8)
        if self.policy is not None:
            return self.search.gather(self.limits, most)
        planes = encode(self.boards)
        if self._has_asked:
            return planes[:0]
        self._has_asked = True
        return planes

    def accept(self, policy: NDArray[np.float32], winrate: NDArray[np.float32]) -> None:
        """Take the answer to what was gathered first and not answered yet.

        Args:
            policy: float32 [count, side² + 1].
            winrate: float32 [count], of the color to play.

        Raises:
            EvaluationError: it cannot be used.
        """
        if self.is_closed:
            return
        if self.policy is not None:
            self.search.accept(policy, winrate)
            return
        planes = self.search.gather(self.limits, 1)
        if len(planes):  # else the root was remembered
            self.search.accept(self._turned(policy, planes), winrate)
        self.policy, self.winrate = policy[0].copy(), float(winrate[0])
        temper_root(self.search.tree.arrays, self.query.settings.root_exponent)

    def _turned(
        self, policy: NDArray[np.float32], planes: NDArray[np.uint8]
    ) -> NDArray[np.float32]:
        """Return the policy as the search expects it, which saw the root under a symmetry."""
        for symmetry in range(SYMMETRIES):
            if np.array_equal(encode(self.boards, symmetry), planes):
                turned = policy.copy()
                turned[0, :-1] = policy[0, symmetry_tables(self.side)[symmetry]]
                return turned
        raise AssertionError("the search looks at another position")

    @property
    def board(self) -> Board:
        """The position, to look at."""
        return Board(self.boards)

    @property
    def to_play(self) -> int:
        """The color to move."""
        return int(self.boards[0]["to_play"])

    @property
    def has_result(self) -> bool:
        """Whether there is anything to report."""
        return self.policy is not None

    def is_done(self) -> bool:
        """Return whether a limit is reached."""
        return self.has_result and self.search.is_done(self.limits)

    def takes_report(self) -> bool:
        """Return whether it is time for a report while it searches; sets the next time."""
        now = time.monotonic()
        if now < self._report_due_s or not self.has_result:
            return False
        every_s = self.query.report_every_s
        self._report_due_s = float("inf") if every_s is None else now + every_s
        return True

    def report(self) -> SearchReport:
        """Return what is known now; only if there is a result."""
        return self.search.report()

    def fail(self, error: str) -> None:
        """End the search for a reason."""
        self.error = self.error or error
        self.close()

    def close(self) -> None:
        """End the search; answers that still come are for nobody."""
        self.is_closed = True
        if self._has_asked:
            self.search.cancel()


def temper_root(tree: TreeArrays, exponent: float) -> None:
    """Raise the priors of a root that has no visited moves to a power; their sum stays."""
    row = tree.priors[0]
    waiting = row >= 0
    total = float(row[waiting].sum())
    if exponent == 1.0 or total <= 0:
        return
    powers = row[waiting].astype(np.float64) ** exponent
    row[waiting] = powers * (total / powers.sum())
    tree.nodes[0]["next_move"] = UNKNOWN
