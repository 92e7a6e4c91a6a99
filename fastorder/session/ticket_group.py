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
from fastorder.errors import ExecutorClosed, FastOrderError
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Generator

    from fastorder._core.transport.evidence import Evidence
    from fastorder.session.dispatcher import Dispatcher

T = TypeVar("T")

Steps: TypeAlias = "Generator[Ticket[Any] | list[Ticket[Any]], Any, T]"
"""What a verb of several requests is made of."""


class TicketGroup(Ticket[T]):
    """Several requests that are one verb; awaited, they give one result.

    A group that has begun goes on whether or not anybody awaits it. Each of its
    requests has a ticket of its own, with its own outcome: a group hides none.
    """

    def __init__(self, dispatcher: Dispatcher, kind: str, steps: Steps[T]) -> None:
        super().__init__(dispatcher, None, kind)
        self._dispatcher = dispatcher
        self._steps = steps
        self._started: dict[Ticket[Any], None] = {}
        self._asked: Any = None

    @property
    def tickets(self) -> tuple[Ticket[Any], ...]:
        """Those that were started so far, oldest first."""
        return tuple(self._started)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        if self.done:
            return "done"
        ended = sum(ticket.done for ticket in self._started)
        return f"{ended} answered, of {counted(len(self._started), 'request')}"

    def _start(self) -> TicketGroup[T]:
        """Take the first step; its requests have left on return, if they could."""
        self._dispatcher.groups.add(self)
        self._go_on(None, None)
        return self

    def _go_on(self, value: Any, error: Exception | None) -> None:
        """Take steps until one has to be waited for, or there is none left."""
        while not self._take_step(value, error):
            if self.settled:
                return
            value, error = self._answers()

    def _take_step(self, value: Any, error: Exception | None) -> bool:
        """Whether the step has to be waited for; the last one ends the group."""
        before = set(self._dispatcher.open_tickets())
        try:
            if error is None:
                self._asked = self._steps.send(value)
            else:
                self._asked = self._steps.throw(error)
            return self._waits()
        except StopIteration as end:
            self._finish(end.value, None)
        except Exception as failure:
            self._finish(None, failure)
        except BaseException as stop:  # Ctrl-C say: whoever waits must not hang
            self._finish(None, FastOrderError(f"{self.kind} was stopped by {stop!r}"))
            raise
        finally:  # a step that raised may have started requests all the same
            after = self._dispatcher.open_tickets()
            self._started |= dict.fromkeys(each for each in after if each not in before)
        return False

    def _waits(self) -> bool:
        """Whether a ticket of the step has no result yet; each of those will call."""
        for ticket in (tickets := self._step_tickets()):
            if not isinstance(ticket, Ticket):
                raise TypeError(
                    "a step must yield a ticket or a list of them, was "
                    f"{type(ticket).__name__}"
                )
        self._started |= dict.fromkeys(tickets)
        waited_for = dict.fromkeys(ticket for ticket in tickets if not ticket.done)
        for ticket in waited_for:
            ticket._call_when_done(self._one_is_done)
        return bool(waited_for)

    def _step_tickets(self) -> list[Any]:
        return self._asked if isinstance(self._asked, list) else [self._asked]

    def _one_is_done(self, ticket: Ticket[Any]) -> None:
        if not self.settled and all(each.done for each in self._step_tickets()):
            self._go_on(*self._answers())

    def _answers(self) -> tuple[Any, Exception | None]:
        """What the step goes on with: results, or the first error of a read."""
        try:
            values = [ticket._value() for ticket in self._step_tickets()]
        except Exception as error:
            return None, error
        return values if isinstance(self._asked, list) else values[0], None

    def _finish(self, result: T | None, error: Exception | None) -> None:
        self._dispatcher.groups.discard(self)
        if error is not None:
            log().warning("%s has failed: %s", self.kind, error)
        self._settle_with(result, error)

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes, and its requests have ended: there is no next step."""
        if not self.settled:
            self._finish(None, ExecutorClosed(f"{self.kind}: the executor was closed"))
