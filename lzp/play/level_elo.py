"""What each level of `lzp-gtp --level` is worth: games between near levels, as Elo.

`python -m lzp.play.level_elo --out DIR` plays each level against the next two, in turns, so
that all pairings grow alike, and prints the table after every round. It can be stopped and
goes on where it was. With `--write` the Elo go beside the network that ships, where
`lzp-gtp --level help` finds them. Full strength depends on the clock and is not measured.
"""

import argparse
import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.engine.evaluator import Evaluator
from lzp.engine.levels import LEVELS, level, measured_path, measured_text
from lzp.engine.player import PlayerParams
from lzp.engine.warmup import warmup
from lzp.play.arena import Arena, ArenaOptions
from lzp.play.arena_game import ArenaGame, ArenaRules
from lzp.play.arena_network import open_fastest
from lzp.play.arena_settings import Contestant
from lzp.play.match_results import PlayedGame, points_table
from lzp.play.ratings import rate
from lzp.play.referee import SETTLED
from lzp.weights.atomic import replacing

#: Levels further apart than this would teach little: one wins nearly all.
_NEAR = 2
_STEP = 20
#: Visits of a move, the mean of both sides, up to which all games are played; dearer pairings
#: get as many as cost the same, and no fewer than a step.
_CHEAP_VISITS = 8
_LIMITED = [number for number, each in enumerate(LEVELS, 1) if each.visits]

#: Elo of a level and half of its 95 % interval.
Measured = dict[int, tuple[float, float]]


def main(arguments: Sequence[str] | None = None) -> None:
    """Play what the command line asks for, and print the table after every round."""
    values = _parser().parse_args(arguments)
    levels = sorted(set(values.levels))
    if len(levels) < 2 or not set(levels) <= set(_LIMITED):
        raise SystemExit(f"level_elo: expected two levels or more of 1 to {_LIMITED[-1]}")
    warmup()
    pairings = [
        (one, other)
        for place, one in enumerate(levels)
        for other in levels[place + 1 : place + 1 + _NEAR]
    ]
    for games in range(_STEP, values.games + _STEP, _STEP):
        played = [
            game
            for pairing in pairings
            for game in play(values, *pairing, min(games, games_of(pairing, values.games)))
        ]
        found = elo_of(levels, played)
        print(table(found, len(played)), flush=True)
    if values.write:
        with replacing(measured_path()) as file:
            network = values.weights.name if values.weights else "the network that ships"
            file.write(
                measured_text(found, network=network, games_a_cheap_pairing=values.games).encode()
            )


def games_of(pairing: tuple[int, int], games: int) -> int:
    """Return how many games a pairing of levels gets, where cheap ones get `games`."""
    visits = sum(level(number).visits for number in pairing) / 2
    affordable = round(games * min(1.0, _CHEAP_VISITS / visits))
    return min(games, max(_STEP, affordable))


def contestant(number: int) -> Contestant:
    """Return a level as the arena plays it: its visits are spent, and nobody resigns."""
    each = level(number)
    found = Contestant.parse(f"plain,name=level {number},visits={each.visits}")
    player: PlayerParams = replace(found.player, temperature=each.temperature)
    return replace(found, player=player)


def rules_of(pairing: tuple[int, int], side: int) -> ArenaRules:
    """Return the rules of a pairing.

    A side that draws its moves may throw away what both think is won, so that only the games
    between two that play their best move end when both agree on the winner.
    """
    draws = any(level(number).temperature for number in pairing)
    rules = ArenaRules(side=side, max_moves=2 * side**2)
    return replace(rules, agreed_winrate=1.0) if draws else rules


def play(values: argparse.Namespace, one: int, other: int, games: int) -> list[PlayedGame]:
    """Play a pairing up to a number of games, and return them with levels for players."""
    options = ArenaOptions(
        contestants=(contestant(one), contestant(other)),
        games=games,
        rules=rules_of((one, other), values.size),
        parallel=values.parallel,
        seed=values.seed,
        referee=SETTLED,
    )

    def open_network(path: Path | None, batch_size: int) -> Evaluator:
        return open_fastest(path or values.weights, batch_size)

    arena = Arena(options, values.out / f"{one}-{other}", open_network)
    for _ in arena.play():
        pass
    return [_with_levels(game, (one, other)) for game in arena.games.values()]


def _with_levels(game: ArenaGame, levels: tuple[int, int]) -> PlayedGame:
    """Return a game of the arena's two contestants as one of two levels."""
    return replace(game.as_played(), black=levels[game.black], white=levels[game.white])


def elo_of(levels: Sequence[int], games: Sequence[PlayedGame]) -> Measured:
    """Return the most likely Elo of each level, the lowest level being 0."""
    table = points_table(games, max(levels) + 1)[list(levels)][:, list(levels)]
    found = rate(table)
    ratings = found.elo - found.elo[0]
    return {
        number: (float(rating), float(error))
        for number, rating, error in zip(levels, ratings, found.errors, strict=True)
    }


def table(found: Measured, games: int) -> str:
    """Return a Markdown table of levels and their Elo."""
    lines = [f"| level | visits | temperature | Elo after {games} games |", "|---|---|---|---|"]
    for number, (rating, error) in found.items():
        each = level(number)
        spread = f"{error:.0f}" if math.isfinite(error) else "?"
        lines.append(
            f"| {number} | {each.visits} | {each.temperature:g} | {rating:.0f} ± {spread} |"
        )
    return "\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = OneLineParser(
        prog="python -m lzp.play.level_elo", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="games are kept here")
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the one that ships)")
    add("--levels", type=int, nargs="+", default=_LIMITED, metavar="N", help="which (all)")
    add("--games", type=int, default=100, metavar="N",
        help="games a pairing (100); fewer where a move takes more visits")  # fmt: skip
    add("--parallel", type=int, default=64, metavar="N", help="games at once (64)")
    add("--size", type=int, default=19, metavar="N", help="side of the board (19)")
    add("--seed", type=int, default=0, metavar="N", help="of openings and searches (0)")
    add("--write", action="store_true", help="keep the result beside the network that ships")
    return parser


if __name__ == "__main__":
    main()
