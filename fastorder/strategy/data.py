"""Data of a backtest: ticks or bars by symbol, cut, checked, in whole ticks."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import date, datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fastorder._base.near_names import class_with_near_names
from fastorder.marketdata.bars import Bars
from fastorder.marketdata.frames import Timeframe, read_every
from fastorder.strategy.errors import BadData

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastorder.strategy.instruments import Instrument

NEAR = 1e-6
"""How far from a tick, in ticks, a float may be that was meant to lie on it."""

BLOCK = 1 << 16
HIGHEST = 1 << 40


@class_with_near_names
@dataclass(frozen=True)
class Ticks:
    """Trades of the market, as columns of one length.

    Attributes:
        time_ns: int64, ascending, in nanoseconds since 1970 UTC.
        price: float64, or int64 in whole ticks.
        size: contracts; one each where it is not given.
        side: 1 a buyer's, -1 a seller's, 0 not known.
        bid, ask: the quote that stands after each trade, as the price.
    """

    time_ns: Any
    price: Any
    size: Any = None
    side: Any = None
    bid: Any = None
    ask: Any = None

    def __len__(self) -> int:
        return len(self.time_ns)


def time_of(name: str, moment: Any) -> int | None:
    """A time in nanoseconds; of a text or a date without a zone, in UTC.

    Raises:
        BadData: it is no time.
    """
    if moment is None or (isinstance(moment, int) and not isinstance(moment, bool)):
        return moment
    if isinstance(moment, str):
        try:
            moment = datetime.fromisoformat(moment)
        except ValueError:
            raise BadData(
                f"{name} must be a time in ISO form, was {moment!r}"
            ) from None
    if isinstance(moment, date) and not isinstance(moment, datetime):
        moment = datetime(moment.year, moment.month, moment.day)
    if not isinstance(moment, datetime):
        raise BadData(f"{name} must be a time, was {moment!r}")
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return int(moment.timestamp() * 1_000_000) * 1000


def by_symbol(data: Any, symbol: str) -> dict[str, Bars | Ticks]:
    """Data as ticks or bars for each symbol.

    Args:
        data: ``Bars``, ``Ticks``, a table or a mapping of columns, a path of one file
            or a list of such; or a mapping of symbols to any of them.
        symbol: whose data they are, where they do not say it.

    Raises:
        BadData: it is none of that.
    """
    if isinstance(data, dict) and data and not _is_columns(data):
        return {name: _one(name, each) for name, each in data.items()}
    if not symbol:
        raise BadData("data must be given by symbol: the strategy has no symbol")
    return {symbol: _one(symbol, data)}


def _is_columns(data: Mapping[str, Any]) -> bool:
    return "time_ns" in data


def _one(symbol: str, data: Any) -> Bars | Ticks:
    if isinstance(data, (Bars, Ticks)):
        return data
    if isinstance(data, (str, os.PathLike)):
        return _of_files([Path(data)])
    if isinstance(data, (list, tuple)) and data:
        return _of_files([Path(each) for each in data])
    names = list(
        getattr(data, "column_names", None) or getattr(data, "columns", None) or data
    )
    if "open" in names:
        return Bars.from_columns(data)
    if "price" in names and "time_ns" in names:
        return Ticks(**{n: data[n] for n in Ticks.__annotations__ if n in names})
    raise BadData(
        f"data of {symbol} must have the columns time_ns and price, or open, high, "
        f"low, close and volume, had {', '.join(map(str, names)) or 'none'}"
    )


def _of_files(paths: list[Path]) -> Bars | Ticks:
    """Ticks or bars of files, one after the other."""
    import numpy as np
    from pyarrow import parquet

    from fastorder.marketdata.files import read_ticks

    for path in paths:
        if not path.is_file():
            raise BadData(f"{path} must be a file, there is none")
    if paths[0].suffix == ".parquet" and "open" in parquet.read_schema(paths[0]).names:
        return Bars.joined([Bars.from_columns(parquet.read_table(p)) for p in paths])
    parts = [chunk.columns for path in paths for chunk in read_ticks(path)]
    if not parts:
        raise BadData(f"{paths[0]} must hold ticks, there are none")
    columns = [
        np.concatenate([np.asarray(p[i]) for p in parts]) for i in range(len(parts[0]))
    ]
    return Ticks(*columns)


# ------------------------------------------------------------------------------ checked


@dataclass(frozen=True)
class Feed:
    """The data of one contract, as the engine takes them.

    Attributes:
        instrument: what it is.
        ticks: columns of ints for ticks; None for bars.
        bars: columns for bars; None for ticks.
        length_ns: of the bars; 0 for ticks.
        time_ns: of each row.
        one_by_one: indicators are computed at each bar, as where bars arrive.
    """

    instrument: Instrument
    time_ns: Any
    ticks: dict[str, Any] | None = None
    bars: dict[str, Any] | None = None
    length_ns: int = 0
    one_by_one: bool = False

    def __len__(self) -> int:
        return len(self.time_ns)

    @property
    def first_ns(self) -> int:
        """When the first datum is."""
        return int(self.time_ns[0])

    @property
    def end_ns(self) -> int:
        """The first nanosecond after the last datum."""
        return int(self.time_ns[-1]) + max(1, self.length_ns)

    def part(self, first: int, last: int) -> Feed:
        """The rows from one on and before another."""
        parts = {
            name: None
            if columns is None
            else {n: None if c is None else c[first:last] for n, c in columns.items()}
            for name, columns in (("ticks", self.ticks), ("bars", self.bars))
        }
        return replace(self, time_ns=self.time_ns[first:last], **parts)  # type: ignore[arg-type]


def feed_of(
    instrument: Instrument, data: Bars | Ticks, since: int | None, until: int | None
) -> Feed:
    """Data cut to a span, and checked.

    Raises:
        BadData: nothing is left, out of order, off the grid, past the contract's end.
    """
    if isinstance(data, Bars):
        found = _bar_feed(instrument, data, since, until)
    else:
        found = _tick_feed(instrument, data, since, until)
    if not len(found):
        raise BadData(
            f"data of {instrument.symbol} must be there in the span, had none"
        )
    expires_ns = instrument.expires_ns
    if expires_ns is not None and found.end_ns > expires_ns:
        raise BadData(
            f"{instrument.symbol} must not end within the data, at {expires_ns}: give "
            "until= before that, and a run of its own for the next contract"
        )
    return found


def check_kinds(feeds: dict[str, Feed]) -> None:
    """Refuse ticks of one contract beside bars of another.

    Raises:
        BadData: with one of each.
    """
    bars = [name for name, feed in feeds.items() if feed.bars is not None]
    ticks = [name for name, feed in feeds.items() if feed.bars is None]
    if bars and ticks:
        raise BadData(
            f"data must be ticks of every contract, or bars of every one: {bars[0]} "
            f"has bars, and {ticks[0]} has ticks"
        )


def _tick_feed(
    instrument: Instrument, data: Ticks, since: int | None, until: int | None
) -> Feed:
    symbol = instrument.symbol
    times = column(symbol, "time_ns", data.time_ns, len(data), "int64")
    check_order(symbol, times)
    rows = span(times, since, until)
    found: dict[str, Any] = {}
    for name in ("price", "bid", "ask"):
        given = getattr(data, name)
        found[name] = (
            None
            if given is None
            else whole_ticks(
                instrument, name, _array(symbol, name, given, len(data))[rows]
            )
        )
    if (found["bid"] is None) != (found["ask"] is None):
        raise BadData(f"{symbol}: bid and ask must be given together")
    for name, kind in (("size", "int64"), ("side", "int8")):
        given = getattr(data, name)
        if given is None:
            found[name] = None
        else:
            found[name] = column(symbol, name, given, len(data), kind)[rows]
    _check_sizes(symbol, found)
    return Feed(instrument, times[rows], ticks=found)


def _check_sizes(symbol: str, found: dict[str, Any]) -> None:
    sizes = found["size"]
    if sizes is not None and len(sizes) and int(sizes.min()) < 1:
        row = int(sizes.argmin())
        raise BadData(
            f"{symbol}: size must be at least 1, was {sizes[row]} (row {row})"
        )
    sides = found["side"]
    if sides is not None and len(sides) and not (-1 <= sides.min() <= sides.max() <= 1):
        raise BadData(f"{symbol}: side must be 1, -1 or 0")
    bids, asks = found["bid"], found["ask"]
    if bids is not None and (bids >= asks).any():
        row = int((bids >= asks).argmax())
        raise BadData(f"{symbol}: bid must be below ask (row {row})")


def _bar_feed(
    instrument: Instrument, data: Bars, since: int | None, until: int | None
) -> Feed:
    import numpy as np

    symbol = instrument.symbol
    whole = data.whole()
    columns = whole.to_numpy()
    times = columns["time_ns"]
    check_order(symbol, times, strictly=True)
    length_ns = bar_length(symbol, data, times)
    rows = span(times, since, until)
    found: dict[str, Any] = {"volume": columns["volume"][rows]}
    numerator, denominator = instrument.grid
    for name in ("open", "high", "low", "close"):
        given = columns[name][rows]
        if given.dtype == np.int64:
            given = given * numerator / denominator
        check_grid(instrument, name, given)
        found[name] = given
    _check_extremes(symbol, found)
    return Feed(instrument, times[rows], bars=found, length_ns=length_ns)


def _check_extremes(symbol: str, found: dict[str, Any]) -> None:
    wrong = (found["high"] < found["open"]) | (found["high"] < found["close"])
    wrong |= (found["low"] > found["open"]) | (found["low"] > found["close"])
    if wrong.any():
        raise BadData(
            f"{symbol}: high must be the highest and low the lowest "
            f"(row {int(wrong.argmax())})"
        )


def bar_length(symbol: str, data: Bars, times: Any) -> int:
    """How long bars are: as they say, or the shortest distance of two.

    Raises:
        BadData: that is not known, or no length of time.
    """
    if isinstance(data.every, Timeframe) and data.every.unit in ("s", "m", "h"):
        return data.every.length_ns
    if data.every is not None:
        raise BadData(
            f"bars of {symbol} must be of seconds, minutes or hours, "
            f"were of {data.every}"
        )
    if len(times) < 2:
        raise BadData(f"bars of {symbol} must say how long they are: Bars(..., every=)")
    length_ns = int((times[1:] - times[:-1]).min())
    if not 1_000_000_000 <= length_ns <= 86_400_000_000_000:
        raise BadData(
            f"bars of {symbol} must be of seconds, minutes or hours, two were "
            f"{length_ns} ns apart"
        )
    return length_ns


def column(symbol: str, name: str, given: Any, length: int, kind: str) -> Any:
    """A column of a type, as NumPy has it.

    Raises:
        BadData: another type or length.
    """
    found = _array(symbol, name, given, length)
    if found.dtype.kind == "M":
        found = found.astype("datetime64[ns]").view("int64")
    if found.dtype.kind not in "iu":
        raise BadData(f"{symbol}: {name} must be whole numbers, was {found.dtype}")
    import numpy as np

    return np.ascontiguousarray(found, dtype=kind)


def _array(symbol: str, name: str, given: Any, length: int) -> Any:
    import numpy as np

    found = np.asarray(given)
    if found.ndim != 1 or len(found) != length:
        raise BadData(
            f"{symbol}: {name} must be a column as long as time_ns ({length}), "
            f"was of shape {found.shape}"
        )
    return found


def check_order(symbol: str, times: Any, strictly: bool = False) -> None:
    """Refuse times that do not ascend.

    Raises:
        BadData: with the row.
    """
    wrong = times[1:] <= times[:-1] if strictly else times[1:] < times[:-1]
    if wrong.any():
        row = int(wrong.argmax()) + 1
        raise BadData(
            f"data of {symbol} must be in order of time, row {row} "
            f"({times[row]}) is not after {times[row - 1]}"
        )


def span(times: Any, since: int | None, until: int | None) -> slice:
    """The rows from since on and before until."""
    first = 0 if since is None else int(times.searchsorted(since))
    last = len(times) if until is None else int(times.searchsorted(until))
    return slice(first, max(first, last))


def whole_ticks(instrument: Instrument, name: str, prices: Any) -> Any:
    """Prices in whole ticks.

    Raises:
        BadData: one lies between two ticks, or is no number.
    """
    import numpy as np

    if prices.dtype.kind in "iu":
        return np.ascontiguousarray(prices, dtype=np.int64)
    check_grid(instrument, name, prices)
    numerator, denominator = instrument.grid
    found = np.empty(len(prices), np.int64)
    for first in range(0, len(prices), BLOCK):
        part = slice(first, first + BLOCK)
        found[part] = np.rint(prices[part] * denominator / numerator)
    return found


def check_grid(instrument: Instrument, name: str, prices: Any) -> None:
    """Refuse prices that lie between two ticks, block by block.

    Raises:
        BadData: with the row.
    """
    import numpy as np

    if prices.dtype != np.float64:
        raise BadData(
            f"{instrument.symbol}: {name} must be float64, or int64 in ticks, "
            f"was {prices.dtype}"
        )
    numerator, denominator = instrument.grid
    with np.errstate(invalid="ignore"):  # of what is infinite
        for first in range(0, len(prices), BLOCK):
            ticks = prices[first : first + BLOCK] * denominator / numerator
            wrong = ~(np.abs(ticks - np.rint(ticks)) <= NEAR) | ~(
                np.abs(ticks) < HIGHEST
            )
            if wrong.any():
                row = first + int(wrong.argmax())
                raise BadData(
                    f"{instrument.symbol}: {name} must be a multiple of "
                    f"{instrument.tick_size}, was {float(prices[row])!r} (row {row})"
                )


def frame_columns(
    feed: Feed, every: str, sessions: Any
) -> tuple[Any, Any, Any, Any, int]:
    """The closed bars of a length that a feed makes.

    Returns:
        When they open, when they end (or their length), their prices, their volumes,
        and how many there are.

    Raises:
        BadData: bars of this length cannot be made of the data.
    """
    frame = read_every(every, 0, sessions)
    if not isinstance(frame, Timeframe):
        raise BadData(f"a strategy's bars must be of a length of time, were of {every}")
    if feed.bars is not None and sessions is None and frame.length_ns == feed.length_ns:
        prices = [feed.bars[name] for name in ("open", "high", "low", "close")]
        return feed.time_ns, feed.length_ns, prices, feed.bars["volume"], len(feed)
    bars = _made(feed, frame, every)
    columns = bars.to_numpy()
    prices = [_floats(feed, columns[name]) for name in ("open", "high", "low", "close")]
    ends = ends_of(bars, frame)
    count = int((ends <= feed.end_ns).sum())
    return columns["time_ns"], ends, prices, columns["volume"], count


def _made(feed: Feed, frame: Timeframe, every: str) -> Bars:
    import numpy as np

    from fastorder.marketdata.building import aggregate_ticks, resample
    from fastorder.marketdata.errors import BarError

    try:
        if feed.bars is None:
            assert feed.ticks is not None
            sizes = feed.ticks["size"]
            if sizes is None:
                sizes = np.ones(len(feed), np.int64)
            return aggregate_ticks(feed.time_ns, feed.ticks["price"], sizes, frame)
        own = Timeframe(feed.length_ns // 1_000_000_000, "s")
        whole = Bars.from_columns({"time_ns": feed.time_ns, **feed.bars}, own)
        return resample(whole, frame)
    except BarError as error:
        raise BadData(
            f"bars of {every} cannot be made of the data of "
            f"{feed.instrument.symbol}: {error}"
        ) from None


def _floats(feed: Feed, prices: Any) -> Any:
    numerator, denominator = feed.instrument.grid
    if prices.dtype.kind == "i":
        return prices * numerator / denominator
    return prices


def ends_of(bars: Bars, frame: Timeframe) -> Any:
    """When bars of a length end; the first nanosecond after each."""
    import numpy as np

    from fastorder.marketdata.building import BarBuilder

    times = bars.to_numpy()["time_ns"]
    if frame._is_even:
        return times + frame.length_ns
    builder = BarBuilder(frame)
    return np.array([builder._end_of(int(each)) for each in times], np.int64)


Ticks.__module__ = "fastorder.strategy"  # where it is imported from
