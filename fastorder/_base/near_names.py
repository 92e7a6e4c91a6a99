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
    "account": ("account_id", "accounts"),
    "accountid": ("account",),
    "accountname": ("account",),
    "accountnumber": ("account_id", "account"),
    "acct": ("account_id",),
    "action": ("side",),
    "after": ("since",),
    "amount": ("quantity",),
    "apisecret": ("api_key",),
    "apiurl": ("base_url",),
    "attempts": ("max_retries", "retry"),
    "backoff": ("base_delay", "multiplier", "retry"),
    "backofffactor": ("multiplier",),
    "bars": ("limit",),
    "before": ("until",),
    "bracket": ("stop_loss_ticks", "take_profit_ticks"),
    "buysell": ("side",),
    "clientid": ("custom_tag", "idempotency_key"),
    "clientorderid": ("custom_tag", "idempotency_key"),
    "clientref": ("custom_tag",),
    "clordid": ("custom_tag", "idempotency_key"),
    "collar": ("price_collar_ticks",),
    "connecttimeout": ("connect", "timeouts"),
    "contract": ("symbol", "contract_id"),
    "contractid": ("symbol",),
    "contracts": ("quantity",),
    "contractsize": ("quantity",),
    "count": ("quantity", "limit"),
    "dailyloss": ("max_daily_loss",),
    "dailylosslimit": ("max_daily_loss",),
    "days": ("since",),
    "hours": ("since",),
    "minutes": ("every", "since"),
    "delay": ("base_delay",),
    "direction": ("side",),
    "drawdown": ("trailing_loss", "max_daily_loss"),
    "email": ("user_name",),
    "end": ("until",),
    "enddate": ("until",),
    "endpoint": ("base_url",),
    "endtime": ("until",),
    "expires": ("valid_for",),
    "expiry": ("valid_for",),
    "factor": ("multiplier",),
    "forcelist": ("statuses",),
    "fromdate": ("since",),
    "host": ("base_url",),
    "id": ("order_id", "account_id"),
    "instrument": ("symbol",),
    "interval": ("every",),
    "key": ("api_key", "idempotency_key"),
    "kind": ("order_type",),
    "label": ("custom_tag",),
    "limit": ("limit_price",),
    "limitprice": ("limit",),
    "limits": ("risk",),
    "loss": ("max_daily_loss", "trailing_loss"),
    "losslimit": ("max_daily_loss",),
    "lot": ("quantity",),
    "lots": ("quantity",),
    "maxcontracts": ("max_lots", "max_position", "max_order_size", "max_quantity"),
    "maxdrawdown": ("trailing_loss", "max_daily_loss"),
    "maxexposure": ("max_position", "max_lots"),
    "maxloss": ("max_daily_loss", "trailing_loss"),
    "maxlossperday": ("max_daily_loss",),
    "maxorderqty": ("max_order_size", "max_quantity"),
    "maxorderquantity": ("max_order_size",),
    "maxorders": ("max_open_orders", "max_orders_per_second"),
    "maxpos": ("max_position",),
    "maxqty": ("max_order_size", "max_quantity"),
    "maxquantity": ("max_order_size",),
    "maxsize": ("max_order_size", "max_quantity"),
    "maxwait": ("deadline", "timeout", "longest_wait"),
    "nbcontracts": ("quantity",),
    "num": ("quantity",),
    "order": ("order_id",),
    "orderref": ("custom_tag",),
    "ordersize": ("max_order_size", "quantity"),
    "ordertag": ("custom_tag",),
    "ordertype": ("join", "limit", "stop", "trail_ticks"),
    "password": ("api_key",),
    "period": ("every",),
    "poolsize": ("max_connections", "connections"),
    "positionlimit": ("max_position",),
    "positionsize": ("max_position", "quantity"),
    "price": ("limit_price", "stop_price", "trail_price", "limit", "stop"),
    "pricelimit": ("limit_price", "limit"),
    "profit": ("take_profit_ticks",),
    "profittarget": ("take_profit_ticks",),
    "profitticks": ("take_profit_ticks",),
    "pt": ("take_profit_ticks",),
    "qty": ("quantity",),
    "ratelimit": ("budgets",),
    "read": ("request",),
    "readtimeout": ("request", "timeouts"),
    "ref": ("custom_tag",),
    "resolution": ("every",),
    "retries": ("max_retries", "retry"),
    "risklimits": ("risk",),
    "secret": ("api_key",),
    "security": ("symbol",),
    "size": ("quantity",),
    "sl": ("stop_loss_ticks",),
    "slticks": ("stop_loss_ticks",),
    "start": ("since",),
    "startdate": ("since",),
    "starttime": ("since",),
    "statusforcelist": ("statuses",),
    "stop": ("stop_price", "stop_loss_ticks"),
    "stopdistance": ("trail_ticks", "stop_loss_ticks", "stop_ticks"),
    "stoplimitprice": ("limit_price",),
    "stoploss": ("stop_loss_ticks",),
    "stoplossprice": ("stop_loss", "stop_loss_ticks"),
    "stopprice": ("stop",),
    "stopticks": ("stop_loss_ticks",),
    "tag": ("custom_tag", "tags"),
    "takeprofit": ("take_profit_ticks",),
    "takeprofitprice": ("take_profit", "take_profit_ticks"),
    "target": ("take_profit_ticks",),
    "targetticks": ("take_profit_ticks",),
    "tick": ("tick_size",),
    "ticker": ("symbol",),
    "timeframe": ("every",),
    "timeout": ("request", "timeouts", "drain", "deadline", "valid_for"),
    "todate": ("until",),
    "total": ("request", "max_retries"),
    "tp": ("take_profit_ticks",),
    "tpticks": ("take_profit_ticks",),
    "trail": ("trail_price", "trail_ticks", "trailing_stop_loss"),
    "trailingdistance": ("trail_price",),
    "trailingdrawdown": ("trailing_loss",),
    "trailprice": ("trail", "trail_ticks"),
    "trailticks": ("trail_price",),
    "trigger": ("stop_price", "stop"),
    "triggerprice": ("stop_price", "stop"),
    "ttl": ("valid_for",),
    "type": ("order_type",),
    "uniqueid": ("custom_tag", "idempotency_key"),
    "url": ("base_url", "where"),
    "user": ("user_name",),
    "volume": ("quantity",),
    "wait": ("timeout", "deadline", "drain"),
    "waitfor": ("timeout", "deadline"),
    "bartype": ("every",),
    "barsize": ("every",),
    "unit": ("every",),
    "unitnumber": ("every",),
    "lookback": ("days", "since"),
    "nbars": ("limit",),
    "numbars": ("limit",),
    "maxbars": ("limit",),
    "newprice": ("limit", "stop", "limit_price", "stop_price"),
    "newqty": ("quantity",),
    "newsize": ("quantity",),
    "starttimestamp": ("since",),
    "endtimestamp": ("until",),
    "oco": ("stop_loss_ticks", "take_profit_ticks"),
    "status": ("statuses",),
}
"""Words of other libraries, without underscores, and what stands here for them."""

