"""Which orders Order/v2/query is asked for, and the bodies of its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.enums import OrderStatus
from fastorder.gateway.rows import is_of_account, same_contract

if TYPE_CHECKING:
    from fastorder.gateway.rows import Row

WORKING = (
    OrderStatus.OPEN,
    OrderStatus.PENDING,
    OrderStatus.PENDING_CANCELLATION,
    OrderStatus.SUSPENDED,
)
"""The statuses of orders that can still trade; a bracket's legs are suspended first."""

BY_ID = 1
"""The gateway's number of the field that pages are sorted by."""


class OrderFilter(NamedTuple):
    """What an order must be to be listed.

    Attributes:
        account_id: whose.
        statuses: one of these; empty for any.
        contract_id: of this contract; None for any.
        created_after, created_before: times as the wire has them; None for any.
        newest_first: from the largest id to the smallest.
    """

    account_id: int
    statuses: tuple[int, ...] = ()
    contract_id: str | None = None
    created_after: str | None = None
    created_before: str | None = None
    newest_first: bool = False

    def body(self, offset: int, size: int) -> bytes:
        """The request of one page; ``offset`` counts rows."""
        import orjson  # loaded with the executor

        wanted: dict[str, Any] = {"accountId": self.account_id}
        if self.statuses:
            wanted["statuses"] = [int(status) for status in self.statuses]
        if self.contract_id is not None:
            wanted["contractId"] = self.contract_id
        if self.created_after is not None:
            wanted["createdAfter"] = self.created_after
        if self.created_before is not None:
            wanted["createdBefore"] = self.created_before
        return orjson.dumps(
            {
                "filter": wanted,
                "pageSize": size,
                "pageOffset": offset,
                "sortBy": BY_ID,
                "sortDirection": int(self.newest_first),
                "includeTotalCount": True,
            }
        )

    def passes(self, row: Row) -> bool:
        """Whether a row that the gateway lists is one of them.

        The gateway was seen to list other contracts than the one that was asked for.

        Raises:
            ValueError: it is of another account.
        """
        if not is_of_account(row, self.account_id):
            raise ValueError("it lists an order of another account")
        status = row.get("status")
        if self.statuses and type(status) is int and status not in self.statuses:
            return False
        if self.contract_id is None:
            return True
        return same_contract(row.get("contractId"), self.contract_id) is not False
