"""Positions without a stop, and legs without a position: how long, and who is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from fastorder.enums import OrderStatus, OrderType
from fastorder.realtime.state.orders import has_ended
from fastorder.runtime.clock import FOREVER_NS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.models import Order
    from fastorder.realtime.state.account_rows import AccountRows

STOPS = (OrderType.STOP, OrderType.TRAILING_STOP)
"""What ends a position at the market. A stop-limit order may end nothing."""

UNPROTECTED, ORPHANS = "unprotected", "orphans"


class Danger(NamedTuple):
    """What should not last.

    Attributes:
        kind: "unprotected": a position that working stops do not cover; "orphans":
            legs that work though their contract is flat.
        contract_id: of which contract.
        net: contracts that are held, below 0 where short.
        covered: contracts of the stops that work against it.
        orders: the orphans.
        since_ns: monotonic nanoseconds.
        proven: whether the state could be relied on when this was told.
    """

    kind: str
    contract_id: str
    net: int = 0
    covered: int = 0
    orders: tuple[Order, ...] = ()
    since_ns: int = 0
    proven: bool = False

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same danger as before."""
        return self.kind, self.contract_id

    def __str__(self) -> str:
        if self.kind == UNPROTECTED:
            text = f"{self.net} held, stops for {self.covered}"
        else:
            numbers = ", ".join(str(order.id) for order in self.orders)
            text = f"flat, and legs work: {numbers}"
        return f"{self.contract_id}: {text}"


def covered_by(orders: Iterable[Order], contract_id: str, net: int) -> int:
    """Contracts of the stops that work against a position."""
    against = 1 if net > 0 else 0
    return sum(
        order.size - order.fill_volume
        for order in orders
        if order.contract_id == contract_id
        and order.status is OrderStatus.OPEN
        and order.type in STOPS
        and int(order.side) == against
    )


def dangers(rows: AccountRows, own_stops: Iterable[int] = ()) -> list[Danger]:
    """Every danger of now.

    Args:
        rows: of the account.
        own_stops: orders that count as legs though they have no entry.
    """
    working = [each.order for each in rows.working() if each.order is not None]
    found = []
    for contract_id, held in list(rows.positions.items()):
        covered = covered_by(working, contract_id, held.net)
        if covered < abs(held.net):
            found.append(Danger(UNPROTECTED, contract_id, held.net, covered))
    by_contract: dict[str, list[Order]] = {}
    for order in working:
        held_now = rows.positions.get(order.contract_id)
        if (held_now is None or not held_now.net) and is_left(rows, order, own_stops):
            by_contract.setdefault(order.contract_id, []).append(order)
    for contract_id, orders in by_contract.items():
        found.append(Danger(ORPHANS, contract_id, orders=tuple(orders)))
    return found


def is_left(rows: AccountRows, order: Order, own_stops: Iterable[int]) -> bool:
    """Whether an order works for an entry that has ended; a resting entry does not."""
    if order.status is not OrderStatus.OPEN:
        return False
    if order.id in own_stops:
        return True
    if order.parent_id is None:
        return False
    parent = rows.orders.get(order.parent_id)
    return parent is None or parent.order is None or has_ended(parent.order)


class Watch:
    """Which dangers have lasted too long; each is told once.

    Args:
        within_ns: how long one may last.
        contracts: these alone; None for all.

    Attributes:
        due_ns: when the next one has lasted long enough.
        lasting: those that were told and are still there.
        own_stops: see ``dangers``.
        contracts: as they were given.
    """

    def __init__(self, within_ns: int, contracts: frozenset[str] | None = None) -> None:
        self.due_ns = FOREVER_NS
        self.lasting: dict[tuple[str, str], Danger] = {}
        self.own_stops: set[int] = set()
        self._within_ns = within_ns
        self.contracts = contracts
        self._since: dict[tuple[str, str], int] = {}

    def look(self, rows: AccountRows, now_ns: int, *, proven: bool) -> list[Danger]:
        """Those that have lasted too long now, and were not told yet."""
        now = {
            each.key: each
            for each in dangers(rows, self.own_stops)
            if self.contracts is None or each.contract_id in self.contracts
        }
        self._since = {key: self._since.get(key, now_ns) for key in now}
        found = {}
        self.due_ns = FOREVER_NS
        for key, danger in now.items():
            since_ns = self._since[key]
            if now_ns - since_ns >= self._within_ns:
                found[key] = danger._replace(since_ns=since_ns, proven=proven)
            else:
                self.due_ns = min(self.due_ns, since_ns + self._within_ns)
        new = [danger for key, danger in found.items() if key not in self.lasting]
        self.lasting = found
        return new
