"""`lzp-picture`: a position of a game record, analyzed and drawn as one SVG file."""

import argparse
import sys
from pathlib import Path

from lzp.command_line import OneLineParser
from lzp.engine.backends import default_backend
from lzp.engine.model import ModelError, open_evaluator, open_network
from lzp.engine.own_reading import own_reading
from lzp.engine.search import Search
from lzp.engine.search_params import SearchLimits, SearchParams
from lzp.play.analysis_svg import draw_analysis
from lzp.sgf import SgfError, read_game, to_game
from lzp.weights.atomic import replacing

_EXAMPLES = """examples:
  lzp-picture game.sgf --move 60 -o move60.svg
  lzp-picture game.sgf -o end.svg -w net.txt.gz -v 3200
"""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = OneLineParser(
        prog="lzp-picture",
        description="Analyze a position of a game record and draw it with the best moves as SVG.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("record", type=Path, help="an SGF file")
    parser.add_argument("--move", type=int, metavar="N", help="after N moves (default: all)")
    parser.add_argument("-o", "--output", type=Path, required=True, help="the SVG to write")
    parser.add_argument("-w", "--weights", type=Path, help="network (default: the one shipped)")
    parser.add_argument("-v", "--visits", type=int, default=800, help="visits (default: 800)")
    parser.add_argument("-t", "--threads", type=int, default=2, help="CPU threads (default: 2)")
    parser.add_argument("-s", "--seed", type=int, default=1, help="random seed (default: 1)")
    parser.add_argument("--title", default="lzp", help="head line (default: lzp)")
    return parser


def draw(options: argparse.Namespace) -> str:
    """Return the picture that the options ask for.

    Raises:
        SgfError, ModelError, ValueError: one line that says what is wrong.
    """
    game = to_game(read_game(options.record), options.move)
    limits = SearchLimits(visits=options.visits)
    file = open_network(options.weights)
    reading = own_reading(file, on_gpu=default_backend(file).is_on_gpu)
    params = SearchParams.strong(seed=options.seed, **reading.params())
    evaluator = open_evaluator(file, batch_size=params.batch_size, threads=options.threads)
    search = Search(evaluator, params)
    search.set_position(game)
    return draw_analysis(game, search.run(limits), options.title)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code, 2 for bad input."""
    options = build_parser().parse_args(arguments)
    try:
        picture = draw(options)
        with replacing(options.output) as file:
            file.write(picture.encode())
    except (SgfError, ModelError, ValueError) as error:
        print(f"lzp-picture: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"lzp-picture: {options.output}: {error.strerror}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
