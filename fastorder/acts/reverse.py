"""Reverse: close, wait until it is proved flat, then open as much the other way.

One order of twice the size would do it sooner. The venue takes such an order for a
hedge against the position that it turns round, and the legs of the old bracket would
stay behind.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.counted import counted
from fastorder.acts.audit import Books, audit
from fastorder.acts.contract_work import result_of_ticket
from fastorder.acts.looks import look
from fastorder.acts.sweep import CLOSE, Sweep
from fastorder.enums import Side
from fastorder.errors import FastOrderError
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS, why_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.acts.report import ReverseReport
    from fastorder.session.ticket_group import Steps

AGAIN_NS = SECOND_NS // 4


class Held(NamedTuple):
    """A position that two lists agree on; ``why`` says what keeps it from that."""

    size: int
    books: Books | None
    why: str = ""


def reverse(
    desk: Desk,
    contract_id: str,
    deadline_s: float,
    enter: Callable[[Side, int], Ticket[OrderResult]],
) -> Steps[ReverseReport]:
    """Turn a position round.

    Args:
        desk: the account.
        contract_id: as it is listed.
        deadline_s: by when it has to be flat.
        enter: orders so many contracts of a side at the market.
    """
    from fastorder.acts.report import ReverseReport  # an act loads it

    until_ns = desk.now_ns() + int(deadline_s * SECOND_NS)
    closed = None
    try:
        held = yield from _held(desk, contract_id, until_ns)
        if held.why or not held.size:
            return ReverseReport(None, None, held.why or "no position is held")
        left_s = max(until_ns - desk.now_ns(), 0) / SECOND_NS
        closed = yield from Sweep(desk, CLOSE, contract_id, left_s).steps()
        if not closed.verified:
            return ReverseReport(closed, None, f"not proved flat: {closed.why}")
        why = yield from _was_something_else(desk, contract_id, held)
        if why:
            return ReverseReport(closed, None, why)
    except STOPS as stop:
        return ReverseReport(closed, None, why_ended(stop))
    try:
        ticket = enter(Side.SELL if held.size > 0 else Side.BUY, abs(held.size))
    except FastOrderError as error:  # halted meanwhile, say: what was done is told
        return ReverseReport(closed, None, str(error))
    with suppress(*STOPS):
        yield ticket
    return ReverseReport(closed, result_of_ticket(ticket))


def _held(desk: Desk, contract_id: str, until_ns: int) -> Steps[Held]:
    """How much is held, once the positions and the trades say the same."""
    while True:
        sight = yield from look(desk, until_ns)
        if sight.refusal is not None:
            raise sight.refusal
        books = yield from audit(desk, until_ns)
        held = _compared(sight.why, sight.positions.get(contract_id, 0), books)
        if held.books is not None:
            net = held.books.net[contract_id]
            if net == held.size:
                return held
            what = counted(held.size, "contract")
            held = Held(0, None, f"{what} listed, the trades add up to {net}")
        if desk.now_ns() + AGAIN_NS >= until_ns:
            return held
        yield desk.sleep(desk.now_ns() + AGAIN_NS)


def _compared(why: str, size: int, books: Books | str) -> Held:
    if why or isinstance(books, str):
        return Held(0, None, why or str(books))
    return Held(size, books)


def _was_something_else(desk: Desk, contract_id: str, held: Held) -> Steps[str]:
    """Whether more or less was closed than was held; empty where it was just that."""
    until_ns = desk.now_ns() + SECOND_NS
    books = yield from audit(desk, until_ns)
    if isinstance(books, str) or held.books is None:
        return f"it is flat, but what was closed could not be read: {books}"
    traded = books.new_net(contract_id, held.books)
    if traded != -held.size:
        return f"{held.size:+d} was held, and {traded:+d} has traded since"
    return ""
