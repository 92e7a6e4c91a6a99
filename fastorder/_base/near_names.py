"""What a caller may have meant by the name of an argument that there is not."""

from __future__ import annotations

import re
from functools import wraps
from types import FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import CodeType

    Called = TypeVar("Called", bound=Callable[..., Any])
    Kind = TypeVar("Kind", bound=type)

OTHER_WORDS = {
    "account": ("account_id",),
    "acct": ("account_id",),
    "action": ("side",),
    "after": ("since",),
    "amount": ("quantity",),
    "apisecret": ("api_key",),
    "apiurl": ("base_url",),
    "attempts": ("max_retries", "retry"),
    "backoff": ("base_delay", "multiplier", "retry"),
    "backofffactor": ("multiplier",),
    "clientid": ("custom_tag", "idempotency_key"),
    "clientorderid": ("custom_tag", "idempotency_key"),
    "clordid": ("custom_tag", "idempotency_key"),
    "connecttimeout": ("connect", "timeouts"),
    "contract": ("symbol", "contract_id"),
    "contractid": ("symbol",),
    "contracts": ("quantity",),
    "delay": ("base_delay",),
    "direction": ("side",),
    "email": ("user_name",),
    "endpoint": ("base_url",),
    "expires": ("valid_for",),
    "expiry": ("valid_for",),
    "factor": ("multiplier",),
    "forcelist": ("statuses",),
    "fromdate": ("since",),
    "host": ("base_url",),
    "id": ("order_id", "account_id"),
    "instrument": ("symbol",),
    "key": ("api_key", "idempotency_key"),
    "kind": ("order_type",),
    "limitprice": ("limit",),
    "lots": ("quantity",),
    "order": ("order_id",),
    "ordertag": ("custom_tag",),
    "password": ("api_key",),
    "poolsize": ("max_connections", "connections"),
    "price": ("limit_price", "stop_price", "trail_price", "limit", "stop"),
    "profittarget": ("take_profit_ticks",),
    "qty": ("quantity",),
    "ratelimit": ("budgets",),
    "read": ("request",),
    "readtimeout": ("request", "timeouts"),
    "retries": ("max_retries", "retry"),
    "secret": ("api_key",),
    "size": ("quantity",),
    "sl": ("stop_loss_ticks",),
    "start": ("since",),
    "statusforcelist": ("statuses",),
    "stop": ("stop_price", "stop_loss_ticks"),
    "stoploss": ("stop_loss_ticks",),
    "stopprice": ("stop",),
    "tag": ("custom_tag", "tags"),
    "takeprofit": ("take_profit_ticks",),
    "target": ("take_profit_ticks",),
    "tick": ("tick_size",),
    "ticker": ("symbol",),
    "timeout": ("request", "timeouts", "drain", "valid_for"),
    "total": ("request", "max_retries"),
    "tp": ("take_profit_ticks",),
    "trail": ("trail_price", "trail_ticks", "trailing_stop_loss"),
    "trailingdistance": ("trail_price",),
    "trailprice": ("trail", "trail_ticks"),
    "trailticks": ("trail_price",),
    "ttl": ("valid_for",),
    "type": ("order_type",),
    "url": ("base_url", "where"),
    "user": ("user_name",),
    "volume": ("quantity",),
}
"""Words of other libraries, without underscores, and what stands here for them."""

ELSEWHERE = {
    "accesstoken": "set_token takes it",
    "accountid": "each order names its account",
    "apikey": "login takes it",
    "jwt": "set_token takes it",
    "ssl": "certificates are always checked; ca_file names an authority of your own",
    "tif": "the gateway knows none; valid_for limits when an order may leave",
    "timeinforce": "the gateway knows none; valid_for limits when an order may leave",
    "token": "set_token takes it",
    "username": "login takes it",
    "verify": "certificates are always checked; ca_file names an authority of your own",
}
"""What is said where another place than this call takes it, or none."""

MEANINGS = {
    "stop_loss_ticks": "a distance in ticks",
    "take_profit_ticks": "a distance in ticks",
    "trail_price": "the price where it starts",
}
"""Said along with a name that other libraries use for something else."""

LEAST_LIKENESS = 0.7
"""Of two names, by difflib, for one to be taken for a slip of the other."""

CO_COROUTINE = 0x80
"""Of a function's code: a call of it gives a coroutine; ``inspect`` would be slow."""

LEAST_LIKENESS_OF_WORDS = 0.8
"""The same of a name and a word of another library."""

UNEXPECTED = r"(.*) got an unexpected keyword argument '([^']*)'.*"
TOO_MANY = r"\S+ takes .* given"
"""What Python says; compiled once it is needed."""


