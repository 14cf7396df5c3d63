"""A query of positions: what its fields say, checked before anything is searched."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from lzp.engine.analysis.fields import (
    Fields,
    QueryError,
    read_flag,
    read_integer,
    read_integers,
    read_locations,
    read_moves,
    read_number,
    read_player,
    read_text,
)
from lzp.engine.analysis.record import MOST_MOVES, Record
from lzp.engine.analysis.settings import MOST_PV_LENGTH, SettingError, Settings
from lzp.engine.restrictions import MoveRestrictions, Restriction
from lzp.go.constants import BLACK, MAX_SIDE, MIN_SIDE, WHITE
from lzp.go.rules import TERRITORY, Rules, RulesError

_MOST_PRIORITY = 2**31 - 1
_MOST_KOMI = 150
_MOST_DEPTH = 1_000_000_000
_RULES = 'Must specify rules string, such as "chinese" or "tromp-taylor", or a JSON object'
_DICTS = "Must be a list of dicts with subfields 'player', 'moves', 'untilDepth'"
#: What is asked for and cannot be given, and why.
_NOT_GIVEN = {
    "includeMovesOwnership": "ownership is estimated for the position itself, not for each move",
    "includeOwnershipStdev": "there is no spread of an ownership that is estimated",
    "includeMovesOwnershipStdev": "there is no spread of an ownership that is estimated",
    "includeNoResultValue": "no game ends without a result here",
}
_FIELDS = {
    *("id", "boardXSize", "boardYSize", "initialStones", "initialPlayer", "moves", "rules"),
    *("komi", "whiteHandicapBonus", "analyzeTurns", "priority", "priorities", "maxVisits"),
    *("overrideSettings", "rootFpuReductionMax", "rootPolicyTemperature", "analysisPVLen"),
    *("includeOwnership", "includePolicy", "includePVVisits", "avoidMoves", "allowMoves"),
    *("reportDuringSearchEvery", "firstReportDuringSearchAfter", *_NOT_GIVEN),
}

#: (color, moves, depth): the moves that a color is told to avoid, or allowed, so deep.
_Limit = tuple[int, tuple[int, ...], int]


@dataclass(frozen=True, kw_only=True, slots=True)
class Query:
    """Positions of a game to be searched.

    Attributes:
        id: the client's name for it.
        record: the game.
        priorities: by the turns to be searched; the higher is served first.
        settings: how.
        avoid: moves to leave out: (color, moves, depth) each.
        allow: moves beside which there are to be no others, likewise.
        report_every_s: seconds between reports while it searches; None for none.
        first_report_s: seconds to the first of them.
        policy: whether the network's policy is wanted.
        ownership: whether it is wanted whose the points are.
        pv_visits: whether the visits of each move of a variation are wanted.
    """

    id: str
    record: Record
    priorities: dict[int, int]
    settings: Settings
    avoid: tuple[_Limit, ...] = ()
    allow: tuple[_Limit, ...] = ()
    report_every_s: float | None = None
    first_report_s: float | None = None
    policy: bool = False
    ownership: bool = False
    pv_visits: bool = False

    def restrictions(self, turn: int) -> MoveRestrictions | None:
        """Return what may not be played from a turn on; None for no such moves."""
        if not self.avoid and not self.allow:
            return None
        area = self.record.side**2
        avoid = list(self.avoid)
        for color, moves, depth in self.allow:
            # Ours leaves passing open where points are allowed, and all where none are.
            others = () if moves else tuple(range(area))
            avoid.append((color, others if area in moves else (*others, area), depth))
        return MoveRestrictions(avoid=_restrict(avoid, turn), allow=_restrict(self.allow, turn))


def _restrict(limits: Sequence[_Limit], turn: int) -> tuple[Restriction, ...]:
    """Return the moves of limits as the search takes them."""
    return tuple(
        Restriction(color, move, turn + depth) for color, moves, depth in limits for move in moves
    )


def read_query(
    fields: Fields, settings: Settings, sides: Collection[int]
) -> tuple[Query, list[tuple[str, str]]]:
    """Return what a query asks for, and (field, text) of what it cannot have of it.

    Args:
        fields: with a string as id.
        settings: where the query says nothing else.
        sides: of the boards that there are networks for.

    Raises:
        QueryError: a field cannot be used. Whether the moves are legal is not looked at.
    """
    warnings: list[tuple[str, str]] = []
    record = _read_record(fields, _read_side(fields, sides))
    priorities = _read_priorities(fields, len(record.moves))
    settings = _read_settings(fields, settings, warnings)
    every_s = _read_seconds(fields, "reportDuringSearchEvery")
    first_s = _read_seconds(fields, "firstReportDuringSearchAfter")
    query = Query(
        id=fields["id"],
        record=record,
        priorities=priorities,
        settings=settings,
        avoid=_read_limits(fields, "avoidMoves", record.side),
        allow=_read_limits(fields, "allowMoves", record.side),
        report_every_s=every_s,
        first_report_s=every_s if first_s is None else first_s,
        policy=read_flag(fields, "includePolicy"),
        ownership=read_flag(fields, "includeOwnership"),
        pv_visits=read_flag(fields, "includePVVisits"),
    )
    if "avoidMoves" in fields and "allowMoves" in fields:
        raise QueryError("allowMoves", "Cannot specify both allowMoves and avoidMoves")
    warnings += [(name, text) for name, text in _NOT_GIVEN.items() if read_flag(fields, name)]
    warnings += [(name, "Unexpected or unused field") for name in fields if name not in _FIELDS]
    return query, warnings


def _read_side(fields: Fields, sides: Collection[int]) -> int:
    """Return the lines of the board; QueryError where there is no network for it."""
    for field in ("boardXSize", "boardYSize"):
        if field not in fields:
            raise QueryError(field, f"Must provide an integer from {MIN_SIDE} to {MAX_SIDE}")
    width, height = (
        read_integer(fields, field, MIN_SIDE, MAX_SIDE) for field in ("boardXSize", "boardYSize")
    )
    if width != height or width not in sides:
        loaded = ", ".join(f"{side}x{side}" for side in sorted(sides))
        raise QueryError("boardXSize", f"No network for {width}x{height} boards, only for {loaded}")
    return width


def _read_record(fields: Fields, side: int) -> Record:
    """Return the game."""
    stones = (
        read_moves(fields, "initialStones", side, passes=False)
        if ("initialStones" in fields)
        else []
    )
    if "moves" not in fields:
        raise QueryError("moves", "Must specify an array of [player,location] pairs")
    moves = read_moves(fields, "moves", side, passes=True)
    if len(moves) > MOST_MOVES:
        raise QueryError("moves", f"Must be at most {MOST_MOVES} moves")
    rules = _read_rules(fields)
    return Record(
        side=side,
        komi=_read_komi(fields, rules),
        rules=rules,
        stones=tuple(stones),
        first=_read_first(fields, stones, moves),
        moves=tuple(moves),
    )


def _read_first(
    fields: Fields, stones: Sequence[tuple[int, int]], moves: Sequence[tuple[int, int]]
) -> int:
    """Return who begins: whom the query names, or who moves first, or White after a handicap."""
    if "initialPlayer" in fields:
        return read_player(fields, "initialPlayer")
    if moves:
        return moves[0][0]
    black = sum(color == BLACK for color, _ in stones)
    return WHITE if black > 1 and black == len(stones) else BLACK


def _read_rules(fields: Fields) -> Rules:
    """Return the rules, with the query's own word on handicap over them."""
    value = fields.get("rules")
    if not isinstance(value, str | dict):
        raise QueryError("rules", _RULES)
    try:
        rules = Rules.parse(value) if isinstance(value, str) else Rules.from_json(value)
    except (RulesError, TypeError) as error:
        raise QueryError("rules", f"Could not parse rules: {error}") from None
    if "whiteHandicapBonus" not in fields:
        return rules
    try:
        return rules.with_rule("whiteHandicapBonus", read_text(fields, "whiteHandicapBonus"))
    except RulesError as error:
        raise QueryError("whiteHandicapBonus", str(error)) from None


