"""What a sender of requests of its own needs from its session.

The session imports them, so they name what they need here, and do not import it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.protocol import RequestProtocol
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.engine import Engine
    from fastorder.budgets.lanes import Lane
    from fastorder.gateway.server_clock import ServerClock
    from fastorder.runtime.clock import Clock


class SessionPort(Protocol):
    """Time, wake-ups, and a way to the gateway for reads."""

    clock: Clock

    @property
    def engine(self) -> Engine:
        """Drives the exchanges, and wakes whoever asks for it."""

    @property
    def server_clock(self) -> ServerClock:
        """The gateway's clock, as far as it is known."""

    def read_ticket(
        self,
        protocol: RequestProtocol,
        convert: Callable[[Any], Any] | None = None,
        account_id: int | None = None,
        lane: Lane | None = None,
    ) -> Ticket[Any]:
        """The ticket of a read; ``launch`` starts it."""

    def launch(self, ticket: Ticket[Any]) -> Ticket[Any]:
        """Start a ticket; on a warm connection its request has left on return."""
