"""What connects the state with a trader: its hub, its reads, its time, its orders."""

from __future__ import annotations

import queue
from threading import Thread
from typing import TYPE_CHECKING, Any

from fastorder._core.transport.evidence import Receiver
from fastorder.blocking import OrderExecutor
from fastorder.errors import FastOrderError, RealtimeClosed
from fastorder.realtime.state.looks import Look, Looked
from fastorder.realtime.state.store import State
from fastorder.runtime.log import log
from fastorder.trader.state_reads import look_steps

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.transport.evidence import Evidence
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.state.looks import Reader
    from fastorder.runtime.clock import Clock
    from fastorder.verbs.base import BaseExecutor

CLOSE_S = 5.0


class Alarm(Receiver):
    """Wakes the state where its hub is read."""

    def __init__(self, hub: BaseHub, ring: Callable[[], object]) -> None:
        self._engine = hub._engine
        self._ring = ring

    def set(self, due_ns: int) -> None:
        """Ring at a time on the monotonic clock."""
        if not self._engine.closed:
            self._engine.wake_at(due_ns, self)

    def _on_timer(self) -> None:
        self._ring()

    def _on_evidence(self, evidence: Evidence) -> None:
        """Nothing is asked with it."""

    def _on_close(self, evidence: Evidence | None) -> None:
        """Whoever closed the engine knows."""

    def _on_error(self, error: BaseException) -> None:
        log().error("the state's timer has failed: %r", error)


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
        self._asked.put((look, answered))

    def close(self) -> None:
        """End once the look that is under way has."""
        self._asked.put(None)
        self._thread.join(CLOSE_S)

    def _run(self) -> None:
        executor = self._executor
        with OrderExecutor(
            executor.base_url, ca_file=self._ca_file, budgets=executor._budgets
        ) as reader:
            while (asked := self._asked.get()) is not None:
                look, answered = asked
                self._answer(answered, self._read(reader, look))

    def _read(self, reader: OrderExecutor, look: Look) -> Looked:
        try:
            token = self._executor.get_token()
            if token is not None and token != reader.get_token():
                reader.set_token(token)
            return reader._wait(reader._group("state", look_steps(reader, look)))
        except FastOrderError as error:
            return Looked(0, why=str(error))

    def _answer(self, answered: Callable[[Looked], None], looked: Looked) -> None:
        try:
            self._hub._act(lambda _now_ns: answered(looked))
        except RealtimeClosed:
            log().debug("a look has ended after the hub was closed")


def state_of(
    account_id: int,
    executor: BaseExecutor[Any],
    hub: BaseHub,
    reader: Reader,
    clock: Clock,
    settle_s: float,
) -> State:
    """The state of an account, fed by a hub that is not open yet."""
    alarm: list[Alarm] = []
    state = State(
        account_id,
        reader,
        lambda due_ns: alarm[0].set(due_ns),
        clock,
        witness=Witness(executor, account_id) if executor._runs_between_calls else None,
        settle_s=settle_s,
    )
    alarm.append(Alarm(hub, state.time))
    state.hear(hub)
    return state


class Witness:
    """Shows the orders of events to those of an executor that are in doubt.

    Args:
        executor: of the loop on which the events come.
        account_id: whose.
    """

    def __init__(self, executor: BaseExecutor[Any], account_id: int) -> None:
        self._dispatcher = executor._dispatcher
        self._account_id = account_id

    def __call__(self, row: dict[str, Any]) -> None:
        """An event shows this order."""
        tag = row.get("customTag")
        if isinstance(tag, str) and row.get("accountId") == self._account_id:
            self._dispatcher.witness(tag, row)
