"""A line of the client as a JSON object, or why it is none."""

import json
from typing import Any, NoReturn

#: What cannot be read is repeated up to so many characters.
_MOST_SHOWN = 200


class RequestError(ValueError):
    """A line that is no request; the text is for the client."""


def read_request(line: str) -> dict[str, Any]:
    """Return the object that a line holds, which has a string as `id`.

    Raises:
        RequestError: it holds something else.
    """
    shown = line if len(line) <= _MOST_SHOWN else f"{line[:_MOST_SHOWN]}..."
    try:
        request = json.loads(line, parse_constant=_refuse)
    except RecursionError:
        raise RequestError(f"too deep - could not parse input line as json: {shown}") from None
    except ValueError as error:
        raise RequestError(f"{error} - could not parse input line as json: {shown}") from None
    if not isinstance(request, dict):
        raise RequestError(f"Request line was valid json but was not an object: {shown}")
    if not isinstance(request.get("id"), str):
        raise RequestError('Request must have a string "id" field')
    return request


def _refuse(word: str) -> NoReturn:
    """Refuse NaN and Infinity, which Python reads and JSON does not have."""
    raise ValueError(f"{word} is no number of JSON")
