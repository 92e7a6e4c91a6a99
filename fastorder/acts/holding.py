"""How much of a contract is held, once the positions and the trades say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.counted import counted
from fastorder.acts.audit import audit
from fastorder.acts.looks import look
from fastorder.runtime.clock import SECOND_NS

if TYPE_CHECKING:
    from fastorder.acts.audit import Books
    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.session.ticket_group import Steps

AGAIN_NS = SECOND_NS // 4


class Holding(NamedTuple):
    """What two lists agree on.

    Attributes:
        size: contracts, below zero where they are short.
        books: the trades; None where they do not agree.
        sight: the last look; None where it was not read in full.
        why: what keeps them from agreeing; empty where they do.
        orders_why: why orders may work that the look has not shown; empty otherwise.
    """

    size: int
    books: Books | None
    sight: Sight | None
    why: str = ""
    orders_why: str = ""


class Closing(NamedTuple):
    """A close that the trades have to show.

    Attributes:
        quantity: how many contracts.
        since_s: when it left, by the gateway's clock, in seconds since the epoch.
    """

    quantity: int
    since_s: float


def held_by_both(
    desk: Desk,
    contract_id: str,
    until_ns: int,
    closing: Closing | None = None,
    *,
    with_orders: bool = False,
) -> Steps[Holding]:
    """Look until the positions and the trades of a contract say the same.

    Args:
        until_ns: the last look is not later.
        closing: a close that has to be among the trades.
        with_orders: look on, too, while orders may work that the look has not shown.

    Raises:
        RequestFailed: the gateway does not read this account to us.
    """
    known, settled = "", None
    while True:
        sight = yield from look(desk, until_ns)
        if sight.refusal is not None:
            raise sight.refusal
        books = yield from audit(desk, until_ns)
        found = _compared(sight, books, contract_id, closing)
        if sight.why or isinstance(books, str):  # it hides nothing that was known
            found = found._replace(why="; ".join(filter(None, [found.why, known])))
            found = settled or found
        else:
            if with_orders:
                doubt = books.orders_doubt(contract_id, sight)
                found = found._replace(orders_why=doubt)
            known, settled = found.why, None if found.why else found
        is_known = not found.why and not found.orders_why
        if is_known or desk.now_ns() + AGAIN_NS >= until_ns:
            return found
        yield desk.sleep(desk.now_ns() + AGAIN_NS)


def _compared(
    sight: Sight, books: Books | str, contract_id: str, closing: Closing | None
) -> Holding:
    if sight.why:
        return Holding(0, None, None, sight.why)
    if isinstance(books, str):
        return Holding(0, None, sight, books)
    size, net = sight.positions.of(contract_id), books.net.of(contract_id)
    if size is None or net is None:
        others = sight.positions.unclear(contract_id) or books.net.unclear(contract_id)
        why = f"{others[0]} is held or was traded, which may be {contract_id}"
        return Holding(0, None, sight, why)
    if size != net:
        why = f"{counted(size, 'contract')} listed, the trades add up to {net}"
        return Holding(size, None, sight, why)
    if closing is not None:
        bought, sold = books.since(contract_id, closing.since_s)
        closed = sold if size > 0 else bought if size < 0 else max(bought, sold)
        if closed < closing.quantity:
            why = f"the trades show {closed} of {closing.quantity} closed so far"
            return Holding(size, None, sight, why)
    return Holding(size, books, sight)
