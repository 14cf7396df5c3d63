"""A batch of playouts: from the root to leaves, and from the network back to the root.

Python calls in twice a batch: `gather_leaves` walks down under virtual loss and writes
planes, `expand_leaves` takes the network's answer, opens the leaves and backs it up.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.bias_kernels import bias_slot, collect_biases
from lzp.engine.cache_kernels import (
    answer_symmetry,
    find_answer,
    find_late_answer,
    forget_awaited,
    is_awaited,
    keep_answer,
    note_awaited,
    policy_row,
    write_key,
)
from lzp.engine.cache_state import OFF, CacheArrays
from lzp.engine.candidate_kernels import (
    ALWAYS,
    NEVER,
    WINNING,
    end_winrate,
    is_sound,
    mark_candidates,
    passing_rule,
    scale_priors,
    score_winrate,
    temper_priors,
    write_priors,
)
from lzp.engine.repetition_kernels import repeats
from lzp.engine.rollout_kernels import note_rollouts, with_rollouts
from lzp.engine.tactics_kernels import note_tactics, weigh_tactics
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
from lzp.go.board_kernels import copy_board, play_on_board, point_of
from lzp.go.constants import KO_SIMPLE
from lzp.go.eye_kernels import is_own_eye
from lzp.jit import float64, int64, lean_kernel

#: How a walk down ended.
TO_EVALUATE = 0
DECIDED = 1  # by the score, or by an earlier answer of the network where the tree ends
COLLIDED = 2  # with a leaf that already waits
VOID = 3  # the move repeats a position; the playout does not count

#: Playouts without the network in one call, so that a stop is seen soon.
MOST_DECIDED = 512
#: The same where games are played on from each of them.
MOST_PLAYED_ON = 64


@lean_kernel
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


@lean_kernel
def _take_edge(
    tree: TreeArrays,
    index: int,
    steps: NDArray[np.void],
    depth: int,
    board: np.void,
) -> int:
    """Go from an expanded node along its most urgent edge, opening it if it is new.

    Where only the simple ko is forbidden, a position that repeats is no result: a draw.

    Returns:
        The child, or -1 if there is none to go to, or -2 if the move is forbidden since it
        repeats a position.
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
    # A position can only repeat once a stone was taken, and not by a pass.
    if is_new and board["capture_end"] > 0 and board["passes"] == 0:
        if repeats(tree, board, steps[:depth]):
            if head["ko_rule"] != KO_SIMPLE:
                drop_last_child(tree, index, INVALID)
                return -2
            tree.nodes[child]["state"] = TERMINAL
            tree.nodes[child]["net_winrate"] = 0.5
    edge["in_flight"] += 1
    step = steps[depth]
    step["node"] = index
    step["edge"] = ordinal
    step["hash"] = board["hash"]
    return child


@lean_kernel
def walk_down(
    tree: TreeArrays,
    batch: BatchArrays,
    slot: int,
    start: int,
) -> int:
    """Walk from the root to a node that needs a result; return how the walk ended.

    Args:
        tree: what is walked through; virtual visits are left on the way.
        batch: whose `boards` holds the root's position, afterwards the leaf's, and whose
            `leaves[slot]` and `steps` get the path.
        slot: see `batch`.
        start: where the path begins in `steps`; there is room for MAX_DEPTH of them.
    """
    board = batch.boards[0]
    leaf = batch.leaves[slot]
    steps = batch.steps[start : start + MAX_DEPTH]
    leaf["start"] = start
    depth = int64(0)
    index = int64(0)
    while tree.nodes[index]["state"] == EXPANDED:
        leaf["node"] = index
        leaf["depth"] = depth
        if depth == MAX_DEPTH:
            return DECIDED
        index = _take_edge(tree, index, steps, depth, board)
        if index == -1:
            return DECIDED
        if index == -2:
            return VOID
        depth += 1
    leaf["node"] = index
    leaf["depth"] = depth
    node = tree.nodes[index]
    if node["state"] == IN_FLIGHT:
        return COLLIDED
    if node["state"] == NEW and index != 0 and board["passes"] >= 2:
        node["state"] = TERMINAL
        node["net_winrate"] = end_winrate(tree, batch.boards)
    return DECIDED if node["state"] == TERMINAL else TO_EVALUATE


