"""The picture of an analyzed position: what it shows, and bad input."""

from xml.etree import ElementTree

import pytest

from lzp.engine.report import MoveReport, SearchReport
from lzp.go import BLACK, WHITE, Game
from lzp.play.analysis_svg import draw_analysis
from lzp.play.board_svg import Label, board_size, draw_board, place
from lzp.play.picture_cli import main
from lzp.sgf import read_game
from tests.networks import write_random_network

SVG = "{http://www.w3.org/2000/svg}"
RECORD = "(;GM[1]SZ[9]KM[7];B[ee];W[cc];B[gg];W[];B[gc])"


def elements(text, tag):
    return ElementTree.fromstring(text).iter(SVG + tag)


def drawn_board(game, **options):
    return f"<svg xmlns='http://www.w3.org/2000/svg'>{draw_board(game.board, **options)}</svg>"


def stones(text):
    return [
        (float(circle.get("cx")), float(circle.get("cy")), circle.get("fill"))
        for circle in elements(text, "circle")
        if float(circle.get("r")) > 10 and "fill-opacity" not in circle.attrib
    ]


def test_every_stone_is_drawn_at_its_point_in_its_color():
    game = Game(9)
    game.play(0, BLACK)  # A1, bottom left
    game.play(80, WHITE)  # J9, top right
    text = drawn_board(game)
    black, white = sorted(stones(text))
    assert black[0] < white[0]
    assert black[1] > white[1]  # SVG's y goes down
    assert (black[:2], white[:2]) == (place(0, 9), place(80, 9))
    assert black[2] != white[2]


def test_everything_lies_within_the_picture():
    game = Game(19)
    labels = [Label(move=360, lines=("50", "9999"), fill="red")]
    text = drawn_board(game, labels=labels)
    size = board_size(19)
    for circle in elements(text, "circle"):
        radius = float(circle.get("r"))
        for axis in ("cx", "cy"):
            assert radius <= float(circle.get(axis)) <= size - radius
    assert [t.text for t in elements(text, "text")][-2:] == ["50", "9999"]


def report_of(winrate, *moves):
    return SearchReport(
        visits_root=100,
        playouts=100,
        winrate=winrate,
        moves=tuple(
            MoveReport(
                move=move, visits=visits, winrate=0.6, prior=0.5, lcb=0.5, order=i, pv=(move, 3)
            )
            for i, (move, visits) in enumerate(moves)
        ),
        elapsed_s=1.0,
        nodes=100,
        tree_full=False,
    )


def test_the_winrate_is_shown_for_black_whoever_is_to_move():
    game = Game(9)
    game.play(0)
    texts = [t.text for t in elements(draw_analysis(game, report_of(0.25, (5, 90)), "x"), "text")]
    assert "Black 75.0%" in texts
    assert "White 25.0%" in texts
    assert "move 2, white to play, 100 visits" in texts


def test_a_candidate_has_a_disc_and_a_variation_and_the_pass_only_a_row():
    game = Game(9)
    text = draw_analysis(game, report_of(0.5, (40, 60), (81, 40)), "a < b & c")
    discs = [c for c in elements(text, "circle") if "fill-opacity" in c.attrib]
    texts = [t.text for t in elements(text, "text")]
    assert len(discs) == 1
    assert {"E5", "E5 D1", "pass", "60", "a < b & c"} <= set(texts)


def test_the_command_draws_a_position_of_a_record(tmp_path):
    network = write_random_network(tmp_path / "net.txt.gz", side=9)
    record = tmp_path / "game.sgf"
    record.write_text(RECORD)
    output = tmp_path / "out.svg"
    common = ["-o", str(output), "-w", str(network), "-v", "20", "-t", "1"]
    assert main([str(record), "--move", "3", *common]) == 0
    text = output.read_text()
    assert len(stones(text)) == 3
    assert any("20 visits" in (t.text or "") for t in elements(text, "text"))
    assert len(read_game(record).moves) == 5


@pytest.mark.parametrize(
    ("record", "arguments", "message"),
    [
        (None, [], "game.sgf: "),
        ("(;GM[1]SZ[9];B[ee", [], "cut off"),
        (RECORD, ["-w", "missing.txt.gz"], "missing.txt.gz"),
        (RECORD, ["-v", "0"], "visits"),
        (RECORD, ["-o", "no-such-folder/x.svg"], "no-such-folder"),
    ],
)
def test_bad_input_gets_one_line_and_exit_code_2(tmp_path, capsys, record, arguments, message):
    network = write_random_network(tmp_path / "net.txt.gz", side=9)
    path = tmp_path / "game.sgf"
    if record:
        path.write_text(record)
    common = [str(path), "-o", str(tmp_path / "x.svg"), "-w", str(network), "-v", "2", "-t", "1"]
    assert main([*common, *arguments]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
