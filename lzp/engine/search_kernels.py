"""A batch of playouts: from the root to leaves, and from the network back to the root.

Python calls in twice a batch: `gather_leaves` walks down under virtual loss and writes
planes, `expand_leaves` takes the network's answer, opens the leaves and backs it up.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.bias_kernels import bias_slot, collect_biases
from lzp.engine.tree_kernels import (
    back_up,
    drop_last_child,
    has_room,
    look_up_next,
    new_node,
    open_child,
    release_path,
    select_child,
)
from lzp.engine.tree_state import (
    ALLOW_END,
    ALLOW_UNTIL,
    AVOID_UNTIL,
    EXPANDED,
    IN_FLIGHT,
    INVALID,
    MAX_DEPTH,
    NEW,
    TERMINAL,
    UNKNOWN,
    BatchArrays,
    TreeArrays,
)
from lzp.features.plane_kernels import write_planes
from lzp.go.board_kernels import check_point, copy_board, play_on_board, point_of
from lzp.go.constants import BLACK, EMPTY, LEGAL
from lzp.go.eye_kernels import is_own_eye
from lzp.go.playout_kernels import settled_difference
from lzp.go.scoring_kernels import area_difference
from lzp.jit import fast_kernel, float64, int64, kernel

#: How a walk down ended.
TO_EVALUATE = 0
DECIDED = 1  # by the score, or by an earlier answer of the network where the tree ends
COLLIDED = 2  # with a leaf that already waits
VOID = 3  # the move repeats a position; the playout does not count

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
#: Playouts without the network in one call, so that a stop is seen soon.
MOST_DECIDED = 512


@kernel
def reset_tree(tree: TreeArrays) -> None:
    """Leave nothing but a root that has not been evaluated."""
    head = tree.heads[0]
    head["node_count"] = 0
    head["edge_count"] = 0
    head["full"] = 0
    head["root_closed"] = 0
    head["root_sum"] = 0.0
    new_node(tree)
    collect_biases(tree)


@kernel
def is_restricted(head: np.void, color: int, move: int, ply: int) -> bool:
    """Return whether a color may not play a move at a ply of the game."""
    rows = head["restrictions"]
    if ply < rows[AVOID_UNTIL, color, move]:
        return True
    return bool(ply >= rows[ALLOW_UNTIL, color, move] and ply < rows[ALLOW_END, color, move])


@kernel
def _mark_open_points(board: np.void, priors: NDArray[np.float32]) -> None:
    """Write 0 for every empty point beside another one, which is legal, and -1 for the rest.

    Free of branches, so that a row of points is done at once.
    """
    side = int64(board["side"])
    stride = int64(board["stride"])
    colors = board["color"]
    for y in range(side):
        start = (y + 1) * stride + 1
        below = colors[start - stride : start - stride + side]
        above = colors[start + stride : start + stride + side]
        left = colors[start - 1 : start - 1 + side]
        right = colors[start + 1 : start + 1 + side]
        here = colors[start : start + side]
        row = priors[y * side : (y + 1) * side]
        for x in range(side):
            is_near = (below[x] == 0) | (above[x] == 0) | (left[x] == 0) | (right[x] == 0)
            row[x] = np.float32(0.0) if (here[x] == 0) & is_near else np.float32(-1.0)


@kernel
def mark_candidates(head: np.void, board: np.void, priors: NDArray[np.float32]) -> int:
    """Write 0 for every point that may be played and -1 for the rest; return how many may.

    The pass, last in the row, is marked -1. Superko is not looked at.
    """
    side = int64(board["side"])
    colors = board["color"]
    color = int64(board["to_play"])
    _mark_open_points(board, priors)
    priors[side * side] = -1.0
    point = side + 3
    move = int64(0)
    count = int64(0)
    for _y in range(side):
        for _x in range(side):
            is_closed = colors[point] == EMPTY and priors[move] < 0.0
            if is_closed and check_point(board, point, color) == LEGAL:
                priors[move] = 0.0
            point += 1
            move += 1
        point += 2
    if head["restricted"] != 0:
        _leave_out(head, board, priors)
    count = int64(0)
    for move in range(side * side):
        count += priors[move] == np.float32(0.0)
    return count


@kernel
def _leave_out(head: np.void, board: np.void, priors: NDArray[np.float32]) -> None:
    """Write -1 for the points that the color to play may not play now."""
    for move in range(len(priors) - 1):
        if is_restricted(head, int64(board["to_play"]), move, int64(board["ply"])):
            priors[move] = -1.0


@kernel
def score_winrate(head: np.void, boards: NDArray[np.void]) -> float:
    """Return 1, 0.5 or 0 for the color to play on boards[0], by area, komi and handicap."""
    lead = float64(area_difference(boards)) - float64(head["handicap_komi"])
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
    lead = float64(settled_difference(tree.scratch, playouts, balance))
    lead -= float64(head["handicap_komi"])
    if board["to_play"] != BLACK:
        lead = -lead
    return 0.5 if lead == 0.0 else float64(lead > 0.0)


@kernel
def _repeats(history: NDArray[np.uint64], leaf: np.void, depth: int, key: np.uint64) -> bool:
    """Return whether a position stood before, in the game or on the path."""
    found = False
    for index in range(len(history)):
        found |= history[index] == key
    for step in range(depth):
        found |= leaf["path_hash"][step] == key
    return found


@kernel
def _take_edge(
    tree: TreeArrays, index: int, leaf: np.void, board: np.void, history: NDArray[np.uint64]
) -> int:
    """Go from an expanded node along its most urgent edge, opening it if it is new.

    Returns:
        The child, or -1 if there is none to go to, or -2 if the move repeats a position.
    """
    head = tree.heads[0]
    node = tree.nodes[index]
    if node["next_move"] == UNKNOWN:
        look_up_next(node, tree.priors[index])
    start = int64(node["edge_start"])
    count = int64(node["edge_count"])
    may_open = has_room(tree, node)
    if not may_open:
        head["full"] = 1
    is_root = index == 0
    may_open = may_open and not (is_root and head["root_closed"] != 0)
    edges = tree.edges[start : start + count]
    ordinal = select_child(head, node, edges, is_root, may_open)
    if ordinal < 0:
        return -1
    is_new = ordinal == count
    if is_new:
        open_child(tree, index)
        start = int64(node["edge_start"])
    edge = tree.edges[start + ordinal]
    child = int64(edge["child"])
    play_on_board(board, int64(edge["move"]), int64(board["to_play"]))
    depth = int64(leaf["depth"])
    # A position can only repeat once a stone was taken, and not by a pass.
    may_repeat = is_new and board["capture_end"] > 0 and board["passes"] == 0
    if may_repeat and _repeats(history, leaf, depth, board["hash"]):
        drop_last_child(tree, index, INVALID)
        return -2
    edge["in_flight"] += 1
    leaf["path_node"][depth] = index
    leaf["path_edge"][depth] = ordinal
    leaf["path_hash"][depth] = board["hash"]
    leaf["depth"] = depth + 1
    return child


@kernel
def walk_down(
    tree: TreeArrays,
    leaf: np.void,
    boards: NDArray[np.void],
    history: NDArray[np.uint64],
) -> int:
    """Walk from the root to a node that needs a result; return how the walk ended.

    Args:
        tree: what is walked through; virtual visits are left on the way.
        leaf: filled with the path.
        boards: BOARD [1], the root's position; afterwards the leaf's.
        history: uint64, the stones' hash of every position of the game.
    """
    board = boards[0]
    leaf["depth"] = 0
    index = int64(0)
    while tree.nodes[index]["state"] == EXPANDED:
        leaf["node"] = index
        if leaf["depth"] == MAX_DEPTH:
            return DECIDED
        index = _take_edge(tree, index, leaf, board, history)
        if index == -1:
            return DECIDED
        if index == -2:
            return VOID
    leaf["node"] = index
    node = tree.nodes[index]
    if node["state"] == IN_FLIGHT:
        return COLLIDED
    if node["state"] == NEW and index != 0 and board["passes"] >= 2:
        node["state"] = TERMINAL
        node["net_winrate"] = end_winrate(tree, boards)
    return DECIDED if node["state"] == TERMINAL else TO_EVALUATE


@kernel
def draw_symmetry(random: NDArray[np.uint64]) -> int:
    """Return 0..7 from a xorshift64 stream (Marsaglia 2003) and advance its state [1]."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return int64(x >> np.uint64(61))


