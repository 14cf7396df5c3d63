"""What the search knows of a network: planes in, policy and winrate out, in batches."""

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from lzp.features import PLANES
from lzp.features.constants import BLACK_TO_MOVE_PLANE

#: Policy float32 [B, S²+1] and winrate float32 [B], as `Evaluator.evaluate` returns them.
Answer = tuple[NDArray[np.float32], NDArray[np.float32]]


class Evaluator(Protocol):
    """Judges positions; may be called from one thread at a time.

    Attributes:
        side: lines of the board that the network is for, S.
        name: what to call the network, for people; a file's name.
    """

    side: int
    name: str

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        """Return policy and winrate of B positions, each for the side to move.

        Args:
            planes: uint8 [B, 18, S, S] as `lzp.features` describes them; B at least 1.

        Returns:
            policy, float32 [B, S²+1], probabilities that sum to 1, the pass last; and
            winrate, float32 [B] in [0, 1]. Legality is not looked at.
        """
        ...


def in_parts(planes: NDArray[np.uint8], batch_size: int) -> list[NDArray[np.uint8]]:
    """Return a batch as views of at most `batch_size` positions, so that memory is bounded."""
    return [planes[start : start + batch_size] for start in range(0, len(planes), batch_size)]


def evaluate_in_parts(
    planes: NDArray[np.uint8], batch_size: int, run: Callable[[NDArray[np.uint8]], Answer]
) -> Answer:
    """Return the answer to a batch of any size by runs of at most `batch_size` positions."""
    answers = [run(part) for part in in_parts(planes, batch_size)]
    if len(answers) == 1:
        return answers[0]
    policies, winrates = zip(*answers, strict=True)
    return np.concatenate(policies), np.concatenate(winrates)


def find_fault(evaluator: Evaluator, sample: Answer, count: int) -> str | None:
    """Say what is wrong with an evaluator's answer to `count` positions; None if nothing.

    For use when a network is loaded: a file may have all the right shapes and still
    compute something else.
    """
    policy, winrate = sample
    moves = evaluator.side * evaluator.side + 1
    if policy.shape != (count, moves) or winrate.shape != (count,):
        return f"gives arrays of shape {list(policy.shape)} and {list(winrate.shape)}"
    if not (np.isfinite(policy).all() and np.isfinite(winrate).all()):
        return "gives numbers that are not finite"
    if (policy < 0).any() or (abs(policy.sum(axis=1) - 1) > 1e-3).any():
        return "gives a policy that is no probability distribution"
    if (winrate < 0).any() or (winrate > 1).any():
        return "gives a value outside [-1, 1]"
    return None


def empty_planes(side: int, count: int) -> NDArray[np.uint8]:
    """Return planes of empty boards, Black to move; uint8 [count, 18, side, side]."""
    planes = np.zeros((count, PLANES, side, side), np.uint8)
    planes[:, BLACK_TO_MOVE_PLANE] = 1
    return planes
