"""How strong a network and the search are: games against what other people know.

`python -m lzp.play.strength --out DIR` plays the engine at a second a move against GNU Go,
against the real leelaz with the same weights, threads and time (half a second a move on
average, which both share out as they like), and against its own policy without any search,
from the even openings of the package. It can be stopped, or killed, and goes on where it
was. Games lost on time, by crashes and by illegal moves are losses.
"""

import argparse
import hashlib
import json
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from rich.console import Console

from lzp.command_line import OneLineParser
from lzp.engine.network_file import shipped_network
from lzp.play.match import Match, MatchOptions
from lzp.play.match_clock import TimeControl
from lzp.play.match_engines import EngineSpec
from lzp.play.match_results import PlayedGame
from lzp.play.match_rules import GameRules, MatchError
from lzp.play.match_table import MatchView, game_line, result_table, result_text, summary
from lzp.play.openings import open_openings
from lzp.play.programs import find_program
from lzp.play.referee import default_referee
from lzp.play.table_svg import draw_table
from lzp.weights.atomic import replacing

_OURS = "lzp"
#: Of a clock of one second: what Leela Zero and we keep back, in centiseconds.
_LAG = "-b 10"


@dataclass(frozen=True, slots=True)
class Opponent:
    """Whom the engine meets.

    Attributes:
        label: what to call it.
        program: what has to be installed; "" for our own.
        words: its arguments; {weights} and {threads} are filled in.
        ours: the engine's own arguments against it; {threads} is filled in.
        time: clocks of both, as lzp-match reads them; "" for none.
    """

    label: str
    program: str
    words: str
    ours: str
    time: str = ""


OPPONENTS = {
    "gnugo": Opponent(
        "GNU Go, level 10", "gnugo", "--mode gtp --level 10 --chinese-rules", "--max-time 1"
    ),
    "leelaz": Opponent(
        "leelaz, same weights",
        "leelaz",
        f"-g -w {{weights}} --noponder --cpu-only -t {{threads}} {_LAG}",
        f"-t {{threads}} {_LAG}",
        "canadian 0,30,60",
    ),
    "policy": Opponent("its policy alone", "", "-w {weights} --noponder -q -v 1", "--max-time 1"),
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Play what the command line asks for, print the table and write it."""
    values = _parser().parse_args(arguments)
    try:
        found = {key: play(values, key) for key in values.opponents if _is_there(key)}
    except (MatchError, ValueError, OSError) as error:
        print(f"strength: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    if not found:
        raise SystemExit("strength: nobody to play against")
    view = together(found)
    Console().print(result_table(view))
    if values.write is not None:
        for path, text in (
            (values.write.with_suffix(".json"), _json(values, view, found)),
            (values.write.with_suffix(".svg"), draw_table(view)),
        ):
            with replacing(path) as file:
                file.write(text.encode())


def _is_there(key: str) -> bool:
    """Return whether an opponent can be played against; says so if not."""
    name = OPPONENTS[key].program
    if name and find_program(name) is None:
        print(f"strength: {name} is not installed: left out", file=sys.stderr)
        return False
    return True


def commands(values: argparse.Namespace, key: str) -> tuple[str, str]:
    """Return the command lines of the engine and of an opponent."""
    opponent = OPPONENTS[key]
    own = f"{shlex.quote(sys.executable)} -m lzp.engine.gtp.cli"
    weights = shlex.quote(str(values.weights))
    words = opponent.words.format(weights=weights, threads=values.threads)
    theirs = shlex.quote(find_program(opponent.program) or "") if opponent.program else own
    ours = opponent.ours.format(threads=values.threads)
    return f"{own} -w {weights} --noponder -q {ours}", f"{theirs} {words}"


def play(values: argparse.Namespace, key: str) -> list[PlayedGame]:
    """Play, or go on with, the games against one opponent; prints a line a game."""
    opponent = OPPONENTS[key]
    ours, theirs = commands(values, key)
    control = TimeControl.parse(opponent.time) if opponent.time else None
    options = MatchOptions(
        engines=(EngineSpec(ours, _OURS), EngineSpec(theirs, opponent.label)),
        games=values.games,
        rules=GameRules(time_control=control),
        openings=open_openings(None, GameRules().side, values.seed),
        referee=default_referee(),
        folder=values.out / key,
        parallel=values.parallel,
    )
    with Match(options) as match:
        for game in match.play():
            view = MatchView(labels=match.labels, games=match.games, total=values.games)
            print(game_line(view, game), flush=True)
        return sorted(match.games, key=lambda game: game.number)


def together(found: dict[str, list[PlayedGame]]) -> MatchView:
    """Return the games against all opponents as one match, ours being player 0."""
    games: list[PlayedGame] = []
    for place, played in enumerate(found.values(), 1):
        first = 2 * len(games)  # even, and beyond all numbers so far: pairs stay pairs
        seats = {0: 0, 1: place}
        games += [
            replace(
                game, number=first + game.number, black=seats[game.black], white=seats[game.white]
            )
            for game in played
        ]
    labels = [_OURS, *(OPPONENTS[key].label for key in found)]
    return MatchView(labels=labels, games=games, total=len(games))


def _json(values: argparse.Namespace, view: MatchView, found: dict[str, list[PlayedGame]]) -> str:
    """Return the results, how they came about, and a line for each game."""
    text: dict[str, object] = {
        "network_sha256": hashlib.sha256(values.weights.read_bytes()).hexdigest(),
        "seed": values.seed,
        "threads": values.threads,
        "commands": {
            key: [_portable(values, words) for words in commands(values, key)] for key in found
        },
        "times": {key: OPPONENTS[key].time for key in found},
        **summary(view),
        "lines": {
            key: [
                f"{game.number + 1}: {result_text([_OURS, OPPONENTS[key].label], game)}, "
                f"{game.moves} moves"
                for game in games
            ]
            for key, games in found.items()
        },
    }
    return json.dumps(text, indent=1) + "\n"


def _portable(values: argparse.Namespace, command: str) -> str:
    """Return a command line without the folders of this machine."""
    programs = (find_program("gnugo"), find_program("leelaz"))
    for path in (sys.executable, str(values.weights), *filter(None, programs)):
        command = command.replace(path, Path(path).name)
    return command


def _parser() -> argparse.ArgumentParser:
    """Return the parser of this command."""
    parser = OneLineParser(
        prog="python -m lzp.play.strength", description=__doc__, allow_abbrev=False
    )
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="DIR", help="games are kept here")
    add("-w", "--weights", type=Path, default=shipped_network(), metavar="FILE",
        help="network, as Leela Zero weights (the one that ships)")  # fmt: skip
    add("--games", type=int, default=100, metavar="N", help="against each opponent (100)")
    add("--opponents", nargs="+", choices=tuple(OPPONENTS), default=tuple(OPPONENTS),
        metavar="NAME", help=f"of {', '.join(OPPONENTS)} (all)")  # fmt: skip
    add("--threads", type=int, default=1, metavar="N", help="of leelaz, and of ours against it (1)")
    add("--parallel", type=int, default=1, metavar="N", help="games at once (1)")
    add("--seed", type=int, default=0, metavar="N", help="of the openings (0)")
    add("--write", type=Path, metavar="NAME", help="write NAME.json and NAME.svg")
    return parser


if __name__ == "__main__":
    main()
