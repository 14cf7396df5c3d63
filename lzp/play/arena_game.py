"""One game of the arena: two searches in one process, as a task that shares batches."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from lzp.engine.evaluator import Evaluator
from lzp.engine.many import Question, Task
from lzp.engine.player import Decision, Player
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits
from lzp.go import BLACK, EMPTY, WHITE, Game
from lzp.play.arena_settings import Contestant
from lzp.play.referee import Referee

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
    """A finished game; counts are (first contestant's, second's).

    Attributes:
        number: counted from 0.
        first_color: the first contestant's color.
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
    first_color: int
    winner: int
    ending: str
    points: float
    opening: int
    moves: tuple[int, ...]
    evaluations: tuple[int, int]
    playouts: tuple[int, int]
    seconds: float

    @property
    def first_score(self) -> float:
        """Points of the first contestant: 1, 0.5 or 0."""
        if self.winner == EMPTY:
            return 0.5
        return 1.0 if self.winner == self.first_color else 0.0


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
        limits = self._limits(game)
        search.set_position(game)
        search.begin()
        spent = 0
        while True:
            planes = search.gather(self._last(limits, spent))
            if len(planes):
                spent += len(planes)
                search.accept(*(yield Question(self._network, planes)))
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
        most = self._most * _MOST_PLAYOUTS_PER_EVALUATION
        return replace(limits, playouts=min(limits.playouts or most, most))

    def _last(self, limits: SearchLimits, spent: int) -> SearchLimits:
        """Return the limits of the next batch: the last one may have to be smaller."""
        if self._most is None or self._most - spent >= self._batch:
            return limits
        made = self._player.search.report().playouts
        return replace(limits, playouts=made + self._most - spent)


class Table:
    """A game being played by two seats."""

    def __init__(self, rules: ArenaRules, number: int, seats: tuple[Seat, Seat]) -> None:
        """Seat the first contestant as Black in even games, counted from 0."""
        self._rules = rules
        self._number = number
        self._seats = seats
        self._first_color = BLACK if number % 2 == 0 else WHITE
        self._game = Game(rules.side, rules.komi)
        self._agreed_by: list[int] = []  # who is winning, in the view of each move's seat

    def play(self, opening: list[int], referee: Referee) -> Task[ArenaGame]:
        """Play from an opening to the end."""
        started = time.monotonic()
        game = self._game
        for move in opening:
            game.play(move)
        winner, ending = EMPTY, ""
        while not ending and not game.is_over and game.ply < self._rules.max_moves:
            color = game.to_play
            decision = yield from self._seat(color).choose(game)
            if decision.move is None:
                winner, ending = BLACK + WHITE - color, "resign"
            else:
                game.play(decision.move)
                winner = self._agreed(color, decision.report.winrate)
                ending = "agreed" if winner != EMPTY else ""
        points = 0.0
        if not ending:
            ending = "score" if game.is_over else "length"
            points, _ = referee.score(game)
            winner = BLACK if points > 0 else WHITE if points < 0 else EMPTY
        return ArenaGame(
            number=self._number,
            first_color=self._first_color,
            winner=winner,
            ending=ending,
            points=points,
            opening=len(opening),
            moves=tuple(move for _, move in game.moves),
            evaluations=(self._seats[0].evaluations, self._seats[1].evaluations),
            playouts=(self._seats[0].playouts, self._seats[1].playouts),
            seconds=round(time.monotonic() - started, 2),
        )

    def _seat(self, color: int) -> Seat:
        """Return who plays a color."""
        return self._seats[0 if color == self._first_color else 1]

    def _agreed(self, color: int, winrate: float) -> int:
        """Return who has won if both sides have said so for long enough; EMPTY otherwise."""
        sure = self._rules.agreed_winrate
        ahead = EMPTY
        if sure < 1 and winrate >= sure:
            ahead = color
        elif sure < 1 and winrate <= 1 - sure:
            ahead = BLACK + WHITE - color
        if ahead == EMPTY or (self._agreed_by and self._agreed_by[-1] != ahead):
            self._agreed_by.clear()
        if ahead != EMPTY:
            self._agreed_by.append(ahead)
        return ahead if len(self._agreed_by) >= self._rules.agreed_moves else EMPTY


def seed_of(seed: int, number: int, contestant: int) -> int:
    """Return the seed of a contestant's search in one game."""
    return int(np.random.SeedSequence([seed, number, contestant]).generate_state(1, np.uint64)[0])


def numbers_of(games: int, part: int, parts: int) -> Iterator[int]:
    """Yield the numbers of the games of one part; both games of an opening are in one."""
    return (number for number in range(games) if number // 2 % parts == part)
