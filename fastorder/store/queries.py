"""What the store is asked: each question as SQL, and its answer as typed rows."""

from __future__ import annotations

from collections import defaultdict
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from fastorder.store.daily import days
from fastorder.store.excursions import excursion
from fastorder.store.filters import Wanted, day_from, ns_from
from fastorder.store.records import (
    Day,
    Discrepancy,
    EquityPoint,
    FillRecord,
    OrderRecord,
    Records,
    RoundTrip,
)
from fastorder.store.round_trips import Fills, by_exit, gross_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Protocol, TypeVar

    from fastorder.store.excursions import Ticks
    from fastorder.store.merging import Row
    from fastorder.store.round_trips import Lot, Trip

    Made = TypeVar("Made")

    class Read(Protocol):
        """Reads a query: what is made of its rows, one at a time."""

        def __call__(
            self, sql: str, values: Sequence[Any], into: Callable[[Iterable[Row]], Made]
        ) -> Made:
            """Read it."""

    class ReadEach(Protocol):
        """Reads a query, and calls with the columns of each row."""

        def __call__(
            self,
            columns: str,
            source: str,
            values: Sequence[Any],
            take: Callable[..., None],
        ) -> None:
            """Read it."""

    Ticks_by_contract = dict[str, Ticks]

COST = "coalesce(x.fees_u, 0) + coalesce(x.commission_u, 0)"

STRATEGY = (
    "LEFT JOIN orders p ON p.account_id = o.account_id AND p.order_id = o.parent_id "
    "LEFT JOIN session_tags t ON t.tag = coalesce(o.tag, p.tag) "
    "LEFT JOIN sessions s ON s.session_id = t.session_id "
)
"""The run that an order is of; a leg without a tag is of its entry's."""

ORDERS = (
    "SELECT x.account_id, x.order_id, x.contract_id, x.side, x.kind, x.status, x.size, "  # noqa: S608
    "x.filled, x.limit_e9, x.stop_e9, x.filled_price_e9, x.trail_ticks, x.tag, "
    "x.parent_id, x.linked_id, x.created_ns, x.updated_ns, x.trading_day, i.key, "
    "i.outcome, i.proof, s.strategy, x.sources, x.extra FROM orders x "
    "LEFT JOIN orders o ON o.account_id = x.account_id AND o.order_id = x.order_id "
    f"{STRATEGY}"
    "LEFT JOIN intents i ON i.account_id = x.account_id AND i.tag = x.tag "
)

FILLS = (
    "SELECT x.account_id, x.trade_id, x.order_id, x.contract_id, x.side, x.size, "  # noqa: S608
    "x.price_e9, x.at_ns, x.trading_day, x.gross_u, x.fees_u, x.commission_u, "
    "x.voided, s.strategy, x.sources, x.extra FROM fills x "
    "LEFT JOIN orders o ON o.account_id = x.account_id AND o.order_id = x.order_id "
    f"{STRATEGY}"
)


