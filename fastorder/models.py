"""What the gateway lists: orders, trades, contracts, accounts. Frozen and typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Any, TypeAlias, TypeVar

from fastorder._base.outside_text import from_outside
from fastorder._base.timestamps import time_from
from fastorder.enums import OrderStatus, OrderType, Side
from fastorder.ticks import TradedInTicks

_Number = TypeVar("_Number", bound=IntEnum)

Price: TypeAlias = int | float | Decimal
"""A price: exact on the wire, whichever it is; a float counts as its shortest text."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the gateway lists it.

    Attributes:
        id: the gateway's number for the order.
        account_id: the account.
        contract_id: the contract.
        status: an OrderStatus, or a plain int if this version does not know it.
        type: an OrderType, or a plain int if this version does not know it.
        side: a Side.
        size: contracts asked for.
        fill_volume: contracts filled.
        limit_price: None where it has none.
        stop_price: None where it has none.
        filled_price: None where nothing is filled.
        trail_price: the distance of a trailing stop, as a price difference.
        trail_distance: the same in ticks.
        custom_tag: the order's tag; None where it has none.
        created: when it was made, an aware time; None where the gateway gives none.
        updated: when it last changed.
        parent_id: the entry order, of a bracket leg.
        linked_id: the other leg, of a bracket leg.
    """

    id: int
    account_id: int
    contract_id: str
    status: OrderStatus | int
    type: OrderType | int
    side: Side
    size: int
    fill_volume: int = 0
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    filled_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_distance: int | None = None
    custom_tag: str | None = None
    created: datetime | None = None
    updated: datetime | None = None
    parent_id: int | None = None
    linked_id: int | None = None

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Order":
        """Read a row; members that are not known are left out.

        Raises:
            ValueError: the row lacks what every order has.
        """
        try:
            return cls(
                id=_plain(row["id"]),
                account_id=_plain(row["accountId"]),
                contract_id=_plain(row["contractId"]),
                status=_named(OrderStatus, row["status"]),
                type=_named(OrderType, row["type"]),
                side=Side(row["side"]),
                size=_plain(row["size"]),
                fill_volume=_plain(row.get("fillVolume") or 0),
                limit_price=_decimal(row.get("limitPrice")),
                stop_price=_decimal(row.get("stopPrice")),
                filled_price=_decimal(row.get("filledPrice")),
                trail_price=_decimal(row.get("trailPrice")),
                trail_distance=_plain(row.get("trailDistance")),
                custom_tag=_plain(row.get("customTag")),
                created=time_from(row.get("creationTimestamp")),
                updated=time_from(row.get("updateTimestamp")),
                parent_id=_plain(row.get("parentOrderId")),
                linked_id=_plain(row.get("linkedOrderId")),
            )
        except KeyError as missing:
            raise ValueError(f"an order must have {missing}, it has none") from None

    def __repr__(self) -> str:
        rest = {name: getattr(self, name) for name in _SHOWN}
        parts = [f"{name} {value}" for name, value in rest.items() if value is not None]
        if self.fill_volume:
            parts.insert(0, f"{self.fill_volume} filled")
        what = f"{self.side} {self.size} {self.contract_id} {self.type}"
        return f"<Order {self.id}: {', '.join([what, str(self.status), *parts])}>"


_SHOWN = ("filled_price", "limit_price", "stop_price", "trail_price", "custom_tag")
"""What an order shows of itself where it has it."""


@dataclass(frozen=True, slots=True)
class Contract(TradedInTicks):
    """A tradable contract.

    Attributes:
        id: such as "CON.F.US.MNQ.Z26".
        name: such as "MNQZ6".
        description: for people.
        tick_size: the smallest price step.
        tick_value: what one tick of one contract is worth, in dollars.
        active: whether it trades now.
        symbol_id: such as "F.US.MNQ".
    """

    id: str
    name: str
    description: str
    tick_size: Decimal
    tick_value: Decimal
    active: bool
    symbol_id: str

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Contract":
        """Read a contract of the gateway.

        Raises:
            ValueError: it lacks what every contract has.
        """
        try:
            return cls(
                id=_plain(row["id"]),
                name=_plain(row["name"]),
                description=_plain(row.get("description") or ""),
                tick_size=Decimal(repr(row["tickSize"])),
                tick_value=Decimal(repr(row["tickValue"])),
                active=_plain(row["activeContract"]),
                symbol_id=_plain(row.get("symbolId") or ""),
            )
        except KeyError as missing:
            raise ValueError(f"a contract must have {missing}, it has none") from None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the token's user.

    Attributes:
        id: the gateway's number.
        name: begins with "PRAC-" for a practice account.
        balance: in dollars.
        can_trade: whether the gateway accepts orders for it.
        visible: whether the platform shows it.
        simulated: how orders are routed. It is true for evaluations too, so it does
            not identify a practice account. None where the gateway does not say.
    """

    id: int
    name: str
    balance: Decimal
    can_trade: bool
    visible: bool
    simulated: bool | None = None

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Account":
        """Read an account of the gateway.

        Raises:
            ValueError: it lacks what every account has.
        """
        try:
            return cls(
                id=_plain(row["id"]),
                name=_plain(row["name"]),
                balance=Decimal(repr(row["balance"])),
                can_trade=_plain(row["canTrade"]),
                visible=_plain(row["isVisible"]),
                simulated=_plain(row.get("simulated")),
            )
        except KeyError as missing:
            raise ValueError(f"an account must have {missing}, it has none") from None


@dataclass(frozen=True, slots=True)
class Trade:
    """A fill: what one order traded at one price.

    Attributes:
        id: the gateway's number of the trade.
        account_id, contract_id: whose, and of what.
        order_id: the order that it filled, in whole or in part.
        side: of that order.
        size: contracts.
        price: what each was traded at.
        profit_and_loss: in dollars, before fees; None for a fill that opens a position.
        fees: in dollars, of this side.
        voided: taken back by the exchange.
        created: an aware time; None where the gateway gives none.
    """

    id: int
    account_id: int
    contract_id: str
    order_id: int
    side: Side
    size: int
    price: Decimal
    profit_and_loss: Decimal | None
    fees: Decimal
    voided: bool = False
    created: datetime | None = None

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Trade":
        """Read a row; members that are not known are left out.

        Raises:
            ValueError: the row lacks what every trade has.
        """
        try:
            return cls(
                id=_plain(row["id"]),
                account_id=_plain(row["accountId"]),
                contract_id=_plain(row["contractId"]),
                order_id=_plain(row["orderId"]),
                side=Side(row["side"]),
                size=_plain(row["size"]),
                price=Decimal(repr(row["price"])),
                profit_and_loss=_decimal(row["profitAndLoss"]),
                fees=Decimal(repr(row["fees"])),
                voided=row.get("voided") is True,
                created=time_from(row.get("creationTimestamp")),
            )
        except KeyError as missing:
            raise ValueError(f"a trade must have {missing}, it has none") from None


def _named(kind: type[_Number], number: int) -> _Number | int:
    """The member with this number; the number itself where there is none."""
    try:
        return kind(number)
    except ValueError:
        kept: int = _plain(number)
        return kept


def _plain(value: Any) -> Any:
    """A member of a row as it is kept; a text is made fit to be shown."""
    if isinstance(value, str):
        return from_outside(value)
    if isinstance(value, (dict, list)):
        raise TypeError(f"a text or a number was expected, was {type(value).__name__}")
    return value


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


for _kind in (Order, Contract, Account, Trade):
    _kind.__module__ = "fastorder"  # where they are imported from
