"""The forms that files of traders have: which column is what, and what they do not say.

How sure each is:

databento    sure, its documentation: CSV and Parquet with names; times in ns, or ISO
             8601 in UTC; prices in 1e-9, or with a point; action T is a trade; side A
             is a sell aggressor, B a buyer.
ninjatrader  sure, its help: no names, ``;``; yyyyMMdd HHmmss; price;volume, or
             open;high;low;close;volume; exports are in UTC, a bar carries its end.
             Likely: seven more digits for parts of a second, last;bid;ask;volume.
kibot        sure for bars, its page: no names, mm/dd/yyyy,hh:mm in New York's time, the
             time of the open. Likely for ticks: price,bid,ask,size or price,size.
sierra       sure of the names, its help: Date, Time, Open, High, Low, Last, Volume ...;
             its times are those of the chart, so the zone has to be stated.
tradingview  likely, from exports that people show: time,open,high,low,close,Volume; the
             time in seconds, or ISO 8601 with its zone; the time of the open.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing.tables import BAR_ROLES, TICK_ROLES, roles_of

if TYPE_CHECKING:
    from fastorder.store.market.importing.options import Options
    from fastorder.store.market.importing.tables import Table

BILLIONTH = "1e-9"
PRICES = ("open", "high", "low", "close")


class Layout(NamedTuple):
    """How a table is read.

    Attributes:
        form: whose.
        kind: ticks or bars.
        roles: which column is what.
        zone: whose clocks it shows; None where it says so itself, or must be stated.
        date_order: of dates with strokes.
        stamps: whether bars carry their open or their close.
        price_unit: what a price of 1 is worth.
        only: rows that count: a column and the value that it has in them.
        sides: the columns of volume at the bid and at the ask.
    """

    form: str
    kind: str
    roles: dict[str, str]
    zone: str | None = None
    date_order: str | None = None
    stamps: str = "open"
    price_unit: str = "1"
    only: tuple[str, str] | None = None
    sides: tuple[str, str] | None = None


def layout_of(table: Table, options: Options) -> Layout:
    """How a table is read: as it is stated, or as it looks.

    Raises:
        ImportRefused: a column is missing, or the form is not the stated one.
    """
    name = options.form or _looks_like(table)
    layout: Layout = _LAYOUTS[name](table, options)
    return layout


def _looks_like(table: Table) -> str:
    names = {name.lower() for name in table.columns}
    first = next(iter(table.columns.values()))[0].as_py()
    if not table.has_names:
        if table.delimiter == ";" and re.match(r"\d{8}( |$)", first):
            return "ninjatrader"
        if table.delimiter == "," and re.match(r"\d\d/\d\d/\d{4}$", first):
            return "kibot"
        raise ImportRefused(
            table.path,
            f"must name its columns, or be NinjaTrader's or Kibot's, begins {first!r}",
        )
    if "ts_event" in names:
        return "databento"
    if {"date", "time", "last"} <= names:
        return "sierra"
    if {"time", "open", "high", "low", "close"} <= names and "date" not in names:
        return "tradingview"
    return "columns"


def _kind(table: Table, options: Options, names: set[str]) -> str:
    if options.kind:
        return options.kind
    return "bars" if {"open", "high", "low"} <= names else "ticks"


def _columns(table: Table, options: Options) -> Layout:
    names = {name.lower() for name in table.columns} | set(options.columns or {})
    kind = _kind(table, options, names)
    roles = roles_of(table, TICK_ROLES if kind == "ticks" else BAR_ROLES, options)
    return Layout("columns", kind, roles)


def _databento(table: Table, options: Options) -> Layout:
    import pyarrow

    plain = _columns(table, options)
    roles = dict(plain.roles)
    if "ts_event" in table.columns and "time" not in (options.columns or {}):
        roles["time"] = "ts_event"
    if "symbol" not in roles and "instrument_id" in table.columns:
        roles["symbol"] = "instrument_id"
    price = table.columns[roles.get("price") or roles["open"]]
    is_whole = pyarrow.types.is_integer(price.type) or (
        pyarrow.types.is_string(price.type) and "." not in (price[0].as_py() or "")
    )
    only = ("action", "T") if "action" in table.columns else None
    return plain._replace(
        form="databento",
        roles=roles,
        zone="UTC",
        price_unit=BILLIONTH if is_whole else "1",
        only=only if plain.kind == "ticks" else None,
    )


def _ninjatrader(table: Table, options: Options) -> Layout:
    names = list(table.columns)
    by_count = {
        3: ("time", "price", "size"),
        5: ("time", "price", "bid", "ask", "size"),
        6: BAR_ROLES,
    }
    roles = _by_place(table, "ninjatrader", names, by_count)
    kind = "ticks" if "price" in roles else "bars"
    return Layout("ninjatrader", kind, roles, zone="UTC", stamps="close")


def _kibot(table: Table, options: Options) -> Layout:
    names = list(table.columns)
    second = table.columns[names[1]][0].as_py() if len(names) > 1 else ""
    if ":" not in second:  # a day has no time
        by_count: dict[int, tuple[str, ...]] = {6: BAR_ROLES}
    else:
        by_count = {
            4: ("date", "time", "price", "size"),
            6: ("date", "time", "price", "bid", "ask", "size"),
            7: ("date", *BAR_ROLES),
        }
    roles = _by_place(table, "kibot", names, by_count)
    kind = "ticks" if "price" in roles else "bars"
    return Layout("kibot", kind, roles, zone="America/New_York", date_order="mdy")


def _by_place(
    table: Table, form: str, names: list[str], by_count: dict[int, tuple[str, ...]]
) -> dict[str, str]:
    if len(names) not in by_count:
        counts = " or ".join(map(str, by_count))
        rule = f"a {form} file must have as many columns as {counts}, has {len(names)}"
        raise ImportRefused(table.path, rule)
    return dict(zip(by_count[len(names)], names, strict=True))


def _sierra(table: Table, options: Options) -> Layout:
    kind = options.kind or "bars"
    stated = dict(options.columns or {})
    by_name = {name.lower(): name for name in table.columns}
    if kind == "ticks":
        roles = roles_of(table, TICK_ROLES, options)
    else:
        roles = roles_of(table, BAR_ROLES, options)
        roles["close"] = stated.get("close", by_name.get("last", roles["close"]))
    sides = (by_name.get("bidvolume"), by_name.get("askvolume"))
    both = (sides[0], sides[1]) if sides[0] and sides[1] else None
    return Layout("sierra", kind, roles, sides=both if kind == "ticks" else None)


def _tradingview(table: Table, options: Options) -> Layout:
    roles = roles_of(table, BAR_ROLES, options)
    return Layout("tradingview", "bars", roles)


def _gateway(table: Table, options: Options) -> Layout:
    raise ImportRefused(
        table.path, "must be JSON as an answer of the gateway, is a table"
    )


_LAYOUTS: dict[str, Any] = {
    "columns": _columns,
    "databento": _databento,
    "gateway": _gateway,
    "kibot": _kibot,
    "ninjatrader": _ninjatrader,
    "sierra": _sierra,
    "tradingview": _tradingview,
}
