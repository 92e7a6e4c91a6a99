"""Risk: the limits of one executor, their state, and what they hear of orders.

States and the highest balance of each account are kept over restarts in the journal;
without one they live in memory.
"""

from __future__ import annotations

from decimal import Decimal
from threading import RLock
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder._core.codec.field_checks import account_id_from, symbol_from
from fastorder._core.codec.price import price_text
from fastorder.enums import Outcome
from fastorder.errors import (
    ConfigurationError,
    InvalidField,
    JournalError,
    WrongFieldType,
)
from fastorder.gateway.contracts import product_code
from fastorder.gateway.rows import same_contract
from fastorder.risk.breaches import Breaches
from fastorder.risk.check import Guard
from fastorder.risk.day_loss import Losses
from fastorder.risk.denials import Denied, RiskState
from fastorder.risk.exposure import Exposure
from fastorder.risk.facts import Facts
from fastorder.risk.standing import Standing, highs_of, note_high
from fastorder.risk.trading_day import chicago, trading_day
from fastorder.risk.wording import denials
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.gateway.contracts import ContractCache, Listing
    from fastorder.journal import Journal
    from fastorder.models import Price
    from fastorder.risk.denials import Denial
    from fastorder.risk.limits import RiskLimits
    from fastorder.runtime.clock import Clock

NAMES = {
    "limitPrice": "limit_price",
    "stopPrice": "stop_price",
    "trailPrice": "trail_price",
}
"""What a modify calls its prices, by their names on the wire."""

BREACHES = (Denied.TRAILING_LOSS, Denied.MAX_DAILY_LOSS)
"""The stricter one first."""

MAY_BE_THERE = frozenset({Outcome.ACCEPTED, Outcome.UNKNOWN})


