"""Games of a store played on to their end by a network's policy: `python -m lzp.play.play_on`.

People resign, or stop playing, where both see who has won. A network that learns from their
games alone knows the ends of few fights, and may hold a group for alive that has been dead
for a hundred moves. Here a position of a stored game is played on by the policy, each move
drawn, until both sides pass; random games then say whose the points are, and so who has won.
The games come as SGF, from the first stored move on, and train a value and the points' owners
(`data.results_only`), not a policy: their moves are no example.

The idea of a value that is taught by games which a policy plays to the end is that of Silver
et al. 2016, "Mastering the game of Go with deep neural networks and tree search".
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from lzp.data import GameStore
from lzp.data.owners import STORED_PLAYOUTS
from lzp.engine.evaluator import Evaluator
from lzp.features import encode
from lzp.go import Game, new_boards
from lzp.go.board_kernels import point_of
from lzp.go.eye_kernels import is_own_eye
from lzp.go.playout_kernels import find_owners
from lzp.play.accuracy import Sample, open_sampler
from lzp.play.arena_network import open_fastest
from lzp.play.replay import replay_stored
from lzp.play.sample_flags import sample_parser
from lzp.sgf import SgfInfo, write_game
from lzp.weights.atomic import replacing

_DEFAULT_KOMI = 6.5


@dataclass(frozen=True, kw_only=True, slots=True)
class PlayOnOptions:
    """How games are played on.

    Attributes:
        temperature: a move's probability is the policy's to the power of 1/temperature.
        max_moves: a longer game is counted as it stands.
        together: games that share a batch.
        seed: of the positions and of the moves.
    """

    temperature: float = 0.8
    max_moves: int = 450
    together: int = 64
    seed: int = 1

    def __post_init__(self) -> None:
        """Check the numbers.

        Raises:
            ValueError: one is out of range; the text names it.
        """
        if not self.temperature > 0:
            raise ValueError(f"temperature must be above 0, not {self.temperature:g}")
        for name in ("max_moves", "together"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be 1 or more, not {getattr(self, name)}")


def play_on(evaluator: Evaluator, starts: Iterator[Game], options: PlayOnOptions) -> Iterator[Game]:
    """Yield games when both sides have passed, or when they are too long.

    Args:
        evaluator: whose policy draws the moves.
        starts: where they begin; `options.together` of them are taken at once.
        options: how they are played.
    """
    random = np.random.default_rng(options.seed)
    games = list(islice(starts, options.together))
    while games:
        policy = evaluator.evaluate(encode(np.concatenate([game.boards for game in games])))[0]
        weights = policy.astype(np.float64) ** (1 / options.temperature)
        for game, row in zip(games, weights, strict=True):
            game.play(_draw(game, row, random))
        going = []
        for game in games:
            if _is_done(game, options):
                yield game
            else:
                going.append(game)
        games = [*going, *islice(starts, options.together - len(going))]


def _is_done(game: Game, options: PlayOnOptions) -> bool:
    return game.is_over or game.ply >= options.max_moves


def _draw(game: Game, weights: NDArray[np.float64], random: np.random.Generator) -> int:
    """Return a legal move that fills no own eye, drawn by weights [S² + 1]; else the pass."""
    while weights.sum() > 0:
        move = int(np.searchsorted(np.cumsum(weights), random.random() * weights.sum(), "right"))
        move = min(move, game.pass_move)
        if move == game.pass_move or (game.is_legal(move) and not _fills_eye(game, move)):
            return move
        weights[move] = 0
    return game.pass_move


def _fills_eye(game: Game, move: int) -> bool:
    board = game.boards[0]
    return bool(is_own_eye(board, point_of(board, move), game.to_play))


def black_lead(game: Game) -> float:
    """Return how many points Black has more than White after komi, dead stones taken off."""
    boards = new_boards(2, game.side)
    boards[0] = game.boards[0]
    balance = np.empty(game.pass_move, np.int32)
    find_owners(boards, STORED_PLAYOUTS, balance)  # as where games are converted
    return float(np.sign(balance).sum()) - game.komi


def record(game: Game) -> str:
    """Return a game as SGF on a line, its result as `black_lead` counts it."""
    lead = black_lead(game)
    winner = "B" if lead > 0 else "W"
    result = f"{winner}+{abs(lead):.1f}" if lead else "0"
    return write_game(game, SgfInfo(result=result)).replace("\n", "") + "\n"


def stored_positions(store: GameStore, evaluator: Evaluator, sample: Sample) -> Iterator[Game]:
    """Yield games as they stood at positions of a store drawn at random, without end."""
    sampler = open_sampler(evaluator, store, sample)
    epoch = 0
    while True:
        for number in range(len(sampler)):
            batch = sampler.batch(epoch, number)
            for game, ply in zip(batch.game.tolist(), batch.ply.tolist(), strict=True):
                start = replay_stored(store, game, ply)
                start.komi = start.komi or _DEFAULT_KOMI
                yield start
        epoch += 1


def main(arguments: Sequence[str] | None = None) -> None:
    """Play on what the command line names and write the games."""
    values = _parser().parse_args(arguments)
    sample = Sample(split=values.split, even_only=True, seed=values.seed)
    try:
        options = PlayOnOptions(
            temperature=values.temperature, max_moves=values.max_moves, seed=values.seed
        )
        store = GameStore.open(values.store)
        evaluator = open_fastest(values.weights, options.together, threads=values.threads)
        games = play_on(evaluator, stored_positions(store, evaluator, sample), options)
        bar = track(
            islice(games, values.games), "playing on", total=values.games,
            console=Console(stderr=True), disable=not sys.stderr.isatty(),
        )  # fmt: skip
        with replacing(values.output) as file:
            file.writelines(record(game).encode() for game in bar)
    except (OSError, ValueError) as error:
        raise SystemExit(f"play_on: {' '.join(str(error).split())}") from None


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = sample_parser("play_on", __doc__, split="train")
    parser.epilog = """examples:
  python -m lzp.play.play_on --store train.lzps --games 20000 --threads 2 -o played-on.sgf
  lzp-data convert played-on.sgf --ownership -o played-on.lzps"""
    defaults = PlayOnOptions()
    add = parser.add_argument
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="SGF to write")
    add("--games", type=int, default=1_000, metavar="N", help="how many (1000)")
    add("--temperature", type=float, default=defaults.temperature, metavar="T",
        help=f"above 1 flattens the policy ({defaults.temperature})")  # fmt: skip
    add("--max-moves", type=int, default=defaults.max_moves, metavar="N",
        help=f"a longer game is counted as it stands ({defaults.max_moves})")  # fmt: skip
    add("--threads", type=int, default=1, metavar="N", help="of the network (1)")
    add("--seed", type=int, default=defaults.seed, metavar="N",
        help="of positions and moves (1)")  # fmt: skip
    return parser


if __name__ == "__main__":
    main()
