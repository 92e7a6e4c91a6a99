"""What the gateway lists: orders, positions, trades and more. Frozen and typed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias

from fastorder._base.timestamps import time_from, time_ns_from
from fastorder._base.wire_values import (
    as_float,
    count_from,
    decimal_from,
    member_of,
    number_from,
    plain,
    unknown_members,
)
from fastorder.enums import OrderStatus, OrderType, PositionType, Side, net_size
from fastorder.ticks import TradedInTicks

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
        symbol_id: of the contract's product; None where the gateway gives none.
        created_ns, updated_ns: the same times in nanoseconds since 1970, with all
            their digits.
        extra: members of the row that this version does not know, by their names.

    Each price is a Decimal of the digits on the wire; ``limit_price_float`` and its
    like are the nearest floats.
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
    symbol_id: str | None = None
    created_ns: int | None = field(default=None, repr=False)
    updated_ns: int | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    limit_price_float = as_float("limit_price")
    stop_price_float = as_float("stop_price")
    filled_price_float = as_float("filled_price")
    trail_price_float = as_float("trail_price")

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Order":
        """Read a row; members that are not known are kept in ``extra``.

        Raises:
            ValueError: the row lacks what every order has.
        """
        try:
            return cls(
                id=plain(row["id"]),
                account_id=plain(row["accountId"]),
                contract_id=plain(row["contractId"]),
                status=member_of(OrderStatus, row["status"]),
                type=member_of(OrderType, row["type"]),
                side=Side(row["side"]),
                size=plain(row["size"]),
                fill_volume=plain(row.get("fillVolume") or 0),
                limit_price=decimal_from(row.get("limitPrice")),
                stop_price=decimal_from(row.get("stopPrice")),
                filled_price=decimal_from(row.get("filledPrice")),
                trail_price=decimal_from(row.get("trailPrice")),
                trail_distance=plain(row.get("trailDistance")),
                custom_tag=plain(row.get("customTag")),
                created=time_from(row.get("creationTimestamp")),
                updated=time_from(row.get("updateTimestamp")),
                parent_id=plain(row.get("parentOrderId")),
                linked_id=plain(row.get("linkedOrderId")),
                symbol_id=plain(row.get("symbolId")),
                created_ns=time_ns_from(row.get("creationTimestamp")),
                updated_ns=time_ns_from(row.get("updateTimestamp")),
                extra=unknown_members(row, _ORDER),
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
        extra: members of the row that this version does not know, by their names.
    """

    id: str
    name: str
    description: str
    tick_size: Decimal
    tick_value: Decimal
    active: bool
    symbol_id: str
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    tick_size_float = as_float("tick_size")
    tick_value_float = as_float("tick_value")

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Contract":
        """Read a contract of the gateway.

        Raises:
            ValueError: it lacks what every contract has.
        """
        try:
            return cls(
                id=plain(row["id"]),
                name=plain(row["name"]),
                description=plain(row.get("description") or ""),
                tick_size=number_from(row["tickSize"]),
                tick_value=number_from(row["tickValue"]),
                active=plain(row["activeContract"]),
                symbol_id=plain(row.get("symbolId") or ""),
                extra=unknown_members(row, _CONTRACT),
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
        extra: members of the row that this version does not know, by their names.
    """

    id: int
    name: str
    balance: Decimal
    can_trade: bool
    visible: bool
    simulated: bool | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    balance_float = as_float("balance")

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Account":
        """Read an account of the gateway.

        Raises:
            ValueError: it lacks what every account has.
        """
        try:
            return cls(
                id=plain(row["id"]),
                name=plain(row["name"]),
                balance=number_from(row["balance"]),
                can_trade=plain(row["canTrade"]),
                visible=plain(row["isVisible"]),
                simulated=plain(row.get("simulated")),
                extra=unknown_members(row, _ACCOUNT),
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
        commissions: in dollars, of this side; None where the gateway gives none.
        created_ns: the same in nanoseconds since 1970, with all its digits.
        extra: members of the row that this version does not know, by their names.
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
    commissions: Decimal | None = None
    created_ns: int | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    price_float = as_float("price")
    profit_and_loss_float = as_float("profit_and_loss")
    fees_float = as_float("fees")

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Trade":
        """Read a row; members that are not known are kept in ``extra``.

        Raises:
            ValueError: the row lacks what every trade has.
        """
        try:
            return cls(
                id=plain(row["id"]),
                account_id=plain(row["accountId"]),
                contract_id=plain(row["contractId"]),
                order_id=plain(row["orderId"]),
                side=Side(row["side"]),
                size=plain(row["size"]),
                price=number_from(row["price"]),
                profit_and_loss=decimal_from(row["profitAndLoss"]),
                fees=number_from(row["fees"]),
                voided=row.get("voided") is True,
                created=time_from(row.get("creationTimestamp")),
                commissions=decimal_from(row.get("commissions")),
                created_ns=time_ns_from(row.get("creationTimestamp")),
                extra=unknown_members(row, _TRADE),
            )
        except KeyError as missing:
            raise ValueError(f"a trade must have {missing}, it has none") from None


@dataclass(frozen=True, slots=True)
class Position:
    """The open position of an account in one contract.

    Attributes:
        id: the gateway's number of the position.
        account_id, contract_id: whose, and of what.
        type: LONG or SHORT; a plain int if this version does not know it.
        size: contracts, never negative.
        average_price: of its entries.
        name: what the platform shows for the contract; None where it is not given.
        created: when it was opened, an aware time; None where the gateway gives none.
        created_ns: the same in nanoseconds since 1970, with all its digits.
        extra: members of the row that this version does not know, by their names.
    """

    id: int
    account_id: int
    contract_id: str
    type: PositionType | int
    size: int
    average_price: Decimal
    name: str | None = None
    created: datetime | None = None
    created_ns: int | None = field(default=None, repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False, repr=False)

    average_price_float = as_float("average_price")

    @property
    def net(self) -> int:
        """Contracts with their sign: below 0 where it is short.

        Raises:
            ValueError: the gateway does not say which way it is open.
        """
        return net_size(self.type, self.size)

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> "Position":
        """Read a row; members that are not known are kept in ``extra``.

        Raises:
            ValueError: the row lacks what every position has.
        """
        try:
            return cls(
                id=count_from(row["id"], "id"),
                account_id=count_from(row["accountId"], "accountId"),
                contract_id=plain(row["contractId"]),
                type=member_of(PositionType, count_from(row["type"], "type")),
                size=count_from(row["size"], "size"),
                average_price=number_from(row["averagePrice"]),
                name=plain(row.get("contractDisplayName")),
                created=time_from(row.get("creationTimestamp")),
                created_ns=time_ns_from(row.get("creationTimestamp")),
                extra=unknown_members(row, _POSITION),
            )
        except KeyError as missing:
            raise ValueError(f"a position must have {missing}, it has none") from None


_OF_ACCOUNT = frozenset({"id", "accountId", "contractId", "creationTimestamp"})
_ORDER = _OF_ACCOUNT | {
    "symbolId",
    "updateTimestamp",
    "status",
    "type",
    "side",
    "size",
    "fillVolume",
    "limitPrice",
    "stopPrice",
    "filledPrice",
    "trailPrice",
    "trailDistance",
    "customTag",
    "parentOrderId",
    "linkedOrderId",
}
_POSITION = _OF_ACCOUNT | {"contractDisplayName", "type", "size", "averagePrice"}
_TRADE = _OF_ACCOUNT | {
    "orderId",
    "side",
    "size",
    "price",
    "profitAndLoss",
    "fees",
    "commissions",
    "voided",
}
_CONTRACT = frozenset(
    {
        "id",
        "name",
        "description",
        "tickSize",
        "tickValue",
        "activeContract",
        "symbolId",
    }
)
_ACCOUNT = frozenset({"id", "name", "balance", "canTrade", "isVisible", "simulated"})
"""The members that this version knows, by their names on the wire."""

for _kind in (Order, Contract, Account, Trade, Position):
    _kind.__module__ = "fastorder"  # where they are imported from
