"""What the store answers: rows with types, and the same as an Arrow table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import orjson

from fastorder._base.near_names import for_users
from fastorder._base.wire_values import member_of
from fastorder.enums import OrderStatus, OrderType, Side
from fastorder.store.numbers import day_of, money, price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from decimal import Decimal

    import pyarrow as pa

    from fastorder.store.merging import Row

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment(at_ns: int | None) -> datetime | None:
    """An aware time, to the microsecond."""
    return None if at_ns is None else EPOCH + timedelta(microseconds=at_ns // 1000)


def _json(text: str | None) -> Mapping[str, Any]:
    found: dict[str, Any] = orjson.loads(text) if text else {}
    return found


CONVERTED: dict[str, Callable[[Any], Any]] = {
    "dollars": money,
    "price": price,
    "day": day_of,
    "side": lambda value: None if value is None else Side(value),
    "type": lambda value: None if value is None else member_of(OrderType, value),
    "status": lambda value: None if value is None else member_of(OrderStatus, value),
    "bool": bool,
    "json": _json,
}
"""What a raw value becomes in a typed row, by its kind; any other stays as it is."""


def _kinds() -> dict[str, str]:
    named = {
        "int": "account_id order_id trade_id size filled trail_ticks parent_id "
        "linked_id sources fills contracts trades wins entry_order exit_order position",
        "text": "contract_id tag key outcome proof strategy kind item",
        "price": "price limit_price stop_price filled_price entry_price exit_price",
        "dollars": "gross fees commission net mae mfe drawdown realised open balance",
        "ns": "at_ns created_ns updated_ns entry_ns exit_ns seen_ns",
        "day": "trading_day",
        "side": "side",
        "type": "type",
        "status": "status",
        "bool": "voided",
        "ints": "legs",
        "json": "extra ours theirs",
    }
    return {name: kind for kind, names in named.items() for name in names.split()}


KINDS = _kinds()
"""What a column holds, by its name."""


class Records(Generic[T]):
    """Rows of one kind, in order, as a list has them; each is made when looked at.

    ``arrow()`` gives them as a table, and Polars, pandas and DuckDB take this object
    itself (``polars.DataFrame(rows)``) where pyarrow is installed.
    """

    __dir__ = for_users

    __slots__ = ("_kind", "_made", "_rows")

    def __init__(self, kind: type[T], rows: Sequence[Row]) -> None:
        self._kind = kind
        self._rows = rows
        self._made = _maker(kind)

    def __repr__(self) -> str:
        return f"<{len(self)} of {self._kind.__name__}>"

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> Records[T]: ...

    def __getitem__(self, index: int | slice) -> T | Records[T]:
        if isinstance(index, slice):
            return Records(self._kind, self._rows[index])
        return self._made(self._rows[index])

    def __iter__(self) -> Iterator[T]:
        return map(self._made, self._rows)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Records):
            return NotImplemented
        return self._kind is other._kind and list(self._rows) == list(other._rows)

    __hash__ = None  # type: ignore[assignment]

    def arrow(self) -> pa.Table:
        """A table of Arrow: times in UTC, money as exact decimals.

        Raises:
            ConfigurationError: pyarrow is not installed.
        """
        from fastorder.store.arrow import table

        return table(columns_of(self._kind), self._rows)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self.arrow().__arrow_c_stream__(requested_schema)


def columns_of(kind: type[Any]) -> list[tuple[str, str]]:
    """The columns of a kind of row: name and kind of each."""
    return [(each.name, KINDS[each.name]) for each in fields(kind)]


def _maker(kind: type[T]) -> Callable[[Row], T]:
    convert = [CONVERTED.get(name) for _, name in columns_of(kind)]

    def made(row: Row) -> T:
        return kind(
            *(
                value if each is None else each(value)
                for each, value in zip(convert, row, strict=True)
            )
        )

    return made


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as it was last seen, with what the journal knows of it.

    Attributes:
        account_id, order_id, contract_id, side, type, status, size, filled: as the
            gateway lists them.
        limit_price, stop_price, filled_price, trail_ticks: None where it has none.
        tag, parent_id, linked_id: its tag, its entry, its sibling; None for none.
        created_ns, updated_ns: nanoseconds since 1970.
        trading_day: in which it was made.
        key: the caller's idempotency key.
        outcome, proof: what the journal says became of it, and why that is known.
        legs: the numbers of its bracket's legs.
        strategy: whose run it is of; None where it is of none.
        sources: who told: 1 hub, 2 a read, 4 the journal; added up.
        extra: members of the row that this version does not know.
    """

    account_id: int
    order_id: int
    contract_id: str
    side: Side
    type: OrderType | int
    status: OrderStatus | int
    size: int
    filled: int
    limit_price: Decimal | None
    stop_price: Decimal | None
    filled_price: Decimal | None
    trail_ticks: int | None
    tag: str | None
    parent_id: int | None
    linked_id: int | None
    created_ns: int | None
    updated_ns: int | None
    trading_day: date | None
    key: str | None
    outcome: str | None
    proof: str | None
    strategy: str | None
    legs: tuple[int, ...]
    sources: int
    extra: Mapping[str, Any]

    @property
    def created(self) -> datetime | None:
        """When it was made, to the microsecond."""
        return moment(self.created_ns)


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One trade of the gateway.

    Attributes:
        account_id, trade_id, order_id, contract_id, side, size, price: as the gateway
            lists them.
        at_ns, trading_day: when it was, and in which day.
        gross: dollars before fees; None where it opens a position.
        fees: dollars of this side.
        commission: dollars of this side; None where it was not told.
        voided: taken back by the exchange.
        strategy: whose run it is of; None where it is of none.
        sources: who told: 1 hub, 2 a read, 4 the journal; added up.
        extra: members of the row that this version does not know.
    """

    account_id: int
    trade_id: int
    order_id: int
    contract_id: str
    side: Side
    size: int
    price: Decimal
    at_ns: int
    trading_day: date
    gross: Decimal | None
    fees: Decimal | None
    commission: Decimal | None
    voided: bool
    strategy: str | None
    sources: int
    extra: Mapping[str, Any]

    @property
    def at(self) -> datetime | None:
        """When, to the microsecond."""
        return moment(self.at_ns)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What one entry order and one exit order have made together, first in first out.

    Attributes:
        account_id, contract_id, strategy: whose, of what; None for no strategy.
        size: contracts.
        entry_ns, exit_ns: nanoseconds since 1970.
        entry_order, exit_order: their numbers.
        trading_day: of the exit.
        side: of the entry: BUY is long.
        entry_price, exit_price: in the mean of the fills, rounded to a billionth.
        gross: dollars before fees, from prices and the value of a tick; None where
            the contract is not in the store.
        fees: of both sides, with commissions: each fill's share by contracts.
        net: gross less fees.
        mae, mfe: the worst and the best it stood at, in dollars; None without ticks.
        position: counts the positions of a contract, from flat to flat.
    """

    account_id: int
    contract_id: str
    strategy: str | None
    trading_day: date
    side: Side
    size: int
    entry_ns: int
    exit_ns: int
    entry_price: Decimal
    exit_price: Decimal
    gross: Decimal | None
    fees: Decimal
    net: Decimal | None
    mae: Decimal | None
    mfe: Decimal | None
    entry_order: int
    exit_order: int
    position: int


