"""The rows of an account: orders, positions, trades, as the gateway shows them."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import TYPE_CHECKING, Any

from fastorder.simulator.clock import stamp

if TYPE_CHECKING:
    from fastorder.simulator.contracts import Contract


class Number(IntEnum):
    """A number that prints as its name; ``f"{each:d}"`` has the number."""

    def __str__(self) -> str:
        return self.name

    def __format__(self, spec: str) -> str:
        if spec.endswith(("b", "c", "d", "o", "x", "X", "n")):
            return int.__format__(self, spec)
        return format(self.name, spec)


class Kind(Number):
    """Order types on the wire."""

    LIMIT = 1
    MARKET = 2
    STOP_LIMIT = 3
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class Status(Number):
    """Order statuses on the wire."""

    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    REJECTED = 5
    PENDING = 6
    SUSPENDED = 8


@dataclass
class Order:
    """One order of one account."""

    id: int
    account_id: int
    contract: Contract
    contract_id: str  # as it was sent
    kind: Kind
    side: int
    size: int
    created_s: float
    updated_s: float
    status: Status = Status.OPEN
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_ticks: int | None = None
    triggered: bool = False  # a stop-limit order whose stop price has traded
    fill_volume: int = 0
    filled_price: Decimal | None = None
    custom_tag: str | None = None
    parent_id: int | None = None
    linked_id: int | None = None
    offset_ticks: int = 0  # a bracket leg's distance from the fill of its entry

    @property
    def working(self) -> bool:
        """Whether it may still fill."""
        return self.status is Status.OPEN

    def to_wire(self) -> dict[str, Any]:
        """The row; what is not set is null, or absent where the gateway leaves it."""
        row: dict[str, Any] = {
            "id": self.id,
            "accountId": self.account_id,
            "contractId": self.contract_id,
            "symbolId": self.contract.symbol_id,
            "creationTimestamp": stamp(self.created_s),
            "updateTimestamp": stamp(self.updated_s),
            "status": int(self.status),
            "type": int(self.kind),
            "side": self.side,
            "size": self.size,
            "limitPrice": number(self.limit_price),
            "stopPrice": number(self.stop_price),
            "fillVolume": self.fill_volume,
            "filledPrice": number(self.filled_price),
            "customTag": self.custom_tag,
        }
        if self.trail_ticks is not None:
            row["trailDistance"] = self.trail_ticks
            row["trailPrice"] = number(self.trail_ticks * self.contract.tick_size)
        if self.parent_id is not None:
            row["parentOrderId"] = self.parent_id
        if self.linked_id is not None:
            row["linkedOrderId"] = self.linked_id
        return row


@dataclass
class Position:
    """The net position in one contract; ``size`` is signed."""

    id: int
    contract: Contract
    opened_s: float
    size: int = 0
    average: Decimal = Decimal(0)

    def to_wire(self, account_id: int) -> dict[str, Any]:
        """The row: a positive size, and long or short as its type."""
        return {
            "id": self.id,
            "accountId": account_id,
            "contractId": self.contract.id,
            "contractDisplayName": self.contract.name,
            "creationTimestamp": stamp(self.opened_s),
            "type": 1 if self.size > 0 else 2,
            "size": abs(self.size),
            "averagePrice": number(self.average),
        }


@dataclass(frozen=True)
class Trade:
    """One fill, a half-turn; ``profit`` is None where it opened a position."""

    id: int
    account_id: int
    contract: Contract
    time_s: float
    price: Decimal
    profit: Decimal | None
    fees: Decimal
    side: int
    size: int
    order_id: int
    voided: bool = False

    def to_wire(self) -> dict[str, Any]:
        """The row."""
        return {
            "id": self.id,
            "accountId": self.account_id,
            "contractId": self.contract.id,
            "creationTimestamp": stamp(self.time_s),
            "price": number(self.price),
            "profitAndLoss": number(self.profit),
            "fees": number(self.fees),
            "side": self.side,
            "size": self.size,
            "voided": self.voided,
            "orderId": self.order_id,
        }


@dataclass
class Account:
    """An account and everything in it."""

    id: int
    name: str
    balance: Decimal
    auto_oco: bool
    can_trade: bool = True
    daily_loss_limit: Decimal | None = None
    day_balance: Decimal = Decimal(0)  # when its day began
    orders: list[Order] = field(default_factory=list)
    by_id: dict[int, Order] = field(default_factory=dict)
    working: dict[int, Order] = field(default_factory=dict)
    tags: dict[str, Order] = field(default_factory=dict)
    positions: dict[str, Position] = field(default_factory=dict)
    trades: list[Trade] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin its day."""
        self.day_balance = self.balance

    def to_wire(self) -> dict[str, Any]:
        """The account as the gateway lists it."""
        return {
            "id": self.id,
            "name": self.name,
            "balance": number(self.balance),
            "canTrade": self.can_trade,
            "isVisible": True,
            "simulated": True,
        }

    def add(self, order: Order) -> None:
        """Put an order into the book; its tag is used for ever."""
        self.orders.append(order)
        self.by_id[order.id] = order
        if order.custom_tag is not None:
            self.tags.setdefault(order.custom_tag, order)
        if order.status in (Status.OPEN, Status.SUSPENDED):
            self.working[order.id] = order

    def orders_since(self, start_s: float, end_s: float) -> list[Order]:
        """The orders created in a window, by ascending id."""
        first = bisect_left(self.orders, start_s, key=lambda order: order.created_s)
        return [order for order in self.orders[first:] if order.created_s <= end_s]


def number(value: Decimal | None) -> float | None:
    """A decimal as a JSON number."""
    return None if value is None else float(value)
