"""What reading is worth beside a network's policy, fitted to games of people.

`python -m lzp.play.fit_tactics --store games.lzps -w net.txt.gz` takes positions of a store,
multiplies the network's probability of each move by e to a weighted sum of its features
(lzp/go/tactics_kernels.py), and finds the weights under which the moves that were played
are likeliest. One half of the positions fits them and the other half says what they gain.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.data import GameStore
from lzp.engine.evaluator import Evaluator
from lzp.go.tactics import new_tactics_room, tactical_features
from lzp.go.tactics_kernels import FEATURES
from lzp.play.accuracy import BATCH, Sample, open_sampler, sampled_batches
from lzp.play.arena_network import open_fastest
from lzp.play.replay import replay_stored
from lzp.play.sample_flags import sample_parser

NAMES = ("save", "escape", "lost", "atari", "threat", "defense", "self-atari")
_LEAST_PROBABILITY = 1e-6
_ROUNDS = 20
_DONE = 1e-6


@dataclass(frozen=True, slots=True)
class Choices:
    """Positions, and the move that was played in each.

    Attributes:
        logits: float64 [P, S² + 1], logarithms of the network's policy.
        played: int64 [P].
        place: int64 [R], the position of each row of features, rising.
        move: int64 [R], its move.
        rows: float64 [R, FEATURES].
    """

    logits: NDArray[np.float64]
    played: NDArray[np.int64]
    place: NDArray[np.int64]
    move: NDArray[np.int64]
    rows: NDArray[np.float64]

    def part(self, remainder: int) -> "Choices":
        """Return every second position, from the first or the second on."""
        chosen = np.arange(len(self.played)) % 2 == remainder
        kept = chosen[self.place]
        return Choices(
            self.logits[chosen],
            self.played[chosen],
            self.place[kept] // 2,
            self.move[kept],
            self.rows[kept],
        )

    def shares(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities of all moves, float64 [P, S² + 1]."""
        logits = self.logits.copy()
        logits[self.place, self.move] += self.rows @ weights
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        found: NDArray[np.float64] = shares / shares.sum(axis=1, keepdims=True)
        return found

    def quality(self, weights: NDArray[np.float64]) -> tuple[float, float]:
        """Return the mean cross-entropy in nats, and the share of first moves played."""
        shares = self.shares(weights)
        likely = shares[np.arange(len(self.played)), self.played]
        return float(-np.log(likely).mean()), float((shares.argmax(axis=1) == self.played).mean())


def fit(choices: Choices) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the most likely weights and their standard errors, float64 [FEATURES] each.

    Newton's method; the likelihood has one maximum. A weak pull to 0 keeps features finite
    that were never, or always, chosen.
    """
    weights = np.zeros(FEATURES)
    is_played = choices.played[choices.place] == choices.move
    chosen = choices.rows[is_played].sum(axis=0)
    curvature = np.eye(FEATURES)
    for _ in range(_ROUNDS):
        share = choices.shares(weights)[choices.place, choices.move]
        weighted = choices.rows * share[:, None]
        means = np.zeros((len(choices.played), FEATURES))
        np.add.at(means, choices.place, weighted)
        curvature = weighted.T @ choices.rows - means.T @ means + np.eye(FEATURES)
        step = np.linalg.solve(curvature, chosen - means.sum(axis=0) - weights)
        weights = weights + step
        if np.abs(step).max() < _DONE:
            break
    return weights, np.sqrt(np.diag(np.linalg.inv(curvature)))


def collect(store: GameStore, evaluator: Evaluator, sample: Sample) -> Choices:
    """Return positions of a store, with what network and reading say of them.

    Raises:
        StoreError: the store is of another board size, or has no such games.
    """
    room = new_tactics_room()
    logits, played, rows, moves, counts = [], [], [], [], []
    for batch in sampled_batches(open_sampler(evaluator, store, sample), sample.positions):
        policies, _ = evaluator.evaluate(batch.planes)
        for index, policy in enumerate(policies):
            game = replay_stored(store, int(batch.game[index]), int(batch.ply[index]))
            found, features = tactical_features(game, room)
            logits.append(np.log(np.maximum(policy, _LEAST_PROBABILITY)))
            played.append(int(batch.policy_target[index]))
            moves.append(found.astype(np.int64))
            rows.append(features.astype(np.float64))
            counts.append(len(found))
    return Choices(
        np.array(logits, np.float64),
        np.array(played),
        np.repeat(np.arange(len(counts)), counts),
        np.concatenate(moves),
        np.concatenate(rows),
    )


def table(choices: Choices) -> str:
    """Return the weights, and what they gain where they were not fitted, as Markdown."""
    fitted, other = choices.part(0), choices.part(1)
    weights, errors = fit(fitted)
    lines = ["| feature | rows | weight |", "|---|---:|---:|"]
    for column, name in enumerate(NAMES):
        count = int((choices.rows[:, column] != 0).sum())
        lines.append(f"| {name} | {count} | {weights[column]:+.2f} ± {1.96 * errors[column]:.2f} |")
    before, after = other.quality(np.zeros(FEATURES)), other.quality(weights)
    lines.append(
        f"\n{len(other.played)} other positions: {before[0]:.3f} nats without, "
        f"{after[0]:.3f} with; first move {before[1]:.1%} without, {after[1]:.1%} with"
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit what the command line names and print the table."""
    values = _parser().parse_args(arguments)
    sample = Sample(split=values.split, positions=values.positions, even_only=True)
    try:
        store = GameStore.open(values.store)
        choices = collect(store, open_fastest(values.weights, BATCH), sample)
    except (OSError, ValueError) as error:
        raise SystemExit(f"fit_tactics: {' '.join(str(error).split())}") from None
    print(table(choices))


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = sample_parser("fit_tactics", __doc__, split="val")
    parser.add_argument(
        "--positions", type=int, default=20_000, metavar="N", help="how many (20000)"
    )
    return parser


if __name__ == "__main__":
    main()
