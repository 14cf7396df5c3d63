"""The configuration, checked as a whole before any work starts.

Everything that is built is named by a `_target_`: its keys are compared with the
parameters of that class or function, the values with their annotations, and the target
itself with a short list of packages, since a configuration file is data and must not be
able to call whatever Python can import.
"""

import importlib
import inspect
import os
import types
import typing
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from torch import Tensor

from lzp.net.plain_data import ALLOWED_PACKAGES

_GROUPS = ("network", "data", "optimizer", "schedule", "task", "trainer", "callbacks", "logger")
#: Groups that hold any number of objects by name, or none.
_COLLECTIONS = ("callbacks", "logger")
_CONTROL_KEYS = frozenset({"_target_", "_partial_"})

_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "text",
    type(None): "null",
}

Plain = dict[str, Any]


class ConfigError(ValueError):
    """The configuration, or a file it names, cannot be used; the text is one line."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """The values at the top of the configuration, outside its groups.

    Attributes:
        name: of the run, for people and loggers.
        run_dir: folder of everything the run writes.
        seed: of the network's start and the order of positions, 0 or more.
        resume: "auto", True, False, or the path of a checkpoint.
        run_test: whether to measure the best checkpoint on the test split at the end.
    """

    name: str
    run_dir: str
    seed: int
    resume: bool | str
    run_test: bool

    def __post_init__(self) -> None:
        if not 0 <= self.seed < 2**32:
            raise ConfigError(f"seed: must be between 0 and 2**32 - 1, not {self.seed}")


def checked(cfg: DictConfig) -> tuple[RunSettings, Plain]:
    """Resolve a composed configuration and check all of it.

    Returns:
        The top values, and all of it as plain dictionaries and lists.

    Raises:
        ConfigError: a value is missing or of the wrong type, a key is unknown, or a target
            is not allowed; names the full key.
    """
    plain = _plain(cfg)
    wanted = typing.get_type_hints(RunSettings)
    for key in wanted:
        if key not in plain:
            raise ConfigError(f"{key}: missing")
        _check_value(key, wanted[key], plain[key])
    for key in plain.keys() - wanted.keys() - set(_GROUPS):
        raise ConfigError(f"{key}: no such key; keys are {', '.join((*wanted, *_GROUPS))}")
    plain |= {key: plain.get(key) or {} for key in _COLLECTIONS}
    for key in _GROUPS:
        _check_tree(key, plain.get(key))
    return RunSettings(**{key: plain[key] for key in wanted}), plain


def build(config: Plain, key: str, **arguments: Any) -> Any:
    """Make the object that a checked part of the configuration describes.

    Args:
        config: the part, with a `_target_`.
        key: its full key, for messages.
        **arguments: parameters that are objects, not configuration.

    Raises:
        ConfigError: the constructor refuses the values; names the key and its reason.
    """
    try:
        return instantiate(config, **arguments, _convert_="all")
    except Exception as error:
        cause = error.__cause__ or error
        if isinstance(cause, OSError):
            raise ConfigError(f"{cause.filename}: {cause.strerror}") from error
        raise ConfigError(f"{key}: {one_line(cause)}") from error


def one_line(error: BaseException) -> str:
    """Return an error's text as one line; its type where it has none."""
    return " ".join(str(error).split()) or type(error).__name__


def _plain(cfg: DictConfig) -> Plain:
    try:
        plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = getattr(error, "full_key", None)
        raise ConfigError(f"{key}: {str(error).splitlines()[0]}") from error
    assert isinstance(plain, dict)
    return {str(key): value for key, value in plain.items()}


def _check_tree(key: str, value: Any) -> None:
    """Check every target at or below `key`."""
    if isinstance(value, dict):
        if "_target_" in value:
            _check_call(key, value)
        for name, child in value.items():
            _check_tree(f"{key}.{name}", child)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            _check_tree(f"{key}[{index}]", child)


