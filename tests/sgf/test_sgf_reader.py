"""What the reader makes of records, good and bad; sgfmill's own reader is the witness."""

import codecs

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sgfmill import sgf

from lzp.go import BLACK, EMPTY, WHITE
from lzp.sgf import GameRecord, SgfError, parse_rank, parse_result, read_game, read_games
from lzp.sgf.record import GameResult
from tests.data.makers import random_game, sgf_of

PASS = 361
D4, Q16, D16 = 60, 300, 288


def read(text: str | bytes) -> GameRecord:
    return read_game(text.encode() if isinstance(text, str) else text)


def test_root_properties() -> None:
    record = read(
        "(;GM[1]FF[4]SZ[19]KM[6,5]HA[2]AB[dp][pd]PL[W]RE[W+12.5]PB[Shusaku]PW[Gennan]"
        "BR[6d]WR[8p?]DT[1846-09-11]RU[Japanese]TM[600]OT[5x30 byo-yomi];W[dd];B[])"
    )
    assert record.side == 19
    assert record.komi == 6.5
    assert record.handicap == 2
    assert record.setup == ((BLACK, D4), (BLACK, Q16))
    assert record.first_player == WHITE
    assert record.moves == ((WHITE, D16), (BLACK, PASS))
    assert record.result == GameResult(WHITE, "score", 12.5)
    assert (record.black, record.white) == ("Shusaku", "Gennan")
    assert (record.black_rank, record.white_rank) == ("6d", "8p?")
    assert (record.date, record.rules) == ("1846-09-11", "Japanese")
    assert (record.time_s, record.overtime) == (600.0, "5x30 byo-yomi")
    assert record.edited_at is None


def test_missing_properties_have_their_defaults() -> None:
    record = read("(;B[dp])")
    assert (record.side, record.komi, record.handicap) == (19, None, 0)
    assert record.result == GameResult(EMPTY, "unknown", None)
    assert record.moves == ((BLACK, D4),)


MOVES = [
    ("main line only", "(;SZ[19];B[dp](;W[pd])(;W[dd];B[aa]))", ((BLACK, D4), (WHITE, Q16))),
    ("passes", "(;SZ[19];B[];W[tt])", ((BLACK, PASS), (WHITE, PASS))),
    ("tt is a point above 19", "(;SZ[21];B[tt])", ((BLACK, 21 + 19),)),
    ("old long names", "(;GaMe[1];Black[dp];White[pd])", ((BLACK, D4), (WHITE, Q16))),
    ("upper case points", "(;SZ[19];B[DP])", ((BLACK, D4),)),
    ("white space", "( ; SZ [19]\n ; B [dp]\r\n;\tW[pd ] )", ((BLACK, D4), (WHITE, Q16))),
    ("a move in the root", "(;SZ[19]B[dp];W[pd])", ((BLACK, D4), (WHITE, Q16))),
    ("a color twice", "(;SZ[19];B[dp];B[pd])", ((BLACK, D4), (BLACK, Q16))),
    ("brackets in comments", r"(;SZ[19]C[(;B[aa\] :\\];B[dp]C[)])", ((BLACK, D4),)),
]


@pytest.mark.parametrize(("text", "moves"), [row[1:] for row in MOVES], ids=[r[0] for r in MOVES])
def test_moves(text: str, moves: tuple) -> None:
    assert read(text).moves == moves


SETUPS = [
    ("rectangle", "(;SZ[9]AB[aa:ba];W[ii])", {(BLACK, 72), (BLACK, 73)}, WHITE),
    ("in the second node", "(;SZ[9]HA[2];AB[aa][bb];W[ii])", {(BLACK, 72), (BLACK, 64)}, WHITE),
    ("taken away again", "(;SZ[9]AB[aa][bb];AE[aa])", {(BLACK, 64)}, WHITE),
    ("both colors", "(;SZ[9]AB[aa]AW[ii])", {(BLACK, 72), (WHITE, 8)}, BLACK),
    ("whose turn by PL", "(;SZ[9]AB[aa]PL[B])", {(BLACK, 72)}, BLACK),
    ("the first move has the last word", "(;SZ[9]AB[aa]PL[B];W[ii])", {(BLACK, 72)}, WHITE),
]


@pytest.mark.parametrize(
    ("text", "stones", "first"), [row[1:] for row in SETUPS], ids=[r[0] for r in SETUPS]
)
def test_set_up_stones(text: str, stones: set, first: int) -> None:
    record = read(text)
    assert set(record.setup) == stones
    assert record.first_player == first


def test_stones_set_by_hand_later_end_the_record() -> None:
    record = read("(;SZ[19];B[dp];W[pd];AW[aa];B[dd])")
    assert record.moves == ((BLACK, D4), (WHITE, Q16))
    assert record.edited_at == 2


BAD = [
    ("(;SZ[19];B[dp];W[p", "cut off"),
    ("(;SZ[19];B[dp];W[pd]", "cut off"),
    ("(;SZ[19];B[dp];W[zz])", r"move 2: \[zz\] is no point of a 19x19 board"),
    ("(;SZ[19]AB[zz])", r"set-up stone \[zz\] is no point"),
    ("(;SZ[19]AB[aa:bb:cc])", "set-up stone"),
    ("(;SZ[52])", r"SZ\[52\] is not from 2 to 25"),
    ("(;SZ[19:13])", r"SZ\[19:13\] is not a square"),
    ("(;SZ[nineteen])", "is not a square"),
    ("(;GM[2])", r"another game than Go: GM\[2\]"),
    ("", "no game in it"),
    ("nothing here", "no game in it"),
    ("(;SZ[19]B;W[aa])", "malformed after"),
]


