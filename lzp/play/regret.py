"""How good a search's moves are, position by position: a quick answer before any match.

`python -m lzp.play.regret --out DIR -s leela -s "leela,cpuct=0.8"` lets each setting choose
a move in the same positions, and has every chosen move judged by a deeper search after it.
Regret is the winrate that a choice gives away against the best move that any setting chose.
Differences between settings are paired by position, so that a few hundred positions, a few
minutes, tell what takes a match hours. What it cannot tell: whether the judge is right.

The positions are of games that the network's policy draws by chance, a third of each phase,
or, with `--store`, of games that were played, such as those of `lzp-arena`. As in a game, a
search has thought about the move before and keeps what it knows of the branch that was played.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lzp.command_line import OneLineParser
from lzp.data import GameStore
from lzp.engine.evaluator import Evaluator
from lzp.engine.many import Task, Together
from lzp.engine.warmup import warmup
from lzp.go import WHITE, Game
from lzp.play.arena_game import Seat
from lzp.play.arena_network import open_fastest
from lzp.play.arena_settings import Contestant
from lzp.play.bench_positions import KINDS, positions
from lzp.play.replay import replay_stored
from lzp.weights.atomic import replacing

_KINDS = [kind for kind in KINDS if kind != "empty"]
#: Plain and broad: the judge favors no setting by searching as it does.
_JUDGE = "leela,cpuct=0.8,fpu_reduction=0.1,root_fpu_reduction=0.1"


#: Moves from one of a color's to its next.
_ROUND = 2
#: Before it, stored games may be an opening that was given; near the end nothing is at stake.
_FIRST_PLY = 20
_AWAY_FROM_THE_END = 20

#: Seeds of judgments count down from here, those of choices up from 0.
_LAST_SEED = 0xFFFF


class Trial:
    """Settings that choose moves in the same positions, and a judge of the moves."""

    def __init__(
        self, evaluator: Evaluator, games: Sequence[Game], *, deep: int, parallel: int
    ) -> None:
        """Prepare to ask one network about some positions.

        Args:
            evaluator: the network.
            games: the positions.
            deep: evaluations that a move is judged by.
            parallel: searches at once.
        """
        self.games = games
        self.judged: dict[tuple[int, int], float] = {}
        self._evaluator = evaluator
        self._deep = deep
        self._parallel = parallel

    def choose(self, line: str) -> list[int]:
        """Return the move that a setting chooses in each position."""
        contestant = Contestant.parse(line)
        tasks = (self._choice(number, contestant) for number in range(len(self.games)))
        return [move for _, move in sorted(self._together().run(tasks))]

    def judge(self, choices: Sequence[Sequence[int]]) -> None:
        """Judge all moves that were chosen and are not judged yet."""
        chosen = {(n, move) for moves in choices for n, move in enumerate(moves)}
        tasks = (self._judgment(*key) for key in sorted(chosen - self.judged.keys()))
        for number, move, winrate in self._together().run(tasks):
            self.judged[number, move] = winrate

    def winrates(self, moves: Sequence[int]) -> NDArray[np.float64]:
        """Return the judged winrates of one move in each position, for who played it."""
        return np.array([self.judged[number, move] for number, move in enumerate(moves)])

    def _together(self) -> Together:
        return Together([self._evaluator], self._parallel)

    def _choice(self, number: int, contestant: Contestant) -> Task[tuple[int, int]]:
        game = self.games[number]
        seat = Seat(contestant, self._evaluator, 0, number)
        if len(game.moves) >= _ROUND:
            yield from seat.choose(_before(game))
        decision = yield from seat.choose(game)
        return number, game.pass_move if decision.move is None else decision.move

    def _judgment(self, number: int, move: int) -> Task[tuple[int, int, float]]:
        game = self.games[number].copy()
        game.play(move)
        if game.is_over:
            return number, move, _score(game)
        judge = Contestant.parse(f"{_JUDGE},evaluations={self._deep}")
        # Another seed than the settings': the judge sees other symmetries.
        decision = yield from Seat(judge, self._evaluator, 0, _LAST_SEED - number).choose(game)
        return number, move, 1 - decision.report.winrate


def _before(game: Game) -> Game:
    """Return a game as it stood when the same color was to move last."""
    earlier = game.copy()
    for _ in range(_ROUND):
        earlier.undo()
    return earlier


def stored_positions(store: GameStore, count: int, seed: int) -> list[Game]:
    """Return positions of different stored games, from move 20 to near their ends.

    Args:
        store: the games.
        count: how many positions; more than there are games takes several of each.
        seed: of what is drawn.

    Raises:
        ValueError: no game is long enough.
    """
    random = np.random.default_rng(seed)
    last = store.lengths - _AWAY_FROM_THE_END
    games = np.flatnonzero(last > _FIRST_PLY)
    if not len(games):
        raise ValueError(f"no game of {_FIRST_PLY + _AWAY_FROM_THE_END} moves or more")
    drawn = np.concatenate([random.permutation(games) for _ in range(-(-count // len(games)))])
    return [
        replay_stored(store, int(number), int(random.integers(_FIRST_PLY, last[number])))
        for number in drawn[:count]
    ]


def _score(game: Game) -> float:
    """Return 1, 0.5 or 0 for who passed last."""
    lead = game.area_score() * (-1 if game.moves[-1][0] == WHITE else 1)
    return 0.5 + 0.5 * float(np.sign(lead))


def table(trial: Trial, choices: dict[str, list[int]]) -> str:
    """Return a Markdown table: each setting's regret, and the difference from the first."""
    winrates = {line: trial.winrates(moves) for line, moves in choices.items()}
    best = np.max(list(winrates.values()), axis=0)
    first = next(iter(choices))
    lines = ["| settings | regret | better than the first | same move |", "|---|---|---|---|"]
    for line, found in winrates.items():
        gain = found - winrates[first]
        error = 1.96 * gain.std() / np.sqrt(len(gain))
        same = np.mean(np.array(choices[line]) == np.array(choices[first]))
        lines.append(
            f"| {line} | {100 * (best - found).mean():.2f} % | "
            f"{100 * gain.mean():+.2f} ± {100 * error:.2f} % | {same:.0%} |"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Try the settings that the command line names."""
    values = _parser().parse_args(arguments)
    asked = {line: f"{line},evaluations={values.evaluations}" for line in values.settings}
    try:
        for full in asked.values():
            Contestant.parse(full)
    except ValueError as error:
        raise SystemExit(f"regret: {error}") from None
    warmup()
    evaluator = open_fastest(values.weights, values.parallel)
    games = _positions(values, evaluator)
    trial = Trial(evaluator, games, deep=values.deep, parallel=values.parallel)
    source = "" if values.store is None else f" {values.store.resolve()}"
    identity = f"{evaluator.name} {len(games)} {values.seed} {values.deep} {_ROUND}{source}"
    kept = Kept(values.out, identity, trial)
    for number, full in enumerate(asked.values(), 1):
        if full not in kept.choices:
            kept.choices[full] = trial.choose(full)
            trial.judge([kept.choices[full]])
            kept.save()
        print(f"{number} of {len(asked)} settings", file=sys.stderr, flush=True)
    print(table(trial, {line: kept.choices[full] for line, full in asked.items()}))


def _positions(values: argparse.Namespace, evaluator: Evaluator) -> list[Game]:
    """Return the positions that the command line asks for."""
    if values.store is None:
        each = -(-values.positions // len(_KINDS))
        return [game for kind in _KINDS for game in positions(evaluator, kind, each, values.seed)]
    try:
        store = GameStore.open(values.store)
        games = stored_positions(store, values.positions, values.seed)
    except (OSError, ValueError) as error:
        raise SystemExit(f"regret: {' '.join(str(error).split())}") from None
    other = next((game.side for game in games if game.side != evaluator.side), None)
    if other is not None:
        raise SystemExit(f"regret: games on {other}x{other}, a network for {evaluator.side}")
    return games


class Kept:
    """Choices and judgments in a folder, so that a further setting costs only its own."""

    def __init__(self, folder: Path, identity: str, trial: Trial) -> None:
        """Read what is there for the same network, positions and judge."""
        self.choices: dict[str, list[int]] = {}
        self._path, self._identity, self._trial = folder / "regret.json", identity, trial
        if not self._path.is_file():
            return
        found = json.loads(self._path.read_text())
        if found["identity"] != identity:
            raise SystemExit(f"regret: {folder} holds other positions or another judge")
        self.choices = found["choices"]
        trial.judged = {(number, move): winrate for number, move, winrate in found["judged"]}

    def save(self) -> None:
        """Replace the file."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        judged = [[*key, winrate] for key, winrate in self._trial.judged.items()]
        text = {"identity": self._identity, "choices": self.choices, "judged": judged}
        with replacing(self._path) as file:
            file.write(json.dumps(text).encode())


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = OneLineParser(
        prog="python -m lzp.play.regret", description=__doc__, allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="what is found is kept here")
    add("-s", "--settings", action="append", required=True, metavar="SETTINGS",
        help="as lzp-arena takes them; again for more, the first is compared with")  # fmt: skip
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the one that ships)")
    add("--store", type=Path, metavar="DIR", help="positions of these games, by lzp-data convert")
    add("--evaluations", type=int, default=100, metavar="N", help="of each choice (100)")
    add("--positions", type=int, default=300, metavar="N", help="how many (300)")
    add("--deep", type=int, default=400, metavar="N", help="evaluations of a judgment (400)")
    add("--parallel", type=int, default=96, metavar="N", help="searches at once (96)")
    add("--seed", type=int, default=0, metavar="N", help="of the positions (0)")
    return parser


if __name__ == "__main__":
    main()
