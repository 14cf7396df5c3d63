"""One game of the arena: two searches in one process, as a task that shares batches."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from lzp.engine.evaluator import Evaluator
from lzp.engine.many import Question, Task
from lzp.engine.player import Decision, Player
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits
from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.play.arena_settings import Contestant
from lzp.play.match_results import PlayedGame
from lzp.play.match_schedule import Seating

#: Black's lead in points, after komi, of a game that is over.
Counter = Callable[[Game], float]

#: A search that asks the network for fewer positions than it may, because it knows the
#: ends of its lines, makes at most so many times as many playouts.
_MOST_PLAYOUTS_PER_EVALUATION = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaRules:
    """What all games of an arena have in common.

    Attributes:
        side: of the board.
        komi: points for White.
        max_moves: a longer game is scored as it stands.
        agreed_winrate: a game ends when both contestants give the same color this winrate
            or more; 1 never ends one.
        agreed_moves: for so many moves in a row.
    """

    side: int = 19
    komi: float = 7.5
    max_moves: int = 722
    agreed_winrate: float = 0.97
    agreed_moves: int = 6

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is out of range; the text names it.
        """
        if not abs(self.komi) <= self.side * self.side:
            raise ValueError(f"komi {self.komi} is larger than the board")
        if self.max_moves < 1:
            raise ValueError(f"max moves must be 1 or more, not {self.max_moves}")
        if not 0.5 < self.agreed_winrate <= 1:
            raise ValueError(f"agreed winrate must be above 0.5 to 1, not {self.agreed_winrate:g}")
        if self.agreed_moves < 2:
            raise ValueError(f"agreed moves must be 2 or more, not {self.agreed_moves}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaGame:
    """A finished game; pairs of counts are (Black's, White's).

    Attributes:
        number: counted from 0; games 2k and 2k + 1 have one opening, colors exchanged.
        black: number of the contestant with Black, counted from 0.
        white: number of the contestant with White.
        winner: BLACK, WHITE or EMPTY for a draw.
        ending: "score", "resign", "agreed" or "length".
        points: Black's lead after komi, where it was counted.
        opening: how many of the moves are the opening's.
        moves: all of them, Black first.
        evaluations: positions sent to the network.
        playouts: made by the searches.
        seconds: wall time; many games share it.
    """

    number: int
    black: int
    white: int
    winner: int
    ending: str
    points: float
    opening: int
    moves: tuple[int, ...]
    evaluations: tuple[int, int]
    playouts: tuple[int, int]
    seconds: float

    def as_played(self) -> PlayedGame:
        """Return the game as a line of a match's results; all games have a result here."""
        return PlayedGame(
            number=self.number,
            black=self.black,
            white=self.white,
            winner=self.winner,
            ending="score" if self.ending == "length" else self.ending,
            points=abs(self.points),
            detail=self.ending,
            moves=len(self.moves),
            seconds=self.seconds,
        )


class Seat:
    """A contestant at one game: its tree, kept between moves, and what it spent."""

    def __init__(
        self, contestant: Contestant, evaluator: Evaluator, network: int, seed: int
    ) -> None:
        """Seat a contestant whose questions go to network number `network`."""
        search = Search(evaluator, replace(contestant.search, seed=seed))
        self._player = Player(search, contestant.player)
        self._most = contestant.evaluations
        self._batch = contestant.search.batch_size
        self._network = network
        self.evaluations = 0
        self.playouts = 0

    def choose(self, game: Game) -> Task[Decision]:
        """Think about a position until the budget is spent, and return what to do."""
        search = self._player.search
        search.set_position(game)
        limits = self._limits(game)
        search.begin()
        spent = 0
        while True:
            planes = search.gather(self._last(limits, spent))
            if len(planes):
                spent += len(planes)
                search.accept(*(yield Question(self._network, planes)))
                if self._goes_on(limits, spent):
                    continue
            if search.is_done(limits) or spent == self._most:
                break
        decision = self._player.decide(game)
        self.evaluations += spent
        self.playouts += decision.report.playouts
        return decision

    def _limits(self, game: Game) -> SearchLimits:
        """Return the visits and playouts at which a search ends."""
        limits = self._player.limits(game)
        if self._most is None:
            return limits
        search = self._player.search
        most = self._most * _MOST_PLAYOUTS_PER_EVALUATION
        if search.params.halving_visits >= self._most:
            # Its rounds are planned for the playouts that there will be; the root is none.
            most = max(1, self._most - (not search.tree.is_root_expanded))
        return replace(limits, playouts=min(limits.playouts or most, most))

    def _goes_on(self, limits: SearchLimits, spent: int) -> bool:
        """Return whether a search is sure to go on, so that it need not be asked."""
        counts_alone = limits.visits is None and not (limits.prune or limits.stop_when_decided)
        return counts_alone and self._most is not None and spent < self._most

    def _last(self, limits: SearchLimits, spent: int) -> SearchLimits:
        """Return the limits of the next batch: the last one may have to be smaller."""
        if self._most is None or self._most - spent >= self._batch:
            return limits
        made = self._player.search.report().playouts
        return replace(limits, playouts=made + self._most - spent)


class Table:
    """A game being played by two seats."""

    def __init__(self, rules: ArenaRules, seating: Seating, seats: tuple[Seat, Seat]) -> None:
        """Seat two contestants, Black first."""
        self._rules = rules
        self._seating = seating
        self._seats = {BLACK: seats[0], WHITE: seats[1]}
        self._game = Game(rules.side, rules.komi)
        self._ahead = EMPTY  # who is winning, as both have said for so many moves
        self._agreed = 0

    def play(self, opening: Sequence[int], count: Counter) -> Task[ArenaGame]:
        """Play from an opening to the end.

        Args:
            opening: moves, Black first.
            count: gives Black's lead of a game that is over.
        """
        started = time.monotonic()
        game = self._game
        for move in opening:
            game.play(move)
        winner, ending = EMPTY, ""
        while not ending and not game.is_over and game.ply < self._rules.max_moves:
            color = game.to_play
            decision = yield from self._seats[color].choose(game)
            if decision.move is None:
                winner, ending = BLACK + WHITE - color, "resign"
            else:
                game.play(decision.move)
                if self._is_agreed(color, decision.report.winrate):
                    winner, ending = self._ahead, "agreed"
        points = 0.0
        if not ending:
            ending = "score" if game.is_over else "length"
            points = count(game)
            winner = BLACK if points > 0 else WHITE if points < 0 else EMPTY
        black, white = self._seats[BLACK], self._seats[WHITE]
        return ArenaGame(
            number=self._seating.number,
            black=self._seating.black,
            white=self._seating.white,
            winner=winner,
            ending=ending,
            points=points,
            opening=len(opening),
            moves=tuple(move for _, move in game.moves),
            evaluations=(black.evaluations, white.evaluations),
            playouts=(black.playouts, white.playouts),
            seconds=round(time.monotonic() - started, 2),
        )

    def _is_agreed(self, color: int, winrate: float) -> bool:
        """Return whether both sides have said for long enough that one has won."""
        sure = self._rules.agreed_winrate
        ahead = EMPTY
        if sure < 1 and winrate >= sure:
            ahead = color
        elif sure < 1 and winrate <= 1 - sure:
            ahead = BLACK + WHITE - color
        self._agreed = self._agreed + 1 if ahead == self._ahead != EMPTY else int(ahead != EMPTY)
        self._ahead = ahead
        return self._agreed >= self._rules.agreed_moves


def seed_of(seed: int, number: int, contestant: int) -> int:
    """Return the seed of a contestant's search in one game."""
    return int(np.random.SeedSequence([seed, number, contestant]).generate_state(1, np.uint64)[0])
