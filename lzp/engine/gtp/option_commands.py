"""Commands that change flags and tell what memory is used, in Leela Zero's words."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lzp.engine.gtp.arguments import Args
from lzp.engine.gtp.options import EngineOptions
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session

_BAD_VALUE = "incorrect value"
_SYNTAX = "incorrect syntax for lz-setoption"
_MIB = 2**20
_STATM = Path("/proc/self/statm")
_SET = re.compile(r"name +(\S.*?) +value(?: +(.*))?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Option:
    """One row of lz-setoption: a flag under Leela Zero's name.

    Attributes:
        flag: its name in EngineOptions.
        kind: "spin" for a whole number, "check" for true or false.
        low: the least value; high the greatest.
        reply: made of the flags once they are changed.
    """

    flag: str
    kind: str = "spin"
    low: int = 0
    high: int = 0
    reply: Callable[[EngineOptions], str] = lambda _options: ""

    def read(self, text: str) -> Any:
        """Return a value; GtpError if it is none, or out of range."""
        if self.kind == "check":
            if text.lower() not in ("true", "false"):
                raise GtpError(_BAD_VALUE)
            return text.lower() == "true"
        if not re.fullmatch(r"[+-]?[0-9]{1,10}", text) or not self.low <= int(text) <= self.high:
            raise GtpError(_BAD_VALUE)
        return int(text)

    def row(self, name: str, value: Any) -> str:
        """Return the row that lists the option."""
        start = f"option name {name} type {self.kind} default {str(value).lower()}"
        return start if self.kind == "check" else f"{start} min {self.low} max {self.high}"


def _memory_reply(options: EngineOptions) -> str:
    """Say how the memory is shared out."""
    cache_mib = options.memory_mib * options.cache_percent // 100
    tree_mib = options.memory_mib - cache_mib
    return f"Setting max tree size to {tree_mib} MiB and cache size to {cache_mib} MiB."


#: As Leela Zero names, orders and bounds them; but it resigns at up to 100 % if asked to.
OPTIONS = {
    "Maximum Memory Use (MiB)": Option("memory_mib", "spin", 128, 131072, _memory_reply),
    "Percentage of memory for cache": Option("cache_percent", "spin", 1, 99, _memory_reply),
    "Visits": Option("visits", "spin", 0, 1_000_000_000),
    "Playouts": Option("playouts", "spin", 0, 1_000_000_000),
    "Lagbuffer": Option("lag_buffer_cs", "spin", 0, 3000),
    "Resign Percentage": Option("resign_percent", "spin", -1, 100),
    "Pondering": Option("ponder", "check"),
}
_BY_NAME = {name.lower(): option for name, option in OPTIONS.items()}


def set_option(session: Session, args: Args) -> str:
    """lz-setoption [name NAME value VALUE]: change a flag; without words, list them.

    The defaults that are listed are the values that hold now.
    """
    if not args:
        values = session.options
        rows = [option.row(name, getattr(values, option.flag)) for name, option in OPTIONS.items()]
        return "\n" + "\n".join(rows)
    if args[0].lower() != "name":
        raise GtpError(_SYNTAX)
    found = _SET.fullmatch(" ".join(args))
    name = found[1] if found else " ".join(args[1:])
    option = _BY_NAME.get(name.lower())
    if option is None:
        raise GtpError("Unknown option")
    session.change(**{option.flag: option.read((found and found[2]) or "")})
    return option.reply(session.options)


def report_memory(session: Session, _: Args) -> str:
    """lz-memory_report: what the process uses now, and the tree and the answers of it."""
    tree = session.thinker().search.tree
    tree_mib = tree.used_bytes // _MIB
    cache_mib = tree.cache.used_bytes // _MIB
    total_mib = max(_resident_bytes() // _MIB, tree_mib + cache_mib)
    rest_mib = total_mib - tree_mib - cache_mib
    return (
        f"Estimated total memory consumption: {total_mib} MiB.\n"
        f"Network with overhead: {rest_mib} MiB / Search tree: {tree_mib} MiB"
        f" / Network cache: {cache_mib}"
    )


def _resident_bytes() -> int:
    """Return the memory that this process holds now, or at most held where that is all known."""
    import resource  # not on Windows

    try:
        return int(_STATM.read_text().split()[1]) * resource.getpagesize()
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def clear_cache(session: Session, _: Args) -> str:
    """clear_cache: forget the network's answers, and the tree made of them."""
    session.thinker().search.clear()
    return ""


HANDLERS: dict[str, Handler] = {
    "lz-setoption": set_option,
    "lz-memory_report": report_memory,
    "clear_cache": clear_cache,
}
