# cython: annotation_typing=False
"""What an order is of, as far as this executor has placed or read it."""

from __future__ import annotations

from typing import Any

from fastorder.enums import OrderType

KEPT = 5_000
"""At least so many orders are remembered, the newest, and at most twice as many."""


LACKING = {
    OrderType.LIMIT: ("stop_price", "trail_price"),
    OrderType.JOIN_BID: ("stop_price", "trail_price"),
    OrderType.JOIN_ASK: ("stop_price", "trail_price"),
    OrderType.STOP: ("limit_price", "trail_price"),
    OrderType.STOP_LIMIT: ("trail_price",),
    OrderType.TRAILING_STOP: ("limit_price",),
}
"""Prices that an order of a type does not have: the gateway ignores a change of one."""


class OrderContracts:
    """Contract ids and types of orders by the gateway's number of an order."""

    __slots__ = ("_newer", "_older")

    def __init__(self) -> None:
        self._newer: dict[int, tuple[str, Any]] = {}
        self._older: dict[int, tuple[str, Any]] = {}

    def __repr__(self) -> str:
        return "<OrderContracts>"

    def note(self, order_id: Any, contract_id: str, order_type: Any) -> None:
        """An order is of this contract, and of this type."""
        if len(self._newer) >= KEPT:
            self._older, self._newer = self._newer, {}
        self._newer[order_id] = (contract_id, order_type)

    def note_read(self, result: Any) -> None:
        """Take what a read has given, if that is orders."""
        orders = result if isinstance(result, list) else (result,)
        for order in orders:
            if type(order).__name__ != "Order":
                return
            self.note(order.id, order.contract_id, order.type)

    def forget(self, order_id: Any) -> None:
        """An order has ended: nobody changes it any more."""
        self._newer.pop(order_id, None)
        self._older.pop(order_id, None)

    def of(self, order_id: int) -> str | None:
        """The contract of an order; None where it is not known."""
        known = self._newer.get(order_id) or self._older.get(order_id)
        return None if known is None else known[0]

    def lacks(self, order_id: int, name: str) -> str:
        """The type of an order that has no price of this name; "" where it may have."""
        known = self._newer.get(order_id) or self._older.get(order_id)
        if known is None or name not in LACKING.get(known[1], ()):
            return ""
        return str(known[1])
