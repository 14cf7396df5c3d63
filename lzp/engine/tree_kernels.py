"""One step of a search at one node: choose a child, open one, back a result up.

Formulas are Leela Zero 0.17's. Winrates and sums are float64 while they are worked with.
"""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.bias_kernels import update_bias
from lzp.engine.tree_state import (
    EXPANDED,
    INVALID,
    NEW,
    NO_MOVE,
    UNKNOWN,
    BatchArrays,
    TreeArrays,
)
from lzp.jit import float64, int64, kernel, lean_kernel

#: What the spread of values starts at, so that two equal values are not certainty.
FIRST_SPREAD = 1e-4
#: Values of the typical spread that are added to a node's own.
SPREAD_PRIOR = 2.0
#: Room of a node's first block of edges.
FIRST_ROOM = 2


@lean_kernel
def new_node(tree: TreeArrays) -> int:
    """Take the next node record and return its index; the caller has made sure of room."""
    head = tree.heads[0]
    index = int64(head["node_count"])
    head["node_count"] = index + 1
    node = tree.nodes[index]
    node["value_spread"] = FIRST_SPREAD
    node["children_sum"] = 0.0
    node["bias_delta"] = 0.0
    node["bias_weight"] = 0.0
    node["bias"] = 0.0
    node["bias_slot"] = -1
    node["net_winrate"] = 0.0
    node["visited_prior"] = 0.0
    node["visits"] = 0
    node["child_visits"] = 0
    node["edge_start"] = 0
    node["edge_count"] = 0
    node["edge_room"] = 0
    node["next_move"] = UNKNOWN
    node["next_prior"] = -1.0
    node["state"] = NEW
    return index


@lean_kernel
def look_up_next(node: np.void, priors: NDArray[np.float32]) -> None:
    """Write the unvisited move with the highest prior into a node.

    Ties go to the higher point, the pass comes last, as in Leela Zero's order of children.
    Floats that are not negative compare as their bits do, and integers compare in SIMD.

    Args:
        node: whose `next_move` and `next_prior` are written.
        priors: float32 [side² + 1], its row.
    """
    bits = priors.view(np.int32)
    best = bits[0]
    for move in range(1, len(bits)):
        best = max(best, bits[move])
    node["next_move"] = NO_MOVE
    node["next_prior"] = -1.0
    if best < 0:
        return
    area = len(bits) - 1
    chosen = area
    for move in range(area - 1, -1, -1):
        if bits[move] == best:
            chosen = move
            break
    node["next_move"] = chosen
    node["next_prior"] = priors[chosen]


@lean_kernel
def prior_weight(head: np.void, node: np.void) -> float:
    """Return cpuct * sqrt(N * ln(s * N + c)), the weight of priors at a node.

    With `spread_weight` w it is scaled by 1 + w * (spread / typical - 1), so that winrates
    that lie apart are told apart at once, and those that hardly differ are not searched
    in depth for nothing. The spread is that of the node's values, with two values of the
    typical spread added to them (after KataGo, "dynamic variance-scaled cPUCT").
    """
    total = float64(node["child_visits"])
    scale = float64(head["cpuct_scale"]) * total + float64(head["cpuct_offset"])
    weight = float64(head["cpuct"]) * math.sqrt(total * math.log(scale))
    share = float64(head["spread_weight"])
    if share == 0.0:
        return weight
    typical = float64(head["typical_spread"])
    squares = float64(node["value_spread"]) + SPREAD_PRIOR * typical * typical
    spread = math.sqrt(squares / (total + SPREAD_PRIOR))
    return weight * (1.0 + share * (spread / typical - 1.0))


@lean_kernel
def first_play_urgency(head: np.void, node: np.void, reduction: float) -> float:
    """Return what an unvisited child's winrate is taken to be.

    That of its parent, as the network saw it or as it is now, less the reduction times the
    root of the priors visited.
    """
    winrate = float64(node["net_winrate"])
    if head["fpu_from_mean"] != 0:
        winrate += float64(node["bias"]) + float64(node["children_sum"])
        winrate /= 1.0 + float64(node["child_visits"])
    return winrate - reduction * math.sqrt(float64(node["visited_prior"]))


@lean_kernel
def select_evenly(head: np.void, node: np.void, edges: NDArray[np.void], may_open: bool) -> int:
    """Return the open root move with the fewest visits; a new one until enough are open.

    Visits that wait for the network count. Ties go to the earlier child; -1 if there is none.
    """
    fewest = int64(2**31)
    best = int64(-1)
    opened = int64(0)
    for ordinal in range(len(edges)):
        edge = edges[ordinal]
        closed = int64(edge["closed"])
        opened += closed & INVALID == 0
        visits = int64(edge["visits"]) + int64(edge["in_flight"])
        if closed == 0 and visits < fewest:
            fewest = visits
            best = ordinal
    if may_open and node["next_move"] != NO_MOVE and opened < int64(head["root_moves"]):
        return len(edges)
    return best


