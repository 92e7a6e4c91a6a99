"""The builder that one would write in plain Python, with the same rules."""

from __future__ import annotations

from math import isfinite
from operator import index

from fastorder.marketdata import Bar

MOST = 2**63 - 1
END_OF_TIME = 9_214_646_400_000_000_000  # 2262-01-01


class PlainBuilder:
    """Time bars from ticks, as `BarBuilder` makes them with ``sides=True``.

    What it leaves out is the exactness of the value: it adds floats, which is exact
    where prices are quarters.
    """

    __slots__ = (
        "buy", "close", "end", "first", "high", "last", "length", "low", "open",
        "partial", "sell", "start", "ticks", "value", "volume",
    )  # fmt: skip

    def __init__(self, length_ns: int) -> None:
        self.length = length_ns
        self.end = 0
        self.last = 0
        self.ticks = 0
        self.first = True

    def update(
        self, time_ns: int, price: float, size: int, side: int = 0
    ) -> Bar | None:
        """Take one tick; the bar that it closes, mostly None."""
        if type(time_ns) is not int or type(size) is not int:
            time_ns, size = index(time_ns), index(size)
        if not isfinite(price):
            raise ValueError("price must be a finite number")
        if size < 1:
            raise ValueError("size must be at least 1")
        if not -1 <= side <= 1:
            raise ValueError("side must be 1 (buyer), -1 (seller) or 0 (not known)")
        if time_ns < self.last:
            raise ValueError("time_ns must not be before the tick before it")
        if time_ns >= self.end:
            return self._turn(time_ns, price, size, side)
        volume = self.volume + size
        if volume > MOST:
            raise ValueError("the volume of a bar must be below 2**63")
        self.last = time_ns
        if price > self.high:
            self.high = price
        elif price < self.low:
            self.low = price
        self.close = price
        self.volume = volume
        self.value += price * size
        self.ticks += 1
        if side > 0:
            self.buy += size
        elif side < 0:
            self.sell += size
        return None

    def _turn(self, time_ns: int, price: float, size: int, side: int) -> Bar | None:
        """Close the bar in the making, and open the one that a tick belongs to."""
        if not 0 <= time_ns < END_OF_TIME or size > MOST:
            raise ValueError("time_ns must be from 1970 to 2261, size below 2**63")
        bar = None
        if self.ticks:
            bar = self._bar(self.partial)
            self.first = False
        self.start = time_ns - time_ns % self.length
        self.end = self.start + self.length
        self.last = time_ns
        self.partial = self.first and time_ns != self.start
        self.open = self.high = self.low = self.close = price
        self.volume = size
        self.value = price * size
        self.ticks = 1
        self.buy = size if side > 0 else 0
        self.sell = size if side < 0 else 0
        return bar

    def _bar(self, partial: bool) -> Bar:
        return Bar(
            self.start, self.open, self.high, self.low, self.close, self.volume,
            self.ticks, self.buy, self.sell, self.value, 0.0, partial,
        )  # fmt: skip

    def snapshot(self) -> Bar | None:
        """The bar in the making, marked partial; None where there is none."""
        return self._bar(True) if self.ticks else None


class BareBuilder:
    """The same without sides, late ticks and checks: the least that makes a bar."""

    __slots__ = (
        "close", "end", "high", "length", "low", "open", "start", "ticks", "value",
        "volume",
    )  # fmt: skip

    def __init__(self, length_ns: int) -> None:
        self.length = length_ns
        self.end = 0
        self.ticks = 0

    def update(self, time_ns: int, price: float, size: int) -> tuple | None:
        """Take one tick; the bar that it closes, mostly None."""
        if time_ns < self.end:
            if price > self.high:
                self.high = price
            if price < self.low:
                self.low = price
            self.close = price
            self.volume += size
            self.value += price * size
            self.ticks += 1
            return None
        bar = self.snapshot() if self.ticks else None
        self.start = time_ns - time_ns % self.length
        self.end = self.start + self.length
        self.open = self.high = self.low = self.close = price
        self.volume = size
        self.value = price * size
        self.ticks = 1
        return bar

    def snapshot(self) -> tuple:
        """The bar in the making."""
        return (
            self.start, self.open, self.high, self.low, self.close, self.volume,
            self.ticks, self.value,
        )  # fmt: skip