@lean_kernel
def draw_symmetry(random: NDArray[np.uint64]) -> int:
    """Return 0..7 from a xorshift64 stream (Marsaglia 2003) and advance its state [1]."""
    x = random[0]
    x ^= x << np.uint64(13)
    x ^= x >> np.uint64(7)
    x ^= x << np.uint64(17)
    random[0] = x
    return int64(x >> np.uint64(61))


@lean_kernel
def _look_up_leaf(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    slot: int,
    history: NDArray[np.uint64],
) -> int:
    """Note a leaf's legal moves, and return the entry of a kept answer to it, or -1."""
    head = tree.heads[0]
    leaf = batch.leaves[slot]
    board = batch.boards[0]
    index = int64(leaf["node"])
    moves = mark_candidates(head, board, tree.priors[index])
    leaf["moves"] = moves
    leaf["passing"] = passing_rule(head, board, moves)
    if head["bias_share"] > 0.0:
        tree.nodes[index]["bias_slot"] = bias_slot(board, len(tree.biases))
    leaf["tactics"] = 0
    if head["tactics_weight"] > 0.0:
        note_tactics(tree, leaf, batch.boards)
    note_rollouts(tree, leaf, batch.boards)
    if cache.heads[0]["mode"] == OFF:
        return -1
    write_key(cache, batch, slot, history)
    return find_answer(cache, leaf["key"])


@lean_kernel
def _is_on_its_way(cache: CacheArrays, leaf: np.void) -> bool:
    """Return whether the network was asked about a leaf's position, as another node.

    A root is always asked about itself: there is nothing else to look at meanwhile.
    """
    return cache.heads[0]["mode"] != OFF and leaf["node"] != 0 and is_awaited(cache, leaf["key"])


@lean_kernel
def _send_leaf(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    slot: int,
    inverse: NDArray[np.int16],
) -> None:
    """Mark a leaf as waiting and write its planes."""
    if cache.heads[0]["mode"] != OFF:
        note_awaited(cache, batch.leaves[slot]["key"])
    head = tree.heads[0]
    leaf = batch.leaves[slot]
    board = batch.boards[0]
    tree.nodes[leaf["node"]]["state"] = IN_FLIGHT
    symmetry = int64(head["symmetry"])
    if symmetry < 0:
        symmetry = draw_symmetry(head["random"])
    leaf["symmetry"] = symmetry
    write_planes(board, int64(board["to_play"]), inverse[symmetry], batch.planes[slot])


@lean_kernel
def _may_pass(
    tree: TreeArrays, batch: BatchArrays, slot: int, root: NDArray[np.void], winrate: float
) -> bool:
    """Return whether passing is a candidate in a leaf; where the score decides, go there."""
    leaf = batch.leaves[slot]
    if leaf["passing"] == ALWAYS or leaf["passing"] == NEVER:
        return bool(leaf["passing"] == ALWAYS)
    if winrate <= WINNING:
        return False
    copy_board(root, int64(0), batch.boards, int64(0))
    board = batch.boards[0]
    start = int64(leaf["start"])
    for index in range(start, start + int64(leaf["depth"])):
        step = batch.steps[index]
        first = int64(tree.nodes[step["node"]]["edge_start"])
        edge = tree.edges[first + int64(step["edge"])]
        play_on_board(board, int64(edge["move"]), int64(board["to_play"]))
    return score_winrate(tree.heads[0], batch.boards) > 0.0


