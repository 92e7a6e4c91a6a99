"""Other months of a product that an act was asked to go by: held, and not its contract.

"MNQ" stands for one month. Whoever writes it means the product, and must not be told
that nothing is left while another month of it is held. A symbol that names its month,
or an id, means that month alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder.acts.looks import look
from fastorder.contracts.products import CODES
from fastorder.gateway.contracts import product_code
from fastorder.runtime.clock import SECOND_NS
from fastorder.session.ticket_group import STOPS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.acts.desk import Desk
    from fastorder.acts.looks import Sight
    from fastorder.acts.report import PartialCloseReport
    from fastorder.models import Order
    from fastorder.session.ticket_group import Steps

LOOK_NS = 2 * SECOND_NS
"""So long a look is waited for that is for a text alone."""

NAMES = {code: name for name, code in CODES.items()}
"""The exchange's name of each product, by the gateway's code of it."""


class OtherMonths:
    """What is held, or works, of a symbol's product beside its contract.

    Args:
        symbol: as the act was given it.
        contract_id: that it stands for.
    """

    def __init__(self, symbol: str, contract_id: str) -> None:
        self._symbol = symbol.upper()
        self._contract_id = contract_id
        means_it = _means_product(self._symbol, contract_id)
        self._product = _product_of(contract_id) if means_it else ""

    @property
    def are_meant(self) -> bool:
        """Whether the symbol means the product, and so each month of it."""
        return bool(self._product)

    def left(
        self, sight: Sight, orders: Iterable[Order] = (), *, closes: bool = True
    ) -> str:
        """What an act on the whole product would have to do yet; empty for nothing.

        Args:
            sight: the last look.
            orders: that such an act would cancel, of whatever contract.
            closes: whether it closes positions.
        """
        found = [_held(*each) for each in sight.positions if closes]
        found += [
            (order.contract_id, f"order {order.id} of {order.contract_id} works")
            for order in orders
        ]
        return self._named(found)

    def held(self, contract_id: str, size: int) -> str:
        """What is to be said of a position; empty where it is no other month's."""
        return self._named([_held(contract_id, size)])

    def _named(self, found: list[tuple[str, str]]) -> str:
        """What there is of other months, and how to write them."""
        others = {text: each for each, text in found if self._is_other(each)}
        if not others:
            return ""
        names = ", ".join(dict.fromkeys(map(_name_of, others.values())))
        return (
            f"{self._symbol} stands for {self._contract_id} alone, and "
            f"{', '.join(others)}: name that by its month, {names}, or by its id"
        )

    def _is_other(self, contract_id: str) -> bool:
        if not self._product or contract_id.casefold() == self._contract_id.casefold():
            return False
        return _product_of(contract_id) == self._product


def _held(contract_id: str, size: int) -> tuple[str, str]:
    return contract_id, f"{size:+d} {contract_id} is held"


def _means_product(symbol: str, contract_id: str) -> bool:
    """Whether a symbol is the name of its contract's product, and names no month."""
    code, name = product_code(contract_id).upper(), symbol.rpartition(".")[2]
    return bool(code) and code == CODES.get(name, name)


def _name_of(contract_id: str) -> str:
    """A contract as people write it: MNQU6."""
    code, month = product_code(contract_id).upper(), contract_id.rpartition(".")[2]
    return f"{NAMES.get(code, code)}{month[:1].upper()}{month[-1:]}"


def _product_of(contract_id: str) -> str:
    """An id without its month; "" where it does not tell its product."""
    if not product_code(contract_id):
        return ""
    return contract_id.casefold().rpartition(".")[0]


def with_other_months(
    steps: Steps[PartialCloseReport], desk: Desk, months: OtherMonths
) -> Steps[PartialCloseReport]:
    """A partial close; where it was not taken, its report names the other months."""
    from dataclasses import replace  # loaded with the executor

    report = yield from steps
    if report or not months.are_meant:
        return report
    try:
        sight = yield from look(desk, desk.now_ns() + LOOK_NS)
    except STOPS:
        return report
    why = "; ".join(filter(None, [report.why, months.left(sight)]))
    return replace(report, why=why)
