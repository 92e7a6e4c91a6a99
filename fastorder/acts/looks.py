"""What an act goes by: the positions and the working orders of an account, as rows.

A look that was not read in full shows nothing: of a row that cannot be read nobody
knows whether it is of the contract, nor how much of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from fastorder.acts.by_contract import ByContract
from fastorder.enums import OrderStatus
from fastorder.errors import RequestFailed
from fastorder.gateway.order_filter import WORKING
from fastorder.gateway.rows import (
    held,
    is_leg,
    side_of,
    size_of,
    status_of,
)

if TYPE_CHECKING:
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.desk import Desk
    from fastorder.gateway.rows import Row, Rows
    from fastorder.models import Order
    from fastorder.session.ticket_group import Steps

T = TypeVar("T")


class Sight(NamedTuple):
    """What one look has shown.

    Attributes:
        begun_ns: when it left, on the monotonic clock.
        positions: contracts held, by contract id.
        orders: that may still fill.
        legs: the numbers of those that are legs of a bracket.
        date: the Date of the answer with the positions.
        why: why it shows nothing; empty where it was read in full.
        refusal: the gateway's own refusal, where that is why.
    """

    begun_ns: int
    positions: ByContract
    orders: tuple[Order, ...]
    legs: frozenset[int]
    date: bytes = b""
    why: str = ""
    refusal: RequestFailed | None = None

    def is_left_behind(self, order: Order) -> bool:
        """Whether it is a leg whose entry does not work any more."""
        return order.id in self.legs and not self.waits_for_entry(order)

    def waits_for_entry(self, order: Order) -> bool:
        """Whether it is a suspended leg whose entry still works."""
        if order.status is not OrderStatus.SUSPENDED or order.id not in self.legs:
            return False
        return any(other.id == order.parent_id for other in self.orders)


def look(desk: Desk, until_ns: int) -> Steps[Sight]:
    """Read the positions and the working orders of an account, both at once.

    Args:
        until_ns: what is not answered by then counts as not read.
    """
    begun_ns = desk.now_ns()
    positions = desk.read_positions()
    working = desk.read_working()
    yield desk.wait([positions, working], until_ns)
    try:
        sizes = signed_sizes(read(positions))
        rows = {row["id"]: row for row in read(working) if may_fill(row)}
        orders = tuple(working_order(row) for row in rows.values())
    except RequestFailed as error:
        refusal = error if error.error_code else None
        return _unread(begun_ns, error)._replace(refusal=refusal)
    except ValueError as error:
        return _unread(begun_ns, error)
    legs = frozenset(number for number, row in rows.items() if is_leg(row))
    return Sight(begun_ns, sizes, orders, legs, positions._protocol.date)


def _unread(begun_ns: int, error: Exception) -> Sight:
    return Sight(begun_ns, ByContract(), (), frozenset(), why=str(error))


def read(ticket: Ticket[T]) -> T:
    """The answer of a read.

    Raises:
        RequestFailed: it failed, or is not there yet.
    """
    if not ticket.done:
        raise RequestFailed(f"{ticket.state} when its time was over")
    return ticket._value()


def signed_sizes(positions: Rows) -> ByContract:
    """What is held of each contract.

    Raises:
        ValueError: a position cannot be read.
    """
    sizes = ByContract()
    for row in positions:
        size, contract_id = held(row), row.get("contractId")
        if size and not is_text(contract_id):
            raise ValueError(f"position {row['id']} cannot be read")
        if size:
            sizes.add(str(contract_id), size)
    return sizes


def may_fill(row: Row) -> bool:
    """Whether an order has not ended, as far as can be told."""
    status = status_of(row)
    return status is None or status in WORKING


def working_order(row: Row) -> Order:
    """An order that may still fill.

    Raises:
        ValueError: what an act has to know of it cannot be read.
    """
    from fastorder.models import Order  # loaded with the executor

    known = is_text(row.get("contractId")) and is_leg(row) is not None
    if status_of(row) is None or side_of(row) is None or not size_of(row) or not known:
        raise ValueError(f"order {row['id']} cannot be read")
    try:
        return Order.from_wire(row)
    except (ArithmeticError, TypeError, ValueError):
        raise ValueError(f"order {row['id']} cannot be read") from None


def is_text(value: object) -> bool:
    """Whether it is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())
