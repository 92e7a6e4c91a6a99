"""A verb of several requests: its tickets as one, which is awaited as one.

Such a verb is a generator. It starts requests and yields their tickets, one or a list
of them; it goes on with their results once all are there, and what it returns is the
group's result. It is run by whatever ends a ticket, so it depends on nobody waiting,
as a single request does not, and it is the same in both facades.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from fastorder._base.counted import counted
from fastorder._core.flow.ticket import Ticket
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Generator

    from fastorder.session.dispatcher import Dispatcher

T = TypeVar("T")

Steps: TypeAlias = "Generator[Ticket[Any] | list[Ticket[Any]], Any, T]"
"""What a verb of several requests is made of."""


class TicketGroup(Ticket[T]):
    """Several requests that are one verb; awaited, they give one result.

    A group that has begun goes on whether or not anybody awaits it. Each of its
    requests has a ticket of its own, with its own outcome: a group hides none.

    Attributes:
        tickets: those that were started so far, oldest first.
    """

    def __init__(self, dispatcher: Dispatcher, kind: str, steps: Steps[T]) -> None:
        super().__init__(dispatcher, None, kind)
        self.tickets: tuple[Ticket[Any], ...] = ()
        self._steps = steps
        self._asked: Ticket[Any] | list[Ticket[Any]] = []
        self._missing = 0
        self._book = dispatcher.groups

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        if self.done:
            return "done"
        ended = sum(ticket.done for ticket in self.tickets)
        return f"{ended} of {counted(len(self.tickets), 'request')} answered"

    def _start(self) -> TicketGroup[T]:
        """Take the first step; its requests have left on return, if they could."""
        self._book.add(self)
        self._go_on(None, None)
        return self

    def _go_on(self, value: Any, error: Exception | None) -> None:
        """Take steps until one has to be waited for, or there is none left."""
        while True:
            try:
                if error is None:
                    self._asked = self._steps.send(value)
                else:
                    self._asked = self._steps.throw(error)
            except StopIteration as end:
                return self._finish(end.value, None)
            except Exception as failure:
                return self._finish(None, failure)
            if self._waits():
                return None
            value, error = self._answers()

    def _waits(self) -> bool:
        """Whether a ticket of the step has no result yet; each that has none calls."""
        asked = self._asked if isinstance(self._asked, list) else [self._asked]
        self.tickets += tuple(asked)
        open_tickets = [ticket for ticket in asked if not ticket.done]
        self._missing = len(open_tickets)
        for ticket in open_tickets:
            ticket._call_when_done(self._one_is_done)
        return bool(open_tickets)

    def _one_is_done(self, ticket: Ticket[Any]) -> None:
        self._missing -= 1
        if self._missing == 0:
            self._go_on(*self._answers())

    def _answers(self) -> tuple[Any, Exception | None]:
        """What the step goes on with: results, or the first error of a read."""
        try:
            if isinstance(self._asked, list):
                return [ticket._value() for ticket in self._asked], None
            return self._asked._value(), None
        except Exception as error:
            return None, error

    def _finish(self, result: T | None, error: Exception | None) -> None:
        self._book.discard(self)
        if error is not None:
            log().warning("%s has failed: %s", self.kind, error)
        self._settle_with(result, error)
