"""lzp-arena as people call it."""

import json
import re

import pytest
from sgfmill import sgf

from lzp.play import arena_cli
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("net") / "r5.txt", side=5)


def run(*words):
    """Return the exit code of the command, 0 if it returns."""
    try:
        arena_cli.main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code
    return 0


def words_for(network, folder, *more):
    words = ["-a", "cpuct=0.8", "-b", "leela", "--both", "evaluations=4", "-w", network]
    return [*words, "--size", 5, "--komi", 0.5, "--games", 6, "--referee", "none",
            "--folder", folder, *more]  # fmt: skip


def kept(folder):
    lines = (folder / "games.jsonl").read_text().splitlines()
    games = {(game := json.loads(line))["number"]: game["moves"] for line in lines}
    assert len(games) == len(lines)
    return games


def test_a_match_ends_in_a_table(network, tmp_path, capsys):
    assert run(*words_for(network, tmp_path, "--parallel", 3, "--picture", tmp_path / "p.svg")) == 0
    text = capsys.readouterr().out
    assert "cpuct=0.8 against leela" in text
    assert re.search(r"games +│ 6 \(0 without result\)", text)
    assert re.search(r"won - lost - drawn +│ \d - \d - 0", text)
    assert re.search(r"cpuct=0.8 +│ +[34]\.\d ", text)
    assert run(*words_for(network, tmp_path)) == 0  # nothing is left to be played
    assert sorted(kept(tmp_path)) == list(range(6))
    assert json.loads((tmp_path / "result.json").read_text())["games"] == 6
    assert (tmp_path / "p.svg").read_text().startswith("<svg")


def test_all_games_can_be_opened_in_an_editor(network, tmp_path):
    assert run(*words_for(network, tmp_path)) == 0
    games = [json.loads(line) for line in (tmp_path / "games.jsonl").read_text().splitlines()]
    games.sort(key=lambda game: game["number"])
    records = [
        sgf.Sgf_game.from_bytes(line) for line in (tmp_path / "games.sgf").read_bytes().splitlines()
    ]
    assert len(records) == len(games) == 6
    for record, game in zip(records, games, strict=True):
        names = ["cpuct=0.8", "leela"]
        assert record.get_player_name("b") == names[game["black"]]
        assert record.get_player_name("w") == names[game["white"]]
        assert record.get_winner() == {0: None, 1: "b", 2: "w"}[game["winner"]]
        moves = [node.get_move()[1] for node in record.get_main_sequence()[1:]]
        assert moves == [None if move == 25 else divmod(move, 5) for move in game["moves"]]


def test_a_test_that_is_decided_ends_the_match(network, tmp_path, capsys):
    words = ["-a", "resign_percent=100", "-b", "", "--both", "evaluations=2", "-w", network]
    words += ["--size", 5, "--games", 100, "--parallel", 2, "--sprt", "0,100"]
    assert run(*words, "--folder", tmp_path) == 0
    assert "accepts +0 Elo or less" in capsys.readouterr().out
    assert len(kept(tmp_path)) < 50


@pytest.mark.slow
def test_workers_play_the_games_of_one_process(network, tmp_path, capsys):
    assert run(*words_for(network, tmp_path / "one")) == 0
    assert run(*words_for(network, tmp_path / "two", "--workers", 2)) == 0
    assert kept(tmp_path / "one") == kept(tmp_path / "two")
    texts = capsys.readouterr().out.split("against")
    assert "6 (0 without result)" in texts[2]


@pytest.mark.parametrize(
    ("more", "complaint"),
    [
        (["--both", "cupct=1"], "unknown setting 'cupct'"),
        (["--size", 9], "r5.txt plays on 5x5, not on 9x9"),
        (["--part", "3/2"], "no part 3 of 2"),
        (["--part", "x"], "--part: expected I/N"),
        (["--games", 0], "games, and games at once, must be 1 or more"),
        (["-e", "leela"], "two contestants have one name"),
        (["-e", "cpuct=1", "--sprt", "0,10"], "--sprt is for two contestants"),
        (["--openings", "missing.sgf"], "missing.sgf: No such file"),
        (["--agree", 2], "agreed winrate must be above 0.5 to 1, not 2"),
        (["-w", "missing.txt"], "missing.txt: no such file"),
        (["--folder", "/dev/null/x"], "cannot use /dev/null/x"),
    ],
)
def test_what_is_wrong_is_one_line(network, tmp_path, capsys, more, complaint):
    assert run(*words_for(network, tmp_path), *more) == 2
    error = capsys.readouterr().err
    assert error.startswith("lzp-arena: ")
    assert complaint in error
    assert error.count("\n") == 1
