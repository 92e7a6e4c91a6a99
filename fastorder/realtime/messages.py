"""Messages of SignalR's JSON hub protocol: bytes to what they say, and back.

Source: the HubProtocol.md of ASP.NET Core.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import orjson

from fastorder._base.outside_text import from_outside
from fastorder.errors import RealtimeProtocolError

SEPARATOR = b"\x1e"
HANDSHAKE = b'{"protocol":"json","version":1}' + SEPARATOR
PING = b'{"type":6}' + SEPARATOR
CLOSE = b'{"type":7}' + SEPARATOR

INVOCATION = 1
STREAM_ITEM = 2
COMPLETION = 3
PING_TYPE = 6
CLOSE_TYPE = 7
NO_RESULT = "Client didn't provide a result."
"""What Microsoft's client answers a server that asks for one."""


def document(record: bytes) -> dict[str, Any]:
    """A record's members; numbers with a point are Decimals, exactly as written.

    Raises:
        RealtimeProtocolError: it is not an object of JSON, or has a member twice.
    """
    try:
        orjson.loads(record)  # stricter than the next: UTF-8, NaN, surrogates
        found = json.loads(record, parse_float=Decimal, object_pairs_hook=_once)
    except RealtimeProtocolError:
        raise
    except (ValueError, ArithmeticError, RecursionError) as error:
        raise RealtimeProtocolError(
            f"a record must be JSON: {type(error).__name__}"
        ) from None
    if type(found) is not dict:
        raise RealtimeProtocolError(
            f"a record must be an object, was {type(found).__name__}"
        )
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise RealtimeProtocolError("a member of a record must be given once")
    return members


def handshake_error(record: bytes) -> str | None:
    """Why the server takes no handshake; None where it does.

    Raises:
        RealtimeProtocolError: the record answers no handshake.
    """
    found = document(record)
    if "type" in found:
        raise RealtimeProtocolError("a handshake's answer must have no type")
    error = found.get("error")
    return None if error is None else from_outside(str(error))


def invocation(number: str | None, target: str, arguments: tuple[Any, ...]) -> bytes:
    """A call of the client; without a number it is not answered."""
    call: dict[str, Any] = {"type": INVOCATION}
    if number is not None:
        call["invocationId"] = number
    call |= {"target": target, "arguments": list(arguments)}
    return orjson.dumps(call) + SEPARATOR


def no_result(number: object) -> bytes:
    """The answer to a server that wants a result of the client."""
    answer = {"type": COMPLETION, "invocationId": number, "error": NO_RESULT}
    return orjson.dumps(answer) + SEPARATOR
