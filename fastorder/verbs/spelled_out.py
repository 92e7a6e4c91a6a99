"""Verbs that share arguments, spelled out for whoever reads or calls one of them.

The arguments of an order stand once, in ``OrderRequest``, and most verbs hand theirs on
to it. ``inspect.signature``, ``help`` and errors show each verb as if it had them all.
"""

from __future__ import annotations

import re
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Any, TypeVar

from fastorder._base.hints import given_by
from fastorder._core.codec.order import OPTIONS, OrderRequest
from fastorder._core.codec.signatures import taking
from fastorder.verbs.options import OrderOptions

if TYPE_CHECKING:
    from collections.abc import Callable

Verb = TypeVar("Verb", bound="Callable[..., Any]")

DEFAULTS = dict.fromkeys(OPTIONS) | {"trailing_stop_loss": False}
"""Of what every verb that places takes by name alone."""


def types_of(options: type) -> dict[str, str]:
    """The types of arguments, by name, as a TypedDict in text has them."""
    return {
        name: getattr(kind, "__forward_arg__", "")
        for name, kind in options.__annotations__.items()
    }


TYPES = types_of(OrderOptions)

ENDING = """
Returns:
    The OrderResult (from a blocking executor), or a Ticket that gives it when awaited;
    the order is on its way when this returns.

Raises:
    InvalidField (a ValueError), WrongFieldType (a TypeError): an argument is wrong;
        with field, rule and value.
    RiskDenied: the executor's limits refuse the order; with each reason as a Denial.
        Nothing was sent.
    TokenMissing, UnknownSymbol, ExecutorClosed, ExecutorMisuse, Halted, Interlocked,
    KeyReused, JournalError: nothing was sent.
"""


def spelled_out(verb: Verb) -> Verb:
    """The same verb; its signature and its docstring name every argument.

    Args:
        verb: takes ``options`` as OrderRequest does, by name.
    """
    signed(verb, "OrderExecutor", DEFAULTS, TYPES)
    code, named = verb.__code__, verb.__kwdefaults__ or {}
    in_order = code.co_varnames[: code.co_argcount]
    verb.__doc__ = documented(verb.__doc__ or "", (*in_order, *named, *OPTIONS))
    return verb


def signed(
    verb: Callable[..., Any],
    owner: str,
    defaults: dict[str, Any],
    types: dict[str, str],
) -> None:
    """Let the signature of a verb name each argument that it takes by name alone.

    Args:
        verb: takes them as ``**something``.
        owner: the class that a person knows it by.
        defaults, types: of these arguments, by name.
    """
    code, named = verb.__code__, verb.__kwdefaults__ or {}
    in_order = code.co_varnames[: code.co_argcount]
    of_last = verb.__defaults__ or ()
    name, needed = f"{owner}.{verb.__name__}", len(in_order) - len(of_last)
    twin = taking(name, in_order, needed, (*named, *defaults))
    twin.__defaults__ = of_last
    twin.__kwdefaults__ = named | defaults
    kept = dict(verb.__annotations__)
    returns = {"return": given_by(kept.pop("return"))}
    twin.__annotations__ = kept | types | returns
    verb.__wrapped__ = twin  # type: ignore[attr-defined]


def documented(text: str, names: tuple[str, ...]) -> str:
    """A docstring with the entries of the arguments that OrderRequest explains.

    Args:
        text: the verb's own, in which others may be explained.
        names: of all its arguments.
    """
    first, _, other = text.partition("\n")
    own, _, args = f"{first}\n{dedent(other)}".rstrip().partition("\n\nArgs:\n")
    entries = dict.fromkeys(ARGUMENTS[name] for name in names if name in ARGUMENTS)
    shared = indent("".join(entries), "    ")
    rest = f"{args}\n" if args else ""
    return f"{own}\n\nArgs:\n{shared}{rest}{ENDING}"


def arguments_of(text: str) -> dict[str, str]:
    """The entries of a docstring's Args, by the names that each of them explains."""
    section = dedent(text.split("Args:\n", 1)[1].split("\n\n", 1)[0]) + "\n"
    entries = re.split(r"^(?=\w)", section, flags=re.MULTILINE)
    return {
        name: entry
        for entry in entries
        for name in re.findall(r"\w+", entry.split(":", 1)[0])
    }


ARGUMENTS = arguments_of(OrderRequest.__doc__ or "")
