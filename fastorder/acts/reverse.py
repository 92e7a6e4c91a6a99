"""Reverse: close, wait until it is proved flat, then open as much the other way.

One order of twice the size would do it sooner. The venue takes such an order for a
hedge against the position that it turns round, and the legs of the old bracket would
stay behind.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from fastorder.acts.audit import audit
from fastorder.acts.contract_work import result_of_ticket
from fastorder.acts.holding import held_by_both
from fastorder.acts.sweep import CLOSE, Sweep
from fastorder.enums import Side
from fastorder.errors import FastOrderError, RiskDenied
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS, why_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.acts.holding import Holding
    from fastorder.acts.other_months import OtherMonths
    from fastorder.acts.report import ReverseReport
    from fastorder.risk.denials import Denial
    from fastorder.session.ticket_group import Steps


def reverse(
    desk: Desk,
    contract_id: str,
    deadline_s: float,
    enter: Callable[[Side, int], Ticket[OrderResult]],
    check: Callable[[Side, int], None],
    months: OtherMonths,
) -> Steps[ReverseReport]:
    """Turn a position round.

    Args:
        desk: the account.
        contract_id: as it is listed.
        deadline_s: by when it has to be flat.
        enter: orders so many contracts of a side at the market.
        check: refuses a side and a quantity that may not be ordered.
        months: of the product; named where none is held of the contract.

    Raises:
        InvalidField, Halted, Interlocked, RiskDenied: it may not be opened; nothing
            was closed.
    """
    from fastorder.acts.report import ReverseReport  # an act loads it

    until_ns = desk.now_ns() + int(deadline_s * SECOND_NS)
    closed = None
    try:
        held = yield from held_by_both(desk, contract_id, until_ns)
        if held.why or not held.size:
            others = "" if held.sight is None else months.left(held.sight)
            why = held.why or "no position is held"
            return ReverseReport(None, None, "; ".join(filter(None, [why, others])))
        # what would be refused is refused before the close: an order of the side that
        # is held, as one of the other would pass as one that lessens it
        check(Side.BUY if held.size > 0 else Side.SELL, abs(held.size))
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


def refuse_if_denied(denials: tuple[Denial, ...]) -> None:
    """Refuse an order for what its position does not change, before that is closed.

    How much is held and how many orders work is another matter once it is closed, and
    so is the pace.

    Raises:
        RiskDenied: limits refuse it.
    """
    from fastorder.risk.denials import Denied  # loaded with limits

    lasting = {
        Denied.HALTED,
        Denied.ACCOUNT,
        Denied.SYMBOL,
        Denied.MAX_ORDER_SIZE,
        Denied.REDUCING,
        Denied.FLAT_BY,
        Denied.MAX_DAILY_LOSS,
        Denied.TRAILING_LOSS,
        Denied.LOSS_UNKNOWN,
        Denied.EXPOSURE_UNKNOWN,
    }
    found = tuple(denial for denial in denials if denial.code in lasting)
    if found:
        raise RiskDenied(found)


def _was_something_else(desk: Desk, contract_id: str, held: Holding) -> Steps[str]:
    """Whether more or less was closed than was held; empty where it was just that."""
    until_ns = desk.now_ns() + SECOND_NS
    books = yield from audit(desk, until_ns)
    if isinstance(books, str) or held.books is None:
        return f"it is flat, but what was closed could not be read: {books}"
    traded = books.new_net(contract_id, held.books)
    if traded is None:
        return "it is flat, and what has traded since may be of another contract"
    if traded != -held.size:
        return f"{held.size:+d} was held, and {traded:+d} has traded since"
    return ""
