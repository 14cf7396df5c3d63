"""The games of an arena as SGF: one collection, which game editors open as a list."""

from collections.abc import Iterable, Sequence

from lzp.go import BLACK, EMPTY, Game
from lzp.play.arena_game import ArenaGame, ArenaRules
from lzp.sgf import SgfInfo, write_game

#: What the result says of endings without a count.
_UNCOUNTED = ("agreed", "resign")


def game_records(games: Iterable[ArenaGame], names: Sequence[str], rules: ArenaRules) -> str:
    """Return games as an SGF collection, a record a line.

    Args:
        games: the games, in the order of the records.
        names: of the contestants.
        rules: of all games.
    """
    return "".join(f"{_record(game, names, rules)}\n" for game in games)


def _record(played: ArenaGame, names: Sequence[str], rules: ArenaRules) -> str:
    """Return one game as SGF."""
    game = Game(rules.side, rules.komi)
    for move in played.moves:
        game.play(move)
    info = SgfInfo(
        black=names[played.black],
        white=names[played.white],
        result=_result(played),
        comment=f"game {played.number}, opening of {played.opening} moves; "
        f"ended by {played.ending}",
        properties=(("GN", f"game {played.number}"),),
    )
    return write_game(game, info).replace("\n", "")


def _result(played: ArenaGame) -> str:
    """Return the RE property."""
    if played.winner == EMPTY:
        return "0"
    how = "R" if played.ending in _UNCOUNTED else f"{abs(played.points):.1f}"
    return f"{'B' if played.winner == BLACK else 'W'}+{how}"
