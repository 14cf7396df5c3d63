"""Raw games to stored ones: parsing, the rules, and the reasons against each."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lzp.data.chunk_check import check_chunk, warm_up_chunks
from lzp.data.chunk_stream import RawChunk
from lzp.data.coding import encode_moves
from lzp.data.columns import NO_RANK, GameBlock, GameRow, block_of_rows
from lzp.data.owners import owners_of
from lzp.data.reasons import ConvertOptions
from lzp.data.record_kernels import check_record, hash_record
from lzp.data.report import Finding, judge
from lzp.data.sources import RawGame
from lzp.features.symmetry import symmetry_tables
from lzp.go import BLACK, EMPTY, WHITE, new_boards
from lzp.go.constants import KO, LEGAL, OCCUPIED, SUICIDE
from lzp.go.vertex import format_color, format_vertex
from lzp.sgf import GameRecord, SgfError, parse_rank, read_games
from lzp.sgf.record import ENDINGS

_DATE = re.compile(r"(\d{4})-(\d\d)(?:-(\d\d))?")
_RESULTS = {BLACK: 1, WHITE: -1, EMPTY: 0}
_MISTAKES = {OCCUPIED: "on a stone", KO: "retakes a ko", SUICIDE: "is suicide"}
#: Reasons that follow from how a game ended.
_ENDING_REASONS = ("draw", "void", "time", "forfeit")
_LARGEST_BYTE = 255


@dataclass(frozen=True, slots=True)
class CheckedGames:
    """What a portion of a source came to.

    Attributes:
        found: games in it, whatever became of them.
        block: those to be stored.
        keys: of each of these, what its duplicates have too; None if it has none.
        findings: the reasons, one for each game left out, any number for those stored.
    """

    found: int
    block: GameBlock
    keys: list[int | None]
    findings: list[Finding]


@dataclass(slots=True)
class _Candidate:
    """One game on its way: what is stored if nothing excludes it."""

    record: GameRecord
    place: str
    setup: NDArray[np.uint16]
    moves: NDArray[np.uint16]


def check_games(chunk: Sequence[RawGame | RawChunk], options: ConvertOptions) -> CheckedGames:
    """Parse and check a portion of a source; runs in a worker."""
    rows: list[GameRow] = []
    keys: list[int | None] = []
    findings: list[Finding] = []
    found = 0
    for raw in chunk:
        if isinstance(raw, RawChunk):
            checked = check_chunk(raw, options)
            found += checked.found
            rows += checked.rows
            keys += checked.keys
            findings += checked.findings
            continue
        for place, record in _records(raw):
            found += 1
            row = _row_if_wanted(place, record, options, findings)
            if row is not None:
                rows.append(row)
                keys.append(int(row.values["hash"]))
    return CheckedGames(found, block_of_rows(rows), keys, findings)


def warm_up() -> None:
    """Compile the kernels that `check_games` needs."""
    text = b"(;GM[1]SZ[19]AB[dd]RE[W+R];W[pp];B[];W[pd])"
    check_games([RawGame("warm-up", text)], ConvertOptions(min_moves=1, ownership=True))
    warm_up_chunks()


def _records(raw: RawGame) -> Iterator[tuple[str, GameRecord | SgfError]]:
    """Yield every game in a text with its place."""
    records = list(read_games(raw.text))
    if not records:
        yield raw.place, SgfError("no game in it")
    for number, record in enumerate(records, 1):
        yield raw.place if len(records) == 1 else f"{raw.place}.{number}", record


def _row_if_wanted(
    place: str, record: GameRecord | SgfError, options: ConvertOptions, findings: list[Finding]
) -> GameRow | None:
    """Return a game as it is stored, None if it is not, and add what was found."""
    if isinstance(record, SgfError):
        findings.append(Finding("unreadable", place, str(record)))
        return None
    candidate = _candidate(record, place)
    stored, noted = judge(place, _reasons(candidate, options), options)
    findings += noted
    return _row(candidate, options) if stored else None


def _candidate(record: GameRecord, place: str) -> _Candidate:
    """Return a record with its moves coded."""
    return _Candidate(record, place, encode_moves(record.setup), encode_moves(record.moves))


def _reasons(game: _Candidate, options: ConvertOptions) -> Iterator[tuple[str, str]]:
    """Yield each reason against a game with its detail, in the order of REASONS.

    Cuts the game at its first impossible move before it yields `illegal-move`.
    """
    record = game.record
    if record.side not in options.sides:
        yield "board-size", f"{record.side}x{record.side}"
    if not record.moves:
        yield "no-moves", ""
    if record.edited_at is not None:
        yield "edited", f"after move {record.edited_at}"
    mistake = _cut_at_mistake(game)
    if mistake:
        yield "illegal-move", mistake
    length = len(game.moves)
    if length == 0:
        yield "no-moves", "none before the first mistake"
    if length < options.min_moves:
        yield "too-short", f"{length} moves"
    if length > options.max_moves:
        yield "too-long", f"{length} moves"
    yield from _result_reasons(record)
    if any(color == WHITE for color, _ in record.setup):
        yield "position", f"{len(record.setup)} stones"
    elif record.handicap or record.setup:
        yield "handicap", f"{_handicap(record)} stones"


def _result_reasons(record: GameRecord) -> Iterator[tuple[str, str]]:
    """Yield what the result has against a game."""
    ending = record.result.ending
    if ending in _ENDING_REASONS:
        yield ending, record.result_text
    elif record.result.winner == EMPTY:
        yield "no-result", f"RE[{record.result_text[:20]}]" if record.result_text else "no RE"


def _cut_at_mistake(game: _Candidate) -> str:
    """Cut a game before its first impossible move and say what it is; empty if there is none."""
    side = game.record.side
    code, ply = check_record(new_boards(1, side), game.setup, game.moves)
    if code == LEGAL:
        return ""
    if ply < 0:
        game.moves = game.moves[:0]
        return "set-up stones on one point or without liberties"
    color, move = game.record.moves[ply]
    game.moves = game.moves[:ply]
    what = _MISTAKES.get(code, "is impossible")
    return f"ply {ply + 1}: {format_color(color)} {format_vertex(move, side)} {what}"


def _handicap(record: GameRecord) -> int:
    """Return the handicap: the record's number, else the Black stones set up."""
    return min(record.handicap or len(record.setup), _LARGEST_BYTE)


