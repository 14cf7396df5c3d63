"""lzp-match: games between any two GTP engines, and what they say about strength."""

import argparse
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lzp.command_line import OneLineParser
from lzp.go import BLACK, EMPTY
from lzp.play.match import Match, MatchOptions, tally
from lzp.play.match_clock import TimeControl
from lzp.play.match_game import GameRules
from lzp.play.match_results import MatchError, PlayedGame
from lzp.play.referee import default_referee
from lzp.play.scoring import elo_difference, wilson_interval

_DESCRIPTION = """\
Play games between two GTP engines. Colors alternate; each random opening is played twice,
once with each color. Two passes end a game; a referee engine takes dead stones off and
counts (GNU Go where it is installed). Illegal moves, crashes and time losses are
losses and are counted apart. With --sgf the match can be stopped and gone on with."""

_EPILOG = """\
examples:
  lzp-match -a "lzp-gtp -v 200" -b "gnugo --mode gtp --level 10" --games 20 --sgf out/
  lzp-match -a "lzp-gtp -w new.txt.gz -v 100" -b "lzp-gtp -w old.txt.gz -v 100" --games 100
  lzp-match -a "lzp-gtp --noponder" -b "leelaz -g -w net.gz --noponder" --time 0,60,10"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Play the match that the command line describes."""
    parser = _parser()
    values = parser.parse_args(arguments)
    try:
        options = _options(values)
        with Match(options) as match:
            run(match, Console())
    except (MatchError, ValueError) as error:
        print(f"lzp-match: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def run(match: Match, console: Console) -> None:
    """Play a match, a line a game, and print the table."""
    kept = [game for game in match.games if game.number < match.options.games]
    if kept:
        console.print(f"{len(kept)} games were already played", highlight=False)
    for game in match.play():
        console.print(_game_line(match, game), highlight=False, markup=False, soft_wrap=True)
    console.print(_table(match))


def _game_line(match: Match, game: PlayedGame) -> str:
    """Return one finished game and the score so far as a line."""
    a, b = match.labels
    names = (a, b) if game.a_color == BLACK else (b, a)
    result = _result(match, game)
    so_far = tally(match.games)
    points = so_far.wins + so_far.draws / 2
    return (
        f"game {game.number + 1}/{match.options.games}  {names[0]} (B) - {names[1]} (W): {result}, "
        f"{game.moves} moves, {game.seconds:.0f} s   {a} {points:g}/{so_far.games}"
    )


def _result(match: Match, game: PlayedGame) -> str:
    """Return who won a game and how."""
    if game.winner == EMPTY:
        return "draw" if game.ending == "score" else f"no result ({game.ending})"
    winner = match.labels[0 if game.winner == game.a_color else 1]
    how = f"by {game.points:g}" if game.ending == "score" else f"({game.ending})"
    detail = f": {game.detail}" if game.ending in ("illegal", "crash", "time") else ""
    return f"{winner} wins {how}{detail}"


def _table(match: Match) -> Table:
    """Return the match's result: score with its 95 % interval, Elo, how games ended."""
    result = tally(match.games)
    a, b = match.labels
    low, high = wilson_interval(result.score, result.games)
    table = Table(title=f"{a} against {b}", show_header=False)
    table.add_row("games", f"{len(match.games)} ({len(match.games) - result.games} without result)")
    table.add_row("won - lost - drawn", f"{result.wins} - {result.losses} - {result.draws}")
    table.add_row(f"score of {a}", f"{result.score:.1%}  (95 %: {low:.1%} to {high:.1%})")
    elo = [f"{elo_difference(share):+.0f}" for share in (result.score, low, high)]
    table.add_row("Elo difference", f"{elo[0]}  (95 %: {elo[1]} to {elo[2]})")
    as_black = tally([game for game in match.games if game.a_color == BLACK])
    table.add_row(f"{a} as Black", f"{as_black.wins}/{as_black.games}")
    for label, lost_by_a in ((a, True), (b, False)):
        endings = Counter(
            game.ending for game in match.games if game.a_result() == (0.0 if lost_by_a else 1.0)
        )
        text = ", ".join(f"{ending} {count}" for ending, count in sorted(endings.items()))
        table.add_row(f"losses of {label}", text or "none")
    return table


def _options(values: argparse.Namespace) -> MatchOptions:
    """Return the match of a parsed command line; ValueError if it makes no sense."""
    control = TimeControl.parse(values.time) if values.time else None
    rules = GameRules(
        side=values.size,
        komi=values.komi,
        max_moves=values.max_moves or 2 * values.size**2,
        move_timeout_s=values.move_timeout,
        time_control=control,
    )
    referee = None if values.referee == "none" else values.referee or default_referee()
    return MatchOptions(
        commands=(values.a, values.b),
        games=values.games,
        rules=rules,
        opening_moves=values.opening_moves,
        seed=values.seed,
        referee=referee,
        folder=values.sgf,
    )


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
    add("-a", required=True, metavar="COMMAND", help="engine A's command line")
    add("-b", required=True, metavar="COMMAND", help="engine B's command line")
    add("--games", type=int, default=20, metavar="N", help="games to play (20)")
    add("--size", type=int, default=19, metavar="N", help="side of the board (19)")
    add("--komi", type=float, default=7.5, metavar="F", help="points for White (7.5)")
    add("--sgf", type=Path, metavar="DIR", help="keep records and results here, and go on there")
    add("--opening-moves", type=int, default=4, metavar="N",
        help="random moves in the corners before the engines', 0 to 4 (4)")  # fmt: skip
    add("--seed", type=int, default=0, metavar="N", help="seed of the openings (0)")
    add("--time", metavar="M[,P,S]", help="M s each, then S moves in every P s (none)")
    add("--move-timeout", type=float, default=600.0, metavar="S",
        help="a longer move loses on time (600)")  # fmt: skip
    add("--max-moves", type=int, default=0, metavar="N", help="no result after N (2 x board)")
    add("--referee", metavar="COMMAND", help="engine that scores; 'none': all stones alive")
    return parser


if __name__ == "__main__":
    main()
