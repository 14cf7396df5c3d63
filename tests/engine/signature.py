"""One number for what the search does: `bin/signature` prints it, a test holds it.

Fixed positions are searched with a fixed network of whole numbers, one batch in flight, by
both sets of constants. The number is a hash of which moves were looked at, how often, in
which order and with what winrates. A change that only makes the search faster leaves it
as it is; one that changes what is played changes it, and says so.

Formulas of the search are computed in floating point, whose last bits differ between
processors and libraries. What enters the hash is counts, orders, and winrates to four
digits: a last bit would have to decide between two moves whose scores agree in all others,
which numbers as uneven as this network's do not bring about. Noise comes out of numpy's
Dirichlet stream, and may change with numpy (constraints.txt says which).
"""

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lzp.engine.report import SearchReport
from lzp.engine.restrictions import MoveRestrictions, Restriction
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.go import BLACK
from lzp.go.game import Game
from tests.engine.signature_network import SignatureNetwork
from tests.engine.signature_positions import POSITIONS

FILE = Path(__file__).with_name("signature.txt")
HOW_TO_UPDATE = "if that is meant, run bin/signature --write and say so in the commit's message"

_PRESETS: dict[str, Callable[..., SearchParams]] = {
    "plain": SearchParams,
    "strong": SearchParams.strong,
    "leela": SearchParams.leela,
}
_BATCH_SIZES = (1, 8)
_FIRST = SearchLimits(visits=100)
_SECOND = SearchLimits(playouts=40)
_DECIDED = SearchLimits(visits=300, prune=True, stop_when_decided=True)
_AVOID = MoveRestrictions(avoid=(Restriction(BLACK, 40, 60), Restriction(BLACK, 24, 60)))


@dataclass(frozen=True, kw_only=True)
class Case:
    """One position searched in one way."""

    position: str
    params: dict[str, Any] = field(default_factory=dict)
    limits: SearchLimits = _FIRST
    restrictions: MoveRestrictions | None = None


#: Every position as it is, then what else a search can be told.
CASES = {position: Case(position=position) for position in POSITIONS} | {
    "noise": Case(position="opening", params={"noise": True}),
    "noise on 9x9": Case(position="fight", params={"noise": True}),
    "passes allowed": Case(position="fight", params={"dumb_pass": True}),
    "full tree": Case(position="captures", params={"max_nodes": 64}),
    "one symmetry": Case(position="middle game", params={"symmetry": 5}),
    "decided": Case(position="empty 9x9", limits=_DECIDED),
    "moves avoided": Case(position="fight", restrictions=_AVOID),
}


def signature(names: Iterable[str] = CASES, **changes: Any) -> int:
    """Return the number of the search as it is, or of some cases, or with changed constants."""
    return zlib.crc32("\n".join(line for _, line in lines(names, **changes)).encode())


def lines(names: Iterable[str] = CASES, **changes: Any) -> Iterator[tuple[str, str]]:
    """Yield a name and what was found for every case, constants and batch size."""
    for name in names:
        case = CASES[name]
        start = POSITIONS[case.position]()
        for preset, make in _PRESETS.items():
            for batch_size in _BATCH_SIZES:
                told = {"batch_size": batch_size, "seed": 7} | case.params | changes
                params = make(**told)
                found = " | ".join(
                    _told(report) for report in _searched(case, start.copy(), params)
                )
                yield f"{name}, {preset}, batches of {batch_size}", found


def _searched(case: Case, game: Game, params: SearchParams) -> Iterator[SearchReport]:
    """Yield what is found in a position, and after its two best moves with the tree kept."""
    search = Search(SignatureNetwork(game.side), params)
    search.set_position(game)
    report = search.run(case.limits, restrictions=case.restrictions)
    yield report
    _follow(game, report)
    search.set_position(game)
    yield search.run(_SECOND, restrictions=case.restrictions)


def _follow(game: Game, report: SearchReport) -> None:
    """Play the first two moves of the principal variation, or what there is of them."""
    for move in report.moves[0].pv[:2]:
        game.play(move)


def _told(report: SearchReport) -> str:
    """Return what a search found as text, without last bits and without times."""
    moves = [
        f"{move.move} {move.visits} {move.winrate:.4f} {','.join(map(str, move.pv))}"
        for move in report.moves
    ]
    return f"{report.visits_root} {report.playouts} {report.winrate:.4f}; " + "; ".join(moves)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the number, and write it or hold it against the one on file if that is asked."""
    parser = argparse.ArgumentParser(prog="bin/signature", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write it into {FILE.name}")
    parser.add_argument("--check", action="store_true", help="exit with 1 if the file differs")
    parser.add_argument("--cases", action="store_true", help="a number for each case, too")
    values = parser.parse_args(arguments)
    if values.cases:
        for name, line in lines():
            print(f"{zlib.crc32(line.encode()):10d}  {name}")
    number = signature()
    print(number)
    if values.write:
        FILE.write_text(f"{number}\n", encoding="ascii")
    elif values.check and number != committed():
        print(f"bin/signature: {FILE.name} has {committed()}: {HOW_TO_UPDATE}", file=sys.stderr)
        raise SystemExit(1)


def committed() -> int:
    """Return the number on file."""
    return int(FILE.read_text(encoding="ascii"))


if __name__ == "__main__":
    main()
