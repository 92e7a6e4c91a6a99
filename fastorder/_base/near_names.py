"""What a caller may have meant by the name of an argument that there is not."""

from __future__ import annotations

import re
from functools import wraps
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
    "lots": ("quantity",),
    "order": ("order_id",),
    "ordertag": ("custom_tag",),
    "password": ("api_key",),
    "poolsize": ("max_connections", "connections"),
    "price": ("limit_price", "stop_price", "trail_price"),
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
    "tag": ("custom_tag", "tags"),
    "takeprofit": ("take_profit_ticks",),
    "target": ("take_profit_ticks",),
    "tick": ("tick_size",),
    "ticker": ("symbol",),
    "timeout": ("request", "timeouts", "drain", "valid_for"),
    "total": ("request", "max_retries"),
    "tp": ("take_profit_ticks",),
    "trail": ("trail_price", "trailing_stop_loss"),
    "trailingdistance": ("trail_price",),
    "trailticks": ("trail_price",),
    "ttl": ("valid_for",),
    "type": ("order_type",),
    "url": ("base_url",),
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

UNEXPECTED = r"(.*) got an unexpected keyword argument '([^']*)'.*"
TOO_MANY = r"\S+ takes .* given"
"""What Python says; compiled once it is needed."""


def near(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a word may have been meant for, the likeliest first."""
    plain = {_plain(name): name for name in names}
    key = _plain(word)
    if key in plain:
        return (plain[key],)
    meant = OTHER_WORDS.get(key) or OTHER_WORDS.get(key.removesuffix("s")) or ()
    known = tuple(name for name in meant if name in plain.values())
    if known:
        return known
    from difflib import get_close_matches  # only a wrong call needs it

    slips = get_close_matches(key, plain, n=1, cutoff=LEAST_LIKENESS)
    return tuple(plain[slip] for slip in slips)


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
            trace = error.__traceback__
            if trace is not None and trace.tb_next is not None:
                raise  # from behind the arguments
            text = with_hint(_of_class(str(error), called, given), verb.__code__)
        finally:
            del given, named  # a traceback with local variables must not show them
        raise TypeError(text)

    return called  # type: ignore[return-value]


def class_with_near_names(kind: Kind) -> Kind:
    """The same class; its constructor tells of names as ``with_near_names`` does."""
    kind.__init__ = with_near_names(kind.__init__)  # type: ignore[misc]
    return kind


def _of_class(text: str, called: Any, given: tuple[Any, ...]) -> str:
    """The text with the name of the class that was called, not of one beneath it."""
    name = called.__name__
    classes = type(given[0]).__mro__ if given else ()
    owner = next(
        (each for each in classes if _is(getattr(each, name, 0), called)), None
    )
    if owner is None or not text.startswith(f"{called.__qualname__}()"):
        return text
    said = text.removeprefix(f"{called.__qualname__}()")
    if name != "__init__":
        return f"{owner.__name__}.{name}(){said}"
    if said.startswith(" takes"):  # Python counts self among them
        said = re.sub(r"\d+", lambda found: str(int(found[0]) - 1), said)
    return f"{owner.__name__}(){said}"


def _is(method: Any, called: Any) -> bool:
    """Whether a method is this one, or a coat around it."""
    return method is called or getattr(method, "__wrapped__", None) is called


def _either(names: tuple[str, ...]) -> str:
    """Names for people: a, b or c, with what they mean where that matters."""
    told = [f"{name}, {MEANINGS[name]}" if name in MEANINGS else name for name in names]
    if len(told) == 1:
        return told[0]
    return f"{', '.join(told[:-1])} or {told[-1]}"


def _plain(name: str) -> str:
    return name.replace("_", "").lower()
