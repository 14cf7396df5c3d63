"""Sessions as text: lines in at once, replies out."""

import io
from typing import Any

from lzp.engine.gtp.engine import GtpEngine
from lzp.engine.gtp.loader import LoadingResponder
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.reader import LineQueue

#: Little thinking, the same on every machine, and nothing on stderr.
QUICK: dict[str, Any] = {
    "visits": 20,
    "seed": 1,
    "threads": 1,
    "quiet": True,
    "ponder": False,
    "backend": "onnxruntime",
    "precision": "float32",
}


def converse(*lines, **flags):
    """Send lines to an engine with these flags; return the reply to each command."""
    queue, sink = LineQueue(), io.StringIO()
    queue.put(list(lines))
    queue.close()
    options = EngineOptions(**(QUICK | flags))
    GtpEngine(queue, sink, LoadingResponder(options, queue)).run()
    *replies, rest = sink.getvalue().split("\n\n")
    assert rest == ""
    return replies
