"""Orders, their results, and what the gateway lists: frozen and typed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Any, NamedTuple, TypeAlias

from fastorder._core.request import check_order
from fastorder.errors import OrderNotSent, OrderRejected, OrderUnknown

Price: TypeAlias = int | float | Decimal
"""A price: exact on the wire, whichever it is; a float counts as its shortest text."""


class Side(IntEnum):
    """Which way."""

    BUY = 0
    SELL = 1


class OrderType(IntEnum):
    """The kinds of order that the gateway documents for placing."""

    LIMIT = 1
    MARKET = 2
    STOP = 4
    TRAILING_STOP = 5
    JOIN_BID = 6
    JOIN_ASK = 7


class OrderStatus(IntEnum):
    """Where an order stands at the gateway."""

    NONE = 0
    OPEN = 1
    FILLED = 2
    CANCELLED = 3
    EXPIRED = 4
    REJECTED = 5
    PENDING = 6
    PENDING_CANCELLATION = 7
    SUSPENDED = 8


class Outcome(Enum):
    """What is known of a request that changes something."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    NOT_SENT = "not sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as it is asked for; checked when it is made.

    Attributes:
        symbol: one that has a contract id.
        side: a Side, or "BUY" or "SELL".
        quantity: contracts, 1 to 2**31 - 1.
        account_id: 1 to 2**31 - 1.
        order_type: an OrderType, or its name.
        limit_price: for a limit order, and no other.
        stop_price: for a stop order, and no other.
        trail_price: for a trailing stop, and no other; where it starts.
        stop_loss_ticks, take_profit_ticks: distances from the fill price, positive,
            at least 4 ticks; the wire's signs follow from the side.
        trailing_stop_loss: the stop loss follows the price.
        custom_tag: 1 to 40 of ``[A-Za-z0-9._-]``, unique in the account for ever.

    Raises:
        InvalidField (a ValueError), WrongFieldType (a TypeError).
    """

    symbol: str
    side: Side | str
    quantity: int
    account_id: int
    order_type: OrderType | str = OrderType.MARKET
    limit_price: Price | None = None
    stop_price: Price | None = None
    trail_price: Price | None = None
    stop_loss_ticks: int | None = None
    take_profit_ticks: int | None = None
    trailing_stop_loss: bool = False
    custom_tag: str | None = None

    def __post_init__(self) -> None:
        check_order(self, SIDES, ORDER_TYPES)


class Timing(NamedTuple):
    """When what happened, in nanoseconds of the monotonic clock; None if it did not.

    Attributes:
        called: the verb was called.
        written: the request's last byte was with the kernel (of the last send).
        first_byte: the answer's first byte was read.
        parsed: the result was known.
    """

    called: int
    written: int | None
    first_byte: int | None
    parsed: int

    @property
    def call_to_written(self) -> int | None:
        """Nanoseconds from the call until the request had left."""
        return None if self.written is None else self.written - self.called

    @property
    def call_to_first_byte(self) -> int | None:
        """Nanoseconds from the call until the answer began."""
        return None if self.first_byte is None else self.first_byte - self.called

    @property
    def call_to_result(self) -> int:
        """Nanoseconds from the call until the result was known."""
        return self.parsed - self.called


NO_TIMING = Timing(0, None, None, 0)


@dataclass(frozen=True, slots=True, repr=False)
class OrderResult(Mapping[str, Any]):
    """What is known of one place, modify or cancel; it never changes.

    It is a mapping too: ``success``, ``order_id``, ``message``, and where it was not
    accepted ``error``, ``error_code`` and ``outcome``.

    Attributes:
        outcome: ACCEPTED, REJECTED, NOT_SENT or UNKNOWN.
        action: "place", "modify" or "cancel".
        order_id: the gateway's number; None where it gave none.
        error: why it was not accepted, for people; None where there is no reason.
        error_code, error_name: the gateway's, from the endpoint's own table.
        tag: the order's tag; None for a modify and a cancel.
        attempts: how often the request was sent.
        http_status: of the last answer; None where none came.
        timing: a Timing.
    """

    outcome: Outcome
    action: str = "place"
    order_id: int | None = None
    error: str | None = None
    error_code: int | None = None
    error_name: str | None = None
    tag: str | None = None
    attempts: int = 0
    http_status: int | None = None
    timing: Timing = NO_TIMING

    @property
    def success(self) -> bool:
        """Whether the gateway accepted it."""
        return self.outcome is Outcome.ACCEPTED

    @property
    def message(self) -> str:
        """One line for people."""
        if self.outcome is Outcome.ACCEPTED:
            subject = "order" if self.action == "place" else f"{self.action} of order"
            return f"{subject} {self.order_id} accepted"
        code = f"{self.error_name} ({self.error_code})" if self.error_name else None
        reason = ": ".join(part for part in (code, self.error) if part)
        return f"{self.outcome.value}: {reason}" if reason else self.outcome.value

    def raise_for_outcome(self) -> OrderResult:
        """The result itself where it was accepted.

        Raises:
            OrderRejected, OrderNotSent, OrderUnknown: with the result.
        """
        if self.outcome is not Outcome.ACCEPTED:
            raise _FAILURES[self.outcome](self)
        return self

    def _shown(self) -> dict[str, Any]:
        shown = {
            "success": self.success,
            "order_id": self.order_id,
            "message": self.message,
        }
        if not self.success:
            shown["error"] = self.error
            shown["error_code"] = self.error_code
            shown["outcome"] = self.outcome.value
        return shown

    def __getitem__(self, key: str) -> Any:
        return self._shown()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._shown())

    def __len__(self) -> int:
        return len(self._shown())

    def __repr__(self) -> str:
        return repr(self._shown())


_FAILURES = {
    Outcome.REJECTED: OrderRejected,
    Outcome.NOT_SENT: OrderNotSent,
    Outcome.UNKNOWN: OrderUnknown,
}


@dataclass(frozen=True, slots=True)
class Order:
    """A row of the gateway's order book of an account.

    Attributes:
        id, account_id, contract_id: whose order of what.
        status: an OrderStatus, or a plain int that this version does not know.
        type: the gateway's number of the kind; see OrderType.
        side: Side.
        size, fill_volume: contracts asked for, and filled.
        limit_price, stop_price, filled_price: None where there is none.
        trail_price: of a trailing stop: its distance as a price difference.
        trail_distance: the same in ticks.
        custom_tag: None where it has none.
        created, updated: aware times; None where the gateway gives none.
        parent_id: the entry order of a bracket leg.
        linked_id: the other leg.
    """

    id: int
    account_id: int
    contract_id: str
    status: OrderStatus | int
    type: int
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
    def from_wire(cls, row: Mapping[str, Any]) -> Order:
        """Read a row; members that are not known are left out.

        Raises:
            ValueError: the row lacks what every order has.
        """
        try:
            return cls(
                id=row["id"],
                account_id=row["accountId"],
                contract_id=row["contractId"],
                status=_status(row["status"]),
                type=row["type"],
                side=Side(row["side"]),
                size=row["size"],
                fill_volume=row.get("fillVolume") or 0,
                limit_price=_decimal(row.get("limitPrice")),
                stop_price=_decimal(row.get("stopPrice")),
                filled_price=_decimal(row.get("filledPrice")),
                trail_price=_decimal(row.get("trailPrice")),
                trail_distance=row.get("trailDistance"),
                custom_tag=row.get("customTag"),
                created=time_from(row.get("creationTimestamp")),
                updated=time_from(row.get("updateTimestamp")),
                parent_id=row.get("parentOrderId"),
                linked_id=row.get("linkedOrderId"),
            )
        except KeyError as missing:
            raise ValueError(f"an order must have {missing}, it has none") from None


@dataclass(frozen=True, slots=True)
class Contract:
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
    def from_wire(cls, row: Mapping[str, Any]) -> Contract:
        """Read a contract of the gateway.

        Raises:
            ValueError: it lacks what every contract has.
        """
        try:
            return cls(
                id=row["id"],
                name=row["name"],
                description=row.get("description") or "",
                tick_size=Decimal(repr(row["tickSize"])),
                tick_value=Decimal(repr(row["tickValue"])),
                active=row["activeContract"],
                symbol_id=row.get("symbolId") or "",
            )
        except KeyError as missing:
            raise ValueError(f"a contract must have {missing}, it has none") from None


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the token's user.

    Attributes:
        id: the gateway's number.
        name: "PRAC-" begins a practice account.
        balance: in dollars.
        can_trade: whether orders are taken.
        visible: whether the platform shows it.
        simulated: how orders are routed; true for evaluations too, so it does not
            tell a practice account. None where the gateway does not say.
    """

    id: int
    name: str
    balance: Decimal
    can_trade: bool
    visible: bool
    simulated: bool | None = None

    @classmethod
    def from_wire(cls, row: Mapping[str, Any]) -> Account:
        """Read an account of the gateway.

        Raises:
            ValueError: it lacks what every account has.
        """
        try:
            return cls(
                id=row["id"],
                name=row["name"],
                balance=Decimal(repr(row["balance"])),
                can_trade=row["canTrade"],
                visible=row["isVisible"],
                simulated=row.get("simulated"),
            )
        except KeyError as missing:
            raise ValueError(f"an account must have {missing}, it has none") from None


def time_from(text: str | None) -> datetime | None:
    """An aware time from the gateway's text; None from None.

    The gateway gives 0 to 7 fractional digits, and Z or an offset.

    Raises:
        ValueError: the text is not a time.
    """
    if text is None:
        return None
    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"a time must be ISO 8601, was {text!r}")
    micros = (match["fraction"] or "")[:6].ljust(6, "0")
    offset = match["offset"]
    zone = "+00:00" if offset in ("Z", "z", None) else offset
    return datetime.fromisoformat(f"{match['seconds']}.{micros}{zone}")


_TIME = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)"
    r"(?:\.(?P<fraction>\d+))?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)


def _status(number: int) -> OrderStatus | int:
    try:
        return OrderStatus(number)
    except ValueError:
        return number


def _decimal(number: float | None) -> Decimal | None:
    return None if number is None else Decimal(repr(number))


SIDES = {side.name: side for side in Side}
ORDER_TYPES = {kind.name: kind for kind in OrderType}