ELSEWHERE = {
    "accesstoken": "set_token takes it",
    "accountid": "each order names its account",
    "apikey": "login takes it",
    "jwt": "set_token takes it",
    "ssl": "certificates are always checked; ca_file names an authority of your own",
    "tif": "the gateway knows none; valid_for limits when an order may leave",
    "goodtilldate": "the gateway knows none; valid_for limits when an order may leave",
    "timeinforce": "the gateway knows none; valid_for limits when an order may leave",
    "token": "set_token takes it",
    "username": "login takes it",
    "verify": "certificates are always checked; ca_file names an authority of your own",
    "dryrun": "check says what the limits find, the simulator tries an order",
    "market": "an order without a price is at the market",
    "pct": "nothing is in percent: contracts and ticks are whole numbers",
    "percent": "nothing is in percent: contracts and ticks are whole numbers",
    "postonly": "the gateway knows none; join rests at the best bid or ask",
    "reduceonly": "the gateway knows none; close and partial_close lessen a position",
    "whatif": "check says what the limits find, the simulator tries an order",
}
"""What is said where another place than this call takes it, or none."""

BESIDE = {
    "Trader.close()": {"quantity": "partial_close takes how many"},
    "Trader.flatten()": {"quantity": "partial_close takes how many"},
    "Trader.reverse()": {"quantity": "it opens as many as it closes"},
    "Trader.open_orders()": {"symbol": "query_orders takes one"},
    "Trader.orders()": {
        "statuses": "query_orders takes them",
        "symbol": "query_orders takes one",
    },
    "Trader.positions()": {"symbol": "it gives those of all contracts"},
}
"""What is said of one call where it is another one that takes it, or none."""

INSTEAD = {
    "days": "a moment: datetime.now(timezone.utc) - timedelta(days=...)",
    "hours": "a moment: datetime.now(timezone.utc) - timedelta(hours=...)",
    "minutes": "a moment: datetime.now(timezone.utc) - timedelta(minutes=...)",
}
"""What to write for ``since`` where a length of time was given."""

MEANINGS = {
    "stop_loss_ticks": "a distance in ticks",
    "take_profit_ticks": "a distance in ticks",
    "trail_price": "the price where it starts",
}
"""Said along with a name that other libraries use for something else."""

