"""Games played on to their end: legal, counted by somebody else, trained on as results."""

import random
from itertools import islice

import numpy as np
import pytest

from lzp.data import ConvertOptions, GameStore, convert
from lzp.go import Game
from lzp.go.board_kernels import point_of
from lzp.go.eye_kernels import is_own_eye
from lzp.play.accuracy import Sample
from lzp.play.play_on import PlayOnOptions, black_lead, main, play_on, record, stored_positions
from tests.data.makers import random_records, store_of
from tests.engine.scripted import HashEvaluator
from tests.networks import write_random_network

OPTIONS = PlayOnOptions(together=4, seed=3)


def played_on(tmp_path, count=6, options=OPTIONS) -> list[Game]:
    evaluator, store = HashEvaluator(9), store_of(tmp_path, random_records(8, side=9))
    starts = stored_positions(store, evaluator, Sample(split="all"))
    return list(islice(play_on(evaluator, starts, options), count))


def test_games_end_by_passes_and_fill_no_own_eye(tmp_path) -> None:
    games = played_on(tmp_path)
    assert len({tuple(game.moves) for game in games}) == len(games)
    for game in games:
        assert game.is_over
        again = Game(9, game.komi)
        for ply, (color, move) in enumerate(game.moves):
            if ply > 40 and move != game.pass_move:  # the stored games have fewer moves
                board = again.boards[0]
                assert not is_own_eye(board, point_of(board, move), color)
            again.play(move, color)


def test_a_game_that_is_too_long_is_counted_as_it_stands(tmp_path) -> None:
    games = played_on(tmp_path, options=PlayOnOptions(together=3, max_moves=45, temperature=2.0))
    assert max(game.ply for game in games) <= 45
    assert any(not game.is_over for game in games)


def test_the_count_takes_dead_stones_off() -> None:
    game = Game(5, 2.5)
    for column in range(5):  # Black's wall on the middle line, a white stone behind it
        game.play(2 * 5 + column, 1)
    game.play(0, 2)
    assert black_lead(game) == 25 - 2.5
    assert "RE[B+22.5]" in record(game)


@pytest.mark.parametrize("name", ["temperature", "max_moves", "together"])
def test_numbers_out_of_range_are_named(name) -> None:
    with pytest.raises(ValueError, match=name):
        PlayOnOptions(**{name: 0})


@pytest.mark.compiled
def test_the_command_writes_games_that_convert(tmp_path, capsys) -> None:
    store = store_of(tmp_path, random_records(6, side=9))
    network, out = write_random_network(tmp_path / "r9.txt", side=9), tmp_path / "on.sgf"
    words = ["--store", str(store.path), "-w", str(network), "--split", "all", "-o", str(out)]
    main([*words, "--games", "5", "--seed", str(random.randrange(1000))])
    lines = out.read_text().splitlines()
    assert len(lines) == 5
    convert(
        [out], tmp_path / "on", ConvertOptions(sides=(9,), min_moves=1, ownership=True), workers=1
    )
    converted = GameStore.open(tmp_path / "on")
    assert converted.games >= 4  # a draw is no result
    assert set(np.unique(converted.numbers("result"))) <= {-1, 1}
    with pytest.raises(SystemExit, match="play_on: "):
        main([*words, "--store", str(tmp_path / "nothing")])
