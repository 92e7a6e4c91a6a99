"""The parameters of a strategy: its annotated class attributes, typed and checked."""

from __future__ import annotations

import inspect
import math
import typing
from enum import Enum
from typing import Any, ClassVar, NamedTuple

from fastorder.strategy.errors import BadParameter

KINDS = (int, float, str, bool)


class Parameter(NamedTuple):
    """One parameter.

    Attributes:
        name: of the attribute.
        kind: int, float, str, bool or an Enum.
        default: its value where none is given; REQUIRED for none.
    """

    name: str
    kind: type
    default: Any


class Required:
    """Stands for a default that there is not."""

    def __repr__(self) -> str:
        return "required"


REQUIRED = Required()


def parameters_of(kind: type, base: type) -> dict[str, Parameter]:
    """The annotated public attributes of a class and of those it is made of.

    Raises:
        BadParameter: one has a type that no parameter can have, or a wrong default.
    """
    found: dict[str, Parameter] = {}
    for one in reversed(kind.__mro__):
        if not issubclass(one, base) or one is base:
            continue
        names = vars(one).get("__annotations__", {})
        hints = _hints(one) if names else {}
        for name in names:
            if name.startswith("_") or ClassVar in (
                hints[name],
                typing.get_origin(hints[name]),
            ):
                continue
            found[name] = _parameter(kind, name, hints[name])
    return found


def _hints(kind: type) -> dict[str, Any]:
    """Types of annotations; those that are only text to the type checker stay text."""
    try:
        return inspect.get_annotations(kind, eval_str=True)
    except NameError as error:
        raise BadParameter(
            f"{kind.__name__}: a parameter's type must be known: {error}"
        ) from None


def _parameter(owner: type, name: str, kind: Any) -> Parameter:
    if not isinstance(kind, type) or not (kind in KINDS or issubclass(kind, Enum)):
        raise BadParameter(
            f"{owner.__name__}.{name} must be int, float, str, bool or an Enum, "
            f"was {kind!r}; a ClassVar or a name with _ is no parameter"
        )
    default = getattr(owner, name, REQUIRED)
    if default is not REQUIRED:
        default = checked(owner.__name__, name, kind, default)
    return Parameter(name, kind, default)


def checked(owner: str, name: str, kind: type, value: object) -> Any:
    """A value of the parameter's own type.

    Raises:
        BadParameter: it is of another type, or not finite.
    """
    if kind is float and type(value) is int:
        value = float(value)
    is_right = type(value) is kind if kind in KINDS else isinstance(value, kind)
    if not is_right:
        raise BadParameter(
            f"{owner}.{name} must be {kind.__name__}, was {value!r} "
            f"({type(value).__name__})"
        )
    if isinstance(value, float) and not math.isfinite(value):
        raise BadParameter(f"{owner}.{name} must be finite, was {value!r}")
    return value


def values_of(
    owner: str, known: dict[str, Parameter], given: dict[str, Any]
) -> dict[str, Any]:
    """The value of each parameter, given or by default.

    Raises:
        BadParameter: one is unknown, missing or wrong.
    """
    for name in given:
        if name not in known:
            raise BadParameter(
                f"{owner} has no parameter {name}, only {', '.join(known) or 'none'}"
            )
    values = {}
    for name, one in known.items():
        value = given.get(name, one.default)
        if value is REQUIRED:
            raise BadParameter(f"{owner} needs the parameter {name}")
        values[name] = checked(owner, name, one.kind, value)
    return values
