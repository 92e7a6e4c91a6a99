"""The numbers of orders, events and refusals, with names."""

from enum import IntEnum, IntFlag


class Number(IntEnum):
    """A number that prints as its name; ``f"{each:d}"`` has the number."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        if spec.endswith(("b", "c", "d", "o", "x", "X", "n")):
            return int.__format__(self, spec)
        return format(self.name, spec)


class Side(Number):
    """The side of an order: the wire's numbers."""

    BUY = 0
    SELL = 1


class Kind(Number):
    """What kind an order is: the wire's numbers."""

    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class Status(Number):
    """How a live order stands: the wire's numbers."""

    OPEN = 1
    PENDING = 6
    SUSPENDED = 8


class What(Number):
    """What an event tells."""

    ACCEPTED = 1
    REJECTED = 2
    TRADE = 3
    CANCELLED = 4
    EXPIRED = 5
    LEG_ADDED = 6
    LEG_ACTIVATED = 7
    MODIFIED = 8
    TRIGGERED = 9
    MODIFY_REFUSED = 10
    CANCEL_REFUSED = 11
    CLOSE_REFUSED = 12
    SETTLED = 13
    AMBIGUOUS = 14
    FLOOR_REACHED = 15


class Flag(IntFlag):
    """More of a trade; prints as its names, ``TAKER|OPENS`` say."""

    TAKER = 1
    OPENS = 2
    AMBIGUOUS = 4

    def __str__(self) -> str:
        return "|".join(str(each.name) for each in Flag if each & self) or "0"

    def __format__(self, spec: str) -> str:
        if spec.endswith(("b", "c", "d", "o", "x", "X", "n")):
            return int.__format__(self, spec)
        return format(str(self), spec)


class Reason(Number):
    """The rule that a request breaks; the gateway has a text for most of them."""

    NONE = 0
    ACCOUNT_NOT_FOUND = 1
    CONTRACT_NOT_FOUND = 2
    CONTRACT_NOT_ACTIVE = 3
    TAG_IN_USE = 4
    INVALID_TYPE = 5
    INVALID_SIDE = 6
    INVALID_SIZE = 7
    ACCOUNT_MAY_NOT_TRADE = 8
    MARKET_CLOSED = 9
    INVALID_SYMBOL = 10
    LIMIT_NOT_SET = 11
    LIMIT_NOT_ALIGNED = 12
    STOP_NOT_SET = 13
    STOP_NOT_ALIGNED = 14
    STOP_ON_WRONG_SIDE = 15
    TRAIL_NOT_SET = 16
    TRAIL_NOT_ALIGNED = 17
    TRAIL_WITHOUT_LAST = 18
    TRAIL_TOO_FAR = 19
    BRACKETS_NOT_ENABLED = 20
    INVALID_LEG_TYPE = 21
    STOP_LOSS_ON_WRONG_SIDE = 22
    TAKE_PROFIT_ON_WRONG_SIDE = 23
    STOP_LOSS_TOO_NEAR = 24
    TAKE_PROFIT_TOO_NEAR = 25
    ORDER_NOT_FOUND = 26
    POSITION_NOT_FOUND = 27
    INVALID_CLOSE_SIZE = 28
