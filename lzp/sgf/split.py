"""Cutting a file of many games into pieces, so that a broken game costs only itself.

A parser that has lost its place in a game whose end is missing would read the next games
as its variations. Therefore the cuts are made first, at what can only be the start of a
game: an opening bracket, a node, and a property that stands in root nodes alone. Where
such a text is quoted in a comment, SGF requires its `]` to be escaped, which is the
difference that this looks at.
"""

import re
from collections.abc import Iterator

from lzp.sgf.text import from_utf16

_ROOT_PROPERTIES = (
    "GM|FF|SZ|CA|AP|PB|PW|BR|WR|EV|RO|DT|PC|GN|KM|RU|RE|HA|US|SO|AN|TM|OT|ST|BT|WT|CP|GC"
)
#: Values are matched to 200 bytes, so that no input makes the search slow.
_START = re.compile(
    rb"\(\s{0,20};\s{0,20}(?:%b)\s{0,20}\[[^\\\]]{0,200}\]" % _ROOT_PROPERTIES.encode()
)
#: A game's start of any kind, for files whose games begin with a move or a comment.
_ANY_START = re.compile(rb"\(\s*;")


def start_positions(text: bytes) -> list[int]:
    """Return where games begin for certain, in order."""
    return [match.start() for match in _START.finditer(text)]


def split_games(text: bytes) -> Iterator[bytes]:
    """Yield the pieces of a file, each the text of one game as a rule.

    A piece may hold several games where they begin with none of the usual root
    properties; `read_games` finds them. Bytes before the first game are dropped if there
    is no game in them.
    """
    text = from_utf16(text)
    starts = start_positions(text)
    borders = [*starts, len(text)]
    if _ANY_START.search(text, 0, borders[0]):
        yield text[: borders[0]]
    for start, end in zip(starts, borders[1:], strict=True):
        yield text[start:end]
