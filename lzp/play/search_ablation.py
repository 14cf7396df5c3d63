"""What each technique of the search is worth: matches with and without it, as a table.

`python -m lzp.play.search_ablation --out DIR` plays the default settings against the
default without one technique, or with one that it leaves out, row by row, at budgets of 32,
100 and 400 evaluations, in turns, so that all rows grow alike. It can be stopped and goes on
where it was.
"""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.engine.evaluator import Evaluator
from lzp.engine.warmup import warmup
from lzp.play.arena import Arena, ArenaOptions
from lzp.play.arena_game import ArenaRules
from lzp.play.arena_network import open_fastest
from lzp.play.arena_score import ArenaScore, score_games
from lzp.play.arena_settings import Contestant
from lzp.play.referee import SETTLED
from lzp.play.scoring import elo_difference

#: What takes one technique out of the default settings or puts one in, by its name.
ROWS = {
    "without all: Leela Zero 0.17": "leela",
    "without tactics read": "tactics_weight=0",
    "without games played on": "rollouts=0",
    "without a share for the lead": "lead_share=0",
    "without transpositions": "cache=exact",
    "without tuned cpuct": "cpuct=0.5",
    "without tuned first-play urgency": "fpu_reduction=0.25,root_fpu_reduction=0.25",
    "without LCB move choice": "lcb_min_visit_ratio=1",
    "without dead stones counted": "settling_playouts=0",
    "without subtree bias correction": "bias_share=0",
    "with variance-scaled cpuct": "spread_weight=0.5",
    "with policy exponent": "policy_exponent=0.7",
    "with equal moves merged": "merge_equal=on",
    "with halving at the root": "halving_visits=32",
    "with no slack": "slack_margin=0.02",
}
BUDGETS = (32, 100, 400)
_STEP = 20


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the rows that the command line asks for, and print the table after every step."""
    values = _parser().parse_args(arguments)
    unknown = [row for row in values.rows or () if row not in ROWS and "=" not in row]
    if unknown:
        raise SystemExit(f"search_ablation: no row {unknown[0]!r}: {', '.join(ROWS)}")
    rows = {row: ROWS.get(row, row) for row in values.rows or ROWS}
    try:
        cells = {
            (row, budget): (_options(values, line, budget), _folder(values.out, line, budget))
            for (row, line), budget in itertools.product(rows.items(), values.budgets)
        }
    except ValueError as error:
        raise SystemExit(f"search_ablation: {error}") from None
    warmup()
    for games in range(_STEP, values.games + _STEP, _STEP):
        scores = {
            key: play(replace(options, games=min(games, values.games)), folder, values.weights)
            for key, (options, folder) in cells.items()
        }
        print(table(scores), flush=True)


def play(options: ArenaOptions, folder: Path, weights: Path | None) -> ArenaScore:
    """Play one cell of the table, and return the base's score.

    Args:
        options: the match.
        folder: where its games are kept.
        weights: the network; None for the one that ships.
    """

    def open_network(path: Path | None, batch_size: int) -> Evaluator:
        return open_fastest(path or weights, batch_size)

    arena = Arena(options, folder, open_network)
    for _ in arena.play():
        pass
    return score_games(arena.games.values())


def _folder(out: Path, line: str, budget: int) -> Path:
    """Return where the games of a cell are kept."""
    return out / str(budget) / "".join(c if c.isalnum() else "-" for c in line)


def _options(values: argparse.Namespace, line: str, budget: int) -> ArenaOptions:
    """Return a cell's match; ValueError if a setting or a number is none."""
    both = f"evaluations={budget}"
    return ArenaOptions(
        contestants=(
            Contestant.parse(f"{values.base},name=base,{both}"),
            Contestant.parse(f"{line},name=row,{both}"),
        ),
        games=values.games,
        rules=ArenaRules(side=values.size, max_moves=values.max_moves, agreed_winrate=values.agree),
        parallel=values.parallel,
        seed=values.seed,
        referee=SETTLED,
    )


def table(scores: dict[tuple[str, int], ArenaScore]) -> str:
    """Return a Markdown table of the Elo that the base is ahead by, with 95 % intervals."""
    budgets = sorted({budget for _, budget in scores})
    lines = [
        "| the default against itself | "
        + " | ".join(f"{budget} evaluations" for budget in budgets)
        + " |",
        "|---" * (1 + len(budgets)) + "|",
    ]
    for row in dict.fromkeys(row for row, _ in scores):
        cells = [_cell(scores[row, budget]) for budget in budgets]
        lines.append(f"| {row} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(score: ArenaScore) -> str:
    """Return by how much the base is ahead of a row: Elo, its interval and the games behind it."""
    elo, low, high = (elo_difference(x) for x in (score.score, score.low, score.high))
    return f"{elo:+.0f} ({low:+.0f} to {high:+.0f}), {score.games}"


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = OneLineParser(
        prog="python -m lzp.play.search_ablation", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="games are kept here")
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the one that ships)")
    add("--base", default="", metavar="SETTINGS", help="settings of the other side (defaults)")
    add("--rows", nargs="+", metavar="ROW", help="names, or settings of one's own (all)")
    add("--budgets", type=int, nargs="+", default=BUDGETS, metavar="N", help="evaluations a move")
    add("--games", type=int, default=200, metavar="N", help="games a cell (200)")
    add("--parallel", type=int, default=64, metavar="N", help="games at once (64)")
    add("--size", type=int, default=19, metavar="N", help="side of the board (19)")
    add("--max-moves", type=int, default=300, metavar="N", help="then it is scored (300)")
    add("--agree", type=float, default=0.97, metavar="F",
        help="winrate of both that ends a game (0.97)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="of openings and searches (0)")
    return parser


if __name__ == "__main__":
    main()
