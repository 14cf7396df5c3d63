"""The moves of a leaf: which may be played, and what the network's policy makes of them."""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import ALLOW_END, ALLOW_UNTIL, AVOID_UNTIL, BatchArrays, TreeArrays
from lzp.go.board_kernels import check_point, copy_board
from lzp.go.constants import BLACK, EMPTY, LEGAL
from lzp.go.scoring_kernels import counted_difference
from lzp.go.settling_kernels import settled_difference
from lzp.jit import fast_kernel, float64, int64, kernel, lean_kernel

#: Whether passing is a candidate.
NEVER = 0
ALWAYS = 1
WHEN_WON = 2

#: Passing is always a candidate with this many other moves or fewer, or the side if more.
FEW_MOVES = 5
#: Else only above this winrate.
WINNING = 0.8
#: The least sum of legal priors that can be scaled up to 1: C's FLT_MIN.
LEAST_SUM = 1.1754943508222875e-38
#: log2(x) on [1, 2) and 2**y on [0, 1) as polynomials, least squares at Chebyshev's points.
LOG_0, LOG_1, LOG_2 = np.float32(-2.4967925), np.float32(4.0284269), np.float32(-2.0811181)
LOG_3, LOG_4 = np.float32(0.62884287), np.float32(-0.07915506)
EXP_0, EXP_1 = np.float32(0.999812), np.float32(0.69683797)
EXP_2, EXP_3 = np.float32(0.22412827), np.float32(0.07901852)


@lean_kernel
def is_restricted(head: np.void, color: int, move: int, ply: int) -> bool:
    """Return whether a color may not play a move at a ply of the game."""
    rows = head["restrictions"]
    if ply < rows[AVOID_UNTIL, color, move]:
        return True
    return bool(ply >= rows[ALLOW_UNTIL, color, move] and ply < rows[ALLOW_END, color, move])


@lean_kernel
def _mark_open_points(head: np.void, board: np.void) -> int:
    """Write 1 for every empty point beside another one, which is legal, and 0 for the rest.

    Free of branches, so that many points are done at once.

    Args:
        head: whose `open_points` are written, by point.
        board: the position.

    Returns:
        How many such points there are.
    """
    stride = int64(board["stride"])
    size = stride * (stride - 2)  # without the walls below and above
    colors = board["color"]
    here = colors[stride : stride + size]
    below = colors[:size]
    above = colors[2 * stride : 2 * stride + size]
    left = colors[stride - 1 : stride - 1 + size]
    right = colors[stride + 1 : stride + 1 + size]
    marks = head["open_points"][stride : stride + size]
    for place in range(size):
        beside = min(min(below[place], above[place]), min(left[place], right[place]))
        marks[place] = (here[place] | beside) == EMPTY
    count = np.int32(0)  # in a loop of its own: that above works on bytes alone
    for place in range(size):
        count += np.int32(marks[place])
    return int64(count)


@lean_kernel
def mark_candidates(head: np.void, board: np.void, priors: NDArray[np.float32]) -> int:
    """Write 0 for every point that may be played and -1 for the rest; return how many may.

    The pass, last in the row, is marked -1. Superko is not looked at.
    """
    side = int64(board["side"])
    color = int64(board["to_play"])
    marks = head["open_points"]
    count = _mark_open_points(head, board)
    closed = int64(board["empty_count"]) - count
    for index in range(int64(board["empty_count"])):
        if closed == 0:
            break
        point = int64(board["empty"][index])
        if marks[point] == 0:
            closed -= 1
            if check_point(board, point, color) == LEGAL:
                marks[point] = 1
                count += 1
    for y in range(side):
        start = (y + 1) * (side + 2) + 1
        there = marks[start : start + side]
        row = priors[y * side : y * side + side]
        for x in range(side):
            row[x] = np.float32(there[x]) - np.float32(1.0)
    priors[side * side] = -1.0
    if head["restricted"] != 0:
        _leave_out(head, board, priors)
        count = int64(0)
        for move in range(side * side):
            count += priors[move] == np.float32(0.0)
    return count


@lean_kernel
def _leave_out(head: np.void, board: np.void, priors: NDArray[np.float32]) -> None:
    """Write -1 for the points that the color to play may not play now."""
    for move in range(len(priors) - 1):
        if is_restricted(head, int64(board["to_play"]), move, int64(board["ply"])):
            priors[move] = -1.0


@lean_kernel
def score_winrate(head: np.void, boards: NDArray[np.void]) -> float:
    """Return 1, 0.5 or 0 for the color to play on boards[0], as the rules count it."""
    lead = counted_difference(boards, int64(head["by_territory"]))
    lead -= float64(head["handicap_komi"])
    if boards[0]["to_play"] != BLACK:
        lead = -lead
    if lead == 0.0:
        return 0.5
    return 1.0 if lead > 0.0 else 0.0


