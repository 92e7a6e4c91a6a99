"""What an account has lost: by its trades, its open positions and the last prices.

Dollars, exact. What cannot be told is not taken for nothing: then the loss is unknown,
but for a commission, which a bound stands for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder._base.hints import NEGATIVE_HINT
from fastorder.gateway.contracts import product_code
from fastorder.risk.denials import Denied
from fastorder.risk.trading_day import TradingDay, trading_day
from fastorder.risk.venue_rules import COMMISSIONS, MOST_COMMISSION
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from fastorder.models import Account, Contract, Position, Trade
    from fastorder.risk.limits import RiskLimits
    from fastorder.runtime.clock import Clock

ZERO = Decimal(0)


@dataclass
class AccountDay:
    """One account in one trading day.

    Attributes:
        day: the trading day.
        trades: its fills, by number.
        is_whole: whether all since the day's start are there.
        trades_ns: when the newest answer with trades was asked for, and was there.
        positions: as they were read last, by contract; None before that.
        positions_ns: when that answer was asked for.
        balance: as it was read last, with the realised result before it, and when the
            answer was there; None where none can be told from another reading.
        began_with: the balance at the day's start; None where it is not known.
        high: the highest balance at the end of a day; None where none is known.
        moved_ns: when an answer was asked for that has shown a new fill of what is
            held; 0 where the positions are newer.
        summed: the realised result of these trades; None before it was asked for.
    """

    day: TradingDay
    trades: dict[int, Trade] = field(default_factory=dict)
    is_whole: bool = False
    trades_ns: tuple[int, int] = (0, 0)
    positions: dict[str, Position] | None = None
    balance: tuple[Decimal, Decimal | None, int] | None = None
    began_with: Decimal | None = None
    high: Decimal | None = None

    positions_ns: int = 0
    moved_ns: int = 0
    summed: tuple[dict[int, Trade], Decimal | None] | None = None


def realised(
    trades: Iterable[Trade],
    own: Mapping[str, Any] | None = None,
    most: Decimal | None = None,
) -> Decimal | None:
    """Dollars that trades have brought, all costs counted; None: not known.

    Args:
        own: what a contract and side costs, by product, where an answer leaves it out.
        most: what it costs at most, of a product whose commission nobody tells; None
            where the result is not known then.
    """
    total = ZERO
    for trade in trades:
        commission = commission_of(trade, own)
        if commission is None and most is not None:
            commission = most * trade.size
        if commission is None:
            return None
        if not trade.voided:
            total += (trade.profit_and_loss or ZERO) - trade.fees - commission
    return total


def commission_of(trade: Trade, own: Mapping[str, Any] | None) -> Decimal | None:
    """Of one fill. An answer may leave it out: then it is that of the product."""
    if trade.voided:
        return ZERO
    if trade.commissions is not None:
        return trade.commissions
    product = product_code(trade.contract_id)
    each = (own or {}).get(product, COMMISSIONS.value.get(product))
    return None if each is None else Decimal(each) * trade.size


class Losses:
    """The losses of all accounts of an executor.

    Args:
        limits: a RiskLimits.
        clock: both clocks.
        load: the verb that reads an account, for people.
        new_high: hears of an account's highest balance at the end of a day.
        may_cost: whether a contract may have a price of this sign.
        valued: hears of each contract whose tick value is known.

    Attributes:
        gives_price: where a price comes from, for people.
    """

    gives_price = "risk.note_price(symbol, price) gives one"

    def __init__(
        self,
        limits: RiskLimits,
        clock: Clock,
        load: str,
        new_high: Callable[[int, Decimal], Any],
        may_cost: Callable[[str, Decimal], bool],
        valued: Callable[[str], Any],
    ) -> None:
        self._limits = limits
        self._clock = clock
        self._load = load
        self._new_high = new_high
        self._may_cost = may_cost
        self._valued = valued
        self._accounts: dict[int, AccountDay] = {}
        self._ticks: dict[str, tuple[Decimal, Decimal]] = {}
        self._prices: dict[str, tuple[Decimal, int]] = {}
        self._warned: set[str] = set()  # products, of their commissions

    def loaded_with(self, verb: str) -> None:
        """Name another verb in the texts."""
        self._load = verb

    def of(self, account_id: int) -> AccountDay:
        """The account today; at the turn of the day it begins anew."""
        now_s = self._clock.wall_s()
        known = self._accounts.get(account_id)
        if known is None or not known.day.start_s <= now_s < known.day.end_s:
            before = known or AccountDay(trading_day(now_s))
            known = AccountDay(trading_day(now_s), high=before.high)
            self._accounts[account_id] = known
        return known

    # ------------------------------------------------------------ what was read

    def trades_seen(
        self,
        account_id: int,
        trades: list[Trade],
        since_s: float,
        begun_ns: int,
        ended_ns: int,
        is_open_ended: bool,
    ) -> None:
        """The fills of an account since a time, in no order."""
        today = self.of(account_id)
        if begun_ns < today.trades_ns[0]:
            return
        today.trades_ns = (begun_ns, ended_ns)
        if begun_ns > today.positions_ns and any(
            trade.contract_id in (today.positions or ())
            for trade in trades
            if trade.id not in today.trades
        ):
            today.moved_ns = begun_ns
        seen = dict(today.trades)  # another thread may go over the old one
        for trade in trades:
            at_s = 0.0 if trade.created is None else trade.created.timestamp()
            if trade.created is None or at_s >= today.day.start_s:
                seen[trade.id] = trade
        today.trades = seen
        if since_s <= today.day.start_s and is_open_ended:
            today.is_whole = True
            self._compare_balance(account_id, today, begun_ns)

    def positions_seen(
        self, account_id: int, positions: list[Position], begun_ns: int
    ) -> None:
        """All open positions of an account."""
        today = self.of(account_id)
        if begun_ns < today.positions_ns:
            return
        today.positions = {each.contract_id: each for each in positions}
        today.positions_ns = begun_ns
        if begun_ns >= today.moved_ns:
            today.moved_ns = 0

    def balance_seen(self, account: Account, begun_ns: int, ended_ns: int) -> None:
        """The balance of an account; it tells something once the trades are read again.

        Where none was made between the two readings, the balance has the same ones.
        """
        today = self.of(account.id)
        today.balance = None
        if today.is_whole and today.trades_ns[1] <= begun_ns:
            today.balance = (account.balance, self.realised(today), ended_ns)

    def _compare_balance(
        self, account_id: int, today: AccountDay, begun_ns: int
    ) -> None:
        """A balance between two readings of the same trades tells the day's start."""
        if today.balance is None or today.balance[2] > begun_ns:
            return
        balance, realised, _ = today.balance
        today.balance = None
        if realised is None or realised != self.realised(today):
            return
        today.began_with = balance - realised
        if today.high is None or today.began_with > today.high:
            today.high = today.began_with
            self._new_high(account_id, today.high)

    def high_known(self, account_id: int, high: Decimal) -> None:
        """An earlier run has seen this balance at the end of a day."""
        today = self.of(account_id)
        today.high = high if today.high is None else max(high, today.high)

    def contract_seen(self, contract: Contract) -> None:
        """What a tick of a contract is, and what it is worth."""
        self._ticks[contract.id] = (contract.tick_size, contract.tick_value)
        self._valued(contract.id)

    def price_seen(self, contract_id: str, price: Decimal, at_ns: int) -> None:
        """The last known price of a contract; an older one changes nothing."""
        if at_ns >= self.price_of(contract_id)[1]:
            self._prices[contract_id] = (price, at_ns)

    def price_of(self, contract_id: str) -> tuple[Decimal, int]:
        """The last known price of a contract, and since when; 0 where there is none."""
        return self._prices.get(contract_id, (ZERO, 0))

    def held(self, contract_id: str) -> list[int]:
        """The accounts that hold this contract, as far as it was read."""
        return [
            account_id
            for account_id, today in list(self._accounts.items())
            if today.positions and contract_id in today.positions
        ]

    def holders(self) -> list[int]:
        """The accounts that hold anything, as far as it was read."""
        return [
            account_id
            for account_id, today in list(self._accounts.items())
            if today.positions
        ]

    def all_held(self) -> list[str]:
        """The contracts that any account holds, as far as it was read."""
        days = list(self._accounts.values())
        return [contract_id for today in days for contract_id in today.positions or ()]

    def unvalued(self, account_id: int) -> list[str]:
        """The contracts that an account holds, and no tick value is known of."""
        held = self.of(account_id).positions or ()
        return [each for each in held if each not in self._ticks]

    # ------------------------------------------------------------ what follows

    def realised(self, today: AccountDay) -> Decimal | None:
        """The result of the day's trades, all costs counted; None: not known."""
        trades, summed = today.trades, today.summed
        if summed is None or summed[0] is not trades:
            own = self._limits.commissions
            result = realised(trades.values(), own, MOST_COMMISSION)
            self._warn_of_commissions(trades.values())
            summed = today.summed = (trades, result)
        return summed[1]

    def _warn_of_commissions(self, trades: Iterable[Trade]) -> None:
        """Say once of a product that a bound stands for what is not known."""
        for trade in trades:
            product = product_code(trade.contract_id)
            if product in self._warned:
                continue
            if commission_of(trade, self._limits.commissions) is None:
                self._warned.add(product)
                log().warning(
                    "the commission of %s is not known: the limits on losses count %s "
                    "dollars for each contract and side, which is meant to be too "
                    "much; RiskLimits(commissions={%r: ...}) gives it",
                    product, MOST_COMMISSION, product,
                )  # fmt: skip

    def known_until_s(self, account_id: int) -> float:
        """When what the loss is made of is too old, on the wall clock; 0 for now."""
        today, now_ns = self.of(account_id), self._clock.monotonic_ns()
        held = today.positions or {}
        prices = [self.price_of(each)[1] for each in held]
        oldest_ns = min(today.trades_ns[0], today.positions_ns, *prices)
        age_s = (now_ns - oldest_ns) / 1e9
        until_s = self._clock.wall_s() - age_s + self._limits.loss_max_age
        return min(until_s, today.day.end_s)

    def needs_read(self, account_id: int) -> bool:
        """Whether the trades or the positions are half as old as they may be."""
        today, now_ns = self.of(account_id), self._clock.monotonic_ns()
        oldest_ns = min(today.trades_ns[0], today.positions_ns)
        half_ns = self._limits.loss_max_age * 1e9 / 2
        if today.moved_ns:
            return True
        return not today.is_whole or now_ns - oldest_ns > half_ns

    def open_result(self, today: AccountDay) -> Decimal | None:
        """The result of the open positions at the last prices; None: not known."""
        if today.positions is None or today.moved_ns:
            return None  # a fill would count twice: realised, and as still open
        total = ZERO
        for contract_id, position in today.positions.items():
            tick, price = self._ticks.get(contract_id), self._prices.get(contract_id)
            if tick is None or price is None:
                return None
            if not self._may_cost(contract_id, position.average_price):
                return None  # no result can be told from what it cannot have cost
            ticks = (price[0] - position.average_price) / tick[0]
            total += ticks * tick[1] * position.net
        return total

    def daily_loss(self, account_id: int) -> Decimal | None:
        """Dollars that the day has lost, open loss counted; below 0 it has won."""
        today = self.of(account_id)
        open_result, realised = self.open_result(today), self.realised(today)
        if open_result is None or realised is None or not today.is_whole:
            return None
        return -(realised + open_result)

    def floor(self, account_id: int) -> tuple[Decimal | None, Decimal | None]:
        """Where ``trailing_loss`` ends, and where the account is; None: not known."""
        today, limits = self.of(account_id), self._limits
        loss = self.daily_loss(account_id)
        if today.high is None or today.began_with is None or loss is None:
            return None, None
        assert limits.trailing_loss is not None
        high = today.high
        if limits.trailing_from is not None:
            high = max(high, Decimal(limits.trailing_from))
        floor = high - Decimal(limits.trailing_loss)
        if limits.trailing_stops_at is not None:
            floor = min(floor, Decimal(limits.trailing_stops_at))
        return floor, today.began_with - loss

    def found(self, account_id: int) -> int:
        """The bits of ``Denied`` for an account."""
        limits, found = self._limits, 0
        if limits.max_daily_loss is not None:
            loss = self.daily_loss(account_id)
            if loss is None:
                found |= Denied.LOSS_UNKNOWN.value
            elif loss >= limits.max_daily_loss:
                found |= Denied.MAX_DAILY_LOSS.value
        if limits.trailing_loss is not None:
            floor, equity = self.floor(account_id)
            if floor is None or equity is None:
                found |= Denied.LOSS_UNKNOWN.value
            elif equity <= floor:
                found |= Denied.TRAILING_LOSS.value
        return found

    def missing(self, account_id: int) -> str:
        """What is not known of an account's loss, and what supplies it."""
        today = self.of(account_id)
        parts = []
        if not today.is_whole:
            parts.append("the day's trades")
        if today.positions is None:
            parts.append("its positions")
        if self._limits.trailing_loss is not None and today.began_with is None:
            parts.append("the balance at the day's start")
        if parts:
            read = f"{' and '.join(parts)} were not read"
            return f"{read}: {self._load}({account_id}) reads them"
        if today.moved_ns:
            return (
                "its positions were read before its last fill: "
                f"{self._load}({account_id}) reads them"
            )
        found = [
            *self._missing_prices(today),
            *self._impossible_prices(account_id, today),
            *self._too_old(account_id, today),
        ]
        return "; ".join(found) or (
            "what was missing has come just now, and was not looked at yet: send the "
            f"order again, or {self._load}({account_id}) looks at it now"
        )

    def _too_old(self, account_id: int, today: AccountDay) -> list[str]:
        """What is known no more, and by what it is known anew."""
        now_ns, most_s = self._clock.monotonic_ns(), self._limits.loss_max_age
        read_s = (now_ns - min(today.trades_ns[0], today.positions_ns)) / 1e9
        found = []
        if read_s >= most_s:
            found.append(
                f"it was read {read_s:.0f} s ago, {most_s:g} s are believed: "
                f"{self._load}({account_id}) reads it"
            )
        for contract_id in today.positions or ():
            _, at_ns = self._prices.get(contract_id, (ZERO, now_ns))
            if now_ns - at_ns >= most_s * 1e9:
                found.append(
                    f"the price of {contract_id} is {(now_ns - at_ns) / 1e9:.0f} s "
                    f"old: {self.gives_price}"
                )
        return found

    def _missing_prices(self, today: AccountDay) -> list[str]:
        found = []
        for contract_id in today.positions or ():
            if contract_id not in self._ticks:
                found.append(
                    f"the tick value of {contract_id} is not known: to load the "
                    "contract reads it"
                )
            elif contract_id not in self._prices:
                found.append(f"no price of {contract_id} is known: {self.gives_price}")
        return found

    def _impossible_prices(self, account_id: int, today: AccountDay) -> list[str]:
        return [
            f"the position of {contract_id} is listed at an average price of "
            f"{position.average_price}, which must be positive ({NEGATIVE_HINT}): "
            f"{self._load}({account_id}) reads it again"
            for contract_id, position in (today.positions or {}).items()
            if not self._may_cost(contract_id, position.average_price)
        ]
