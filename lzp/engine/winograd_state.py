"""What the Winograd kernels read and write: a network's numbers, and room to work in."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class WinogradNetwork(NamedTuple):
    """A network, norms folded in and convolutions transformed; float32, read only.

    C is the number of filters, rounded up to whole blocks of columns; N stands for the 49
    points of a tile. Matrices are packed: block after block of K columns, 16 or 32 (BLOCK_COLUMNS).

    Attributes:
        input: [N · 18 · C].
        tower: [2 · blocks, N · C · C].
        bias: [1 + 2 · blocks, C], the input's first.
        heads: [C · K], the 1x1 convolutions: two columns for the policy, one for the value.
        heads_bias: [K].
        policy: [2·S² · moves], moves being S² + 1 rounded up to whole blocks.
        policy_bias: [moves].
        hidden: [S² · 256].
        hidden_bias: [256].
        value: [256].
        value_bias: [1].
    """

    input: Array
    tower: Array
    bias: Array
    heads: Array
    heads_bias: Array
    policy: Array
    policy_bias: Array
    hidden: Array
    hidden_bias: Array
    value: Array
    value_bias: Array


class WinogradRoom(NamedTuple):
    """Arrays for what is computed on the way; float32, of one thread.

    W is the side of a padded board, P the number of positions that go through the tower
    together, B that of a whole batch.

    Attributes:
        planes: [P · W · W · 24], zeros around the boards.
        stream: [P · W · W · C], what the blocks add to; zeros around the boards.
        inner: as stream, between the two convolutions of a block.
        tiles: [N · P · T² · C], transformed tiles; T of them along a side.
        products: [N · P · T² · K], tiles times weights, for a block of filters.
        heads: [S² · K], of one position.
        policy_input: [B · 2·S²].
        value_input: [B · S²].
        logits: [B · moves].
        hidden: [B · 256].
    """

    planes: Array
    stream: Array
    inner: Array
    tiles: Array
    products: Array
    heads: Array
    policy_input: Array
    value_input: Array
    logits: Array
    hidden: Array