@lean_kernel
def select_child(
    head: np.void, node: np.void, edges: NDArray[np.void], is_root: bool, may_open: bool
) -> int:
    """Return the ordinal of the most urgent child, or -1 if there is none to go to.

    score = Q + cpuct * P * sqrt(N * ln(s * N + c)) / (1 + n), N and n without virtual
    losses. An unvisited child's Q is the network's winrate here less the reduction times
    the root of the visited priors; a child that waits for its first result counts as
    worse than lost. Ties go to the earlier child.

    Args:
        head: the tree's constants.
        node: with `next_move` looked up; an ordinal of `edge_count` means that move.
        edges: EDGE [edge_count], the node's.
        is_root: whether the root's constants apply.
        may_open: whether the unvisited move competes.
    """
    if is_root and head["root_moves"] > 0:
        return select_evenly(head, node, edges, may_open)
    weight = prior_weight(head, node)
    reduction = float64(head["root_fpu_reduction"] if is_root else head["fpu_reduction"])
    unvisited = first_play_urgency(head, node, reduction)
    loss = int64(head["virtual_loss"])
    best = int64(-1)
    best_score = -np.inf
    for ordinal in range(len(edges)):
        edge = edges[ordinal]
        if edge["closed"] != 0:
            continue
        visits = int64(edge["visits"])
        in_flight = int64(edge["in_flight"])
        if visits > 0:
            winrate = float64(edge["winrate_sum"]) / float64(visits + loss * in_flight)
        elif in_flight > 0:
            winrate = -1.0 - reduction
        else:
            winrate = unvisited
        score = winrate + weight * float64(edge["prior"]) / float64(1 + visits)
        if score > best_score:
            best_score = score
            best = ordinal
    if may_open and node["next_move"] != NO_MOVE:
        score = unvisited + weight * float64(node["next_prior"])
        if score > best_score:
            best = len(edges)
    return best


@lean_kernel
def _make_room(tree: TreeArrays, node: np.void) -> None:
    """Move a node's edges to a block of twice the size; the old one is left behind."""
    head = tree.heads[0]
    start = int64(node["edge_start"])
    count = int64(node["edge_count"])
    room = max(2 * int64(node["edge_room"]), FIRST_ROOM)
    target = int64(head["edge_count"])
    for ordinal in range(count):
        tree.edges[target + ordinal] = tree.edges[start + ordinal]
    node["edge_start"] = target
    node["edge_room"] = room
    head["edge_count"] = target + room


@lean_kernel
def has_room(tree: TreeArrays, node: np.void) -> bool:
    """Return whether a node may get another child."""
    head = tree.heads[0]
    block = max(2 * int64(node["edge_room"]), FIRST_ROOM)
    return int64(head["node_count"]) < len(tree.nodes) and int64(head["edge_count"]) + block <= len(
        tree.edges
    )


@lean_kernel
def open_child(tree: TreeArrays, index: int) -> int:
    """Make a node's best unvisited move an edge to a new node; return the new node."""
    node = tree.nodes[index]
    if node["edge_count"] == node["edge_room"]:
        _make_room(tree, node)
    child = new_node(tree)
    move = int64(node["next_move"])
    edge = tree.edges[int64(node["edge_start"]) + int64(node["edge_count"])]
    edge["winrate_sum"] = 0.0
    edge["visits"] = 0
    edge["in_flight"] = 0
    edge["prior"] = node["next_prior"]
    edge["child"] = child
    edge["move"] = move
    edge["closed"] = 0
    node["edge_count"] += 1
    tree.priors[index, move] = -1.0
    node["next_move"] = UNKNOWN
    return child


@lean_kernel
def drop_last_child(tree: TreeArrays, index: int, reason: int) -> None:
    """Close the edge just opened for good and give its node back."""
    node = tree.nodes[index]
    edge = tree.edges[int64(node["edge_start"]) + int64(node["edge_count"]) - 1]
    edge["child"] = -1
    edge["closed"] = reason
    tree.heads[0]["node_count"] -= 1


@lean_kernel
def release_path(tree: TreeArrays, batch: BatchArrays, slot: int) -> None:
    """Take the virtual visits of a playout back."""
    leaf = batch.leaves[slot]
    start = int64(leaf["start"])
    for index in range(start, start + int64(leaf["depth"])):
        step = batch.steps[index]
        node = tree.nodes[step["node"]]
        edge = tree.edges[int64(node["edge_start"]) + int64(step["edge"])]
        edge["in_flight"] -= 1


@lean_kernel
def add_visit(node: np.void, winrate: float, visits: int, winrate_sum: float) -> None:
    """Count a visit of a node and update the spread of its values (Welford 1962).

    Args:
        node: the one visited.
        winrate: the new value.
        visits: how many there were before.
        winrate_sum: their sum, in the same view.
    """
    before = winrate - winrate_sum / visits if visits > 0 else 0.0
    after = winrate - (winrate_sum + winrate) / (visits + 1)
    node["value_spread"] += before * after
    node["visits"] = visits + 1