@dataclass(frozen=True, slots=True)
class Day:
    """What a trading day has made.

    Attributes:
        account_id, trading_day: whose, and which.
        gross, fees, net: dollars, of the fills as the gateway tells them; ``fees`` has
            the commissions in it.
        fills, contracts: how many were traded.
        trades, wins: round trips that ended on this day, and those that made money.
        drawdown: the furthest that the net fell from its highest on this day.
        contract_id, strategy: None where the row is of all of them.
    """

    account_id: int
    trading_day: date
    contract_id: str | None
    strategy: str | None
    gross: Decimal
    fees: Decimal
    net: Decimal
    fills: int
    contracts: int
    trades: int
    wins: int
    drawdown: Decimal

    @property
    def win_rate(self) -> float | None:
        """Wins of all round trips; None where none ended."""
        return self.wins / self.trades if self.trades else None


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """What an account has made up to a moment.

    Attributes:
        account_id, at_ns, trading_day: whose, when, and in which day.
        realised: dollars net of all fills up to here; voided ones count for nothing.
        open: profit of what was open, where the moment was marked; else None.
        drawdown: how far ``realised`` is below its highest so far.
        balance: as it was marked; else None.
    """

    account_id: int
    at_ns: int
    trading_day: date
    realised: Decimal
    drawdown: Decimal
    open: Decimal | None
    balance: Decimal | None


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where two sources did not say the same.

    Attributes:
        kind: the table of the row, or what was compared.
        item: which row.
        account_id: whose.
        ours, theirs: what stands here, and what was told.
        seen_ns: when it was seen, in nanoseconds since 1970.
    """

    kind: str
    account_id: int
    item: str
    ours: Any
    theirs: Any
    seen_ns: int


for _public in (
    OrderRecord,
    FillRecord,
    RoundTrip,
    Day,
    EquityPoint,
    Discrepancy,
    Records,
):
    _public.__module__ = "fastorder.store"  # where they are imported from
