"""From a clock and a search to a decision: how long to think, what to play, when to give up.

The rules about resigning are Leela Zero 0.17's, but for more patience with a handicap.
"""

import math
import threading
import time
from dataclasses import dataclass
from typing import Literal, Unpack

import numpy as np

from lzp.engine.clock import Clock
from lzp.engine.drawing import draw_by_visits, draw_opening, draw_weaker
from lzp.engine.pacing import Pacing
from lzp.engine.passing import consider_passing, instead_of_pass, settled_score
from lzp.engine.report import MoveReport, SearchReport
from lzp.engine.restrictions import MoveRestrictions
from lzp.engine.search import Search, Watching
from lzp.engine.search_kernels import fills_own_eye
from lzp.engine.search_params import SearchLimits
from lzp.engine.slack import without_slack
from lzp.engine.time_plan import leela_move_time_s, own_plan
from lzp.go.constants import WHITE
from lzp.go.counting import final_lead
from lzp.go.final_status import find_status
from lzp.go.game import Game

#: Resigning begins after this share of the board's points, in moves.
_RESIGN_AFTER = 1 / 4
_DEFAULT_RESIGN_PERCENT = 10.0
#: White gives up later against a handicap, up to this share of the board's points.
_HANDICAP_BLEND = 0.6
_EVEN = 0.5
#: What counting a score well is taken to last, on a machine that does other things too.
_COUNTING_S = 0.2


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayerParams:
    """How a player spends its time and ends its games.

    Attributes:
        visits: most visits of the root in one search, reused ones included; None is no limit.
        playouts: most playouts of one search; None is no limit.
        max_time_s: most seconds of one search, whatever the clock says; None is no limit.
        time_management: "on" drops moves that can no longer become the best, and ends when
            one is left if the time can be used later; "fast" ends even if it cannot;
            "no_pruning" ends early but drops no move; "off" does neither.
        leela_time: whether a clock is shared out by Leela Zero's formula instead of ours.
        resign_percent: resign at this winrate or below; negative is 10, and later with a
            handicap; 0 is never.
        patience: by how much of the board's points White resigns later for each handicap
            stone, where resign_percent is negative; Leela Zero has 0.
        temperature: 0 plays the best move; above 0 each move is drawn, by visits, or by the
            network's policy where visits is 1. No search ends early then.
        variety: whether moves of the opening are drawn among those about as good.
    """

    visits: int | None = None
    playouts: int | None = None
    max_time_s: float | None = None
    time_management: Literal["on", "off", "fast", "no_pruning"] = "on"
    leela_time: bool = False
    resign_percent: float = -1.0
    patience: float = 1 / 36
    temperature: float = 0.0
    variety: bool = False

    def __post_init__(self) -> None:
        """Check the ranges.

        Raises:
            ValueError: naming the field and its value.
        """
        SearchLimits(visits=self.visits, playouts=self.playouts, time_s=self.max_time_s)
        if not -100 <= self.resign_percent <= 100:
            raise ValueError(f"resign_percent must be -100 to 100, not {self.resign_percent:g}")
        if not 0 <= self.patience <= 1:
            raise ValueError(f"patience must be 0 to 1, not {self.patience:g}")
        if not (self.temperature == 0 or 0.01 <= self.temperature <= 100):
            raise ValueError(f"temperature must be 0, or 0.01 to 100, not {self.temperature:g}")
        if self.time_management not in ("on", "off", "fast", "no_pruning"):
            raise ValueError(f"unknown time_management {self.time_management!r}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What a player wants to do.

    Attributes:
        move: y * side + x, side² to pass, or None to resign.
        report: of the search behind it.
        winrate: of the move, for its color, in [0, 1]; 0.5 if it has no visits.
    """

    move: int | None
    report: SearchReport
    winrate: float


@dataclass(frozen=True, slots=True)
class _Ending:
    """What a decision may do about the end of the game, and until when (`time.monotonic`)."""

    may_resign: bool = True
    cleanup: bool = False
    deadline_s: float = math.inf


@dataclass(frozen=True, slots=True)
class _LastMove:
    """A decision of ours: at what ply of whose game, and what it promised."""

    color: int
    ply: int
    winrate: float


class Player:
    """Decides on moves with one search. Not to be shared between threads."""

    def __init__(self, search: Search, params: PlayerParams) -> None:
        """Play with a search."""
        self.search = search
        self.params = params
        self._last: _LastMove | None = None

    def choose(
        self,
        game: Game,
        color: int,
        *,
        clock: Clock | None = None,
        cleanup: bool = False,
        **watching: Unpack[Watching],
    ) -> Decision:
        """Think, and return what a color should do; the game stays as it is.

        Args:
            game: the position.
            color: who is to move; may be out of turn.
            clock: started for the color if it does not run yet, and stopped; None sets no
                time.
            cleanup: whether dead stones are to be taken: no passing while there is another
                move that fills no own eye, and no resigning.
            watching: see `Watching`; once it is stopped, a move is decided on all the same.

        Raises:
            EvaluationError: the network's answer cannot be used.
            ValueError: the network is for another side.
        """
        game = _with_turn(game, color)
        if clock is not None:
            clock.start(color)
        try:
            self.search.set_position(game)
            limits = self._limits(game, clock)
            deadline_s = _deadline_s(limits)
            report = self.search.run(limits, **watching)
            may_resign = not cleanup
            restrictions = watching.get("restrictions")
            if restrictions is not None and restrictions.forbids_resigning(color, game.ply):
                may_resign = False
            ending = _Ending(may_resign, cleanup, deadline_s)
            decision = self._decide(game, report, ending)
        finally:
            if clock is not None:
                clock.stop(color)
        self._last = _LastMove(color, game.ply, decision.winrate)
        return decision

    def choose_without_network(
        self,
        game: Game,
        color: int,
        *,
        cleanup: bool = False,
        restrictions: MoveRestrictions | None = None,
    ) -> Decision:
        """Return a legal move after `choose` failed, from what the search knows; never resign.

        That is the tree as far as it came, or the network's opinion of the position alone.
        Where there is neither, a random move that fills no own eye.

        Args:
            game: the position, as `choose` was given it.
            color: who is to move.
            cleanup: see `choose`.
            restrictions: moves to leave out.
        """
        game = _with_turn(game, color)
        self.search.set_position(game)
        if self.search.tree.is_root_expanded:
            report = self.search.report()
            return self._decide(game, report, _Ending(False, cleanup))
        _expand_by_chance(self.search, restrictions)
        report = self.search.report(min_moves=game.pass_move + 1)
        self.search.clear()
        for best in report.moves:
            if best.move != game.pass_move and not fills_own_eye(game.boards, best.move):
                if not cleanup:
                    best = consider_passing(game, report.moves, best, self._score(game))
                return Decision(best.move, report, _EVEN)
        return Decision(game.pass_move, report, _EVEN)

    def ponder(self, game: Game, stop: threading.Event) -> SearchReport | None:
        """Think about a position until the stop signal or the visit and playout limits.

        Args:
            game: the position, usually with the opponent to move.
            stop: ends the pondering.

        Returns:
            What was found; None if the game is over and there is nothing to think about.
        """
        if game.is_over:
            return None
        self.search.set_position(game)
        limits = SearchLimits(visits=self.params.visits, playouts=self.params.playouts)
        return self.search.run(limits, stop=stop)

    def limits(self, game: Game) -> SearchLimits:
        """Return when to stop thinking about a move without a clock; for a search in steps."""
        return self._limits(game, None)

    def decide(self, game: Game) -> Decision:
        """Return what the search leads to that was run in steps from a game's position."""
        return self._decide(game, self.search.report(), _Ending())

    def _limits(self, game: Game, clock: Clock | None) -> SearchLimits:
        """Return when to stop thinking about a move; the clock runs already."""
        params = self.params
        mode = "off" if params.temperature else params.time_management
        pacing, time_s, can_bank = None, params.max_time_s, True
        if clock is not None and params.leela_time:
            time_s = self._leela_time_s(game, clock)
            can_bank = clock.can_bank(game.to_play)
        elif clock is not None:
            pacing = self._pacing(game, clock)
            can_bank = pacing.plan.can_bank
        may_end = mode == "fast" or (mode != "off" and can_bank and params.playouts is None)
        return SearchLimits(
            visits=params.visits,
            playouts=params.playouts,
            time_s=time_s,
            prune=mode in ("on", "fast"),
            stop_when_decided=may_end,
            pacing=pacing,
        )

    def _leela_time_s(self, game: Game, clock: Clock) -> float:
        """Return what Leela Zero would give a move, within the player's own limit."""
        area, saves = game.side * game.side, self.params.time_management != "off"
        time_s = leela_move_time_s(clock, game.to_play, area, game.ply, saves_time=saves)
        return time_s if self.params.max_time_s is None else min(time_s, self.params.max_time_s)

    def _pacing(self, game: Game, clock: Clock) -> Pacing:
        """Return how a move's time is decided on; with time management off, it is fixed."""
        plan = own_plan(clock, game.to_play, game.side * game.side, game.ply)
        if self.params.max_time_s is not None:
            plan = plan.limited(self.params.max_time_s)
        if self.params.time_management == "off":
            return Pacing(plan.fixed())
        last, before = self._last, None
        if last is not None and (last.color, last.ply + 2) == (game.to_play, game.ply):
            before = last.winrate
        return Pacing(plan, before)

    def _decide(self, game: Game, report: SearchReport, ending: _Ending) -> Decision:
        """Return the decision that a finished search leads to."""
        moves = report.moves or self.search.report(min_moves=1).moves
        best = self._draw(game, moves)
        if best.move == game.pass_move:  # another may be played instead, and be unvisited
            moves = self.search.report(min_moves=game.pass_move + 1).moves
        if ending.cleanup:
            best = instead_of_pass(game, moves) if best.move == game.pass_move else best
        elif not self.search.params.dumb_pass:
            best = self._end_well(game, moves, best, ending.deadline_s)
        winrate = best.winrate if best.visits else _EVEN
        if self.params.temperature:  # a bad move may be drawn in a good position
            winrate = report.winrate
        may_resign = ending.may_resign and best.move != game.pass_move
        resigns = may_resign and self._is_lost(game, winrate)
        return Decision(None if resigns else best.move, report, winrate)

    def _end_well(
        self, game: Game, moves: tuple[MoveReport, ...], best: MoveReport, deadline_s: float
    ) -> MoveReport:
        """Return what to do once the score is looked at: pass, play on, or lose no points."""
        if best.move == game.pass_move or game.passes > 0:
            dead_are_off = self.search.params.settling_under(game.rules) > 0
            score = self._score(game, deadline_s)
            best = consider_passing(game, moves, best, score, dead_are_off=dead_are_off)
        if self.search.params.slack_margin == 0 or best.move == game.pass_move:
            return best
        return without_slack(game, moves, best, self.search.params.slack_margin, deadline_s)

    def _score(self, game: Game, deadline_s: float = math.inf) -> float:
        """Return Black's lead if the game ended now, as the search counts it."""
        playouts = self.search.params.settling_under(game.rules)
        if playouts == 0:
            return game.score()
        if time.monotonic() + _COUNTING_S > deadline_s:
            return settled_score(game, playouts)
        return final_lead(game, find_status(game))

    def _draw(self, game: Game, moves: tuple[MoveReport, ...]) -> MoveReport:
        """Return the best move or, if that is asked for, a drawn one."""
        params, random = self.params, self.search.random
        if params.temperature:
            every = self.search.report(min_moves=game.pass_move + 1).moves
            by_policy = params.visits == 1
            return draw_weaker(game, every, params.temperature, random, by_policy=by_policy)
        if game.ply < self.search.params.random_moves:
            return draw_by_visits(moves, self.search.params, random)
        return draw_opening(game, moves, random) if params.variety else moves[0]

    def _is_lost(self, game: Game, winrate: float) -> bool:
        """Return whether a move's winrate is low enough, and the game old enough, to resign."""
        percent = self.params.resign_percent
        area = game.side * game.side
        is_handicap = percent < 0 and game.handicap > 0 and game.to_play == WHITE
        begins = _RESIGN_AFTER + (self.params.patience * game.handicap if is_handicap else 0.0)
        if percent == 0 or game.ply <= int(area * begins):
            return False
        threshold = (_DEFAULT_RESIGN_PERCENT if percent < 0 else percent) / 100
        if is_handicap:
            share = min(1.0, game.ply / (_HANDICAP_BLEND * area))
            threshold = share * threshold + (1 - share) * threshold / (1 + game.handicap)
        return winrate <= threshold


def _deadline_s(limits: SearchLimits) -> float:
    """Return until when a decision has to be there; a clock alone sets that."""
    return math.inf if limits.pacing is None else time.monotonic() + limits.pacing.plan.deadline_s


def _with_turn(game: Game, color: int) -> Game:
    """Return the game with a color to move; a copy if it is not its turn."""
    if game.to_play == color:
        return game
    twin = game.copy()
    twin.to_play = color
    return twin


def _expand_by_chance(search: Search, restrictions: MoveRestrictions | None) -> None:
    """Open a search's root with a random policy, an even winrate and the rules' candidates."""
    search.begin(restrictions)
    planes = search.gather(SearchLimits(visits=1))
    moves = planes.shape[2] * planes.shape[3] + 1
    policy = search.random.random((len(planes), moves), np.float32)
    search.accept(policy, np.full(len(planes), _EVEN, np.float32))
