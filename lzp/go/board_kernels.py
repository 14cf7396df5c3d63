"""The rules of Go as kernels on one BOARD record: captures, suicide, simple ko, hash.

Nothing here allocates, and only `check_move` tests legality. Inner functions take a
record (`board = boards[0]`); the functions that Python calls take arrays, since passing
a record across the border costs ten times as much. Points and packed liberties are
explained in board_state.py.

Superko is not known here: a record holds no history of hashes. Game and the search add it.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.go.constants import (
    BLACK,
    EMPTY,
    FREE_BUTTON,
    KO,
    LEGAL,
    MAX_POINTS,
    NO_BUTTON,
    NO_POINT,
    OCCUPIED,
    OFF_BOARD,
    RECENT_CAPTURES,
    RECENT_PLIES,
    SUICIDE,
    WALL,
    WHITE,
)
from lzp.jit import int64, lean_kernel

#: Drawn once and for all: hashes stand in game stores and must not change.
ZOBRIST = np.random.default_rng(20201231).integers(0, 2**64, 3 * MAX_POINTS, dtype=np.uint64)
#: What stands for the turn where a repetition is one of the turn, too (situational superko).
TURN_KEY = ZOBRIST[0]
_POINTS = np.arange(MAX_POINTS, dtype=np.int64)
#: One pseudo-liberty at each point, packed.
ONE_LIBERTY = 1 | _POINTS << 12 | (_POINTS * _POINTS) << 32
COUNT_MASK = 0xFFF
_SUM_MASK = 0xFFFFF


@lean_kernel
def clear_boards(boards: NDArray[np.void], side: int) -> None:
    """Make every record of an array an empty board of a side, Black to play."""
    for index in range(len(boards)):
        clear_board(boards[index], side)


@lean_kernel
def clear_board(board: np.void, side: int) -> None:
    """Make one record an empty board of a side, Black to play."""
    stride = side + 2
    board["hash"] = np.uint64(0)
    board["side"] = side
    board["stride"] = stride
    board["to_play"] = BLACK
    board["ko_point"] = NO_POINT
    board["ply"] = 0
    board["passes"] = 0
    board["capture_end"] = 0
    board["prisoners"][:] = 0
    board["suicide"] = 0
    board["button"] = NO_BUTTON
    board["liberties"][:] = 0
    board["color"][:] = WALL
    board["chain"][:] = 0
    board["next"][:] = 0
    board["stones"][:] = 0
    board["recent_point"][:] = NO_POINT
    count = 0
    for y in range(side):
        for x in range(side):
            point = (y + 1) * stride + x + 1
            board["color"][point] = EMPTY
            board["empty"][count] = point
            board["empty_index"][point] = count
            count += 1
    board["empty_count"] = count


@lean_kernel
def copy_board(
    sources: NDArray[np.void], source: int, targets: NDArray[np.void], target: int
) -> None:
    """Copy sources[source] over targets[target], both BOARD arrays."""
    targets[target] = sources[source]


@lean_kernel
def point_of(board: np.void, move: int) -> int:
    """Return the padded point of a move that is not the pass."""
    side = int64(board["side"])
    return (move // side + 1) * int64(board["stride"]) + move % side + 1


@lean_kernel
def move_of(board: np.void, point: int) -> int:
    """Return the move (0 .. side² - 1) of a padded point that is on the board."""
    stride = int64(board["stride"])
    return (point // stride - 1) * int64(board["side"]) + point % stride - 1


@lean_kernel
def is_only_liberty(board: np.void, head: int, point: int) -> bool:
    """Return whether a chain, given by its head, has `point` as its only liberty."""
    packed = board["liberties"][head]
    return bool(packed == (packed & COUNT_MASK) * ONE_LIBERTY[point])


@lean_kernel
def only_liberty(packed: int) -> int:
    """Return the point that packed liberties (board_state.py) consist of, 0 if there are more.

    All n pseudo-liberties are one point exactly if n times the sum of their squares is the
    square of their sum.
    """
    count = packed & COUNT_MASK
    if count == 0:
        return 0
    total = (packed >> 12) & _SUM_MASK
    return total // count if count * (packed >> 32) == total * total else 0


@lean_kernel
def check_point(board: np.void, point: int, color: int) -> int:
    """Return LEGAL, OCCUPIED, KO or SUICIDE for a stone of a color on a point of the board.

    Suicide of one stone is refused, of more unless the board's rules allow it. Superko is
    not looked at.
    """
    colors = board["color"]
    if colors[point] != EMPTY:
        return OCCUPIED
    stride = int64(board["stride"])
    captures = False
    joins = False
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        near_color = colors[near]
        if near_color == EMPTY:
            return LEGAL
        if near_color == WALL:
            continue
        in_atari = is_only_liberty(board, board["chain"][near], point)
        if near_color == color:
            if not in_atari:
                return LEGAL
            joins = True
        elif in_atari:
            captures = True
    if not captures:
        return LEGAL if joins and board["suicide"] != 0 else SUICIDE
    return KO if point == board["ko_point"] else LEGAL


@lean_kernel
def check_move(boards: NDArray[np.void], move: int, color: int) -> int:
    """Return the legality code of a move on boards[0]; the pass is always LEGAL.

    Args:
        boards: BOARD array [1].
        move: y * side + x, or side² for the pass.
        color: BLACK or WHITE, whoever's turn it is.
    """
    board = boards[0]
    area = int64(board["side"]) * int64(board["side"])
    if move == area:
        return LEGAL
    if move < 0 or move > area:
        return OFF_BOARD
    return check_point(board, point_of(board, move), color)


@lean_kernel
def _merge(board: np.void, first: int, second: int) -> None:
    """Join two chains, given by their heads; the larger one's head stays."""
    chain = board["chain"]
    stones = board["stones"]
    if stones[first] < stones[second]:
        first, second = second, first
    following = board["next"]
    point = second
    while True:
        chain[point] = first
        point = int64(following[point])
        if point == second:
            break
    board["liberties"][first] += board["liberties"][second]
    stones[first] += stones[second]
    after = following[first]
    following[first] = following[second]
    following[second] = after


