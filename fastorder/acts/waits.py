"""A wait as a step of an act: until some tickets are done, or until a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.ticket import Ticket

if TYPE_CHECKING:
    from fastorder._core.transport.evidence import Evidence
    from fastorder.session.dispatcher import Dispatcher


class Wait(Ticket[None]):
    """Done once all of its tickets are, or once the time has come.

    Changes go on whichever comes first; each has a result of its own. A read that has
    no room in the budget by that time does not leave any more: late, it helps nobody.

    Args:
        dispatcher: the executor's.
        until_ns: the time, on the monotonic clock.
        tickets: none to wait for the time alone.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        until_ns: int,
        tickets: list[Ticket[Any]] | None = None,
    ) -> None:
        super().__init__(dispatcher, None, "wait")
        self._dispatcher = dispatcher
        self._waits_for = [ticket for ticket in tickets or [] if not ticket.done]
        if tickets is not None and not self._waits_for:
            self._settle_with(None)
            return
        for ticket in self._waits_for:
            ticket._call_when_done(self._one_is_done)
        dispatcher.engine.wake_at(until_ns, self)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        return "done" if self.done else "waiting"

    def _one_is_done(self, _ticket: Ticket[Any]) -> None:
        if not self.settled and all(each.done for each in self._waits_for):
            self._end_wait()

    def _on_timer(self) -> None:
        if self.settled:
            return
        for ticket in self._waits_for:
            if ticket.kind == "read" and not ticket.done:
                self._dispatcher.wait_left(ticket)
        if not self.settled:  # the last of them may have ended it
            self._end_wait()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes; the act that waits is told by itself."""

    def _fail(self, error: Exception) -> None:
        """Its own step has failed, which is told: the act looks at once."""
        if not self.settled:
            self._settle_with(None)
        super()._fail(error)

    def _end_wait(self) -> None:
        self._waits_for = []
        self._settle_with(None)
