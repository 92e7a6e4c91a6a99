# cython: annotation_typing=False
"""The verbs of a trader that open: buy, sell, several orders at once."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.argument_errors import with_named_errors
from fastorder._core.codec.order import complete, priced_order
from fastorder._core.transport.engine import monotonic_ns
from fastorder.acts.desk import Desk
from fastorder.acts.far import NEAR_TICKS
from fastorder.acts.many import orders_from
from fastorder.acts.verbs import ActVerbs
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, UnknownSymbol, WrongFieldType
from fastorder.gateway.accounts import check_wanted
from fastorder.session.ticket_group import STOPS
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.called import as_called, named_as_called, tell_of_order
from fastorder.trader.delivery import verb
from fastorder.trader.entry import (
    LEG_TICKS,
    NOT_PLAIN,
    Entry,
    options_of,
    with_entry_signature,
)
from fastorder.trader.market_legs import check_legs
from fastorder.trader.placed import Placed, placed_or_placing
from fastorder.trader.trailing import last_price, trail_distance
from fastorder.verbs.explained import explained

if TYPE_CHECKING:
    from collections.abc import Iterable

    from typing_extensions import Unpack

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import PlacedMany
    from fastorder.session.ticket_group import Steps
    from fastorder.verbs.options import EntryOptions

# A member of an enum is looked up anew each time.
BUY, SELL = Side.BUY, Side.SELL
MARKET = OrderType.MARKET
NEAR = NEAR_TICKS  # a C int


class EntryVerbs(BaseTrader[PlacedT]):
    """The verbs that may open a position; each takes ``account=`` for another one."""

    @with_named_errors
    @with_entry_signature
    def buy(self, symbol: str, quantity: int, **how: Unpack[EntryOptions]) -> PlacedT:
        """Buy at the market, or as the prices say; with a bracket, or either leg.

        Args:
            symbol: such as "MNQ"; loaded at its first use.
            quantity: contracts, 1 to the executor's ``max_quantity``, which is 100
                where nothing else was given.
            limit: a limit order: this price or a better one. With ``stop``, once that
                price has traded.
            stop: a stop order: at the market once this price trades.
            trail_ticks: a stop that follows the market at this distance, 1 to 1000
                ticks. It is set from the last price as the gateway's bars show it, and
                the result says at which distance the gateway trails it.
            join: "bid" or "ask": a limit order there; True for one's own side.
            stop_loss_ticks, take_profit_ticks: the legs, in ticks from the fill, at
                least 4 each.
            stop_loss, take_profit: the same as prices, for an order with a ``limit``
                and no other price; where that fills at a better price, the legs move
                along with it. More than 50 % and 1000 ticks away from it is refused,
                in ticks too; at the market, away from the last price that is known.
            account: another account than the trader's own: its number, its name, or
                the beginning of its name, in letters of any case.
            trailing_stop_loss: the stop leg follows the market at its distance.
            custom_tag, idempotency_key, valid_for, despite: see ``OrderRequest``.

        Returns:
            A Placed: what became of the order, and ``filled()``. With an event loop,
            the ticket that gives it when awaited; the order is on its way already.

        Raises:
            InvalidField, WrongFieldType: two arguments contradict, or one is wrong;
                nothing was sent.
            RiskDenied: the trader's limits refuse the order; with each reason as a
                Denial. Nothing was sent.
            UnknownSymbol, AmbiguousSymbol, UnknownAccount, AmbiguousAccount: no
                contract or account is meant, or several are; nothing was sent.
            RequestFailed: what has to be read before the order could not be; nothing
                was sent.
            TokenMissing, ExecutorClosed, ExecutorMisuse, Halted, Interlocked,
            KeyReused, JournalError: nothing was sent. With an event loop, the await
                raises these and the others where something has to be asked for first.
        """
        return self._enter(BUY, symbol, quantity, how, monotonic_ns())

    @with_named_errors
    @explained(like=buy)
    @with_entry_signature
    def sell(self, symbol: str, quantity: int, **how: Unpack[EntryOptions]) -> PlacedT:
        """Sell at the market, or as the prices say; with a bracket, or either leg."""
        return self._enter(SELL, symbol, quantity, how, monotonic_ns())

    def _enter(
        self,
        side: Side,
        symbol: str,
        quantity: int,
        how: EntryOptions,
        called_ns: int,
    ) -> PlacedT:
        """Send an order; where something has to be asked for first, then that.

        Errors name its arguments as they were called.
        """
        try:
            number = own_account(self) if is_plain(how) else None
            if number is not None:
                order = plain_order(side, symbol, quantity, number, how)
                try:
                    at_once: PlacedT = placed_at_once(self, number, order, called_ns)
                    return at_once
                except UnknownSymbol:
                    pass  # nothing was sent: it is loaded below
            return self._enter_checked(Entry(side, symbol, quantity, how), called_ns)
        except (InvalidField, WrongFieldType) as error:
            as_called(error)
            tell_of_order(error, symbol, quantity)
            raise

    def _enter_checked(self, entry: Entry, called_ns: int) -> PlacedT:
        """The same for any order."""
        number = self._ready(entry.account)
        is_known = not entry.has_prices or self._is_loaded(entry.symbol)
        if number is not None and is_known and entry.trail_ticks is None:
            try:
                order = entry.order(number, self)
                at_once: PlacedT = placed_at_once(self, number, order, called_ns)
                return at_once
            except UnknownSymbol:
                pass  # nothing was sent: it is loaded now
        steps = self._entering(entry, called_ns)
        placed: PlacedT = self._carry_out(self.executor._group, ("place", steps), {})
        return placed

    def _entering(self, entry: Entry, called_ns: int) -> Steps[Placed]:
        with named_as_called():
            return (yield from self._entered_by(entry, called_ns))

    def _entered_by(self, entry: Entry, called_ns: int) -> Steps[Placed]:
        (number,) = yield from self._found([entry.account], [entry.symbol])
        listing = self.executor._contracts.find(entry.symbol)
        desk = Desk(self.executor, number)
        last = None
        if entry.trail_ticks is not None:
            last = yield from last_price(desk, listing.contract_id)
        order = entry.order(number, self, last)
        check_order_legs(self, order)
        sent = self.executor._submitter.submit(order, called_ns)
        if self._months is not None:
            self._months.look(number, order.symbol)
        result = yield sent
        trails = None
        if entry.trail_ticks is not None and result.success:
            with suppress(*STOPS):  # it is placed, and that is told
                trails = yield from trail_distance(desk, result.order_id)
        return Placed(self, number, result, trails, order)

    # ------------------------------------------------------------ several orders

    @verb
    @explained(like=ActVerbs.place_many)
    def place_many(
        self,
        orders: Iterable[OrderRequest],
        *,
        accounts: Iterable[int | str] | None = None,
    ) -> Ticket[PlacedMany]:
        """Send several orders at once; all are checked before the first one leaves.

        Args:
            orders: OrderRequests, at most 100, each with its own account.
            accounts: numbers, names or beginnings of names, each account once: where
                it is given, each order goes to each of these instead.

        Raises:
            UnknownAccount, AmbiguousAccount: one of ``accounts`` means none of the
                user's accounts, or several; or an order's is none of them. With an
                event loop, raised by the await.
        """
        checked = orders_from(orders)
        wanted = accounts_from(accounts)
        symbols = [order.symbol for order in checked]
        others = {each.account_id for each in checked if not wanted}
        unknown = [number for number in others if not self._is_users(number)]
        is_loaded = all(self._is_loaded(symbol) for symbol in symbols)
        if not wanted and not unknown and is_loaded:
            return ActVerbs.place_many.ticket(self.executor, checked)

        def steps() -> Steps[PlacedMany]:
            numbers = yield from self._found([*wanted, *unknown], symbols)
            if len(set(numbers)) < len(numbers):  # two names of one account
                raise InvalidField("accounts", ONCE, wanted)
            made = checked
            if wanted:
                made = [
                    order.replace(account_id=number)
                    for order in checked
                    for number in numbers
                ]
            placed: PlacedMany = yield ActVerbs.place_many.ticket(self.executor, made)
            return placed

        group: Ticket[PlacedMany] = self.executor._group("place many", steps())
        return group


def own_account(trader: Any) -> int | None:
    """The trader's own, where it was entered and nothing has to be read first."""
    account = trader._account
    if account is None:
        return None
    number: int = account.id
    if trader._reads_exposure and not trader._is_exposed(number):
        return None
    return number