@lean_kernel
def _take_from_empty(board: np.void, point: int) -> None:
    """Drop a point from the list of empty points; the last one takes its place."""
    empty = board["empty"]
    count = board["empty_count"] - 1
    index = board["empty_index"][point]
    last = empty[count]
    empty[index] = last
    board["empty_index"][last] = index
    board["empty_count"] = count


@lean_kernel
def put_stone(board: np.void, point: int, color: int) -> None:
    """Put a stone on an empty point and join it to its neighbors, capturing nothing.

    For set-up positions, and the first half of every move. May leave chains without
    liberties: `remove_dead_neighbors` is the second half.
    """
    colors = board["color"]
    chain = board["chain"]
    liberties = board["liberties"]
    stride = int64(board["stride"])
    board["hash"] ^= ZOBRIST[color * MAX_POINTS + point]
    _take_from_empty(board, point)
    colors[point] = color
    chain[point] = point
    board["next"][point] = point
    board["stones"][point] = 1
    own = int64(0)
    one = ONE_LIBERTY[point]
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        if colors[near] == EMPTY:
            own += ONE_LIBERTY[near]
        else:
            liberties[chain[near]] -= one  # wall: the unused entry 0
    liberties[point] = own
    liberties[0] = 0
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        if colors[near] == color and chain[near] != chain[point]:
            _merge(board, int64(chain[near]), int64(chain[point]))


@lean_kernel
def remove_chain(board: np.void, head: int) -> int:
    """Take a chain off the board, remember its points, and return how many they were."""
    colors = board["color"]
    chain = board["chain"]
    liberties = board["liberties"]
    empty = board["empty"]
    captures = board["recent_captures"]
    stride = int64(board["stride"])
    count = int64(board["empty_count"])
    end = int64(board["capture_end"])
    key = board["hash"]
    base = int64(colors[head]) * MAX_POINTS
    size = int64(board["stones"][head])
    point = head
    for _ in range(size):
        colors[point] = EMPTY
        chain[point] = 0
        key ^= ZOBRIST[base + point]
        empty[count] = point
        board["empty_index"][point] = count
        captures[end & (RECENT_CAPTURES - 1)] = point
        count += 1
        end += 1
        one = ONE_LIBERTY[point]
        liberties[chain[point - stride]] += one
        liberties[chain[point - 1]] += one
        liberties[chain[point + 1]] += one
        liberties[chain[point + stride]] += one
        point = int64(board["next"][point])
    liberties[0] = 0
    board["hash"] = key
    board["empty_count"] = count
    board["capture_end"] = end
    return size


@lean_kernel
def remove_dead_neighbors(board: np.void, point: int, color: int) -> int:
    """Remove the chains of a color beside a point that have no liberty; return the stones."""
    colors = board["color"]
    chain = board["chain"]
    stride = int64(board["stride"])
    taken = 0
    for offset in (-stride, int64(-1), int64(1), stride):
        near = point + offset
        if colors[near] == color and board["liberties"][chain[near]] == 0:
            taken += remove_chain(board, int64(chain[near]))
    return taken


