"""A game to review, with texts that would like to be programs."""

from pathlib import Path

SIDE = 9
HOSTILE = "</script><img src=x onerror=alert(1)>"
#: A ko, a capture and a pass are among them; most lose something.
MOVES = ("cc", "gc", "cg", "gg", "aa", "ee", "ed", "de", "dd", "fd", "ff", "fe", "ia", "ef", "",
         "eg", "ai", "df", "ce", "cf", "bf", "bg")  # fmt: skip


def write_game(path: Path) -> bytes:
    """Write the game; return its text."""
    nodes = [f";{'BW'[ply % 2]}[{move}]" for ply, move in enumerate(MOVES)]
    nodes[1] += f"C[{HOSTILE}]"
    nodes[2] += "TR[cg]LB[aa:1]"
    first, rest = "".join(nodes[:2]), "".join(nodes[2:])
    escaped = HOSTILE.replace("]", "\\]")
    text = (
        f"(;FF[4]GM[1]SZ[{SIDE}]KM[7]RU[Chinese]PB[{escaped}]PW[O'Reilly & <b>Söhne</b>]"
        f"GC[@DATA@]CA[UTF-8]{first}({rest})(;B[gg]C[another way]))\n"
    )
    path.write_bytes(text.encode())
    return text.encode()
