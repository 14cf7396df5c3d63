"""Commands about rule sets, in KataGo's words and in those of KGS."""

import json

from lzp.engine.gtp.arguments import Args, need
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session
from lzp.go.rules import Rules, RulesError

#: What kgsGtp says, and the rules that KGS plays by under these names.
_KGS = {
    "chinese": "chinese-kgs",
    "aga": "aga",
    "japanese": "japanese",
    "new_zealand": "new-zealand",
}


def get_rules(session: Session, _: Args) -> str:
    """kata-get-rules: the rules as one line of KataGo's JSON."""
    return json.dumps(session.game.rules.as_json(), separators=(",", ":"))


def set_rules(session: Session, args: Args) -> str:
    """kata-set-rules RULES: a name, KataGo's short form or its JSON; the position stays."""
    need(args, 1)
    try:
        session.game.rules = Rules.parse(" ".join(args))
    except RulesError as error:
        raise GtpError(str(error)) from None
    return ""


def set_rule(session: Session, args: Args) -> str:
    """kata-set-rule RULE VALUE: one of them, such as "ko SIMPLE"; the others stay."""
    need(args, 2)
    try:
        session.game.rules = session.game.rules.with_rule(args[0], args[1])
    except RulesError as error:
        raise GtpError(str(error)) from None
    return ""


def kgs_rules(session: Session, args: Args) -> str:
    """kgs-rules chinese | aga | japanese | new_zealand: as KGS has them."""
    need(args, 1)
    name = _KGS.get(args[0].lower())
    if name is None:
        raise GtpError(f"unknown rules {args[0]!r}; known are {', '.join(_KGS)}")
    session.game.rules = Rules.named(name)
    return ""


HANDLERS: dict[str, Handler] = {
    "kata-get-rules": get_rules,
    "kata-set-rules": set_rules,
    "kata-set-rule": set_rule,
    "kgs-rules": kgs_rules,
}
