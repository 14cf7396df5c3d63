"""Adding to a game record without touching what is in it.

A record that is read and written anew loses what its reader does not know: the order of
properties, spellings, line breaks, bytes in an undeclared character set. Here the text
stays as it is, and additions are put between its bytes:

    (;SZ[19]C[a game];B[dp];W[pd])
            |        |           |
            |        (           )(;W[dd])      a variation beside W[pd]
            , and more                          text in a comment
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import NamedTuple

from sgfmill import sgf_grammar

from lzp.sgf.mask import masked, masked_as_chinese, utf16_mark
from lzp.sgf.reader import SgfError
from lzp.sgf.text import declared_charset, decode

_START = re.compile(rb"\(\s*;")
_TOKEN = re.compile(
    rb"\s*(?:\[(?P<value>[^\\\]]*(?:\\.[^\\\]]*)*)\]|(?P<name>[A-Za-z]{1,64})|(?P<mark>[;()]))",
    re.DOTALL,
)
_MOVES = ("B", "W")
_LOWER = bytes(range(ord("a"), ord("z") + 1))


#: What comes first of the edits at one place: a node's own, then brackets around nodes.
_VALUE, _NEW, _OPENING, _BRANCH = 0, 1, 2, 1_000_000_000


class _Edit(NamedTuple):
    """Text that takes the place of what is from start to end."""

    start: int
    order: int
    end: int
    text: bytes


@dataclass(slots=True)
class _Node:
    """One node of the main line: where it is, and its properties' values.

    Attributes:
        start: of its semicolon.
        end: behind its last property.
        close: of the bracket that ends the tree it is in; known once that was read.
        values: by name, where each value begins and ends, brackets excluded.
        new: properties to be added, and their values.
    """

    start: int
    end: int
    close: int = -1
    values: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    new: dict[str, list[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Tree:
    """A tree that is being read.

    Attributes:
        is_main: whether the main line runs through it.
        nodes: of its own sequence.
        has_children: whether a tree in it has begun.
    """

    is_main: bool
    nodes: list[_Node] = field(default_factory=list)
    has_children: bool = False


class RecordText:
    """The first game of a text, and what is to be added to its main line.

    Nodes are counted from 0, the root. Added text must be ASCII, which fits every
    character set that a record may be in.
    """

    def __init__(self, text: bytes) -> None:
        """Find the nodes of the main line.

        Raises:
            SgfError: the game is broken.
        """
        self._mark = utf16_mark(text)
        self._text = _from_utf16(text, self._mark)
        self._charset = None if self._mark else declared_charset(self._text)
        self._edits: list[_Edit] = []
        try:
            self._nodes = _read_main_line(masked(self._text))
        except SgfError:
            if self._text.isascii():
                raise
            self._nodes = _read_main_line(masked_as_chinese(self._text))

    def __len__(self) -> int:
        """Return how many nodes the main line has."""
        return len(self._nodes)

    def plies(self) -> list[int]:
        """Return how many moves are played up to each node, its own included."""
        counts = [sum(name in _MOVES for name in node.values) for node in self._nodes]
        return list(accumulate(counts))

    def names(self, node: int) -> list[str]:
        """Return the names of a node's properties, without lower-case letters."""
        return [*self._nodes[node].values, *self._nodes[node].new]

    def values(self, node: int, name: str) -> list[bytes]:
        """Return a property's values as they stand in the text; empty if it is not there."""
        return [self._text[start:end] for start, end in self._nodes[node].values.get(name, [])]

    def comment(self, node: int) -> str:
        """Return a node's comment as it stands in the text; empty without one."""
        values = self.values(node, "C")
        if not values:
            return ""
        plain = decode(values[0], self._charset).encode()
        return bytes(sgf_grammar.text_value(plain)).decode()

    def add(self, node: int, name: str, values: Sequence[str]) -> None:
        """Add values to a property, which is made if the node does not have it.

        Args:
            node: of the main line.
            name: two capital letters or so.
            values: ASCII; escaped here.
        """
        spans = self._nodes[node].values.get(name)
        if spans:
            text = b"".join(b"[" + _escaped(value) + b"]" for value in values)
            self._insert(spans[-1][1] + 1, text)
        else:
            self._nodes[node].new.setdefault(name, []).extend(values)

    def replace(self, node: int, name: str, value: str) -> None:
        """Give a property one value, whatever it had."""
        spans = self._nodes[node].values.get(name)
        if not spans:
            self._nodes[node].new[name] = [value]
            return
        (start, end), *others = spans
        self._edits.append(_Edit(start, _VALUE, end, _escaped(value)))
        self._edits += [_Edit(start - 1, _VALUE, end + 1, b"") for start, end in others]

    def add_text(self, node: int, text: str) -> None:
        """Add a paragraph to a node's comment, under what is there."""
        spans = self._nodes[node].values.get("C")
        if spans:
            start, end = spans[0]
            gap = b"\n\n" if self._text[start:end].strip() else b""
            self._insert(end, gap + _escaped(text))
        else:
            paragraphs = self._nodes[node].new.get("C", [])
            self._nodes[node].new["C"] = ["\n\n".join([*paragraphs, text])]

    def add_variation(self, node: int, variation: Sequence[Mapping[str, str]]) -> None:
        """Add a branch beside a node of the main line, behind what branches there are.

        Args:
            node: 1 or more.
            variation: its nodes, each a value by property, ASCII.
        """
        before, beside = self._nodes[node - 1], self._nodes[node]
        branch = b"(" + b"".join(b";" + _properties(each) for each in variation) + b")"
        if before.close == beside.close:  # of one sequence, which is cut in two here
            self._edits.append(_Edit(beside.start, _OPENING, beside.start, b"("))
            branch = b")" + branch
        # The later a cut, the further in its brackets are.
        self._edits.append(_Edit(before.close, _BRANCH - node, before.close, branch))

    def result(self) -> bytes:
        """Return the text with all that was added."""
        parts, position = [], 0
        new = [_Edit(node.end, _NEW, node.end, _new_properties(node)) for node in self._nodes]
        for edit in sorted([*self._edits, *new], key=lambda edit: (edit.start, edit.order)):
            parts += [self._text[position : edit.start], edit.text]
            position = edit.end
        return _to_utf16(b"".join([*parts, self._text[position:]]), self._mark)

    def _insert(self, position: int, text: bytes) -> None:
        """Add text at a place, behind what is added there already."""
        self._edits.append(_Edit(position, _VALUE, position, text))


