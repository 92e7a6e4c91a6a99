"""Firm: an account with the firm's rules, and what becomes of it in a run.

Two clocks: the floor of the loss moves at the day's end, and is tested at every price
with what is open.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.counted import counted
from fastorder._base.near_names import class_with_near_names
from fastorder.matching import What
from fastorder.risk.limits import RiskLimits
from fastorder.risk.trading_day import TradingDay, trading_day
from fastorder.risk.venue_rules import ACCOUNT_KINDS, SCALING_PLAN, lots_by_balance
from fastorder.strategy.errors import BadData, StrategyError
from fastorder.strategy.firm_rules import (
    CONSISTENCY,
    EARLY_CLOSE,
    FLAT_AT,
    PROFIT_TARGETS,
)
from fastorder.strategy.lots import tenths_of, weight_of

if TYPE_CHECKING:
    from fastorder.strategy.run_port import RunPort
    from fastorder.strategy.venue import Desk

LONGEST_BAR_NS = 600_000_000_000
"""Bars that end at 15:10 too: longer ones would hide the deadline."""


class Verdict(NamedTuple):
    """What became of an account.

    Attributes:
        state: ``running``, ``passed`` or ``lost``.
        time_ns: since when; None while it runs.
        why: the rule, with its numbers.
    """

    state: str
    time_ns: int | None
    why: str


class DayRow(NamedTuple):
    """A trading day of an account; dollars.

    Attributes:
        date: the day on which it ends.
        profit: what the balance has gained.
        balance: at its end.
        floor: of the loss, from the next day on.
        locked: whether the daily loss limit has ended its trading.
    """

    date: Any
    profit: float
    balance: float
    floor: float
    locked: bool


@class_with_near_names
class Firm:
    """An account of the firm by its kind: ``combine-50k`` to ``funded-150k``.

    A backtest says by it when the account would have passed or been lost; ``live`` and
    the limits that ``limits`` gives hold a trader's account to it.

    Args:
        kind: one of ``fastorder.risk.venue_rules.ACCOUNT_KINDS``.
        daily_loss: whether the account has a daily loss limit; it is optional.
        observe: note what would happen, close and refuse nothing.

    Raises:
        StrategyError: there is no such kind.
    """

    def __init__(
        self, kind: str, *, daily_loss: bool = False, observe: bool = False
    ) -> None:
        if kind not in ACCOUNT_KINDS:
            raise StrategyError(
                f"account must be one of {', '.join(ACCOUNT_KINDS)}, or dollars, "
                f"was {kind!r}"
            )
        rules = ACCOUNT_KINDS[kind]
        self.kind, self.observe, self.daily_loss = kind, observe, daily_loss
        self.start_micros = _micros(rules["trailing_stops_at"].value)
        self.loss_micros = _micros(rules["trailing_loss"].value)
        self.daily_micros = _micros(rules["max_daily_loss"].value)
        self.max_lots: int = rules["max_lots"].value
        self.no_new_from = time.fromisoformat(rules["flat_by"].value)
        target = PROFIT_TARGETS.get(kind)
        self.target_micros = None if target is None else _micros(target.value)
        self.floor_micros = self.start_micros - self.loss_micros
        self.verdict = Verdict("running", None, "")
        self.days: list[DayRow] = []
        self.refused: dict[str, int] = {}
        self._locked = self._is_over = self._no_new = False
        self._lots = self._lots_of(self.start_micros)
        self._day_start = self.start_micros

    @classmethod
    def made(cls, account: Any) -> Firm | None:
        """A fresh account of a kind, or of an object's kind; None for plain dollars."""
        if isinstance(account, str):
            return cls(account)
        if isinstance(account, Firm):
            return cls(
                account.kind, daily_loss=account.daily_loss, observe=account.observe
            )
        if isinstance(account, bool) or not isinstance(account, (int, float, Decimal)):
            raise StrategyError(
                f"account must be a kind of account, or dollars, was {account!r}"
            )
        return None

    @property
    def capital(self) -> float:
        """The dollars that the kind is called by, also where it starts at none."""
        return float(self.kind.rpartition("-")[2].removesuffix("k")) * 1000

    def __repr__(self) -> str:
        return f"<Firm {self.kind}, {self.verdict.state}>"

    # ---------------------------------------------------------------- as limits

    def limits(self, *, balance: float | Decimal | None = None) -> RiskLimits:
        """The limits of a trader that hold its account to these rules.

        They flatten on a breach. What they cannot hold to is in ``not_limited``.

        Args:
            balance: of a funded account at the end of the last day, in dollars: its
                scaling plan sets the lots by it; without it they are the fewest.

        Raises:
            StrategyError: the account only observes.
            ConfigurationError: it has no use for a balance, or that is no number.
        """
        if self.observe:
            raise StrategyError("limits must be of an account with observe=False")
        limits = RiskLimits.preset(self.kind, balance=balance)
        if not self.daily_loss:
            limits = limits.replace(max_daily_loss=None)
        return limits.replace(flatten_on_breach=True)

    @property
    def not_limited(self) -> tuple[str, ...]:
        """The rules that no limit can hold an order to, in words."""
        if self.target_micros is None:
            return ()
        return (
            f"the profit target: {counted(self.target_micros // 1_000_000, 'dollar')}",
            f"the consistency target: the best day has at most {CONSISTENCY.value:.0%} "
            "of all profit",
        )

    # ---------------------------------------------------------------- the run

    def begin(self, run: RunPort) -> None:
        """Take the account into a run.

        Raises:
            BadData: bars are so long that they hide the deadline of a day.
        """
        for symbol, feed in run.feeds.items():
            if feed.length_ns > LONGEST_BAR_NS:
                raise BadData(
                    f"bars of {symbol} must be 10 minutes at most with the firm's "
                    f"rules, were {feed.length_ns // 1_000_000_000} s"
                )
        self._run = run
        self._weights = {symbol: weight_of(symbol) for symbol in run.instruments}
        self._open_day(trading_day(run.first_ns / 1e9))
        self._set_floor()

    def _open_day(self, day: TradingDay) -> None:
        self._day = day
        no_new, flat = self._deadlines(day)
        run = self._run
        self._no_new = no_new <= run.first_ns
        if no_new > run.first_ns:
            run.at(no_new, self._end_entries, late=False)
        if flat > run.first_ns:
            run.at(flat, self._flatten, late=False)
        run.at(int(day.end_s * 1e9), self._end_day, late=False)

    def _deadlines(self, day: TradingDay) -> tuple[int, int]:
        """When no position is opened any more, and when all are closed."""
        flat = int(day.at(time.fromisoformat(FLAT_AT.value)) * 1e9)
        no_new = int(day.at(self.no_new_from) * 1e9)
        sessions = self._run.sessions
        if sessions is not None and day.date in sessions.days:
            close = sessions.closes[sessions.days.index(day.date)]
            early = close - EARLY_CLOSE.value * 60_000_000_000
            return min(no_new, early), min(flat, early)
        return no_new, flat

    def _end_entries(self, time_ns: int) -> None:
        self._no_new = True

    def _flatten(self, time_ns: int) -> None:
        if not self.observe:
            for desk in self._run.desks:
                desk.force_flat()

    def _end_day(self, time_ns: int) -> None:
        self._note_day()
        self._locked = False
        self._lots = self._lots_of(self._balance())
        self._day_start = self._balance()
        if not self._is_over:
            self._set_floor()
        self._open_day(trading_day(time_ns / 1e9))

    def _note_day(self) -> None:
        """The floor moves, and the account may have passed."""
        balance = self._balance()
        highest = min(self.start_micros, balance - self.loss_micros)
        self.floor_micros = max(self.floor_micros, highest)
        if self._day.date.weekday() >= 5 and balance == self._day_start:
            return
        self.days.append(
            DayRow(
                self._day.date,
                (balance - self._day_start) / 1e6,
                balance / 1e6,
                self.floor_micros / 1e6,
                self._locked,
            )
        )
        self._check_passed(balance)

    def _check_passed(self, balance: int) -> None:
        if self.target_micros is None or self.verdict.state != "running":
            return
        profit = balance - self.start_micros
        best = max(day.profit for day in self.days)
        share = float(CONSISTENCY.value)
        if profit >= self.target_micros and best <= share * profit / 1e6:
            self.verdict = Verdict(
                "passed",
                int(self._day.end_s * 1e9),
                f"profit {profit / 1e6:,.2f} of {self.target_micros / 1e6:,.0f}, best "
                f"day {best:,.2f}",
            )

    def finish(self) -> None:
        """The data have ended: the day that is open counts as far as it went."""
        self._note_day()

    # ---------------------------------------------------------------- the floor

    def _balance(self) -> int:
        return self._run.exchange.balance(self._run.account)

    def _set_floor(self) -> None:
        floor = self.floor_micros
        if self.daily_loss and not self._locked:
            floor = max(floor, self._day_start - self.daily_micros)
        self._run.exchange.set_floor(self._run.account, floor)

    def take(self, event: tuple[int, ...]) -> None:
        """An event of the exchange; one of a floor ends the day, or the account."""
        if self._is_over and event[16] == What.TRADE:
            self._halt_once_flat()
        if event[16] != What.FLOOR_REACHED or self._is_over:
            return
        equity = event[9] + event[5]
        if equity <= self.floor_micros:
            self._lose(event[0], equity)
        else:
            self._locked = True
            self._set_floor()
        if not self.observe:
            for desk in self._run.desks:
                desk.force_flat()

    def _lose(self, time_ns: int, equity: int) -> None:
        self._is_over = True
        if self.verdict.state == "running":
            self.verdict = Verdict(
                "lost",
                time_ns,
                f"equity {equity / 1e6:,.2f} at the maximum loss limit "
                f"{self.floor_micros / 1e6:,.2f}",
            )
        self._halt_once_flat()

    def _halt_once_flat(self) -> None:
        """A lost account trades no more: the run ends as soon as all is closed."""
        if not self.observe and not any(map(self._run.net, self._run.instruments)):
            self._run.engine.halt()

    # ---------------------------------------------------------------- orders

    def refusal(self, desk: Desk, symbol: str, side: int, size: int) -> str:
        """Why an order must not be sent; empty where it may be."""
        why = self._refusal(symbol, side, size)
        if why:
            self.refused[why] = self.refused.get(why, 0) + 1
        return "" if self.observe else why

    def _refusal(self, symbol: str, side: int, size: int) -> str:
        if self._is_over:
            return "the account is lost"
        held = self._run.net(symbol)
        if held * side < 0 and size <= abs(held):
            return ""
        if self._locked:
            return "the daily loss limit has ended the day"
        if self._no_new:
            return f"no new position from {self.no_new_from:%H:%M} Chicago on"
        if tenths_of(self._run, self._weights, symbol, side, size) > 10 * self._lots:
            return f"max_lots is {self._lots}"
        return ""

    def _lots_of(self, balance: int) -> int:
        """The lots of a session, by the balance at the end of the one before it."""
        if self.kind in SCALING_PLAN:
            return lots_by_balance(self.kind, balance / 1e6)
        return self.max_lots


def _micros(dollars: Decimal) -> int:
    return int(dollars * 1_000_000)


for _public in (Firm, Verdict):
    _public.__module__ = "fastorder.strategy"  # where they are imported from
