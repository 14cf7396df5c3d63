"""What a game's searches teach, kept until it ends and someone won: Leela Zero's forms of it.

==============  ============================================================================
training        one record of lzp.features.leela_chunks in text for each search
debug           a head of two lines, then a line of four numbers for each search
saved           the number of searches; for each the 18 planes as bits, point 360 first,
                the 362 numbers of the policy, the side to move, and the four numbers
==============  ============================================================================

The four numbers: the winrates that the network, the whole search and its best move give
the side to move, and that move's visits.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.engine.report import SearchReport
from lzp.features import PLANES, encode
from lzp.features.leela_chunks import AREA, TEXT, ChunkPosition, format_record
from lzp.go import BLACK, WHITE, Game

_DEBUG_VERSION = 2
#: Words of a saved search: planes and policy with their counts, side to move, four numbers.
_WORDS = (1 + PLANES) + (1 + AREA + 1) + 1 + 4


@dataclass(frozen=True, slots=True)
class Step:
    """One search.

    Attributes:
        planes: uint8 [18, S, S], under symmetry 0.
        color: who was to move.
        policy: float32 [S² + 1], the share of the visits that each move got.
        net_winrate: the network's of the position, for that color as the others are.
        winrate: of the whole search.
        best_winrate: of the most visited move.
        best_visits: that move's visits.
    """

    planes: NDArray[np.uint8]
    color: int
    policy: NDArray[np.float32]
    net_winrate: float
    winrate: float
    best_winrate: float
    best_visits: int

    @property
    def numbers(self) -> str:
        """The four numbers, as C++ prints them."""
        winrates = (self.net_winrate, self.winrate, self.best_winrate)
        return " ".join([*(f"{winrate:g}" for winrate in winrates), str(self.best_visits)])


def step_of(game: Game, report: SearchReport, net_winrate: float) -> Step | None:
    """Return what a search of a game's position teaches; None if no move was visited."""
    visited = [move for move in report.moves if move.visits]
    if not visited:
        return None
    policy = np.zeros(game.pass_move + 1, np.float32)
    for move in visited:
        policy[move.move] = move.visits
    best = max(visited, key=lambda move: move.visits)
    return Step(
        planes=encode(game.boards)[0],
        color=game.to_play,
        policy=policy / policy.sum(),
        net_winrate=net_winrate,
        winrate=report.winrate,
        best_winrate=best.winrate,
        best_visits=best.visits,
    )


def training_text(steps: list[Step], winner: int) -> bytes:
    """Return the records of searches on 19x19 boards, with who won in the end."""
    return b"".join(
        format_record(
            ChunkPosition(step.planes, step.policy, 1 if step.color == winner else -1), TEXT
        )
        for step in steps
    )


def debug_text(steps: list[Step], resign_percent: int, network: str) -> bytes:
    """Return the numbers of searches, under what they were made with."""
    head = [str(_DEBUG_VERSION), f"{resign_percent} {network}"]
    return ("\n".join([*head, *(step.numbers for step in steps)]) + "\n").encode()


def saved_text(steps: list[Step]) -> bytes:
    """Return searches on 19x19 boards so that `read_saved`, and leelaz, read them again."""
    return (f"{len(steps)} " + "".join(map(_saved_step, steps))).encode()


def _saved_step(step: Step) -> str:
    """Return one search as a line."""
    rows = ["".join(map(str, plane.ravel()[::-1].tolist())) for plane in step.planes]
    turn = "0" if step.color == BLACK else "1"
    policy = [f"{share:g}" for share in step.policy.tolist()]
    return " ".join([str(PLANES), *rows, str(len(policy)), *policy, turn, step.numbers]) + "\n"


def read_saved(text: str) -> list[Step]:
    """Return the searches of a text that `saved_text` or leelaz has written.

    Raises:
        ValueError: it is no such text; says what is wrong.
    """
    first, *words = text.split()
    if not first.isdecimal() or len(words) != int(first) * _WORDS:
        raise ValueError("its length does not fit its number of searches")
    return [_read_step(words[at : at + _WORDS]) for at in range(0, len(words), _WORDS)]


def _read_step(words: list[str]) -> Step:
    """Return the search that some words stand for."""
    rows, turn = words[1 : 1 + PLANES], words[-5]
    if (words[0], words[1 + PLANES]) != (str(PLANES), str(AREA + 1)) or turn not in ("0", "1"):
        raise ValueError("a search in it is of another kind")
    policy = _finite(words[2 + PLANES : -5])
    net_winrate, winrate, best_winrate, visits = _finite(words[-4:])
    side = round(AREA**0.5)
    return Step(
        planes=np.stack([_plane(row) for row in rows]).reshape(PLANES, side, side),
        color=BLACK if turn == "0" else WHITE,
        policy=policy,
        net_winrate=float(net_winrate),
        winrate=float(winrate),
        best_winrate=float(best_winrate),
        best_visits=int(visits),
    )


def _plane(row: str) -> NDArray[np.uint8]:
    """Return the points of a plane, [361]."""
    if len(row) != AREA or row.strip("01"):
        raise ValueError(f"a plane in it is not {AREA} times 0 or 1")
    return (np.frombuffer(row.encode(), np.uint8)[::-1] - ord("0")).astype(np.uint8)


def _finite(words: list[str]) -> NDArray[Any]:
    """Return words as numbers, float32."""
    numbers = np.array(words, np.float32)  # raises ValueError itself
    if not np.isfinite(numbers).all():
        raise ValueError("a number in it is not finite")
    return numbers
