"""The reads of the state where there is no loop: a thread with its own executor."""

from __future__ import annotations

import queue
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Any

from fastorder.blocking import OrderExecutor
from fastorder.errors import FastOrderError, RealtimeClosed
from fastorder.runtime.log import log
from fastorder.trader.state_reads import look_steps, looked_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.state.looks import Look, Looked
    from fastorder.session.ticket_group import Steps
    from fastorder.verbs.base import BaseExecutor

CLOSE_S = 5.0


class ApartReader:
    """Reads on a thread of its own, by an executor of its own with the same token.

    A blocking executor belongs to the program's thread, and runs in its calls alone.

    Args:
        executor: the trader's.
        hub: answers are told where it is read.
        ca_file: authorities to trust instead of the system's.
    """

    def __init__(
        self, executor: BaseExecutor[Any], hub: BaseHub, ca_file: str | None
    ) -> None:
        self._executor = executor
        self._hub = hub
        self._ca_file = ca_file
        self._asked: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = Thread(target=self._run, name="fastorder-state", daemon=True)
        self._thread.start()

    def ask(self, look: Look, answered: Callable[[Looked], None]) -> None:
        """Start a look; see ``Reader``."""
        self.do(
            lambda executor: look_steps(executor, look),
            lambda ticket: answered(looked_of(ticket)),
        )

    def do(
        self,
        make_steps: Callable[[BaseExecutor[Any]], Steps[Any]],
        ended: Callable[[Ticket[Any]], None],
    ) -> None:
        """Take the steps of a verb on the thread; ``ended`` is called at the hub's."""
        self._asked.put((make_steps, ended))

    def close(self) -> None:
        """End once what is under way has."""
        self._asked.put(None)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        executor = self._executor
        with OrderExecutor(
            executor.base_url, ca_file=self._ca_file, budgets=executor._budgets
        ) as own:
            while (asked := self._asked.get()) is not None:
                self._take(own, *asked)

    def _take(
        self,
        own: OrderExecutor,
        make_steps: Callable[[BaseExecutor[Any]], Steps[Any]],
        ended: Callable[[Ticket[Any]], None],
    ) -> None:
        try:
            token = self._executor.get_token()
            if token is not None and token != own.get_token():
                own.set_token(token)
            ticket = own._group("state", make_steps(own))
            with suppress(FastOrderError):  # the ticket has it, and is looked at
                own._wait(ticket)
            self._hub._act(lambda _now_ns: ended(ticket))
        except RealtimeClosed:
            log().debug("the state's reads have ended after the hub was closed")
        except FastOrderError as error:
            log().warning("the state could not be read: %s", error)