class Queries:
    """Reads a store.

    Args:
        read: what is made of the rows of a query.
        read_each: a query of many rows.
        is_in_order: whether rows lie in the order of their keys, as in SQLite.
    """

    def __init__(self, read: Read, read_each: ReadEach, *, is_in_order: bool) -> None:
        self._read_into, self._read_each = read, read_each
        order = " ORDER BY x.account_id, x.trade_id"
        self._by_number = "" if is_in_order else order

    def orders(self, wanted: Wanted) -> Records[OrderRecord]:
        """Orders, the oldest first."""
        where, values = wanted.conditions("x.created_ns")
        rows = self._read(
            f"{ORDERS} WHERE {where} ORDER BY x.created_ns, x.order_id", values
        )
        legs = self._legs(wanted.account)
        rows = [(*row[:22], legs.get((row[0], row[1]), ()), *row[22:]) for row in rows]
        return Records(OrderRecord, of_strategy(rows, 21, wanted.strategy))

    def fills(self, wanted: Wanted, *, voided: bool) -> Records[FillRecord]:
        """Fills, the oldest first."""
        where, values = wanted.conditions()
        only = "" if voided else " AND x.voided = 0"
        rows = self._read(
            f"{FILLS} WHERE {where}{only} ORDER BY x.at_ns, x.trade_id", values
        )
        return Records(FillRecord, of_strategy(rows, 13, wanted.strategy))

    def trades(
        self, wanted: Wanted, ticks: Ticks_by_contract | None = None
    ) -> Records[RoundTrip]:
        """Round trips, by their exits."""
        trips = by_exit(within(self._fills(wanted).matched(), wanted, "exit_ns"))
        strategies = self._strategies()
        values = self._ticks()
        rows = []
        for trip in trips:
            strategy = strategies.get((trip.account_id, trip.entry_order))
            if wanted.strategy is None or strategy == wanted.strategy:
                tick = values.get(trip.contract_id)
                given = ticks.get(trip.contract_id) if ticks else None
                rows.append(trip_row(trip, strategy, tick, given))
        return Records(RoundTrip, rows)

    def daily(self, wanted: Wanted, *, contract: bool, strategy: bool) -> Records[Day]:
        """Days, the oldest first."""
        fills = self._fills(wanted)
        trips = within(fills.matched(), wanted, "exit_ns")
        fills.lots = within(fills.lots, wanted, "at_ns")
        names = self._strategies()
        if wanted.strategy is not None:
            trips, fills.lots = of_name(names, wanted.strategy, fills, trips)
        made = days(fills, trips, names, self._ticks(), contract, strategy)
        return Records(Day, made)

    def equity(self, wanted: Wanted) -> Records[EquityPoint]:
        """What each account had made after each fill, and at each mark."""
        wanted.conditions()  # what makes no sense is refused
        where, values = wanted._replace(since=None).conditions()
        rows = self._read(
            "SELECT x.account_id, x.at_ns, x.trading_day, "  # noqa: S608
            f"coalesce(x.gross_u, 0) - ({COST}), NULL, NULL FROM fills x "
            f"WHERE {where} AND x.voided = 0 ORDER BY x.at_ns, x.trade_id",
            values,
        )
        marked, values = wanted._replace(since=None, contract=None).conditions()
        rows += self._read(
            "SELECT x.account_id, x.at_ns, x.trading_day, 0, x.open_u, x.balance_u "  # noqa: S608
            f"FROM equity x WHERE {marked}",
            values,
        )
        rows.sort(key=lambda row: row[1])
        return Records(EquityPoint, after(curve(rows), wanted.since))

    def discrepancies(self, account: int | None) -> Records[Discrepancy]:
        """Where sources did not agree, the oldest first."""
        where, values = Wanted(account).conditions()
        rows = self._read(
            "SELECT x.kind, x.account_id, x.item, x.ours, x.theirs, x.seen_ns "  # noqa: S608
            f"FROM discrepancies x WHERE {where} ORDER BY x.seen_ns, x.kind, x.item",
            values,
        )
        return Records(Discrepancy, rows)

    # ------------------------------------------------------------ parts

    def _read(self, sql: str, values: Sequence[Any]) -> list[Row]:
        return self._read_into(sql, values, list)

    def _fills(self, wanted: Wanted) -> Fills:
        """All fills of an account and a contract that count, in the order of time.

        They are matched from the beginning of the record; what is wanted of them is
        found afterwards.
        """
        wanted.conditions()  # what makes no sense is refused
        where, values = Wanted(wanted.account, wanted.contract).conditions()
        fills = Fills(self._held())
        self._read_each(
            "x.account_id, x.contract_id, x.at_ns, x.order_id, x.side, x.size, "
            f"x.price_e9, {COST}, x.trading_day, coalesce(x.gross_u, 0)",
            f"FROM fills x WHERE {where} AND x.voided = 0{self._by_number}",
            values,
            fills.take,
        )
        return fills.in_order()

    def _held(self) -> dict[tuple[int, str], tuple[int, int]]:
        rows = self._read(
            "SELECT account_id, contract_id, from_ns, amount FROM anchors "
            "WHERE contract_id <> ''",
            [],
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in rows}

    def _ticks(self) -> dict[str, tuple[int, int]]:
        rows = self._read(
            "SELECT contract_id, tick_size_e9, tick_value_u FROM contracts", []
        )
        return {row[0]: (row[1], row[2]) for row in rows}

    def _strategies(self) -> dict[tuple[int, int], str]:
        rows = self._read(
            "SELECT o.account_id, o.order_id, s.strategy FROM orders o "  # noqa: S608
            f"{STRATEGY} WHERE s.strategy IS NOT NULL",
            [],
        )
        return {(row[0], row[1]): row[2] for row in rows}

    def _legs(self, account: int | None) -> dict[tuple[int, int], tuple[int, ...]]:
        where, values = Wanted(account).conditions()
        found: dict[tuple[int, int], tuple[int, ...]] = defaultdict(tuple)
        for number, parent, leg in self._read(
            "SELECT x.account_id, x.parent_id, x.order_id FROM orders x "  # noqa: S608
            f"WHERE {where} AND x.parent_id IS NOT NULL ORDER BY x.order_id",
            values,
        ):
            found[number, parent] += (leg,)
        return found


