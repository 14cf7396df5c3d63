"""What reading says of moves, against naive boards."""

import numpy as np
import pytest

from lzp.go import Game
from lzp.go.tactics import new_tactics_room, tactical_features
from lzp.go.tactics_kernels import FEATURES
from tests.naive import NaiveGo
from tests.naive_tactics import NaiveTactics

SIDE = 7


@pytest.mark.parametrize("seed", range(3))
def test_features_equal_those_of_a_naive_board(seed):
    rng, room = np.random.default_rng(seed), new_tactics_room()
    seen = np.zeros(FEATURES, int)
    for _ in range(3):
        game = Game(SIDE)
        for _ in range(36):
            game.play(int(rng.choice(game.legal_moves())))
            go = NaiveGo.of(game)
            if not go.stones:
                continue
            naive = NaiveTactics(go, game.to_play)
            moves, rows = tactical_features(game, room)
            found = dict(zip(moves.tolist(), rows, strict=True))
            for move in range(SIDE * SIDE):
                if go.is_legal(move, game.to_play, superko=False):
                    expected = naive.features(move)
                    assert found.pop(move, np.zeros(FEATURES)) == pytest.approx(expected, abs=1e-6)
                    seen += np.array(expected) != 0
            assert not found
    assert seen.min() > 0
