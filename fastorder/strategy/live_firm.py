"""LiveFirm: the firm's rules of an account as the limit of a live run.

The trader's limits refuse and flatten by what they read of the account. This holds the
strategies to the same rules by their names, closes all at 15:10 in Chicago, and says
what no limit holds to.
"""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder.risk.denials import Denied
from fastorder.risk.venue_rules import MICRO_PRODUCTS, SCALING_PLAN, lots_by_balance
from fastorder.runtime.log import log
from fastorder.strategy.errors import StrategyError
from fastorder.strategy.firm import Firm, Verdict
from fastorder.strategy.firm_rules import FLAT_AT

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.risk.limits import RiskLimits
    from fastorder.risk.trading_day import TradingDay

AT_MOST = ("max_daily_loss", "trailing_loss")
AT_LEAST = ("trailing_from", "trailing_stops_at")


class LiveFirm(Firm):
    """An account of the firm in a live run; made by ``LiveFirm.of``."""

    _trader: Any
    _now_ns: Callable[[], int]

    @classmethod
    def of(cls, account: Any, trader: Any) -> LiveFirm | None:
        """The rules of a trader's account; None where none are given.

        Raises:
            StrategyError: there is no such kind, or the trader's limits do not hold
                the account to it.
        """
        if account is None:
            return None
        firm = cls.made(account)
        if firm is None:
            raise StrategyError(
                "account must be a kind of account, or a Firm: the balance is the "
                f"gateway's, was {account!r}"
            )
        assert isinstance(firm, LiveFirm)
        firm._trader = trader
        if not firm.observe:
            _check(firm, trader.risk)
        return firm

    def begin(self, run: Any) -> None:
        """Take the account into a run, and say what is not held to."""
        self._now_ns = run.now_ns
        super().begin(run)
        for rule in self.not_limited:
            log().warning("%s: no limit holds an order to %s", self.kind, rule)

    # ---------------------------------------------------------------- what it reads

    @property
    def _account_id(self) -> int:
        found: int = self._trader.account.id
        return found

    def look(self) -> None:
        """See whether the trader's limits have found a loss that ends something."""
        risk = self._trader.risk
        code = None if risk is None else risk._breached_today(self._account_id)
        if code is Denied.TRAILING_LOSS and not self._is_over:
            self._lose_now()
        elif code is Denied.MAX_DAILY_LOSS and self.daily_loss:
            self._locked = True

    def _lose_now(self) -> None:
        self._is_over = True
        floor, equity = self._trader.risk._losses.floor(self._account_id)
        self.verdict = Verdict(
            "lost",
            self._now_ns(),
            f"equity {_dollars(equity)} at the maximum loss limit {_dollars(floor)}",
        )
        log().error("%s: lost: %s", self.kind, self.verdict.why)

    def _began_with(self) -> Decimal | None:
        """The balance at the end of the day before; None where it was not read."""
        risk = self._trader.risk
        if risk is None:
            return None
        found: Decimal | None = risk._losses.of(self._account_id).began_with
        return found

    def _balance(self) -> int:
        began_with = self._began_with()
        return self.start_micros if began_with is None else int(began_with * 1_000_000)

    def _set_floor(self) -> None:
        """The floor is the trader's limit."""

    def _note_day(self) -> None:
        """Days are not kept: the venue has them."""

    # ---------------------------------------------------------------- what it does

    def _open_day(self, day: TradingDay) -> None:
        super()._open_day(day)
        if self._deadlines(day)[1] <= self._run.first_ns:  # it begins too late to hold
            self._run.at(self._run.first_ns, self._flatten, late=False)

    @property
    def ends_positions(self) -> bool:
        """Whether what is closed on the account just now is closed by these rules."""
        return not self.observe and (self._is_over or self._locked or self._no_new)

    def _flatten(self, time_ns: int) -> None:
        self._tell_progress()
        if self.observe or not self._may_hold():
            return
        why = f"all positions must be closed by {FLAT_AT.value} in Chicago"
        self._trader._flatten_after_breach(Denied.FLAT_BY, self._account_id, why)

    def _may_hold(self) -> bool:
        """Whether the account has a position, or an order that may open one."""
        state = self._trader.state
        asked = any(desk.alive for desk in self._run.desks)
        return bool(asked or state.positions or state.working)

    def _tell_progress(self) -> None:
        """Say how far the account has come in what no limit holds to."""
        risk = self._trader.risk
        if risk is None or self.target_micros is None:
            return
        loss, began_with = risk.daily_loss(self._account_id), self._began_with()
        if loss is None or began_with is None:
            return
        start = Decimal(self.start_micros) / 1_000_000
        log().info(
            "%s: profit %s of %s, today %s", self.kind,
            _dollars(began_with - loss - start),
            _dollars(Decimal(self.target_micros) / 1_000_000), _dollars(-loss),
        )  # fmt: skip

    def _refusal(self, symbol: str, side: int, size: int) -> str:
        self.look()
        if self.kind in SCALING_PLAN:
            self._lots = lots_by_balance(self.kind, self._began_with())
        return super()._refusal(symbol, side, size)


def _dollars(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:,.2f}"


def _check(firm: Firm, risk: Any) -> None:
    """Refuse limits that are looser than the rules.

    Raises:
        StrategyError: with the first one that is.
    """
    found = None if risk is None else _looser(firm, risk.limits)
    if risk is None or found:
        more = ", daily_loss=True" if firm.daily_loss else ""
        raise StrategyError(
            f"the trader's limits must hold the account to {firm.kind}: "
            f"{found or 'it has none'}; "
            f"give Trader(risk=Firm({firm.kind!r}{more}).limits())"
        )


def _looser(firm: Firm, own: RiskLimits) -> str:
    """The first limit that lets more through than a rule; empty for none."""
    wanted = firm.limits()
    for name in AT_MOST:
        most, value = getattr(wanted, name), getattr(own, name)
        if most is not None and (value is None or value > most):
            return f"{name} must be at most {most}, was {value}"
    if own.max_lots is None or own.max_lots > firm.max_lots:
        return f"max_lots must be at most {firm.max_lots}, was {own.max_lots}"
    for name in AT_LEAST:
        least, value = getattr(wanted, name), getattr(own, name)
        if value is None and name == "trailing_stops_at":
            continue  # a floor that goes on to rise is no looser
        if value is None or value < least:
            return f"{name} must be at least {least}, was {value}"
    if not isinstance(own.flat_by, time) or own.flat_by > firm.no_new_from:
        return f"flat_by must be {firm.no_new_from} at the latest, was {own.flat_by}"
    if not own.flatten_on_breach:
        return "flatten_on_breach must be True, was False"
    return _looser_weight(own)


def _looser_weight(own: RiskLimits) -> str:
    for product, lots in (own.lot_weights or {}).items():
        least = Decimal("0.1") if product in MICRO_PRODUCTS.value else Decimal(1)
        if Decimal(lots) < least:
            return f"lot_weights of {product} must be at least {least}, was {lots}"
    return ""
