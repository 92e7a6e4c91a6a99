"""Why an order is refused by limits: the codes, and one refusal with its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from fastorder.errors import _ComparedWithMembers


class Denied(_ComparedWithMembers, Enum):
    """Codes of a refusal, the most telling first; each is one bit of a check's answer.

    One prints as its name, ``MAX_POSITION`` say.
    """

    HALTED = 1 << 0
    ACCOUNT = 1 << 1
    SYMBOL = 1 << 2
    MAX_ORDER_SIZE = 1 << 3
    REDUCING = 1 << 4
    FLAT_BY = 1 << 5
    MAX_DAILY_LOSS = 1 << 6
    TRAILING_LOSS = 1 << 7
    LOSS_UNKNOWN = 1 << 8
    EXPOSURE_UNKNOWN = 1 << 9
    ORDER_UNKNOWN = 1 << 10
    MAX_POSITION = 1 << 11
    MAX_LOTS = 1 << 12
    MAX_OPEN_ORDERS = 1 << 13
    PRICE_UNKNOWN = 1 << 14
    PRICE_COLLAR = 1 << 15
    MAX_ORDERS_PER_SECOND = 1 << 16
    DUPLICATE = 1 << 17

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Denial:
    """One refusal.

    Attributes:
        code: which kind.
        limit: the limit's name in ``RiskLimits``; "state" where it is none of them.
        value: what the limit is set to; None where it has no value.
        found: what the order would come to, or what is not known.
        text: all of it in one sentence, for people.
    """

    code: Denied
    limit: str
    value: object
    found: object
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class RiskState(_ComparedWithMembers, Enum):
    """What may leave: everything within the limits, what lessens, or no order.

    One prints as its name, ``ACTIVE`` say. Cancels and closes pass in each.
    """

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"

    def __str__(self) -> str:
        return self.name


for _public in (Denied, Denial, RiskState):
    _public.__module__ = "fastorder"  # where they are imported from
