"""Positions out of stored games: replayed, turned into planes, written into a batch."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.data.mixing_kernels import mix_pair, permute
from lzp.data.ownership_kernels import (
    packed_size,
    unpack_owners,
    write_ownership,
)
from lzp.data.policy_kernels import PolicyArrays, write_policy
from lzp.data.record_kernels import set_up_codes
from lzp.features.plane_kernels import write_planes
from lzp.go.board_kernels import play_on_board, point_of
from lzp.go.constants import BLACK, EMPTY, WHITE
from lzp.go.playout_kernels import find_owners
from lzp.jit import int64, kernel

#: Random games from the end of a record that decide whose the points are, where the store
#: does not say it. Measured on games between strong players: with 16 of them the points'
#: sum and the komi name the winner of 72 % of the games, with 32 of 75 %, in twice the time.
OWNERSHIP_PLAYOUTS = 16
_SYMMETRY_BITS = np.uint64(7)
_LOW = np.uint64(0xFFFFFFFF)


class GameArrays(NamedTuple):
    """The games of one shard, or any others laid out in the same way.

    Attributes:
        moves: uint16 [M] (constants.py), starts: int32 [G + 1] into it.
        setup: uint16, setup_starts: int32 [G + 1], likewise the stones placed first.
        results: int8 [G], +1 Black won, -1 White won, 0 neither.
        owners: uint8, owner_starts: int32 [G + 1], likewise the points' owners, packed
            (ownership_kernels.py); a game whose row is of another length has none.
        policies: what a search made of the positions, where there was one.
    """

    moves: NDArray[np.uint16]
    starts: NDArray[np.int32]
    setup: NDArray[np.uint16]
    setup_starts: NDArray[np.int32]
    results: NDArray[np.int8]
    owners: NDArray[np.uint8]
    owner_starts: NDArray[np.int32]
    policies: PolicyArrays


class Picks(NamedTuple):
    """Which positions a batch consists of, each array int64 [B].

    Attributes:
        games: first as numbers within a selection, later within a shard.
        plies: moves played before the position; the next one is the target.
        symmetries: 0 .. 7.
        rows: which row of the batch each one is.
    """

    games: NDArray[np.int64]
    plies: NDArray[np.int64]
    symmetries: NDArray[np.int64]
    rows: NDArray[np.int64]


class BatchArrays(NamedTuple):
    """Where samples are written, row by row: see sampler.Batch."""

    planes: NDArray[np.uint8]
    policy_target: NDArray[np.int64]
    value_target: NDArray[np.float32]
    ownership: NDArray[np.int8]
    reply_target: NDArray[np.int64]
    reply_known: NDArray[np.bool_]
    policy: NDArray[np.float32]


@kernel
def pick_uniform(ends: NDArray[np.int64], key: np.uint64, first: int, picks: Picks) -> None:
    """Choose the positions first, first + 1, ... of a shuffled epoch of all positions.

    Args:
        ends: [G], positions in the games up to and including each.
        key: selects the order and the symmetries.
        first: index in the epoch of the first position; the last one must exist.
        picks: overwritten, but for `rows`.
    """
    count = int64(ends[-1])
    for row in range(len(picks.games)):
        index = permute(first + row, count, key)
        game = np.searchsorted(ends, index, side="right")
        picks.games[row] = game
        picks.plies[row] = index - (int64(ends[game - 1]) if game > 0 else 0)
        picks.symmetries[row] = int64(mix_pair(key, np.uint64(first + row)) & _SYMMETRY_BITS)


@kernel
def pick_by_game(
    ends: NDArray[np.int64], per_game: int, key: np.uint64, first: int, picks: Picks
) -> None:
    """Choose like `pick_uniform` from an epoch of `per_game` positions of every game.

    A game's plies are one from each of `per_game` stretches of equal length, so that
    they lie apart; a game with fewer moves gives some of its positions twice.
    """
    games = len(ends)
    for row in range(len(picks.games)):
        index = permute(first + row, games * per_game, key)
        game = index % games
        length = int64(ends[game]) - (int64(ends[game - 1]) if game > 0 else 0)
        noise = mix_pair(key, np.uint64(first + row))
        fraction = int64((noise >> np.uint64(32)) & _LOW)
        picks.games[row] = game
        picks.plies[row] = ((((index // games) << 32) + fraction) * length // per_game) >> 32
        picks.symmetries[row] = int64(noise & _SYMMETRY_BITS)


@kernel
def replay(board: np.void, setup: NDArray[np.uint16], moves: NDArray[np.uint16], ply: int) -> bool:
    """Play a stored game's first moves on an empty record; False if one is impossible.

    Only what would damage the record is looked for (occupied points, points off the board):
    the rules were checked when the game was stored.
    """
    return set_up_codes(board, setup) < 0 and play_codes(board, moves[:ply])


@kernel
def play_codes(board: np.void, moves: NDArray[np.uint16]) -> bool:
    """Go on with a stored game on a record; False if a move is impossible."""
    area = int64(board["side"]) * int64(board["side"])
    for index in range(len(moves)):
        code = int64(moves[index])
        move = code & MOVE_MASK
        if move > area or (move < area and board["color"][point_of(board, move)] != EMPTY):
            return False
        play_on_board(board, move, WHITE if code & WHITE_BIT else BLACK)
    return True


@kernel
def write_samples(
    boards: NDArray[np.void],
    games: GameArrays,
    picks: Picks,
    inverse: NDArray[np.int16],
    batch: BatchArrays,
) -> int:
    """Write one sample for each pick; return -1, or the pick whose game is damaged.

    Args:
        boards: BOARD array [3]: an empty board of the side, and two to work on.
        games: the shard that the picks' games are in.
        picks: games by their numbers in the shard.
        inverse: int16 [8, side²], lzp.features.inverse_tables.
        batch: its row `picks.rows[b]` is overwritten with pick b; planes are uint8
            [B, 18, side²]. Ownership and policy are written if they have columns.
    """
    area = inverse.shape[1]
    balance = np.empty(area, np.int32)
    for pick in range(len(picks.games)):
        row = picks.rows[pick]
        game = picks.games[pick]
        ply = picks.plies[pick]
        turn = inverse[picks.symmetries[pick]]
        setup = games.setup[games.setup_starts[game] : games.setup_starts[game + 1]]
        moves = games.moves[games.starts[game] : games.starts[game + 1]]
        boards[1] = boards[0]
        board = boards[1]
        code = int64(moves[ply])
        move = code & MOVE_MASK
        if move > area or not replay(board, setup, moves, ply):
            return pick
        color = WHITE if code & WHITE_BIT else BLACK
        write_planes(board, color, turn, batch.planes[row])
        batch.policy_target[row] = turn[move] if move < area else move
        write_reply(moves[ply + 1 :], turn, row, batch)
        result = np.float32(games.results[game])
        batch.value_target[row] = result if color == BLACK else -result
        if batch.policy.shape[1] > 0 and not write_policy(
            games.policies, (game, ply, move), turn, batch.policy[row]
        ):
            return pick
        if batch.ownership.shape[1] > 0:
            packed = games.owners[games.owner_starts[game] : games.owner_starts[game + 1]]
            if len(packed) == packed_size(area):
                unpack_owners(packed, balance)
            elif play_codes(board, moves[ply:]):
                find_owners(boards[1:], OWNERSHIP_PLAYOUTS, balance)
            else:
                return pick
            write_ownership(balance, color, turn, batch.ownership[row])
    return -1


@kernel
def write_reply(
    later: NDArray[np.uint16], turn: NDArray[np.int16], row: int, batch: BatchArrays
) -> None:
    """Write the move that answered a sample's target, which a game's last move lacks.

    Args:
        later: uint16, the moves after the target.
        turn: int16 [side²], a row of lzp.features.inverse_tables.
        row: of the batch.
        batch: `reply_target` and `reply_known` are overwritten in that row.
    """
    area = len(turn)
    batch.reply_known[row] = len(later) > 0
    batch.reply_target[row] = area
    if len(later) > 0:
        reply = int64(later[0]) & MOVE_MASK
        batch.reply_target[row] = turn[reply] if reply < area else area
