"""The weights of tactics: found again where they are known, and fitted to a store."""

import numpy as np
import pytest

from lzp.go.tactics_kernels import FEATURES
from lzp.play.fit_tactics import Choices, fit, main, table
from tests.data.makers import random_records, store_of
from tests.networks import write_random_network

WEIGHTS = np.linspace(-1.5, 1.5, FEATURES)


def choices(positions: int, moves: int = 12) -> Choices:
    """Positions whose moves are chosen by a policy times e to the weighted features."""
    rng = np.random.default_rng(3)
    logits = rng.normal(size=(positions, moves))
    place = np.repeat(np.arange(positions), 4)
    move = np.concatenate([rng.choice(moves, 4, replace=False) for _ in range(positions)])
    rows = rng.normal(size=(len(place), FEATURES))
    found = Choices(logits, np.zeros(positions, np.int64), place, move, rows)
    shares = found.shares(WEIGHTS)
    played = np.array([rng.choice(moves, p=share) for share in shares])
    return Choices(logits, played, place, move, rows)


def test_weights_are_found_within_their_errors():
    found = choices(4000)
    weights, errors = fit(found)
    assert np.abs(weights - WEIGHTS).max() < 4 * errors.max() < 0.4
    before, after = found.quality(np.zeros(FEATURES)), found.quality(weights)
    assert after[0] < before[0] - 0.1
    assert after[1] > before[1]


def test_positions_that_were_not_fitted_say_what_it_gains():
    found = choices(400)
    first, second = found.part(0), found.part(1)
    assert len(first.played) == len(second.played) == 200
    assert len(first.rows) + len(second.rows) == len(found.rows)
    np.testing.assert_array_equal(second.logits[second.place], found.logits[1::2][second.place])
    text = table(found)
    assert "| self-atari | 1600 |" in text
    assert "200 other positions" in text


@pytest.mark.compiled
def test_the_command_reads_a_store(tmp_path, capsys):
    store = store_of(tmp_path, random_records(6, side=9))
    network = write_random_network(tmp_path / "r9.txt", side=9)
    words = ["--store", str(store.path), "-w", str(network), "--split", "all"]
    main([*words, "--positions", "64"])
    assert "| atari |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="fit_tactics: "):
        main(["--store", str(tmp_path / "nothing")])
