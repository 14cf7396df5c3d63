"""Commands that read and change parameters: KataGo's, and what GoGui makes a dialog of."""

import json
from typing import Any

from lzp.engine.gtp.arguments import Args, need
from lzp.engine.gtp.parameters import PARAMETERS
from lzp.engine.gtp.protocol import GtpError
from lzp.engine.gtp.session import Handler, Session

_BY_NAME = {name.lower(): name for name in PARAMETERS}


def list_parameters(_: Session, __: Args) -> str:
    """kata-list-params: the names."""
    return " ".join(PARAMETERS)


def get_parameter(session: Session, args: Args) -> str:
    """kata-get-param NAME: its value."""
    need(args, 1)
    return PARAMETERS[_known(args[0])].read(session.options)


def get_parameters(session: Session, _: Args) -> str:
    """kata-get-params: all names and values as a line of JSON."""
    values = {name: each.read(session.options) for name, each in PARAMETERS.items()}
    return json.dumps(values)


def set_parameter(session: Session, args: Args) -> str:
    """kata-set-param NAME VALUE: from the next search on."""
    need(args, 2)
    session.change(**_changes(args[0], args[1]))
    return ""


def set_parameters(session: Session, args: Args) -> str:
    """kata-set-params JSON: several at once; none changes if one of them is wrong."""
    try:
        values = json.loads(" ".join(args))
    except (ValueError, RecursionError):
        raise GtpError("the parameters are not valid JSON") from None
    if not isinstance(values, dict):
        raise GtpError("the parameters are no JSON object")
    changes: dict[str, Any] = {}
    for name, value in values.items():
        changes |= _changes(name, value if isinstance(value, str) else json.dumps(value))
    session.change(**changes)
    return ""


def gogui_parameters(session: Session, args: Args) -> str:
    """lzp-param [NAME VALUE]: as kata-set-param; without words, what GoGui's dialog shows."""
    if args:
        return set_parameter(session, args)
    rows = [
        f"[{each.kind}] {name} {each.value_for_gogui(session.options)}"
        for name, each in PARAMETERS.items()
    ]
    return "\n".join(rows)


def _known(text: str) -> str:
    """Return a name as we spell it; GtpError if it is none."""
    if text.lower() not in _BY_NAME:
        raise GtpError(f"Invalid parameter: {text}")
    return _BY_NAME[text.lower()]


def _changes(text: str, value: str) -> dict[str, Any]:
    """Return the flags that a parameter's new value changes."""
    name = _known(text)
    try:
        return PARAMETERS[name].write(value)
    except ValueError as error:
        raise GtpError(f"{name}: {error}") from None


HANDLERS: dict[str, Handler] = {
    "kata-list-params": list_parameters,
    "kata-get-param": get_parameter,
    "kata-get-params": get_parameters,
    "kata-set-param": set_parameter,
    "kata-set-params": set_parameters,
    "lzp-param": gogui_parameters,
}