def _read_komi(fields: Fields, rules: Rules) -> float:
    """Return the komi, by default what is usual under the rules."""
    if "komi" not in fields:
        return 7.0 if rules.button else 6.5 if rules.scoring == TERRITORY else 7.5
    komi = read_number(fields, "komi", -_MOST_KOMI, _MOST_KOMI)
    if komi * 2 != int(komi * 2):
        raise QueryError("komi", "Must be an integer or half-integer")
    return komi


def _read_priorities(fields: Fields, last: int) -> dict[int, int]:
    """Return the priority of each turn to be searched, in rising order."""
    turns = read_integers(fields, "analyzeTurns") if "analyzeTurns" in fields else [last]
    for turn in turns:
        if not 0 <= turn <= last:
            raise QueryError("analyzeTurns", f"Invalid turn number: {turn}")
    if "priorities" not in fields:
        priority = _read_priority(fields)
        return dict.fromkeys(sorted(turns), priority)
    if "priority" in fields:
        raise QueryError("priorities", "Cannot specify both priority and priorities")
    priorities = read_integers(fields, "priorities")
    if "analyzeTurns" not in fields or len(priorities) != len(turns):
        raise QueryError("priorities", "Must be of the same length as analyzeTurns")
    if any(abs(each) > _MOST_PRIORITY for each in priorities):
        raise QueryError("priorities", f"Must be integers within {_MOST_PRIORITY} of 0")
    return dict(sorted(zip(turns, priorities, strict=True)))


