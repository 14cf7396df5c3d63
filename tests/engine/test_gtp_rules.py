"""Rules over GTP: the flag, what is legal, and how the score follows."""

import io

import pytest

from lzp.engine.gtp.cli import parse_options
from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.reader import LineQueue
from lzp.sgf import read_game
from tests.networks import write_random_network

pytestmark = pytest.mark.compiled


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    return write_random_network(tmp_path_factory.mktemp("networks") / "r5.txt", side=5)


@pytest.fixture
def talk(network):
    """A function that sends lines to an engine with flags and returns the replies."""

    def _talk(*lines, flags=""):
        words = f"-q -v 5 -s 1 --backend onnxruntime --precision float32 -w {network} {flags}"
        options = parse_options(words.split())
        queue, sink = LineQueue(), io.StringIO()
        queue.put(list(lines))
        queue.close()
        GtpEngine(queue, sink, LoadingResponder(options, queue)).run()
        return sink.getvalue().split("\n\n")[:-1]

    return _talk


@pytest.mark.parametrize("rules", ["chinese", "japanese", "new-zealand"])
def test_suicide_that_a_record_holds_is_played_whatever_the_rules(talk, rules):
    """As boards take it off: Sabaki gives a game up in which a move is refused."""
    # A1 and B1 of White, shut in by A2, B2 and C1; then A1 alone, by B1.
    moves = ["play b A2", "play b B2", "play b C1", "play w A1", "play w B1", "showboard"]
    more = ["play b B1", "play w A1", "undo", "undo", "undo", "showboard"]
    replies = talk(*moves, *more, flags=f"--rules {rules}")
    assert replies[4] == "= "
    assert "prisoners: black 2, white 0" in replies[5]
    assert replies[7] == "? illegal move: white A1: suicide"
    assert "prisoners: black 0, white 0" in replies[-1]  # and B1 is not played yet


def test_rules_stay_with_a_new_game_and_are_written_into_records(talk):
    replies = talk("clear_board", "boardsize 5", "printsgf", flags="--rules japanese --komi 6")
    record = read_game(replies[-1].removeprefix("= ").encode())
    assert (record.rules, record.komi) == ("Japanese", 6)
    assert "RU[Chinese]" in talk("printsgf")[-1]


def test_an_integer_komi_can_end_in_a_draw(talk):
    lines = ["play b C1", "play b C2", "play b C3", "play b C4", "play b C5"]
    assert talk("komi 25", *lines, "final_score")[-1] == "= 0"
    assert talk("komi 24", *lines, "final_score")[-1] == "= B+1.0"


@pytest.mark.parametrize(
    ("name", "score"),
    [("chinese", "B+22.5"), ("aga", "B+23.5"), ("new-zealand", "B+24.5"), ("japanese", "B+22.5")],
)
def test_handicap_stones_are_compensated_as_the_rules_have_it(talk, name, score):
    replies = talk("komi 0.5", "set_free_handicap C2 C3", "final_score", flags=f"--rules {name}")
    assert replies[-1] == f"= {score}"


def test_rules_that_there_are_not_are_refused_in_one_line(capsys):
    with pytest.raises(SystemExit) as caught:
        parse_options(["--rules", "martian"])
    assert caught.value.code == 2
    said = capsys.readouterr().err
    assert "unknown rules 'martian'" in said
    assert said.count("\n") == 1
