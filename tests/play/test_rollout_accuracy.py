"""The comparison of network and games played on: its table, and a store from end to end."""

import numpy as np
import pytest

from lzp.engine.search_params import SearchParams
from lzp.play.accuracy import Sample, measure_positions
from lzp.play.rollout_accuracy import Compared, compare, main, table
from tests.data.makers import random_records, store_of
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network


def test_a_row_holds_the_positions_that_are_as_full() -> None:
    found = Compared(
        filled=np.array([0.1, 0.2, 0.2, 0.7]),
        won=np.array([1.0, 1.0, 0.0, 0.0]),
        network=np.array([0.5, 0.6, 0.2, 0.9]),
        games=np.array([0.5, 0.0, 1.0, 0.0]),
        mixed=np.array([0.5, 0.6, 0.6, 0.1]),
        game_us=60.4,
    )
    lines = table(found).splitlines()
    assert lines[2:5] == [
        "| 0% to 15% | 1 | 0.250 | 0.250 | 0.250 | any | 0% | 0% |",
        "| 15% to 30% | 2 | 0.100 | 1.000 | 0.260 | -0.40 | 100% | 50% |",
        "| 60% to 100% | 1 | 0.810 | 0.000 | 0.010 | 1.00 | 0% | 100% |",
    ]
    assert lines[-1] == "a game took 60 us of a core"


def test_what_is_mixed_lies_between_and_follows_the_board(tmp_path) -> None:
    store = store_of(tmp_path, random_records(6, side=9))
    measured = measure_positions(HashEvaluator(9), store, Sample(split="all", positions=64))
    found = compare(store, measured, SearchParams.strong(rollouts=4, lead_share=0, seed=1))
    low, high = np.minimum(found.network, found.games), np.maximum(found.network, found.games)
    assert ((low - 1e-9 <= found.mixed) & (found.mixed <= high + 1e-9)).all()
    assert np.allclose(found.mixed[found.filled < 0.15], found.network[found.filled < 0.15])
    assert np.allclose(found.games * 12, np.round(found.games * 12))  # of 1 to 4 games
    assert set(np.unique(found.won)) <= {0.0, 1.0}


@pytest.mark.compiled
def test_the_command_reads_a_store(tmp_path, capsys) -> None:
    store = store_of(tmp_path, random_records(6, side=9))
    network = write_random_network(tmp_path / "r9.txt", side=9)
    main(["--store", str(store.path), "-w", str(network), "--positions", "64"])
    assert "| 15% to 30% |" in capsys.readouterr().out
    with pytest.raises(SystemExit, match="rollout_accuracy: "):
        main(["--store", str(tmp_path / "nothing")])
    with pytest.raises(SystemExit, match="--rollouts must be 1 or more"):
        main(["--store", str(store.path), "--rollouts", "0"])