def placed_at_once(
    trader: Any, account_id: int, order: OrderRequest, called_ns: int
) -> Any:
    """Send an order whose account and contract are known."""
    # of the C side; the others may be None
    loss, profit = order.loss_ticks, order.profit_ticks  # type: ignore[attr-defined]
    if loss > NEAR or profit > NEAR:
        check_order_legs(trader, order)
    sent = trader.executor._submit(order, called_ns)
    if trader._months is not None:
        trader._months.look(account_id, order.symbol)
    return placed_or_placing(trader, account_id, sent, order)


def check_order_legs(trader: Any, order: OrderRequest) -> None:
    """Refuse legs that nobody means, of an order that says not where it fills."""
    if order.limit_price is None and order.stop_price is None:
        legs = order.stop_loss_ticks, order.take_profit_ticks
        check_legs(trader, order.symbol, *legs)


def is_plain(how: EntryOptions) -> bool:
    """Whether it is a market order of the trader's own account, its legs in ticks."""
    for name in how:  # noqa: SIM110 (compiled, it makes no generator)
        if name in NOT_PLAIN:
            return False
    return True


def plain_order(
    side: Side, symbol: str, quantity: int, account_id: int, how: EntryOptions
) -> OrderRequest:
    """A plain order, the way that costs least."""
    order = priced_order(symbol, side, quantity, account_id, MARKET)
    options: dict[str, Any] = {}
    for name in how:
        if name not in LEG_TICKS:
            options = options_of(how)
            break
    complete(order, how.get("stop_loss_ticks"), how.get("take_profit_ticks"), options)
    return order


ONCE = "must name each account once"


def accounts_from(given: Any) -> tuple[int | str, ...]:
    """The accounts of a call.

    Raises:
        WrongFieldType, InvalidField: they are no list of accounts.
    """
    if given is None:
        return ()
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise WrongFieldType("accounts", "must be a list of accounts", given)
    accounts = tuple(given)
    for account in accounts:
        if account is None:
            raise WrongFieldType("accounts", "must hold accounts only", account)
        check_wanted(account)
    if not accounts or len(set(accounts)) < len(accounts):
        raise InvalidField("accounts", ONCE, given)
    return accounts
