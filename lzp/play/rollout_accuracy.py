"""Who tells the winner better: the network, games played on, or both mixed.

`python -m lzp.play.rollout_accuracy --store games.lzps` takes positions of a store and
prints the squared error of the winner, by how full the board is. With the games of
`lzp-arena`, converted, it says when games played on are to count for how much between
engines; with those of people, what they are worth in a review. The best share is that of a
mixture that would err the least in such positions: what `rollout_share`, `rollout_from` and
`rollout_to` are set by.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.data import GameStore
from lzp.engine.rollout_kernels import rollout_games, rollout_share, rollout_winrate
from lzp.engine.search_params import SearchParams
from lzp.engine.tree import Tree
from lzp.play.accuracy import BATCH, Measured, Sample, measure_positions
from lzp.play.arena_network import open_fastest
from lzp.play.replay import replay_stored
from lzp.play.sample_flags import sample_parser

#: Where the rows of the table end, in points occupied.
_ENDS = (0.15, 0.3, 0.45, 0.6, 1.0)


@dataclass(frozen=True, slots=True)
class Compared:
    """P positions; winrates are the side to move's, in [0, 1].

    Attributes:
        filled: float64 [P], the share of points that are occupied.
        won: float64 [P], 1 or 0.
        network: float64 [P], the network's winrate.
        games: float64 [P], the share of games played on that were won.
        mixed: float64 [P], both, as the search mixes them.
        game_us: what a game took, in microseconds.
    """

    filled: NDArray[np.float64]
    won: NDArray[np.float64]
    network: NDArray[np.float64]
    games: NDArray[np.float64]
    mixed: NDArray[np.float64]
    game_us: float


def compare(store: GameStore, measured: Measured, params: SearchParams) -> Compared:
    """Play on from positions that a network was asked about and that somebody won.

    Args:
        store: with the games.
        measured: of the store.
        params: say how many games, and how they are mixed in.
    """
    tree = Tree(params, int(store.numbers("side")[0]))
    chosen = np.flatnonzero(measured.decided)
    rows, seconds, games_played = [], 0.0, 0
    for index in chosen:
        game = replay_stored(store, int(measured.game[index]), int(measured.ply[index]))
        tree.set_position(game)
        started = time.thread_time()
        winrate = rollout_winrate(tree.arrays, game.boards)
        seconds += time.thread_time() - started
        games_played += rollout_games(tree.arrays.heads[0], game.boards[0])
        share = rollout_share(tree.arrays.heads[0], game.boards[0])
        rows.append((np.count_nonzero(game.board.colors()) / game.side**2, winrate, share))
    filled, games, share = np.array(rows).T
    network = 0.5 + 0.5 * measured.value[chosen]
    return Compared(
        filled=filled,
        won=0.5 + 0.5 * measured.result[chosen],
        network=network,
        games=games,
        mixed=network + share * (games - network),
        game_us=seconds / games_played * 1e6,
    )


def table(found: Compared) -> str:
    """Return squared errors, the best share, and how often the winner is named, as Markdown."""
    lines = [
        "| points occupied | positions | network | games | mixed "
        "| best share | winner named: network | mixed |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for low, high in zip((0.0, *_ENDS), _ENDS, strict=False):
        rows = (found.filled >= low) & (found.filled < high)
        if not rows.any():
            continue
        won = found.won[rows]
        guesses = [guess[rows] for guess in (found.network, found.games, found.mixed)]
        errors = " | ".join(f"{((guess - won) ** 2).mean():.3f}" for guess in guesses)
        named = [np.mean((guess > 0.5) == (won > 0.5)) for guess in (guesses[0], guesses[2])]
        best = _best_share(guesses[0], guesses[1], won)
        lines.append(
            f"| {low:.0%} to {high:.0%} | {len(won)} | {errors} | {best} "
            f"| {named[0]:.0%} | {named[1]:.0%} |"
        )
    return "\n".join([*lines, f"\na game took {found.game_us:.0f} us of a core"])


def _best_share(
    network: NDArray[np.float64], games: NDArray[np.float64], won: NDArray[np.float64]
) -> str:
    """Return by least squares what share of the games makes the mixture err the least."""
    apart = games - network
    squares = float(apart @ apart)
    return f"{float(apart @ (won - network)) / squares:.2f}" if squares else "any"


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare on what the command line names and print the table."""
    values = _parser().parse_args(arguments)
    sample = Sample(split=values.split, positions=values.positions, even_only=True)
    try:
        if values.rollouts < 1:
            raise ValueError(f"--rollouts must be 1 or more, not {values.rollouts}")
        params = SearchParams.strong(rollouts=values.rollouts, seed=1)
        store = GameStore.open(values.store)
        evaluator = open_fastest(values.weights, BATCH)
        found = compare(store, measure_positions(evaluator, store, sample), params)
    except (OSError, ValueError) as error:
        raise SystemExit(f"rollout_accuracy: {' '.join(str(error).split())}") from None
    print(table(found))


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = sample_parser("rollout_accuracy", __doc__, split="all")
    add = parser.add_argument
    add("--rollouts", type=int, default=SearchParams.strong().rollouts, metavar="N",
        help="games played on from a position at most (as in play)")  # fmt: skip
    add("--positions", type=int, default=2_000, metavar="N", help="how many (2000)")
    return parser


if __name__ == "__main__":
    main()
