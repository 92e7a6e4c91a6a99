"""What the guard sees of a contract: a read, the state, and orders on their way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.gateway.rows import same_contract
from fastorder.realtime.state.protection import covered_by

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.realtime.state.store import State


class GuardSight:
    """What stands for a contract now, and what may stand for it in a moment.

    Args:
        desk: of the executor whose orders the program places.
        state: of the same account.
    """

    def __init__(self, desk: Desk, state: State) -> None:
        self._desk = desk
        self._state = state

    def why_wait(self, contract_id: str, sight: Sight | None = None) -> str:
        """Why nothing may be sent for a contract now; empty where it may.

        Args:
            contract_id: of the contract.
            sight: what was read of the account; None where nothing was yet.
        """
        changes = self._desk.open_changes()
        if any(self._may_be_of(ticket, contract_id) for ticket in changes):
            return "an order is on its way, or in doubt"
        if sight is not None and self._was_placed_since(contract_id, sight):
            return "an order was placed while the account was read"
        return ""

    def missing(self, contract_id: str, sight: Sight) -> int:
        """Contracts that no stop covers, of those that the read or the state shows.

        A stop that was placed after the read is in the state alone.
        """
        net = sight.positions.of(contract_id)
        if net is None:
            return 0
        stops = {order.id: order for order in sight.orders}
        if self._state.proven:
            for held in self._state.rows.working():
                if held.order is not None:
                    stops.setdefault(held.order.id, held.order)
        return abs(net) - covered_by(stops.values(), contract_id, net)

    def _may_be_of(self, ticket: Ticket[Any], contract_id: str) -> bool:
        shown = self._contract_of(ticket)
        return shown is not None and same_contract(shown, contract_id) is not False

    def _contract_of(self, ticket: Ticket[Any]) -> str | None:
        """The contract of a change; None where it is not known, or it has ended."""
        contract_id = getattr(ticket._protocol, "contract_id", None)
        number = ticket._order_id
        if contract_id is None and number:
            order = self._state.order(number)
            if order is not None:
                return order.contract_id
            return self._desk.contract_of(number)
        return contract_id

    def _was_placed_since(self, contract_id: str, sight: Sight) -> bool:
        """Whether an order was taken after the read had left, and is not shown yet."""
        shown = {order.id for order in sight.orders}
        return any(
            number not in shown
            and self._state.order(number) is None
            and same_contract(self._desk.contract_of(number), contract_id) is not False
            for number in self._desk.placed_since(sight.begun_ns)
        )
