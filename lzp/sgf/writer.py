"""A `Game` to SGF text."""

from dataclasses import dataclass

from sgfmill import sgf_grammar

from lzp.go import BLACK, WHITE, Game

_NAMES = {BLACK: "B", WHITE: "W"}
_APPLICATION = "lzp"


@dataclass(frozen=True, kw_only=True, slots=True)
class SgfInfo:
    """What a record says beside the moves; empty fields are left out.

    Attributes:
        properties: further root properties, SGF name to text, such as ("TM", "600").
    """

    black: str = ""
    white: str = ""
    result: str = ""
    rules: str = "Chinese"
    date: str = ""
    comment: str = ""
    properties: tuple[tuple[str, str], ...] = ()


def write_game(game: Game, info: SgfInfo | None = None) -> str:
    """Return a game as SGF text, FF[4], UTF-8; a pass is an empty move.

    Resignation is not a move: it belongs in `info.result`.
    """
    tree = sgf_grammar.Coarse_game_tree()
    tree.sequence = [_root(game, info or SgfInfo())]
    tree.sequence += [{_NAMES[color]: [sgf_point(move, game.side)]} for color, move in game.moves]
    text: bytes = sgf_grammar.serialise_game_tree(tree)
    return text.decode()


def sgf_point(move: int, side: int) -> bytes:
    """Return a move's SGF coordinates, column then row from the top; empty for the pass."""
    if move == side * side:
        return b""
    y, x = divmod(move, side)
    return bytes([ord("a") + x, ord("a") + side - 1 - y])


def _root(game: Game, info: SgfInfo) -> dict[str, list[bytes]]:
    """Return the root node of a game."""
    texts = {
        "GM": "1",
        "FF": "4",
        "CA": "UTF-8",
        "AP": _APPLICATION,
        "SZ": str(game.side),
        "KM": f"{game.komi:g}",
        "HA": str(game.handicap) if game.handicap else "",
        "RU": info.rules,
        "DT": info.date,
        "PB": info.black,
        "PW": info.white,
        "RE": info.result,
        "C": info.comment,
    }
    texts.update(info.properties)
    root = {name: [_escaped(text)] for name, text in texts.items() if text}
    for color, name in ((BLACK, "AB"), (WHITE, "AW")):
        points = [sgf_point(move, game.side) for stone, move in game.setup if stone == color]
        if points:
            root[name] = points
    if game.setup:
        first = game.moves[0][0] if game.moves else game.to_play
        root["PL"] = [_NAMES[first].encode()]
    return root


def _escaped(text: str) -> bytes:
    """Return text as a property value; characters that cannot be encoded become `?`."""
    return bytes(sgf_grammar.escape_text(text.encode("utf-8", "replace")))
