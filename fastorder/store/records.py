"""What the store answers: rows with types, and the same as an Arrow table."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import orjson

from fastorder._base.wire_values import member_of
from fastorder.enums import OrderStatus, OrderType, Side
from fastorder.store.numbers import money, price

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from fastorder.store.merging import Row

T = TypeVar("T")

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def moment(at_ns: int | None) -> datetime | None:
    """An aware time, to the microsecond."""
    return None if at_ns is None else EPOCH + timedelta(microseconds=at_ns // 1000)


def day_of(number: int | None) -> date | None:
    """A date from yyyymmdd."""
    if number is None:
        return None
    return date(number // 10_000, number // 100 % 100, number % 100)


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


class Records(Generic[T]):
    """Rows of one kind, in order, as a list has them; each is made when looked at.

    ``arrow()`` gives them as a table, and Polars, pandas and DuckDB take this object
    itself (``polars.DataFrame(rows)``) where pyarrow is installed.
    """

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
    return [(field.name, field.metadata["kind"]) for field in fields(kind)]


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


def _is(kind: str) -> Any:
    from dataclasses import field

    return field(metadata={"kind": kind})


@dataclass(frozen=True, slots=True)
class OrderRecord:
    """An order as it was last seen, with what the journal knows of it.

    Attributes:
        key: the caller's idempotency key.
        outcome, proof: what the journal says became of it, and why that is known.
        legs: the numbers of its bracket's legs.
        strategy: whose run it is of; None where it is of none.
        sources: who told: 1 hub, 2 a read, 4 the journal; added up.
    """

    account_id: int = _is("int")
    order_id: int = _is("int")
    contract_id: str = _is("text")
    side: Side = _is("side")
    type: OrderType | int = _is("type")
    status: OrderStatus | int = _is("status")
    size: int = _is("int")
    filled: int = _is("int")
    limit_price: Decimal | None = _is("price")
    stop_price: Decimal | None = _is("price")
    filled_price: Decimal | None = _is("price")
    trail_ticks: int | None = _is("int")
    tag: str | None = _is("text")
    parent_id: int | None = _is("int")
    linked_id: int | None = _is("int")
    created_ns: int | None = _is("ns")
    updated_ns: int | None = _is("ns")
    trading_day: date | None = _is("day")
    key: str | None = _is("text")
    outcome: str | None = _is("text")
    proof: str | None = _is("text")
    strategy: str | None = _is("text")
    legs: tuple[int, ...] = _is("ints")
    sources: int = _is("int")
    extra: Mapping[str, Any] = _is("json")

    @property
    def created(self) -> datetime | None:
        """When it was made, to the microsecond."""
        return moment(self.created_ns)


@dataclass(frozen=True, slots=True)
class FillRecord:
    """One trade of the gateway.

    Attributes:
        gross: dollars before fees; None where it opens a position.
        fees: dollars of this side.
        commission: dollars of this side; None where it was not told.
    """

    account_id: int = _is("int")
    trade_id: int = _is("int")
    order_id: int = _is("int")
    contract_id: str = _is("text")
    side: Side = _is("side")
    size: int = _is("int")
    price: Decimal = _is("price")
    at_ns: int = _is("ns")
    trading_day: date = _is("day")
    gross: Decimal | None = _is("dollars")
    fees: Decimal | None = _is("dollars")
    commission: Decimal | None = _is("dollars")
    voided: bool = _is("bool")
    strategy: str | None = _is("text")
    sources: int = _is("int")
    extra: Mapping[str, Any] = _is("json")

    @property
    def at(self) -> datetime | None:
        """When, to the microsecond."""
        return moment(self.at_ns)


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """What one entry order and one exit order have made together, first in first out.

    Attributes:
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

    account_id: int = _is("int")
    contract_id: str = _is("text")
    strategy: str | None = _is("text")
    trading_day: date = _is("day")
    side: Side = _is("side")
    size: int = _is("int")
    entry_ns: int = _is("ns")
    exit_ns: int = _is("ns")
    entry_price: Decimal = _is("price")
    exit_price: Decimal = _is("price")
    gross: Decimal | None = _is("dollars")
    fees: Decimal = _is("dollars")
    net: Decimal | None = _is("dollars")
    mae: Decimal | None = _is("dollars")
    mfe: Decimal | None = _is("dollars")
    entry_order: int = _is("int")
    exit_order: int = _is("int")
    position: int = _is("int")


@dataclass(frozen=True, slots=True)
class Day:
    """What a trading day has made.

    Attributes:
        gross, fees, net: dollars, of the fills as the gateway tells them; ``fees`` has
            the commissions in it.
        fills, contracts: how many were traded.
        trades, wins: round trips that ended on this day, and those that made money.
        drawdown: the furthest that the net fell from its highest on this day.
        contract_id, strategy: None where the row is of all of them.
    """

    account_id: int = _is("int")
    trading_day: date = _is("day")
    contract_id: str | None = _is("text")
    strategy: str | None = _is("text")
    gross: Decimal = _is("dollars")
    fees: Decimal = _is("dollars")
    net: Decimal = _is("dollars")
    fills: int = _is("int")
    contracts: int = _is("int")
    trades: int = _is("int")
    wins: int = _is("int")
    drawdown: Decimal = _is("dollars")

    @property
    def win_rate(self) -> float | None:
        """Wins of all round trips; None where none ended."""
        return self.wins / self.trades if self.trades else None


@dataclass(frozen=True, slots=True)
class EquityPoint:
    """What an account has made up to a moment.

    Attributes:
        realised: dollars net of all fills up to here; voided ones count for nothing.
        open: profit of what was open, where the moment was marked; else None.
        drawdown: how far ``realised`` is below its highest so far.
        balance: as it was marked; else None.
    """

    account_id: int = _is("int")
    at_ns: int = _is("ns")
    trading_day: date = _is("day")
    realised: Decimal = _is("dollars")
    drawdown: Decimal = _is("dollars")
    open: Decimal | None = _is("dollars")
    balance: Decimal | None = _is("dollars")


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """Where two sources did not say the same.

    Attributes:
        kind: the table of the row, or what was compared.
        item: which row.
        ours, theirs: what stands here, and what was told.
    """

    kind: str = _is("text")
    account_id: int = _is("int")
    item: str = _is("text")
    ours: Any = _is("json")
    theirs: Any = _is("json")
    seen_ns: int = _is("ns")