def _row(game: _Candidate, options: ConvertOptions) -> GameRow:
    """Return a game as it is stored."""
    lists: dict[str, NDArray[Any]] = {"moves": game.moves, "setup": game.setup}
    if options.ownership:
        lists["ownership"] = owners_of(game.record.side, game.setup, game.moves)
    return GameRow(lists, _values(game))


def _values(game: _Candidate) -> dict[str, Any]:
    """Return a game's values for the number and text columns."""
    record = game.record
    margin = record.result.margin
    return {
        "side": record.side,
        "komi": np.nan if record.komi is None else record.komi,
        "handicap": _handicap(record),
        "first_player": record.first_player,
        "result": _RESULTS[record.result.winner],
        "ending": ENDINGS.index(record.result.ending),
        "margin": np.nan if margin is None else margin,
        "black_rank": _rank(record.black_rank),
        "white_rank": _rank(record.white_rank),
        "date": _date(record.date),
        "hash": hash_record(game.setup, game.moves, symmetry_tables(record.side)),
        "rules": record.rules[:40],
        "source": game.place,
    }


def _rank(text: str) -> int:
    """Return a rank as stored."""
    rank = parse_rank(text)
    return NO_RANK if rank is None else rank


def _date(text: str) -> int:
    """Return the first date in a text as yyyymmdd, the day 0 where it is missing; else 0."""
    match = _DATE.search(text)
    if match is None:
        return 0
    year, month, day = (int(part or 0) for part in match.groups())
    return year * 10000 + month * 100 + day
