"""Result: what a backtest brought, as columns, numbers and a verdict."""

from __future__ import annotations

import hashlib
from functools import cached_property
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.strategy.days import chicago_hours, day_column
from fastorder.strategy.equity import contract_rows, equity_columns
from fastorder.strategy.statistics import summary
from fastorder.strategy.trades import trade_columns

if TYPE_CHECKING:
    from fastorder.strategy.firm import Verdict
    from fastorder.strategy.run_port import RunPort


class Result:
    """What a backtest brought. Columns are NumPy arrays, and computed once asked for.

    Attributes:
        events: all that the exchange told, a structured array
            (``fastorder.matching.EVENT_FIELDS``).
        ambiguous: orders whose fill within a bar is not known; decided against the
            strategy.
        throttled: requests that the budget held back.
        parameters: of each strategy.
    """

    def __init__(self, run: RunPort) -> None:
        self._run = run
        if run.firm is not None:
            run.firm.finish()
        self.events = run.exchange.take_events()
        self.ambiguous: int = run.exchange.ambiguous
        self.throttled = run.throttled
        self.parameters = [dict(one.parameters) for one in run.strategies]
        self.state = [one.state.kept() for one in run.strategies]

    def __repr__(self) -> str:
        return (
            f"<Result: {counted(len(self.trades['net']), 'trade')}, "
            f"net {self.net:,.2f}, "
            f"{self.verdict.state if self.verdict else 'no rules'}>"
        )

    @property
    def requests(self) -> list[list[tuple[Any, ...]]]:
        """What each strategy has asked for, with the time of it."""
        return [desk.requests for desk in self._run.desks]

    @property
    def orders(self) -> list[Any]:
        """Every order that went to the exchange, by its number."""
        return [self._run.orders[number] for number in sorted(self._run.orders)]

    @property
    def verdict(self) -> Verdict | None:
        """What became of the account; None without the firm's rules."""
        return self._run.firm.verdict if self._run.firm else None

    @property
    def firm(self) -> Any:
        """The account with the firm's rules and its days; None without."""
        return self._run.firm

    @property
    def capital(self) -> float:
        """The dollars that returns are shares of."""
        return (
            self._run.firm.capital if self._run.firm else self._run.start_micros / 1e6
        )

    @property
    def net(self) -> float:
        """What the balance has gained, in dollars."""
        return (self._run.exchange.balance(0) - self._run.start_micros) / 1e6

    @cached_property
    def trades(self) -> dict[str, Any]:
        """Each closed lot: see ``fastorder.strategy.trades.COLUMNS``."""
        return trade_columns(self._run, self.events)

    @cached_property
    def equity(self) -> dict[str, Any]:
        """Equity and drawdown at the end of each bar of the data, of ticks a minute."""
        return equity_columns(self._run, self.events)

    @cached_property
    def contracts(self) -> dict[str, dict[str, Any]]:
        """Of each: ``trades``, ``net`` with what is open, ``costs``, ``position``.

        What their ``net`` comes to is what the equity has gained.
        """
        return contract_rows(self._run, self.events, self.trades)

    @cached_property
    def days(self) -> dict[str, Any]:
        """Each trading day: ``date``, ``profit`` with what is open, ``trades``."""
        import numpy as np

        equity, run = self.equity, self._run
        rows, dates = day_column(equity["time_ns"] - 1, run.first_ns, run.end_ns)
        last = np.searchsorted(rows, np.arange(len(dates)), side="right") - 1
        ends = np.concatenate([[run.start_micros / 1e6], equity["equity"]])[last + 1]
        before = np.concatenate([[run.start_micros / 1e6], ends[:-1]])
        exits, _ = day_column(self.trades["exit_ns"], run.first_ns, run.end_ns)
        return {
            "date": np.array(dates, "datetime64[D]"),
            "profit": ends - before,
            "trades": np.bincount(exits, minlength=len(dates)),
            "traded": np.isin(np.arange(len(dates)), rows),
        }

    @cached_property
    def daily_returns(self) -> Any:
        """The profit of each day that has data, over the capital."""
        return self.days["profit"][self.days["traded"]] / self.capital

    @cached_property
    def summary(self) -> dict[str, float]:
        """The numbers of the run by name."""
        return summary(self)

    def by(self, what: str) -> dict[Any, dict[str, float]]:
        """Trades put together: by ``day``, ``hour`` (Chicago), ``side``, ``exit_kind``.

        Returns:
            For each: how many ``trades``, and what they brought ``net``.

        Raises:
            ValueError: by something else.
        """
        import numpy as np

        trades = self.trades
        if what == "day":
            places, dates = day_column(
                trades["exit_ns"], self._run.first_ns, self._run.end_ns
            )
            keys = np.array(dates, "datetime64[D]")[places]
        elif what == "hour":
            keys = chicago_hours(trades["exit_ns"])
        elif what in ("side", "exit_kind", "symbol", "strategy"):
            keys = trades[what]
        else:
            raise ValueError(
                "by must be day, hour, side, exit_kind, symbol or strategy, "
                f"was {what!r}"
            )
        names, rows = np.unique(keys, return_inverse=True)
        nets = np.bincount(rows, trades["net"], len(names))
        counts = np.bincount(rows, minlength=len(names))
        return {
            name.item(): {"trades": int(count), "net": float(net)}
            for name, count, net in zip(names, counts, nets, strict=True)
        }

    def arrow(self, what: str = "trades") -> Any:
        """Columns as an Arrow table: ``trades``, ``equity``, ``days`` or ``events``."""
        import pyarrow as pa

        if what == "events":
            return pa.table(
                {name: self.events[name] for name in self.events.dtype.names}
            )
        return pa.table(dict(getattr(self, what)))

    @cached_property
    def fingerprint(self) -> str:
        """A hash of all that happened: the same for the same run."""
        found = hashlib.sha256(self.events.tobytes())
        found.update(repr(self.requests).encode())
        found.update(repr((self.verdict, self.parameters, self.state)).encode())
        return found.hexdigest()

    def report(self, path: Any, *, title: str = "") -> None:
        """Write one HTML file that shows all of it, and needs no network."""
        from fastorder.strategy.report import write_report

        write_report(self, path, title)


Result.__module__ = "fastorder.strategy"  # where it is imported from