def count_games(text: bytes) -> int:
    """Return how many games a text seems to hold."""
    plain = masked(_from_utf16(text, utf16_mark(text)))
    count, position = 0, 0
    while match := _START.search(plain, position):
        count += 1
        position = max(sgf_grammar.tokenise(plain, match.start())[1], match.end())
    return count


def _read_main_line(text: bytes) -> list[_Node]:
    """Return the nodes of the first game's main line.

    Raises:
        SgfError: the text has no game, or ends within it.
    """
    match = _START.search(text)
    if match is None:
        raise SgfError("no game in it")
    return _Reader(text, match.start()).read()


class _Reader:
    """Walks over a game's tokens; knows the open trees."""

    def __init__(self, text: bytes, start: int) -> None:
        self._text = text
        self._position = start
        self._main: list[_Node] = []
        self._open: list[_Tree] = []
        self._name: str | None = None

    def read(self) -> list[_Node]:
        """Read up to the bracket that closes the game."""
        while True:
            match = _TOKEN.match(self._text, self._position)
            if match is None:
                raise SgfError(f"cut off or malformed after {self._position} bytes")
            self._position = match.end()
            if match["mark"] is None:
                self._property(match)
            elif self._delimiter(match["mark"], match.end() - 1):
                return self._main

    def _delimiter(self, mark: bytes, at: int) -> bool:
        """Take a bracket or a semicolon; return whether the game ends with it."""
        self._name = None
        if mark == b"(":
            above = self._open[-1] if self._open else None
            is_main = above is None or (above.is_main and not above.has_children)
            if above is not None:
                above.has_children = True
            self._open.append(_Tree(is_main))
        elif mark == b")":
            for node in self._open.pop().nodes:
                node.close = at
        else:
            node = _Node(start=at, end=at + 1)
            self._open[-1].nodes.append(node)
            if self._open[-1].is_main:
                self._main.append(node)
        return not self._open

    def _property(self, match: re.Match[bytes]) -> None:
        """Take a property's name or one of its values."""
        nodes = self._open[-1].nodes
        if match["name"] is not None:
            self._name = match["name"].translate(None, _LOWER).decode("ascii")
        elif self._name is None or not nodes:
            raise SgfError(f"malformed after {match.start()} bytes: unexpected value")
        else:
            nodes[-1].values.setdefault(self._name, []).append(match.span("value"))
            nodes[-1].end = match.end()


def _properties(node: Mapping[str, str]) -> bytes:
    """Return a node's properties of one value each."""
    return b"".join(name.encode() + b"[" + _escaped(node[name]) + b"]" for name in node)


def _new_properties(node: _Node) -> bytes:
    """Return what is added to a node."""
    values = {
        name: b"".join(b"[" + _escaped(value) + b"]" for value in new)
        for name, new in node.new.items()
    }
    return b"".join(name.encode() + values[name] for name in values)


def _escaped(text: str) -> bytes:
    """Return ASCII text as a property value."""
    return bytes(sgf_grammar.escape_text(text.encode("ascii", "replace")))


def _from_utf16(text: bytes, mark: bytes) -> bytes:
    """Return text as UTF-8 if it has the mark of UTF-16, else as it is."""
    if not mark:
        return text
    try:
        plain = text[2:].decode(_codec(mark), errors="surrogatepass")
    except UnicodeDecodeError:
        raise SgfError("its UTF-16 text is damaged") from None
    return plain.encode("utf-8", errors="surrogatepass")


def _to_utf16(text: bytes, mark: bytes) -> bytes:
    """Return what `_from_utf16` was given."""
    if not mark:
        return text
    plain = text.decode("utf-8", errors="surrogatepass")
    return mark + plain.encode(_codec(mark), errors="surrogatepass")


def _codec(mark: bytes) -> str:
    """Return the codec of a UTF-16 mark."""
    return "utf-16-le" if mark == b"\xff\xfe" else "utf-16-be"
