"""Subtree value bias: what the network gets wrong where stones lay alike is taken off.

Every node with children knows by how much their mean differs from what the network said
of it. Nodes that were reached by the same two moves in the same surroundings share a
record of these differences, and each node's own winrate is corrected by a share of its
record's mean (after KataGo, "subtree value bias correction").
"""

import numpy as np

from lzp.engine.tree_state import TreeArrays
from lzp.go.constants import NO_POINT, RECENT_PLIES
from lzp.jit import float64, int64, lean_kernel

#: A node's weight is its children's visits to this power.
WEIGHT_EXPONENT = 0.8
#: Half the side of the surroundings that count: 5x5 points.
REACH = 2
#: Of a 64-bit mixing step without multiplication (Marsaglia's xorshift).
_LEFT, _RIGHT, _LEFT_AGAIN = np.uint64(13), np.uint64(7), np.uint64(17)


@lean_kernel
def mix(key: np.uint64, number: int) -> np.uint64:
    """Return a key with a small number mixed in."""
    key ^= np.uint64(number) + np.uint64(0x1E3779B97F4A7C15)
    key ^= key << _LEFT
    key ^= key >> _RIGHT
    key ^= key << _LEFT_AGAIN
    return np.uint64(key)


@lean_kernel
def bias_slot(board: np.void, records: int) -> int:
    """Return the bias record of a position: a hash of how it came about, near the last move.

    Args:
        board: the position.
        records: how many there are, a power of two.

    Returns:
        0 .. records - 1, or -1 if the last move was a pass or there is none.
    """
    ply = int64(board["ply"])
    if ply < 2:
        return -1
    point = int64(board["recent_point"][(ply - 1) % RECENT_PLIES])
    if point == NO_POINT:
        return -1
    before = int64(board["recent_point"][(ply - 2) % RECENT_PLIES])
    key = mix(mix(np.uint64(88172645463325252), point), before)
    key = mix(key, int64(board["to_play"]))
    key = mix(key, int64(board["ko_point"]))
    stride = int64(board["stride"])
    last = stride * (int64(board["side"]) + 2)
    for dy in range(-REACH, REACH + 1):
        colors = int64(0)
        for dx in range(-REACH, REACH + 1):
            near = point + dy * stride + dx
            color = int64(board["color"][near]) if 0 <= near < last else int64(3)
            colors = 4 * colors + color
        key = mix(key, colors)
    return int64(key & np.uint64(records - 1))


@lean_kernel
def update_bias(tree: TreeArrays, index: int) -> float:
    """Bring a node's record and its own correction up to date; return what that changed.

    Args:
        tree: the tree; `children_sum` and `child_visits` of the node are as of now.
        index: the node.

    Returns:
        The change of the node's own winrate, in its view.
    """
    node = tree.nodes[index]
    slot = int64(node["bias_slot"])
    if slot < 0:
        return 0.0
    record = tree.biases[slot]
    visits = float64(node["child_visits"])
    if visits > 0.0:
        weight = visits**WEIGHT_EXPONENT
        delta = weight * (float64(node["children_sum"]) / visits - float64(node["net_winrate"]))
        record["delta"] += delta - float64(node["bias_delta"])
        record["weight"] += weight - float64(node["bias_weight"])
        node["bias_delta"] = delta
        node["bias_weight"] = weight
    if record["weight"] < 0.001:
        return 0.0
    share = float64(tree.heads[0]["bias_share"])
    bias = share * float64(record["delta"]) / float64(record["weight"])
    change = bias - float64(node["bias"])
    node["bias"] = bias
    return change


@lean_kernel
def collect_biases(tree: TreeArrays) -> None:
    """Make the records anew of the nodes that are left in a tree; without biases all are 0."""
    if tree.heads[0]["bias_share"] == 0.0:
        return
    for slot in range(len(tree.biases)):
        tree.biases[slot]["delta"] = 0.0
        tree.biases[slot]["weight"] = 0.0
    for index in range(int64(tree.heads[0]["node_count"])):
        node = tree.nodes[index]
        slot = int64(node["bias_slot"])
        if slot >= 0:
            tree.biases[slot]["delta"] += node["bias_delta"]
            tree.biases[slot]["weight"] += node["bias_weight"]
