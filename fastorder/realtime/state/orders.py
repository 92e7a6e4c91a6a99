"""How the rows of one order are merged: the same order of them, whichever comes first.

A later ``updateTimestamp`` wins; on a tie the further status; an order that has ended
stays ended, whatever the times say, since the gateway does not move an order's time
when it fills. What is filled only grows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fastorder.enums import OrderStatus
from fastorder.models import Order

if TYPE_CHECKING:
    from fastorder.models import Trade

Version = tuple[int, int, int, int]

RANKS: dict[object, int] = {
    OrderStatus.NONE: 0,
    OrderStatus.SUSPENDED: 1,
    OrderStatus.PENDING: 2,
    OrderStatus.OPEN: 3,
    OrderStatus.PENDING_CANCELLATION: 4,
}
"""How far an order is that has not ended."""

FINAL: dict[object, int] = {
    OrderStatus.REJECTED: 1,
    OrderStatus.EXPIRED: 2,
    OrderStatus.CANCELLED: 3,
    OrderStatus.FILLED: 4,
}
"""The ways in which one ends; of two, the greater is believed."""

KEPT = ("custom_tag", "created", "created_ns", "parent_id", "linked_id", "symbol_id")
"""What an order has from its beginning; a row may leave it out, and changes nothing."""

SHOWN = (
    "status",
    "size",
    "fill_volume",
    "limit_price",
    "stop_price",
    "filled_price",
    "trail_price",
    "trail_distance",
    "custom_tag",
    "parent_id",
    "linked_id",
)
"""What makes two rows of an order different for a program."""

NOTHING: Version = (-1, 0, 0, 0)


def has_ended(order: Order) -> bool:
    """Whether it is filled, cancelled, expired or rejected."""
    return order.status in FINAL


def version_of(order: Order) -> Version:
    """How new a row is. Reads have microseconds: the hub's further digits drop."""
    updated_ns = order.updated_ns or order.created_ns or 0
    final = FINAL.get(order.status, 0)
    if final:
        return (1, final, updated_ns // 1000, order.fill_volume)
    rank = RANKS.get(order.status, 2)
    return (0, updated_ns // 1000, rank, order.fill_volume)


class HeldOrder:
    """One order, of all the rows and trades that were seen of it.

    Attributes:
        order: as it is known now.
        epoch: in which an event has told its row last; -1 where only reads have. Its
            trades do not tell how it stands.
        heard_ns: when something of it was heard last.
        is_partial: only its trades are known.
        of_before: contracts that it had filled in trades that no read reaches.
    """

    __slots__ = (
        "_filled",
        "_priced",
        "_version",
        "epoch",
        "heard_ns",
        "of_before",
        "order",
    )

    def __init__(self) -> None:
        self.order: Order | None = None
        self.epoch = -1
        self.heard_ns = 0
        self.of_before = 0
        self._version = NOTHING
        self._priced = (-1, *NOTHING)  # what gave the filled price: most is filled
        self._filled = 0  # the most that a row has said

    @property
    def is_partial(self) -> bool:
        """Whether only its trades are known."""
        return self._version == NOTHING

    def lacks(self, told: int) -> int:
        """Contracts that are filled, and that no trade tells of.

        Args:
            told: what its trades come to, those that were taken back too.
        """
        filled = 0 if self.order is None else self.order.fill_volume
        return max(0, filled - told - self.of_before)

    def is_older_than(self, row: Order) -> bool:
        """Whether a row shows more than what is known."""
        return version_of(row) > self._version

    def take(self, row: Order, *, wins_ties: bool, traded: int) -> bool:
        """Merge a row; whether the order has changed by it.

        Args:
            row: of this order.
            wins_ties: what is known is older, where nothing tells which is newer.
            traded: what its trades come to.
        """
        version, known = version_of(row), self.order
        self._filled = max(self._filled, row.fill_volume)
        newer = version > self._version or (version == self._version and wins_ties)
        if known is None or self.is_partial or newer:
            first, other = row, known
        else:
            first, other = known, row
        price = None if known is None or self.is_partial else known.filled_price
        priced = (row.fill_volume, *version)
        if row.filled_price is not None and (priced >= self._priced or price is None):
            price, self._priced = row.filled_price, priced
        if version > self._version:
            self._version = version
        self.order = _joined(first, other, price, max(self._filled, traded))
        return known is None or _differs(self.order, known)

    def trade(self, trade: Trade, traded: int) -> bool:
        """A trade of it has come, or was taken back; whether the order has changed."""
        if self.is_partial:
            self.order = partial_order(trade, traded)
            return True
        assert self.order is not None
        filled = max(self._filled, traded)
        changed = filled != self.order.fill_volume
        if changed:
            self.order = replace(self.order, fill_volume=filled)
        return changed


def partial_order(trade: Trade, traded: int) -> Order:
    """What a trade tells of its order: whose, of what, which way, how much so far."""
    return Order(
        id=trade.order_id,
        account_id=trade.account_id,
        contract_id=trade.contract_id,
        status=OrderStatus.NONE,
        type=0,
        side=trade.side,
        size=traded,
        fill_volume=traded,
    )


def _joined(first: Order, other: Order | None, price: object, filled: int) -> Order:
    values = {"filled_price": price, "fill_volume": filled}
    for name in KEPT:
        value = getattr(first, name)
        if value is None and other is not None:
            value = getattr(other, name)
        values[name] = value
    return replace(first, **values)  # type: ignore[arg-type]


def _differs(one: Order, other: Order) -> bool:
    return any(getattr(one, name) != getattr(other, name) for name in SHOWN)
