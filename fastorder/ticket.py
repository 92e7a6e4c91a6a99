"""A request on its way: it can be awaited, looked at, and left alone.

The request does not depend on anybody waiting: an await that is cancelled ends the
wait, never the request. The ticket obeys its protocol's commands until the protocol
has finished.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from fastorder.commands import Command, Finish, Pause, Send
from fastorder.errors import ExecutorClosed

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from fastorder._core.transfer import Evidence
    from fastorder.dispatch import Dispatch

T = TypeVar("T")


class Ticket(Generic[T]):
    """One request, from the call to its result.

    ``await ticket`` gives the result, as often as it is asked. A ticket is taken
    wherever a coroutine is: ``asyncio.create_task``, ``gather``, ``wait_for``.

    Attributes:
        kind: "place", "modify", "cancel" or "read".
        tag: the order's tag; None where there is none.
        account_id: the account that the request is about; None where not known.
        order_id: the order that it changes; None where it places or reads.
        done: whether it has ended.
        result: what it ended with; None until then.
    """

    _steps: WeakKeyDictionary[Any, Generator[Any, None, T]]  # made where it is needed

    __slots__ = (
        "__weakref__",
        "_convert",
        "_dispatch",
        "_error",
        "_steps",
        "_waiters",
        "account_id",
        "done",
        "kind",
        "order_id",
        "protocol",
        "result",
        "tag",
    )

    def __init__(
        self,
        dispatch: Dispatch,
        protocol: Any,
        kind: str,
        tag: str | None = None,
        account_id: int | None = None,
        order_id: int | None = None,
        convert: Callable[[Any], T] | None = None,
    ) -> None:
        self.protocol = protocol
        self.kind = kind
        self.tag = tag
        self.account_id = account_id
        self.order_id = order_id
        self.done = False
        self.result: T | None = None
        self._dispatch = dispatch
        self._convert = convert
        self._error: Exception | None = None
        self._waiters: list[asyncio.Future[None]] = []

    def __repr__(self) -> str:
        about = self.tag or self.order_id or ""
        return f"<Ticket {self.kind} {about}: {self.state}>"

    @property
    def state(self) -> str:
        """Where the request stands, for people."""
        return cast("str", self.protocol.state.value)

    def outcome(self) -> T:
        """The result of a ticket that is done; the error of a read that failed."""
        if self._error is not None:
            raise self._error
        return cast("T", self.result)

    # ------------------------------------------------------------ awaiting

    def __await__(self) -> Generator[Any, None, T]:
        if not self.done:
            waiter = self._dispatch.engine.waiter()
            self._waiters.append(waiter)
            yield from waiter
        return self.outcome()

    def send(self, value: Any) -> Any:
        """Take the next step, as a coroutine does when a task runs it."""
        return self._steps_of_task().send(value)

    def throw(self, *error: Any) -> Any:
        """Raise inside the wait, as a cancelled task does."""
        return self._steps_of_task().throw(*error)

    def close(self) -> None:
        """End the wait, not the request."""
        self._steps_of_task().close()

    def _steps_of_task(self) -> Generator[Any, None, T]:
        """The wait of the task that is running: each has one of its own."""
        task = asyncio.current_task()
        if not hasattr(self, "_steps"):
            self._steps = WeakKeyDictionary()
        steps = self._steps.get(task)
        if steps is None:
            steps = self._steps[task] = self.__await__()
        return steps

    # ------------------------------------------------------------ the engine's side

    def obey(self, command: Command[Any]) -> None:
        """Do what the protocol asks for."""
        if type(command) is Finish:
            self._finish(command.value)
        elif type(command) is Send:
            self._dispatch.send(command, self)
        else:
            pause = cast("Pause", command)
            self._dispatch.engine.wake_at(pause.due_ns, self)

    def receive(self, evidence: Evidence) -> None:
        """An exchange has ended."""
        self._dispatch.gateway_time.note(evidence.date, evidence.finished_ns)
        self._go_on(self.protocol.on_evidence(evidence))

    def wake(self) -> None:
        """A pause is over."""
        self._go_on(self.protocol.on_time())

    def stop(self, evidence: Evidence | None) -> None:
        """The executor closes."""
        self._finish(self.protocol.on_stop(evidence).value)

    def fail(self, error: Exception) -> None:
        """The client itself has failed; whoever waits is told."""
        self._error = error
        self._end()

    def _go_on(self, command: Command[Any]) -> None:
        try:
            self.obey(command)
        except ExecutorClosed:
            self.stop(None)

    def _finish(self, value: Any) -> None:
        if isinstance(value, Exception):
            self._error = value
        elif self._convert is None:
            self.result = value
        else:
            self.result = self._convert(value)
        self._end()

    def _end(self) -> None:
        self.done = True
        self._dispatch.ended(self)
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()
