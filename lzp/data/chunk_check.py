"""Chunks of training positions to stored games, and the reasons against each."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lzp.data.chunk_games import ChunkGame, Stray, rebuild_games
from lzp.data.chunk_stream import Frame, RawChunk
from lzp.data.columns import NO_RANK, GameRow
from lzp.data.constants import MOVE_MASK, WHITE_BIT
from lzp.data.mixing_kernels import mix_pair
from lzp.data.owners import owners_of
from lzp.data.reasons import ConvertOptions
from lzp.data.record_kernels import hash_record
from lzp.data.report import Finding, judge
from lzp.features import PLANES, symmetry_tables
from lzp.features.constants import BLACK_TO_MOVE_PLANE
from lzp.features.leela_chunks import (
    AREA,
    SIDE,
    TEXT,
    ChunkPosition,
    format_record,
    parse_record,
)
from lzp.go import BLACK, WHITE
from lzp.go.constants import LEGAL
from lzp.sgf.record import ENDINGS


@dataclass(slots=True)
class CheckedChunk:
    """What some records of a chunk came to.

    Attributes:
        found: games, and positions that are no part of one.
        rows: the games to be stored.
        keys: of each row, what its duplicates have too; None if it has none.
        findings: the reasons, one for everything left out.
    """

    found: int = 0
    rows: list[GameRow] = field(default_factory=list)
    keys: list[int | None] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


class _Rebuilt(NamedTuple):
    """A game, the positions that it was made of, and where they are in their file."""

    game: ChunkGame
    positions: list[ChunkPosition]
    place: str


def check_chunk(raw: RawChunk, options: ConvertOptions) -> CheckedChunk:
    """Rebuild and check the games of a chunk; runs in a worker."""
    checked = CheckedChunk()
    for number, run in _readable_runs(raw, checked):
        for part in rebuild_games(run):
            checked.found += 1
            if isinstance(part, Stray):
                checked.findings.append(_stray_finding(part, f"{raw.place}#{number + part.at}"))
                continue
            positions = run[part.first : part.first + part.positions]
            rebuilt = _Rebuilt(part, positions, f"{raw.place}#{number + part.first}")
            stored, findings = judge(rebuilt.place, _reasons(part, options), options)
            checked.findings += findings
            if stored:
                row = _row(rebuilt, options)
                checked.rows.append(row)
                checked.keys.append(_key(row))
    return checked


def warm_up_chunks() -> None:
    """Compile the kernels that `check_chunk` needs."""
    planes = np.zeros((PLANES, SIDE, SIDE), np.uint8)
    planes[BLACK_TO_MOVE_PLANE] = 1
    record = format_record(ChunkPosition(planes, np.eye(1, AREA + 1, dtype=np.float32)[0], 1), TEXT)
    check_chunk(RawChunk("warm-up", TEXT, 1, (Frame(record),)), ConvertOptions(ownership=True))


def _readable_runs(
    raw: RawChunk, checked: CheckedChunk
) -> Iterator[tuple[int, list[ChunkPosition]]]:
    """Yield the positions between unreadable records, with the number of the first."""
    run: list[ChunkPosition] = []
    for number, frame in enumerate(raw.frames, raw.first):
        try:
            if frame.fault:
                raise ValueError(frame.fault)
            run.append(parse_record(frame.content, raw.version))
        except ValueError as error:
            checked.found += 1
            checked.findings.append(Finding("unreadable", f"{raw.place}#{number}", str(error)))
            yield number - len(run), run
            run = []
    yield raw.first + len(raw.frames) - len(run), run


def _stray_finding(stray: Stray, place: str) -> Finding:
    """Return the reason against a position that is no part of a game."""
    if stray.code == LEGAL:
        return Finding("history", place)
    return Finding("illegal-move", place, "the greatest of the policy cannot be played")


def _reasons(game: ChunkGame, options: ConvertOptions) -> Iterator[tuple[str, str]]:
    """Yield each reason against a game with its detail; a chunk's may be short."""
    if SIDE not in options.sides:
        yield "board-size", f"{SIDE}x{SIDE}"
    if len(game.moves) > options.max_moves:
        yield "too-long", f"{len(game.moves)} moves"
    if game.context == 0 and np.any(game.setup & WHITE_BIT):
        yield "position", f"{len(game.setup)} stones"
    elif _handicap(game):
        yield "handicap", f"{_handicap(game)} stones"


def _handicap(game: ChunkGame) -> int:
    """Return the handicap: the stones that a game begins with, where it begins with any."""
    return len(game.setup) if game.context == 0 and not np.any(game.setup & WHITE_BIT) else 0


def _row(rebuilt: _Rebuilt, options: ConvertOptions) -> GameRow:
    """Return a game as it is stored."""
    game, positions, place = rebuilt
    lists: dict[str, NDArray[Any]] = {"moves": game.moves, "setup": game.setup}
    lists |= _policy_lists(game, [position.policy for position in positions])
    if options.ownership:
        lists["ownership"] = owners_of(SIDE, game.setup, game.moves)
    black_first = positions[0].planes[BLACK_TO_MOVE_PLANE, 0, 0]
    return GameRow(
        lists,
        {
            "side": SIDE,
            "komi": np.nan,
            "handicap": _handicap(game),
            "first_player": WHITE if game.moves[0] & WHITE_BIT else BLACK,
            "result": positions[0].value if black_first else -positions[0].value,
            "ending": ENDINGS.index("unknown"),
            "margin": np.nan,
            "black_rank": NO_RANK,
            "white_rank": NO_RANK,
            "date": 0,
            "hash": hash_record(game.setup, game.moves, symmetry_tables(SIDE)),
            "rules": "",
            "source": place,
            "context": game.context,
        },
    )


def _policy_lists(game: ChunkGame, policies: Sequence[NDArray[np.float32]]) -> dict[str, Any]:
    """Return the policies as columns; none where each is the move played and nothing else."""
    counts, moves, weights = [0] * game.context, [], []
    for policy, code in zip(policies, game.moves[game.context :], strict=True):
        entries = np.flatnonzero(policy.view(np.uint32))  # -0.0 is kept as it is
        if len(entries) == 1 and entries[0] == code & MOVE_MASK and policy[entries[0]] == 1:
            entries = entries[:0]
        counts.append(len(entries))
        moves.append(entries)
        weights.append(policy[entries])
    if not any(counts):
        return {}
    return {
        "policy_counts": np.array(counts, np.uint16),
        "policy_moves": np.concatenate(moves).astype(np.uint16),
        "policy_weights": np.concatenate(weights),
    }


def _key(row: GameRow) -> int | None:
    """Return what the duplicates of a game have in common with it, turned ones too.

    A single position is no game: many games have it, with other results, and each counts.
    Where there was a search, games that agree in moves and in its visits are the same.
    """
    samples = len(row.lists["moves"]) - row.values["context"]
    if samples == 1:
        return None
    name = np.uint64(row.values["hash"])
    if "policy_counts" not in row.lists:
        return int(name)
    counts, weights = row.lists["policy_counts"], row.lists["policy_weights"]
    ends = np.cumsum(counts, dtype=np.int64)
    digest = hashlib.blake2b(digest_size=8)
    for start, end in zip(ends - counts, ends, strict=True):
        digest.update(np.sort(weights[start:end]).tobytes() + b"/")
    return int(mix_pair(name, np.uint64(int.from_bytes(digest.digest(), "big"))))
