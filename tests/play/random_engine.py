"""A GTP engine that moves at random, written on its own, to be played against in tests.

Options: --seed N; --fail illegal|crash|hang|slow|junk|error|resign, what to do wrong after
--at N moves; --knows COMMANDS, further commands to list and accept; --kinds WORDS, what
kata-list_time_settings says; --log FILE, to write all commands to; --slow-start, to take 2.5 s
for the first move.
"""

import argparse
import random
import sys
import time

COLUMNS = "ABCDEFGHJKLMNOPQRST"


Point = tuple[int, int]


def neighbors(point: Point, side: int) -> list[Point]:
    x, y = point
    near = [(x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)]
    return [(a, b) for a, b in near if 0 <= a < side and 0 <= b < side]


class RandomPlayer:
    """A board as a dictionary; plays where nothing is and no own eye is filled."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.reset(9)

    def reset(self, side):
        self.side = side
        self.stones: dict[Point, str] = {}
        self.history: list[frozenset] = [frozenset()]

    def chain(self, start, stones):
        seen, todo, liberties = {start}, [start], set()
        while todo:
            for near in neighbors(todo.pop(), self.side):
                if near not in stones:
                    liberties.add(near)
                elif stones[near] == stones[start] and near not in seen:
                    seen.add(near)
                    todo.append(near)
        return seen, liberties

    def after(self, color, point):
        stones = dict(self.stones)
        stones[point] = color
        for near in neighbors(point, self.side):
            if stones.get(near, color) != color:
                chain, liberties = self.chain(near, stones)
                if not liberties:
                    for taken in chain:
                        del stones[taken]
        return stones if self.chain(point, stones)[1] else None

    def play(self, color, vertex):
        if vertex.lower() == "pass":
            return
        point = COLUMNS.index(vertex[0].upper()), int(vertex[1:]) - 1
        self.stones = self.after(color, point)
        self.history.append(frozenset(self.stones.items()))

    def genmove(self, color):
        points = [(x, y) for x in range(self.side) for y in range(self.side)]
        self.random.shuffle(points)
        for point in points:
            if point in self.stones:
                continue
            if all(self.stones.get(near) == color for near in neighbors(point, self.side)):
                continue
            stones = self.after(color, point)
            if stones is not None and frozenset(stones.items()) not in self.history:
                return f"{COLUMNS[point[0]]}{point[1] + 1}"
        return "pass"


def fail(fault, answer, player):
    """Do what is asked for instead of a good answer; return an answer if there is one."""
    if fault == "crash":
        print("the end", file=sys.stderr, flush=True)
        sys.exit(3)
    if fault in ("hang", "slow"):
        time.sleep(600 if fault == "hang" else 2.5)
        return answer
    if fault == "illegal":
        x, y = next(iter(player.stones))
        return f"{COLUMNS[x]}{y + 1}"
    return {"junk": "Z99", "error": None}.get(fault, fault)


def genmove(player, color, options, moves):
    answer = player.genmove(color)
    if options.fail and moves > options.at:
        return fail(options.fail, answer, player)
    player.play(color, answer)
    return answer


def knows(options):
    return options.knows.split(",")


def respond(player, name, args, options, moves):
    """Return the text of a reply; None for a refusal."""
    if name == "boardsize":
        player.reset(int(args[0]))
    elif name == "clear_board":
        player.reset(player.side)
    elif name == "play":
        player.play(args[0][0].lower(), args[1])
    elif name == "genmove":
        return genmove(player, args[0][0].lower(), options, moves)
    elif name == "list_commands" and options.knows:
        return "\n".join(["name", *options.knows.split(",")])
    elif name == "kata-list_time_settings" and options.kinds:
        return options.kinds
    elif name not in ("name", "komi", "quit", "time_settings", "time_left", *knows(options)):
        return None
    return options.name if name == "name" else ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fail", default="")
    parser.add_argument("--at", type=int, default=0)
    parser.add_argument("--name", default="random")
    parser.add_argument("--knows", default="")
    parser.add_argument("--kinds", default="")
    parser.add_argument("--log")
    parser.add_argument("--slow-start", action="store_true")
    options = parser.parse_args()
    log = open(options.log, "a", buffering=1) if options.log else None  # noqa: SIM115
    player, moves = RandomPlayer(options.seed), 0
    for line in sys.stdin:
        name, *args = line.split()
        if log:
            log.write(line)
        if name == "genmove" and options.slow_start:
            options.slow_start = False
            time.sleep(2.5)
        moves = 0 if name == "clear_board" else moves + (name == "genmove")
        answer = respond(player, name, args, options, moves)
        print("? unknown command\n" if answer is None else f"= {answer}\n", flush=True)
        if name == "quit":
            return


if __name__ == "__main__":
    main()