@lean_kernel
def _open_leaf(
    tree: TreeArrays,
    batch: BatchArrays,
    slot: int,
    root: NDArray[np.void],
    policy: NDArray[np.float32],
    inverse: NDArray[np.int16],
    winrate: float,
) -> None:
    """Open a leaf with the network's answer and back it up.

    Args:
        tree: the tree.
        batch: with the leaf and its path.
        slot: of the leaf.
        root: BOARD [1], the position at the root.
        policy: float32 [side² + 1], under a symmetry.
        inverse: int16 [side²], that symmetry's row.
        winrate: the network's, of the color to play.
    """
    head = tree.heads[0]
    leaf = batch.leaves[slot]
    winrate = with_rollouts(leaf, winrate)
    node = tree.nodes[leaf["node"]]
    priors = tree.priors[leaf["node"]]
    moves = int64(leaf["moves"])
    if _may_pass(tree, batch, slot, root, winrate):
        priors[len(priors) - 1] = 0.0
        moves += 1
    total = write_priors(policy, inverse, priors)
    total = weigh_tactics(leaf, priors, total)
    if head["policy_exponent"] != 1.0:
        total = temper_priors(priors, total, float64(head["policy_exponent"]))
    scale_priors(priors, total, moves)
    node["net_winrate"] = winrate
    node["state"] = EXPANDED
    back_up(tree, batch, slot, winrate)


@lean_kernel
def _open_known_leaf(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    slot: int,
    root: NDArray[np.void],
    inverse: NDArray[np.int16],
    entry: int,
) -> None:
    """Open a leaf with a kept answer; see `_open_leaf`."""
    symmetry = answer_symmetry(cache, entry, int64(batch.leaves[slot]["image"]))
    winrate = float64(cache.entries[entry]["winrate"])
    policy = cache.policies[policy_row(cache, entry)]
    _open_leaf(tree, batch, slot, root, policy, inverse[symmetry], winrate)


@lean_kernel
def _release_leaf(tree: TreeArrays, batch: BatchArrays, slot: int) -> None:
    """Make a leaf that waits new again."""
    release_path(tree, batch, slot)
    tree.nodes[batch.leaves[slot]["node"]]["state"] = NEW


@lean_kernel
def _release_joined(tree: TreeArrays, batch: BatchArrays) -> None:
    """Make the leaves that joined others new again."""
    for index in range(int64(batch.joined[0])):
        slot = len(batch.planes) - 1 - index
        _release_leaf(tree, batch, slot)
    batch.joined[0] = 0


@lean_kernel
def gather_leaves(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    root: NDArray[np.void],
    history: NDArray[np.uint64],
    inverse: NDArray[np.int16],
    most: int,
) -> int:
    """Fill a batch with positions for the network; return how many.

    Playouts that need no network are finished on the way. A playout that meets a leaf which
    already waits keeps its virtual visits until the call ends, so that the next one looks
    elsewhere; the batch ends early once as many have failed as there is room for. A leaf
    whose position is on its way, but as another node, joins the batch without being sent.

    Args:
        tree: grows by the leaves; room for `len(batch.planes)` nodes is used if it is there.
        cache: leaves whose answer it has need no network.
        batch: `leaves`, `steps`, `boards` and `planes` are written up to the returned count.
        root: BOARD [1], the position at the root.
        history: uint64, the stones' hash of every position of the game.
        inverse: int16 [8, side²], `inverse_tables`.
        most: playouts to start at most.
    """
    capacity = len(batch.planes)
    most_failed = len(batch.leaves) - capacity
    most_decided = MOST_DECIDED if tree.heads[0]["rollouts"] == 0 else MOST_PLAYED_ON
    count = int64(0)
    joined = int64(0)
    decided = int64(0)
    failed = int64(0)
    start = int64(0)
    while count + joined < capacity and count + joined + decided < most and decided < most_decided:
        if start + MAX_DEPTH > len(batch.steps):
            break
        leaf = batch.leaves[count]
        copy_board(root, int64(0), batch.boards, int64(0))
        result = walk_down(tree, batch, count, start)
        if result == TO_EVALUATE:
            entry = _look_up_leaf(tree, cache, batch, count, history)
            if entry >= 0:
                _open_known_leaf(tree, cache, batch, count, root, inverse, entry)
                decided += 1
            else:
                start += int64(leaf["depth"])
                if _is_on_its_way(cache, leaf):
                    tree.nodes[leaf["node"]]["state"] = IN_FLIGHT
                    joined += 1
                    batch.leaves[capacity - joined] = leaf
                else:
                    _send_leaf(tree, cache, batch, count, inverse)
                    count += 1
        elif result == DECIDED:
            back_up(tree, batch, count, float64(tree.nodes[leaf["node"]]["net_winrate"]))
            decided += 1
        elif result == COLLIDED and failed < most_failed:
            batch.leaves[capacity + failed] = leaf
            failed += 1
            start += int64(leaf["depth"])
        else:
            release_path(tree, batch, count)
            if result == COLLIDED:
                break
    for index in range(failed):
        release_path(tree, batch, capacity + index)
    batch.joined[0] = joined
    if count == 0:  # there is no answer to come with which to open the joined
        _release_joined(tree, batch)
    return count


