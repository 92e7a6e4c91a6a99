"""What connects the state with a trader: its hub, its reads, its time, its orders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.transport.evidence import Receiver
from fastorder.enums import Outcome
from fastorder.realtime.state.store import State
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.transport.evidence import Evidence
    from fastorder.realtime.base import BaseHub
    from fastorder.realtime.state.looks import Reader
    from fastorder.runtime.clock import Clock
    from fastorder.verbs.base import BaseExecutor


ACCEPTED_NS = SECOND_NS
"""How often the state is shown which orders were accepted."""


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
    ahead_s = executor._dispatcher.server_clock.ahead_s() or 0.0
    state = State(
        account_id,
        reader,
        lambda due_ns: alarm[0].set(due_ns),
        clock,
        witness=Witness(executor, account_id) if executor._runs_between_calls else None,
        since_ns=int((clock.wall_s() + ahead_s) * SECOND_NS),
        settle_s=settle_s,
    )
    alarm.append(Alarm(hub, state.time))
    state.hear(hub)
    accepted = Accepted(executor, account_id)
    hub.every(ACCEPTED_NS, lambda: state.accepted(accepted.new()))
    return state


class Accepted:
    """The orders of an account that an executor has placed, each once.

    They are looked for among its last ended tickets, so that placing one costs nothing.

    Args:
        executor: places.
        account_id: whose.
    """

    def __init__(self, executor: BaseExecutor[Any], account_id: int) -> None:
        self._dispatcher = executor._dispatcher
        self._account_id = account_id
        self._last: Any = None  # the ticket that ended last, of those that were seen

    def new(self) -> list[int]:
        """The numbers of those that were accepted since the last call."""
        ended, found = self._dispatcher.recent(), []
        for ticket in reversed(ended):
            if ticket is self._last:
                break
            result = ticket.result
            if (
                ticket.kind == "place"
                and ticket.account_id == self._account_id
                and result is not None
                and result.outcome is Outcome.ACCEPTED
                and result.order_id is not None
            ):
                found.append(result.order_id)
        if ended:
            self._last = ended[-1]
        return found


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
