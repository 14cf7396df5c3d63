"""lzp-arena: two settings of this engine against each other, many games at once."""

import argparse
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from lzp.command_line import OneLineParser
from lzp.engine.evaluator import Evaluator
from lzp.engine.run_options import AUTO, BACKEND_NAMES
from lzp.engine.search import EvaluationError
from lzp.engine.warmup import warmup
from lzp.play.arena import Arena, ArenaOptions
from lzp.play.arena_game import ArenaGame, ArenaRules
from lzp.play.arena_network import open_fastest
from lzp.play.arena_progress import Progress
from lzp.play.arena_records import game_records
from lzp.play.arena_results import ArenaError, ArenaFolder
from lzp.play.arena_score import arena_summary, arena_tables, view_of
from lzp.play.arena_settings import Contestant
from lzp.play.arena_workers import run_workers
from lzp.play.match_results import tally
from lzp.play.referee import SETTLED, default_referee
from lzp.play.sprt import Sprt
from lzp.play.table_svg import draw_table
from lzp.weights.atomic import replacing

_RESULT_FILE, _RECORDS_FILE = "result.json", "games.sgf"

_DESCRIPTION = """\
Play games between settings of this engine in one process. The games run in lockstep and
share batches, so that a small budget does not mean small batches. Every opening is played
twice with the colors exchanged. Settings are fields of SearchParams and PlayerParams,
`evaluations` (positions sent to the network for a move, 100 unless there is another budget),
`weights`, `name`, or a preset: leela for Leela Zero's constants, plain for no technique on.
With --folder the same command goes on with a run that was stopped or killed."""