LEAST_LIKENESS = 0.75
"""Of two names, by difflib, for one to be taken for a slip of the other."""

MOST_MEANT = 3
"""Names that have all that a word says; with more of them, it says too little."""

CO_COROUTINE = 0x80
"""Of a function's code: a call of it gives a coroutine; ``inspect`` would be slow."""

LEAST_LIKENESS_OF_WORDS = 0.8
"""The same of a name and a word of another library."""

UNEXPECTED = r"(.*) got an unexpected keyword argument '([^']*)'.*"
TOO_MANY = r"\S+ takes .* given"
"""What Python says; compiled once it is needed."""


def near(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a word may have been meant for, the likeliest first.

    What it means goes before how it is spelled: "max_loss" is near no "max_lots".
    """
    plain = {bare(name): name for name in names}
    key = bare(word)
    if key in plain:
        return (plain[key],)
    words = {
        word: known
        for word, meant in OTHER_WORDS.items()
        if (known := tuple(name for name in meant if name in plain.values()))
    }
    is_known = key in OTHER_WORDS or key in ELSEWHERE  # then it is a slip of none
    for word_of_theirs in (key,) if is_known else (key, key.removesuffix("s")):
        if word_of_theirs in words:
            return words[word_of_theirs]
    found = _fuller(word, plain.values())
    return found if found or is_known else _slip(word, plain, words)


def _fuller(word: str, names: Iterable[str]) -> tuple[str, ...]:
    """The names that have each part of a word, and more: max_daily_loss of max_loss."""
    parts = _parts(word)
    found = tuple(name for name in names if parts <= _parts(name))
    return found if parts and len(found) <= MOST_MEANT else ()


def _slip(
    word: str, plain: dict[str, str], words: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    """The name that a word is spelled like, unless a part of it means another thing."""
    from difflib import get_close_matches  # only a wrong call needs it

    parts = _parts(word)
    said = parts & {part for name in plain.values() for part in _parts(name)}
    if not said and len(parts) > 1 and parts & OTHER_WORDS.keys():
        return ()  # "max_count" is no slip of "account"
    like = {key: name for key, name in plain.items() if said <= _parts(name)}
    for slip in get_close_matches(bare(word), like, n=1, cutoff=LEAST_LIKENESS):
        return (like[slip],)
    if not said:
        for slip in get_close_matches(
            bare(word), OTHER_WORDS, n=1, cutoff=LEAST_LIKENESS_OF_WORDS
        ):
            return words.get(slip, ())
    return ()


def _parts(name: str) -> set[str]:
    """The words of a name, each in its singular: max and lot of max_lots."""
    found = re.findall("[A-Z]?[a-z0-9]+|[A-Z]+", name)
    return {_singular(part.lower()) for part in found}


def _singular(word: str) -> str:
    return word if word.endswith("ss") else word.removesuffix("s")


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
        how = INSTEAD.get(bare(found[2])) if meant == ("since",) else None
        return f"{text} (did you mean {_either(meant)}{f', {how}' if how else ''}?)"
    elsewhere = _beside(found[1], found[2]) or ELSEWHERE.get(bare(found[2]))
    return f"{text} ({elsewhere})" if elsewhere else text


def _beside(call: str, word: str) -> str:
    """What is said of a word that another call takes; "" for nothing."""
    of_call = BESIDE.get(call, {})
    return next((of_call[name] for name in near(word, of_call)), "")


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

    So do its constructor and those of its own methods that take options. Nothing that
    is private is listed of one, so that Python suggests none of it.
    """
    if not any("__dir__" in vars(each) for each in kind.__mro__[:-1]):
        kind.__dir__ = for_users  # type: ignore[assignment, method-assign]
    for name, method in list(vars(kind).items()):
        if hasattr(getattr(method, "__func__", method), "__wrapped__"):
            continue
        if name == "__init__" or (name[0] != "_" and _has_options(method)):
            setattr(kind, name, _wrapped(method))
    return kind


def known_as(kind: type, name: str) -> None:
    """Have Python's errors name the class of users, and none that it is made of."""
    for base in kind.__mro__[:-1]:
        for method in list(vars(base).values()):
            while isinstance(method, FunctionType):
                if "<locals>" not in method.__qualname__:
                    method.__qualname__ = f"{name}.{method.__name__}"
                method = getattr(method, "__wrapped__", None)


def for_users(self: object) -> list[str]:
    """What an object has for users: Python suggests of these where one has a slip."""
    return [name for name in object.__dir__(self) if _is_for_users(name)]


def _is_for_users(name: str) -> bool:
    return name[:1] != "_" or name[:2] == "__"


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


def bare(name: str) -> str:
    """A name as another library may spell it: in small letters, without underscores."""
    return name.replace("_", "").lower()
