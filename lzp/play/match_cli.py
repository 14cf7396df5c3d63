"""lzp-match: games between any GTP engines, and what they say about strength."""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from lzp.command_line import OneLineParser
from lzp.play.engines_file import read_engines
from lzp.play.match import Match, MatchOptions
from lzp.play.match_clock import GRACE_S, TimeControl
from lzp.play.match_engines import EngineSpec
from lzp.play.match_rules import GameRules, MatchError
from lzp.play.match_table import (
    MatchView,
    game_line,
    progress_line,
    result_table,
    summary,
)
from lzp.play.openings import open_openings
from lzp.play.referee import default_referee
from lzp.play.sprt import Sprt
from lzp.play.table_svg import draw_table
from lzp.weights.atomic import replacing

_GAMES = 20
#: With a sequential test, which is to end the match.
_MOST_GAMES = 4000
_RESULT_FILE = "result.json"
_PICTURE_FILE = "result.svg"

_DESCRIPTION = """\
Play games between GTP engines. Each opening is played twice, once with each color. Two
passes end a game; a referee engine takes dead stones off and counts (GNU Go where it is
installed). Illegal moves, crashes and time losses are losses and are counted apart. With
--sgf the match can be stopped, or killed, and the same command goes on with it."""

_EPILOG = """\
times, in seconds: 600 or "absolute 600"; "canadian 600,60,10" is 10 moves in every 60 s;
"byoyomi 600,30,5" is 5 Japanese periods; "fischer 5,1" adds 1 s after every move.

examples:
  lzp-match -a "lzp-gtp -v 200" -b "gnugo --mode gtp --level 10" --games 20 --sgf out/
  lzp-match -a "lzp-gtp -w new.txt.gz -v 100" -b "lzp-gtp -w old.txt.gz -v 100" \\
      --sprt 0,35 --parallel 4 --sgf gate/
  lzp-match -a "lzp-gtp --noponder" -b "leelaz -g -w net.gz --noponder" --time "fischer 30,2"
  lzp-match -e "v100=lzp-gtp -v 100" -e "v200=lzp-gtp -v 200" -e "v400=lzp-gtp -v 400" \\
      --games 100 --sgf robin/ --picture robin.svg
  lzp-match --engines engines.toml --games 40 --size 9 --komi 7

engines.toml:
  [engines]
  new = "lzp-gtp -w new.txt.gz -v 100"
  old = "lzp-gtp -w old.txt.gz -v 100"

How many games tell how small a difference: docs/matches.md."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the match that the command line describes."""
    values = _parser().parse_args(arguments)
    try:
        options = _options(values)
        with Match(options) as match:
            run(match, values)
    except (MatchError, ValueError) as error:
        print(f"lzp-match: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run(match: Match, values: argparse.Namespace) -> None:
    """Play a match, a line a game, and print and write the table, also if it is interrupted."""
    console = Console()
    watch = _Watch(match)
    if match.games:
        console.print(f"{len(match.games)} games were already played", highlight=False)
    _warn_of_repeats(match)
    try:
        with _live(console, watch):
            for game in match.play():
                line = game_line(watch.view(), game)
                console.print(line, highlight=False, markup=False, soft_wrap=True)
    finally:
        view = watch.view()
        if not console.is_terminal:
            console.print(result_table(view))
        _write(match, view, values)


def _live(console: Console, watch: "_Watch") -> AbstractContextManager[object]:
    """Return what keeps a live table below the lines, where there is a terminal for it."""
    if not console.is_terminal:
        return nullcontext()
    return Live(console=console, get_renderable=watch.render, refresh_per_second=2)


class _Watch:
    """A match as it goes on, for a live table."""

    def __init__(self, match: Match) -> None:
        """Start counting time."""
        self._match = match
        self._earlier = len(match.games)
        self._started = time.monotonic()

    def view(self) -> MatchView:
        """Return how far the match is now."""
        match = self._match
        return MatchView(
            labels=match.labels,
            games=list(match.games),
            total=len(match.seatings),
            earlier=self._earlier,
            elapsed_s=time.monotonic() - self._started,
            sprt=match.options.sprt,
        )

    def render(self) -> RenderableType:
        """Return the live table."""
        view = self.view()
        return Group(result_table(view), Text(progress_line(view)))


def _warn_of_repeats(match: Match) -> None:
    """Say so if there are fewer openings than pairs of games."""
    count, wanted = match.openings.count, (match.options.games + 1) // 2
    if count is not None and wanted > count and match.options.sprt is None:
        text = f"lzp-match: {count} openings for {wanted} pairs of games: some come again"
        print(text, file=sys.stderr)


def _write(match: Match, view: MatchView, values: argparse.Namespace) -> None:
    """Write the result as JSON and as a picture, in the match's folder and where it is asked for.

    Raises:
        MatchError: a file cannot be written.
    """
    texts = {".json": json.dumps(summary(view), indent=1) + "\n", ".svg": draw_table(view)}
    if match.folder is not None:
        match.folder.write(_RESULT_FILE, texts[".json"])
        match.folder.write(_PICTURE_FILE, texts[".svg"])
    for path, kind in ((values.json, ".json"), (values.picture, ".svg")):
        if path is not None:
            try:
                with replacing(path) as file:
                    file.write(texts[kind].encode())
            except OSError as error:
                raise MatchError(f"cannot write {path}: {error.strerror}") from None


def _options(values: argparse.Namespace) -> MatchOptions:
    """Return the match of a parsed command line; ValueError if it makes no sense."""
    control = TimeControl.parse(values.time, values.grace) if values.time else None
    rules = GameRules(
        side=values.size,
        komi=values.komi,
        max_moves=values.max_moves or 2 * values.size**2,
        move_timeout_s=values.move_timeout,
        time_control=control,
    )
    sprt = Sprt.parse(values.sprt) if values.sprt else None
    games = values.games
    if games is None:
        games = _MOST_GAMES if sprt else _GAMES
    if values.picture is not None and values.picture.suffix.lower() != ".svg":
        raise MatchError(f"{values.picture}: a picture is .svg")
    return MatchOptions(
        engines=_engines(values),
        games=games,
        rules=rules,
        openings=open_openings(values.openings, values.size, values.seed, values.opening_moves),
        referee=None if values.referee == "none" else values.referee or default_referee(),
        folder=values.sgf,
        parallel=values.parallel,
        gauntlet=values.gauntlet,
        sprt=sprt,
    )


def _engines(values: argparse.Namespace) -> tuple[EngineSpec, ...]:
    """Return the engines of a command line; MatchError if there are none, or in two ways."""
    named = [_named(text) for text in values.engine]
    if values.engines is not None:
        named += read_engines(values.engines)
    both = [EngineSpec(command) for command in (values.a, values.b) if command is not None]
    if both and named:
        raise MatchError("name engines either by -a and -b or by -e and --engines")
    if both and len(both) < 2:
        raise MatchError(f"the other engine is missing: {'-b' if values.a else '-a'}")
    if len(both) + len(named) < 2:
        raise MatchError("name two engines: -a COMMAND -b COMMAND, or -e NAME=COMMAND, ...")
    return tuple(both or named)


def _named(text: str) -> EngineSpec:
    """Return the engine of "NAME=COMMAND"."""
    name, equals, command = text.partition("=")
    if not (name.strip() and equals and command.strip()):
        raise MatchError(f"expected NAME=COMMAND, not {text!r}")
    return EngineSpec(command.strip(), name.strip())


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-match."""
    parser = OneLineParser(
        prog="lzp-match",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-a", metavar="COMMAND", help="engine A's command line")
    add("-b", metavar="COMMAND", help="engine B's command line")
    add("-e", dest="engine", action="append", default=[], metavar="NAME=COMMAND",
        help="an engine of a round robin; once for each")  # fmt: skip
    add("--engines", type=Path, metavar="FILE", help="engines of a round robin, as TOML")
    add("--gauntlet", action="store_true", help="the first engine meets the others, no more")
    add("--games", type=int, metavar="N",
        help=f"games of each pairing ({_GAMES}; at most {_MOST_GAMES} with --sprt)")  # fmt: skip
    add("--sprt", metavar="E0,E1[,A,B]",
        help="stop when +E0 or +E1 Elo of A is refuted, with errors A and B (0.05)")  # fmt: skip
    add("--parallel", type=int, default=1, metavar="N", help="games at once (1)")
    _add_game_options(parser)
    add("--sgf", type=Path, metavar="DIR", help="keep records and results here, and go on there")
    add("--json", type=Path, metavar="FILE", help="write the result as JSON")
    add("--picture", type=Path, metavar="FILE", help="write the table as SVG")
    return parser


def _add_game_options(parser: argparse.ArgumentParser) -> None:
    """Add what concerns every game."""
    add = parser.add_argument
    add("--size", type=int, default=19, metavar="N", help="side of the board (19)")
    add("--komi", type=float, default=7.5, metavar="F", help="points for White (7.5)")
    add("--openings", metavar="FILE",
        help="text or SGF, or 'random' or 'none' (19x19: a balanced set; else random)")  # fmt: skip
    add("--opening-moves", type=int, default=4, metavar="N",
        help="of random openings, in the corners, 0 to 4 (4)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="seed of the openings (0)")
    add("--time", metavar="TIME", help="clocks, see below (none)")
    add("--grace", type=float, default=GRACE_S, metavar="S",
        help=f"seconds over the clock before a move is lost ({GRACE_S:g})")  # fmt: skip
    add("--move-timeout", type=float, default=600.0, metavar="S",
        help="a longer move loses on time (600)")  # fmt: skip
    add("--max-moves", type=int, default=0, metavar="N", help="no result after N (2 x board)")
    add("--referee", metavar="COMMAND", help="engine that scores; 'none': all stones alive")


if __name__ == "__main__":
    main()
