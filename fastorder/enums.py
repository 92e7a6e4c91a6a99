"""The gateway's numbers with names, and the outcomes."""

from __future__ import annotations

from enum import Enum, IntEnum


class Side(IntEnum):
    """Which way."""

    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    """The kinds of order; the gateway's pages for placing leave STOP_LIMIT out."""

    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class OrderStatus(IntEnum):
    """Where an order stands at the gateway."""

    NONE = 0
    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    REJECTED = 5
    PENDING = 6
    PENDING_CANCELLATION = 7
    SUSPENDED = 8


class Outcome(Enum):
    """What is known of a request that changes something."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    NOT_PLACED = "not placed"
    UNKNOWN = "unknown"
