"""The plane specification: what a network sees. Leela Zero's 18 planes, in its order.

=======  ====================================================================
planes   content (0 or 1)
=======  ====================================================================
0..7     stones of the side to move: now, and 1 to 7 plies ago
8..15    stones of the other side, at the same times
16       all 1 if Black is to move
17       all 1 if White is to move
=======  ====================================================================

The side to move is the current one at all eight times. A pass is a ply whose position
equals the one before; times before the set-up are all zero.
"""

#: Goes up with every change of what a plane means; stored in every exported network.
PLANES_VERSION = 1
PLANES = 18
HISTORY = 8
SYMMETRIES = 8
BLACK_TO_MOVE_PLANE = 16
WHITE_TO_MOVE_PLANE = 17
