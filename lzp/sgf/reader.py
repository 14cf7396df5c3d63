"""SGF bytes to `GameRecord`: the adapter over sgfmill's grammar.

sgfmill's parse tree is used, not its `Sgf_game`: that one decodes every value of every
node, which a training set of 150,000 games has no use for. Comments are never decoded, so
that nothing in them can make a game unreadable.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from sgfmill import sgf_grammar

from lzp.go.constants import BLACK, EMPTY, MAX_SIDE, MIN_SIDE, WHITE
from lzp.sgf.record import ColoredMove, GameRecord, parse_result
from lzp.sgf.text import decode, recode, to_plain

_COLORS = {"B": BLACK, "W": WHITE}
_SETUP = {"AB": BLACK, "AW": WHITE, "AE": EMPTY}
_EDITS = frozenset(_SETUP)
_MAX_HANDICAP = MAX_SIDE * MAX_SIDE
#: Above this side `tt` is a point; up to it, a pass.
_LARGEST_SIDE_WITH_TT_PASS = 19

#: Of a file, in bytes: a game is read at about a megabyte a second, variations included.
_MOST_BYTES = 1 << 24

_Node = dict[str, list[bytes]]


class SgfError(ValueError):
    """A record that cannot be read; the text is one line that names it."""


@dataclass(slots=True)
class _MainLine:
    """What has been gathered while walking down the main line."""

    side: int
    stones: dict[int, int] = field(default_factory=dict)
    first_player: int = EMPTY
    moves: list[ColoredMove] = field(default_factory=list)
    edited_at: int | None = None


def read_game(source: Path | bytes) -> GameRecord:
    """Return the first game of a file or of SGF bytes.

    Of a larger file, only the first 16 MiB are looked at.

    Raises:
        SgfError: the file cannot be opened, holds no game, or its first one is broken.
    """
    name = "SGF" if isinstance(source, bytes) else str(source)
    text = source if isinstance(source, bytes) else _read_bytes(source)
    for record in read_games(text):
        if isinstance(record, SgfError):
            raise SgfError(f"{name}: {record}")
        return record
    raise SgfError(f"{name}: no game in it")


def read_games(text: bytes) -> Iterator[GameRecord | SgfError]:
    """Yield every game in a text, an error in the place of each that is broken.

    For a file of many games, split it first (`split_games`): within one text, a game
    without an end takes all that follows it with it.
    """
    text = to_plain(text)
    position = 0
    while True:
        try:
            tree, end = sgf_grammar._parse_sgf_game(text, position)
        except ValueError as error:
            end = sgf_grammar.tokenise(text, position)[1]
            yield _rescue(text[position:], end - position, error)
        else:
            if tree is None:
                return
            yield _record_or_error(tree)
        position = max(end, position + 1)


def _read_bytes(path: Path) -> bytes:
    """Return the beginning of a file, or say in one line why there is none.

    A pipe or a device, which may never end, is not opened.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise SgfError(f"{path}: not a file")
        with path.open("rb") as file:
            return file.read(_MOST_BYTES)
    except OSError as error:
        raise SgfError(f"{path}: {error.strerror or error}") from None


def _rescue(text: bytes, reached: int, error: ValueError) -> GameRecord | SgfError:
    """Read a game again as Chinese text without a declaration; else say what is wrong."""
    if not text.isascii():
        try:
            return _record_or_error(sgf_grammar.parse_sgf_game(recode(text, "gb18030")))
        except ValueError:
            pass
    if reached >= len(text.rstrip()) or "unexpected end" in str(error):
        return SgfError(f"cut off or malformed after {reached} bytes")
    return SgfError(f"malformed after {reached} bytes: {error}")


def _record_or_error(tree: sgf_grammar.Coarse_game_tree) -> GameRecord | SgfError:
    """Return a parse tree's record, or the error in it."""
    try:
        return _to_record(tree)
    except SgfError as error:
        return error


