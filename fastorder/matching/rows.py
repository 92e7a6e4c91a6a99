"""What an exchange shows: events, live orders, positions."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastorder.matching.enums import Kind, Side, Status

NO_PRICE = -(1 << 63)
"""The price of an event that has none."""

EVENT_FIELDS = (
    ("time_ns", "i8"),  # when it happened at the venue
    ("seen_ns", "i8"),  # when it is seen
    ("order_id", "i8"),
    ("parent_id", "i8"),  # of a leg: its entry; 0 is none
    ("price_ticks", "i8"),  # NO_PRICE where there is none
    ("profit_micros", "i8"),  # gross, of what a trade closes
    ("fees_micros", "i8"),
    ("commissions_micros", "i8"),
    ("position", "i8"),  # signed, after a trade
    ("balance_micros", "i8"),  # after a trade
    ("account", "i4"),
    ("contract", "i4"),
    ("size", "i4"),  # of the trade; of the order otherwise
    ("left", "i4"),  # of the order, after all fills of this instant
    ("code", "i2"),  # the gateway's, of a refusal
    ("reason", "i2"),  # a Reason
    ("kind", "i1"),  # a What
    ("order_kind", "i1"),  # a Kind
    ("side", "i1"),  # 1 is a buy, -1 a sell
    ("flags", "u1"),  # Flags
)
"""The fields of an event, with their NumPy types."""


class OrderRow(NamedTuple):
    """A live order; prices in ticks."""

    id: int
    parent_id: int | None
    account: int
    contract: int
    kind: Kind
    side: Side
    status: Status
    size: int
    filled: int
    limit: int | None
    stop: int | None
    trail_ticks: int | None
    ahead: int


class Position(NamedTuple):
    """A net position: its signed size, and what is open of it cost.

    Attributes:
        size: contracts, negative for a short one.
        cost_micros: the sum of price in ticks times tick value times size.
        tick_value_micros: of the contract.
    """

    size: int
    cost_micros: int
    tick_value_micros: int

    @property
    def average_ticks(self) -> Fraction | None:
        """The mean price in ticks, exact; None where it is flat."""
        if not self.size:
            return None
        return Fraction(self.cost_micros, abs(self.size) * self.tick_value_micros)
