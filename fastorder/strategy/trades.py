"""Trades of a run: each closed lot with what opened it and what closed it.

Lots are matched first in, first out, for each strategy and contract. A fill that closes
and opens is both. Money is whole micro-dollars until it is a column.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.matching import Flag, What

if TYPE_CHECKING:
    from fastorder.strategy.data import Feed
    from fastorder.strategy.run_port import RunPort

DOLLARS = 1_000_000


class Lot(NamedTuple):
    """What is open of a fill."""

    time_ns: int
    ticks: int
    size: int
    side: int
    costs: float
    """Micro-dollars of each contract."""
    ambiguous: bool
    stop: float
    target: float


COLUMNS = (
    "strategy",
    "symbol",
    "side",
    "size",
    "entry_ns",
    "entry_price",
    "exit_ns",
    "exit_price",
    "gross",
    "costs",
    "net",
    "exit_kind",
    "ambiguous",
    "stop_price",
    "target_price",
    "mae",
    "mfe",
)
"""Dollars; side is 1 for a long trade. ``mae`` and ``mfe`` are how far the open profit
went down and up between entry and exit (Sweeney, Maximum Adverse Excursion, 1996)."""


def trade_columns(run: RunPort, events: Any) -> dict[str, Any]:
    """All closed lots as columns, in the order in which they closed."""
    rows = list(_rows(run, events))
    import numpy as np

    found: dict[str, Any] = {}
    names = COLUMNS[:-2]
    kinds = {"strategy": "U", "symbol": "U", "exit_kind": "U", "ambiguous": "?"}
    for nth, name in enumerate(names):
        values = [row[nth] for row in rows]
        kind = kinds.get(
            name, "i8" if name in ("side", "size") or name[-2:] == "ns" else "f8"
        )
        found[name] = np.array(values, dtype=kind if values or kind != "U" else "U1")
    found["mae"], found["mfe"] = excursions(run, found)
    return found


def _rows(run: RunPort, events: Any) -> Any:
    lots: dict[tuple[int, str], deque[Lot]] = defaultdict(deque)
    symbols = list(run.instruments)
    names = {id(desk): _name(run, nth) for nth, desk in enumerate(run.desks)}
    wanted = (events["kind"] == What.TRADE) | (events["kind"] == What.SETTLED)
    fields = (
        "time_ns", "order_id", "price_ticks", "fees_micros", "commissions_micros",
        "contract", "size", "kind", "side", "flags",
    )  # fmt: skip
    columns = [events[wanted][name].tolist() for name in fields]
    for row in zip(*columns, strict=True):
        (
            time_ns,
            order_id,
            ticks,
            fees,
            commissions,
            contract,
            size,
            kind,
            side,
            flags,
        ) = row
        symbol = symbols[contract]
        if kind == What.SETTLED:
            for desk in run.desks:
                held = lots[id(desk), symbol]
                left = sum(lot.size for lot in held)
                yield from _closed(
                    run, names[id(desk)], symbol, held, left, time_ns, ticks, 0,
                    "settled", False,
                )  # fmt: skip
            continue
        desk, order = run.owners[order_id], run.orders[order_id]
        held = lots[id(desk), symbol]
        costs = (fees + commissions) / size
        doubt = bool(flags & Flag.AMBIGUOUS)
        closing = 0
        if held and held[0].side != side:
            closing = min(size, sum(lot.size for lot in held))
            yield from _closed(
                run, names[id(desk)], symbol, held, closing, time_ns, ticks, costs,
                exit_kind(order), doubt,
            )  # fmt: skip
        if size > closing:
            held.append(
                Lot(
                    time_ns,
                    ticks,
                    size - closing,
                    side,
                    costs,
                    doubt,
                    *legs_of(run, order),
                )
            )


def _closed(
    run: RunPort, name: str, symbol: str, held: deque[Lot], size: int, time_ns: int,
    ticks: int, costs: float, kind: str, doubt: bool,
) -> Any:  # fmt: skip
    instrument = run.instruments[symbol]
    while size:
        lot = held.popleft()
        part = min(size, lot.size)
        if part < lot.size:
            held.appendleft(lot._replace(size=lot.size - part))
        gross = (ticks - lot.ticks) * lot.side * part * instrument.tick_micros
        cost = (lot.costs + costs) * part
        yield (
            name, symbol, lot.side, part, lot.time_ns, instrument.price(lot.ticks),
            time_ns, instrument.price(ticks), gross / DOLLARS, cost / DOLLARS,
            (gross - cost) / DOLLARS, kind, doubt or lot.ambiguous, lot.stop,
            lot.target,
        )  # fmt: skip
        size -= part


def legs_of(run: RunPort, order: Any) -> tuple[float, float]:
    """Where the stop and the target of an entry lay at first; NaN without."""
    found = {"stop loss": math.nan, "take profit": math.nan}
    for leg_id in (order.id + 1, order.id + 2):
        leg = run.orders.get(leg_id)
        if leg is not None and leg.parent is order and leg.price is not None:
            found[leg.role] = leg.price
    return found["stop loss"], found["take profit"]


def exit_kind(order: Any) -> str:
    """What closed a trade: a leg, the strategy's close, the firm, or an order."""
    if order.role in ("stop loss", "take profit", "exit", "firm"):
        return str(order.role)
    return str(order.kind)


