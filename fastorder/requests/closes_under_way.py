"""The closes that may still be sent: each hears of the orders that are sent after it.

The close of a whole position is of what is held when it is sent. Where it leaves late,
or once more, what an order has opened meanwhile must not be closed by it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from fastorder.gateway.rows import same_contract
from fastorder.requests.order_since import OrderSince

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.requests.order_since import Holds
    from fastorder.requests.position_close import PositionClose


class ClosesUnderWay:
    """The closes of one executor; each is let go with its ticket's end.

    Attributes:
        any: whether there may be one at all.
    """

    __slots__ = ("_closes", "any")

    def __init__(self) -> None:
        self._closes: WeakSet[PositionClose] = WeakSet()
        self.any = False

    def add(self, close: PositionClose) -> None:
        """Take in one that is on its way."""
        self._closes.add(close)
        self.any = True

    def order_leaves(self, ticket: Ticket[Any], contract_id: str, holds: Holds) -> None:
        """An order is sent: each close of its contract takes it into account.

        Args:
            ticket, contract_id: of the order.
            holds: whether a ticket's request waits for a login or for room.
        """
        closes = list(self._closes)
        self.any = bool(closes)
        since = OrderSince(ticket, holds)
        for close in closes:
            same = same_contract(close.contract_id, contract_id)
            if close.account_id == ticket.account_id and same is not False:
                close.orders_since.append(since)