@kernel
def _send_leaf(tree: TreeArrays, batch: BatchArrays, slot: int, inverse: NDArray[np.int16]) -> None:
    """Mark a leaf as waiting, note its legal moves and write its planes."""
    head = tree.heads[0]
    leaf = batch.leaves[slot]
    board = batch.boards[slot]
    index = int64(leaf["node"])
    tree.nodes[index]["state"] = IN_FLIGHT
    leaf["moves"] = mark_candidates(head, board, tree.priors[index])
    if head["bias_share"] > 0.0:
        tree.nodes[index]["bias_slot"] = bias_slot(board, len(tree.biases))
    symmetry = int64(head["symmetry"])
    if symmetry < 0:
        symmetry = draw_symmetry(head["random"])
    leaf["symmetry"] = symmetry
    write_planes(board, int64(board["to_play"]), inverse[symmetry], batch.planes[slot])


@kernel
def gather_leaves(
    tree: TreeArrays,
    batch: BatchArrays,
    history: NDArray[np.uint64],
    inverse: NDArray[np.int16],
    most: int,
) -> int:
    """Fill a batch with positions for the network; return how many.

    Playouts that need no network are finished on the way and counted in `immediate`. The
    batch ends early where a playout would wait for one that already waits.

    Args:
        tree: grows by the leaves; room for `len(batch.leaves)` nodes is used if it is there.
        batch: `leaves`, `boards` and `planes` are written up to the returned count.
        history: uint64, the stones' hash of every position of the game.
        inverse: int16 [8, side²], `inverse_tables`.
        most: playouts to start at most.
    """
    head = tree.heads[0]
    capacity = len(batch.leaves)
    root = int64(len(batch.boards)) - 1
    count = int64(0)
    decided = int64(0)
    while count < capacity and count + decided < most and decided < MOST_DECIDED:
        leaf = batch.leaves[count]
        copy_board(batch.boards, root, batch.boards, count)
        result = walk_down(tree, leaf, batch.boards[count : count + 1], history)
        if result == TO_EVALUATE:
            _send_leaf(tree, batch, count, inverse)
            count += 1
        elif result == DECIDED:
            back_up(tree, leaf, float64(tree.nodes[leaf["node"]]["net_winrate"]))
            decided += 1
        else:
            release_path(tree, leaf)
            if result == COLLIDED:
                break
    head["immediate"] = decided
    return count


