"""What an act does in one contract: its requests, and when each may be repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._core.flow.result import OrderResult
from fastorder.enums import Outcome
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.acts.report import ActStep

AGAIN_NS = SECOND_NS // 4
"""The pause before a request is repeated; doubled each time."""

MOST_DOUBLINGS = 4


class Change(NamedTuple):
    """A request of an act. ``order_id`` is None for a close."""

    order_id: int | None
    ticket: Ticket[OrderResult]


class ContractWork:
    """The cancels and closes of one contract.

    Args:
        desk: sends them.
        contract_id: of which contract.
    """

    def __init__(self, desk: Desk, contract_id: str) -> None:
        self.contract_id = contract_id
        self._desk = desk
        self._changes: list[Change] = []
        self._due_ns: dict[int | None, int] = {}

    @property
    def is_closed(self) -> bool:
        """Whether the gateway took the last close."""
        last = self._last(None)
        return last is not None and bool(last.done and last._value().success)

    def pending(self) -> list[Ticket[Any]]:
        """The requests that are not answered yet."""
        return [each.ticket for each in self._changes if not each.ticket.done]

    @property
    def is_closing(self) -> bool:
        """Whether a close is on its way: it may yet close what is bought next."""
        last = self._last(None)
        return last is not None and not last.done

    @property
    def where_the_close_is(self) -> str:
        """Where a close that is not answered yet stands, for people."""
        last = self._last(None)
        waits = last is not None and self._desk.waited_s(last) is not None
        return "waits for room in the request budget" if waits else "on its way"

    def close(self) -> bool:
        """Close the position, unless that is under way or was tried a moment ago."""
        if not self._may_leave(None):
            return False
        self._start(None, self._desk.close(self.contract_id))
        return True

    def cancel(self, order_id: int) -> bool:
        """Cancel an order, unless that is under way or was tried a moment ago."""
        if not self._may_leave(order_id):
            return False
        self._start(order_id, self._desk.cancel(order_id))
        return True

    def was_refused(self, order_id: int) -> bool:
        """Whether the gateway refused to cancel an order, or nobody knows."""
        last = self._last(order_id)
        return last is not None and last.done and not last._value().success

    def _start(self, order_id: int | None, ticket: Ticket[OrderResult]) -> None:
        tries = sum(each.order_id == order_id for each in self._changes)
        pause_ns = AGAIN_NS << min(tries, MOST_DOUBLINGS)
        self._due_ns[order_id] = self._desk.now_ns() + pause_ns
        self._changes.append(Change(order_id, ticket))

    def _may_leave(self, order_id: int | None) -> bool:
        last = self._last(order_id)
        if last is None:
            return True
        return last.done and self._desk.now_ns() >= self._due_ns[order_id]

    def _last(self, order_id: int | None) -> Ticket[OrderResult] | None:
        for change in reversed(self._changes):
            if change.order_id == order_id:
                return change.ticket
        return None

    def steps(self) -> tuple[ActStep, ...]:
        """Each request with what is known of it by now."""
        from fastorder.acts.report import ActStep  # an act loads it

        return tuple(
            ActStep(self.contract_id, result_of_ticket(each.ticket))
            for each in self._changes
        )


def result_of_ticket(ticket: Ticket[OrderResult]) -> OrderResult:
    """What is known of a request; UNKNOWN where it is not answered yet."""
    if ticket.done:
        return ticket._value()
    return OrderResult(
        Outcome.UNKNOWN,
        ticket.kind,
        order_id=None if ticket.kind == "place" else ticket.order_id,
        tag=ticket.tag,
        error=f"{ticket.state} when the act ended; intents() lists it",
    )