@lean_kernel
def _open_joined(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    root: NDArray[np.void],
    inverse: NDArray[np.int16],
) -> None:
    """Open the leaves that joined others, which have been answered by now.

    Answers come in the order in which they were asked for. One that failed, or is no longer
    kept, leaves them new again.
    """
    for index in range(int64(batch.joined[0])):
        slot = len(batch.planes) - 1 - index
        entry = find_late_answer(cache, batch.leaves[slot]["key"])
        if entry >= 0:
            _open_known_leaf(tree, cache, batch, slot, root, inverse, entry)
        else:
            forget_awaited(cache, batch.leaves[slot]["key"])
            _release_leaf(tree, batch, slot)
    batch.joined[0] = 0


@lean_kernel
def expand_leaves(
    tree: TreeArrays,
    cache: CacheArrays,
    batch: BatchArrays,
    root: NDArray[np.void],
    inverse: NDArray[np.int16],
    count: int,
) -> bool:
    """Open the leaves of a batch with the network's answer and back it up.

    Args:
        tree: the tree the batch was gathered from.
        cache: keeps the answers, too.
        batch: with `policy` and `winrate` filled up to `count`.
        root: BOARD [1], the position at the root.
        inverse: int16 [8, side²], `inverse_tables`.
        count: how many leaves.

    Returns:
        Whether the answer is made of finite numbers in range; if not, nothing was done.
    """
    if not is_sound(batch, count):
        return False
    keeps = cache.heads[0]["mode"] != OFF
    for slot in range(count):
        if keeps:
            forget_awaited(cache, batch.leaves[slot]["key"])
            keep_answer(cache, batch, slot)
        row = inverse[batch.leaves[slot]["symmetry"]]
        winrate = float64(batch.winrate[slot])
        _open_leaf(tree, batch, slot, root, batch.policy[slot], row, winrate)
    _open_joined(tree, cache, batch, root, inverse)
    return True


@lean_kernel
def cancel_leaves(tree: TreeArrays, cache: CacheArrays, batch: BatchArrays, count: int) -> None:
    """Undo a gathered batch: its leaves become new again."""
    for slot in range(count):
        forget_awaited(cache, batch.leaves[slot]["key"])
        _release_leaf(tree, batch, slot)
    _release_joined(tree, batch)


@lean_kernel
def fills_own_eye(boards: NDArray[np.void], move: int) -> bool:
    """Return whether a move of the color to play on boards[0] fills an eye of its own."""
    board = boards[0]
    return is_own_eye(board, point_of(board, move), int64(board["to_play"]))
