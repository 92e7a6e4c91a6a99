"""A name of an argument that there is not is told with the one that was meant."""

from __future__ import annotations

import inspect
from difflib import get_close_matches
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    Called = TypeVar("Called", bound=Callable[..., Any])
    Kind = TypeVar("Kind", bound=type)

LEAST_LIKENESS = 0.75
"""Of two names, by difflib, for one to be taken for a slip of the other."""


def with_near_names(call: Called, called_as: str = "") -> Called:
    """The same function; a name that it does not know is told with what is near it.

    Args:
        call: the function.
        called_as: what it is known by, where that is not its name.
    """
    code = inspect.unwrap(call).__code__
    known = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]

    @wraps(call)
    def called(*given: Any, **named: Any) -> Any:
        unknown = next((name for name in named if name not in known), None)
        if unknown is None:
            return call(*given, **named)
        meant = near(unknown, known)
        hint = f" (did you mean {meant}?)" if meant else ""
        raise TypeError(
            f"{called_as or call.__name__}() got an unexpected keyword argument "
            f"{unknown!r}{hint}"
        )

    return called  # type: ignore[return-value]


def class_with_near_names(kind: Kind) -> Kind:
    """The same class; it tells of names as ``with_near_names`` does.

    So do its constructor and those of its own methods that take options. Nothing that
    is private is listed of one, so that Python suggests none of it.
    """
    kind.__dir__ = for_users  # type: ignore[assignment, method-assign]
    made = with_near_names(kind.__init__, kind.__name__)  # type: ignore[misc]
    kind.__init__ = made  # type: ignore[misc]
    for name, method in list(vars(kind).items()):
        if name[0] != "_" and inspect.isfunction(method) and _has_options(method):
            setattr(kind, name, with_near_names(method, f"{kind.__name__}.{name}"))
    return kind


def for_users(self: object) -> list[str]:
    """What an object has for users: Python suggests of these where one has a slip."""
    listed = object.__dir__(self)
    return [name for name in listed if name[:1] != "_" or name[:2] == "__"]


def near(word: str, names: tuple[str, ...]) -> str:
    """The name that a word is spelled like; "" where a part of it means another thing.

    So "trade_rate" is taken for no "trade_size" where there is a "rate_limit" too.
    """
    said = set(word.split("_")) & {part for name in names for part in name.split("_")}
    like = [name for name in names if said <= set(name.split("_"))]
    return next(iter(get_close_matches(word, like, n=1, cutoff=LEAST_LIKENESS)), "")


def _has_options(method: Callable[..., Any]) -> bool:
    return bool(method.__defaults__ or method.__kwdefaults__)
