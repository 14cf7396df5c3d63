"""Numbers on the command line of lzp-gtp: what each flag takes, or one line that says so."""

import argparse

_MOST_SEED = 2**64 - 1


def count(text: str) -> int:
    """Read a whole number of 0 or more."""
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise argparse.ArgumentTypeError(f"expected a whole number of 0 or more, not {text!r}")
    return int(text)


def seed(text: str) -> int:
    """Read a whole number of 64 bits, as Leela Zero's own clients send them."""
    if not (text.isascii() and text.isdigit()) or len(text) > 20 or int(text) > _MOST_SEED:
        raise argparse.ArgumentTypeError(f"expected a whole number below 2^64, not {text!r}")
    return int(text)


def percent(text: str) -> int:
    """Read -1 or a percentage."""
    if text == "-1":
        return -1
    number = count(text)
    if number > 100:
        raise argparse.ArgumentTypeError(f"expected -1 to 100, not {text!r}")
    return number


def komi(text: str) -> float:
    """Read a komi."""
    return _between(text, -1000, 1000, "a number of points")


def temperature(text: str) -> float:
    """Read a temperature of the draw of moves."""
    return _between(text, 0.01, 100, "0.01 to 100")


def seconds(text: str) -> float:
    """Read a time of up to a day."""
    return _between(text, 0, 86_400, "0 to 86400 seconds")


def _between(text: str, low: float, high: float, what: str) -> float:
    """Read a decimal number within bounds."""
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        raise argparse.ArgumentTypeError(f"expected {what}, not {text!r}")
    return number
