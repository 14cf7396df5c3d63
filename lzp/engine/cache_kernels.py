"""Answers of the network that are kept: the keys of positions, looking up, storing.

A key is made of exclusive ors of random numbers (Zobrist 1970). What changed so many plies
ago is rotated by an odd number of bits for each of them, so that equal changes at other
times give other keys.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.cache_state import AWAITED, EXACT, TRANSPOSITIONS, WAYS, CacheArrays
from lzp.engine.tree_state import BatchArrays
from lzp.features.constants import HISTORY, SYMMETRIES
from lzp.go.board_kernels import move_of
from lzp.go.constants import (
    BLACK,
    EMPTY,
    NO_POINT,
    RECENT_CAPTURES,
    RECENT_PLIES,
    WHITE,
)
from lzp.jit import int64, lean_kernel

#: Random numbers of what is no stone, by `_SALT_` name; drawn once and for all.
_SALTS = np.random.default_rng(16).integers(0, 2**64, 6, dtype=np.uint64)
SALT_WHITE, SALT_TIMES, SALT_PASSES, SALT_BLACK_LOST, SALT_WHITE_LOST, SALT_IMAGE = _SALTS
#: Bits that a change is rotated by for each ply since, less one: all amounts are odd.
_BITS_A_PLY = 8
_KO_BITS = 1
#: Bits of a key that its place in `awaited` leaves out.
_AWAITED_SHIFT = np.uint64(64 - (AWAITED - 1).bit_length())


@lean_kernel
def rotate(number: np.uint64, bits: int) -> np.uint64:
    """Return a number's bits moved up, those at the top coming in below; bits in 0..63."""
    up = np.uint64(bits)
    down = np.uint64((64 - bits) & 63)
    return np.uint64((number << up) | (number >> down)) if bits > 0 else number


@lean_kernel
def _salt(board: np.void, mode: int) -> np.uint64:
    """Return what a position's key holds beside the stones."""
    key = np.uint64(0)
    if board["to_play"] == WHITE:
        key ^= SALT_WHITE
    if mode == TRANSPOSITIONS:
        key ^= rotate(SALT_PASSES, min(int64(board["passes"]), 63))
        key ^= rotate(SALT_BLACK_LOST, int64(board["prisoners"][BLACK]) & 63)
        key ^= rotate(SALT_WHITE_LOST, int64(board["prisoners"][WHITE]) & 63)
    else:
        key ^= rotate(SALT_TIMES, min(int64(board["ply"]), HISTORY - 1))
    return key


@lean_kernel
def _flip(
    numbers: NDArray[np.uint64], images: NDArray[np.uint64], color: int, move: int, bits: int
) -> None:
    """Flip what stands for one stone in the numbers of all symmetries; bits in 1..63."""
    up = np.uint64(bits)
    down = np.uint64(64 - bits)
    for symmetry in range(SYMMETRIES):
        image = images[color, move, symmetry]
        numbers[symmetry] ^= (image << up) | (image >> down)


@lean_kernel
def _write_stones(numbers: NDArray[np.uint64], images: NDArray[np.uint64], board: np.void) -> None:
    """Flip the stones as they stand."""
    side = int64(board["side"])
    colors = board["color"]
    for y in range(side):
        start = (y + 1) * (side + 2) + 1
        row = colors[start : start + side]
        stones = np.uint8(0)
        for x in range(side):
            stones |= row[x]
        if stones == EMPTY:
            continue
        for x in range(side):
            color = int64(row[x])
            if color != EMPTY:
                for symmetry in range(SYMMETRIES):
                    numbers[symmetry] ^= images[color, y * side + x, symmetry]


@lean_kernel
def _write_changes(numbers: NDArray[np.uint64], images: NDArray[np.uint64], board: np.void) -> None:
    """Flip the stones that the last plies put and took, as far as the network sees them."""
    capture = int64(board["capture_end"])
    for ago in range(1, min(int64(board["ply"]), HISTORY - 1) + 1):
        bits = _BITS_A_PLY * ago - 1
        slot = (int64(board["ply"]) - ago) & (RECENT_PLIES - 1)
        taken = int64(board["recent_taken"][slot])
        capture -= taken
        point = int64(board["recent_point"][slot])
        if point == NO_POINT:
            continue
        color = int64(board["recent_color"][slot])
        _flip(numbers, images, color, move_of(board, point), bits)
        color = int64(board["recent_taken_color"][slot])
        for index in range(capture, capture + taken):
            lost = int64(board["recent_captures"][index & (RECENT_CAPTURES - 1)])
            _flip(numbers, images, color, move_of(board, lost), bits)


@lean_kernel
def _symmetric_key(cache: CacheArrays, board: np.void, leaf: np.void) -> None:
    """Write a leaf's key, equal for all images of its position, and the image it is of."""
    head = cache.heads[0]
    keys = head["keys"]
    keys[:] = _salt(board, int64(head["mode"])) ^ SALT_IMAGE
    _write_stones(keys, cache.images, board)
    if head["mode"] == EXACT:
        _write_changes(keys, cache.images, board)
    elif board["ko_point"] != NO_POINT:
        ko = move_of(board, int64(board["ko_point"]))
        # int64(): Numba compiles a kernel again for every constant that it is called with.
        _flip(keys, cache.images, int64(EMPTY), ko, int64(_KO_BITS))
    best = int64(0)
    for symmetry in range(1, SYMMETRIES):
        if keys[symmetry] < keys[best]:
            best = symmetry
    leaf["key"] = keys[best]
    leaf["image"] = best


