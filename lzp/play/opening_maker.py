"""Makes a set of balanced openings: `python -m lzp.play.opening_maker OUT.txt`.

A candidate is a game of the network's policy, each move drawn. It is kept if nobody has the
better of it: first by the network's winrate as the mean over the eight symmetries, then by a
short search, and if it is no mirror image or rotation of one that is kept already. Candidates
are numbered and each follows from the seed and its number, so that a run that was stopped goes
on after the last opening in the file.
"""

import argparse
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.command_line import OneLineParser
from lzp.engine.evaluator import Evaluator
from lzp.engine.model import ModelError, load_evaluator, shipped_network
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.features import encode
from lzp.features.constants import SYMMETRIES
from lzp.features.symmetry import symmetry_tables
from lzp.go import BLACK, Game
from lzp.go.vertex import format_vertex, parse_vertex
from lzp.play.openings import symmetric_key
from lzp.weights.atomic import replacing

#: Moves less likely than this part of the likeliest one are never drawn.
_LEAST_PART = 0.03
_LINE = re.compile(r"([A-Z0-9 ]+?)\s*# (\d+) .*")
_BATCH = 8
#: So many candidates in a row that are not kept mean that none will be.
_MOST_REFUSED = 2000


@dataclass(frozen=True, kw_only=True, slots=True)
class MakerOptions:
    """What is made.

    Attributes:
        count: how many openings.
        seed: of the candidates.
        least_plies: length of the shortest ones; most_plies of the longest.
        visits: of the search that judges what the network alone finds even.
        most_off: how far from 1/2 the searched winrate may be; the network's own may be twice
            as far.
    """

    count: int = 400
    seed: int = 1
    least_plies: int = 4
    most_plies: int = 10
    visits: int = 100
    most_off: float = 0.02

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is out of range.
        """
        if self.count < 1 or self.visits < 1 or self.seed < 0:
            raise ValueError("count and visits must be 1 or more, the seed not negative")
        if not 0 <= self.least_plies <= self.most_plies <= 100:
            raise ValueError("plies must rise and lie between 0 and 100")
        if not 0 < self.most_off <= 0.25:
            raise ValueError("the winrate may be off by more than 0 and at most 0.25")


@dataclass(frozen=True, slots=True)
class Opening:
    """An opening that was kept.

    Attributes:
        candidate: its number.
        moves: Black's first.
        winrate: Black's after the search, in [0, 1].
    """

    candidate: int
    moves: list[int]
    winrate: float


class OpeningMaker:
    """Draws candidates from a network and judges them."""

    def __init__(self, evaluator: Evaluator, options: MakerOptions) -> None:
        """Make openings for the network's board."""
        self.side = evaluator.side
        self._evaluator = evaluator
        self._options = options
        # Leela Zero's constants, which stay, so that a set can be made again.
        self._search = Search(evaluator, SearchParams.leela(seed=options.seed))

    def make(self, kept: Sequence[Opening]) -> Iterator[Opening]:
        """Yield openings after those that are kept already, without end.

        Raises:
            ValueError: so many candidates in a row were refused that none seem to be left.
        """
        keys = {symmetric_key(opening.moves, self.side) for opening in kept}
        candidate = max((opening.candidate for opening in kept), default=-1)
        last = candidate
        while candidate - last < _MOST_REFUSED:
            candidate += 1
            game = self._draw(candidate)
            moves = [move for _, move in game.moves]
            key = symmetric_key(moves, self.side)
            if key in keys or abs(self._winrate(game) - 0.5) > 2 * self._options.most_off:
                continue
            winrate = self._searched(game)
            if abs(winrate - 0.5) <= self._options.most_off:
                keys.add(key)
                last = candidate
                yield Opening(candidate, moves, winrate)
        raise ValueError(f"none of {_MOST_REFUSED} candidates in a row is new and even")

    def _draw(self, candidate: int) -> Game:
        """Return candidate number `candidate`."""
        options = self._options
        random = np.random.default_rng([options.seed, candidate])
        plies = int(random.integers(options.least_plies, options.most_plies + 1))
        game = Game(self.side)
        for _ in range(plies):
            policy = self._policy(game, int(random.integers(SYMMETRIES)))
            game.play(int(random.choice(len(policy), p=policy)))
        return game

    def _policy(self, game: Game, symmetry: int) -> NDArray[np.float64]:
        """Return the network's policy over legal points, float64 [S²], without unlikely ones."""
        answer = self._evaluator.evaluate(encode(game.boards, symmetry))[0][0]
        policy = np.zeros(self.side**2)
        policy[symmetry_tables(self.side)[symmetry]] = answer[:-1]
        likely = np.zeros_like(policy)
        legal = game.legal_moves()[:-1]
        likely[legal] = policy[legal]
        likely[likely < _LEAST_PART * likely.max()] = 0
        likely /= likely.sum()
        return likely

    def _winrate(self, game: Game) -> float:
        """Return Black's winrate by the network, the mean over all symmetries."""
        boards = np.repeat(game.boards, SYMMETRIES)
        winrates = self._evaluator.evaluate(encode(boards, np.arange(SYMMETRIES)))[1]
        return _for_black(game, float(winrates.mean()))

    def _searched(self, game: Game) -> float:
        """Return Black's winrate by a search from an empty tree."""
        self._search.clear()
        self._search.set_position(game)
        report = self._search.run(SearchLimits(visits=self._options.visits))
        return _for_black(game, report.winrate)


