"""The gateway's numbers with names, and the outcomes."""

from __future__ import annotations

from enum import Enum
from typing import NoReturn

from fastorder.errors import GatewayNumber, _ComparedWithMembers


class Side(GatewayNumber):
    """Which way; prints as ``BUY`` or ``SELL``, in JSON it is the number.

    It is neither true nor false: BUY is 0, and must not be taken for no side.
    """

    BUY = 0
    SELL = 1

    def __bool__(self) -> NoReturn:
        raise TypeError(
            "a side is neither true nor false: compare it (side is Side.BUY, or "
            "side is None)"
        )


class OrderType(GatewayNumber):
    """The kinds of order; the gateway's pages for placing leave STOP_LIMIT out.

    One prints as its name, ``LIMIT`` say; in JSON it is the number.
    """

    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class OrderStatus(GatewayNumber):
    """Where an order stands at the gateway.

    One prints as its name, ``OPEN`` say; in JSON it is the number.
    """

    NONE = 0
    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    REJECTED = 5
    PENDING = 6
    PENDING_CANCELLATION = 7
    SUSPENDED = 8


class PositionType(GatewayNumber):
    """Which way a position is open.

    One prints as its name, ``LONG`` say; in JSON it is the number.
    """

    UNDEFINED = 0
    LONG = 1
    SHORT = 2


def net_size(kind: object, size: int) -> int:
    """Contracts of a position with their sign: below 0 where it is short.

    Raises:
        ValueError: it is open, and does not say which way.
    """
    if size == 0 or kind is PositionType.LONG:
        return size
    if kind is PositionType.SHORT:
        return -size
    raise ValueError(f"a position must be long or short, was {kind!s}")


class Outcome(_ComparedWithMembers, Enum):
    """What is known of a request that changes something.

    One prints as its name, ``ACCEPTED`` say; its value is what stands in JSON. It is
    compared with members (``is Outcome.ACCEPTED``); comparing it with text is a
    TypeError. ACCEPTED alone is true.
    """

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    NOT_PLACED = "not placed"
    UNKNOWN = "unknown"

    def __str__(self) -> str:
        return self.name

    def __bool__(self) -> bool:
        return self is Outcome.ACCEPTED
