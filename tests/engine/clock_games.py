"""Games on fake time: real clocks, plans and pacing; scripted searches and connections.

A search is a row of batches of random length under a root whose shares of visits wander as
those of easy and hard positions do. The referee keeps a clock of its own, by the rules and
not by our code, and charges what the connection takes.
"""

import random
from dataclasses import dataclass

from lzp.engine.clock import Clock, TimeSettings
from lzp.engine.pacing import Pacing, RootLook
from lzp.engine.time_plan import own_plan
from lzp.go import BLACK

AREA = 361
#: How much of the longest gap is remembered at the next one, as in the search.
FADE = 0.995


@dataclass(frozen=True)
class World:
    """What a game meets with.

    Attributes:
        batch_s: mean time of a batch.
        jitter: how far a batch's time may be from it, as a share, up or down.
        lag_s: the most that a move costs on its way; a tenth of that is usual.
        tells: whether the controller tells the time before each move.
        whole: whether it tells it in whole seconds, rounded down.
        hard: share of hard positions.
    """

    batch_s: float = 0.03
    jitter: float = 0.3
    lag_s: float = 0.05
    tells: bool = True
    whole: bool = False
    hard: float = 0.2


class Referee:
    """Keeps one side's time by the rules."""

    def __init__(self, settings: TimeSettings) -> None:
        self.rules = settings
        self.main_s = settings.main_s
        self.in_byo = settings.main_s <= 0 and settings.byo_s > 0
        self.period_s = settings.byo_s
        self.count = settings.stones or settings.periods
        self.lost = False

    def charge(self, seconds: float) -> None:
        """Take a move off."""
        rules = self.rules
        if rules.move_limit_s is not None and seconds > rules.move_limit_s:
            self.lost = True
        if not self.in_byo:
            self.main_s -= seconds
            if self.main_s > 0:
                self.main_s += rules.increment_s
                if rules.main_limit_s is not None:
                    self.main_s = min(self.main_s, rules.main_limit_s)
                return
            if rules.byo_s == 0:
                self.lost = True
                return
            seconds, self.in_byo = -self.main_s, True
        self._charge_byo(seconds)

    def _charge_byo(self, seconds: float) -> None:
        if self.rules.periods:
            while seconds >= self.rules.byo_s:
                seconds -= self.rules.byo_s
                self.count -= 1
            self.lost = self.count <= 0
            return
        self.period_s -= seconds
        self.count -= 1
        self.lost = self.period_s <= 0
        if self.count == 0:
            self.period_s, self.count = self.rules.byo_s, self.rules.stones

    def shown(self) -> tuple[float, int]:
        """Return what time_left would say."""
        if not self.in_byo:
            return self.main_s, 0
        return (self.rules.byo_s if self.rules.periods else self.period_s), self.count


class Root:
    """A root with two moves whose visits grow; in hard positions they change places."""

    def __init__(self, rng: random.Random, hard: bool) -> None:
        self._rng = rng
        self.hard = hard
        self.share = rng.uniform(0.5, 0.7) if hard else rng.uniform(0.8, 0.99)
        self.visits = [0.0, 0.0]
        self.leader = 0
        self.winrate = rng.uniform(0.2, 0.8)

    def grow(self, count: int) -> None:
        """Add a batch's visits."""
        self.visits[self.leader] += self.share * count
        self.visits[1 - self.leader] += (1 - self.share) * count
        if self.hard and self._rng.random() < 0.1:
            self.leader = 1 - self.leader
            self.winrate = min(1.0, max(0.0, self.winrate + self._rng.gauss(0, 0.03)))

    def look(self) -> RootLook:
        """Return what a search would see."""
        best = 0 if self.visits[0] >= self.visits[1] else 1
        most, second = int(self.visits[best]), int(self.visits[1 - best])
        return RootLook(most + second + 1, best, most, most, second, self.winrate)


class FakeGame:
    """One side of a game, on fake time."""

    def __init__(self, settings: TimeSettings, world: World, lag_s: float, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world, self.now_s = world, 0.0
        self.referee = Referee(settings)
        self.clock = Clock(settings, lag_s=lag_s, unseen_s=0.03, now=lambda: self.now_s)
        self.ply = 0
        self.longest_s = 0.05
        self.before: float | None = None
        self.thought_s: list[float] = []
        self.policy_moves = 0

    def play(self, moves: int) -> None:
        """Play so many moves of ours, or until the time is over."""
        for _ in range(moves):
            if self.world.tells and self.ply > 0:
                left_s, count = self.referee.shown()
                self.clock.adjust(BLACK, float(int(left_s)) if self.world.whole else left_s, count)
            before = self.now_s
            self._move()
            lag_s = self.world.lag_s * (1.0 if self.rng.random() < 0.03 else self.rng.random() / 5)
            self.referee.charge(self.now_s - before + lag_s)
            self.ply += 2
            if self.referee.lost:
                return

    def _move(self) -> None:
        self.clock.start(BLACK)
        pacing = Pacing(own_plan(self.clock, BLACK, AREA, self.ply), self.before)
        root = Root(self.rng, self.rng.random() < self.world.hard)
        elapsed_s, batches = self._batch(0.3), 0
        while elapsed_s < pacing.time_s(self.longest_s):
            elapsed_s += self._batch(1.0)
            batches += 1
            root.grow(8)
            if pacing.wants_look(elapsed_s):
                pacing.look(elapsed_s, root.look())
        self.policy_moves += batches == 0
        self.before = root.winrate if batches else None
        self.thought_s.append(elapsed_s)
        self.clock.stop(BLACK)

    def _batch(self, size: float) -> float:
        """Pass the time of a batch and return it."""
        jitter = self.world.jitter
        seconds = size * self.world.batch_s * self.rng.uniform(1 - jitter, 1 + jitter)
        self.longest_s = max(seconds, FADE * self.longest_s)
        self.now_s += seconds
        return seconds
