"""What may be meant by an argument that does not fit, or is one too many."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from fastorder._base.hints import number_in

OPTIONS = {"limit": "--limit", "lmt": "--limit", "at": "--limit", "stop": "--stop"}
"""Words before a price, and the option that they stand for."""

MARKET = ("market", "mkt")
BEGINS = {"QUANTITY": r"\d+", "PRICE": r"[\d.,]+", "EVERY": r"\d+ ?[a-zA-Z]*"}
"""What stands behind a symbol, and how it looks."""

OF_LIBRARY = r"Input should be (.*?)(?:, unable .*)?"
"""How pydantic says what it expected."""

ALL = ("all", "*")


class Typed(NamedTuple):
    """What was typed of a command.

    Attributes:
        values: of each argument and option, as text; of one given twice the last.
        rest: what is too many.
        order: the arguments and options as often as they were given.
    """

    values: dict[str, Any]
    rest: list[str]
    order: list[Any]


def typed_in(command: Any, ctx: Any, args: list[str]) -> Typed:
    """What was typed of a command; nothing where it has options that there are not."""
    try:
        values, rest, order = command.make_parser(ctx).parse_args(args=list(args))
    except Exception:  # click's, or typer's own; it is told by who parses for good
        return Typed({}, [], [])
    return Typed(values, [str(each) for each in rest], list(order))


def not_meant(command: Any, typed: Typed) -> str:
    """What is said of what fits, and cannot be meant; "" where all of it may be."""
    symbol = typed.values.get("symbol")
    if isinstance(symbol, str) and symbol.lower() in ALL:
        of_all = any(
            each.name == "symbol" and not each.required for each in command.params
        )
        return f"without a symbol {command.name} is of all contracts" if of_all else ""
    for each in typed.order:
        is_one = not each.multiple and not getattr(each, "is_flag", False)
        if is_one and typed.order.count(each) > 1:
            return f"{each.opts[0]} must be given once"
    return swapped(command, typed.values)


def swapped(command: Any, values: dict[str, Any]) -> str:
    """What is said where a symbol and what belongs behind it are swapped; "" if not."""
    places = [each for each in command.params if each.param_type_name == "argument"]
    if len(places) != 2 or places[0].name != "symbol":
        return ""
    looks = BEGINS.get(str(places[1].metavar))
    first, second = (values.get(str(each.name)) for each in places)
    if looks is None or not isinstance(first, str) or not isinstance(second, str):
        return ""
    if not re.fullmatch(looks, first) or not re.match(r"[A-Za-z]|\d[A-Z]", second):
        return ""
    first = number_in(first) or first
    return f"the symbol comes first, as in {command.name} {second} {first}"


def tell(error: Any, command: Any, typed: Typed) -> None:
    """Put into an error what was found, and what may be meant by it."""
    message = str(getattr(error, "message", ""))
    if message.startswith("Got unexpected extra argument"):
        error.message = f"{message}: {_of_too_many(command, typed.rest)}"
        return
    name = str(getattr(getattr(error, "param", None), "name", None))
    found = typed.values.get(name)
    if not isinstance(found, str):
        return
    error.message = swapped(command, typed.values) or _with_found(message, found)
    if name == "order" and command.name == "cancel" and found.lower() in ALL:
        error.message += " (cancel-all cancels every order)"


def _of_too_many(command: Any, rest: list[str]) -> str:
    """What to type instead of arguments that are too many."""
    options = {name for each in command.params for name in each.opts}
    word = rest[0].lower() if rest else ""
    option = OPTIONS.get(word, "--limit")
    price = rest[1] if word in OPTIONS and len(rest) > 1 else word
    price = number_in(price) or ""
    if option in options and price:
        return f"did you mean {option} {price}?"
    if word in MARKET and "--limit" in options:
        return "an order without a price is at the market"
    places = [each for each in command.params if each.param_type_name == "argument"]
    names = " ".join(str(each.metavar or each.name) for each in places)
    return f"{command.name} takes {names or 'options alone'}"


def _with_found(message: str, found: str) -> str:
    said = re.fullmatch(OF_LIBRARY, message)
    message = f"must be {said[1]}" if said else message
    if repr(found) not in message:
        message = f"{message}, was {found!r}"
    meant = number_in(found)
    if meant in (None, found):
        return message
    return f"{message} (did you mean {meant}?)"
