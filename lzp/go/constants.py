"""Numbers that the rules' kernels and classes share."""

#: What a point of the padded board holds.
EMPTY = 0
BLACK = 1
WHITE = 2
WALL = 3

MIN_SIDE = 2
MAX_SIDE = 25
#: Points of the largest padded board: one ring of wall around 25x25.
MAX_POINTS = (MAX_SIDE + 2) * (MAX_SIDE + 2)
#: Points of the largest board itself.
MAX_AREA = MAX_SIDE * MAX_SIDE

#: The padded board's corner is always wall, so its index is free to mean "no point".
NO_POINT = 0

#: Changes a board remembers, a power of two: the current position and seven before it.
RECENT_PLIES = 8
#: Room for the stones captured in those plies: at most a board's area, the moves themselves
#: besides; a power of two so that the index wraps by a mask.
RECENT_CAPTURES = 1024

#: Who has the button: nobody, since there is none; BLACK; WHITE; or it lies on the table.
NO_BUTTON = 0
FREE_BUTTON = 3

#: What may not be repeated (rules.py): a position, a position with the same player to move,
#: or nothing but the last ko.
KO_POSITIONAL = 0
KO_SITUATIONAL = 1
KO_SIMPLE = 2

#: What a move check answers.
LEGAL = 0
OCCUPIED = 1
KO = 2
SUICIDE = 3
SUPERKO = 4
OFF_BOARD = 5
