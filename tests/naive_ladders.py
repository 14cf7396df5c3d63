"""A slow and obvious twin of the ladder kernels, on naive boards that are copied."""

from tests.naive import NaiveGo


class NaiveReader:
    """Whether a chain is caught by ataris: every option, one position after another."""

    def __init__(self, go: NaiveGo, move: int):
        self.go = go
        self.move = move
        self.color = go.stones[move]

    def is_caught(self, *, attack: bool) -> bool:
        border = self.go.chain(self.go.stones, self.move)[1]
        if attack and len(border) > 2:
            return False
        if attack and len(border) == 1:
            return self.go.after(border.pop(), 3 - self.color) is not None
        moves = set(border) if attack else border | self.captures()
        color = 3 - self.color if attack else self.color
        results = [self.go.after(move, color) for move in moves]
        caught = (NaiveReader(go, self.move).is_caught(attack=not attack) for go in results if go)
        return any(caught) if attack else all(caught)

    def captures(self) -> set[int]:
        stones = self.go.stones
        found: set[int] = set()
        for stone in self.go.chain(stones, self.move)[0]:
            for near in self.go.neighbors(stone):
                if stones.get(near) == 3 - self.color:
                    border = self.go.chain(stones, near)[1]
                    found |= border if len(border) == 1 else set()
        return found
