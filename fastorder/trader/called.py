"""Errors of an order name its arguments as they were called, and what was meant."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from fastorder._base.hints import number_in
from fastorder.enums import Side
from fastorder.errors import InvalidField, WrongFieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    Refused = InvalidField | WrongFieldType

CALLED = {"limit_price": "limit", "stop_price": "stop"}
"""What the fields of an order are called in the verbs of a trader."""
PRICES = ("limit", "stop", "trail", "stop_loss", "take_profit", "price")
"""What takes a number, and never its text."""
SIDE_FIRST = "buy and sell are the side: the symbol comes first, then how many"
SWAPPED = "the symbol comes first: are the two swapped?"


@contextmanager
def named_as_called(called: dict[str, str] = CALLED) -> Iterator[None]:
    """Let an error within it name the argument as the verb has it that was called."""
    try:
        yield
    except (InvalidField, WrongFieldType) as error:
        as_called(error, called)
        raise


def as_called(error: Refused, called: dict[str, str] = CALLED) -> None:
    """Let an error name the argument as the verb has it that was called.

    Args:
        error: names a field of an order.
        called: what the verb calls the fields that it has another name for.
    """
    error.field = called.get(error.field, error.field)
    if error.field in PRICES and isinstance(error.value, str) and not error.hint:
        error.hint = _of_price(error.value)
    _renew(error)


def tell_of_order(error: Refused, symbol: object, second: object = None) -> None:
    """Have an error say so where the first two arguments are not in their order.

    Args:
        error: of either of them.
        symbol: the first one that was given.
        second: what came behind it, how many or a price; None for nothing.
    """
    if error.field not in ("symbol", "quantity", "price"):
        return
    if any(isinstance(each, Side) for each in (symbol, second)) or (
        isinstance(second, str) and second.upper() in Side.__members__
    ):
        error.hint = SIDE_FIRST
    elif _is_text(second) and not _is_text(symbol):
        error.hint = SWAPPED
    _renew(error)


def _is_text(value: object) -> bool:
    """Whether it may be a symbol, and is no number."""
    return isinstance(value, str) and not number_in(value)


def _of_price(text: str) -> str:
    """The number that a text would be; one without other marks as it is."""
    number = number_in(text)
    return f"did you mean {number}, as a number?" if number else ""


def _renew(error: Refused) -> None:
    error.args = (error.field, error.rule, error.value, error.hint)