@lean_kernel
def back_up(tree: TreeArrays, batch: BatchArrays, slot: int, winrate: float) -> None:
    """Add a result to every edge of a path, and take the virtual visits back.

    Args:
        tree: what the path leads through.
        batch: the path is that of `leaves[slot]`.
        slot: see `batch`.
        winrate: in [0, 1], for the color to play in the leaf.
    """
    leaf = batch.leaves[slot]
    start = int64(leaf["start"])
    child = int64(leaf["node"])
    head = tree.heads[0]
    has_bias = head["bias_share"] > 0.0
    # What corrections of the nodes below have changed, in the view of the node at hand.
    shift = update_bias(tree, child) if has_bias else 0.0
    for place in range(start + int64(leaf["depth"]) - 1, start - 1, -1):
        winrate = 1.0 - winrate
        step = batch.steps[place]
        index = int64(step["node"])
        node = tree.nodes[index]
        edge = tree.edges[int64(node["edge_start"]) + int64(step["edge"])]
        visits = int64(edge["visits"])
        add_visit(tree.nodes[child], winrate, visits, float64(edge["winrate_sum"]))
        if visits == 0:
            node["visited_prior"] += edge["prior"]
        edge["visits"] = visits + 1
        edge["in_flight"] -= 1
        edge["winrate_sum"] += winrate - shift
        node["children_sum"] += winrate - shift
        node["child_visits"] += 1
        shift = update_bias(tree, index) - shift if has_bias else 0.0
        child = index
    root = tree.nodes[0]
    add_visit(root, winrate, int64(root["visits"]), float64(head["root_sum"]))
    head["root_sum"] += winrate + shift


@lean_kernel
def open_root(tree: TreeArrays) -> None:
    """Let every valid move of the root compete again, whatever was closed before."""
    head = tree.heads[0]
    head["root_closed"] = 0
    head["root_moves"] = 0
    node = tree.nodes[0]
    head["root_sum"] = float64(node["net_winrate"]) + node["bias"] + node["children_sum"]
    start = int64(node["edge_start"])
    for ordinal in range(int64(node["edge_count"])):
        edge = tree.edges[start + ordinal]
        edge["closed"] = int64(edge["closed"]) & INVALID


@kernel
def keep_subtree(
    tree: TreeArrays, spare_edges: NDArray[np.void], new_index: NDArray[np.int32], root: int
) -> None:
    """Make a node the root and forget what does not descend from it.

    Records move down in place: children stand after their parents, so a record never
    lands on one that is still needed. Edges go to `spare_edges`, which the caller swaps in.

    Args:
        tree: whose `edges` are stale afterwards.
        spare_edges: EDGE array as long as the tree's.
        new_index: int32 [node_count] or more, scratch.
        root: the node to keep.
    """
    head = tree.heads[0]
    count = int64(head["node_count"])
    new_index[:count] = -1
    new_index[root] = 0
    kept = int64(0)
    used = int64(0)
    for index in range(root, count):
        if new_index[index] < 0:
            continue
        new_index[index] = kept
        node = tree.nodes[kept]
        if kept != index:
            tree.nodes[kept] = tree.nodes[index]
            tree.priors[kept] = tree.priors[index]
        start = int64(node["edge_start"])
        for ordinal in range(int64(node["edge_count"])):
            spare_edges[used + ordinal] = tree.edges[start + ordinal]
            child = int64(spare_edges[used + ordinal]["child"])
            if child >= 0:
                new_index[child] = 0
        node["edge_start"] = used
        used += int64(node["edge_room"])
        kept += 1
    _rename_children(tree, spare_edges, new_index, kept)
    head["node_count"] = kept
    head["edge_count"] = used
    head["full"] = 0


@lean_kernel
def _rename_children(
    tree: TreeArrays, edges: NDArray[np.void], new_index: NDArray[np.int32], count: int
) -> None:
    """Give the edges of the first nodes the new indices of their children."""
    for index in range(count):
        node = tree.nodes[index]
        start = int64(node["edge_start"])
        for ordinal in range(int64(node["edge_count"])):
            edge = edges[start + ordinal]
            if edge["child"] >= 0:
                edge["child"] = new_index[edge["child"]]


@lean_kernel
def find_child(tree: TreeArrays, index: int, move: int) -> int:
    """Return the expanded child of a node by a move, or -1."""
    node = tree.nodes[index]
    start = int64(node["edge_start"])
    for ordinal in range(int64(node["edge_count"])):
        edge = tree.edges[start + ordinal]
        if edge["move"] == move and edge["child"] >= 0:
            child = int64(edge["child"])
            return child if tree.nodes[child]["state"] == EXPANDED else -1
    return -1
