"""A network made of whole numbers: the same answers on every processor and in every version.

Floating-point libraries differ in last bits between machines. So nothing here is computed
in floating point: priors and winrates are multiples of 2^-24 not above 1, which float32
holds exactly, and sums of such priors are exact in any order.
"""

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer
from lzp.features import PLANES

#: What everything adds up to: the numbers of an answer are counts of 2^-24.
_ONE = 1 << 24
#: A move's weight is four times another's for each bit that its number ends in, so that a
#: few moves take most of the policy and trees grow deep.
_MOST_ZEROS = 10
#: How many zeros each number of ten bits ends in, uint64 [1024].
_ZEROS = np.array(
    [_MOST_ZEROS] + [(i & -i).bit_length() - 1 for i in range(1, 1 << _MOST_ZEROS)], np.uint64
)
#: What a stone ahead is worth, so that captures are worth having: 1/64.
_STONE = _ONE >> 6
#: How far chance moves a winrate up or down: 1/8.
_CHANCE = _ONE >> 3


class SignatureNetwork:
    """An `Evaluator`: a hash of the planes decides, and the stones ahead have a say."""

    name = "signature"

    def __init__(self, side: int) -> None:
        self.side = side
        self._factors = mixed(np.arange(1, PLANES * side * side + 1, dtype=np.uint64))
        self._moves = mixed(np.arange(1, side * side + 3, dtype=np.uint64) << np.uint64(32))

    def evaluate(self, planes: NDArray[np.uint8]) -> Answer:
        flat = planes.reshape(len(planes), -1)
        keys = mixed((flat * self._factors).sum(axis=1, dtype=np.uint64))
        numbers = mixed(keys[:, None] ^ self._moves)
        policy = shares(numbers[:, :-1]).astype(np.float32) / np.float32(_ONE)
        ahead = planes[:, 0].sum(axis=(1, 2), dtype=np.int64)
        ahead -= planes[:, 8].sum(axis=(1, 2), dtype=np.int64)
        chance = (numbers[:, -1] % np.uint64(2 * _CHANCE)).astype(np.int64) - _CHANCE
        winrate = np.clip(_ONE // 2 + _STONE * ahead + chance, 0, _ONE)
        return policy, winrate.astype(np.float32) / np.float32(_ONE)


def mixed(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return each number well mixed: the last step of splitmix64 (Steele et al. 2014)."""
    numbers = (numbers ^ (numbers >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    numbers = (numbers ^ (numbers >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return numbers ^ (numbers >> np.uint64(31))


def shares(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return rows that sum to 2^24 at most, uint64 [B, M]; a few moves take most of it."""
    weights = np.uint64(256) + (numbers & np.uint64(255))
    zeros = _ZEROS[numbers >> np.uint64(8) & np.uint64(len(_ZEROS) - 1)]
    weights <<= np.uint64(2) * zeros
    # 362 weights below 2^29 each: a weight times 2^24 fits in 64 bits.
    return weights * np.uint64(_ONE) // weights.sum(axis=1, keepdims=True)
