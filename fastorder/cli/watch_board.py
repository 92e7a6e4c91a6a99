"""What the screen shows, as rows of text; knows no terminal and no gateway."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.cli.contract_names import short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from fastorder import Account, Contract, Order, Position, Trade

POSITIONS = ("contract", "net", "entry", "last", "open P&L")
ORDERS = ("order", "contract", "side", "size", "type", "price", "status", "leg of")
FILLS = ("time", "contract", "side", "size", "price", "P&L", "costs")
MOST_FILLS = 12


@dataclass(frozen=True)
class Board:
    """One look at an account.

    Attributes:
        account: whose.
        positions, orders, fills: as the gateway listed them.
        contracts: by contract id, those that are known.
        last: by contract id, the last price that is known.
        state: of the limits, for people; "" where they are off.
        left: of the request budgets, for people.
        line: how the connection is, for people.
        read_at: when it was so, by the monotonic clock, in seconds; None before.
        why_old: why the last look failed; "" where it did not.
    """

    account: Account
    positions: Sequence[Position] = ()
    orders: Sequence[Order] = ()
    fills: Sequence[Trade] = ()
    contracts: Mapping[str, Contract] = field(default_factory=dict)
    last: Mapping[str, Decimal] = field(default_factory=dict)
    state: str = ""
    left: str = ""
    line: str = ""
    read_at: float | None = None
    why_old: str = ""

    def position_rows(self) -> list[tuple[str, ...]]:
        """A row for each position, as in POSITIONS."""
        return [
            (
                short(each.contract_id),
                f"{each.net:+d}",
                f"{each.average_price:f}",
                text(self.last.get(each.contract_id)),
                money(self.open_profit(each)),
            )
            for each in self.positions
        ]

    def open_profit(self, position: Position) -> Decimal | None:
        """In dollars, at the last price; None where that is not known."""
        contract = self.contracts.get(position.contract_id)
        last = self.last.get(position.contract_id)
        if contract is None or last is None:
            return None
        ticks = (last - position.average_price) / contract.tick_size
        return ticks * contract.tick_value * position.net

    def order_rows(self) -> list[tuple[str, ...]]:
        """A row for each working order, as in ORDERS."""
        return [
            (
                str(each.id),
                short(each.contract_id),
                str(each.side),
                str(each.size - each.fill_volume),
                str(each.type),
                text(price_of(each)),
                str(each.status),
                text(each.parent_id),
            )
            for each in self.orders
        ]

    def fill_rows(self) -> list[tuple[str, ...]]:
        """A row for each of the last fills, as in FILLS; the newest first."""
        newest = list(self.fills)[::-1][:MOST_FILLS]
        return [
            (
                "" if each.created is None else f"{each.created:%H:%M:%S}",
                short(each.contract_id),
                str(each.side),
                str(each.size),
                f"{each.price:f}",
                money(each.profit_and_loss),
                money(each.fees + (each.commissions or 0)),
            )
            for each in newest
            if not each.voided
        ]

    def status(self, now_s: float | None = None) -> str:
        """A line on the account, the limits, the budgets, and how old all of it is."""
        parts = [
            f"{self.account.name}",
            f"balance {money(self.account.balance)}",
            f"limits {self.state or 'off'}",
            self.left,
            self.line,
            self._age(time.monotonic() if now_s is None else now_s),
        ]
        if self.why_old:
            parts.insert(0, f"NOT CURRENT: {self.why_old}")
        return "  ·  ".join(part for part in parts if part)

    def _age(self, now_s: float) -> str:
        return "" if self.read_at is None else f"{now_s - self.read_at:.0f} s ago"


def price_of(order: Order) -> Any:
    """The price that an order waits for."""
    if order.stop_price is not None:
        return order.stop_price
    return order.limit_price


def money(amount: Decimal | None) -> str:
    """With two digits behind the point; nothing where there is none."""
    return "" if amount is None else f"{amount:,.2f}"


def text(value: object) -> str:
    """For a cell."""
    return "" if value is None else str(value)
