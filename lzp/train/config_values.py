"""Whether a value of a configuration may be meant for a parameter of some type.

Only what a configuration can hold is judged: numbers, text, lists and mappings. A described
object (`_target_`) and an annotation that is no class, a type variable say, pass here.
"""

import inspect
import math
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence, Set
from typing import Any

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}
_PLURALS = {int: "whole numbers", float: "numbers", str: "texts"}


class ConfigError(ValueError):
    """The configuration, or a file it names, cannot be used; the text is one line."""


def one_line(error: BaseException) -> str:
    """Return an error's text as one line; its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def check_value(key: str, annotation: Any, value: Any) -> None:
    """Check a value of a full key.

    Raises:
        ConfigError: it cannot be meant for that type.
    """
    if not accepts(annotation, value):
        raise ConfigError(f"{key}: {value!r}, expected {describe(annotation)}")


def describe(annotation: Any) -> str:
    """Return a type in words, as far as a configuration can hold it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        known = [describe(option) for option in arguments if not _is_tensor(option)]
        return " or ".join(dict.fromkeys(known))
    if origin is typing.Literal:
        return " or ".join(map(str, arguments))
    if _is_list(origin):
        (element, *others) = {a for a in arguments if a is not Ellipsis} or {None}
        many = None if others else _PLURALS.get(element)
        return f"a list of {many}" if many else "a list"
    if _is_mapping(origin):
        return "a mapping"
    return _WORDS.get(annotation, inspect.formatannotation(annotation))


def accepts(annotation: Any, value: Any) -> bool:
    """Return whether a value may be meant for a parameter of that type."""
    if isinstance(value, dict) and "_target_" in value:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(accepts(option, value) for option in arguments)
    if origin is typing.Literal:
        return any(value == option and type(value) is type(option) for option in arguments)
    if _is_list(origin):
        return isinstance(value, list) and _elements_fit(arguments, value)
    if _is_mapping(origin):
        return isinstance(value, dict) and _entries_fit(arguments, value)
    if origin is Callable or annotation is Callable:
        return False  # only a described object can be called
    return _is_plain(annotation, value)


def classes_in(annotation: Any) -> tuple[type, ...] | None:
    """Return the classes that an annotation names, in unions and lists too.

    Returns:
        None where it names something that could be anything, a type variable say.
    """
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType) or _is_list(origin):
        parts = [classes_in(option) for option in arguments if option is not Ellipsis]
        known = [part for part in parts if part is not None]
        return sum(known, ()) if len(known) == len(parts) else None
    if origin is typing.Literal or _is_mapping(origin):
        return ()
    found = origin or annotation
    return (found,) if inspect.isclass(found) and found is not object else None


def _is_tensor(annotation: Any) -> bool:
    # By name, since torch takes long to import and a completion does without.
    return getattr(annotation, "__name__", "") == "Tensor"


def _is_list(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, (Sequence, Set))


def _is_mapping(origin: Any) -> bool:
    return isinstance(origin, type) and issubclass(origin, Mapping)


def _elements_fit(arguments: tuple[Any, ...], value: list[Any]) -> bool:
    """Return whether a list's elements fit `list[X]`, `tuple[X, ...]` or `tuple[X, Y]`."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        arguments = arguments[:1]
    if len(arguments) == 1:
        return all(accepts(arguments[0], element) for element in value)
    return len(arguments) == len(value) and all(map(accepts, arguments, value))


def _entries_fit(arguments: tuple[Any, ...], value: dict[Any, Any]) -> bool:
    """Return whether a mapping's keys and values fit `dict[K, V]`."""
    keys, values = arguments
    return all(accepts(keys, key) and accepts(values, entry) for key, entry in value.items())


def _is_plain(annotation: Any, value: Any) -> bool:
    if annotation is bool or annotation is str:
        return isinstance(value, annotation)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        # An optimizer would take a rate of nan or inf without a word.
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        return number and math.isfinite(value)
    if annotation is None or annotation is type(None):
        return value is None
    if annotation in (list, tuple):
        return isinstance(value, list)
    if annotation is dict:
        return isinstance(value, dict)
    if inspect.isclass(annotation) and annotation not in (Any, object):
        return isinstance(value, str) and issubclass(annotation, os.PathLike)
    return True