@kernel
def _may_pass(head: np.void, boards: NDArray[np.void], moves: int, winrate: float) -> bool:
    """Return whether passing is a candidate: moves are few, or the game can be ended as won.

    Where the rules leave no other move, it always is.
    """
    side = int64(boards[0]["side"])
    if moves == 0:
        return True
    if head["restricted"] != 0:
        ply = int64(boards[0]["ply"])
        if is_restricted(head, int64(boards[0]["to_play"]), side * side, ply):
            return False
    if head["dumb_pass"] != 0 or moves <= max(FEW_MOVES, side):
        return True
    return winrate > WINNING and score_winrate(head, boards) > 0.0


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
    for move in range(area):
        if priors[move] >= np.float32(0.0):
            priors[move] = policy[inverse[move]]
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
    a row is done in SIMD: 0.3 instead of 8 us; the relative error is below 0.002.

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


@kernel
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


@kernel
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


@kernel
def expand_leaves(
    tree: TreeArrays, batch: BatchArrays, inverse: NDArray[np.int16], count: int
) -> None:
    """Open the leaves of a batch with the network's answer and back it up.

    Args:
        tree: the tree the batch was gathered from.
        batch: with `policy` and `winrate` filled up to `count`; all finite, none negative.
        inverse: int16 [8, side²], `inverse_tables`.
        count: how many leaves.
    """
    head = tree.heads[0]
    for slot in range(count):
        leaf = batch.leaves[slot]
        node = tree.nodes[leaf["node"]]
        priors = tree.priors[leaf["node"]]
        winrate = float64(batch.winrate[slot])
        moves = int64(leaf["moves"])
        if _may_pass(head, batch.boards[slot : slot + 1], moves, winrate):
            priors[len(priors) - 1] = 0.0
            moves += 1
        total = write_priors(batch.policy[slot], inverse[leaf["symmetry"]], priors)
        if head["policy_exponent"] != 1.0:
            total = temper_priors(priors, total, float64(head["policy_exponent"]))
        scale_priors(priors, total, moves)
        node["net_winrate"] = winrate
        node["state"] = EXPANDED
        back_up(tree, leaf, winrate)


@kernel
def cancel_leaves(tree: TreeArrays, batch: BatchArrays, count: int) -> None:
    """Undo a gathered batch: its leaves become new again."""
    for slot in range(count):
        leaf = batch.leaves[slot]
        release_path(tree, leaf)
        tree.nodes[leaf["node"]]["state"] = NEW


@kernel
def exclude_repeats(tree: TreeArrays, batch: BatchArrays, history: NDArray[np.uint64]) -> None:
    """Take the moves out of the root that lead back to a position of the game.

    Where that leaves nothing to play, passing is a candidate.
    """
    root = int64(len(batch.boards)) - 1
    board = batch.boards[root]
    priors = tree.priors[0]
    if board["capture_end"] == 0:
        return
    leaf = batch.leaves[0]
    area = len(priors) - 1
    left = int64(0)
    for move in range(area):
        if priors[move] >= 0.0:
            copy_board(batch.boards, root, batch.boards, int64(0))
            play_on_board(batch.boards[0], move, int64(board["to_play"]))
            if _repeats(history, leaf, int64(0), batch.boards[0]["hash"]):
                priors[move] = -1.0
            else:
                left += 1
    node = tree.nodes[0]
    node["next_move"] = UNKNOWN
    start = int64(node["edge_start"])
    for ordinal in range(int64(node["edge_count"])):
        left += int64(tree.edges[start + ordinal]["closed"]) & INVALID == 0
    if left == 0 and priors[area] < 0.0:
        priors[area] = 1.0


@kernel
def fills_own_eye(boards: NDArray[np.void], move: int) -> bool:
    """Return whether a move of the color to play on boards[0] fills an eye of its own."""
    board = boards[0]
    return is_own_eye(board, point_of(board, move), int64(board["to_play"]))
