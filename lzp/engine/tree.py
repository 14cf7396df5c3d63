"""A search tree with its arrays: growth, the position at its root, reuse, batches.

A thin class over the kernels: it makes room before they need it and checks what Python
hands them. See tree_state.py for the layout.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lzp.engine.batches import Batch
from lzp.engine.bias_kernels import collect_biases
from lzp.engine.cache import EvaluationCache
from lzp.engine.cache_state import CacheArrays
from lzp.engine.equal_moves import equal_move_groups, merge_equal_moves
from lzp.engine.place_kernels import expand_at, gather_at, places_of_tree
from lzp.engine.repetition_kernels import exclude_repeats
from lzp.engine.restrictions import MoveRestrictions
from lzp.engine.search_kernels import (
    MOST_DECIDED,
    cancel_leaves,
    expand_leaves,
    gather_leaves,
    reset_tree,
)
from lzp.engine.search_params import SearchParams
from lzp.engine.tree_kernels import find_child, keep_subtree, open_root
from lzp.engine.tree_state import (
    BIAS,
    BIASES,
    EDGE,
    EDGES_PER_NODE,
    EXPANDED,
    INVALID,
    NODE,
    TREE,
    UNKNOWN,
    TreeArrays,
    root_edges,
)
from lzp.features import inverse_tables
from lzp.go.board_state import BOARD
from lzp.go.constants import KO_POSITIONAL, KO_SIMPLE, KO_SITUATIONAL
from lzp.go.game import Game
from lzp.go.rules import POSITIONAL, SIMPLE, SITUATIONAL, TERRITORY, Rules
from lzp.go.tactics import new_tactics_room
from lzp.jit import IS_COMPILED

#: Fields of a tree's head that are parameters as they are.
_CONSTANTS = (
    "cpuct",
    "cpuct_scale",
    "cpuct_offset",
    "fpu_reduction",
    "fpu_from_mean",
    "spread_weight",
    "typical_spread",
    "bias_share",
    "policy_exponent",
    "tactics_weight",
    "rollouts",
    "rollout_share",
    "rollout_from",
    "rollout_to",
    "lead_share",
    "lead_points",
    "settling_playouts",
    "virtual_loss",
)
_KO_RULES = {POSITIONAL: KO_POSITIONAL, SITUATIONAL: KO_SITUATIONAL, SIMPLE: KO_SIMPLE}
#: With more stones than this, a board is not looked at for symmetries.
_SYMMETRIC_STONES = 12
#: A tree is never smaller.
LEAST_NODES = 16
#: Nodes a tree has room for at first.
_FIRST_NODES = 4096


@dataclass(frozen=True, slots=True)
class _Line:
    """How the root's position came about; equal lines are equal positions and histories."""

    side: int
    compensation: float
    rules: Rules
    to_play: int
    setup: tuple[tuple[int, int], ...]
    moves: tuple[tuple[int, int], ...]

    @classmethod
    def of(cls, game: Game) -> "_Line":
        """Return the line of a game."""
        setup, moves = tuple(game.setup), tuple(game.moves)
        return cls(game.side, game.compensation, game.rules, game.to_play, setup, moves)

    def continues(self, other: "_Line") -> bool:
        """Return whether this line goes on from another one, by colors in turn."""
        start = len(other.moves)
        same_start = self.setup == other.setup and self.moves[:start] == other.moves
        rules = (self.side, self.compensation, self.rules)
        if not same_start or rules != (other.side, other.compensation, other.rules):
            return False
        expected = other.to_play
        for color, _ in self.moves[start:]:
            if color != expected:
                return False
            expected = 3 - expected
        return expected == self.to_play