@lean_kernel
def play_point(board: np.void, point: int, color: int) -> None:
    """Play a stone on an empty point: captures, suicide, ko, hash, history, turn.

    Does not check legality. A move that leaves its own chain without liberties removes it.
    """
    put_stone(board, point, color)
    taken_color = WHITE + BLACK - color
    taken = remove_dead_neighbors(board, point, taken_color)
    board["ko_point"] = NO_POINT
    head = int64(board["chain"][point])
    packed = board["liberties"][head]
    if taken == 1 and board["stones"][head] == 1 and packed & COUNT_MASK == 1:
        end = int64(board["capture_end"]) - 1
        board["ko_point"] = board["recent_captures"][end & (RECENT_CAPTURES - 1)]
    elif packed == 0:
        taken_color = color
        taken = remove_chain(board, head)
    _remember(board, point, color, taken_color, taken)
    board["passes"] = 0


@lean_kernel
def pass_turn(board: np.void, color: int) -> None:
    """Pass: the turn and the history move on, and a ko is free again.

    A pass that takes the button is none of those that end the game.
    """
    board["ko_point"] = NO_POINT
    _remember(board, NO_POINT, color, EMPTY, 0)
    if board["button"] == FREE_BUTTON:
        board["button"] = color
    else:
        board["passes"] += 1


@lean_kernel
def _remember(board: np.void, point: int, color: int, taken_color: int, taken: int) -> None:
    """Write a ply into the history and give the turn to the other color."""
    slot = int64(board["ply"]) & (RECENT_PLIES - 1)
    board["recent_point"][slot] = point
    board["recent_color"][slot] = color
    board["recent_taken_color"][slot] = taken_color
    board["recent_taken"][slot] = taken
    board["prisoners"][taken_color] += taken
    board["ply"] += 1
    board["to_play"] = WHITE + BLACK - color


@lean_kernel
def play_on_board(board: np.void, move: int, color: int) -> None:
    """Play a move (y * side + x, or side² for the pass) on a record; checks nothing."""
    if move == int64(board["side"]) * int64(board["side"]):
        pass_turn(board, color)
    else:
        play_point(board, point_of(board, move), color)


@lean_kernel
def play_move(boards: NDArray[np.void], move: int, color: int) -> None:
    """Play a move on boards[0]; the caller has checked that it is legal."""
    play_on_board(boards[0], move, color)


@lean_kernel
def hash_after(boards: NDArray[np.void], scratch: NDArray[np.void], move: int, color: int) -> int:
    """Return the hash of the stones after a legal move; boards[0] stays, scratch[0] is lost."""
    scratch[0] = boards[0]
    play_on_board(scratch[0], move, color)
    return scratch[0]["hash"]  # type: ignore[no-any-return]


@lean_kernel
def legal_flags(boards: NDArray[np.void], color: int, flags: NDArray[np.bool_]) -> None:
    """Write for every move whether it is legal for a color on boards[0], superko aside.

    Args:
        boards: BOARD array [1].
        color: BLACK or WHITE.
        flags: bool [side² + 1], the pass last; overwritten.
    """
    board = boards[0]
    flags[:] = False
    for index in range(int64(board["empty_count"])):
        point = int64(board["empty"][index])
        flags[move_of(board, point)] = check_point(board, point, color) == LEGAL
    flags[-1] = True


@lean_kernel
def set_up_stones(
    boards: NDArray[np.void], moves: NDArray[np.int32], colors: NDArray[np.int32]
) -> int:
    """Put stones on boards[0] at once, without captures; return the first that cannot stand.

    History, ko and the turn are left alone. A stone cannot stand on an occupied point; a
    chain without liberties at the end cannot stand either.

    Args:
        boards: BOARD array [1].
        moves: [N], y * side + x each.
        colors: [N], BLACK or WHITE each.

    Returns:
        -1 if all stand, else the index of the first stone that does not.
    """
    board = boards[0]
    for index in range(len(moves)):
        point = point_of(board, int64(moves[index]))
        if board["color"][point] != EMPTY:
            return index
        put_stone(board, point, int64(colors[index]))
    for index in range(len(moves)):
        head = board["chain"][point_of(board, int64(moves[index]))]
        if board["liberties"][head] == 0:
            return index
    return -1
