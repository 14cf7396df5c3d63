"""Numbers that look random but follow from others: hashes, permutations, symmetries.

Everything is shifts, XORs and products of two 32-bit numbers, so that no product exceeds
64 bits: compiled and plain Python then agree, and NumPy has nothing to warn about.
"""

import numpy as np

from lzp.jit import kernel

_LOW = np.uint64(0xFFFFFFFF)
_HALF = np.uint64(32)
_MIDDLE = np.uint64(16)
#: Odd 32-bit constants without a pattern: the fractional parts of square roots of primes
#: (as in SHA-256), the last bit set.
_FIRST = np.uint64(0x6A09E667)
_SECOND = np.uint64(0xBB67AE85)
_THIRD = np.uint64(0x3C6EF373)
_FOURTH = np.uint64(0xA54FF53B)
_OFFSET = np.uint64(0x510E527F9B05688D)
_ROUNDS = 6


@kernel
def mix(value: np.uint64) -> np.uint64:
    """Return a number in which every bit depends on every bit of `value`; a bijection.

    Four rounds of a Feistel network on the two halves of a uint64. Not for secrets.
    """
    low = (value ^ _OFFSET) & _LOW
    high = (value ^ _OFFSET) >> _HALF
    high ^= ((low * _FIRST) >> _MIDDLE) & _LOW
    low ^= ((high * _SECOND) >> _MIDDLE) & _LOW
    high ^= ((low * _THIRD) >> _MIDDLE) & _LOW
    low ^= ((high * _FOURTH) >> _MIDDLE) & _LOW
    return (high << _HALF) | low


@kernel
def mix_pair(key: np.uint64, value: np.uint64) -> np.uint64:
    """Return a number that depends on a key and a value; for one key, a bijection."""
    return mix(mix(value) ^ key)


@kernel
def half_bits(count: int) -> int:
    """Return h, at least 1, such that 2^(2h) is not less than `count`."""
    bits = 1
    while (1 << (2 * bits)) < count:
        bits += 1
    return bits


@kernel
def permute(index: int, count: int, key: np.uint64) -> int:
    """Return where a pseudo-random permutation of 0 .. count-1 takes an index.

    A Feistel network over the next even power of two, walked until it falls inside (Black
    and Rogaway 2002, "cycle walking"): at most 4 steps on average. Nothing is stored, so an
    epoch of any size can start anywhere.

    Args:
        index: 0 .. count-1.
        count: at least 1 and below 2^62.
        key: selects the permutation.
    """
    bits = half_bits(count)
    shift = np.uint64(bits)
    mask = (np.uint64(1) << shift) - np.uint64(1)
    walker = np.uint64(index)
    limit = np.uint64(count)
    while True:
        left = walker >> shift
        right = walker & mask
        for step in range(_ROUNDS):
            scrambled = mix_pair(key ^ np.uint64(step), right) & mask
            left, right = right, left ^ scrambled
        walker = (left << shift) | right
        if walker < limit:
            return np.int64(walker)  # type: ignore[return-value]
