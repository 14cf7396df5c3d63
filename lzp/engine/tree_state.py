"""The memory layout of a search tree: flat records, indices instead of pointers.

::

    nodes   [0 root][1]...                one record a position; children follow parents
              |  edge_start, edge_count
    edges   ..[edge][edge][ free ]..      the visited moves of a node, in one block
                 |  child -> nodes
    priors  [node, move]                  float32, a row a node: what is not yet an edge

A move becomes an edge when it is first visited. The unvisited moves of a node share one
assumed winrate, so only the one with the highest prior competes with the edges, and the
rest need no records: their priors wait in the node's row, where -1 marks what is illegal,
excluded, or already an edge. A full block of edges moves to one of twice the size.

Winrates are in [0, 1]. An edge's sum is in the view of the color that plays the move; a
node's winrate in the view of the color to play there. The words are Leela Zero's:
`visits` counts finished playouts, `in_flight` those that wait for the network.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.go.constants import MAX_AREA, MAX_POINTS
from lzp.go.tactics_kernels import MOST_ROWS, TacticsRoom

#: States of a node.
NEW = 0  # no network output yet
IN_FLIGHT = 1  # its position is on its way to the network
EXPANDED = 2
TERMINAL = 3  # two passes: the score decides

#: Bits of an edge's `closed`: why it may not be chosen.
INVALID = 1  # the position would repeat
PRUNED = 2  # it can no longer become the best move
DROPPED = 4  # it lost the comparison with other root moves, and comes after them

#: `next_move` when the best unvisited move has yet to be looked up, and when there is none.
UNKNOWN = -2
NO_MOVE = -1

#: The longest path from the root; a deeper playout ends with the last network output.
MAX_DEPTH = 1024

#: Edge records a node costs at most, all outgrown blocks included: with n edges the blocks
#: 2, 4, 8 ... up to the one that holds n sum to less than 4n.
EDGES_PER_NODE = 4

#: Rows of `restrictions`, by color and move, in plies of the game; a move is excluded
#: before AVOID_UNTIL, and from ALLOW_UNTIL to ALLOW_END.
AVOID_UNTIL = 0
ALLOW_UNTIL = 1
ALLOW_END = 2

NODE = np.dtype(
    [
        ("value_spread", np.float64),  # sum of squared deviations of all values seen here
        ("children_sum", np.float64),  # of winrates over the children's visits, this view
        ("bias_delta", np.float64),  # what this node adds to its bias record: the sum
        ("bias_weight", np.float64),  # and the weight
        ("bias", np.float64),  # what its own winrate is corrected by now
        ("net_winrate", np.float32),  # the network's (and rollouts'), or a TERMINAL node's score's
        ("visited_prior", np.float32),  # sum over the children with visits
        ("visits", np.int32),
        ("child_visits", np.int32),  # sum over the children
        ("edge_start", np.int32),
        ("edge_count", np.int16),
        ("edge_room", np.int16),
        ("next_move", np.int16),  # the best of the unvisited, UNKNOWN or NO_MOVE
        ("state", np.int16),
        ("next_prior", np.float32),
        ("bias_slot", np.int32),  # its record in `biases`, or -1
    ],
    align=True,
)

EDGE = np.dtype(
    [
        ("winrate_sum", np.float64),
        ("visits", np.int32),
        ("in_flight", np.int32),
        ("prior", np.float32),
        ("child", np.int32),
        ("move", np.int16),
        ("closed", np.int16),
    ],
    align=True,
)

#: How far the network was off where stones lay alike, in the view of the color to play.
BIAS = np.dtype([("delta", np.float64), ("weight", np.float64)], align=True)

#: Bias records of a tree; a power of two.
BIASES = 2**14

#: One step of a playout on its way: the edge it took.
STEP = np.dtype(
    [
        ("hash", np.uint64),  # of the stones after the move
        ("node", np.int32),
        ("edge", np.int32),  # the ordinal within the node's block
    ],
    align=True,
)

#: One playout on its way: the leaf it came to, how it went there, and how it was sent.
LEAF = np.dtype(
    [
        ("key", np.uint64),  # of its position in the evaluation cache
        ("image", np.int32),  # the symmetry under which that is the canonical one
        ("node", np.int32),
        ("start", np.int32),  # of its path in the batch's steps
        ("depth", np.int32),
        ("symmetry", np.int32),
        ("moves", np.int32),  # legal ones, the pass aside
        ("passing", np.int32),  # whether that is one, too: see passing_rule
        ("rollout_share", np.float64),  # what games played on count for
        ("rollout_winrate", np.float64),  # and what they give the color to play, in [0, 1]
        ("tactics", np.int32),  # how many of its moves reading says something about
        ("tactic_move", np.int16, MOST_ROWS),
        ("tactic_factor", np.float32, MOST_ROWS),  # on the move's prior
    ],
    align=True,
)

#: The head of a tree: counts, constants, tables. One record an array.
TREE = np.dtype(
    [
        ("random", np.uint64, 1),  # state of the stream that symmetries are drawn from
        ("handicap_komi", np.float64),  # what White is given, in points
        ("by_territory", np.int32),  # whether territory is counted, not area
        ("ko_rule", np.int32),  # KO_POSITIONAL, KO_SITUATIONAL or KO_SIMPLE
        ("cpuct", np.float64),
        ("cpuct_scale", np.float64),
        ("cpuct_offset", np.float64),
        ("fpu_reduction", np.float64),
        ("root_fpu_reduction", np.float64),
        ("fpu_from_mean", np.int32),
        ("spread_weight", np.float64),  # how much the spread of values scales cpuct
        ("typical_spread", np.float64),
        ("policy_exponent", np.float64),
        ("tactics_weight", np.float64),  # of what reading says of a move, beside the policy
        ("bias_share", np.float64),  # of a bias that is taken off
        ("rollouts", np.int32),  # games played on from a leaf
        ("rollout_share", np.float64),  # of a winrate that they make on a full board
        ("rollout_from", np.float64),  # the share of occupied points at which they begin to
        ("rollout_to", np.float64),  # and from which on they make all of it
        ("lead_share", np.float64),  # of a game's worth that follows from its lead
        ("lead_points", np.float64),  # the lead that is worth e to 1
        ("settling_playouts", np.int32),  # random games where a game ends; 0: all stones live
        ("root_moves", np.int32),  # so many root moves share visits evenly; 0: PUCT decides
        ("root_sum", np.float64),  # of winrates over the root's visits, its view
        ("virtual_loss", np.int32),
        ("symmetry", np.int32),  # 0..7, or -1 to draw
        ("dumb_pass", np.int32),
        ("restricted", np.int32),  # whether `restrictions` holds any
        ("root_closed", np.int32),  # whether the root takes no further moves
        ("node_count", np.int32),
        ("edge_count", np.int32),
        ("full", np.int32),  # whether a playout met the bound of the tree
        ("restrictions", np.int32, (3, 3, MAX_AREA + 1)),
        ("open_points", np.uint8, MAX_POINTS),  # scratch: where a leaf's color may play
    ],
    align=True,
)

#: What is known of one move of a node, for reports.
MOVE_STATS = np.dtype(
    [
        ("winrate", np.float64),  # the node's view
        ("lcb", np.float64),
        ("prior", np.float64),
        ("move", np.int32),
        ("visits", np.int32),
        ("child", np.int32),
        ("dropped", np.int32),  # whether it comes after those that are not
        ("trusted", np.int32),  # visits enough to be ordered by lcb
    ],
    align=True,
)


class TreeArrays(NamedTuple):
    """A tree, as kernels take it.

    Attributes:
        heads: TREE [1].
        nodes: NODE [N].
        edges: EDGE [EDGES_PER_NODE * N].
        priors: float32 [N, side² + 1], the pass last.
        biases: BIAS [BIASES].
        past: uint64, the superko key of every position of the game (Game.superko_keys).
        scratch: BOARD [2], to play random games on.
        tactics: room to read in.
    """

    heads: NDArray[np.void]
    nodes: NDArray[np.void]
    edges: NDArray[np.void]
    priors: NDArray[np.float32]
    biases: NDArray[np.void]
    past: NDArray[np.uint64]
    scratch: NDArray[np.void]
    tactics: TacticsRoom


def root_edges(tree: TreeArrays) -> NDArray[np.void]:
    """Return the opened edges of the root, EDGE [edge_count], a view."""
    node = tree.nodes[0]
    start = int(node["edge_start"])
    return tree.edges[start : start + int(node["edge_count"])]


class BatchArrays(NamedTuple):
    """Playouts on their way to the network and back, as kernels take them.

    Attributes:
        leaves: LEAF [B + F]: those on their way from the first on; from the last of B back,
            those that joined one on its way with the same position; room for F that fail to
            find a leaf.
        joined: int64 [1], how many have joined.
        steps: STEP [MAX_DEPTH at least], the paths one after another.
        boards: BOARD [1], the position of the playout at hand.
        planes: uint8 [B, 18, side²], under each leaf's symmetry.
        policy: float32 [B, side² + 1], the network's answer, likewise.
        winrate: float32 [B], of the color to play in each leaf.
    """

    leaves: NDArray[np.void]
    joined: NDArray[np.int64]
    steps: NDArray[np.void]
    boards: NDArray[np.void]
    planes: NDArray[np.uint8]
    policy: NDArray[np.float32]
    winrate: NDArray[np.float32]
