"""Positions as they come up in play, made by the rules and a network, the same every time.

Some games begin with moves that keep away from the edge and from filling eyes, so that
middle games are among them; from there all follow the network's policy.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from lzp.engine.evaluator import Answer, Evaluator
from lzp.engine.search_kernels import fills_own_eye
from lzp.features import encode
from lzp.go import Game

#: Games that go on side by side; a batch holds a position of each.
GAMES = 8
#: What part of the board the longest of the beginnings fills.
_LONGEST_BEGINNING = 0.6


def play_games(
    evaluator: Evaluator, plies: int, seed: int = 0
) -> Iterator[tuple[NDArray[np.uint8], Answer]]:
    """Yield the positions of some games ply by ply, with what the network answered to them.

    Args:
        evaluator: whose policy the moves are drawn by.
        plies: how many batches there are at most; games that end leave theirs smaller.
        seed: of the beginnings and of the draws.

    Yields:
        planes, uint8 [B, 18, S, S] with B up to `GAMES`, and the answer to them.
    """
    rng = np.random.default_rng(seed)
    side = evaluator.side
    longest = _LONGEST_BEGINNING * side * side
    games = [begin(side, round(longest * n / (GAMES - 1)), rng) for n in range(GAMES)]
    for _ in range(plies):
        games = [game for game in games if not game.is_over]
        if not games:
            return
        planes = encode(np.concatenate([game.boards for game in games]))
        answer = evaluator.evaluate(planes)
        yield planes, answer
        for game, chances in zip(games, answer[0].astype(np.float64), strict=True):
            game.play(draw_move(game, chances, rng))


def begin(side: int, plies: int, rng: np.random.Generator) -> Game:
    """Return a game of random moves, none on the edge or into an eye where others are left."""
    game = Game(side)
    for _ in range(plies):
        legal = game.legal_moves()[:-1]
        rows, columns = np.divmod(legal, side)
        inner = np.minimum.reduce([rows, columns, side - 1 - rows, side - 1 - columns]) > 0
        shuffled = rng.permutation(legal[inner]).tolist()
        move = next((move for move in shuffled if not fills_own_eye(game.boards, move)), None)
        if move is None:
            break
        game.play(move)
    return game


def draw_move(
    game: Game, chances: NDArray[np.float64], rng: np.random.Generator, *, may_pass: bool = True
) -> int:
    """Return a legal move drawn by a policy, float64 [S² + 1].

    Without passes, it is one only where there is no other move.
    """
    legal = game.legal_moves()
    if not may_pass and len(legal) > 1:
        legal = legal[:-1]
    total = chances[legal].sum()
    return int(rng.choice(legal, p=chances[legal] / total) if total else rng.choice(legal))
