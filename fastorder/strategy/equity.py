"""Equity of a run: the account with what is open, at the end of each bar or minute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.matching import What
from fastorder.strategy.data import frame_columns

if TYPE_CHECKING:
    from fastorder.strategy.data import Feed
    from fastorder.strategy.run_port import RunPort


def equity_columns(run: RunPort, events: Any) -> dict[str, Any]:
    """Equity as columns: ``time_ns``, ``equity``, ``drawdown``, and ``position``.

    Dollars; the position is the sum of what is held, without signs. Each row is the end
    of a bar of the data, of ticks of a minute; after it everything before that has
    happened, at the last price.
    """
    import numpy as np

    grids = {symbol: _closes(feed) for symbol, feed in run.feeds.items()}
    times = next(iter(grids.values()))[0]
    if len(grids) > 1:
        times = np.unique(np.concatenate([grid[0] for grid in grids.values()]))
    micros = np.full(len(times), run.start_micros, np.int64)
    held = np.zeros(len(times), np.int64)
    for symbol, (ends, closes) in grids.items():
        value, position = _value(run, events, symbol, times, ends, closes)
        micros += value
        held += np.abs(position)
    equity = micros / 1e6
    highest = np.maximum.accumulate(np.maximum(equity, run.start_micros / 1e6))
    return {
        "time_ns": times,
        "equity": equity,
        "drawdown": equity - highest,
        "position": held,
    }


def contract_rows(run: RunPort, events: Any, trades: Any) -> dict[str, dict[str, Any]]:
    """What each contract has brought by the end of the data, in dollars.

    Returns:
        By symbol: how many ``trades`` have closed, ``net`` with what is open at the
        last price, the ``costs`` in it, and the ``position`` that is left.
    """
    import numpy as np

    end = np.array([run.end_ns])
    found = {}
    for symbol, feed in run.feeds.items():
        value, position = _value(run, events, symbol, end, *_closes(feed))
        rows = events[events["contract"] == run.numbers[symbol]]
        costs = int(rows["fees_micros"].sum() + rows["commissions_micros"].sum())
        found[symbol] = {
            "trades": int((trades["symbol"] == symbol).sum()),
            "net": int(value[0]) / 1e6,
            "costs": costs / 1e6,
            "position": int(position[0]),
        }
    return found


def _closes(feed: Feed) -> tuple[Any, Any]:
    """When prices are looked at, and which they are in ticks then."""
    import numpy as np

    numerator, denominator = feed.instrument.grid
    if feed.bars is not None:
        closes = np.rint(feed.bars["close"] * denominator / numerator)
        return feed.time_ns + feed.length_ns, closes.astype(np.int64)
    assert feed.ticks is not None
    _, ends, _, _, _ = frame_columns(feed, "1m", None)
    rows = feed.time_ns.searchsorted(ends) - 1
    return np.asarray(ends), feed.ticks["price"][rows]


def _value(
    run: RunPort, events: Any, symbol: str, times: Any, ends: Any, closes: Any
) -> tuple[Any, Any]:
    """What trading a contract has brought by each time, open ones at the last price."""
    import numpy as np

    number = run.numbers[symbol]
    each = run.instruments[symbol].tick_micros
    kinds = events["kind"]
    wanted = (kinds == What.TRADE) | (kinds == What.SETTLED)
    rows = events[wanted & (events["contract"] == number)]
    signed = rows["side"].astype(np.int64) * rows["size"]
    cash = -signed * rows["price_ticks"] * each
    cash -= rows["fees_micros"] + rows["commissions_micros"]
    cash = np.concatenate([[0], np.cumsum(cash)])
    size = np.concatenate([[0], np.cumsum(signed)])
    done = rows["time_ns"].searchsorted(times)
    last = closes[np.maximum(ends.searchsorted(times, side="right") - 1, 0)]
    return cash[done] + size[done] * last * each, size[done]
