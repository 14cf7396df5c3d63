"""A slow and obvious twin of the features that reading gives a move, on naive boards."""

import math

from lzp.go.tactics_kernels import (
    ATARI,
    DEFENSE,
    ESCAPE,
    FEATURES,
    LOST,
    SAVE,
    SELF_ATARI,
    THREAT,
)
from tests.naive_ladders import NaiveReader


class NaiveTactics:
    """What a color's moves do to the chains beside them."""

    def __init__(self, go, color):
        self.go = go
        self.color = color
        self.chains = {}
        for stone in go.stones:
            members, border = go.chain(go.stones, stone)
            self.chains[stone] = (frozenset(members), frozenset(border))

    def features(self, move):
        """The row of a legal move."""
        go, color = self.go, self.color
        row = [0.0] * FEATURES
        beside = {self.chains[near] for near in go.neighbors(move) if near in go.stones}
        own = [(m, b) for m, b in beside if go.stones[min(m)] == color]
        other = [(m, b) for m, b in beside if go.stones[min(m)] != color]
        taken = [m for m, b in other if len(b) == 1]
        row[SAVE] = logarithm(max((self.saved_by(m) for m in taken), default=0))
        row[ATARI] = logarithm(max((len(m) for m, b in other if len(b) == 2), default=0))
        extended = sum(len(m) for m, b in own if len(b) == 1)
        threat = max((len(m) for m, b in own if len(b) == 2 and self.is_threatened(m)), default=0)
        after = go.after(move, color)
        caught = NaiveReader(after, move).is_caught(attack=True)
        row[THREAT] = logarithm(threat)
        row[DEFENSE] = 0.0 if caught else logarithm(threat)
        if extended:
            row[LOST] = float(caught)
            row[ESCAPE] = 0.0 if caught else logarithm(extended)
        members, border = after.chain(after.stones, move)
        if not taken and not extended and len(border) == 1:
            row[SELF_ATARI] = logarithm(len(members))
        return row

    def saved_by(self, taken):
        """Stones of the largest own chain in atari beside stones that are taken."""
        near = {point for stone in taken for point in self.go.neighbors(stone)}
        chains = [self.chains[p] for p in near if self.go.stones.get(p) == self.color]
        return max((len(members) for members, border in chains if len(border) == 1), default=0)

    def is_threatened(self, members):
        """Whether the other color can catch a chain with two liberties."""
        return NaiveReader(self.go, min(members)).is_caught(attack=True)


def logarithm(count):
    return math.log(1 + count)