class Risk:
    """The limits of an executor, at ``executor.risk``.

    Attributes:
        limits: the RiskLimits.
    """

    def __init__(
        self,
        limits: RiskLimits,
        contracts: ContractCache,
        clock: Clock,
        journal: Journal | None,
        on_breach: Callable[[Denied, int, str], Any] | None,
        *,
        awaited: bool,
    ) -> None:
        if limits.flatten_on_breach and on_breach is None:
            raise ConfigurationError(
                "flatten_on_breach must come with on_breach, was without: an executor "
                "calls it and does not flatten by itself"
            )
        chicago()  # where there is none, that is said here
        self.limits = limits
        self._contracts = contracts
        self._clock = clock
        self._journal = journal
        self._on_breach = on_breach
        self._load = ("await " if awaited else "") + "load_exposure"
        self._exposure = Exposure(self._lot_units, limits.accounts)
        self._guard = Guard(limits, self._exposure, clock)
        self._guard.words = self._words
        self._losses = Losses(
            limits,
            clock,
            self._load,
            self._note_high,
            contracts.may_cost,
            self._exposure.value_seen,
        )
        self._loss_turn = RLock()  # a hub's thread tells prices too
        self._breaches = Breaches()
        self._standing = Standing(self._guard, clock, journal)
        if journal is not None:
            for account_id, high in highs_of(journal).items():
                self._losses.high_known(account_id, high)

    def __repr__(self) -> str:
        return f"<Risk {self._standing}>"

    # ------------------------------------------------------------ the state

    @property
    def state(self) -> RiskState:
        """ACTIVE, REDUCING or HALTED."""
        return self._standing.state

    @property
    def why(self) -> str | None:
        """Why it is not ACTIVE, and since when; None while it is."""
        return self._standing.why

    def halt(self, reason: str) -> None:
        """Let no order leave, until ``resume``; cancels and closes pass."""
        self._standing.enter(RiskState.HALTED, _reason(reason))

    def reduce(self, reason: str) -> None:
        """Let only what lessens a position leave, until ``resume``.

        A HALTED executor stays halted.
        """
        reason = _reason(reason)
        if self.state is not RiskState.HALTED:
            self._standing.enter(RiskState.REDUCING, reason)

    def resume(self, reason: str) -> None:
        """Be ACTIVE again; the reason is written down beside the time.

        Where a loss limit is still breached, the next look at it takes it back, and
        the breach is told anew.
        """
        self._standing.enter(RiskState.ACTIVE, _reason(reason))
        with self._loss_turn:
            self._breaches.forget()

    def _note_high(self, account_id: int, high: Decimal) -> None:
        try:
            note_high(self._journal, account_id, high, self._clock.wall_s())
        except JournalError as error:
            log().critical("the highest balance is not in the journal: %s", error)

    # ------------------------------------------------------------ what is known

    def note_price(self, symbol: str, price: Price) -> None:
        """The last price of a symbol, as you know it.

        Raises:
            UnknownSymbol: it has no contract.
            InvalidField, WrongFieldType: it is no price, off the tick, or of a sign
                that the contract's prices do not have.
        """
        listing = self._contracts.find(symbol_from(symbol))
        self._take_price(listing, price, self._clock.monotonic_ns())
        self._look_at_holders(listing.contract_id)

    def _take_price(self, listing: Listing, price: Price, at_ns: int) -> None:
        """The one way in of a price; nothing is taken of one that cannot be."""
        exact = Decimal(price_text(price))
        listing.check_sign("price", exact)
        if listing.grid is not None:
            ticks = listing.grid.ticks(exact)
            self._exposure.price_seen(listing.contract_id, ticks, at_ns)
        self._losses.price_seen(listing.contract_id, exact, at_ns)

    def _heard_price(self, contract_id: str, price: Decimal, at_ns: int) -> bool:
        """Take over what the gateway tells; whether it is a price to go by."""
        listing = self._contracts.listed_or_plain(contract_id)
        try:
            self._take_price(listing, price, at_ns)
        except InvalidField:
            return False
        return True

    def _traded_at(
        self, contract_id: str, price: Decimal, at_s: float, by_ns: int
    ) -> None:
        """A fill was at this price: as old as the fill, and no younger than given."""
        ago_ns = int((self._clock.wall_s() - at_s) * 1e9)
        at_ns = min(self._clock.monotonic_ns() - ago_ns, by_ns)
        self._heard_price(contract_id, price, max(1, at_ns))

    def position(self, symbol: str, account_id: int) -> tuple[int, int] | None:
        """The position at the least and at the most; None where it is not known.

        Short is negative. All that may still fill is counted, so both are the position
        itself where no order of it works or is in doubt.

        Raises:
            UnknownSymbol, InvalidField, WrongFieldType.
        """
        contract_id = self._contracts.find(symbol_from(symbol)).contract_id
        contract = self._exposure.contract_of(account_id_from(account_id), contract_id)
        return contract.possible if contract.account.known else None

    def open_orders(self, account_id: int) -> int | None:
        """Orders that may work, legs of brackets too; None where it is not known."""
        account = self._exposure.account_of(account_id_from(account_id))
        return account.open_orders if account.known else None

    def daily_loss(self, account_id: int) -> Decimal | None:
        """Dollars that the day has lost, open loss counted; None: not known.

        It is that of the last reading; where the day has won, it is negative.
        """
        return self._losses.daily_loss(account_id_from(account_id))

    # ------------------------------------------------------------ for the executor

    def _denials(self, order: OrderRequest) -> tuple[Denial, ...]:
        """All that refuses an order now."""
        listing = self._contracts.find(order.symbol)
        now_ns = self._clock.monotonic_ns()
        return tuple(self._guard.denials(order, listing, now_ns))

    def _admit_change(
        self, account_id: int, order_id: int, changes: dict[str, Any]
    ) -> None:
        """Hold a modify to the limits; ``changes`` by their names on the wire."""
        prices = {NAMES[name]: changes[name] for name in NAMES if name in changes}
        self._guard.admit_change(
            account_id,
            order_id,
            changes.get("size"),
            prices,
            self._contracts.by_id,
            self._clock.monotonic_ns(),
        )

    def _not_changed(self, account_id: int, order_id: int, size: int | None) -> None:
        """The modify has not left."""
        if size is not None:
            now_ns = self._clock.monotonic_ns()
            self._exposure.change_ended(account_id, order_id, size, False, now_ns)

    def _closing(self, account_id: int, contract_id: str, size: int | None) -> None:
        """A close of so many, or of all, is about to leave."""
        self._exposure.close_asked(account_id, contract_id, size)

    def _closed(
        self, account_id: int, contract_id: str, size: int | None, may_hold: bool
    ) -> None:
        """A close has ended, or has not left."""
        now_ns = self._clock.monotonic_ns()
        self._exposure.close_ended(account_id, contract_id, size, may_hold, now_ns)

    def _released(self, account_id: int, tag: str) -> None:
        """An order has not left."""
        self._exposure.released(account_id, tag)

    def _recalled(
        self, order: OrderRequest, tag: str, contract_id: str, created_s: float
    ) -> None:
        """An earlier run has left this order in doubt."""
        self._guard.recalled(order, tag, contract_id, created_s)

    def _ticket_ended(self, ticket: Ticket[OrderResult]) -> None:
        """A change has ended: what it means for the exposure."""
        result, account_id = ticket.result, ticket.account_id
        if result is None or account_id is None:
            return
        if ticket.kind == "place":
            self._place_ended(account_id, ticket.tag, result)
        elif ticket.kind == "modify":
            may_hold = result.outcome in MAY_BE_THERE
            size = ticket._protocol.wanted.get("size")
            if size is not None:
                now_ns = self._clock.monotonic_ns()
                self._exposure.change_ended(
                    account_id, ticket.order_id, size, may_hold, now_ns
                )
        elif ticket.kind == "cancel":
            if result.outcome is Outcome.ACCEPTED:
                now_ns = self._clock.monotonic_ns()
                self._exposure.cancelled(account_id, ticket.order_id, now_ns)
        else:
            close, may_hold = ticket._protocol, result.outcome in MAY_BE_THERE
            self._closed(account_id, close.contract_id, close.quantity, may_hold)

    def _place_ended(
        self, account_id: int, tag: str | None, result: OrderResult
    ) -> None:
        if result.outcome is Outcome.ACCEPTED:
            self._exposure.accepted(account_id, tag, result.order_id)
        elif result.outcome is not Outcome.UNKNOWN:
            self._exposure.released(account_id, tag)

    def _loaded_with(self, verb: str) -> None:
        """Name another verb in the texts of refusals: that of what is above."""
        self._load = verb
        self._losses.loaded_with(verb)

    def _holds(self, contract_id: str) -> bool | None:
        """Whether a contract is held, or has an order; None: not known."""
        accounts = list(self._exposure.accounts.values())
        unclear = False
        for account in accounts:
            for contract in list(account.contracts.values()):
                if not contract.is_at_stake():
                    continue
                same = same_contract(contract.contract_id, contract_id)
                if same:
                    return True
                unclear |= same is None
        if unclear:
            return None
        return False if accounts and all(each.known for each in accounts) else None

    def _needs_read(self, account_id: int) -> bool:
        """Whether a loss that is limited has to be read anew before an order."""
        return self.limits._has_loss and self._losses.needs_read(account_id)

    def _late_arrival(self, account_id: int | None) -> None:
        """An order is there that was told not to be: what is known is not enough."""
        if account_id is not None:
            self._exposure.forget_account(account_id, self._clock.monotonic_ns())

    def _oldest_s(self, account_id: int, now_s: float) -> float:
        """When the oldest order was made that may not have ended."""
        account = self._exposure.account_of(account_id)
        now_ns = self._clock.monotonic_ns()
        oldest = trading_day(now_s).start_s
        for contract in account.contracts.values():
            groups = (group.seen.values() for group in contract.groups)
            for order in (*contract.orders, *(leg for legs in groups for leg in legs)):
                made_s = order.created_s
                if order.called_ns:
                    made_s = now_s - (now_ns - order.called_ns) / 1e9
                oldest = min(oldest, made_s or oldest)
        return oldest

    def _breached_today(self, account_id: int) -> Denied | None:
        """The breach of a limit on losses on this trading day; the stricter of two."""
        with self._loss_turn:
            day = self._losses.of(account_id).day
            account = self._exposure.account_of(account_id)
            is_known = self._clock.wall_s() < account.loss_until_s
            found = account.loss if is_known else 0
            for code in BREACHES:
                if found & code.value or self._breaches.is_told(account_id, code, day):
                    return code
        return None

    def _look_at_holders(self, contract_id: str) -> None:
        """Something new is known of a contract that accounts may hold."""
        for account_id in self._losses.held(contract_id):
            self._look_at_loss(account_id)

    def _look_at_loss(self, account_id: int) -> None:
        """Tell the guard of an account's loss, and act where it is a breach."""
        if not self.limits._has_loss:
            return
        with self._loss_turn:
            found = self._losses.found(account_id)
            account = self._exposure.account_of(account_id)
            account.loss = found
            account.loss_until_s = self._losses.known_until_s(account_id)
            breach = self._breach_of(account_id, found)
        if breach is not None and self._on_breach is not None:
            try:
                self._on_breach(breach[0], account_id, breach[1])
            except Exception:
                log().exception("on_breach raised for account %s", account_id)

    def _breach_of(self, account_id: int, found: int) -> tuple[Denied, str] | None:
        """What is to be told of a breach, with its text; the state is entered by then.

        A breach that changes the state is told. In any other state, as after a restart
        or the breach of another account, it is told where something is left to flatten.
        """
        code = _breached(found)
        if code is None:
            return None
        text = self._breach_text(code, account_id)
        is_entered = self._enter_breach(code, account_id, text)
        day = self._losses.of(account_id).day
        if not is_entered:
            if self._breaches.is_told(account_id, code, day):
                return None
            if not self._may_hold(account_id):
                return None
        self._breaches.note(account_id, code, day)
        return code, text

    def _may_hold(self, account_id: int) -> bool:
        """Whether an account has a position, or an order that may open one."""
        if self._losses.of(account_id).positions:
            return True
        account = self._exposure.account_of(account_id)
        return any(each.is_at_stake() for each in list(account.contracts.values()))

    def _enter_breach(self, code: Denied, account_id: int, text: str) -> bool:
        """Enter the state that a breach brings; False where it is as strict already."""
        until_s = None
        if code is Denied.TRAILING_LOSS:
            state, is_strict = RiskState.HALTED, self.state is RiskState.HALTED
        else:
            state, is_strict = RiskState.REDUCING, self.state is not RiskState.ACTIVE
            until_s = self._losses.of(account_id).day.end_s
        if is_strict:
            return False
        try:
            self._standing.enter(state, text, until_s)
        except JournalError as error:
            log().critical("the state of the limits is not in the journal: %s", error)
        return True

    def _breach_text(self, code: Denied, account_id: int) -> str:
        if code is Denied.TRAILING_LOSS:
            floor, equity = self._losses.floor(account_id)
            return (
                f"account {account_id} is at {counted(equity, 'dollar')}, "
                f"its floor is {floor}"
            )
        loss = self._losses.daily_loss(account_id)
        return (
            f"account {account_id} has lost {counted(loss, 'dollar')} today, "
            f"the limit is {self.limits.max_daily_loss}"
        )

    # ------------------------------------------------------------ for the words

    def _words(self, found: int, asked: Any) -> tuple[Denial, ...]:
        facts = Facts(self.why, self._load, self._losses, self._contracts, self._clock)
        return denials(found, asked, facts)

    def _lot_units(self, contract_id: str) -> int:
        return self.limits._lot_units(product_code(contract_id))


def _breached(found: int) -> Denied | None:
    """The breach in what was found of a loss; of two the stricter one."""
    for code in BREACHES:
        if found & code.value:
            return code
    return None


def _reason(reason: object) -> str:
    if not isinstance(reason, str):
        raise WrongFieldType("reason", "must be text", reason)
    if not reason.strip():
        raise InvalidField("reason", "must not be empty", reason)
    return reason
