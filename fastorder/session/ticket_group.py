"""A verb of several requests: its tickets as one, which is awaited as one.

Such a verb is a generator. It starts requests and yields their tickets, one or a list
of them; it goes on with their results once all are there, and what it returns is the
group's result. It is run by whatever ends a ticket, so it needs nobody to wait for it,
and it is the same in both facades.

Once somebody has waited for it and stopped to, it is stopped: it starts no other
request, follows those that are on their way, and tells what they came to. So it is
where the handler of a signal raises in one of its steps. This module is compiled: no
handler runs within it but where it runs the interpreter itself, in the steps above all.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from fastorder._base.counted import counted
from fastorder._core.flow.ticket import Ticket
from fastorder.errors import ActStopped, ExecutorClosed
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Generator

    from fastorder._core.transport.evidence import Evidence
    from fastorder.session.dispatcher import Dispatcher

T = TypeVar("T")

Steps: TypeAlias = "Generator[Ticket[Any] | list[Ticket[Any]], Any, T]"
"""What a verb of several requests is made of."""

STOPS = (ActStopped, ExecutorClosed)
"""What is raised in the steps of a verb that ends before its time: time to report."""

LEFT = "nobody waits for it any more"
NO_CHANGE = ("read", "wait")
"""Kinds of tickets that change nothing at the gateway."""


def why_ended(stop: Exception) -> str:
    """Why a verb has ended before its time, for its report."""
    return f"it was stopped: {stop.why}" if isinstance(stop, ActStopped) else str(stop)


class TicketGroup(Ticket[T]):
    """Several requests that are one verb; awaited, they give one result.

    A group that nobody has awaited yet goes on. Each of its requests has a ticket of
    its own, with its own outcome: a group hides none.

    Args:
        dispatcher: sends for it, and lists it.
        kind: its name, for people.
        steps: the generator.
        changes: whether it may change something at the gateway, and is an act.
    """

    def __init__(
        self,
        dispatcher: Dispatcher,
        kind: str,
        steps: Steps[T],
        *,
        changes: bool = True,
    ) -> None:
        super().__init__(dispatcher, None, kind)
        self.changes = changes
        self._dispatcher = dispatcher
        self._steps = steps
        self._started: dict[Ticket[Any], None] = {}
        self._asked: Any = None
        self._before: set[Ticket[Any]] = set()  # what was open before its last step
        self._runs = False  # a step is being taken
        self._end: tuple[T | None, Exception | None] | None = None
        self._stopped = ""  # why
        self._failure: Exception | None = None
        self._is_told = False  # somebody has heard of that

    @property
    def tickets(self) -> tuple[Ticket[Any], ...]:
        """Those that were started so far, oldest first."""
        return tuple(self._started)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        if self.done:
            return f"stopped: {self._came_to()}" if self._stopped else "done"
        ended = sum(ticket.done for ticket in self._started)
        answered = f"{ended} answered, of {counted(len(self._started), 'request')}"
        return f"stopped, {answered}" if self._stopped else answered

    # ------------------------------------------------------------ its steps

    def _start(self) -> TicketGroup[T]:
        """Take the first step; its requests have left on return, if they could."""
        self._dispatcher.groups[self] = None
        try:
            self._go_on(None, None)
        except BaseException as error:
            if self._has_changed() or not isinstance(error, Exception):
                self._broken_off(error)
            raise  # to _fail(), where it is an error of the client
        return self

    def _go_on(self, value: Any, error: Exception | None) -> None:
        """Take steps until one has to be waited for, or there is none left."""
        while not self._take_step(value, error):
            if self.settled:
                return
            value, error = self._answers()
        if self._stopped:  # while that step was taken
            self._follow()

    def _take_step(self, value: Any, error: Exception | None) -> bool:
        """Whether the step has to be waited for; the last one ends the group."""
        self._runs = True
        try:
            self._asked = self._next_step(value, error)
            return bool(self._stopped) or self._waits()
        except StopIteration as end:
            self._finish(end.value, None)
        except Exception as failure:
            self._finish(None, failure)
        finally:
            self._runs = False
        return False

    def _next_step(self, value: Any, error: Exception | None) -> Any:
        self._before = set(self._dispatcher.open_tickets())
        try:
            if error is None:
                return self._steps.send(value)
            return self._steps.throw(error)
        finally:  # a step that raised may have started requests all the same
            self._note_started()

    def _note_started(self) -> None:
        after, before = self._dispatcher.open_tickets(), self._before
        self._started |= dict.fromkeys(each for each in after if each not in before)

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
        try:
            if self.settled:
                return
            if self._stopped:
                self._end_stopped()
            elif all(each.done for each in self._step_tickets()):
                self._go_on(*self._answers())
        except BaseException as error:
            if self._has_changed() or not isinstance(error, Exception):
                self._broken_off(error)
            raise  # to _fail(), where it is an error of the client

    def _answers(self) -> tuple[Any, Exception | None]:
        """What the step goes on with: results, or the first error of a read."""
        try:
            values = [ticket._value() for ticket in self._step_tickets()]
        except Exception as error:
            return None, error
        return values if isinstance(self._asked, list) else values[0], None

    # ------------------------------------------------------------ stopped

    def _unwanted(self) -> None:
        """The last wait for it was ended: it starts nothing more."""
        self._stop(LEFT)

    def _stop(self, why: str) -> None:
        if self.settled or self._stopped:
            return
        self._stopped = why
        if not self._runs:
            self._follow()

    def _broken_off(self, error: BaseException) -> None:
        """The handler of a signal has raised, or the client has failed.

        The step that it came in may be lost, and its report with it: what has left is
        followed to its end, and told.
        """
        if self.settled:
            return
        if self._end is not None:
            self._finish(*self._end)
            return
        if self._runs or not self._stopped:
            self._note_started()
        self._runs = False
        self._stopped = self._stopped or f"{error!r} came in the middle of it"
        self._follow()

    def _follow(self) -> None:
        """Let go of what it reads; end once its changes have a result."""
        why = self._stopped
        for ticket in tuple(self._started):
            if isinstance(ticket, TicketGroup):
                ticket._stop(why)
            elif not ticket.done and ticket.kind == "read":
                self._dispatcher.wait_left(ticket)
        on_their_way = self._on_their_way()
        if self.changes and on_their_way:
            what = counted(len(on_their_way), "request")
            log().warning("%s is stopped: %s; %s on the way", self.kind, why, what)
        for ticket in on_their_way:
            ticket._call_when_done(self._one_is_done)
            withdraw = getattr(ticket._protocol, "withdraw", None)
            if withdraw is not None:
                withdraw(f"{self.kind} was stopped, which has sent it")
        self._end_stopped()

    def _on_their_way(self) -> list[Ticket[Any]]:
        """The changes that have no result yet."""
        return [
            ticket
            for ticket in self._started
            if not ticket.done and ticket.kind not in NO_CHANGE
        ]

    def _end_stopped(self) -> None:
        """End, once all that is on its way has a result."""
        if self.settled or self._on_their_way():
            return
        part = self._asked
        if isinstance(part, TicketGroup) and part._stopped and part._failure is None:
            self._finish(part.result, None)  # what it told of is all there was
            return
        self._end_with(ActStopped(self.kind, self._stopped, self._came_to()))

    def _came_to(self) -> str:
        """What became of each change, for people."""
        results = [
            ticket.result
            for ticket in self._started
            if ticket.kind not in NO_CHANGE and not isinstance(ticket, TicketGroup)
        ]
        told = [each.message for each in results if each is not None]
        return "; ".join(told) or "it had sent no change"

    def _end_with(self, why: Exception) -> None:
        """Have the steps tell what was done; the last of them is taken."""
        try:
            self._steps.throw(why)
        except StopIteration as end:
            self._finish(end.value, None)
        except Exception as failure:
            self._finish(None, failure)
        else:  # it wants another step
            self._steps.close()
            self._finish(None, why)

    # ------------------------------------------------------------ the end

    def _finish(self, result: T | None, error: Exception | None) -> None:
        self._end = result, error
        self._failure = error
        is_act = error is None or bool(self._stopped) or self._has_changed()
        is_kept = self.changes and is_act
        self._dispatcher.group_ended(self, is_kept=is_kept)
        if self._stopped:
            self._is_told = True
            if self.changes:
                log().warning("%s", str(error) if error else repr(result))
        self._settle_with(result, error)

    def _fail(self, error: Exception) -> None:
        """The client itself has failed: it takes no other step.

        Changes that are on their way are followed; whoever waits gets the error else.
        """
        if self._has_changed() and not self._stopped:
            self._broken_off(error)
        if self.settled or self._on_their_way():
            return
        self._failure = error
        self._dispatcher.groups.pop(self, None)
        super()._fail(error)

    def _has_changed(self) -> bool:
        return any(ticket.kind not in NO_CHANGE for ticket in self._started)

    def _value(self) -> T:
        """The result; whoever gets the error has been told of it."""
        self._is_told = True
        return super()._value()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes, and its requests have ended: there is no next step."""
        if self.settled:
            return
        closed = ExecutorClosed(f"{self.kind}: the executor was closed")
        if self._runs:  # its own step has closed it
            self._finish(None, closed)
        else:
            self._end_with(closed)

    def __del__(self) -> None:
        failure = getattr(self, "_failure", None)
        if failure is not None and not self._is_told and not sys.is_finalizing():
            log().warning("%s has failed, unheard: %s", self.kind, failure)