def _check_call(key: str, config: Plain) -> None:
    """Check the keys and values of one target against its signature."""
    target = _find_target(key, config["_target_"])
    parameters = inspect.signature(target).parameters
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    hints = _annotations(target)
    for name, value in config.items():
        if name in _CONTROL_KEYS:
            continue
        if name.startswith("_") or (name not in parameters and not takes_any):
            known = ", ".join(p for p in parameters if p != "self")
            raise ConfigError(f"{key}.{name}: no such key; keys are {known}")
        if name not in parameters or value != parameters[name].default:
            _check_value(f"{key}.{name}", hints.get(name, Any), value)


def _find_target(key: str, target: Any) -> Callable[..., Any]:
    """Return the class or function that a target names, if it may be called.

    The name's package is checked before the import, the object's own package after it:
    `lzp.x.os.system` begins well and ends elsewhere.
    """
    refusal = f"{key}._target_: {target!r} is not one of {', '.join(ALLOWED_PACKAGES)}"
    if not isinstance(target, str) or not target.startswith(ALLOWED_PACKAGES):
        raise ConfigError(refusal)
    package, _, name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(package), name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"{key}._target_: there is no {target}") from error
    module = getattr(found, "__module__", None) or ""
    if not callable(found) or not f"{module}.".startswith(ALLOWED_PACKAGES):
        raise ConfigError(refusal)
    return typing.cast("Callable[..., Any]", found)


def _annotations(target: Callable[..., Any]) -> dict[str, Any]:
    """Return the types of a target's parameters; nothing where they cannot be resolved."""
    try:
        return typing.get_type_hints(target.__init__ if inspect.isclass(target) else target)
    except Exception:  # a library's annotation may name what is imported for checkers alone
        return {}


def _check_value(key: str, annotation: Any, value: Any) -> None:
    if not _accepts(annotation, value):
        raise ConfigError(f"{key}: {value!r}, expected {_describe(annotation)}")


def _describe(annotation: Any) -> str:
    """Return a type in words, as far as a configuration can hold it."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        known = [_describe(option) for option in arguments if option is not Tensor]
        return " or ".join(dict.fromkeys(known))
    if origin is typing.Literal:
        return " or ".join(map(str, arguments))
    if isinstance(origin, type) and issubclass(origin, (Sequence, Set)):
        return "a list"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return "a mapping"
    return _WORDS.get(annotation, inspect.formatannotation(annotation))


def _accepts(annotation: Any, value: Any) -> bool:
    """Return whether a value may be meant for a parameter of that type.

    Only what a configuration can hold is judged: numbers, text, lists and mappings. A
    described object (`_target_`) and an annotation that is no class, a type variable
    say, pass.
    """
    if isinstance(value, dict) and "_target_" in value:
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return any(_accepts(option, value) for option in arguments)
    if origin is typing.Literal:
        return any(value == option and type(value) is type(option) for option in arguments)
    if isinstance(origin, type) and issubclass(origin, (Sequence, Set)):
        return isinstance(value, list) and _elements_fit(arguments, value)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return isinstance(value, dict)
    return _is_plain(annotation, value)


def _elements_fit(arguments: tuple[Any, ...], value: list[Any]) -> bool:
    """Return whether a list's elements fit `list[X]`, `tuple[X, ...]` or `tuple[X, Y]`."""
    if len(arguments) == 2 and arguments[1] is Ellipsis:
        arguments = arguments[:1]
    if len(arguments) == 1:
        return all(_accepts(arguments[0], element) for element in value)
    return len(arguments) == len(value) and all(map(_accepts, arguments, value))


def _is_plain(annotation: Any, value: Any) -> bool:
    if annotation is bool or annotation is str:
        return isinstance(value, annotation)
    if annotation is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if annotation is float:
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if annotation is None or annotation is type(None):
        return value is None
    if annotation in (list, tuple):
        return isinstance(value, list)
    if annotation is dict:
        return isinstance(value, dict)
    if inspect.isclass(annotation) and annotation not in (Any, object):
        return isinstance(value, str) and issubclass(annotation, os.PathLike)
    return True