@lean_kernel
def _plain_key(
    cache: CacheArrays,
    board: np.void,
    leaf: np.void,
    steps: NDArray[np.void],
    history: NDArray[np.uint64],
) -> None:
    """Write a leaf's key from the hashes of the positions that led to it."""
    mode = int64(cache.heads[0]["mode"])
    key = _salt(board, mode) ^ board["hash"]
    if mode == TRANSPOSITIONS:
        if board["ko_point"] != NO_POINT:
            key ^= cache.images[EMPTY, move_of(board, int64(board["ko_point"])), 0]
    else:
        later = board["hash"]
        for ago in range(1, min(int64(board["ply"]), HISTORY - 1) + 1):
            place = int64(leaf["depth"]) - ago
            if place > 0:
                now = steps[int64(leaf["start"]) + place - 1]["hash"]
            else:
                now = history[len(history) - 1 + place]
            key ^= rotate(later ^ now, _BITS_A_PLY * ago - 1)
            later = now
    leaf["key"] = key
    leaf["image"] = 0


@lean_kernel
def write_key(
    cache: CacheArrays, batch: BatchArrays, slot: int, history: NDArray[np.uint64]
) -> None:
    """Write the key of a leaf, and under which symmetry its position is the canonical one.

    Args:
        cache: says what counts.
        batch: with the leaf's path, and its position at hand; `key` and `image` are written.
        slot: of the leaf.
        history: uint64, the stones' hash of every position of the game, the root's last.
    """
    board = batch.boards[0]
    leaf = batch.leaves[slot]
    if board["ply"] < cache.heads[0]["symmetric_plies"]:
        _symmetric_key(cache, board, leaf)
    else:
        _plain_key(cache, board, leaf, batch.steps, history)
    if leaf["key"] == 0:
        leaf["key"] = 1


@lean_kernel
def _first_of_set(cache: CacheArrays, key: np.uint64) -> int:
    """Return where the set of a key begins."""
    sets = np.uint64(len(cache.entries) // WAYS)
    return int64(((key >> np.uint64(32)) * sets) >> np.uint64(32)) * WAYS


@lean_kernel
def _is_kept(cache: CacheArrays, entry: np.void) -> bool:
    """Return whether an entry's policy has not been written over."""
    return bool(entry["stamp"] + len(cache.policies) > cache.heads[0]["stamp"])


@lean_kernel
def find_answer(cache: CacheArrays, key: np.uint64) -> int:
    """Return the entry of a key, or -1, and count the lookup."""
    cache.heads[0]["lookups"] += 1
    return find_late_answer(cache, key)


@lean_kernel
def find_late_answer(cache: CacheArrays, key: np.uint64) -> int:
    """Return the entry of a key that was looked up before, or -1."""
    start = _first_of_set(cache, key)
    for index in range(start, start + WAYS):
        entry = cache.entries[index]
        if entry["key"] == key and _is_kept(cache, entry):
            cache.heads[0]["hits"] += 1
            return index
    return -1


@lean_kernel
def _awaited_place(key: np.uint64) -> int:
    """Return where a key is noted as on its way."""
    return int64(key >> _AWAITED_SHIFT)


@lean_kernel
def is_awaited(cache: CacheArrays, key: np.uint64) -> bool:
    """Return whether a key was noted as on its way to the network."""
    return bool(cache.heads[0]["awaited"][_awaited_place(key)] == key)


@lean_kernel
def note_awaited(cache: CacheArrays, key: np.uint64) -> None:
    """Note a key as on its way; where another one has its place, that one stays."""
    awaited = cache.heads[0]["awaited"]
    place = _awaited_place(key)
    if awaited[place] == 0:
        awaited[place] = key


@lean_kernel
def forget_awaited(cache: CacheArrays, key: np.uint64) -> None:
    """Note that a key is no longer on its way."""
    awaited = cache.heads[0]["awaited"]
    place = _awaited_place(key)
    if awaited[place] == key:
        awaited[place] = 0


@lean_kernel
def policy_row(cache: CacheArrays, entry: int) -> int:
    """Return where in `policies` the one of an entry stands."""
    return int64(cache.entries[entry]["stamp"]) % len(cache.policies)


@lean_kernel
def keep_answer(cache: CacheArrays, batch: BatchArrays, slot: int) -> None:
    """Keep the network's answer to a leaf in place of the oldest one.

    Args:
        cache: where.
        batch: with the answer to `leaves[slot]`.
        slot: see `batch`.
    """
    head = cache.heads[0]
    leaf = batch.leaves[slot]
    start = _first_of_set(cache, leaf["key"])
    chosen = start
    for index in range(start, start + WAYS):
        entry = cache.entries[index]
        if entry["key"] == leaf["key"]:
            if _is_kept(cache, entry):
                return
            chosen = index
            break
        if entry["stamp"] < cache.entries[chosen]["stamp"]:
            chosen = index
    head["stamp"] += 1
    entry = cache.entries[chosen]
    entry["key"] = leaf["key"]
    entry["stamp"] = head["stamp"]
    entry["winrate"] = batch.winrate[slot]
    # From the canonical image back to the position, and on to what the network saw.
    entry["symmetry"] = cache.products[leaf["symmetry"], _undo(int64(leaf["image"]))]
    policy, kept = batch.policy[slot], cache.policies[policy_row(cache, chosen)]
    for move in range(len(policy)):
        kept[move] = policy[move]


@lean_kernel
def answer_symmetry(cache: CacheArrays, entry: int, image: int) -> int:
    """Return the symmetry under which a kept policy stands to a position.

    Args:
        cache: the cache.
        entry: whose policy.
        image: the symmetry under which the position is the canonical one.
    """
    return int64(cache.products[cache.entries[entry]["symmetry"], image])


@lean_kernel
def _undo(symmetry: int) -> int:
    """Return the symmetry that undoes another: only 5 and 6 are not their own inverse."""
    if symmetry == 5:
        return 6
    return 5 if symmetry == 6 else symmetry
