"""KataGo's configuration files and its `-override-config`, as names and values."""

from pathlib import Path

#: A configuration is a few kilobytes; what is larger is something else.
_MOST_BYTES = 1 << 20


class ConfigError(ValueError):
    """A configuration that cannot be read; one line."""


def read_config(path: Path) -> dict[str, str]:
    """Return the names and values of a file of lines "name = value" and "# comments".

    Raises:
        ConfigError: it cannot be read, or a line is something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror or error}") from None
    if len(data) > _MOST_BYTES:
        raise ConfigError(f"{path}: too long to be a configuration")
    values: dict[str, str] = {}
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
        text = _without_comment(line)
        name, equals, value = text.partition("=")
        if equals and name.strip():
            values[name.strip()] = value.strip().strip('"')
        elif text and not text.startswith("@include"):
            raise ConfigError(f"{path}: line {number} is not of the form name = value")
    return values


def _without_comment(line: str) -> str:
    """Return a line up to the first # that no quotation marks hold."""
    quoted = False
    for index, character in enumerate(line):
        quoted ^= character == '"'
        if character == "#" and not quoted:
            return line[:index].strip()
    return line.strip()


def read_overrides(text: str) -> dict[str, str]:
    """Return the names and values of "name=value,name=value".

    Raises:
        ConfigError: a part is something else.
    """
    values: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, equals, value = part.partition("=")
        if not equals or not name.strip():
            raise ConfigError(f"expected name=value,name=value, not {part!r}")
        values[name.strip()] = value.strip()
    return values