def nodes_for(mib: float, side: int) -> int:
    """Return how many nodes a tree may have in so much memory, on boards of a side.

    Counts nodes, priors and edges, and the edges once more, as a new root needs them.
    """
    edges = 2 * EDGES_PER_NODE * EDGE.itemsize
    node = NODE.itemsize + edges + (side * side + 1) * np.dtype(np.float32).itemsize
    return max(LEAST_NODES, int(mib * 2**20) // node)


class Tree:
    """The tree of one search, which batches go through, and the answers it remembers.

    Several may be on their way at once. Each belongs to the tree from `gather` until it is
    given to `expand` or `cancel`; everything else waits until none is.
    """

    def __init__(self, params: SearchParams, side: int) -> None:
        """Make an empty tree for boards of a side."""
        self.side = side
        self._params = params
        self._size = side * side + 1
        self._inverse = inverse_tables(side)
        self._history = np.zeros(0, np.uint64)
        self._root = np.zeros(1, BOARD)
        self._scratch = np.zeros(1, BOARD)
        self._line: _Line | None = None
        self._equal: NDArray[np.int32] | None = None
        nodes = min(_FIRST_NODES, params.max_nodes)
        self._placed: tuple[CacheArrays, NDArray[np.int64]] | None = None
        self.arrays = TreeArrays(
            heads=np.zeros(1, TREE),
            nodes=np.zeros(nodes, NODE),
            edges=np.zeros(EDGES_PER_NODE * nodes, EDGE),
            priors=np.zeros((nodes, self._size), np.float32),
            biases=np.zeros(BIASES, BIAS),
            past=np.zeros(0, np.uint64),
            scratch=np.zeros(2, BOARD),
            tactics=new_tactics_room(),
        )
        self.cache = EvaluationCache(params, side)
        self._write_constants()
        self.clear()

    def _write_constants(self) -> None:
        """Copy the parameters into the tree's head."""
        head, params = self.arrays.heads[0], self._params
        for name in _CONSTANTS:
            head[name] = getattr(params, name)
        head["root_fpu_reduction"] = 0.0 if params.noise else params.root_fpu_reduction
        head["symmetry"] = -1 if params.symmetry is None else params.symmetry
        head["dumb_pass"] = params.dumb_pass
        # Never 0, where a xorshift stream would stay.
        seed = np.random.SeedSequence(params.seed).generate_state(1, np.uint64)[0]
        head["random"] = seed | np.uint64(1)

    def clear(self) -> None:
        """Forget everything but the position at the root; `cache` stays."""
        reset_tree(self.arrays)

    @property
    def arrays(self) -> TreeArrays:
        """The tree, as kernels take it."""
        return self._arrays

    @arrays.setter
    def arrays(self, arrays: TreeArrays) -> None:
        self._arrays = arrays
        self._look_up()

    def _look_up(self) -> None:
        """Note what is asked for at every batch; after every change of the arrays' places."""
        self._placed = None
        # Items of a column are ten times as quick as fields of a record.
        self._visits = self._arrays.nodes["visits"]
        self._states = self._arrays.nodes["state"]
        self._node_counts = self._arrays.heads["node_count"]

    @property
    def root_visits(self) -> int:
        """Finished visits of the root, its own evaluation included."""
        visits: int = self._visits.item(0)
        return visits

    @property
    def net_winrate(self) -> float:
        """The network's winrate of the root's position, for the color to move; once expanded."""
        return float(self.arrays.nodes["net_winrate"].item(0))

    @property
    def is_root_expanded(self) -> bool:
        """Whether the network has seen the root's position."""
        state: int = self._states.item(0)
        return state == EXPANDED

    @property
    def node_count(self) -> int:
        """Positions in the tree."""
        count: int = self._node_counts.item(0)
        return count

    @property
    def used_bytes(self) -> int:
        """Bytes of memory that hold the tree, room to grow aside."""
        node = NODE.itemsize + self._size * self.arrays.priors.itemsize
        edges = int(self.arrays.heads["edge_count"].item(0))
        return self.node_count * node + edges * EDGE.itemsize

    @property
    def is_full(self) -> bool:
        """Whether a playout met the bound of the tree."""
        return bool(self.arrays.heads[0]["full"])

    def set_position(self, game: Game) -> None:
        """Make a game's position the root, and keep what the tree knows of it."""
        line = _Line.of(game)
        node = self._find(line)
        if node < 0:
            self.clear()
        elif node > 0:
            self._keep(node)
        self._line = line
        self._history = game.position_hashes().copy()
        self._root[0] = game.boards[0]
        self._set_rules(game)
        is_young = len(game.moves) + len(game.setup) <= _SYMMETRIC_STONES
        self._equal = equal_move_groups(game) if self._params.merge_equal and is_young else None

    def _set_rules(self, game: Game) -> None:
        """Tell the kernels by what rules a game is played, and what may not come again."""
        head, rules = self.arrays.heads[0], game.rules
        head["handicap_komi"] = game.compensation
        head["by_territory"] = rules.scoring == TERRITORY
        head["ko_rule"] = _KO_RULES[rules.ko]
        head["settling_playouts"] = self._params.settling_under(rules)
        self.arrays = self.arrays._replace(past=game.superko_keys().copy())

    def _find(self, line: _Line) -> int:
        """Return the node that a line leads to, or -1."""
        if self._line is None or not line.continues(self._line):
            return -1
        node = 0
        for _, move in line.moves[len(self._line.moves) :]:
            node = find_child(self.arrays, node, move)
            if node < 0:
                return -1
        return node

    def _keep(self, node: int) -> None:
        """Make a node the root and forget what does not descend from it."""
        spare = np.zeros_like(self.arrays.edges)
        keep_subtree(self.arrays, spare, np.zeros(self.node_count, np.int32), node)
        self.arrays = self.arrays._replace(edges=spare)
        collect_biases(self.arrays)

    def restrict(self, restrictions: MoveRestrictions | None) -> None:
        """Leave moves out from now on; a tree made under other restrictions is dropped."""
        head = self.arrays.heads[0]
        table = (restrictions or MoveRestrictions()).table(self._size - 1)
        if not np.array_equal(head["restrictions"], table):
            self.clear()
            head["restrictions"] = table
            head["restricted"] = bool(table.any())

    @property
    def merges_equal_moves(self) -> bool:
        """Whether the root keeps one of the moves that its symmetric position makes equal."""
        return self._equal is not None and not self.arrays.heads[0]["restricted"]

    def open_root(self) -> None:
        """Prepare an expanded root: no repeated position, nothing pruned."""
        exclude_repeats(self.arrays, self._root, self._scratch)
        open_root(self.arrays)
        if self._equal is not None and self.merges_equal_moves:
            merge_equal_moves(self.arrays, self._equal)

    def mix_noise(self, random: np.random.Generator) -> None:
        """Mix Dirichlet noise into the priors of the root's moves."""
        node, row = self.arrays.nodes[0], self.arrays.priors[0]
        edges = root_edges(self.arrays)
        waiting = np.flatnonzero(row >= 0)
        valid = np.flatnonzero(edges["closed"] & INVALID == 0)
        alpha = self._params.noise_alpha * 361 / (self._size - 1)
        noise = random.dirichlet(np.full(len(waiting) + len(valid), alpha))
        share = self._params.noise_weight
        row[waiting] = (1 - share) * row[waiting] + share * noise[: len(waiting)]
        edges["prior"][valid] = (1 - share) * edges["prior"][valid] + share * noise[len(waiting) :]
        node["visited_prior"] = edges["prior"][edges["visits"] > 0].sum()
        node["next_move"] = UNKNOWN

    def gather(self, batch: Batch, most: int) -> None:
        """Walk down until a batch is full or `most` playouts are started."""
        self._make_room()
        if IS_COMPILED:
            batch.count = gather_at(self._places(), batch.places, most)
            return
        tree, cache, root, history = self.arrays, self.cache.arrays, self._root, self._history
        batch.count = gather_leaves(tree, cache, batch.arrays, root, history, self._inverse, most)

    def _places(self) -> NDArray[np.int64]:
        """Return where all arrays lie, looked up again where some were replaced."""
        cache, placed = self.cache.arrays, self._placed
        if placed is None or placed[0] is not cache:
            others = self._root, self._history, self._inverse
            self._placed = placed = cache, places_of_tree(self.arrays, cache, *others)
        return placed[1]

    def _make_room(self) -> None:
        """Double the arrays, up to the bound, before a batch could fill them.

        Resizing in place lets the system move pages instead of copying them. Nothing
        else uses a view while the arrays grow.
        """
        room = len(self.arrays.nodes)
        needed = self.node_count + self._params.batch_size + MOST_DECIDED
        if needed <= room or room == self._params.max_nodes:
            return
        nodes = min(max(2 * room, needed), self._params.max_nodes)
        self.arrays.nodes.resize(nodes, refcheck=False)
        self.arrays.edges.resize(EDGES_PER_NODE * nodes, refcheck=False)
        self.arrays.priors.resize((nodes, self._size), refcheck=False)
        self._look_up()

    def expand(
        self, batch: Batch, policy: NDArray[np.float32], winrate: NDArray[np.float32]
    ) -> None:
        """Open the leaves of a batch with the network's answer and back it up.

        Args:
            batch: gathered from this tree.
            policy: [count, side² + 1] probabilities.
            winrate: [count] in [0, 1], of the color to play.

        Raises:
            ValueError: the answer has another shape or holds something else than finite
                numbers, none negative in the policy. The batch is still on its way.
        """
        count, arrays = batch.count, batch.arrays
        shapes = (policy.shape, winrate.shape)
        if shapes != ((count, self._size), (count,)):
            raise ValueError(f"it answered {count} positions with arrays of shapes {shapes}")
        arrays.policy[:count] = policy
        arrays.winrate[:count] = winrate
        if IS_COMPILED:
            done = expand_at(self._places(), batch.places, count)
        else:
            tree, cache = self.arrays, self.cache.arrays
            done = expand_leaves(tree, cache, arrays, self._root, self._inverse, count)
        if not done:
            raise ValueError("it answered with a number that is no probability or winrate")

    def cancel(self, batch: Batch) -> None:
        """Take the leaves of a batch back, as if they had never been looked at."""
        cancel_leaves(self.arrays, self.cache.arrays, batch.arrays, batch.count)
