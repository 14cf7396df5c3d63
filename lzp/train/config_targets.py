"""What a configuration asks to be built, checked without building it.

A configuration file is data and must not be able to call whatever Python can import: a
target belongs to a short list of packages, it is a class or, with `_partial_`, a function
that says what it makes, and what it makes fits where it stands.
"""

import importlib
import inspect
import typing
from collections.abc import Callable, Iterable
from typing import Any

from lzp.net.plain_data import ALLOWED_PACKAGES
from lzp.train.config_values import ConfigError, check_value, classes_in, describe

_CONTROL_KEYS = frozenset({"_target_", "_partial_"})
_LOOSE_KINDS = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def check_described(key: str, config: Any, made: Any, given: Iterable[str] = ()) -> None:
    """Check the description of an object, and of all that it is made of.

    Args:
        key: where it stands, for messages.
        config: its `_target_` and parameters.
        made: what it must make: a class, or `Callable[..., C]` for what makes a C later.
        given: parameters that the program passes itself.

    Raises:
        ConfigError: it is no such description; names the full key.
    """
    if not isinstance(config, dict) or "_target_" not in config:
        raise ConfigError(f"{key}: {config!r}, expected a mapping with a _target_")
    target = _find_target(key, config["_target_"])
    _check_product(key, config, target, made)
    signature = inspect.signature(target)
    first = next(iter(signature.parameters), "")
    # What is only prepared gets its first parameter later, from whoever calls it.
    passed = {first} if config.get("_partial_") else set(given)
    _check_names(key, config, signature, passed)
    hints = _annotations(target)
    for name, parameter in signature.parameters.items():
        if name in config and not _is_default(config[name], parameter.default):
            _check_part(f"{key}.{name}", hints.get(name, Any), config[name])
    for name in config.keys() - signature.parameters.keys() - _CONTROL_KEYS:
        _check_part(f"{key}.{name}", Any, config[name])  # of **keywords


def _check_part(key: str, annotation: Any, value: Any) -> None:
    """Check a parameter's value, and every description in it."""
    check_value(key, annotation, value)
    if isinstance(value, dict) and "_target_" in value:
        check_described(key, value, annotation)
    elif isinstance(value, dict):
        for name, child in value.items():
            _check_part(f"{key}.{name}", Any, child)
    elif isinstance(value, list):
        for index, child in enumerate(value):
            nested = isinstance(child, (dict, list))
            _check_part(f"{key}[{index}]", annotation if nested else Any, child)


def _check_product(key: str, config: dict[str, Any], target: Any, wanted: Any) -> None:
    """Check that a target makes what is wanted, now or later."""
    partial = config.get("_partial_", False)
    if not isinstance(partial, bool):
        raise ConfigError(f"{key}._partial_: {partial!r}, expected true or false")
    later = typing.get_origin(wanted) is Callable
    if partial != later and wanted is not Any:
        raise ConfigError(f"{key}._partial_: must be {str(later).lower()} here")
    if not partial and not inspect.isclass(target):
        raise ConfigError(f"{key}._target_: {config['_target_']} is not a class")
    product = target if inspect.isclass(target) else _annotations(target).get("return")
    classes = classes_in(typing.get_args(wanted)[-1] if later else wanted)
    if classes is not None and not _is_one_of(product, classes):
        names = " or ".join(c.__name__ for c in classes if c.__module__ != "builtins")
        complaint = f"{config['_target_']} does not make a {names or describe(wanted)}"
        raise ConfigError(f"{key}._target_: {complaint}")


def _is_one_of(product: Any, classes: tuple[type, ...]) -> bool:
    if not inspect.isclass(product):
        return False
    try:
        return issubclass(product, classes)
    except TypeError:  # a protocol with attributes cannot be asked
        return True


def _check_names(
    key: str, config: dict[str, Any], signature: inspect.Signature, passed: set[str]
) -> None:
    """Refuse unknown keys, keys that the program passes itself, and missing ones."""
    parameters = signature.parameters
    loose = [p.name for p in parameters.values() if p.kind in _LOOSE_KINDS]
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters.values())
    known = [name for name in parameters if name not in passed and name not in loose]
    for name in config.keys() - _CONTROL_KEYS:
        if name in passed:
            raise ConfigError(f"{key}.{name}: lzp-train passes this itself")
        if name.startswith("_") or (name not in known and not takes_any):
            raise ConfigError(f"{key}.{name}: no such key; keys are {', '.join(known)}")
    for name in known:
        if name not in config and parameters[name].default is inspect.Parameter.empty:
            raise ConfigError(f"{key}.{name}: missing")


def _find_target(key: str, target: Any) -> Callable[..., Any]:
    """Return the class or function that a target names, if it may be called.

    The name's package is checked before the import, the object's own package after it:
    `lzp.x.os.system` begins well and ends elsewhere.
    """
    refusal = f"{key}._target_: {target!r} is not one of {', '.join(ALLOWED_PACKAGES)}"
    if not isinstance(target, str) or not target.startswith(ALLOWED_PACKAGES):
        raise ConfigError(refusal)
    if any(part.startswith("_") for part in target.split(".")):
        raise ConfigError(f"{key}._target_: {target} is private")
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


def _is_default(value: Any, default: Any) -> bool:
    return type(value) is type(default) and bool(value == default)
