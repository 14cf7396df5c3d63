"""Numbers that kernels and classes of the store share.

A stored move is 16 bits, the color on top::

    bit 15     1 if White played it
    bits 0-14  y * side + x, or side² for the pass
"""

WHITE_BIT = 0x8000
MOVE_MASK = 0x7FFF
