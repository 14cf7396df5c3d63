"""Rule sets: how a game is scored, which repetitions and suicides are allowed, handicap.

The fields, their words and the rule sets' names are KataGo's
(https://lightvector.github.io/KataGo/rules.html and its GTP extensions), so that boards
which know KataGo can ask for them and read them.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

#: Who owns what in the end: stones and territory, or territory and prisoners.
AREA, TERRITORY = "AREA", "TERRITORY"
#: What may not come again: the last position but one, any position, or any position with the
#: same player to move.
SIMPLE, POSITIONAL, SITUATIONAL = "SIMPLE", "POSITIONAL", "SITUATIONAL"
#: What is not counted: nothing, eyes in seki, or two eyes of every group.
NO_TAX, SEKI_TAX, ALL_TAX = "NONE", "SEKI", "ALL"
#: What White gets in a handicap game: nothing, a point for each stone but one, or for each.
NO_BONUS, LESS_ONE, EACH_STONE = "0", "N-1", "N"

_WORDS: dict[str, tuple[str, ...]] = {
    "scoring": (AREA, TERRITORY),
    "ko": (SIMPLE, POSITIONAL, SITUATIONAL),
    "tax": (NO_TAX, SEKI_TAX, ALL_TAX),
    "handicap_bonus": (NO_BONUS, LESS_ONE, EACH_STONE),
}
#: KataGo's words for our fields.
_FIELDS = {
    "ko": "ko",
    "scoring": "scoring",
    "score": "scoring",
    "tax": "tax",
    "suicide": "suicide",
    "hasButton": "button",
    "whiteHandicapBonus": "handicap_bonus",
    "friendlyPassOk": "friendly_pass",
}
_FLAGS = ("suicide", "button", "friendly_pass")
_SHORT = re.compile(
    r"(?:(ko)(SIMPLE|POSITIONAL|SITUATIONAL)|(score|scoring)(AREA|TERRITORY)"
    r"|(tax)(NONE|SEKI|ALL)|(sui)([01])|(button)([01])|(whb)(0|N-1|N)|(fpok)([01]))",
    re.IGNORECASE,
)
_SHORT_FIELDS = {
    "sui": "suicide",
    "button": "hasButton",
    "whb": "whiteHandicapBonus",
    "fpok": "friendlyPassOk",
}
_TRUTH = {"true": True, "1": True, "false": False, "0": False}


class RulesError(ValueError):
    """Rules that there are not, or that cannot be read; one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """One rule set; without arguments, what Leela Zero plays by.

    A move that takes only itself off, which would be a pass, is never legal. Passing always
    is, and no superko rule looks at positions that a pass makes.

    Attributes:
        scoring: AREA or TERRITORY.
        ko: SIMPLE, POSITIONAL or SITUATIONAL.
        tax: NO_TAX, SEKI_TAX or ALL_TAX.
        suicide: whether a move may take two or more stones of its own off the board.
        button: whether the first pass takes a button that is worth half a point, and does
            not count towards the end of the game.
        handicap_bonus: NO_BONUS, LESS_ONE or EACH_STONE.
        friendly_pass: whether dead stones may be left on the board: they are taken off before
            the count. Else every stone counts as alive.
    """

    scoring: str = AREA
    ko: str = POSITIONAL
    tax: str = NO_TAX
    suicide: bool = False
    button: bool = False
    handicap_bonus: str = EACH_STONE
    friendly_pass: bool = True

    def __post_init__(self) -> None:
        """Check every field.

        Raises:
            RulesError: naming the field and its value.
        """
        for name, words in _WORDS.items():
            if getattr(self, name) not in words:
                known = ", ".join(words)
                raise RulesError(f"{name} must be one of {known}, not {getattr(self, name)!r}")
        for name in _FLAGS:
            if not isinstance(getattr(self, name), bool):
                raise RulesError(f"{name} must be true or false, not {getattr(self, name)!r}")
        if self.button and self.scoring == TERRITORY:
            raise RulesError("a button goes with area scoring alone")

    @classmethod
    def named(cls, name: str) -> "Rules":
        """Return a rule set by its name; case, blanks, hyphens and underscores do not matter.

        Raises:
            RulesError: there is none of this name; the text lists them.
        """
        plain = re.sub(r"[\s_-]", "", name).lower()
        plain = _OTHER_NAMES.get(plain, plain)
        for known, rules in NAMED.items():
            if known.replace("-", "") == plain:
                return rules
        raise RulesError(f"unknown rules {name!r}; known are {', '.join(NAMED)}")

    @classmethod
    def parse(cls, text: str) -> "Rules":
        """Return what a name, KataGo's short form or its JSON means.

        What JSON or the short form leave out is as Tromp and Taylor have it, but for the
        tax, which territory scoring puts on sekis, and for dead stones, which only all of
        Tromp and Taylor's rules leave on the board.

        Raises:
            RulesError: the text is none of these.
        """
        text = text.strip()
        if text.startswith("{"):
            try:
                values = json.loads(text)
            except (ValueError, RecursionError):
                raise RulesError("the rules are not valid JSON") from None
            return cls.from_json(values)
        short = _read_short(text)
        return cls.named(text) if short is None else cls.from_json(short)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Rules":
        """Return the rules of a JSON object in KataGo's words; see `parse`.

        Raises:
            RulesError: naming the key that is unknown, or its value.
        """
        changes: dict[str, Any] = {}
        for key, value in values.items():
            if key not in _FIELDS:
                raise RulesError(f"unknown rule {key!r}")
            changes[_FIELDS[key]] = value.upper() if isinstance(value, str) else value
        if changes.get("scoring") == TERRITORY:
            changes.setdefault("tax", SEKI_TAX)
        strict = NAMED["tromp-taylor"]
        if replace(strict, **changes) != strict:
            changes.setdefault("friendly_pass", True)
        return replace(strict, **changes)

    def with_rule(self, key: str, text: str) -> "Rules":
        """Return these rules with one changed, both words KataGo's: "suicide", "true".

        Raises:
            RulesError: naming the key that is unknown, or its value.
        """
        values = self.as_json()
        if key not in _FIELDS:
            raise RulesError(f"unknown rule {key!r}")
        is_flag = isinstance(values.get(key), bool)
        value = _TRUTH.get(text.lower(), text) if is_flag else text.upper()
        changes: dict[str, Any] = {_FIELDS[key]: value}
        return replace(self, **changes)

    def as_json(self) -> dict[str, Any]:
        """Return the rules in KataGo's words, sorted by key; `json.dumps` writes them."""
        return {
            "friendlyPassOk": self.friendly_pass,
            "hasButton": self.button,
            "ko": self.ko,
            "scoring": self.scoring,
            "suicide": self.suicide,
            "tax": self.tax,
            "whiteHandicapBonus": self.handicap_bonus,
        }

    def __str__(self) -> str:
        """Return the first name of the rules, or KataGo's short form if they have none."""
        for name, rules in NAMED.items():
            if rules == self:
                return name
        button = "button1" if self.button else ""
        passing = "" if self.friendly_pass else "fpok0"
        return (
            f"ko{self.ko}score{self.scoring}tax{self.tax}sui{self.suicide:d}"
            f"{button}whb{self.handicap_bonus}{passing}"
        )

    @property
    def sgf_name(self) -> str:
        """What a game record calls these rules (RU)."""
        name = str(self)
        return _SGF_NAMES.get(name, name)

    def bonus(self, handicap: int) -> int:
        """Return the points that White gets for Black's handicap stones."""
        if self.handicap_bonus == NO_BONUS or handicap == 0:
            return 0
        return handicap if self.handicap_bonus == EACH_STONE else handicap - 1


