"""Market events that the scanner leaves alone, read by the JSON library.

orjson says whether a text is JSON at all; the standard library then reads its numbers
as they are written, so that no price becomes a binary fraction on the way.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import orjson

from fastorder._core.codec.market_events import (
    DepthRow,
    DepthRows,
    MarketRow,
    MarketTrade,
    MarketTrades,
    Quote,
)
from fastorder._core.codec.ticker import NAMES
from fastorder.errors import RealtimeProtocolError

if TYPE_CHECKING:
    from fastorder._core.codec.market_events import MarketDecoder

ROWS: dict[str, type[MarketRow]] = {
    "gatewayquote": Quote,
    "gatewaytrade": MarketTrade,
    "gatewaydepth": DepthRow,
}
"""The kind of the rows, by the target in small letters: servers may write it so."""

LISTS: dict[type[MarketRow], Any] = {MarketTrade: MarketTrades, DepthRow: DepthRows}

LARGEST = 100
"""The most digits before a price's point, or behind it; more is no price."""

_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


class Pairs(list[tuple[str, Any]]):
    """The members of an object, as they stand in the text; one may stand twice."""


def exact_document(record: bytes) -> Any:
    """A JSON text, its numbers as Decimal and int, its objects as Pairs.

    Raises:
        RealtimeProtocolError: it is not JSON.
    """
    import json  # loaded with orjson's own errors

    try:
        orjson.loads(record)
        return json.loads(
            record, parse_float=_decimal, parse_int=_decimal, object_pairs_hook=Pairs
        )
    except (ValueError, RecursionError) as error:
        raise RealtimeProtocolError(
            f"a record must be JSON: {type(error).__name__}"
        ) from None


def _decimal(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation:  # an exponent of 19 digits
        raise RealtimeProtocolError("a number is too large to be read") from None


def market_events(
    record: bytes, decoder: MarketDecoder
) -> list[Quote | MarketTrades | DepthRows]:
    """The events of a market record of any shape.

    Args:
        record: a whole invocation of one of the targets in ROWS.
        decoder: knows the contracts' ticks.

    Raises:
        RealtimeProtocolError: it is not JSON, or not a market event; the text says
            what of it. Nothing of it counts then.
    """
    members = _once(exact_document(record), ("target", "arguments"))
    kind = ROWS[str(members.get("target")).lower()]
    arguments = members.get("arguments")
    if type(arguments) is not list or len(arguments) < 2:
        raise RealtimeProtocolError("a market event must have two arguments")
    contract_id, given = arguments[:2]
    if type(contract_id) is not str:
        raise RealtimeProtocolError("a market event's contract must be a string")
    listed = given if type(given) is list else [given]
    tick_size = decoder.tick_of(contract_id)
    rows = [
        _row(kind, contract_id, tick_size, row) for row in listed if row is not None
    ]
    if kind is Quote:
        return list(rows)  # type: ignore[arg-type]
    return [LISTS[kind](contract_id, rows)]


def _row(kind: Any, contract_id: str, tick_size: Decimal | None, row: Any) -> MarketRow:
    if type(row) is not Pairs:
        raise RealtimeProtocolError("a row of a market event must be an object")
    kinds = {name: what for name, what, _ in NAMES[kind.KIND]}
    members = _once(row, kinds)
    made: MarketRow = kind(contract_id, tick_size=tick_size)
    for name, value in members.items():
        if value is not None:
            made.put(name, READERS[kinds[name]](name, value))
    return made


def _once(pairs: Any, names: Any) -> dict[str, Any]:
    """The members that have these names; none of them may stand twice."""
    if type(pairs) is not Pairs:
        raise RealtimeProtocolError("a record must be an object")
    members: dict[str, Any] = {}
    for name, value in pairs:
        if name in members:
            raise RealtimeProtocolError(f"{name} must be given once, was twice")
        if name in names:
            members[name] = value
    return members


def _price(name: str, value: Any) -> Decimal:
    number = _number(name, value)
    if number and abs(number.adjusted()) > LARGEST:
        raise RealtimeProtocolError(f"{name} must be a price, was too large or small")
    if not number:
        return Decimal(0)
    if not isinstance(exponent := number.as_tuple().exponent, int) or exponent < -255:
        raise RealtimeProtocolError(f"{name} must be a price, had too many digits")
    return number


def _count(name: str, value: Any) -> int:
    number = _number(name, value)
    if (number and number.adjusted() > 18) or number != number.to_integral_value():
        raise RealtimeProtocolError(f"{name} must be a whole number of 64 bits")
    whole = int(number)
    if not -(2**63) < whole < 2**63:
        raise RealtimeProtocolError(f"{name} must be a whole number of 64 bits")
    return whole


def _number(name: str, value: Any) -> Decimal:
    """A number, or one that was written as a string."""
    if type(value) is str and _NUMBER.fullmatch(value):
        return _decimal(value)
    if type(value) is not Decimal:
        raise RealtimeProtocolError(
            f"{name} must be a number, was {type(value).__name__}"
        )
    return value


def _time_ns(name: str, value: Any) -> int:
    """Nanoseconds since the epoch; a time without an offset is UTC."""
    match = _TIME.fullmatch(value) if type(value) is str else None
    if match is None:
        raise RealtimeProtocolError(f"{name} must be a time in ISO 8601")
    second, fraction, offset = match.groups()
    zone = "+00:00" if offset in (None, "Z", "z") else offset
    try:
        since = datetime.fromisoformat(f"{second}{zone}") - _EPOCH
    except ValueError:
        raise RealtimeProtocolError(f"{name} must be a time of the calendar") from None
    nanos = int((fraction or "")[:9].ljust(9, "0"))
    time_ns = since // timedelta(seconds=1) * 1_000_000_000 + nanos
    if not -(2**63) < time_ns < 2**63:
        raise RealtimeProtocolError(f"{name} must be from 1677 to 2262")
    return time_ns


READERS = (_price, _count, _time_ns)
"""By what a member holds: see ``ticker``."""
