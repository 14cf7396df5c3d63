"""The positions that the signature searches: made by the rules from whole numbers.

Random moves come from a xorshift64 stream of our own, because numpy may change its streams.
"""

from collections.abc import Callable, Iterator

from lzp.go import BLACK, WHITE, Game
from lzp.go.board_kernels import point_of
from lzp.go.diagram import parse_diagram
from lzp.go.eye_kernels import is_own_eye
from lzp.go.vertex import parse_vertex

#: Two kos at once; Black can take both.
_KO = """
. . . . . . . . .
. . X O . . . . .
. X O . O . . . .
. . X O . . . . .
. . . . . X O . .
. . . . X O . O .
. . . . . X O . .
. X X . . . . O O
. . . . . . . . .
"""

#: Everything is settled but the last points between the walls.
_ENDGAME = """
. X O . O . O O .
X X O O . O O X O
. X X O O O X X X
X . X X X O X . X
. X . . X O O X X
X X X X X X O O O
O O X O O O O . O
O . O O . O . O .
. O . O O . O . O
"""


def stream(seed: int) -> Iterator[int]:
    """Yield numbers of 64 bits (Marsaglia 2003)."""
    x = 88172645463325252 ^ (seed * 0x9E3779B97F4A7C15) & (2**64 - 1)
    while True:
        x ^= x << 13 & (2**64 - 1)
        x ^= x >> 7
        x ^= x << 17 & (2**64 - 1)
        yield x


def random_game(side: int, plies: int, seed: int) -> Game:
    """Return a game of random moves that fill no own eyes; it ends early by passes."""
    game, numbers = Game(side), stream(seed)
    while game.ply < plies and not game.is_over:
        game.play(_random_move(game, next(numbers)))
    return game


def _random_move(game: Game, number: int) -> int:
    """Return the first move, from a random one on, that fills no own eye; else the pass."""
    moves = game.legal_moves()[:-1]
    start = number % len(moves) if len(moves) else 0
    board, color = game.boards[0], game.to_play
    for move in (*moves[start:], *moves[:start]):
        if not is_own_eye(board, point_of(board, int(move)), color):
            return int(move)
    return game.pass_move


def _played(side: int, vertices: str) -> Game:
    """Return a game of given moves."""
    game = Game(side)
    for vertex in vertices.split():
        game.play(parse_vertex(vertex, side))
    return game


def _diagram(text: str, to_play: int, moves: str = "") -> Game:
    """Return a set-up position and moves from there."""
    side, stones = parse_diagram(text)
    game = Game(side)
    game.set_up(stones, to_play)
    for vertex in moves.split():
        game.play(parse_vertex(vertex, side))
    return game


def _handicap() -> Game:
    """Return four stones of handicap, White to play."""
    game = Game(19, 0.5)
    points = [parse_vertex(vertex, 19) for vertex in ("D4", "Q16", "D16", "Q4")]
    game.set_up([(BLACK, point) for point in points], WHITE, handicap=4)
    return game


#: Position by name; each call makes it anew.
POSITIONS: dict[str, Callable[[], Game]] = {
    "empty 19x19": lambda: Game(19),
    "opening": lambda: _played(19, "Q16 D4 Q3 D17 C15 R5 O3 R9 F4 C10"),
    "handicap": _handicap,
    "middle game": lambda: random_game(19, 120, 1),
    "late game": lambda: random_game(19, 330, 2),
    "empty 9x9": lambda: Game(9),
    "fight": lambda: random_game(9, 36, 3),
    "captures": lambda: random_game(9, 60, 4),
    "almost full": lambda: random_game(9, 92, 5),
    "ko": lambda: _diagram(_KO, BLACK, "D7"),
    "endgame": lambda: _diagram(_ENDGAME, BLACK),
    "after a pass": lambda: _diagram(_ENDGAME, WHITE, "pass"),
    "tiny": lambda: random_game(5, 12, 6),
}
