import pytest
from hypothesis import given
from hypothesis import strategies as st

from lzp.engine.gtp.protocol import Command, format_reply, parse_line, stream_head


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("name", Command("", "name", ())),
        ("12 name\r", Command("12", "name", ())),
        ("007 play b Q16", Command("7", "play", ("b", "Q16"))),
        ("0 name", Command("0", "name", ())),
        ("  PLAY\tB\t q16   # a comment", Command("", "play", ("B", "q16"))),
        ("5", Command("5", "", ())),
        ("12name", Command("12", "12name", ())),
        ("na\x07me", Command("", "name", ())),
        ("loadsgf Some File.SGF", Command("", "loadsgf", ("Some", "File.SGF"))),
        ("9" * 5000 + " name", Command("9" * 5000, "name", ())),
        ("", None),
        ("   \t ", None),
        ("\r", None),
        ("# interrupt", None),
    ],
)
def test_lines_are_cut_into_words(line, command):
    assert parse_line(line) == command


@given(st.text())
def test_no_line_breaks_the_parser(line):
    command = parse_line(line)
    assert command is None or not set(command.name) & set(" \t\n#")


@pytest.mark.parametrize(
    ("number", "text", "ok", "reply"),
    [
        ("", "", True, "= \n\n"),
        ("8", "", True, "=8 \n\n"),
        ("", "Q16", True, "= Q16\n\n"),
        ("3", "unknown command", False, "?3 unknown command\n\n"),
        ("", "\nA1 B2\nC3", True, "= \nA1 B2\nC3\n\n"),
        ("", "a\n\n\nb\n", True, "= a\nb\n\n"),
    ],
)
def test_replies_have_their_blank_and_their_blank_line(number, text, ok, reply):
    assert format_reply(number, text, ok=ok) == reply


@given(st.text(), st.booleans())
def test_a_reply_ends_once(text, ok):
    reply = format_reply("4", text, ok=ok)
    assert reply.endswith("\n\n")
    assert reply.index("\n\n") == len(reply) - 2


def test_streams_start_with_a_line_of_their_own():
    assert stream_head("9") == "=9\n"