@pytest.mark.parametrize(("text", "message"), BAD)
def test_bad_records_get_one_line(text: str, message: str) -> None:
    with pytest.raises(SgfError, match=message) as caught:
        read(text)
    assert "\n" not in str(caught.value)


def test_errors_name_the_file(tmp_path) -> None:
    path = tmp_path / "cut.sgf"
    path.write_bytes(b"(;SZ[19];B[dp];W[p")
    with pytest.raises(SgfError, match=r"cut\.sgf: cut off"):
        read_game(path)
    with pytest.raises(SgfError, match=r"missing\.sgf: No such file"):
        read_game(tmp_path / "missing.sgf")


NAME = "古力九段"
#: Characters whose second byte is a backslash or a closing bracket in these codes.
DECEPTIVE = {"gb18030": "乗乚", "big5": "功許", "shift_jis": "表ソ"}


@pytest.mark.parametrize("charset", ["utf-8", "gb18030", "big5"])
def test_declared_character_sets(charset: str) -> None:
    name = "許功蓋" if charset == "big5" else NAME
    assert read(f"(;CA[{charset}]PB[{name}];B[dp])".encode(charset)).black == name


@pytest.mark.parametrize(("charset", "text"), DECEPTIVE.items())
def test_bytes_that_look_like_brackets(charset: str, text: str) -> None:
    assert any(byte in text.encode(charset) for byte in b"\\]")
    record = read(f"(;CA[{charset}]PB[{text}]PW[b];B[dp]C[{text}];W[pd])".encode(charset))
    assert (record.black, record.white, len(record.moves)) == (text, "b", 2)


def test_undeclared_character_sets() -> None:
    assert read(f"(;PB[{NAME}];B[dp])".encode("gb18030")).black == NAME
    assert read(f"(;PB[{NAME}];B[dp])".encode()).black == NAME
    assert read("(;PB[Müller];B[dp])".encode("latin-1")).moves == ((BLACK, D4),)
    assert read("(;CA[no-such-set]PB[a];B[dp])").black == "a"
    assert read(codecs.BOM_UTF8 + b"(;PB[a];B[dp])").black == "a"
    assert read(f"(;PB[{NAME}];B[dp])".encode("utf-16")).black == NAME


def test_undeclared_chinese_comment_that_ends_a_value_early() -> None:
    text = "(;SZ[19];B[dp]C[乗乚abc;W[pd])".replace("abc", "]")
    assert len(read(text.encode("gb18030")).moves) == 2


@pytest.mark.parametrize("seed", range(6))
def test_random_games_read_as_sgfmill_reads_them(seed: int) -> None:
    side = [9, 13, 19][seed % 3]
    text = sgf_of(random_game(seed, side, handicap=2 if seed > 2 else 0)).encode()
    record = read(text)
    witness = sgf.Sgf_game.from_bytes(text)
    moves = []
    for node in witness.get_main_sequence():
        color, point = node.get_move()
        if color is not None:
            move = side * side if point is None else point[0] * side + point[1]
            moves.append((BLACK if color == "b" else WHITE, move))
    black, white, _ = witness.get_root().get_setup_stones()
    assert record.moves == tuple(moves)
    assert {move for _, move in record.setup} == {row * side + column for row, column in black}
    assert not white
    assert (record.side, record.komi) == (witness.get_size(), witness.get_komi())


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="(;)[]\\BWAE:SZ19dpt \n", max_size=80))
def test_no_bytes_raise_anything(junk: bytes | str) -> None:
    text = junk.encode() if isinstance(junk, str) else junk
    for outcome in read_games(b"(;" + text):
        assert isinstance(outcome, GameRecord | SgfError)


RESULTS = [
    ("B+3.5", GameResult(BLACK, "score", 3.5)),
    ("W+0,5", GameResult(WHITE, "score", 0.5)),
    (" b+R ", GameResult(BLACK, "resign")),
    ("White+Resign", GameResult(WHITE, "resign")),
    ("W+T", GameResult(WHITE, "time")),
    ("B+Time", GameResult(BLACK, "time")),
    ("W+Forfeit", GameResult(WHITE, "forfeit")),
    ("B+", GameResult(BLACK, "unknown")),
    ("0", GameResult(EMPTY, "draw", 0.0)),
    ("Jigo", GameResult(EMPTY, "draw", 0.0)),
    ("Void", GameResult(EMPTY, "void")),
    ("?", GameResult()),
    ("", GameResult()),
    ("Both lost", GameResult()),
]


@pytest.mark.parametrize(("text", "result"), RESULTS)
def test_results(text: str, result: GameResult) -> None:
    assert parse_result(text) == result


@pytest.mark.parametrize(
    ("text", "rank"),
    [("6d", 6), ("9D?", 9), ("1k", 0), ("30 kyu", -29), ("9p", 18), ("", None), ("strong", None)],
)
def test_ranks(text: str, rank: int | None) -> None:
    assert parse_rank(text) == rank


@pytest.mark.parametrize("charset", [b"A\x00B", b"hex", b"zlib", b"undefined", b"idna", b"x" * 500])
def test_a_character_set_that_is_none_costs_no_game(charset):
    game = read_game(b"(;CA[" + charset + b"]SZ[9]PB[\xff\xfeName];B[ee])")
    assert (len(game.moves), game.black[-4:]) == (1, "Name")
