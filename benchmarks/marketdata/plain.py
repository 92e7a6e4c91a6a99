"""The builder that one would write in plain Python, with the same rules."""

from __future__ import annotations


class PlainBuilder:
    """Time bars from ticks; update returns the bar that a tick closes."""

    __slots__ = (
        "close", "end", "high", "length", "low", "open", "start", "ticks", "value",
        "volume",
    )  # fmt: skip

    def __init__(self, length_ns: int) -> None:
        self.length = length_ns
        self.end = 0
        self.ticks = 0

    def update(self, time_ns: int, price: float, size: int) -> tuple | None:
        """Take one tick."""
        if price != price or size < 1:
            raise ValueError("not a tick")
        if time_ns < self.end and self.ticks:
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