def _to_record(tree: sgf_grammar.Coarse_game_tree) -> GameRecord:
    """Return the record of a parse tree's main line."""
    root: _Node = tree.sequence[0]
    game_kind = _first(root, "GM") or b"1"
    if game_kind.strip() != b"1":
        raise SgfError(f"another game than Go: GM[{game_kind.decode('latin-1')}]")
    line = _MainLine(side=_side(root))
    for node in sgf_grammar.main_sequence_iter(tree):
        if not _walk_node(line, node):
            break
    charset = (_first(root, "CA") or b"").decode("ascii", "replace") or None

    def text_of(name: str) -> str:
        raw = _first(root, name)
        if raw is None:
            return ""
        return decode(sgf_grammar.simpletext_value(raw), charset).strip()

    handicap = _number(text_of("HA"))
    is_handicap = handicap is not None and 0 <= handicap <= _MAX_HANDICAP
    result_text = text_of("RE")
    return GameRecord(
        side=line.side,
        komi=_number(text_of("KM")),
        handicap=int(handicap) if handicap is not None and is_handicap else 0,
        setup=tuple((color, move) for move, color in line.stones.items()),
        first_player=_first_player(line),
        moves=tuple(line.moves),
        edited_at=line.edited_at,
        result_text=result_text,
        result=parse_result(result_text),
        black=text_of("PB"),
        white=text_of("PW"),
        black_rank=text_of("BR"),
        white_rank=text_of("WR"),
        date=text_of("DT"),
        rules=text_of("RU"),
        time_s=_number(text_of("TM")),
        overtime=text_of("OT"),
    )


def _first(node: _Node, name: str) -> bytes | None:
    """Return a property's first value, None where the node has none."""
    values = node.get(name)
    return values[0] if values else None


def _number(text: str) -> float | None:
    """Return a finite number, a comma allowed for its point; None for anything else."""
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _side(root: _Node) -> int:
    """Return the board side of a root node; 19 where it has none."""
    raw = (_first(root, "SZ") or b"19").decode("latin-1").strip()
    parts = raw.split(":")
    if not parts[0].isdigit() or len(set(parts)) != 1 or len(raw) > 9:
        raise SgfError(f"board size SZ[{raw[:20]}] is not a square from 2 to {MAX_SIDE}")
    side = int(parts[0])
    if not MIN_SIDE <= side <= MAX_SIDE:
        raise SgfError(f"board size SZ[{raw}] is not from 2 to {MAX_SIDE}")
    return side


def _first_player(line: _MainLine) -> int:
    """Return who moves first: the first move tells, else PL, else the handicap stones."""
    if line.moves:
        return line.moves[0][0]
    if line.first_player != EMPTY:
        return line.first_player
    only_black = bool(line.stones) and set(line.stones.values()) == {BLACK}
    return WHITE if only_black else BLACK


def _walk_node(line: _MainLine, node: _Node) -> bool:
    """Add one node to the main line; return False where the line must end."""
    if not _EDITS.isdisjoint(node):
        if line.moves:
            line.edited_at = len(line.moves)
            return False
        _set_up(line, node)
    if "PL" in node and not line.moves:
        line.first_player = _COLORS.get(node["PL"][0][:1].decode("latin-1").upper(), EMPTY)
    for name, values in node.items():
        color = _COLORS.get(name)
        if color is not None:
            line.moves.append((color, _move(line, values[0])))
    return True


def _move(line: _MainLine, raw: bytes) -> int:
    """Return the move of a B or W value."""
    move = _move_table(line.side).get(raw)
    if move is None:
        move = _move_table(line.side).get(raw.strip().lower())
    if move is None:
        text = raw[:20].decode("latin-1")
        ply = len(line.moves) + 1
        raise SgfError(f"move {ply}: [{text}] is no point of a {line.side}x{line.side} board")
    return move


def _set_up(line: _MainLine, node: _Node) -> None:
    """Add and remove the stones of AB, AW and AE, rectangles included."""
    for name, color in _SETUP.items():
        for raw in dict.fromkeys(node.get(name, ())):  # a rectangle may be there a million times
            for move in _rectangle(line.side, raw):
                line.stones.pop(move, None)
                if color != EMPTY:
                    line.stones[move] = color


def _rectangle(side: int, raw: bytes) -> list[int]:
    """Return the moves of a set-up value: one point, or all from corner to corner."""
    table = _move_table(side)
    corners = [table.get(part.strip().lower(), side * side) for part in raw.split(b":")]
    if len(corners) > 2 or max(corners) == side * side:
        text = raw[:20].decode("latin-1")
        raise SgfError(f"set-up stone [{text}] is no point of a {side}x{side} board")
    rows = sorted(corner // side for corner in corners)
    columns = sorted(corner % side for corner in corners)
    return [
        row * side + column
        for row in range(rows[0], rows[-1] + 1)
        for column in range(columns[0], columns[-1] + 1)
    ]


@lru_cache(maxsize=MAX_SIDE)
def _move_table(side: int) -> dict[bytes, int]:
    """Return SGF coordinates to moves; SGF counts rows from the top, moves from the bottom."""
    letters = [bytes([ord("a") + index]) for index in range(side)]
    table = {
        letters[x] + letters[row]: (side - 1 - row) * side + x
        for row in range(side)
        for x in range(side)
    }
    table[b""] = side * side
    if side <= _LARGEST_SIDE_WITH_TT_PASS:
        table[b"tt"] = side * side
    return table
