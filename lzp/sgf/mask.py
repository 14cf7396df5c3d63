"""Which bytes of a record are structure, where a character's second byte may look like it.

A masked text is as long as its source, with `x` for every byte of a character that has
several; so what is found in the one is at the same place in the other.
"""

import codecs
import re

from lzp.sgf.text import declared_charset

#: Lead and trail bytes. A character of four bytes begins with a lead and a digit.
_CHINESE = re.compile(
    rb"[\x81-\xfe][0-9][\x81-\xfe][0-9]|[\x81-\xfe][\x40-\x7e\x80-\xfe]", re.DOTALL
)
_JAPANESE = re.compile(rb"[\x81-\x9f\xe0-\xfc][\x40-\x7e\x80-\xfc]", re.DOTALL)
_PATTERNS = {
    "gb2312": _CHINESE,
    "gbk": _CHINESE,
    "gb18030": _CHINESE,
    "big5": _CHINESE,
    "big5hkscs": _CHINESE,
    "cp950": _CHINESE,
    "shift_jis": _JAPANESE,
    "cp932": _JAPANESE,
}


def masked(text: bytes) -> bytes:
    """Return a text masked as the character set that it declares asks for."""
    pattern = _PATTERNS.get(declared_charset(text) or "")
    return text if pattern is None else _mask(text, pattern)


def masked_as_chinese(text: bytes) -> bytes:
    """Return a text masked as Chinese, for a record that does not declare its set."""
    return _mask(text, _CHINESE)


def utf16_mark(text: bytes) -> bytes:
    """Return the mark of UTF-16 that a text begins with; empty if it does not."""
    marks = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    return text[:2] if text[:2] in marks else b""


def _mask(text: bytes, pattern: re.Pattern[bytes]) -> bytes:
    """Return the text with the characters of a pattern as so many `x`."""
    return pattern.sub(lambda match: b"x" * len(match[0]), text)