_EPILOG = """\
examples:
  lzp-arena -a "cpuct=0.8" -b leela --games 400 --folder out/
  lzp-arena -a "lcb_min_visit_ratio=0.2" -b "" --both evaluations=32 --workers 2 --folder out/
  lzp-arena -a "weights=new.txt.gz" -b "weights=old.txt.gz" --both visits=100 --sprt 0,35
  lzp-arena -e leela -e name=default -e "name=wide,cpuct=0.9" --picture robin.svg

More of it: docs/arena.md."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the games that the command line describes."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    values = _parser().parse_args(words)
    try:
        options = _options(values)
        if values.workers > 1:
            _play_apart(values, options, words)
        else:
            _play_here(values, options)
    except (ValueError, EvaluationError) as error:
        print(f"lzp-arena: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _play_here(values: argparse.Namespace, options: ArenaOptions) -> None:
    """Play all games, or a part of them, in this process."""
    warmup()

    def open_network(path: Path | None, batch_size: int) -> Evaluator:
        return open_fastest(path, batch_size, backend=values.backend, threads=values.threads)

    arena = Arena(options, values.folder, open_network)
    is_worker = values.worker_of is not None
    if not is_worker:
        progress = Progress(options, arena.games)
        arena.on_round = lambda: progress.show(arena.games, arena.counts)
    for _ in arena.play():
        if is_worker and os.getppid() != values.worker_of:  # nobody waits for us any more
            return
        if not is_worker and _is_shown(values.sprt, options, arena.games):
            break
    if not is_worker:
        _finish(values, options, arena.games)


def _play_apart(values: argparse.Namespace, options: ArenaOptions, words: Sequence[str]) -> None:
    """Play in several processes that write to one folder."""
    with tempfile.TemporaryDirectory(prefix="lzp-arena-") as spare:
        path = values.folder or Path(spare)
        folder = ArenaFolder(path, options.identity())
        progress = Progress(options, folder.read())

        def look() -> bool:
            games = folder.read()
            progress.show(games, None)
            return _is_shown(values.sprt, options, games)

        run_workers([*words, f"--folder={path}", "--workers=1"], values.workers, look)
        _finish(values, options, folder.read())


def _is_shown(sprt: Sprt | None, options: ArenaOptions, games: Mapping[int, ArenaGame]) -> bool:
    """Return whether a sequential test has come to its end."""
    if sprt is None:
        return False
    view = view_of(options, games, sprt)
    return sprt.verdict(tally(view.games)) != "open"


def _finish(
    values: argparse.Namespace, options: ArenaOptions, games: Mapping[int, ArenaGame]
) -> None:
    """Print and write the result of all games that were asked for."""
    view = view_of(options, games, values.sprt)
    asked = [games[game.number] for game in view.games]
    Console().print(*arena_tables(view, asked))
    texts: dict[Path, str] = {}
    if values.picture is not None:
        texts[values.picture] = draw_table(view)
    if values.folder is not None:
        texts[values.folder / _RESULT_FILE] = arena_summary(view, asked)
        records = game_records(asked, view.labels, options.rules)
        texts[values.folder / _RECORDS_FILE] = records
    for path, text in texts.items():
        try:
            with replacing(path) as file:
                file.write(text.encode())
        except OSError as error:
            raise ArenaError(f"{path}: {error.strerror}") from None


def _options(values: argparse.Namespace) -> ArenaOptions:
    """Return the arena of a parsed command line; ValueError if it makes no sense."""
    lines = [line for line in (values.a, values.b, *values.entrant) if line is not None]
    contestants = tuple(_contestant(values, line) for line in lines)
    if len({each.name for each in contestants}) != len(contestants):
        raise ValueError("two contestants have one name: give them name=...")
    if values.sprt is not None and len(contestants) != 2:
        raise ValueError("--sprt is for two contestants")
    rules = ArenaRules(
        side=values.size,
        komi=values.komi,
        max_moves=values.max_moves or 2 * values.size**2,
        agreed_winrate=values.agree,
    )
    part, _, parts = values.part.partition("/")
    if not (part.isdecimal() and parts.isdecimal()):
        raise ValueError(f"--part: expected I/N, not {values.part!r}")
    return ArenaOptions(
        contestants=contestants,
        games=values.games,
        gauntlet=values.gauntlet,
        rules=rules,
        parallel=values.parallel,
        seed=values.seed,
        openings=values.openings,
        referee=_referee(values.referee),
        part=int(part) - 1,
        parts=int(parts),
    )


def _referee(word: str) -> str | None:
    """Return what scores; ValueError if it is not here."""
    if word != "gnugo":
        return None if word == "none" else word
    found = default_referee()
    if found is None:
        raise ValueError("--referee: gnugo is not installed")
    return found


def _contestant(values: argparse.Namespace, line: str) -> Contestant:
    """Return a contestant with what both have in common."""
    found = Contestant.parse(f"{line},{values.both}")
    name = found.name if "name=" in line else line or "defaults"
    return replace(found, name=name, weights=found.weights or values.weights)


def _parser() -> argparse.ArgumentParser:
    """Return the parser of lzp-arena."""
    parser = OneLineParser(
        prog="lzp-arena",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("-a", metavar="SETTINGS", help="key=value,... of the first contestant")
    add("-b", metavar="SETTINGS", help="of the second; '' for the defaults")
    add("-e", "--entrant", action="append", default=[], metavar="SETTINGS",
        help="of one more; a round robin of all")  # fmt: skip
    add("--gauntlet", action="store_true", help="only the first one meets the others")
    add("--both", default="", metavar="SETTINGS", help="settings of both")
    add("-w", "--weights", type=Path, metavar="FILE", help="network (the one that ships)")
    add("--games", type=int, default=400, metavar="N", help="games of each pairing (400)")
    add("--folder", type=Path, metavar="DIR", help="keep the games here, and go on there")
    add("--parallel", type=int, default=64, metavar="N", help="games at once (64)")
    add("--backend", choices=(AUTO, *BACKEND_NAMES), default=AUTO, metavar="NAME",
        help="what runs the network in float32 (auto: the fastest here)")  # fmt: skip
    add("--threads", type=int, default=1, metavar="N", help="threads of the network (1)")
    add("--workers", type=int, default=1, metavar="N", help="processes, one for each core (1)")
    add("--part", default="1/1", metavar="I/N", help="play only this part of the games (1/1)")
    add("--worker-of", type=int, help=argparse.SUPPRESS)
    add("--seed", type=int, default=0, metavar="N", help="of openings and searches (0)")
    add("--size", type=int, default=19, metavar="N", help="side of the board (19)")
    add("--komi", type=float, default=7.5, metavar="F", help="points for White (7.5)")
    add("--max-moves", type=int, default=0, metavar="N", help="then score it (2 x board)")
    add("--agree", type=float, default=0.97, metavar="F",
        help="a game ends at a winrate that both sides give (0.97); 1: never")  # fmt: skip
    add("--referee", metavar="COMMAND", default=SETTLED,
        help="what scores: settled (random games), gnugo, an engine; none: all alive")  # fmt: skip
    add("--openings", metavar="FILE",
        help="as lzp-match takes them, or 'network': drawn from it (even ones)")  # fmt: skip
    add("--sprt", type=Sprt.parse, metavar="ELO0,ELO1", help="end when one is refuted")
    add("--picture", type=Path, metavar="FILE", help="write the result as SVG, too")
    return parser


if __name__ == "__main__":
    main()
