"""A result as one HTML file: charts, trades, calendar, verdict; without network.

Plotly draws it: it is kept, under the MIT licence, has candles, and its wheel brings
the whole library as one script, which is put into the page. Nothing of its Python is
run.
"""

from __future__ import annotations

import html
import json
import math
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.strategy.data import frame_columns
from fastorder.strategy.errors import StrategyError

if TYPE_CHECKING:
    from fastorder.strategy.data import Feed

PAGE = Path(__file__).parent / "pages" / "report.html"
MOST_BARS = 20_000
MOST_POINTS = 5_000
LENGTHS = ("1m", "5m", "15m", "1h", "4h")
MS = 1_000_000


def write_report(result: Any, path: Any, title: str = "") -> None:
    """Write the page of a result.

    Args:
        result: of a backtest.
        path: of the file.
        title: of the page; the strategies' names where it is not given.

    Raises:
        StrategyError: plotly is not installed.
    """
    names = " and ".join(type(one).__name__ for one in result._run.strategies)
    page = PAGE.read_text(encoding="utf-8")
    text = json.dumps(page_data(result), allow_nan=False, separators=(",", ":"))
    page = page.replace("@TITLE@", html.escape(title or names))
    before, rest = page.split("@PLOTLY@")
    middle, after = rest.split("@DATA@")
    safe = text.replace("<", "\\u003c")
    Path(path).write_text(before + bundle() + middle + safe + after, encoding="utf-8")


def bundle() -> str:
    """Plotly's script.

    Raises:
        StrategyError: it is not installed.
    """
    found = find_spec("plotly")
    places = list(found.submodule_search_locations or []) if found else []
    for place in places:
        script = Path(place) / "package_data" / "plotly.min.js"
        if script.is_file():
            return script.read_text(encoding="utf-8").replace("</script", "<\\/script")
    raise StrategyError("a report needs plotly: pip install 'fastorder[report]'")


def page_data(result: Any) -> dict[str, Any]:
    """All that the page shows, as JSON has it; times in milliseconds."""
    run = result._run
    return {
        "about": _about(result),
        "summary": {name: _number(value) for name, value in result.summary.items()},
        "verdict": _verdict(result),
        "conduct": _conduct(result),
        "equity": _equity(result),
        "floor": _floor(result),
        "symbols": list(run.feeds),
        "bars": {symbol: _bars(feed) for symbol, feed in run.feeds.items()},
        "trades": _trades(result),
        "days": {
            "date": [str(day) for day in result.days["date"]],
            "profit": _numbers(result.days["profit"]),
            "trades": result.days["trades"].tolist(),
            "traded": result.days["traded"].tolist(),
        },
        "parts": {what: _part(result, what) for what in ("exit_kind", "side", "hour")},
    }


def _about(result: Any) -> str:
    run = result._run
    strategies = ", ".join(map(repr, run.strategies))
    first, last = (_day(ns) for ns in (run.first_ns, run.end_ns))
    return f"{strategies}, {first} to {last}, run {result.fingerprint[:12]}"


def _day(time_ns: int) -> str:
    from datetime import datetime, timezone

    return f"{datetime.fromtimestamp(time_ns / 1e9, timezone.utc):%Y-%m-%d}"


def _verdict(result: Any) -> str:
    if result.verdict is None:
        return ""
    firm, verdict = result.firm, result.verdict
    when = "" if verdict.time_ns is None else f" on {_day(verdict.time_ns)}"
    told = f"{firm.kind}: {verdict.state}{when}. {verdict.why}".rstrip()
    locked = sum(day.locked for day in firm.days)
    if locked:
        told += f" Days ended by the daily loss limit: {locked}."
    for why, count in sorted(firm.refused.items()):
        told += f" Orders refused, {why}: {count}."
    return told


def _conduct(result: Any) -> str:
    """What the venue looks at beside money: how often, how short, how lucky."""
    one = result.summary
    held = one["median_held_s"]
    return (
        f"Trades: on average {one['trades_a_day']:.1f} a day, held for "
        f"{'no time' if math.isnan(held) else f'{held:.0f} s'} in the median. "
        f"{counted(result.ambiguous, 'order')} decided against the strategy, as their "
        "bar does not say how they filled; "
        f"{counted(result.throttled, 'request')} held back by the "
        "budget. The venue forbids living on fills that no market would give."
    )


def _equity(result: Any) -> dict[str, Any]:
    """As many points as a chart can show, the last of each piece and the deepest."""
    import numpy as np

    equity = result.equity
    n = len(equity["time_ns"])
    step = max(1, math.ceil(n / MOST_POINTS))
    starts = np.arange(0, n, step)
    rows = np.minimum(starts + step - 1, n - 1)
    drawdown = (
        np.minimum.reduceat(equity["drawdown"], starts) if n else equity["drawdown"]
    )
    return {
        "time": (equity["time_ns"][rows] // MS).tolist(),
        "equity": _numbers(equity["equity"][rows]),
        "drawdown": _numbers(drawdown),
    }


def _floor(result: Any) -> dict[str, Any]:
    if result.firm is None:
        return {"time": [], "floor": []}
    return {
        "time": [str(day.date) for day in result.firm.days],
        "floor": [day.floor for day in result.firm.days],
    }


def _bars(feed: Feed) -> dict[str, Any]:
    """Bars of the shortest length of which a page can hold all."""
    import numpy as np

    span = feed.end_ns - feed.first_ns
    usable = [one for one in LENGTHS if _length_ns(one) >= feed.length_ns]
    fitting = [one for one in usable if span / _length_ns(one) <= MOST_BARS]
    every = (fitting or usable or ["1d"])[0 if fitting else -1]
    times, _, prices, _, count = frame_columns(feed, every, None)
    rows = slice(0, count)
    names = ("open", "high", "low", "close")
    columns = {
        name: _numbers(np.asarray(column)[rows])
        for name, column in zip(names, prices, strict=True)
    }
    return {
        "time": (np.asarray(times)[rows] // MS).tolist(),
        "every": _length_ns(every) // MS,
        **columns,
    }


def _length_ns(every: str) -> int:
    from fastorder.marketdata.frames import Timeframe, read_every

    frame = read_every(every)
    assert isinstance(frame, Timeframe)
    return frame.length_ns


def _trades(result: Any) -> dict[str, Any]:
    trades = result.trades
    return {
        "symbol": trades["symbol"].tolist(),
        "side": trades["side"].tolist(),
        "size": trades["size"].tolist(),
        "entry": (trades["entry_ns"] // MS).tolist(),
        "exit": (trades["exit_ns"] // MS).tolist(),
        "entryPrice": _numbers(trades["entry_price"]),
        "exitPrice": _numbers(trades["exit_price"]),
        "kind": trades["exit_kind"].tolist(),
        "stop": _numbers(trades["stop_price"]),
        "target": _numbers(trades["target_price"]),
        "net": _numbers(trades["net"]),
        "mae": _numbers(trades["mae"]),
        "mfe": _numbers(trades["mfe"]),
    }


def _part(result: Any, what: str) -> list[list[Any]]:
    names = {1: "long", -1: "short"} if what == "side" else {}
    return [
        [str(names.get(key, key)), row["trades"], round(row["net"], 2)]
        for key, row in sorted(result.by(what).items())
    ]


def _numbers(column: Any) -> list[float | None]:
    return [_number(value) for value in column.tolist()]


def _number(value: float) -> float | None:
    """A number as JSON has it: none for what is not finite."""
    return round(value, 10) if math.isfinite(value) else None