@kernel
def end_winrate(tree: TreeArrays, boards: NDArray[np.void]) -> float:
    """Return 1, 0.5 or 0 for the color to play where two passes have ended a game.

    With `settling_playouts`, as players count: without the stones that random games take.
    """
    head = tree.heads[0]
    playouts = int64(head["settling_playouts"])
    if playouts == 0:
        return score_winrate(head, boards)
    board = boards[0]
    copy_board(boards, 0, tree.scratch, 0)
    balance = np.empty(int64(board["side"]) * int64(board["side"]), np.int32)
    lead = settled_difference(tree.scratch, playouts, int64(head["by_territory"]), balance)
    lead -= float64(head["handicap_komi"])
    if board["to_play"] != BLACK:
        lead = -lead
    return 0.5 if lead == 0.0 else float64(lead > 0.0)


@lean_kernel
def passing_rule(head: np.void, board: np.void, moves: int) -> int:
    """Return whether passing is a candidate: NEVER, ALWAYS, or WHEN_WON.

    It is where other moves are few or there are none; else only if the game can be ended
    as won, by the network and by the score. Where territory is counted it always is: moves
    that are worth nothing cost points there.

    Args:
        head: the tree's rules.
        board: the position.
        moves: how many other moves there are.
    """
    side = int64(board["side"])
    if moves == 0:
        return ALWAYS
    if head["restricted"] != 0:
        ply = int64(board["ply"])
        if is_restricted(head, int64(board["to_play"]), side * side, ply):
            return NEVER
    if head["dumb_pass"] != 0 or head["by_territory"] != 0 or moves <= max(FEW_MOVES, side):
        return ALWAYS
    return WHEN_WON


@fast_kernel
def write_priors(
    policy: NDArray[np.float32], inverse: NDArray[np.int16], priors: NDArray[np.float32]
) -> float:
    """Copy a network's policy to the candidates of a row; return the sum over them.

    Free order of additions, since they are half of the work: 0.2 instead of 0.5 us.

    Args:
        policy: float32 [side² + 1], under a symmetry.
        inverse: int16 [side²], that symmetry's row.
        priors: float32 [side² + 1]; -1 stays, what is not negative is overwritten.
    """
    area = len(inverse)
    # A number without a sign is no index from the end, which each one would be tested for.
    images = inverse.view(np.uint16)
    for move in range(area):
        prior = policy[images[move]]
        priors[move] = prior if priors[move] >= np.float32(0.0) else np.float32(-1.0)
    if priors[area] >= np.float32(0.0):
        priors[area] = policy[area]
    total = np.float32(0.0)
    for move in range(area + 1):
        total += max(priors[move], np.float32(0.0))
    return float64(total)


@fast_kernel
def temper_priors(priors: NDArray[np.float32], total: float, exponent: float) -> float:
    """Raise the priors of a row, over their sum, to a power; return the new sum.

    By polynomials for logarithm and power of two on the bits of the floats, so that all of
    a row is done in SIMD; the relative error is below 0.002.

    Args:
        priors: float32 [side² + 1]; -1 stays.
        total: their sum.
        exponent: the power.
    """
    bits = priors.view(np.int32)
    power = np.float32(exponent)
    scale = np.float32(1.0 / max(total, LEAST_SUM))
    tempered_sum = np.float32(0.0)
    for move in range(len(priors)):
        is_legal = priors[move] >= np.float32(0.0)
        priors[move] = max(priors[move] * scale, np.float32(1e-9))
        whole = (bits[move] >> 23) - 127
        bits[move] = (bits[move] & 0x007FFFFF) | 0x3F800000
        x = priors[move]
        fraction = LOG_0 + (LOG_1 + (LOG_2 + (LOG_3 + LOG_4 * x) * x) * x) * x
        logarithm = power * (np.float32(whole) + fraction)
        floor = np.int32(logarithm + np.float32(256.0)) - np.int32(256)
        y = logarithm - np.float32(floor)
        mantissa = EXP_0 + (EXP_1 + (EXP_2 + EXP_3 * y) * y) * y
        bits[move] = (floor + 127) << 23
        tempered = priors[move] * mantissa
        priors[move] = tempered if is_legal else np.float32(-1.0)
        tempered_sum += tempered if is_legal else np.float32(0.0)
    return float64(tempered_sum)


@lean_kernel
def scale_priors(priors: NDArray[np.float32], total: float, count: int) -> None:
    """Make the priors of a row sum to 1; all equal if the network leaves them nothing.

    Args:
        priors: float32 [side² + 1]; -1 stays.
        total: their sum now.
        count: how many are not negative.
    """
    divisor = np.float32(total)
    even = np.float32(1.0) / np.float32(count)
    is_even = total <= LEAST_SUM
    for move in range(len(priors)):
        prior = even if is_even else priors[move] / divisor
        priors[move] = prior if priors[move] >= np.float32(0.0) else np.float32(-1.0)


@lean_kernel
def is_sound(batch: BatchArrays, count: int) -> bool:
    """Return whether a network's answer is made of finite numbers in range.

    A NaN fails every comparison.
    """
    sound = True
    for slot in range(count):
        policy = batch.policy[slot]
        for move in range(len(policy)):
            sound &= (policy[move] >= np.float32(0.0)) & (policy[move] < np.float32(np.inf))
        winrate = batch.winrate[slot]
        sound &= (winrate >= np.float32(0.0)) & (winrate <= np.float32(1.0))
    return sound
