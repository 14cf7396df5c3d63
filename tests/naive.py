"""Slow and obvious twins of the kernels: sets instead of packed integers.

They share no code with the package but the numbering of moves and colors.
"""

from copy import copy

EMPTY, BLACK, WHITE = 0, 1, 2


class NaiveGo:
    """Go on a dict of stones: simple ko, suicide forbidden, positional superko."""

    def __init__(self, side):
        self.side = side
        self.stones = {}
        self.ko = None
        self.positions: list[frozenset] = [frozenset()]

    @classmethod
    def of(cls, game):
        """The position of a game: stones and ko, without what came before."""
        go = cls(game.side)
        go.stones = {move: color for move, color in enumerate(game.board.colors()) if color}
        go.ko = game.board.ko_move
        return go

    def neighbors(self, move):
        y, x = divmod(move, self.side)
        around = [(y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)]
        return [b * self.side + a for b, a in around if 0 <= a < self.side and 0 <= b < self.side]

    def chain(self, stones, move):
        members, border, edge = {move}, set(), [move]
        while edge:
            for near in self.neighbors(edge.pop()):
                if stones.get(near) is None:
                    border.add(near)
                elif stones[near] == stones[move] and near not in members:
                    members.add(near)
                    edge.append(near)
        return members, border

    def result(self, move, color):
        """Return the stones after a move and those taken; None if it is suicide."""
        stones = {**self.stones, move: color}
        taken = set()
        for near in self.neighbors(move):
            if stones.get(near) == 3 - color:
                members, border = self.chain(stones, near)
                if not border:
                    taken |= members
        for point in taken:
            stones.pop(point, None)
        return None if not self.chain(stones, move)[1] else (stones, taken)

    def is_legal(self, move, color, superko=True):
        if move == self.side**2:
            return True
        if move in self.stones:
            return False
        after = self.result(move, color)
        if after is None or (move == self.ko and len(after[1]) > 0):
            return False
        return not (superko and frozenset(after[0].items()) in self.positions)

    def legal_moves(self, color):
        return [move for move in range(self.side**2 + 1) if self.is_legal(move, color)]

    def play(self, move, color):
        self.ko = None
        if move != self.side**2:
            stones, taken = self.result(move, color)
            members, border = self.chain(stones, move)
            if len(taken) == 1 and len(members) == 1 and len(border) == 1:
                self.ko = next(iter(taken))
            self.stones = stones
        self.positions.append(frozenset(self.stones.items()))

    def after(self, move, color):
        """The position after a move, superko aside; None if it is illegal."""
        if not self.is_legal(move, color, superko=False):
            return None
        go = copy(self)
        go.positions = []
        go.play(move, color)
        return go

    def colors(self):
        return [self.stones.get(move, EMPTY) for move in range(self.side**2)]

    def area_difference(self):
        score = {BLACK: 0, WHITE: 0}
        for color in self.stones.values():
            score[color] += 1
        seen = set()
        for move in range(self.side**2):
            if move in self.stones or move in seen:
                continue
            region, touched, edge = {move}, set(), [move]
            while edge:
                for near in self.neighbors(edge.pop()):
                    if near in self.stones:
                        touched.add(self.stones[near])
                    elif near not in region:
                        region.add(near)
                        edge.append(near)
            seen |= region
            if len(touched) == 1:
                score[touched.pop()] += len(region)
        return score[BLACK] - score[WHITE]