def _read_short(text: str) -> dict[str, Any] | None:
    """Return the JSON values of KataGo's short form ("koSIMPLEscoreAREAtaxNONEsui0"), or None."""
    values: dict[str, Any] = {}
    position = 0
    while position < len(text):
        match = _SHORT.match(text, position)
        if match is None:
            return None
        key, value = (group for group in match.groups() if group is not None)
        key = _SHORT_FIELDS.get(key.lower(), key.lower())
        is_flag = key in ("suicide", "hasButton", "friendlyPassOk")
        values[key] = value == "1" if is_flag else value
        position = match.end()
    return values or None


_CHINESE = Rules(ko=SIMPLE)
_AGA = Rules(ko=SITUATIONAL, handicap_bonus=LESS_ONE)
_JAPANESE = Rules(scoring=TERRITORY, ko=SIMPLE, tax=SEKI_TAX, handicap_bonus=NO_BONUS)
_STONES = Rules(ko=SIMPLE, tax=ALL_TAX, handicap_bonus=NO_BONUS)

#: Rule sets by name; equal ones have several.
NAMED: dict[str, Rules] = {
    "chinese": _CHINESE,
    "chinese-ogs": Rules(),
    "chinese-kgs": Rules(),
    "japanese": _JAPANESE,
    "korean": _JAPANESE,
    "aga": _AGA,
    "bga": _AGA,
    "french": _AGA,
    "aga-button": replace(_AGA, button=True),
    "new-zealand": Rules(ko=SITUATIONAL, suicide=True, handicap_bonus=NO_BONUS),
    "tromp-taylor": Rules(suicide=True, handicap_bonus=NO_BONUS, friendly_pass=False),
    "ing": Rules(suicide=True, handicap_bonus=NO_BONUS),
    "stone-scoring": _STONES,
    "ancient-area": _STONES,
    "ancient-territory": replace(_STONES, scoring=TERRITORY),
}
_OTHER_NAMES = {"nz": "newzealand", "goe": "ing"}
_SGF_NAMES = {
    "chinese": "Chinese",
    "chinese-ogs": "Chinese",
    "japanese": "Japanese",
    "aga": "AGA",
    "new-zealand": "NZ",
    "ing": "GOE",
}
#: What a game is played by unless something else is asked for: Leela Zero's rules.
DEFAULT_RULES = Rules()
