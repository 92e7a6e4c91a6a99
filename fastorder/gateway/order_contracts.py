# cython: annotation_typing=False
"""Which contract an order is of, as far as this executor has placed or read it."""

from __future__ import annotations

from typing import Any

KEPT = 10_000
"""How many orders are remembered, the newest ones."""


class OrderContracts:
    """Contract ids by the gateway's number of an order."""

    __slots__ = ("_contracts",)

    def __init__(self) -> None:
        self._contracts: dict[int, str] = {}

    def __repr__(self) -> str:
        return f"<OrderContracts: {len(self._contracts)}>"

    def note(self, order_id: Any, contract_id: str) -> None:
        """An order is of this contract."""
        contracts = self._contracts
        contracts[order_id] = contract_id
        if len(contracts) > KEPT:
            del contracts[next(iter(contracts))]

    def note_read(self, result: Any) -> None:
        """Take what a read has given, if that is orders."""
        orders = result if isinstance(result, list) else (result,)
        for order in orders:
            if type(order).__name__ != "Order":
                return
            self.note(order.id, order.contract_id)

    def of(self, order_id: int) -> str | None:
        """The contract of an order; None where it is not known."""
        return self._contracts.get(order_id)
