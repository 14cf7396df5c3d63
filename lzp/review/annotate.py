"""A review as additions to the record's own SGF.

==========  =====================================================================
SBKV        Black's winrate of the position, in percent: Sabaki's graph
C           what the search says of the move, under the record's own comment
DO BM TE    inaccuracy; mistake (1) and blunder (2); a find
GB GW       from here on the game is decided
HO          hotspot: one of the ten biggest mistakes
MA LB       on a mistake: its stone crossed out, the better moves lettered
TR          elsewhere: where the search would have played instead
V           the position's value for Black, in [-1, 1]
branches    what the search expected after its own move in place of a mistake
==========  =====================================================================

Whatever the record has of its own kind stays as it is; only a winrate (SBKV) of another
program is replaced, because a graph of two judges shows nothing.
"""

from lzp.go import BLACK
from lzp.review.judgment import JudgedMove, Position
from lzp.review.review import Review
from lzp.review.words import (
    better_moves,
    lettered,
    move_line,
    own_move,
    summary_lines,
    variation_text,
    winrate_text,
)
from lzp.sgf import SgfError
from lzp.sgf.additions import RecordText
from lzp.sgf.writer import sgf_point

#: Branches are shown so far.
_BRANCH_MOVES = 12
#: A game is decided where a player keeps this winrate to the end.
_DECIDED = 0.95
_MOVE_MARKS = frozenset(("BM", "DO", "IT", "TE"))
_POSITION_MARKS = frozenset(("DM", "GB", "GW", "UC"))
_POINT_MARKS = ("CR", "MA", "SL", "SQ", "TR")
_LETTERS = "ABC"


def annotate(text: bytes, review: Review) -> bytes:
    """Return a record's text with a review of its first game.

    Args:
        text: the file's bytes.
        review: of that game.

    Raises:
        SgfError: the text is not that of the review's record.
    """
    record = RecordText(text)
    places = nodes_of_moves(record, review)
    _annotate_root(record, review)
    for move, node, following in zip(review.moves, places, [*places[1:], -1], strict=True):
        if node != following:  # a node with two moves is that of the second
            _annotate_move(record, node, review, move)
    decided = decided_at(review)
    if decided is not None:
        ply, color = decided
        node = places[ply - 1]
        if _POSITION_MARKS.isdisjoint(record.names(node)):
            record.add(node, "GB" if color == BLACK else "GW", ["1"])
    for move in review.mistakes():
        node = places[move.ply - 1]
        if "HO" not in record.names(node):
            record.add(node, "HO", ["2" if move.verdict == "blunder" else "1"])
    return record.result()


def decided_at(review: Review) -> tuple[int, int] | None:
    """Return the first ply, and for whom, from which on the game is decided; None if never."""
    winrates = [position.winrate_black for position in review.positions[1:]]
    for color, own in ((BLACK, winrates), (3 - BLACK, [1 - w for w in winrates])):
        ply = len(own)
        while ply and own[ply - 1] >= _DECIDED:
            ply -= 1
        if ply < len(own):
            return ply + 1, color
    return None


def nodes_of_moves(record: RecordText, review: Review) -> list[int]:
    """Return the node of each reviewed move.

    Raises:
        SgfError: the text is not that of the review's record.
    """
    plies = record.plies()
    places = [node for node, ply in enumerate(plies) for _ in range(_moves_in(plies, node))]
    if len(places) < len(review.moves):
        raise SgfError("the text has fewer moves than were reviewed")
    return places[: len(review.moves)]


def comments_by_ply(record: RecordText, review: Review) -> tuple[str, ...]:
    """Return the record's own comments on each position, the first one included."""
    comments: list[list[str]] = [[] for _ in review.positions]
    for node, ply in enumerate(record.plies()):
        if ply < len(comments) and (text := record.comment(node).strip()):
            comments[ply].append(text)
    return tuple("\n\n".join(texts) for texts in comments)


