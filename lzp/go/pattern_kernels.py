"""Games played on as people play: answers, shapes beside the last move, moves where it is empty.

Quick games that end in sensible positions tell better who wins than random ones. A move is
the first of these that there is: an answer to an attack (careful_kernels.py); a shape of
three by three points beside the last move, a hane, a cut, a block at the edge (Gelly, Wang,
Munos and Teytaud 2006, "Modification of UCT with Patterns in Monte-Carlo Go"); a point amid
nothing but empty ones, in a few tries (Chaslot and others 2009, "Adding Expert Knowledge and
Exploration in Monte-Carlo Tree Search"); any sensible move.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.go.careful_kernels import choose_answer, choose_sensible, is_sensible
from lzp.go.constants import BLACK, EMPTY, NO_POINT, RECENT_PLIES, WALL, WHITE
from lzp.go.playout_kernels import draw_below, take_turn
from lzp.jit import int64, kernel

#: Rows from the top, the move in the middle. X and O: one color and the other; x and o: not
#: that color; #: off the board; ?: whatever.
_SHAPES = (
    ("XOX", "...", "???"),  # hane around a stone
    ("XO.", "...", "?.?"),  # hane
    ("XO?", "X..", "x.?"),  # hane against a wall
    (".O.", "X..", "..."),  # diagonal attachment
    ("XO?", "O.o", "?o?"),  # cut
    ("XO?", "O.X", "???"),  # cut that was peeped at
    ("?X?", "O.O", "ooo"),  # push through
    ("OX?", "o.O", "???"),  # cut of a knight's move
    ("X.?", "O.?", "###"),  # at the edge: chase
    ("OX?", "X.O", "###"),  # block a cut
    ("?X?", "x.O", "###"),  # block a connection
    ("?OX", "X.O", "###"),  # cut
)
_MEANINGS = {
    "X": (BLACK,),
    "O": (WHITE,),
    ".": (EMPTY,),
    "#": (WALL,),
    "x": (EMPTY, WHITE, WALL),
    "o": (EMPTY, BLACK, WALL),
    "?": (EMPTY, BLACK, WHITE, WALL),
}
#: The same with the colors exchanged.
_SWAPPED = str.maketrans("XOxo", "OXox")
#: Tries to find a point amid empty ones.
_EMPTY_TRIES = 4


def _shape_table() -> NDArray[np.bool_]:
    """Return for each neighborhood, as `neighborhood` numbers them, whether it is a shape."""
    table = np.zeros((4,) * 8, np.bool_)
    for rows in _SHAPES:
        square = np.array([list(row) for row in rows])
        for turns in range(4):
            turned = np.rot90(square, turns)
            for image in (turned, turned[:, ::-1]):
                cells = np.delete(image.ravel(), 4)
                for text in ("".join(cells), "".join(cells).translate(_SWAPPED)):
                    table[np.ix_(*(_MEANINGS[cell] for cell in text))] = True
    # The first neighbor is the lowest digit, and NumPy's first axis the highest.
    return np.ascontiguousarray(table.transpose(*range(7, -1, -1))).ravel()


_IS_SHAPE = _shape_table()


@kernel
def neighborhood(board: np.void, point: int) -> int:
    """Return what lies around a point: two bits each for its eight neighbors, row by row."""
    colors = board["color"]
    stride = int64(board["stride"])
    number = int64(0)
    bits = int64(0)
    for row in (-stride, int64(0), stride):
        for column in (int64(-1), int64(0), int64(1)):
            if row != 0 or column != 0:
                number |= int64(colors[point + row + column]) << bits
                bits += 2
    return number


@kernel
def _neighbor(board: np.void, point: int, place: int) -> int:
    """Return one of a point's eight neighbors, row by row."""
    cell = place + int64(place > 3)
    return point + (cell // 3 - 1) * int64(board["stride"]) + cell % 3 - 1


@kernel
def choose_shape(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return a sensible move beside the last one that makes a shape, drawn; 0 for none."""
    last = int64(board["recent_point"][(int64(board["ply"]) - 1) & (RECENT_PLIES - 1)])
    if last == NO_POINT:
        return 0
    found = int64(0)  # a bit for each neighbor
    count = int64(0)
    for place in range(8):
        point = _neighbor(board, last, place)
        if board["color"][point] == EMPTY and _IS_SHAPE[neighborhood(board, point)]:
            found |= int64(1) << place
            count += 1
    while count > 0:
        skipped = draw_below(count, random)
        place = int64(0)
        while found >> place & 1 == 0 or skipped > 0:
            skipped -= found >> place & 1
            place += 1
        point = _neighbor(board, last, place)
        if is_sensible(board, point, color):
            return point
        found ^= int64(1) << place
        count -= 1
    return 0


@kernel
def choose_amid_empty(board: np.void, random: NDArray[np.uint64]) -> int:
    """Return a point with nothing but empty ones around it if a few tries find one, else 0."""
    count = int64(board["empty_count"])
    if count == 0:
        return 0
    for _ in range(_EMPTY_TRIES):
        point = int64(board["empty"][draw_below(count, random)])
        if neighborhood(board, point) == 0:
            return point
    return 0


@kernel
def choose_as_people_do(board: np.void, color: int, random: NDArray[np.uint64]) -> int:
    """Return an answer, a shape, a point amid empty ones or a sensible move; 0 for none."""
    point = choose_answer(board, color)
    if point == 0:
        point = choose_shape(board, color, random)
    if point == 0:
        point = choose_amid_empty(board, random)
    if point == 0:
        point = choose_sensible(board, color, random)
    return point


@kernel
def play_out_as_people_do(board: np.void, limit: int, random: NDArray[np.uint64]) -> None:
    """Play on until both sides pass, or `limit` moves."""
    for _ in range(limit):
        color = int64(board["to_play"])
        point = choose_as_people_do(board, color, random)
        if take_turn(board, color, point):
            break