def _read_priority(fields: Fields) -> int:
    if "priority" not in fields:
        return 0
    return read_integer(fields, "priority", -_MOST_PRIORITY, _MOST_PRIORITY)


def _read_seconds(fields: Fields, field: str) -> float | None:
    return read_number(fields, field, 0.001, 1e6) if field in fields else None


def _read_settings(fields: Fields, settings: Settings, warnings: list[tuple[str, str]]) -> Settings:
    """Return the settings with the query's over them."""
    if "overrideSettings" in fields:
        settings = _override(fields["overrideSettings"], settings, warnings)
    words: dict[str, str] = {}
    if "maxVisits" in fields:
        words["maxVisits"] = str(read_integer(fields, "maxVisits", 1, 2**50))
    if "analysisPVLen" in fields:
        words["analysisPVLen"] = str(read_integer(fields, "analysisPVLen", 1, MOST_PV_LENGTH))
    for field, low, high in (
        ("rootFpuReductionMax", 0.0, 2.0),
        ("rootPolicyTemperature", 0.01, 100.0),
    ):
        if field in fields:
            words[field] = repr(read_number(fields, field, low, high))
    return settings.changed(words)[0]


def _override(value: Any, settings: Settings, warnings: list[tuple[str, str]]) -> Settings:
    """Return settings with `overrideSettings` over them; what means nothing here is told."""
    if not isinstance(value, dict):
        raise QueryError("overrideSettings", "Must be an object")
    words = {k: v if isinstance(v, str) else json.dumps(v) for k, v in value.items()}
    try:
        settings, unknown = settings.changed(words)
    except SettingError as error:
        raise QueryError("overrideSettings", f"Could not set settings: {error}") from None
    if unknown:
        text = f"Unknown or unused settings: {', '.join(unknown)}"
        warnings.append(("overrideSettings", text))
    return settings


def _read_limits(fields: Fields, field: str, side: int) -> tuple[_Limit, ...]:
    """Return the moves of `avoidMoves` or `allowMoves`."""
    if field not in fields:
        return ()
    value = fields[field]
    if not isinstance(value, list) or not all(_is_limit(each) for each in value):
        raise QueryError(field, _DICTS)
    if field == "allowMoves" and len(value) > 1:
        raise QueryError(field, "Currently allowMoves only allows one entry")
    return tuple(_read_limit(each, field, side) for each in value)


def _is_limit(value: Any) -> bool:
    return isinstance(value, dict) and {"player", "moves", "untilDepth"} <= value.keys()


def _read_limit(value: Fields, field: str, side: int) -> _Limit:
    color = read_player(value, "player", field)
    moves = read_locations(value, "moves", field, side)
    try:
        depth = read_integer(value, "untilDepth", 1, _MOST_DEPTH)
    except QueryError:
        raise QueryError(field, "untilDepth must be a positive integer") from None
    return color, tuple(moves), depth
