# cython: annotation_typing=False
"""Which contract an order is of, as far as this executor has placed or read it."""

from __future__ import annotations

from typing import Any

KEPT = 5_000
"""At least so many orders are remembered, the newest, and at most twice as many."""


class OrderContracts:
    """Contract ids by the gateway's number of an order."""

    __slots__ = ("_newer", "_older")

    def __init__(self) -> None:
        self._newer: dict[int, str] = {}
        self._older: dict[int, str] = {}

    def __repr__(self) -> str:
        return "<OrderContracts>"

    def note(self, order_id: Any, contract_id: str) -> None:
        """An order is of this contract."""
        if len(self._newer) >= KEPT:
            self._older, self._newer = self._newer, {}
        self._newer[order_id] = contract_id

    def note_read(self, result: Any) -> None:
        """Take what a read has given, if that is orders."""
        orders = result if isinstance(result, list) else (result,)
        for order in orders:
            if type(order).__name__ != "Order":
                return
            self.note(order.id, order.contract_id)

    def forget(self, order_id: Any) -> None:
        """An order has ended: nobody changes it any more."""
        self._newer.pop(order_id, None)
        self._older.pop(order_id, None)

    def of(self, order_id: int) -> str | None:
        """The contract of an order; None where it is not known."""
        return self._newer.get(order_id) or self._older.get(order_id)