def near(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a word may have been meant for, the likeliest first."""
    plain = {_plain(name): name for name in names}
    key = _plain(word)
    if key in plain:
        return (plain[key],)
    words = {
        word: known
        for word, meant in OTHER_WORDS.items()
        if (known := tuple(name for name in meant if name in plain.values()))
    }
    for word_of_theirs in (key, key.removesuffix("s")):
        if word_of_theirs in words:
            return words[word_of_theirs]
    from difflib import get_close_matches  # only a wrong call needs it

    for slip in get_close_matches(key, plain, n=1, cutoff=LEAST_LIKENESS):
        return (plain[slip],)
    for slip in get_close_matches(key, words, n=1, cutoff=LEAST_LIKENESS_OF_WORDS):
        return words[slip]
    return ()


def with_hint(text: str, code: CodeType) -> str:
    """What Python says of a call's arguments, and what may have been meant.

    Args:
        text: of the TypeError.
        code: of a function that has these arguments.
    """
    count = code.co_argcount + code.co_kwonlyargcount
    names = code.co_varnames[:count]
    by_name = names[code.co_argcount :]
    if re.fullmatch(TOO_MANY, text) and by_name:
        return f"{text} (by name alone: {', '.join(by_name)})"
    found = re.fullmatch(UNEXPECTED, text, re.DOTALL)
    if found is None:
        return text
    text = f"{found[1]} got an unexpected keyword argument '{found[2]}'"
    meant = near(found[2], names)
    if meant:
        return f"{text} (did you mean {_either(meant)}?)"
    elsewhere = ELSEWHERE.get(_plain(found[2]))
    return f"{text} ({elsewhere})" if elsewhere else text


def with_near_names(verb: Called) -> Called:
    """The same function; a name that it does not know is told with what is near it.

    Where the call is of a method, it is told as of the class that was called.
    """

    @wraps(verb)
    def called(*given: Any, **named: Any) -> Any:
        try:
            return verb(*given, **named)
        except TypeError as error:
            text = str(error)
            if not _is_of_call(verb, text, error.__traceback__):
                raise  # from behind the arguments
            text = with_hint(_of_class(text, called, given), verb.__code__)
            text += _of_object(text, verb.__code__, given)
        finally:
            del given, named  # a traceback with local variables must not show them
        raise TypeError(text)

    return called  # type: ignore[return-value]


def class_with_near_names(kind: Kind) -> Kind:
    """The same class; it tells of names as ``with_near_names`` does.

    So do its constructor and those of its own methods that take options.
    """
    for name, method in list(vars(kind).items()):
        if hasattr(getattr(method, "__func__", method), "__wrapped__"):
            continue
        if name == "__init__" or (name[0] != "_" and _has_options(method)):
            setattr(kind, name, _wrapped(method))
    return kind


def _has_options(method: Any) -> bool:
    """Whether it is a plain method with an argument that may be left out."""
    method = getattr(method, "__func__", method)
    if not isinstance(method, FunctionType):
        return False
    is_awaited = method.__code__.co_flags & CO_COROUTINE
    return bool(method.__defaults__ or method.__kwdefaults__) and not is_awaited


def _wrapped(method: Any) -> Any:
    if isinstance(method, (classmethod, staticmethod)):
        return type(method)(with_near_names(method.__func__))
    return with_near_names(method)


def _is_of_call(verb: Any, text: str, trace: Any) -> bool:
    """Whether a TypeError is of the arguments, and not from behind them.

    Args:
        verb: what was called; compiled, it tells of wrong arguments from within.
        text, trace: of the error.
    """
    if trace is None or trace.tb_next is None:
        return True
    if isinstance(verb, FunctionType) or trace.tb_next.tb_next is not None:
        return False
    return text.startswith(f"{verb.__name__}() ")


def _of_object(text: str, code: CodeType, given: tuple[Any, ...]) -> str:
    """What to pass of an object that was given where its number is wanted.

    Args:
        text: what is said so far: that an argument is missing.
        code: of the function that was called.
        given: to it, in order.
    """
    if " missing " not in text:
        return ""
    from fastorder._base.hints import MODELS, object_hint

    for name, value in zip(code.co_varnames, given, strict=False):
        hint = object_hint(name, value) if name in MODELS else ""
        if hint:
            return f" ({name}: {hint})"
    return ""


def _of_class(text: str, called: Any, given: tuple[Any, ...]) -> str:
    """The text with the name of the class that was called, not of one beneath it."""
    name = called.__name__
    first = given[0] if given else None
    classes = (first if isinstance(first, type) else type(first)).__mro__
    owner = next(
        (each for each in classes if _is(getattr(each, name, 0), called)), None
    )
    names = (called.__qualname__, name)  # compiled, it says no class
    told = next((each for each in names if text.startswith(f"{each}()")), None)
    if owner is None or told is None:
        return text
    said = text.removeprefix(f"{told}()")
    if name != "__init__":
        return f"{owner.__name__}.{name}(){said}"
    if said.startswith(" takes"):  # Python counts self among them
        said = re.sub(r"\d+", lambda found: str(int(found[0]) - 1), said)
    return f"{owner.__name__}(){said}"


def _is(method: Any, called: Any) -> bool:
    """Whether a method is this one, or a coat around it."""
    method = getattr(method, "__func__", method)
    return method is called or getattr(method, "__wrapped__", None) is called


def _either(names: tuple[str, ...]) -> str:
    """Names for people: a, b or c, with what they mean where that matters."""
    told = [f"{name}, {MEANINGS[name]}" if name in MEANINGS else name for name in names]
    if len(told) == 1:
        return told[0]
    return f"{', '.join(told[:-1])} or {told[-1]}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
