"""The search once more: objects, dictionaries and a Game that plays and takes back.

Slow and obvious, written from facts about Leela Zero, not from the kernels.
"""

import math
from collections import deque
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lzp.engine.search_params import SearchParams
from lzp.engine.tactics_kernels import WEIGHTS
from lzp.features import encode
from lzp.go import BLACK, WHITE, Game
from lzp.go.board_state import BOARD
from lzp.go.constants import LEGAL, SUPERKO
from lzp.go.pattern_kernels import play_out_as_people_do
from lzp.go.scoring_kernels import area_difference
from tests.naive import NaiveGo
from tests.naive_tactics import NaiveTactics


@dataclass
class Node:
    prior: float
    is_repetition: bool = False
    visits: int = 0
    total: float = 0.0  # winrates, in the view of the color that moved here
    in_flight: int = 0
    values: list[float] = field(default_factory=list)  # each visit's, likewise
    net_winrate: float | None = None  # of the color to play here
    children: dict[int, "Node"] = field(default_factory=dict)


@dataclass
class Playout:
    path: list[Node]  # the root first, the leaf last
    moves: list[int]
    winrate: float | None
    has_collided: bool  # with a leaf that already waits
    key: Any  # of the leaf's position
    answer: Any  # of the network, if it is remembered


class DictTree:
    """A search from one position, batch by batch."""

    def __init__(self, evaluator, params: SearchParams, game: Game):
        self.evaluator = evaluator
        self.params = params
        self.game = game
        self.root = Node(1.0)
        self.sent: deque[tuple[list[Playout], list[Playout]]] = deque()
        self.answers: dict[Any, Any] = {}

    def run(self, visits: int) -> None:
        self.send_batch(1)
        self.take_answer()
        while self.root.visits < visits:
            while len(self.sent) < self.params.batches_in_flight:
                most = visits - self.root.visits
                if self.params.visits_per_leaf:
                    most = min(most, max(1, self.root.visits // self.params.visits_per_leaf))
                if not self.send_batch(most - sum(len(a) + len(b) for a, b in self.sent)):
                    break
            self.take_answer()

    def send_batch(self, most: int) -> bool:
        waiting: list[Playout] = []
        joined: list[Playout] = []
        failed: list[Playout] = []
        decided = 0
        while (
            len(waiting) + len(joined) < self.params.batch_size
            and len(waiting) + len(joined) + decided < most
        ):
            playout = self.walk_down()
            if playout.has_collided:
                failed.append(playout)
                if len(failed) > self.params.batch_size:
                    break
            elif playout.winrate is not None:
                back_up(playout, playout.winrate)
                decided += 1
            elif playout.answer is not None:
                back_up(playout, self.expand(playout, playout.answer))
                decided += 1
            elif self.is_awaited(playout, waiting):
                joined.append(playout)
            else:
                waiting.append(playout)
        if not waiting:
            failed += joined
        for playout in failed:
            for step in playout.path:
                step.in_flight -= 1
        if waiting:
            self.sent.append((waiting, joined))
        return bool(waiting)

    def take_answer(self) -> None:
        waiting, joined = self.sent.popleft() if self.sent else ([], [])
        for playout in waiting:
            back_up(playout, self.expand(playout, None))
        for playout in joined:
            back_up(playout, self.expand(playout, self.answers[playout.key]))

    def is_awaited(self, playout: Playout, waiting: list[Playout]) -> bool:
        """Whether the network was asked about a position, here or under another node."""
        sent = [other for batch, _ in self.sent for other in batch] + waiting
        return playout.key is not None and playout.key in [other.key for other in sent]

    def walk_down(self) -> Playout:
        node, path, moves = self.root, [self.root], []
        node.in_flight += 1
        while node.children:
            move, node = self.select(node, node is self.root)
            node.in_flight += 1
            path.append(node)
            moves.append(move)
            self.game.play(move)
        winrate = None
        if moves and self.game.passes >= 2:
            winrate = score_winrate(self.game)
        key = self.key()
        for _ in moves:
            self.game.undo()
        has_collided = winrate is None and node.in_flight > 1
        return Playout(path, moves, winrate, has_collided, key, self.answers.get(key))

    def key(self) -> Any:
        """What positions share answers by; None is never remembered."""
        game = self.game
        if self.params.cache == "exact":
            return encode(game.boards).tobytes()
        if self.params.cache == "transpositions":
            prisoners = game.board.prisoners(BLACK), game.board.prisoners(WHITE)
            stones = game.board.colors().tobytes()
            return stones, game.to_play, game.board.ko_move, game.passes, prisoners
        return None

    def select(self, node: Node, is_root: bool) -> tuple[int, Node]:
        params = self.params
        reduction = params.root_fpu_reduction if is_root else params.fpu_reduction
        children = {m: c for m, c in node.children.items() if not c.is_repetition}
        total = sum(child.visits for child in children.values())
        explored = sum(child.prior for child in children.values() if child.visits)
        root = math.sqrt(total * math.log(0.015 * total + 1.7)) * self.spread_factor(node)
        assert node.net_winrate is not None
        base = node.net_winrate
        if params.fpu_from_mean:
            base = (base + sum(child.total for child in children.values())) / (1 + total)
        unvisited = base - reduction * math.sqrt(explored)

        def score(child: Node) -> float:
            if child.visits:
                q = child.total / (child.visits + params.virtual_loss * child.in_flight)
            elif child.in_flight:
                q = -1.0 - reduction
            else:
                q = unvisited
            return q + params.cpuct * child.prior * root / (1 + child.visits)

        return max(children.items(), key=lambda item: score(item[1]))

    def spread_factor(self, node: Node) -> float:
        """Twice the typical spread beside the node's own, from the values one by one."""
        typical, share = self.params.typical_spread, self.params.spread_weight
        squares = 1e-4 + len(node.values) * float(np.var(node.values)) + 2 * typical**2
        spread = math.sqrt(squares / (len(node.values) - 1 + 2))
        return 1 + share * (spread / typical - 1)

    def expand(self, playout: Playout, answer: Any) -> float:
        for move in playout.moves:
            self.game.play(move)
        game = self.game
        if answer is None:
            answer = self.evaluator.answer(encode(game.boards)[0])
        if self.params.cache != "off":
            self.answers.setdefault(self.key(), answer)
        policy, value = answer
        winrate = self.mix_rollouts(float((np.float32(1.0) + value) / 2))
        codes = {move: game.check(move) for move in range(game.pass_move)}
        moves = [move for move, code in codes.items() if code in (LEGAL, SUPERKO)]
        moves.reverse()
        if self.may_pass(len(moves), winrate):
            moves.append(game.pass_move)
        mass = sum(float(policy[move]) for move in moves)
        priors = {move: float(policy[move]) / mass for move in moves}
        self.weigh_tactics(priors)
        self.temper(priors)
        for move in sorted(moves, key=lambda move: -priors[move]):
            child = Node(priors[move])
            child.is_repetition = codes.get(move) == SUPERKO
            playout.path[-1].children[move] = child
        playout.path[-1].net_winrate = float(np.float32(winrate))
        for _ in playout.moves:
            game.undo()
        return winrate

    def mix_rollouts(self, winrate: float) -> float:
        """Mix the network's winrate with what games played on from here say."""
        params, area = self.params, self.game.side**2
        filled = np.count_nonzero(self.game.board.colors()) / area
        if params.rollouts == 0 or filled <= params.rollout_from:
            return winrate
        ramp = min(1.0, (filled - params.rollout_from) / (params.rollout_to - params.rollout_from))
        share, games = params.rollout_share * ramp, math.ceil(params.rollouts * ramp)
        random = self.game.boards["hash"] | np.uint64(1)
        points = 0.0
        for _ in range(games):
            board = np.zeros(1, BOARD)
            board[0] = self.game.boards[0]
            board["passes"] = 0
            play_out_as_people_do(board[0], 3 * area, random)
            lead = area_difference(board) - self.game.komi
            lead = lead if self.game.to_play == BLACK else -lead
            by_lead = 1 / (1 + math.exp(-lead / params.lead_points))
            worth = 0.5 + 0.5 * float(np.sign(lead))
            points += worth + params.lead_share * (by_lead - worth)
        return winrate + share * (points / games - winrate)

    def weigh_tactics(self, priors: dict[int, float]) -> None:
        """Change the priors of moves that reading says something about; they sum to 1 again."""
        go = NaiveGo.of(self.game)
        if self.params.tactics_weight == 0 or not go.stones:
            return
        tactics = NaiveTactics(go, self.game.to_play)
        for move in priors:
            if move != self.game.pass_move:
                total = float(np.dot(WEIGHTS, tactics.features(move)))
                priors[move] *= math.exp(self.params.tactics_weight * total)
        mass = sum(priors.values())
        for move in priors:
            priors[move] /= mass

    def temper(self, priors: dict[int, float]) -> None:
        """Raise the priors to the policy exponent; they sum to 1 again."""
        for move in priors:
            priors[move] **= self.params.policy_exponent
        mass = sum(priors.values())
        for move in priors:
            priors[move] /= mass

    def may_pass(self, moves: int, winrate: float) -> bool:
        if self.params.dumb_pass or moves <= max(5, self.game.side):
            return True
        return winrate > 0.8 and score_winrate(self.game) >= 0.5


def score_winrate(game: Game) -> float:
    lead = game.area_score() if game.to_play == BLACK else -game.area_score()
    return 0.5 + 0.5 * float(np.sign(lead))


def back_up(playout: Playout, winrate: float) -> None:
    for node in reversed(playout.path):
        winrate = 1.0 - winrate
        node.visits += 1
        node.total += winrate
        node.values.append(winrate)
        node.in_flight -= 1
