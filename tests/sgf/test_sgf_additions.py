"""Additions leave every byte of a record where it was; sgfmill reads what comes of it."""

import codecs
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sgfmill import sgf_grammar

from lzp.sgf import SgfError, read_game
from lzp.sgf.additions import RecordText, count_games

Nodes = list[dict[str, list[bytes]]]


def main_line(text: bytes) -> Nodes:
    """The nodes of a text's main line as sgfmill reads them."""
    return list(sgf_grammar.main_sequence_iter(sgf_grammar.parse_sgf_game(text)))


def is_subsequence(text: bytes, longer: bytes) -> bool:
    rest = iter(longer)
    return all(byte in rest for byte in text)


def branches(tree: Any) -> list[bytes]:
    """The first move of every variation beside the main line, top first."""
    found = []
    while tree.children:
        found += [child.sequence[0].get("W", [b""])[0] for child in tree.children[1:]]
        tree = tree.children[0]
    return found


names = st.sampled_from(["C", "LB", "XX", "N", "SBKV", "Black", "AddWhite"])
values = st.lists(
    st.binary(max_size=8).map(lambda raw: b"[" + sgf_grammar.escape_text(raw) + b"]"),
    min_size=1,
    max_size=3,
)
nodes = st.lists(st.tuples(names, values), max_size=3).map(
    lambda node: b";" + b" ".join(name.encode() + b"\n".join(each) for name, each in node)
)
sequences = st.lists(nodes, min_size=1, max_size=4).map(b"\r\n".join)
trees = st.recursive(
    sequences.map(lambda sequence: b"(" + sequence + b")"),
    lambda inner: st.tuples(sequences, st.lists(inner, min_size=1, max_size=3)).map(
        lambda parts: b"(" + parts[0] + b" ".join(parts[1]) + b" )"
    ),
    max_leaves=6,
)


@given(trees, st.binary(max_size=3).filter(lambda junk: b"(" not in junk))
def test_additions_are_read_and_all_else_stays(tree: bytes, junk: bytes) -> None:
    text = junk + tree + b"\n"
    before = main_line(text)
    record = RecordText(text)
    assert len(record) == len(before)
    for node in range(len(record)):
        assert {name: record.values(node, name) for name in record.names(node)} == before[node]
        record.add(node, "TR", ["aa", "bb"])
        record.add(node, "XX", ["a]\\b"])
        record.add_text(node, "said")
        if node:
            record.add_variation(node, [{"W": f"{node}", "C": "]"}, {"B": "aa"}])
    result = record.result()
    assert is_subsequence(text, result)
    after = main_line(result)
    for old, new in zip(before, after, strict=True):
        expected = dict(old)
        expected["TR"] = [*old.get("TR", []), b"aa", b"bb"]
        expected["XX"] = [*old.get("XX", []), b"a\\]\\\\b"]
        own = old.get("C", [b""])
        gap = b"\n\n" if own[0].strip() else b""
        expected["C"] = [own[0] + gap + b"said", *own[1:]]
        assert new == expected
    added = [name for name in branches(sgf_grammar.parse_sgf_game(result)) if name.isdigit()]
    assert sorted(map(int, added)) == list(range(1, len(record)))


def test_nothing_added_is_nothing_changed() -> None:
    text = b"junk (;GM[1]C[\\]](;B[aa])(;W[bb];B[cc])) (;SZ[9]) tail"
    assert RecordText(text).result() == text
    assert count_games(text) == 2


def test_a_branch_stands_behind_those_that_were_there() -> None:
    record = RecordText(b"(;SZ[9];B[aa](;W[bb];B[cc])(;W[dd]))")
    record.add_variation(3, [{"B": "xx"}])
    record.add_variation(2, [{"W": "yy"}])
    record.add_variation(1, [{"B": "zz"}])
    assert record.result() == (b"(;SZ[9](;B[aa](;W[bb](;B[cc])(;B[xx]))(;W[dd])(;W[yy]))(;B[zz]))")


def test_a_replaced_property_has_one_value() -> None:
    record = RecordText(b"(;SBKV[1][2] [3]AB[aa];B[bb]SBKV[])")
    record.replace(0, "SBKV", "50")
    record.replace(1, "SBKV", "60")
    record.replace(1, "V", "1")
    record.replace(1, "V", "2")
    assert main_line(record.result()) == [
        {"SBKV": [b"50"], "AB": [b"aa"]},
        {"B": [b"bb"], "SBKV": [b"60"], "V": [b"2"]},
    ]


#: Characters whose last byte is `]` or a backslash in these sets.
TRICKY = {
    "gbk": "乗俓",
    "gb18030": "乗俓𠀀",
    "big5": "功許",
    "shift_jis": "ソ表能―",
    "cp932": "ソ表",
}


@pytest.mark.parametrize("charset", TRICKY)
def test_brackets_within_characters_are_none(charset: str) -> None:
    name = TRICKY[charset]
    plain = f"(;CA[{charset}]PB[{name}]C[{name}];B[aa]C[{name}{name}];W[bb])"
    text = plain.encode(charset)
    if charset != "gb18030":
        assert any(end in name.encode(charset) for end in (b"]", b"\\"))
    record = RecordText(text)
    assert len(record) == 3
    assert record.comment(1) == name + name
    record.add_text(1, "said")
    record.add_variation(2, [{"W": "cc"}])
    result = record.result()
    assert result.decode(charset) == plain.replace(
        f"{name}{name}];W[bb])", f"{name}{name}\n\nsaid](;W[bb])(;W[cc]))"
    )
    assert read_game(result).black == name
    assert len(read_game(result).moves) == 2


def test_chinese_without_a_declaration_is_read_as_the_reader_reads_it() -> None:
    text = "(;B[aa];W[bb]C[乗])".encode("gbk")  # ends in a backslash: the bracket seems quoted
    record = RecordText(text)
    assert len(record) == len(read_game(text).moves)
    assert record.comment(1) == "乗"


@pytest.mark.parametrize("mark", [codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE])
def test_utf16_stays_utf16(mark: bytes) -> None:
    codec = "utf-16-le" if mark == codecs.BOM_UTF16_LE else "utf-16-be"
    record = RecordText(mark + "(;PB[名];B[aa]C[é])".encode(codec))
    assert record.comment(1) == "é"
    record.add_text(1, "said")
    assert record.result() == mark + "(;PB[名];B[aa]C[é\n\nsaid])".encode(codec)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "no game in it"),
        (b"hello", "no game in it"),
        (b"(;B[aa]", "cut off or malformed"),
        (b"(;B[aa", "cut off or malformed"),
        (b"(;[aa])", "unexpected value"),
        (b"\xff\xfe(;", "cut off|damaged|no game"),
        (b"\xff\xfe\x00\xd8\x00", "damaged|no game"),
    ],
)
def test_a_broken_text_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(SgfError, match=message):
        RecordText(text)
