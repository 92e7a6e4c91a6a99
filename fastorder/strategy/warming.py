"""Warming: the bars of before a live start, read from the gateway into the series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import FastOrderError
from fastorder.runtime.log import log
from fastorder.strategy._data import Bar

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.strategy._data import Series
    from fastorder.strategy.arriving import ArrivingBars


class Warming:
    """Fills series with the last closed bars, and begins the bar in the making.

    Args:
        run: reads by its trader.
        bars: what makes the bars of a symbol and a length.
        series: those that its strategies have subscribed.
        then: called once all were read, or could not be.
    """

    def __init__(
        self, run: Any, bars: dict[tuple[str, str], ArrivingBars], series: list[Series],
        then: Callable[[], None],
    ) -> None:  # fmt: skip
        self._run, self._bars, self._then = run, bars, then
        self._series: dict[tuple[str, str], list[Series]] = {}
        for one in series:
            self._series.setdefault((one.symbol, one.every), []).append(one)
        self._left = len(self._series)

    def begin(self) -> None:
        """Ask for all of them at once."""
        if not self._series:
            self._then()
        for (symbol, every), series in list(self._series.items()):
            most = max(one.history for one in series)
            try:
                sent = self._run.trader.bars(
                    symbol, every, limit=most + 1, partial=True
                )
            except FastOrderError as error:
                sent = error
            self._run.follow(sent, self._taker(symbol, every))

    def _taker(self, symbol: str, every: str) -> Callable[[Any], None]:
        return lambda found: self._take(symbol, every, found)

    def _take(self, symbol: str, every: str, found: Any) -> None:
        if isinstance(found, FastOrderError):
            log().warning(
                "bars of %s of %s begin empty, history was not read: %s",
                every, symbol, found,
            )  # fmt: skip
        else:
            self._fill(symbol, every, list(found), found.last_partial)
        self._left -= 1
        if not self._left:
            self._then()

    def _fill(self, symbol: str, every: str, rows: list[Any], is_open: bool) -> None:
        maker = self._bars[symbol, every]
        closed, opened = (rows[:-1], rows[-1]) if is_open else (rows, None)
        for row in closed:
            prices = row.open, row.high, row.low, row.close
            end_ns = maker.end_of(row.time_ns)
            bar = Bar(symbol, every, row.time_ns, end_ns, *prices, int(row.volume))
            for series in self._series[symbol, every]:
                series.take(bar)
        if opened is not None:
            prices = opened.open, opened.high, opened.low, opened.close
            maker.begin(opened.time_ns, prices, int(opened.volume))