def _for_black(game: Game, winrate: float) -> float:
    """Return Black's winrate from that of the color to move."""
    return winrate if game.to_play == BLACK else 1 - winrate


def read_made(path: Path, head: str, side: int) -> list[Opening]:
    """Return the openings of a file of an earlier run; none if there is no file.

    Raises:
        ValueError: the file was made in another way, or is damaged.
    """
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    if "\n".join(lines[: head.count("\n") + 1]) != head:
        raise ValueError(f"{path} was made with another network or other options")
    openings = []
    for number, line in enumerate(lines[head.count("\n") + 1 :], start=head.count("\n") + 2):
        match = _LINE.fullmatch(line)
        if match is None:
            raise ValueError(f"{path}: line {number} is not an opening")
        moves = [parse_vertex(word, side) for word in match[1].split()]
        openings.append(Opening(int(match[2]), moves, 0.5))
    return openings


def head_of(name: str, digest: str, side: int, options: MakerOptions) -> str:
    """Return the comment at the head of a file, without the newline at its end."""
    return (
        f"# Openings for {side}x{side}, even at komi 7.5: vertices, Black's first. Made by\n"
        f"# python -m lzp.play.opening_maker --seed {options.seed} --plies "
        f"{options.least_plies} {options.most_plies} --visits {options.visits} "
        f"--off {options.most_off:g}\n"
        f"# with {name}, SHA-256 {digest}.\n"
        "# After each opening: the number of the candidate, and Black's winrate."
    )


def _line(opening: Opening, side: int) -> str:
    """Return an opening as it is written to the file."""
    vertices = " ".join(format_vertex(move, side) for move in opening.moves)
    return f"{vertices}  # {opening.candidate} {opening.winrate:.1%}"


def make_file(path: Path, network: Path, options: MakerOptions, threads: int) -> int:
    """Write a file of openings, or go on with one; return how many it holds.

    Raises:
        ModelError: the network cannot be used.
        ValueError: the file was made in another way.
        OSError: the file cannot be written.
    """
    evaluator = load_evaluator(network, batch_size=_BATCH, threads=threads)
    digest = hashlib.sha256(network.read_bytes()).hexdigest()
    head = head_of(network.name, digest, evaluator.side, options)
    kept = read_made(path, head, evaluator.side)
    lines = path.read_text(encoding="utf-8").splitlines() if kept else head.split("\n")
    maker = OpeningMaker(evaluator, options).make(kept)
    for count in range(len(kept), options.count):
        opening = next(maker)
        lines.append(_line(opening, evaluator.side))
        with replacing(path) as file:
            file.write(("\n".join(lines) + "\n").encode())
        tried = opening.candidate + 1
        if sys.stderr.isatty():
            text = f"\r{count + 1} of {options.count} openings, {tried} candidates"
            print(text, end="", file=sys.stderr, flush=True)
    return max(len(kept), options.count)


def _options(values: argparse.Namespace) -> MakerOptions:
    """Return the options of a command line."""
    return MakerOptions(
        count=values.count,
        seed=values.seed,
        least_plies=values.plies[0],
        most_plies=values.plies[1],
        visits=values.visits,
        most_off=values.off,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the set that the command line asks for."""
    defaults = MakerOptions()
    parser = OneLineParser(
        prog="python -m lzp.play.opening_maker",
        description="Make a file of balanced openings for lzp-match; a stopped run goes on.",
    )
    add = parser.add_argument
    add("output", type=Path, help="the text file to write")
    add("-w", "--weights", type=Path, help="network (the one that ships)")
    add("-t", "--threads", type=int, default=1, help="CPU threads (1)")
    add("--count", type=int, default=defaults.count, help=f"openings ({defaults.count})")
    add("--seed", type=int, default=defaults.seed, help=f"of the candidates ({defaults.seed})")
    add("--plies", type=int, nargs=2, default=(4, 10), help="shortest and longest (4 10)")
    add("--visits", type=int, default=defaults.visits, help=f"of a search ({defaults.visits})")
    add("--off", type=float, default=defaults.most_off,
        help=f"most distance of the winrate from 1/2 ({defaults.most_off:g})")  # fmt: skip
    values = parser.parse_args(arguments)
    try:
        network = values.weights or shipped_network()
        make_file(values.output, network, _options(values), values.threads)
    except (ModelError, ValueError) as error:
        parser.error(str(error))
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}")
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
