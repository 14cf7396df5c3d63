"""The score of a finished game: dead stones off, sekis and unprotected points left out.

Counting by territory follows what boards and servers do: nobody has to fill the neutral
points, but a point that its owner would have to fill once they are filled is none.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.go.constants import BLACK, EMPTY, WHITE
from lzp.go.final_status import Status
from lzp.go.game import Game
from lzp.go.rules import ALL_TAX, SEKI_TAX, TERRITORY
from lzp.go.scoring_kernels import button_points
from lzp.go.settling_kernels import mark_owners

#: What a living group keeps of its territory where every group is taxed.
_TAXED_EYES = 2
#: With more empty points than this a group has room for two eyes, whatever it touches.
_MOST_SEKI_EYES = 6


def final_lead(game: Game, status: Status) -> float:
    """Return Black's lead in points as the game's rules count it, compensation included."""
    owners = mark_points(game, status)
    difference = int((owners == BLACK).sum()) - int((owners == WHITE).sum())
    if game.rules.scoring == TERRITORY:
        colors = game.board.colors()[status.dead]
        difference += int((colors == WHITE).sum()) - int((colors == BLACK).sum())
        difference += game.board.prisoners(WHITE) - game.board.prisoners(BLACK)
    return difference + button_points(game.boards) - game.compensation


def mark_points(game: Game, status: Status) -> NDArray[np.uint8]:
    """Return for whom each point counts, stones only where area is counted: uint8 [side²].

    BLACK, WHITE, or EMPTY for neutral points, for taxed ones, and by territory for stones.
    Dead stones count as the empty points that they leave.
    """
    stones = np.where(status.dead, EMPTY, game.board.colors()).astype(np.uint8)
    by_territory = game.rules.scoring == TERRITORY
    filled = _protect(stones, game.side) if by_territory else stones
    owners = owners_of(filled, game.side)
    owners[(filled != stones) & (owners == filled)] = EMPTY
    for region in _groups_of(owners, stones, game.side):
        tax = _tax(game, status, stones, region)
        empties = [move for move in region if stones[move] == EMPTY]
        owners[empties[:tax]] = EMPTY
    if by_territory:
        owners[stones != EMPTY] = EMPTY
    return owners


def owners_of(stones: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return who owns each point where just these stones stand, uint8 [side²] each."""
    owners = np.empty(side * side, np.uint8)
    mark_owners(stones, side, owners)
    return owners


def _tax(game: Game, status: Status, stones: NDArray[np.uint8], group: list[int]) -> int:
    """Return how many empty points of a group do not count."""
    if game.rules.tax == ALL_TAX:
        return _TAXED_EYES
    is_seki = any(status.seki[move] for move in group if stones[move] != EMPTY)
    eyes = int((stones[group] == EMPTY).sum())
    return eyes if game.rules.tax == SEKI_TAX and is_seki and eyes <= _MOST_SEKI_EYES else 0


def _protect(stones: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Return the stones after all that must be filled is filled, neutral points by anyone.

    Stones with one liberty left among their color's points, however many neutral ones they
    have, are in atari once those are gone: their owner has to connect there. Chains that a
    neutral point joins count as one, since their owner takes it when there is need.
    """
    stones = stones.copy()
    while True:
        owners = owners_of(stones, side)
        for color in (BLACK, WHITE):
            point = _must_fill(stones, owners, side, color)
            if point >= 0:
                stones[point] = color
                break
        else:
            return stones


def _must_fill(stones: NDArray[np.uint8], owners: NDArray[np.uint8], side: int, color: int) -> int:
    """Return a point that a color has to fill, or -1."""
    own = stones == color
    neutral = [move for move in np.flatnonzero((stones == EMPTY) & (owners == EMPTY)).tolist()]
    joined = own.copy()
    joined[[m for m in neutral if sum(bool(own[n]) for n in neighbors(m, side)) >= 2]] = True
    for stones_together in _connected(joined, joined.astype(np.uint8), side):
        border = _border([m for m in stones_together if own[m]], side)
        eyes = [m for m in border if stones[m] == EMPTY and owners[m] == color]
        if len(eyes) == 1 and _joins_others(stones, side, stones_together, eyes[0], color):
            return eyes[0]
    return -1


def _joins_others(
    stones: NDArray[np.uint8], side: int, chain: list[int], point: int, color: int
) -> bool:
    """Return whether a stone on a point would connect a chain to another one of its color."""
    members = set(chain)
    return any(stones[m] == color and m not in members for m in neighbors(point, side))


def _groups_of(owners: NDArray[np.uint8], stones: NDArray[np.uint8], side: int) -> list[list[int]]:
    """Return the groups: stones of a color with all that they own, connected."""
    return [g for g in _connected(owners != EMPTY, owners, side) if (stones[g] != EMPTY).any()]


def _connected(counts: NDArray[np.bool_], colors: NDArray[np.uint8], side: int) -> list[list[int]]:
    """Return the connected sets of equally colored moves among those that count."""
    seen: set[int] = set()
    found = []
    for start in np.flatnonzero(counts).tolist():
        if start in seen:
            continue
        seen.add(start)
        members = [start]
        for move in members:
            for near in neighbors(move, side):
                if near not in seen and counts[near] and colors[near] == colors[start]:
                    seen.add(near)
                    members.append(near)
        found.append(members)
    return found


def _border(chain: list[int], side: int) -> set[int]:
    """Return the moves beside a chain, whatever is there."""
    return {near for move in chain for near in neighbors(move, side)} - set(chain)


def neighbors(move: int, side: int) -> list[int]:
    """Return the moves beside one, two to four."""
    y, x = divmod(move, side)
    around = ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x))
    return [b * side + a for b, a in around if 0 <= a < side and 0 <= b < side]
