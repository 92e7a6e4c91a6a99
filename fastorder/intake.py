"""From an order to its ticket: contract id, tag, bytes, protocol, and off it goes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.request import render_place
from fastorder._core.ticket import Ticket
from fastorder.placement import Placement
from fastorder.tags import TagSeries

if TYPE_CHECKING:
    from fastorder._core.order import OrderRequest
    from fastorder._core.result import OrderResult
    from fastorder.config import RetryPolicy
    from fastorder.contracts import ContractBook
    from fastorder.dispatch import Dispatch


class Intake:
    """Takes orders for one executor.

    Args:
        dispatch: sends for their tickets.
        contracts: contract ids and ticks by symbol.
        policy: when a request is tried again.
    """

    __slots__ = ("_contracts", "_dispatch", "_policy", "_tags")

    def __init__(
        self, dispatch: Dispatch, contracts: ContractBook, policy: RetryPolicy
    ) -> None:
        self._dispatch = dispatch
        self._contracts = contracts
        self._policy = policy
        self._tags = TagSeries()

    def place(self, order: OrderRequest, called_ns: int) -> Ticket[OrderResult]:
        """Send an order; on a warm connection it has left when this returns.

        Raises:
            UnknownSymbol, InvalidField, TokenMissing, ExecutorClosed, ExecutorMisuse:
                nothing was sent.
        """
        listing = self._contracts.find(order.symbol)
        tag = order.custom_tag or self._tags.next()
        dispatch = self._dispatch
        placement = Placement(
            order,
            tag,
            listing.contract_id,
            render_place(order, listing.contract_id, tag, listing.grid),
            self._policy,
            dispatch.clock,
            dispatch.gateway_time,
            called_ns,
        )
        return dispatch.launch(
            Ticket(dispatch, placement, "place", tag, order.account_id)
        )