def _moves_in(plies: list[int], node: int) -> int:
    """Return how many moves a node has."""
    return plies[node] - (plies[node - 1] if node else 0)


def _annotate_root(record: RecordText, review: Review) -> None:
    """Say at the root what was done and found."""
    first = review.positions[0]
    if {"B", "W"}.isdisjoint(record.names(0)):
        _add_winrate(record, 0, first)
    record.add_text(0, "\n".join(summary_lines(review)))


def _annotate_move(record: RecordText, node: int, review: Review, move: JudgedMove) -> None:
    """Annotate one move of the game."""
    before, after = review.positions[move.ply - 1 : move.ply + 1]
    _add_winrate(record, node, after)
    record.add_text(node, "\n".join(_comment(review, move, before)))
    looked_at = move.color in review.params.colors
    if looked_at and _MOVE_MARKS.isdisjoint(record.names(node)):
        _add_move_mark(record, node, move)
    side = review.game.side
    if review.is_marked(move):
        _mark_points(record, node, "MA", [sgf_point(move.move, side).decode()])
        _add_letters(record, node, side, before, move)
        if node:
            record.add_variation(node, _branch(review, move))
    elif looked_at and move.lost is not None and not move.is_best:
        _mark_points(record, node, "TR", [sgf_point(move.best.move, side).decode()])


def _add_winrate(record: RecordText, node: int, position: Position) -> None:
    """Write Black's winrate for Sabaki's graph, and as the node's value."""
    record.replace(node, "SBKV", f"{100 * position.winrate_black:.2f}")
    if "V" not in record.names(node):
        record.add(node, "V", [f"{round(2 * position.winrate_black - 1, 3) + 0.0:.3f}"])


def _comment(review: Review, move: JudgedMove, before: Position) -> list[str]:
    """Return what is said of a move."""
    side = review.game.side
    lines = [move_line(move, side)]
    if move.color in review.params.colors and not move.is_best and move.lost is not None:
        is_marked = review.is_marked(move)
        lines += better_moves(before, move, side) if is_marked else [own_move(move, side)]
    lines.append(winrate_text(review.positions[move.ply]))
    return lines


def _add_move_mark(record: RecordText, node: int, move: JudgedMove) -> None:
    """Mark a move as doubtful, bad or good."""
    if move.verdict == "inaccuracy":
        record.add(node, "DO", [""])
    elif move.verdict in ("mistake", "blunder"):
        record.add(node, "BM", ["2" if move.verdict == "blunder" else "1"])
    elif move.verdict == "find":
        record.add(node, "TE", ["1"])


def _mark_points(record: RecordText, node: int, name: str, points: list[str]) -> None:
    """Mark points that the record has no mark on."""
    taken = {value for other in _POINT_MARKS for value in record.values(node, other)}
    free = [point for point in points if point and point.encode() not in taken]
    if free:
        record.add(node, name, free)


def _add_letters(
    record: RecordText, node: int, side: int, before: Position, move: JudgedMove
) -> None:
    """Letter the better moves where the record has no label of its own."""
    taken = {value[:2] for value in record.values(node, "LB")}
    labels = []
    for letter, report in zip(_LETTERS, lettered(before, move), strict=False):
        point = sgf_point(report.move, side)
        if point and point not in taken:
            labels.append(f"{point.decode()}:{letter}")
    if labels:
        record.add(node, "LB", labels)


def _branch(review: Review, move: JudgedMove) -> list[dict[str, str]]:
    """Return what the search expected after its own move, as nodes."""
    side = review.game.side
    line = move.best.pv[:_BRANCH_MOVES]
    color = move.color
    nodes = []
    for number, played in enumerate(line):
        node = {"B" if color == BLACK else "W": sgf_point(played, side).decode()}
        if number == 0:
            node |= {"TE": "1", "C": variation_text(move.best, side)}
        nodes.append(node)
        color = 3 - color
    return nodes
