"""What a tree says about the moves of a node: bounds, order, principal variation."""

import math

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import DROPPED, EXPANDED, INVALID, NO_MOVE, PRUNED, TreeArrays
from lzp.jit import float64, int64, kernel

#: Visits below which there is no variance, and so no bound.
FEW_VISITS = 2
#: Stands for the missing bound of a move with few visits; the visits are added.
NO_BOUND = -1e6


@kernel
def lower_bound(node: np.void, edge: np.void, quantiles: NDArray[np.float64]) -> float:
    """Return the lower confidence bound of an edge's winrate: mean - t * sqrt(var / n).

    Args:
        node: the edge's child, which keeps the spread.
        edge: with visits n and their sum.
        quantiles: float64 [K], Student's quantile by degrees of freedom, capped at K - 1.
    """
    visits = int64(edge["visits"])
    if visits < FEW_VISITS:
        return NO_BOUND + visits
    freedom = min(visits - 1, len(quantiles) - 1)
    variance = float64(node["value_spread"]) / (visits - 1)
    mean = float64(edge["winrate_sum"]) / visits
    return mean - float64(quantiles[freedom]) * math.sqrt(variance / visits)


@kernel
def write_move_stats(
    tree: TreeArrays,
    index: int,
    lcb_ratio: float,
    quantiles: NDArray[np.float64],
    stats: NDArray[np.void],
) -> int:
    """Write what is known of the visited moves of a node; return how many they are.

    Args:
        tree: the tree.
        index: the node.
        lcb_ratio: share of the most visits above which a move is ordered by its bound.
        quantiles: see `lower_bound`.
        stats: MOVE_STATS [side² + 1], overwritten up to the count, in order of opening.
    """
    node = tree.nodes[index]
    start = int64(node["edge_start"])
    count = int64(0)
    most = int64(0)
    for ordinal in range(int64(node["edge_count"])):
        edge = tree.edges[start + ordinal]
        visits = int64(edge["visits"])
        if visits == 0 or int64(edge["closed"]) & INVALID != 0:
            continue
        row = stats[count]
        row["move"] = edge["move"]
        row["visits"] = visits
        row["prior"] = edge["prior"]
        row["dropped"] = int64(edge["closed"]) & DROPPED != 0
        row["child"] = edge["child"]
        row["winrate"] = float64(edge["winrate_sum"]) / visits
        row["lcb"] = lower_bound(tree.nodes[edge["child"]], edge, quantiles)
        most = max(most, visits)
        count += 1
    threshold = max(float64(FEW_VISITS), lcb_ratio * most)
    for row_index in range(count):
        stats[row_index]["trusted"] = stats[row_index]["visits"] > threshold
    return count


@kernel
def is_better(first: np.void, second: np.void) -> bool:
    """Return whether one MOVE_STATS comes before another that stands before it now.

    Those not dropped first; trusted moves by their bound, the rest by visits, then by
    winrate.
    """
    if first["dropped"] != second["dropped"]:
        return bool(first["dropped"] < second["dropped"])
    if first["trusted"] != 0 and second["trusted"] != 0 and first["lcb"] != second["lcb"]:
        return bool(first["lcb"] > second["lcb"])
    if first["visits"] != second["visits"]:
        return bool(first["visits"] > second["visits"])
    return bool(first["winrate"] > second["winrate"])


@kernel
def best_row(stats: NDArray[np.void], count: int) -> int:
    """Return which of the first `count` MOVE_STATS, one at least, comes before all others."""
    best = int64(0)
    for row in range(1, count):
        if is_better(stats[row], stats[best]):
            best = row
    return best


@kernel
def write_variation(
    tree: TreeArrays,
    index: int,
    lcb_ratio: float,
    quantiles: NDArray[np.float64],
    stats: NDArray[np.void],
    moves: NDArray[np.int32],
) -> int:
    """Write the best moves from a node on; return how many they are.

    Args:
        tree: the tree.
        index: the node to start from.
        lcb_ratio: see `write_move_stats`.
        quantiles: see `lower_bound`.
        stats: MOVE_STATS [side² + 1], scratch.
        moves: int32 [M], overwritten up to the count.
    """
    length = int64(0)
    while length < len(moves) and tree.nodes[index]["state"] == EXPANDED:
        count = write_move_stats(tree, index, lcb_ratio, quantiles, stats)
        if count == 0:
            break
        best = best_row(stats, count)
        moves[length] = stats[best]["move"]
        index = int64(stats[best]["child"])
        length += 1
    return length


@kernel
def count_contenders(
    tree: TreeArrays, playouts_left: float, quantiles: NDArray[np.float64], prune: bool
) -> int:
    """Return how many moves of the root can still become the best one.

    A move is out of it if it would not reach the most visited one with all playouts left,
    unless its winrate is above the best lower bound.

    Args:
        tree: the tree, between two batches.
        playouts_left: an estimate; may be infinite.
        quantiles: see `lower_bound`.
        prune: whether to close the edges of the others and to open no further ones.
    """
    node = tree.nodes[0]
    start = int64(node["edge_start"])
    end = start + int64(node["edge_count"])
    best_bound = 0.0
    most = int64(0)
    for position in range(start, end):
        edge = tree.edges[position]
        if edge["visits"] > 0:
            bound = lower_bound(tree.nodes[edge["child"]], edge, quantiles)
            best_bound = max(best_bound, bound)
            most = max(most, int64(edge["visits"]))
    required = most - playouts_left
    contenders = int64(0)
    for position in range(start, end):
        edge = tree.edges[position]
        if int64(edge["closed"]) & INVALID != 0:
            continue
        visits = int64(edge["visits"])
        high = visits > 0 and float64(edge["winrate_sum"]) / visits >= best_bound
        is_open = visits >= required or high
        contenders += is_open
        if prune:
            edge["closed"] = 0 if is_open else PRUNED
    unvisited = required <= 0.0 and node["next_move"] != NO_MOVE
    if prune:
        tree.heads[0]["root_closed"] = not unvisited
    return contenders + unvisited