def of_strategy(rows: list[Row], at: int, wanted: str | None) -> list[Row]:
    """The rows of one strategy; all where none is wanted."""
    return rows if wanted is None else [row for row in rows if row[at] == wanted]


def of_name(
    names: dict[tuple[int, int], str], name: str, fills: Fills, trips: list[Trip]
) -> tuple[list[Trip], list[Lot]]:
    """The round trips and the fills of one strategy."""
    accounts = [book.account_id for book in fills.books]
    return (
        [
            trip
            for trip in trips
            if names.get((trip.account_id, trip.entry_order)) == name
        ],
        [
            lot
            for lot in fills.lots
            if names.get((accounts[lot.place], lot.order_id)) == name
        ],
    )


def within(items: list[Any], wanted: Wanted, at: str) -> list[Any]:
    """Those in the time that is wanted, by a moment of theirs and its trading day."""
    for given, is_since in ((wanted.since, True), (wanted.until, False)):
        if given is None:
            continue
        limit, name = day_from(given), "trading_day"
        if limit is None:
            limit, name = ns_from(given, "since" if is_since else "until"), at
            limit -= not is_since  # the moment itself is not in
        of = attrgetter(name)
        if is_since:
            items = [item for item in items if of(item) >= limit]
        else:
            items = [item for item in items if of(item) <= limit]
    return items


def trip_row(
    trip: Trip, strategy: str | None, tick: tuple[int, int] | None, ticks: Ticks | None
) -> Row:
    """A round trip in the order of ``RoundTrip``."""
    gross = gross_of(trip, tick)
    worst, best = excursion(trip, tick, ticks)
    return (
        trip.account_id,
        trip.contract_id,
        strategy,
        trip.trading_day,
        trip.side,
        trip.size,
        trip.entry_ns,
        trip.exit_ns,
        mean(trip.entry_sum, trip.size),
        mean(trip.exit_sum, trip.size),
        gross,
        trip.cost,
        None if gross is None else gross - trip.cost,
        worst,
        best,
        trip.entry_order,
        trip.exit_order,
        trip.position,
    )


def mean(total: int, count: int) -> int:
    """Rounded to the nearest."""
    return (2 * total + count) // (2 * count)


def curve(rows: list[Row]) -> list[Row]:
    """Sums for each account, in the order of time."""
    sums: dict[int, list[int]] = defaultdict(lambda: [0, 0])
    points = []
    for account, at_ns, day, net, open_u, balance in rows:
        state = sums[account]
        state[0] += net
        if state[0] > state[1]:
            state[1] = state[0]
        points.append(
            (account, at_ns, day, state[0], state[1] - state[0], open_u, balance)
        )
    return points


def after(points: list[Row], since: Any) -> list[Row]:
    """Those from a time on: their sums are from the beginning all the same."""
    if since is None:
        return points
    day = day_from(since)
    if day is not None:
        return [point for point in points if point[2] >= day]
    return [point for point in points if point[1] >= ns_from(since, "since")]
