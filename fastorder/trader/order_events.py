"""What becomes of a placed order, by events: its fill, and each step of its life."""

from __future__ import annotations

import time
from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from fastorder._core.flow.ticket import Ticket
from fastorder.acts.desk import Desk
from fastorder.acts.fills import fill_of, filled, look_once
from fastorder.acts.verbs import ActVerbs, seconds_from
from fastorder.budgets.lanes import Lane
from fastorder.errors import RealtimeClosed
from fastorder.realtime.state.order_life import OrderLife, OrderStep
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.acts.report import Fill
    from fastorder.realtime.state.store import State
    from fastorder.session.ticket_group import Steps
    from fastorder.trader.base import BaseTrader

LAST_LOOK_S = 2.0
"""What the look at an order may take whose time is over, in seconds."""

LOOKS_S = 0.5
"""How often a wait in a thread looks whether its trader is closed."""


class Changed(Ticket[None]):
    """Done once something of the state has changed, or once a time has come.

    Args:
        trader: whose executor keeps the time.
        state: of the same loop.
        until_ns: the time, on the monotonic clock.
    """

    def __init__(self, trader: BaseTrader[Any], state: State, until_ns: int) -> None:
        dispatcher = trader.executor._dispatcher
        super().__init__(dispatcher, None, "wait")
        self._stop = state.watch(self._is_over)
        dispatcher.engine.wake_at(until_ns, self)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        return "done" if self.done else "waiting"

    def _is_over(self) -> None:
        if not self.settled:
            self._stop()
            self._settle_with(None)

    def _on_timer(self) -> None:
        self._is_over()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes; whoever waits is told by itself."""
        self._stop()


def known_fill(
    state: State | None, placed: OrderResult, account_id: int
) -> Fill | None:
    """What the state shows of an order; None where it cannot be relied on."""
    number = placed.order_id
    if state is None or number is None or not state.misses_nothing:
        return None
    order = state.order(number)
    if account_id != state.account_id or order is None or state.is_partial(number):
        return None
    trades = tuple(each for each in state.trades_of(number) if not each.voided)
    return fill_of(placed, order, trades)


def is_heard(trader: Any, placed: OrderResult, account_id: int) -> bool:
    """Whether the order's events are heard, and none of them was missed."""
    state: State | None = trader._state
    return (
        state is not None
        and placed.order_id is not None
        and account_id == state.account_id
        and state.misses_nothing
    )


def filled_by_event(
    trader: Any, placed: OrderResult, account_id: int, timeout: float
) -> Steps[Fill]:
    """Wait for the events of an order; read it where they are missed, or run out."""
    now_ns = trader.executor._dispatcher.clock.monotonic_ns
    until_ns = now_ns() + int(timeout * SECOND_NS)
    while is_heard(trader, placed, account_id):
        fill = known_fill(trader._state, placed, account_id)
        if fill is not None and fill.is_final and not fill.why:
            return fill
        if now_ns() >= until_ns:
            break
        yield Changed(trader, trader._state, until_ns)
    left_s = max(0, until_ns - now_ns()) / SECOND_NS
    return (yield from fill_at_the_end(trader, placed, account_id, left_s))


def fill_at_the_end(
    trader: Any, placed: OrderResult, account_id: int, left_s: float
) -> Steps[Fill]:
    """What is known of an order that was followed by its events.

    Where they are missed it is read while there is time, and once more after that: a
    look that has no time to be answered would say nothing. Where it cannot be read,
    what its events have told is all there is.
    """
    told = known_fill(trader._state, placed, account_id)
    if left_s <= 0 and told is not None and not told.why:
        return told
    assert placed.order_id is not None
    desk = Desk(trader.executor, account_id, Lane.READS)
    if left_s > 0:
        fill = yield from filled(desk, placed, None, left_s)
        if fill.order is not None:
            return fill
    fill = yield from look_once(desk, placed, placed.order_id, LAST_LOOK_S)
    return fill if fill.order is not None or told is None else told


def filled_ticket(
    trader: Any, placed: OrderResult, account_id: int, timeout: float
) -> Ticket[Fill]:
    """The same as a ticket, on the loop that the state is told on."""
    seconds = seconds_from("timeout", timeout)
    if not is_heard(trader, placed, account_id):
        return ActVerbs.filled.ticket(trader.executor, placed, account_id, seconds)
    steps = filled_by_event(trader, placed, account_id, seconds)
    group: Ticket[Fill] = trader.executor._group("filled", steps)
    return group


def filled_in_thread(
    trader: Any, placed: OrderResult, account_id: int, timeout: float
) -> Fill:
    """The same for a program's thread: events are told on the hubs' own."""
    seconds = seconds_from("timeout", timeout)
    end, flag = time.monotonic() + seconds, Flag()
    stop = trader._state.watch(flag.set) if trader._state is not None else None
    try:
        while is_heard(trader, placed, account_id):
            flag.clear()
            fill = known_fill(trader._state, placed, account_id)
            if fill is not None and fill.is_final and not fill.why:
                return fill
            if time.monotonic() >= end:
                break
            flag.wait(max(0.0, end - time.monotonic()))
    finally:
        if stop is not None:
            stop()
    left_s = max(0.0, end - time.monotonic())
    executor = trader.executor
    if placed.order_id is None or trader._state is None:
        by_reads: Fill = executor.filled(placed, account_id, left_s)
        return by_reads
    steps = fill_at_the_end(trader, placed, account_id, left_s)
    at_the_end: Fill = executor._wait(executor._group("filled", steps))
    return at_the_end


async def steps_of(state: State, order_id: int, legs: int) -> AsyncIterator[OrderStep]:
    """Each step of an order's life, as its events tell it; it ends with the life.

    Raises:
        RealtimeClosed: the trader was closed before.
    """
    import asyncio  # this runs in a loop: it is loaded

    life, changed = OrderLife(state.rows, order_id, legs), asyncio.Event()
    stop = state.watch(changed.set)
    try:
        while True:
            changed.clear()
            for step in life.steps():
                yield step
            if life.has_ended:
                return
            check_open(state, order_id)
            await changed.wait()
    finally:
        stop()


def steps_in_thread(state: State, order_id: int, legs: int) -> Iterator[OrderStep]:
    """The same for a program's thread; see ``steps_of``."""
    life, flag = OrderLife(state.rows, order_id, legs), Flag()
    stop = state.watch(flag.set)
    try:
        while True:
            flag.clear()
            yield from life.steps()
            if life.has_ended:
                return
            check_open(state, order_id)
            flag.wait(LOOKS_S)
    finally:
        stop()


def check_open(state: State, order_id: int) -> None:
    """Nothing more comes of a state that is closed.

    Raises:
        RealtimeClosed: it is.
    """
    if state.is_closed:
        raise RealtimeClosed(
            f"order {order_id} must be followed while the trader is open, it is closed"
        )
