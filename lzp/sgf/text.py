"""Bytes of a game record to text: declared character sets, and guesses that never fail."""

import codecs
import re

_DECLARED = re.compile(rb"CA\s*\[\s*([A-Za-z0-9_.:-]{1,40})\s*\]")
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Second bytes of these may look like `]` or a backslash, which would end a value early.
_DECEPTIVE = {"gb2312", "gbk", "gb18030", "big5", "big5hkscs", "cp950", "shift_jis", "cp932"}
_HEAD = 2000


def declared_charset(text: bytes) -> str | None:
    """Return the codec that a record's CA property names; None if it names none we know."""
    match = _DECLARED.search(text, 0, _HEAD)
    if match is None:
        return None
    try:
        return codecs.lookup(match[1].decode("ascii")).name
    except LookupError:
        return None


def decode(text: bytes, charset: str | None) -> str:
    """Return text in the first character set that fits: declared, UTF-8, GB 18030, Latin-1."""
    for name in (charset, "utf-8", "gb18030"):
        if name is None:
            continue
        try:
            return text.decode(name)
        except (ValueError, LookupError):  # wrong bytes, or no character set's name
            continue
    return text.decode("latin-1")


def from_utf16(text: bytes) -> bytes:
    """Return text as UTF-8 if it begins with the mark of UTF-16, else as it is."""
    if text[:2] in _UTF16_MARKS:
        return text.decode("utf-16", errors="replace").encode()
    return text


def to_plain(text: bytes) -> bytes:
    """Return a record whose brackets can be trusted, as UTF-8 where it had to be recoded."""
    text = from_utf16(text)
    charset = declared_charset(text)
    if charset in _DECEPTIVE and not text.isascii():
        return recode(text, charset)
    return text


def recode(text: bytes, charset: str) -> bytes:
    """Return a record as UTF-8 that says so, with what does not fit the set replaced."""
    plain = text.decode(charset, errors="replace").encode()
    return _DECLARED.sub(b"CA[UTF-8]", plain, count=1)
