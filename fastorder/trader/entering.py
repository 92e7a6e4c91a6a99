"""The verbs of a trader that open: buy, sell, several orders at once."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastorder._core.codec.order import complete, priced_order
from fastorder._core.transport.engine import monotonic_ns
from fastorder.acts.desk import Desk
from fastorder.acts.many import orders_from
from fastorder.acts.verbs import ActVerbs
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, UnknownSymbol, WrongFieldType
from fastorder.gateway.accounts import check_wanted
from fastorder.session.ticket_group import STOPS
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.delivery import verb
from fastorder.trader.entry import Entry
from fastorder.trader.placed import Placed
from fastorder.trader.trailing import last_price, trail_distance

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder._base.interlock_override import DespiteUnknown
    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import PlacedMany
    from fastorder.models import Price
    from fastorder.session.ticket_group import Steps

NO_OPTIONS: dict[str, Any] = {}

# A member of an enum is looked up anew each time.
BUY, SELL = Side.BUY, Side.SELL
MARKET = OrderType.MARKET


class EntryVerbs(BaseTrader[PlacedT]):
    """The verbs that may open a position; each takes ``account=`` for another one."""

    def buy(
        self,
        symbol: str,
        quantity: int,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail_ticks: int | None = None,
        join: str | bool | None = None,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        stop_loss: Price | None = None,
        take_profit: Price | None = None,
        account: int | str | None = None,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> PlacedT:
        """Buy at the market, or as the prices say; with a bracket, or either leg.

        Args:
            symbol: such as "MNQ"; loaded at its first use.
            quantity: how many contracts.
            limit: the worst price; with ``stop``, once that has traded.
            stop: at the market, once this price trades.
            trail_ticks: a stop that follows the market at this distance. It is set
                from the last price as the gateway's bars show it, and the result says
                at which distance the gateway trails it.
            join: "bid" or "ask": a limit order there; True for one's own side.
            stop_loss_ticks, take_profit_ticks: the legs, in ticks from the fill.
            stop_loss, take_profit: the same as prices, for an order with a ``limit``;
                where that fills at a better price, the legs move along with it.
            account: another than the trader's: a number, a name, a beginning of one.
            trailing_stop_loss: the stop leg follows the market at its distance.
            custom_tag, idempotency_key, valid_for, despite: see ``OrderRequest``.

        Returns:
            A Placed: what became of the order, and ``filled()``. With an event loop,
            the ticket that gives it when awaited; the order is on its way already.

        Raises:
            InvalidField, WrongFieldType: two arguments contradict, or one is wrong;
            UnknownSymbol, UnknownAccount, AmbiguousAccount, Halted, Interlocked ...:
                nothing was sent. Those that have to be asked for are raised by the
                await.
        """
        called_ns = monotonic_ns()
        options = options_of(
            trailing_stop_loss, custom_tag, idempotency_key, valid_for, despite
        )
        if (
            None
            is account
            is limit
            is stop
            is trail_ticks
            is join
            is stop_loss
            is take_profit
        ):
            placed = self._at_market(
                BUY,
                symbol,
                quantity,
                stop_loss_ticks,
                take_profit_ticks,
                options,
                called_ns,
            )
            if placed is not None:
                return placed
        entry = Entry(
            BUY,
            symbol,
            quantity,
            limit,
            stop,
            trail_ticks,
            join,
            stop_loss_ticks,
            take_profit_ticks,
            stop_loss,
            take_profit,
            options,
        )
        return self._enter(entry, account, called_ns)

    def sell(
        self,
        symbol: str,
        quantity: int,
        *,
        limit: Price | None = None,
        stop: Price | None = None,
        trail_ticks: int | None = None,
        join: str | bool | None = None,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        stop_loss: Price | None = None,
        take_profit: Price | None = None,
        account: int | str | None = None,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> PlacedT:
        """Sell at the market, or as the prices say; see ``buy``."""
        called_ns = monotonic_ns()
        options = options_of(
            trailing_stop_loss, custom_tag, idempotency_key, valid_for, despite
        )
        if (
            None
            is account
            is limit
            is stop
            is trail_ticks
            is join
            is stop_loss
            is take_profit
        ):
            placed = self._at_market(
                SELL,
                symbol,
                quantity,
                stop_loss_ticks,
                take_profit_ticks,
                options,
                called_ns,
            )
            if placed is not None:
                return placed
        entry = Entry(
            SELL,
            symbol,
            quantity,
            limit,
            stop,
            trail_ticks,
            join,
            stop_loss_ticks,
            take_profit_ticks,
            stop_loss,
            take_profit,
            options,
        )
        return self._enter(entry, account, called_ns)

    def _at_market(
        self,
        side: Side,
        symbol: str,
        quantity: int,
        stop_loss_ticks: int | None,
        take_profit_ticks: int | None,
        options: dict[str, Any],
        called_ns: int,
    ) -> PlacedT | None:
        """Send a plain order of the trader's own account, the way that costs least.

        None where the trader was not entered, or something has to be read first.
        """
        account = self._account
        if account is None or (
            self._reads_exposure and not self._is_exposed(account.id)
        ):
            return None
        order = priced_order(symbol, side, quantity, account.id, MARKET)
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        try:
            return self._place(account.id, order, called_ns)
        except UnknownSymbol:
            return None  # nothing was sent

    def _enter(
        self, entry: Entry, account: int | str | None, called_ns: int
    ) -> PlacedT:
        """Send an order; where something has to be asked for first, then that."""
        number = self._ready(account)
        is_known = not entry.has_prices or self._is_loaded(entry.symbol)
        if number is not None and is_known and entry.trail_ticks is None:
            try:
                return self._place(number, entry.order(number, self), called_ns)
            except UnknownSymbol:
                pass  # nothing was sent: it is loaded now
        steps = self._entering(entry, account, called_ns)
        placed: PlacedT = self._deliver(self.executor._group("place", steps))
        return placed

    def _entering(
        self, entry: Entry, account: int | str | None, called_ns: int
    ) -> Steps[Placed]:
        (number,) = yield from self._found([account], [entry.symbol])
        listing = self.executor._contracts.find(entry.symbol)
        desk = Desk(self.executor, number)
        last = None
        if entry.trail_ticks is not None:
            last = yield from last_price(desk, listing.contract_id)
        order = entry.order(number, self, last)
        result = yield self.executor._submitter.submit(order, called_ns)
        trails = None
        if entry.trail_ticks is not None and result.success:
            with suppress(*STOPS):  # it is placed, and that is told
                trails = yield from trail_distance(desk, result.order_id)
        return Placed(self, number, result, trails, order)

    @abstractmethod
    def _place(self, account_id: int, order: OrderRequest, called_ns: int) -> PlacedT:
        """Send an order whose account and contract are known."""

    # ------------------------------------------------------------ several orders

    @verb
    def place_many(
        self,
        orders: Iterable[OrderRequest],
        *,
        accounts: Iterable[int | str] | None = None,
    ) -> Ticket[PlacedMany]:
        """Send several orders at once; see ``OrderExecutor.place_many``.

        Args:
            orders: each with its own account.
            accounts: where it is given, each order goes to each of these instead.
        """
        checked = orders_from(orders)
        wanted = accounts_from(accounts)
        symbols = [order.symbol for order in checked]
        if not wanted and all(self._is_loaded(symbol) for symbol in symbols):
            return ActVerbs.place_many.ticket(self.executor, checked)

        def steps() -> Steps[PlacedMany]:
            numbers = yield from self._found(list(wanted), symbols)
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


def options_of(
    trailing_stop_loss: Any,
    custom_tag: Any,
    idempotency_key: Any,
    valid_for: Any,
    despite: Any,
) -> dict[str, Any]:
    """What of these is given, as an OrderRequest takes it; most orders have none."""
    if trailing_stop_loss is False and (
        custom_tag is idempotency_key is valid_for is despite is None
    ):
        return NO_OPTIONS
    return {
        "trailing_stop_loss": trailing_stop_loss,
        "custom_tag": custom_tag,
        "idempotency_key": idempotency_key,
        "valid_for": valid_for,
        "despite": despite,
    }


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
