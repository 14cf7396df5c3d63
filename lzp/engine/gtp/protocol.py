"""GTP as text: a line becomes a command, an answer becomes a reply. No board here.

The replies satisfy every client at once: a blank always follows "=" or "=ID" (GoGui cuts
there), a blank line ends a reply and never stands inside one, and no number too long for
anyone's integers is made of an id, which is echoed as text.
"""

import re
from dataclasses import dataclass

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_LEADING_ID = re.compile(r"(\d+)(.*)", re.DOTALL | re.ASCII)


class GtpError(Exception):
    """What a handler raises to answer "? message"."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command line, cut into words.

    Attributes:
        id: the number in front, without leading zeros; empty if there was none.
        name: the command, in lower case; empty if the line held only an id.
        args: the words after it, as they were typed.
    """

    id: str
    name: str
    args: tuple[str, ...]


def parse_line(line: str) -> Command | None:
    """Cut a line into id, name and arguments; None if there is no command on it.

    Tabs are blanks, other control characters (a carriage return among them) vanish, and
    "#" starts a comment.
    """
    text = _CONTROL.sub("", line).replace("\t", " ").partition("#")[0].strip()
    if not text:
        return None
    number, name, rest = "", text, ""
    match = _LEADING_ID.fullmatch(text)
    if match:
        number, name = match[1].lstrip("0") or "0", match[2]
    words = name.split()
    name, rest = (words[0], " ".join(words[1:])) if words else ("", "")
    if match and words and not match[2][0].isspace():
        # "12name": Leela Zero takes the id and does not know the command.
        name = match[1] + name
    return Command(number, name.lower(), tuple(rest.split()))


def format_reply(number: str, text: str, *, ok: bool = True) -> str:
    """Return a whole reply, its closing blank line included.

    Lines of a reply that are empty would end it early: they are dropped. A text that starts
    with a newline starts on the line after the "=".
    """
    lines = text.splitlines()
    kept = lines[:1] + [line for line in lines[1:] if line]
    return f"{'=' if ok else '?'}{number} {chr(10).join(kept)}\n\n"


def stream_head(number: str) -> str:
    """Return the first line of a reply whose lines come one by one."""
    return f"={number}\n"
