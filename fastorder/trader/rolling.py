"""A symbol of a trader after a restart: whether its earlier contract is still held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.desk import Desk
from fastorder.acts.looks import look
from fastorder.gateway.rows import same_contract
from fastorder.runtime.clock import SECOND_NS
from fastorder.verbs.contracts import ContractVerbs

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.models import Contract
    from fastorder.session.ticket_group import Steps

LOOK_NS = 5 * SECOND_NS
"""So long a look at an account is waited for; then what is held is not known."""


def load_restored(
    executor: Any, symbol: str, accounts: Iterable[int]
) -> Steps[Contract]:
    """Load a symbol that a run before may have followed.

    Where another month is in front now, the positions and the orders of the accounts
    are read, and decide what the symbol stands for.
    """
    book = executor.contract_book
    held: bool | None = None
    book.defer(symbol)
    try:
        contract: Contract = yield ContractVerbs.contract.ticket(executor, symbol)
        before = book.undecided(symbol)
        if before is not None:
            held = yield from _is_held(executor, before.id, accounts)
    finally:
        decided = book.decide(symbol, held)
    return decided or contract


def _is_held(
    executor: Any, contract_id: str, accounts: Iterable[int]
) -> Steps[bool | None]:
    """Whether an account holds a contract or has orders of it; None: not known."""
    numbers = list(accounts)
    for number in numbers:
        desk = Desk(executor, number)
        sight = yield from look(desk, desk.now_ns() + LOOK_NS)
        if sight.why:
            return None
        working = {order.contract_id for order in sight.orders}
        shown = {*sight.positions.ids(), *working, *desk.open_places()}
        same = {same_contract(each, contract_id) for each in shown}
        if True in same:
            return True
        if None in same:
            return None
    return False if numbers else None
