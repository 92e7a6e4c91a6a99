"""Which orders are in doubt, by account and contract: the interlock's memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder._core.order import OrderRequest


class Doubts:
    """Tags of orders that may exist, while that is not known."""

    __slots__ = ("_tags",)

    def __init__(self) -> None:
        self._tags: dict[tuple[int, str], dict[str, None]] = {}

    def add(self, account_id: int, contract_id: str, tag: str) -> None:
        """The order with this tag is in doubt."""
        self._tags.setdefault((account_id, contract_id), {})[tag] = None

    def clear(self, account_id: int, contract_id: str, tag: str) -> None:
        """What became of it is proved."""
        tags = self._tags.get((account_id, contract_id), {})
        tags.pop(tag, None)
        if not tags:
            self._tags.pop((account_id, contract_id), None)

    def beside(self, order: OrderRequest, contract_id: str) -> tuple[str, ...]:
        """The tags in doubt where an order is to go, oldest first."""
        if not self._tags:
            return ()
        return tuple(self._tags.get((order.account_id, contract_id), ()))
