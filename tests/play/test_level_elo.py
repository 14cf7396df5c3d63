"""What levels are worth: from games to Elo."""

import pytest

from lzp.engine.levels import LEVELS
from lzp.go import BLACK, WHITE
from lzp.play import level_elo
from lzp.play.match_results import PlayedGame
from tests.networks import write_random_network


def played(number, black, white, winner):
    return PlayedGame(
        number=number, black=black, white=white, winner=winner, ending="score", points=1.0,
        detail="", moves=1, seconds=0.0,
    )  # fmt: skip


def test_elo_count_from_the_lowest_level():
    # Three of four points are 191 Elo.
    games = [played(n, 3, 5, WHITE if n % 4 else BLACK) for n in range(400)]
    found = level_elo.elo_of([3, 5], games)
    assert found[3][0] == 0
    assert found[5][0] == pytest.approx(190.8, abs=0.1)
    assert f"| 5 | 1 | {LEVELS[4].temperature:g} | 191 ±" in level_elo.table(found, 400)


def test_levels_are_played_as_they_are():
    each = level_elo.contestant(4)
    assert (each.player.visits, each.player.temperature) == (1, LEVELS[3].temperature)
    assert (each.player.resign_percent, each.evaluations) == (0, None)


def test_other_levels_are_refused(tmp_path):
    for words in (["12", "1"], ["1"], ["0", "1"]):
        with pytest.raises(SystemExit, match="expected two levels or more"):
            level_elo.main(["--out", str(tmp_path), "--levels", *words])


def test_dear_pairings_get_fewer_games_but_a_step():
    assert level_elo.games_of((1, 2), 100) == 100
    assert level_elo.games_of((8, 9), 100) == 100
    assert level_elo.games_of((8, 10), 100) == 43
    assert level_elo.games_of((10, 11), 100) == 20
    assert level_elo.games_of((10, 11), 8) == 8


def test_games_of_drawn_moves_are_played_to_their_end():
    agreed = {pair: level_elo.rules_of(pair, 19).agreed_winrate for pair in ((7, 9), (8, 9))}
    assert agreed[7, 9] == 1
    assert 0.9 < agreed[8, 9] < 1


@pytest.mark.compiled
@pytest.mark.slow
def test_a_ladder_is_played_and_goes_on(tmp_path, capsys):
    network = write_random_network(tmp_path / "r5.txt", side=5)
    words = ["--out", str(tmp_path / "out"), "-w", str(network), "--size", "5"]
    words += ["--levels", "1", "7", "8", "--games"]
    level_elo.main([*words, "4"])
    assert "Elo after 12 games" in capsys.readouterr().out
    level_elo.main([*words, "8"])
    assert "Elo after 24 games" in capsys.readouterr().out
