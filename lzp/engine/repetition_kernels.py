"""Positions that stood before, in the game or on the way to a leaf, as the ko rule has it."""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.tree_state import INVALID, UNKNOWN, TreeArrays
from lzp.go.board_kernels import TURN_KEY, copy_board, play_on_board
from lzp.go.constants import KO_POSITIONAL, KO_SIMPLE, WHITE
from lzp.jit import int64, lean_kernel


@lean_kernel
def _is_among(past: NDArray[np.uint64], key: np.uint64) -> bool:
    """Return whether a position stood before in the game."""
    found = False
    for index in range(len(past)):
        found |= past[index] == key
    return found


@lean_kernel
def _is_on_path(steps: NDArray[np.void], key: np.uint64, first: int, stride: int) -> bool:
    """Return whether a position stood before on a path, of which every n-th step counts."""
    found = False
    for index in range(first, len(steps), stride):
        found |= steps[index]["hash"] == key
    return found


@lean_kernel
def _stood_in_game(tree: TreeArrays, board: np.void) -> bool:
    """Return whether a position stood before in the game, as the ko rule looks at it."""
    key = board["hash"]
    if tree.heads[0]["ko_rule"] != KO_POSITIONAL and board["to_play"] == WHITE:
        key ^= TURN_KEY
    return _is_among(tree.past, key)


@lean_kernel
def repeats(tree: TreeArrays, board: np.void, steps: NDArray[np.void]) -> bool:
    """Return whether a position stood before, in the game or on a path.

    Args:
        tree: with the rules and the game's past.
        board: the position.
        steps: STEP, the path that led to the one before it; turns alternate on it.
    """
    stride = 1 if tree.heads[0]["ko_rule"] == KO_POSITIONAL else 2
    first = len(steps) % stride
    return _is_on_path(steps, board["hash"], first, stride) or _stood_in_game(tree, board)


@lean_kernel
def exclude_repeats(
    tree: TreeArrays,
    root: NDArray[np.void],
    scratch: NDArray[np.void],
) -> None:
    """Take the moves out of the root that lead back to a position of the game.

    Where that leaves nothing to play, passing is a candidate.

    Args:
        tree: with an expanded root.
        root: BOARD [1], its position.
        scratch: BOARD [1], overwritten.
    """
    board = root[0]
    priors = tree.priors[0]
    if tree.heads[0]["ko_rule"] == KO_SIMPLE:
        return
    if board["capture_end"] == 0 and board["suicide"] == 0:
        return
    area = len(priors) - 1
    left = int64(0)
    for move in range(area):
        if priors[move] >= 0.0:
            copy_board(root, int64(0), scratch, int64(0))
            play_on_board(scratch[0], move, int64(board["to_play"]))
            if _stood_in_game(tree, scratch[0]):
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
