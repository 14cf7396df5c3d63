"""An arena: many games between contestants at once, in one process and shared batches.

Read `Arena.play` first, then `Seat.choose` in arena_game.py and `Together` in the engine.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lzp.engine.evaluator import Evaluator
from lzp.engine.many import BatchCounts, Task, Together
from lzp.play.arena_game import ArenaGame, ArenaRules, Seat, Table, numbers_of, seed_of
from lzp.play.arena_openings import draw_opening
from lzp.play.arena_results import ArenaError, ArenaFolder
from lzp.play.arena_settings import Contestant
from lzp.play.referee import Referee

#: Opens a network: the file (None is the one that ships) and the largest batch.
Opener = Callable[[Path | None, int], Evaluator]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaOptions:
    """Games between two contestants.

    Attributes:
        contestants: the two; the first is Black in the even games, counted from 0.
        games: how many; 2k and 2k + 1 share an opening.
        rules: of every game.
        parallel: games at once.
        seed: of openings and searches.
        referee: command line of the engine that scores; None for Tromp-Taylor.
        part: which part of the games is played here, of `parts`.
        parts: for several processes that write to one folder.
    """

    contestants: tuple[Contestant, Contestant]
    games: int
    rules: ArenaRules = field(default_factory=ArenaRules)
    parallel: int = 64
    seed: int = 0
    referee: str | None = None
    part: int = 0
    parts: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ArenaError: one is out of range.
        """
        if self.games < 1 or self.parallel < 1:
            raise ArenaError("games, and games at once, must be 1 or more")
        if not 0 <= self.part < self.parts:
            raise ArenaError(f"no part {self.part + 1} of {self.parts}")
        if self.seed < 0:
            raise ArenaError(f"seed must be 0 or more, not {self.seed}")

    def identity(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's games."""
        contestants = [asdict(contestant) for contestant in self.contestants]
        for values in contestants:
            values["weights"] = values["weights"] and str(values["weights"])
        rules = asdict(self.rules)
        referee = self.referee
        return {"contestants": contestants, "rules": rules, "seed": self.seed, "referee": referee}


class Arena:
    """Plays the games of an arena; those that its folder holds are not played again."""

    def __init__(self, options: ArenaOptions, folder: Path | None, open_network: Opener) -> None:
        """Load the networks, one for each file that is named.

        Raises:
            ArenaError: the folder cannot be used, or the networks are for another board.
            ModelError: a network cannot be loaded.
        """
        self.options = options
        self._folder = None if folder is None else ArenaFolder(folder, options.identity())
        self.games = {} if self._folder is None else self._folder.read()
        self._referee = Referee(options.referee)
        files = [contestant.weights for contestant in options.contestants]
        self._files = list(dict.fromkeys(files))
        most = options.parallel * max(each.search.batch_size for each in options.contestants)
        self._evaluators = [open_network(file, most) for file in self._files]
        for evaluator in self._evaluators:
            if evaluator.side != options.rules.side:
                side, asked = evaluator.side, options.rules.side
                raise ArenaError(f"{evaluator.name} plays on {side}x{side}, not on {asked}x{asked}")
        self._openings = {n // 2: list(g.moves[: g.opening]) for n, g in self.games.items()}
        #: Called after every round of evaluations.
        self.on_round: Callable[[], None] = lambda: None
        self._together = Together(self._evaluators, options.parallel, lambda: self.on_round())

    @property
    def counts(self) -> BatchCounts:
        """How full the batches of this run were."""
        return self._together.counts

    def play(self) -> Iterator[ArenaGame]:
        """Play the games that are missing; yields each when it is over and on disk.

        Raises:
            ArenaError: the folder cannot be written.
            EvaluationError: a network failed.
        """
        options = self.options
        numbers = numbers_of(options.games, options.part, options.parts)
        missing = (self._game(number) for number in numbers if number not in self.games)
        try:
            for game in self._together.run(missing):
                self.games[game.number] = game
                if self._folder is not None:
                    self._folder.append(game)
                yield game
        finally:
            self._referee.close()

    def _game(self, number: int) -> Task[ArenaGame]:
        """Draw an opening, or take the one of the other game of the pair, and play it."""
        rules, seed = self.options.rules, self.options.seed
        pair = number // 2
        if pair not in self._openings:
            drawn = yield from draw_opening(rules.side, rules.komi, seed, pair)
            # The other game of the pair may have been faster, on another row of a batch.
            self._openings.setdefault(pair, drawn)
        seats = (self._seat(number, 0), self._seat(number, 1))
        table = Table(rules, number, seats)
        return (yield from table.play(self._openings[pair], self._referee))

    def _seat(self, number: int, index: int) -> Seat:
        """Seat a contestant at a game."""
        contestant = self.options.contestants[index]
        network = self._files.index(contestant.weights)
        seed = seed_of(self.options.seed, number, index)
        return Seat(contestant, self._evaluators[network], network, seed)
