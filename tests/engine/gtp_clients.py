"""How boards and servers read what an engine says, written after their own readers.

Each function takes a reply or a line and returns what the player would be shown; what a
program loses without a word is lost here, and what ends its reader fails.
"""

import json
import re

#: What Java's Double.parseDouble and JSON both take for a number.
NUMBER = re.compile(r"-?\d+(\.\d+)?(E-?\d+)?")
#: Both Lizzies show anything else as a pass.
LIZZIE_MOVE = re.compile(r"[A-HJ-Z]+\d+")


def java_double(text):
    """Java throws on anything else, nan and inf as Python spells them included."""
    assert NUMBER.fullmatch(text), text
    return float(text)


def java_int(text):
    assert re.fullmatch(r"-?\d+", text), text
    return int(text)


def sabaki_moves(line, command):
    """What Sabaki 0.52 and 0.60 show of a line: move, visits, winrate, score and variation.

    A segment is found by a pattern that ends with the variation; what does not fit is lost.
    """
    assert line.startswith("info ")
    shown = []
    for segment in re.split(r"\s*info\s+", line.strip())[1:]:
        found = re.fullmatch(r"(.*?) pv((?: (?:[A-Z]\d+|pass))+)", segment)
        if not found or segment.startswith("move pass "):
            continue
        words = found[1].split()
        values = dict(zip(words[::2], words[1::2], strict=True))
        old = float(values["winrate"]) / (1 if "." in values["winrate"] else 10000)
        new = float(values["winrate"]) / (1 if command.startswith("kata") else 10000)
        assert old == new  # the two generations agree
        pv = found[2].split()
        shown.append(
            {
                "move": values["move"],
                "visits": int(values["visits"]),
                "winrate": new,
                "score": float(values["scoreLead"]) if "scoreLead" in values else None,
                "pv": pv[: pv.index("pass")] if "pass" in pv else pv,
            }
        )
    return shown


def lizzie_kata(line, side):
    """What Lizzie 0.7.4 reads of a line in its kata mode: moves, and whose the points are.

    Cut at single blanks, so that one too many shifts all pairs.
    """
    ownership = None
    if " ownership " in line:
        line, _, rest = line.partition(" ownership ")
        ownership = [java_double(word) for word in rest.split(" ")]
        assert len(ownership) == side * side
    line = line.split(" rootInfo ")[0]
    assert line.startswith("info ")
    moves = []
    for segment in line.removeprefix("info ").split(" info "):
        words = segment.split(" ")
        end = words.index("pv")
        assert end % 2 == 0
        values = dict(zip(words[:end:2], words[1:end:2], strict=True))
        moves.append(
            {
                "move": values["move"],
                "visits": java_int(values["visits"]),
                "order": java_int(values["order"]),
                **{
                    key: java_double(values[key])
                    for key in ("winrate", "scoreMean", "scoreStdev", "lcb", "prior")
                },
                "pv": words[end + 1 :],
            }
        )
    return moves, ownership


def lizzieyzy_variations(line):
    """The variations of a line with their visits, as LizzieYzy reads them."""
    found = []
    for segment in line.split(" rootInfo ")[0].split(" ownership ")[0].split("info ")[1:]:
        pv, _, visits = segment.strip().partition(" pv ")[2].partition(" pvVisits ")
        found.append((pv.split(" "), [java_int(word) for word in visits.split(" ")]))
    return found


def raw_network(text):
    """The keys of kata-raw-nn with their numbers, whatever blanks stand between."""
    found: dict[str, list[float]] = {}
    key = ""
    for word in text.split():
        if word[0].isalpha():
            key = word
            found[key] = []
        else:
            found[key].append(java_double(word))
    return found


def cgos_move(reply):
    """The move and the analysis that CGOS's own client passes on to the server."""
    move, analysis = None, None
    for line in reply.split("\n"):
        text = line[1:].strip() if line[0] == "=" else line.strip()
        if text.startswith("play "):
            move = text.split(" ")[-1]
            break
        if text:
            analysis = json.loads(text, parse_constant=lambda word: java_double(word))
    return move, analysis


def cgos_owners(text):
    """The ownership that CGOS's web page draws, from -1 to 1 in steps of 1/31."""
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return [digits.index(digit) / 31 - 1 for digit in text]


def settled_board():
    """The command that sets up a 9x9 board on which Black has A to D, and White E to J, for good.

    Each side has two eyes of a point; the means of the halves are then near 1 and -1.
    """
    eyes = ("B2", "B8", "H2", "H8")
    stones = [
        f"{'b' if column < 'E' else 'w'} {column}{row}"
        for column in "ABCDEFGHJ"
        for row in range(1, 10)
        if f"{column}{row}" not in eyes
    ]
    return f"gogui-setup {' '.join(stones)}"


GOGUI_TYPES = {
    "bwboard", "cboard", "dboard", "eplist", "gfx", "hstring", "hpstring", "none", "param",
    "plist", "pspairs", "pstring", "sboard", "string", "var", "varb", "varc", "varp", "varpo",
    "varw",
}  # fmt: skip


def gogui_body(reply):
    """What GoGui takes of a reply: skipped up to the first blank, and cut."""
    assert reply.startswith("=")
    return reply.partition(" ")[2].strip()


def gogui_definitions(reply):
    """The menu: (type, label, command) of each line; one bad line and all are refused."""
    menu = []
    for line in gogui_body(reply).split("\n"):
        fields = line.split("/")
        assert 3 <= len(fields) <= 5
        assert fields[0] in GOGUI_TYPES
        menu.append((fields[0], fields[1], fields[2]))
    assert len({label for _, label, _ in menu}) == len(menu)  # others would be dropped
    return menu


def gogui_board(reply, side):
    """A dboard: rows from the top."""
    rows = [[java_double(word) for word in row.split()] for row in gogui_body(reply).split("\n")]
    assert [len(row) for row in rows] == [side] * side
    return rows


def gogui_pairs(reply):
    """A pspairs: the text on each point."""
    words = gogui_body(reply).split()
    return dict(zip(words[::2], words[1::2], strict=True))


def gogui_parameters(reply):
    """The rows of a dialog: key, and (type, value)."""
    rows = {}
    for line in gogui_body(reply).split("\n"):
        found = re.fullmatch(r"\[(string|bool|list(?:/\S+)+)\] (\S+) (.*)", line)
        assert found, line
        if found[1] == "bool":
            assert found[3] in ("0", "1")
        if found[1].startswith("list/"):
            assert found[3] in found[1].split("/")[1:]
        rows[found[2]] = (found[1], found[3])
    return rows


def gogui_graphics(text):
    """The commands of a picture: name, and the words after it; unknown ones fail here."""
    drawn = []
    for line in text.strip().split("\n"):
        name, _, rest = line.partition(" ")
        words = rest.split()
        if name == "LABEL":
            assert len(words) % 2 == 0
        elif name == "COLOR":
            assert re.fullmatch(r"#[0-9a-f]{6}", words[0])
        elif name == "VAR":
            assert all(word in "bw" for word in words[::2])
        else:
            assert name == "TEXT"
        drawn.append((name, words))
    return drawn


def gogui_live(stderr):
    """The pictures that GoGui draws while a command runs, in order; CLEAR is an empty one."""
    lines = iter(stderr.split("\n"))
    pictures = []
    for line in lines:
        if line.strip() == "gogui-gfx:":
            rows = []
            while row := next(lines):
                rows.append(row)
            pictures.append(gogui_graphics("\n".join(rows)))
        elif line.startswith("gogui-gfx:"):
            assert line == "gogui-gfx: CLEAR"
            pictures.append([])
    return pictures
