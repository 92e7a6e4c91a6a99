"""A Python function with the signature of a compiled one: what Python says to it."""

from __future__ import annotations

from types import FunctionType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def _refuse() -> None:
    raise RuntimeError("this shows how a verb is called, and sends nothing")


def twin_of(verb: Callable[..., Any]) -> FunctionType:
    """A function that takes the same arguments, and refuses to do anything with them.

    Args:
        verb: without ``*args`` and ``**kwargs``, or with one spelled out already.
    """
    spelled_out: FunctionType | None = getattr(verb, "__wrapped__", None)
    if spelled_out is not None:
        return spelled_out
    from inspect import Parameter, signature  # only a wrong call needs them

    given = signature(verb).parameters.values()
    by_name = [each for each in given if each.kind is Parameter.KEYWORD_ONLY]
    in_order = [each for each in given if each.kind is not Parameter.KEYWORD_ONLY]
    twin = taking(
        f"OrderExecutor.{verb.__name__}",
        tuple(each.name for each in in_order),
        sum(each.default is Parameter.empty for each in in_order),
        tuple(each.name for each in by_name),
    )
    twin.__kwdefaults__ = {
        each.name: None for each in by_name if each.default is not Parameter.empty
    }
    return twin


def taking(
    name: str, in_order: tuple[str, ...], needed: int, by_name: tuple[str, ...] = ()
) -> FunctionType:
    """A function that takes these arguments, and refuses to do anything with them.

    Args:
        name: what it is called in an error.
        in_order: its arguments; the first ``needed`` of them may not be left out.
        by_name: those that are given by name alone.
    """
    names = (*in_order, *by_name)
    code = _refuse.__code__.replace(
        co_argcount=len(in_order),
        co_kwonlyargcount=len(by_name),
        co_nlocals=len(names),
        co_varnames=names,
    )
    taker = FunctionType(code, {}, name, (None,) * (len(in_order) - needed))
    taker.__qualname__ = name
    return taker
