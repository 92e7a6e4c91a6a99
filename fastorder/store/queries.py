"""What the store is asked: each question as SQL, and its answer as typed rows."""

from __future__ import annotations

from collections import defaultdict
from operator import itemgetter
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
from fastorder.store.round_trips import Trip, gross_of, matched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fastorder.store.excursions import Ticks
    from fastorder.store.merging import Row

    Read = Callable[[str, Sequence[Any]], list[Row]]
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
        read: the rows of a query.
        is_in_order: whether rows lie in the order of their keys, as in SQLite.
    """

    def __init__(self, read: Read, *, is_in_order: bool) -> None:
        self._read = read
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
        trips = self._trips(wanted)
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
        fills = self._matchable(wanted)
        trips = [trip for trip in matched(fills, self._held()) if fits(trip, wanted)]
        names = self._strategies()
        if wanted.since is not None or wanted.until is not None:
            fills = [fill for fill in fills if inside(fill[2], fill[8], wanted)]
        if wanted.strategy is not None:
            name = wanted.strategy
            fills = [fill for fill in fills if names.get((fill[0], fill[3])) == name]
            trips = [
                trip
                for trip in trips
                if names.get((trip.account_id, trip.entry_order)) == name
            ]
        ticks = self._ticks()
        made = [
            (
                trip.account_id,
                trip.trading_day,
                trip.contract_id,
                trip.entry_order,
                (gross_of(trip, ticks.get(trip.contract_id)) or 0) - trip.cost,
            )
            for trip in trips
        ]
        return Records(Day, days(fills, made, names, contract, strategy))

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

    def _trips(self, wanted: Wanted) -> list[Trip]:
        """Matched from the beginning of the record; then those that are wanted."""
        trips = matched(self._matchable(wanted), self._held())
        return [trip for trip in trips if fits(trip, wanted)]

    def _matchable(self, wanted: Wanted) -> list[Row]:
        """All fills of an account and a contract that count, in the order of time.

        A trade's number grows with its time, and so rows come nearly in order: sorting
        them here costs little.
        """
        wanted.conditions()  # what makes no sense is refused
        where, values = Wanted(wanted.account, wanted.contract).conditions()
        rows = self._read(
            "SELECT x.account_id, x.contract_id, x.at_ns, x.order_id, x.side, x.size, "  # noqa: S608
            f"x.price_e9, {COST}, x.trading_day, coalesce(x.gross_u, 0) "
            f"FROM fills x WHERE {where} AND x.voided = 0{self._by_number}",
            values,
        )
        rows.sort(key=itemgetter(2))
        return rows

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


def fits(trip: Trip, wanted: Wanted) -> bool:
    """Whether the exit lies in the time that is wanted."""
    return inside(trip.exit_ns, trip.trading_day, wanted)


def inside(at_ns: int, day: int, wanted: Wanted) -> bool:
    """Whether a moment of a trading day lies in the time that is wanted."""
    for given, is_since in ((wanted.since, True), (wanted.until, False)):
        if given is None:
            continue
        limit = day_from(given)
        if limit is not None:
            fit = day >= limit if is_since else day <= limit
        else:
            limit = ns_from(given, "since" if is_since else "until")
            fit = at_ns >= limit if is_since else at_ns < limit
        if not fit:
            return False
    return True


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
