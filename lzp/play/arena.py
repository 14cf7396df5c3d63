"""An arena: many games between contestants at once, in one process and shared batches.

Read `Arena.play` first, then `Seat.choose` in arena_game.py and `Together` in the engine.
"""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from lzp.engine.evaluator import Evaluator
from lzp.engine.many import BatchCounts, Task, Together
from lzp.go import Game
from lzp.play.arena_game import ArenaGame, ArenaRules, Seat, Table, seed_of
from lzp.play.arena_openings import draw_opening
from lzp.play.arena_results import ArenaError, ArenaFolder
from lzp.play.arena_settings import Contestant
from lzp.play.match_schedule import Seating, schedule
from lzp.play.openings import Openings, open_openings
from lzp.play.referee import Referee

#: Openings drawn from the first contestant's network (arena_openings.py).
NETWORK = "network"

#: Opens a network: the file (None is the one that ships) and the largest batch.
Opener = Callable[[Path | None, int], Evaluator]


@dataclass(frozen=True, kw_only=True, slots=True)
class ArenaOptions:
    """Games between two contestants, or each with each of several.

    Attributes:
        contestants: two or more.
        games: of each pairing; every opening is played twice, the colors exchanged.
        gauntlet: whether only the first contestant meets the others.
        rules: of every game.
        parallel: games at once.
        seed: of openings and searches.
        openings: what `open_openings` takes, or "network" for openings drawn from it.
        referee: what `Referee` takes; None for Tromp-Taylor.
        part: which part of the games is played here, of `parts`.
        parts: for several processes that write to one folder.
    """

    contestants: tuple[Contestant, ...]
    games: int
    gauntlet: bool = False
    rules: ArenaRules = field(default_factory=ArenaRules)
    parallel: int = 64
    seed: int = 0
    openings: str | None = None
    referee: str | None = None
    part: int = 0
    parts: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ArenaError: one is out of range.
        """
        if len(self.contestants) < 2:
            raise ArenaError("an arena needs two contestants or more")
        if self.games < 1 or self.parallel < 1:
            raise ArenaError("games, and games at once, must be 1 or more")
        if not 0 <= self.part < self.parts:
            raise ArenaError(f"no part {self.part + 1} of {self.parts}")
        if self.seed < 0:
            raise ArenaError(f"seed must be 0 or more, not {self.seed}")

    def identity(self) -> dict[str, Any]:
        """Return what two runs must share for one to go on with the other's games."""
        listed = self.listed_openings()
        contestants = [asdict(contestant) for contestant in self.contestants]
        for values in contestants:
            values["weights"] = values["weights"] and str(values["weights"])
        return {
            "contestants": contestants,
            "gauntlet": self.gauntlet,
            "rules": asdict(self.rules),
            "seed": self.seed,
            "openings": NETWORK if listed is None else listed.identity,
            "referee": self.referee,
        }

    def listed_openings(self) -> Openings | None:
        """Return the openings; None if they are drawn from the network."""
        if self.openings == NETWORK:
            return None
        return open_openings(self.openings, self.rules.side, self.seed)

    def seatings(self) -> list[Seating]:
        """Return the whole schedule."""
        return schedule(len(self.contestants), self.games, gauntlet=self.gauntlet)

    def own_seatings(self) -> list[Seating]:
        """Return what is played here; both games of an opening are in one part."""
        return [each for each in self.seatings() if each.number // 2 % self.parts == self.part]


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
        self._listed = options.listed_openings()
        self._openings: dict[int, list[int]] = {}
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
        seatings = (each for each in self.options.own_seatings() if each.number not in self.games)
        try:
            for game in self._together.run(map(self._game, seatings)):
                self.games[game.number] = game
                if self._folder is not None:
                    self._folder.append(game)
                yield game
        finally:
            self._referee.close()

    def _game(self, seating: Seating) -> Task[ArenaGame]:
        """Take an opening and play it."""
        if seating.opening not in self._openings:
            opening = yield from self._opening(seating.opening)
            # Another game with this opening may have been faster, on another row of a batch.
            self._openings.setdefault(seating.opening, opening)
        seats = (self._seat(seating, seating.black), self._seat(seating, seating.white))
        table = Table(self.options.rules, seating, seats)
        return (yield from table.play(self._openings[seating.opening], self._count))

    def _opening(self, number: int) -> Task[list[int]]:
        """Return an opening's moves; a task, since the network may be asked for it."""
        if self._listed is not None:
            return self._listed.moves(number)
        rules = self.options.rules
        return (yield from draw_opening(rules.side, rules.komi, self.options.seed, number))

    def _count(self, game: Game) -> float:
        """Return Black's lead of a game that is over."""
        return self._referee.score(game)[0]

    def _seat(self, seating: Seating, index: int) -> Seat:
        """Seat a contestant at a game."""
        contestant = self.options.contestants[index]
        network = self._files.index(contestant.weights)
        seed = seed_of(self.options.seed, seating.number, index)
        return Seat(contestant, self._evaluators[network], network, seed)
