"""An order that was sent after a close of its contract: what it may have opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder.enums import OrderType, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.ticket import Ticket
    from fastorder.enums import Side

    Holds = Callable[[Ticket[Any]], bool]

STOPS = (OrderType.STOP, OrderType.TRAILING_STOP)
NOTHING = (Outcome.REJECTED, Outcome.NOT_SENT)
"""What becomes of an order that has opened nothing and never will."""


class Placing(Protocol):
    """What is asked of an order's protocol."""

    order: OrderRequest
    attempts: int
    may_have_left: bool


class OrderSince:
    """An order that was asked for after a close of its contract.

    Args:
        ticket: the order's.
        holds: whether a ticket's request waits for a login or for room.
    """

    __slots__ = ("_holds", "_placing", "_ticket")

    def __init__(self, ticket: Ticket[Any], holds: Holds) -> None:
        self._ticket = ticket
        self._placing: Placing = ticket._protocol
        self._holds = holds

    def may_have_opened(self, side: Side | None) -> bool:
        """Whether a position may be from it.

        A stop is taken for one that protects what was held before, unless the position
        is of its own side.

        Args:
            side: of the position; None where that was not read.
        """
        order = self._placing.order
        if order.order_type in STOPS and order.side is not side:
            return False
        result = self._ticket.result
        if result is not None and result.outcome in NOTHING:
            return False
        return self._placing.may_have_left and not self._never_left_a_hold()

    def _never_left_a_hold(self) -> bool:
        return not self._placing.attempts and self._holds(self._ticket)
