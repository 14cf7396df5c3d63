"""Openings: the moves before the engines', so that deterministic engines do not repeat one game.

Every opening is used twice, with the colors exchanged: what luck it holds cancels out. What
comes with the package is a set of openings for 19x19 that a search found even at komi 7.5
(`lzp.play.opening_maker` made it); other boards get random moves in the corners; people may
bring their own.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path

import numpy as np

from lzp.features.symmetry import symmetry_tables
from lzp.go import BLACK, WHITE, Game
from lzp.go.vertex import parse_vertex
from lzp.play.match_rules import MatchError
from lzp.sgf import SgfError, read_games

SHIPPED_OPENINGS = "even-19.txt"
SHIPPED_SIDE = 19
#: Distances from the two edges of a corner at which a first stone is common.
_CORNER_POINTS = ((3, 3), (2, 3), (3, 2), (2, 2), (2, 4), (4, 2))
_SMALLEST_SIDE = 9
CORNERS = 4
#: More than any book of openings; a larger file is something else.
_LARGEST_FILE = 50_000_000


class Openings(ABC):
    """The openings of a match, by number.

    Attributes:
        identity: plain data; equal for two sets exactly if they hold the same openings in
            the same order.
        count: how many different ones there are; None for no end.
    """

    def __init__(self, identity: Mapping[str, object], count: int | None) -> None:
        """Describe a set; see `open_openings`."""
        self.identity = identity
        self.count = count

    @abstractmethod
    def moves(self, number: int) -> list[int]:
        """Return an opening: moves from an empty board, Black first."""


class RandomOpenings(Openings):
    """A random stone in each of some corners."""

    def __init__(self, side: int, plies: int, seed: int) -> None:
        """Make openings for a side.

        Raises:
            MatchError: more plies than corners.
        """
        if not 0 <= plies <= CORNERS:
            raise MatchError(f"opening moves must be 0 to {CORNERS}, not {plies}")
        super().__init__({"random": plies, "side": side, "seed": seed}, None)
        self._side, self._plies, self._seed = side, plies, seed

    def moves(self, number: int) -> list[int]:
        """Return opening `number`, the same one every time."""
        return random_opening(self._side, self._plies, self._seed, number)


class ListedOpenings(Openings):
    """A fixed list in an order drawn by a seed; after the last the first comes again."""

    def __init__(self, listed: Sequence[Sequence[int]], seed: int) -> None:
        """Use openings that are known to be legal.

        Raises:
            MatchError: there are none.
        """
        if not listed:
            raise MatchError("no openings")
        text = "\n".join(" ".join(map(str, moves)) for moves in listed)
        digest = hashlib.sha256(text.encode()).hexdigest()
        super().__init__({"listed": digest, "seed": seed}, len(listed))
        order = np.random.default_rng(seed).permutation(len(listed)).tolist()
        self._listed = [list(listed[index]) for index in order]

    def moves(self, number: int) -> list[int]:
        """Return opening `number`."""
        return list(self._listed[number % len(self._listed)])


def open_openings(source: str | None, side: int, seed: int, plies: int = CORNERS) -> Openings:
    """Return the openings of a match.

    Args:
        source: None for what fits the side: the set that ships on 19x19, else random ones;
            "random"; "none"; or the path of a text or SGF file.
        side: the board's side.
        seed: of their order, or of the random ones.
        plies: of random ones, 0 to 4.

    Raises:
        MatchError: the file is no openings for this side; one line.
    """
    if source == "none":
        return RandomOpenings(side, 0, seed)
    if source == "random" or (source is None and side != SHIPPED_SIDE):
        return RandomOpenings(side, plies, seed)
    return ListedOpenings(read_openings(Path(source) if source else shipped_openings(), side), seed)


def shipped_openings() -> Path:
    """Return the path of the set that ships with the package."""
    return Path(str(resources.files("lzp").joinpath("openings", SHIPPED_OPENINGS)))


def read_openings(path: Path, side: int) -> list[list[int]]:
    """Return the openings of a text or SGF file.

    A text file has an opening on each line: vertices, Black's first; `#` begins a comment.
    An SGF file may hold many games; each one's main line is an opening.

    Raises:
        MatchError: the file cannot be read, or one of its openings is none for this side:
            an illegal move, stones set up, two moves in a row of one color.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise MatchError(f"{path}: {error.strerror}") from None
    if len(data) > _LARGEST_FILE:
        raise MatchError(f"{path}: larger than {_LARGEST_FILE // 1_000_000} MB")
    is_sgf = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"(")
    openings = _read_sgf(path, data, side) if is_sgf else _read_text(path, data, side)
    if not openings:
        raise MatchError(f"{path}: no openings in it")
    return openings


def _read_text(path: Path, data: bytes, side: int) -> list[list[int]]:
    """Return the openings of a text file."""
    openings = []
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        try:
            openings.append(_checked([parse_vertex(word, side) for word in words], side))
        except ValueError as error:
            raise MatchError(f"{path}: line {number}: {error}") from None
    return openings


def _read_sgf(path: Path, data: bytes, side: int) -> list[list[int]]:
    """Return the openings of an SGF file."""
    openings = []
    for number, record in enumerate(read_games(data), start=1):
        try:
            if isinstance(record, SgfError):
                raise record
            if record.side != side:
                raise ValueError(f"a board of {record.side}x{record.side}, not {side}x{side}")
            if record.setup or record.edited_at is not None:
                raise ValueError("stones are set up, which an opening may not")
            colors = [color for color, _ in record.moves]
            if colors != [BLACK if ply % 2 == 0 else WHITE for ply in range(len(colors))]:
                raise ValueError("Black and White do not take turns")
            openings.append(_checked([move for _, move in record.moves], side))
        except ValueError as error:
            raise MatchError(f"{path}: game {number}: {error}") from None
    return openings


def _checked(moves: list[int], side: int) -> list[int]:
    """Return moves that can be played; ValueError if they cannot, or if they end the game."""
    game = Game(side)
    for move in moves:
        game.play(move)
    if game.is_over:
        raise ValueError("two passes end the game")
    return moves


def symmetric_key(moves: Sequence[int], side: int) -> bytes:
    """Return a key that two openings share exactly if they lead to the same position.

    Positions that are mirror images or rotations of each other are the same, as are those
    with the moves in another order. The side to move follows from the number of moves.
    """
    game = Game(side)
    for move in moves:
        game.play(move)
    colors = np.append(np.array(game.board.colors(), np.uint8), np.uint8(len(moves) % 2))
    tables = symmetry_tables(side)
    seen: list[bytes] = [colors[np.append(table, side * side)].tobytes() for table in tables]
    return min(seen)


def random_opening(side: int, moves: int, seed: int, number: int) -> list[int]:
    """Return opening number `number`: moves in different corners, Black first.

    Args:
        side: the board's side; below 9 corners have no room and the opening is empty.
        moves: 0 to 4 of them.
        seed: of the whole match; the same seed and number give the same opening.
        number: which of the match's openings.
    """
    if side < _SMALLEST_SIDE:
        return []
    random = np.random.default_rng([seed, number])
    corners = random.permutation(CORNERS)[: min(moves, CORNERS)]
    opening = []
    for corner in corners.tolist():
        x, y = _CORNER_POINTS[int(random.integers(len(_CORNER_POINTS)))]
        if side < 13:
            x, y = min(x, 3), min(y, 3)
        x = side - 1 - x if corner & 1 else x
        y = side - 1 - y if corner & 2 else y
        opening.append(y * side + x)
    return opening