def _name(run: RunPort, nth: int) -> str:
    """A strategy by its class; by its place too where several share one."""
    name = type(run.strategies[nth]).__name__
    alike = [type(one).__name__ for one in run.strategies].count(name)
    return name if alike == 1 else f"{name} {nth + 1}"


# --------------------------------------------------------------------------- excursions


def excursions(run: RunPort, trades: dict[str, Any]) -> tuple[Any, Any]:
    """How far each trade's open profit went down and up, in dollars.

    Of the bars of entry and exit only what is sure to lie between both counts: the
    close of the first, the open of the last.
    """
    import numpy as np

    count = len(trades["side"])
    mae, mfe = np.zeros(count), np.zeros(count)
    for symbol, feed in run.feeds.items():
        rows = np.flatnonzero(trades["symbol"] == symbol)
        if len(rows):
            low, high = _ranges(feed, trades, rows)
            instrument = feed.instrument
            each = float(instrument.tick_value / instrument.tick_size)
            side, size = trades["side"][rows], trades["size"][rows]
            entry = trades["entry_price"][rows]
            up, down = (high - entry) * size * each, (low - entry) * size * each
            mfe[rows] = np.where(side > 0, up, -down)
            mae[rows] = np.where(side > 0, down, -up)
    return np.minimum(mae, 0.0), np.maximum(mfe, 0.0)


def _ranges(feed: Feed, trades: dict[str, Any], rows: Any) -> tuple[Any, Any]:
    """The lowest and the highest price between entry and exit."""
    import numpy as np

    entry, exit_ = trades["entry_price"][rows], trades["exit_price"][rows]
    low, high = np.minimum(entry, exit_), np.maximum(entry, exit_)
    first = feed.time_ns.searchsorted(trades["entry_ns"][rows], side="right")
    last = feed.time_ns.searchsorted(trades["exit_ns"][rows], side="right")
    if feed.ticks is not None:
        numerator, denominator = feed.instrument.grid
        prices = feed.ticks["price"]
        for nth in range(len(rows)):
            part = prices[first[nth] : last[nth]]
            if len(part):
                low[nth] = min(low[nth], int(part.min()) * numerator / denominator)
                high[nth] = max(high[nth], int(part.max()) * numerator / denominator)
        return low, high
    assert feed.bars is not None
    bars = feed.bars
    for nth in range(len(rows)):
        begin, end = first[nth], last[nth] - 1  # the whole bars between both
        if begin <= end:
            sure = (bars["close"][begin - 1], bars["open"][end])
            low[nth], high[nth] = min(low[nth], *sure), max(high[nth], *sure)
        if begin < end:
            low[nth] = min(low[nth], bars["low"][begin:end].min())
            high[nth] = max(high[nth], bars["high"][begin:end].max())
    return low, high
