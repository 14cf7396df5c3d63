"""A review as one web page that needs nothing but itself.

Nothing of the record is ever HTML: it is in the page as JSON whose angle brackets are
escaped, and the script sets it as text. The page's own policy allows no other script,
style or address than those that are in it.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from html import escape
from importlib import resources
from typing import Any

_SCRIPTS = ("rules.js", "board.js", "graph.js", "page.js")
#: What could end a script element, or begin a comment in it.
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def write_page(review: Mapping[str, Any], title: str) -> str:
    """Return the HTML of a review.

    Args:
        review: as `review_as_json` returns it.
        title: of the page, any text.
    """
    style = _read("page.css")
    script = '(() => {\n"use strict";\n' + "".join(map(_read, _SCRIPTS)) + "})();\n"
    parts = {
        "TITLE": escape(title),
        "STYLE": style,
        "STYLE_HASH": _hash(style),
        "SCRIPT": script,
        "SCRIPT_HASH": _hash(script),
        "DATA": json_for_html(review),
    }
    # Cut once at the marks, so that nothing put in is looked at again.
    pieces = _read("page.html").split("@")
    return "".join(parts.get(piece, piece) for piece in pieces)


def json_for_html(plain: Mapping[str, Any]) -> str:
    """Return JSON that can stand in a script element, whatever its texts are."""
    text = json.dumps(plain, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.translate(_ESCAPES)


def _read(name: str) -> str:
    """Return a file of the page."""
    return resources.files("lzp.review").joinpath("page", name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    """Return a text's hash as a content security policy names it."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
