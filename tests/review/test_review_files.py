"""`lzp-review` from the command line to its files, which other programs read."""

import json
from pathlib import Path

import pytest
from sgfmill import sgf

from lzp.review import cli
from lzp.sgf import read_game
from tests.review.games import HOSTILE, MOVES, SIDE, write_game

pytestmark = pytest.mark.compiled


def test_the_record_keeps_all_it_had(reviewed: Path) -> None:
    old = sgf.Sgf_game.from_bytes((reviewed / "game.sgf").read_bytes())
    new = sgf.Sgf_game.from_bytes((reviewed / "game.review.sgf").read_bytes())
    for name in ("PB", "PW", "GC", "KM", "RU"):
        assert new.get_root().get(name) == old.get_root().get(name)
    before, after = old.get_main_sequence(), new.get_main_sequence()
    assert [node.get_move() for node in after] == [node.get_move() for node in before]
    for one, other in zip(before, after, strict=True):
        if one.has_property("C"):
            assert other.get("C").startswith(one.get("C"))
    # The branch that was there comes before what the review added.
    branch = before[3].parent[1]
    assert after[3].parent[1].get_move() == branch.get_move()
    assert after[3].parent[1].get("C") == branch.get("C")


def test_winrates_and_mistakes_are_in_the_record_as_in_the_figures(reviewed: Path) -> None:
    figures = json.loads((reviewed / "game.review.json").read_text())
    game = sgf.Sgf_game.from_bytes((reviewed / "game.review.sgf").read_bytes())
    nodes = game.get_main_sequence()
    for node, position in zip(nodes, figures["positions"], strict=True):
        winrate = float(node.get_raw("SBKV"))
        assert winrate == pytest.approx(100 * position["winrate_black"], abs=0.01)
    bad = {move["ply"] for move in figures["moves"] if move["verdict"] in ("mistake", "blunder")}
    assert bad, "a random network finds mistakes in random moves"
    for ply, node in enumerate(nodes):
        assert node.has_property("BM") == (ply in bad)
        # Unless the record has a mark of its own there, or the move is a pass.
        is_pass = node.get_move() in {("b", None), ("w", None)}
        assert ply not in bad or is_pass or node.has_property("MA") or node.has_property("TR")
    hot = {ply for ply, node in enumerate(nodes) if node.has_property("HO")}
    assert hot == set(figures["mistakes"])
    losses = [figures["moves"][ply - 1]["lost"] for ply in figures["mistakes"]]
    assert losses == sorted(losses, reverse=True)
    assert len(losses) <= 10


def test_better_variations_can_be_played(reviewed: Path) -> None:
    text = (reviewed / "game.review.sgf").read_bytes()
    game = sgf.Sgf_game.from_bytes(text)
    branches = 0
    for node in game.get_main_sequence():
        for child in list(node)[1:]:
            if not child.has_property("TE"):
                continue
            branches += 1
            color, move = child.get_move()
            main = node[0].get_move()
            assert color == main[0]
            assert move != main[1]
    assert branches > 0
    assert len(read_game(text).moves) == len(MOVES)


def test_one_player_alone_is_marked(tmp_path: Path, network: Path) -> None:
    write_game(tmp_path / "g.sgf")
    words = [
        "-v",
        "20",
        "--threshold",
        "4",
        "--rollouts",
        "0",
        "-w",
        str(network),
        "--player",
        "white",
        "--json",
        "-q",
        "-t",
        "1",
    ]
    cli.main([str(tmp_path / "g.sgf"), *words])
    figures = json.loads((tmp_path / "g.review.json").read_text())
    assert figures["looked_at"] == ["W"]
    assert figures["mistakes"]
    assert {figures["moves"][ply - 1]["color"] for ply in figures["mistakes"]} == {"W"}
    nodes = sgf.Sgf_game.from_bytes((tmp_path / "g.review.sgf").read_bytes()).get_main_sequence()
    assert {node.get_move()[0] for node in nodes if node.has_property("BM")} == {"w"}


def test_a_bad_record_costs_only_itself(
    tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_game(tmp_path / "a.sgf")
    (tmp_path / "b.sgf").write_text("(;SZ[9];B[aa]")
    (tmp_path / "c.sgf").write_text("(;SZ[9])")
    write_game(tmp_path / "d.sgf")
    out = tmp_path / "out"
    out.mkdir()
    with pytest.raises(SystemExit) as stop:
        cli.main([str(tmp_path), "--folder", str(out), "-v", "2", "-w", str(network), "-t", "1"])
    assert stop.value.code == 2
    captured = capsys.readouterr()
    refused = [line for line in captured.err.splitlines() if ".sgf: " in line]
    assert len(refused) == 2
    assert "b.sgf" in refused[0]
    assert "no move to review" in refused[1]
    assert sorted(path.name for path in out.iterdir()) == [
        f"{name}.review{form}" for name in "ad" for form in (".html", ".sgf")
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["g.sgf", "-o", "g.sgf"], "would be written over a record"),
        (["g.sgf", "-o", "page.pdf"], "a review is"),
        (["none.sgf"], "No such file"),
        (["g.sgf", "-v", "0"], "expected a whole number of 1 or more"),
        (["g.sgf", "--threshold", "0"], "expected a percentage"),
        (["g.sgf", "--folder", "nowhere"], "no such folder"),
    ],
)
def test_wrong_words_are_one_line(
    words: list[str],
    said: str,
    network: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    text = write_game(tmp_path / "g.sgf")
    with pytest.raises(SystemExit) as stop:
        cli.main([*words, "-w", str(network)])
    assert stop.value.code == 2
    errors = capsys.readouterr().err.splitlines()
    assert said in errors[-1]
    assert (tmp_path / "g.sgf").read_bytes() == text
    assert [path.name for path in tmp_path.iterdir()] == ["g.sgf"]


def test_a_board_without_a_network_is_named(
    tmp_path: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "g.sgf").write_text("(;SZ[7];B[aa])")
    with pytest.raises(SystemExit):
        cli.main([str(tmp_path / "g.sgf"), "-w", str(network)])
    assert "7x7" in capsys.readouterr().err


def test_a_review_is_not_reviewed_again(
    reviewed: Path, network: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([str(reviewed / "game.review.sgf"), "-v", "2", "-w", str(network)])
    assert "is a review already" in capsys.readouterr().err


def test_nothing_of_the_record_is_html(reviewed: Path) -> None:
    page = (reviewed / "game.review.html").read_text()
    assert HOSTILE not in page
    assert page.count("<script") == 2
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert f"{SIDE}" in page
