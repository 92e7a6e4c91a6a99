"""A live run: desks at the gateway, in the same loop as a backtest."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.enums import Outcome
from fastorder.errors import FastOrderError, UnknownTag
from fastorder.matching import Latencies, Touch
from fastorder.runtime.log import log
from fastorder.strategy.live_desk import LiveDesk
from fastorder.strategy.on_paper import PaperRun
from fastorder.strategy.ports import Ports
from fastorder.strategy.recovery import reconcile, remember
from fastorder.strategy.state import State
from fastorder.strategy.warming import Warming

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from fastorder.models import Order as Row
    from fastorder.models import Trade
    from fastorder.strategy.arriving import ArrivingTicks
    from fastorder.strategy.keeping import Kept
    from fastorder.strategy.live_firm import LiveFirm
    from fastorder.strategy.orders import Order
    from fastorder.strategy.strategy import Strategy

LOOKS_S = (2.0, 5.0, 15.0, 60.0)
"""After how long an order in doubt is looked up, each time; the last one goes on."""

ORPHANS = 1000
"""Trades of orders that nobody here knows: so many of the last are kept."""


class Shown(NamedTuple):
    """The account at one moment: orders, trades, and positions by contract ids."""

    orders: list[Row]
    trades: list[Trade]
    positions: dict[str, Any]


class LiveRun(PaperRun):
    """Strategies on a trader's account.

    The loop is a backtest's; no order ever reaches its exchange, which only keeps
    timers, bars and ticks in their order.

    Args:
        strategies: by name.
        trader: whose orders and events they are.
        ticks: by symbol.
        begin_ns, begun_ms: when it begins.
        kept: the strategies' files, by name.
        wall: the machine's time; None where the feed's counts.
        post: has something done after what is being done.
        later: has something done after some seconds.
        is_idle: whether nothing that was heard waits.
        patience_s: how long a handler may take.
        on_failure: what becomes of the orders of one that fails.
        firm: the rules that the account is held to; None for none.

    Attributes:
        owner_of: desk and order, by the gateway's number of the order.
        symbols: by contract ids.
        number: of the last order.
        busy: the desk, the handler and since when, where one runs.
    """

    def __init__(
        self, strategies: dict[str, Strategy], trader: Any,
        ticks: dict[str, ArrivingTicks], *, begin_ns: int, begun_ms: int,
        kept: dict[str, Kept], wall: Callable[[], int] | None,
        post: Callable[[Callable[[], None]], None],
        later: Callable[[float, Callable[[], None]], None],
        is_idle: Callable[[], bool],
        patience_s: float, on_failure: str, sessions: Any,
        firm: LiveFirm | None,
    ) -> None:  # fmt: skip
        self.trader, self.begun_ms, self.wall = trader, begun_ms, wall
        self.post, self.later, self.is_idle = post, later, is_idle
        self.patience_s, self.on_failure = patience_s, on_failure
        self.owner_of: dict[int, tuple[LiveDesk, Order]] = {}
        self.contracts = {name: trader.executor.get_contract_id(name) for name in ticks}
        self.symbols = {found: name for name, found in self.contracts.items()}
        self.number = 0
        self.busy: tuple[LiveDesk, str, float] | None = None
        self._names = iter(strategies)
        self._kept = kept
        self._orphans: deque[Trade] = deque(maxlen=ORPHANS)
        self._net: dict[str, int] = dict.fromkeys(ticks, 0)
        self._netted: set[int] = set()
        super().__init__(
            list(strategies.values()),
            ticks,
            begin_ns,
            account=0.0,
            latency=Latencies(),
            fills=Touch(),
            seed=0,
            path="worst",
            sessions=sessions,
            lost_answers=0.0,
            resolved_after_ns=0,
            budget=0,
            state=None,
        )
        self.firm: LiveFirm | None = firm

    def _desk(self, strategy: Strategy) -> LiveDesk:
        name = next(self._names)
        desk = LiveDesk(strategy, self, name, self._kept[name])
        remember(desk)
        return desk

    # ---------------------------------------------------------------- for the desks

    def now_ns(self) -> int:
        """The time of the strategies."""
        fed_ns = self.engine.now_ns if self.has_engine else 0
        machine_ns = self.begin_ns if self.wall is None else self.wall()
        return max(fed_ns, machine_ns)

    def net(self, symbol: str) -> int:
        """What the account holds of a contract, as its trades and events tell."""
        return self._net[symbol]

    def refusal(
        self, desk: LiveDesk, symbol: str, side: int, size: int, role: str
    ) -> str:
        """Why an order must not leave now; empty where it may."""
        now_id = self.trader.executor.get_contract_id(symbol)
        if now_id != self.contracts[symbol]:
            return (
                f"{symbol} stands for {now_id} now, {self.contracts[symbol]} is heard"
            )
        state = self.trader.state
        if role == "entry" and not state.misses_nothing:
            doubt = state.unproven
            return f"events of the account may be missing: {doubt and doubt.why}"
        if self.firm is not None:
            return self.firm.refusal(desk, symbol, side, size)
        return ""

    def warn(self, desk: LiveDesk, text: str) -> None:
        """Tell in the log."""
        account_id = self.trader.account.id
        log().error("strategy %s on account %s: %s", desk.name, account_id, text)

    def follow(self, sent: Any, then: Callable[[Any], None]) -> None:
        """Have something called with what becomes of a request, after the handler."""
        if not hasattr(type(sent), "_call_when_done"):  # of a blocking trader
            self.post(lambda: then(sent))
        elif sent.done:
            self.post(lambda: then(value_of(sent)))
        else:
            sent._call_when_done(lambda done: self.post(lambda: then(value_of(done))))

    def look_up(self, desk: LiveDesk, order: Order, nth: int = 0) -> None:
        """Look up an order in doubt after a while, until it is known."""

        def look() -> None:
            if order.status != "unknown":
                return
            try:
                sent = self.trader.executor.resolve(desk.sent_as[order.id])
            except (UnknownTag, KeyError):
                return  # of an earlier process without a journal: events may tell
            except FastOrderError as error:
                self._looked_up(desk, order, nth, error)
                return
            self.follow(sent, lambda found: self._looked_up(desk, order, nth, found))

        self.later(LOOKS_S[min(nth, len(LOOKS_S) - 1)], look)

    def _looked_up(self, desk: LiveDesk, order: Order, nth: int, found: Any) -> None:
        is_known = not isinstance(found, FastOrderError)
        if is_known and found.outcome is not Outcome.UNKNOWN:
            desk.answered(order, found)
        else:
            self.look_up(desk, order, nth + 1)

    def retell(self, gateway_id: int | None) -> None:
        """Take the trades of an order that came before it was known."""
        for trade in [each for each in self._orphans if each.order_id == gateway_id]:
            self._orphans.remove(trade)
            self._take_trade(trade)

    # ---------------------------------------------------------------- the account

    def order_changed(self, change: Any) -> None:
        """An order of the account is not what it was."""
        if change.is_partial:
            return
        order = change.order
        for desk in self.desks:
            desk.take_order(order)
        for trade in [each for each in self._orphans if each.order_id == order.id]:
            self._orphans.remove(trade)  # it is nobody's here
            self._others_trade(trade)

    def missed_something(self, gap: Any) -> None:
        """A hub was away: where it was the user hub, rows may have been lost."""
        if gap.hub == "user":
            for desk in self.desks:
                desk.rows_were_lost()

    def filled(self, event: Any) -> None:
        """A trade of the account."""
        self._take_trade(event.trade)

    def _take_trade(self, trade: Trade) -> None:
        owner = self.owner_of.get(trade.order_id)
        if owner is not None:
            self._count(trade)
            owner[0].take_trade(owner[1], trade)
        elif self._is_others(trade.order_id):
            self._others_trade(trade)
        else:
            self._orphans.append(trade)

    def _count(self, trade: Trade) -> bool:
        """Count a trade into what the account holds; whether it was not yet."""
        symbol = self.symbols.get(trade.contract_id)
        if symbol is None or trade.id in self._netted:
            return False
        self._netted.add(trade.id)
        self._net[symbol] += signed(trade)
        return True

    def _is_others(self, order_id: int) -> bool:
        """Whether an order is known, and of no strategy here."""
        order = self.trader.state.orders.get(order_id)
        return order is not None and not self.trader.state.is_partial(order_id)

    def _others_trade(self, trade: Trade) -> None:
        """Somebody else has traded: it may have closed what a strategy holds."""
        if not self._count(trade):
            return
        symbol = self.symbols[trade.contract_id]
        own, net, size = self._own(symbol), self._net[symbol], signed(trade)
        side = 1 if own > 0 else -1
        beside = (net - size - own) * side  # what others held before it, on our side
        if net == 0 and self.firm is not None and self.firm.ends_positions:
            self._lose_all(symbol)
        elif net == 0:
            self._lose(symbol, abs(own))
        elif size * side < 0 <= beside:
            self._lose(symbol, abs(size) - beside)

    def _own(self, symbol: str) -> int:
        """What the strategies hold, put together."""
        return sum(desk.position(symbol) for desk in self.desks)

    def _lose(self, symbol: str, size: int) -> None:
        """The account holds less than its strategies: what is gone is nobody's."""
        holders = [desk for desk in self.desks if desk.position(symbol)]
        if len({desk.position(symbol) > 0 for desk in holders}) != 1:
            return  # they net among themselves: whose it was is not known
        for desk in holders:
            lost = min(size, abs(desk.position(symbol)))
            if lost > 0:
                desk.lose(symbol, lost)
                size -= lost

    def _lose_all(self, symbol: str) -> None:
        """The account was made flat: none of its strategies holds any of it."""
        for desk in self.desks:
            if desk.position(symbol):
                desk.lose(symbol, abs(desk.position(symbol)))

    def voided(self, event: Any) -> None:
        """A trade of the account was taken back."""
        trade = event.trade
        symbol = self.symbols.get(trade.contract_id)
        if symbol is not None and trade.id in self._netted:
            self._netted.discard(trade.id)
            self._net[symbol] -= signed(trade)
        owner = self.owner_of.get(trade.order_id)
        if owner is not None:
            owner[0].take_back(owner[1], trade)

    def position_changed(self, change: Any) -> None:
        """A position of the account is not what it was."""
        symbol = self.symbols.get(change.contract_id)
        if symbol is not None and self.trader.state.proven and self.is_idle():
            self._net[symbol] = 0 if change.position is None else change.position.net

    # ---------------------------------------------------------------- the run

    def begin_with(
        self, shown: Shown, rows: Iterable[Row], trades: Iterable[Trade]
    ) -> None:
        """Reconcile, and let the strategies start; what they have missed is held.

        Args:
            shown: what the state shows.
            rows, trades: what was read of the time since something was kept.
        """
        self._netted |= {trade.id for trade in shown.trades}
        for contract_id, position in shown.positions.items():
            if contract_id in self.symbols:
                self._net[self.symbols[contract_id]] = position.net
        reconcile(self.desks, [*shown.orders, *rows], [*shown.trades, *trades])
        self._say_what_nets()
        self.begin()

    def shown(self) -> Shown | None:
        """What the state shows at one moment; None where it is not proven just now."""
        state = self.trader.state
        trades = state.trades
        positions, orders = state.positions, list(state.orders.values())
        is_one = state.proven and len(state.trades) == len(trades)  # a thread may add
        return Shown(orders, trades, positions) if is_one else None

    def warm(self, then: Callable[[], None]) -> None:
        """Read the bars of before, where the feed is the gateway's of now."""
        if self.wall is None:
            then()
            return
        series = [each for desk in self.desks for each in desk.series]
        Warming(self, self._bars, series, then).begin()

    def tell_held(self) -> None:
        """Tell the strategies what they have missed."""
        for desk in self.desks:
            desk.tell_held()

    def _say_what_nets(self) -> None:
        """Positions net at the venue: what others hold of it is said."""
        for symbol, net in self._net.items():
            own = self._own(symbol)
            side = 1 if own > 0 else -1
            if net * side >= 0 and abs(net) < abs(own):
                self._lose(symbol, abs(own) - abs(net))
            elif own != net:
                log().warning(
                    "account %s holds %d %s net, its strategies here %d",
                    self.trader.account.id, net, symbol, own,
                )  # fmt: skip

    def _open(self, desk: Any) -> None:
        """Give a strategy its ports and its state, and let it start."""
        strategy = desk.strategy
        strategy._ports = Ports(desk, desk, desk, desk.kept)
        strategy._state = State(desk.kept.state())
        held, desk._untold = desk._untold, None
        desk.call("start")
        if not desk.is_over and desk._hears["on_tick"]:
            desk.watch_ticks(strategy._symbol(None))
        desk._untold = None if desk.is_over else held

    def machine_time(self, now_ns: int, gateway_ns: int) -> None:
        """Timers go by the machine's time; bars end though no trade comes any more."""
        self.timers.due(now_ns)
        if gateway_ns > max(self.engine.now_ns, self.begin_ns):
            self.pass_time(gateway_ns)

    def call(self, handler: Callable[[Any], object], event: Any) -> None:
        """Call a handler with what is no datum of the exchange."""
        for desk in self.desks:
            if desk.strategy is handler.__self__:  # type: ignore[attr-defined]
                desk.call(handler.__name__, event)

    def keep(self) -> None:
        """See what became of the account; keep what has changed of every strategy."""
        if self.firm is not None:
            self.firm.look()
        for desk in self.desks:
            desk.keep()


def signed(trade: Trade) -> int:
    """Contracts of a trade, below 0 for a sell."""
    return trade.size if trade.side.name == "BUY" else -trade.size


def value_of(ticket: Any) -> Any:
    """The result of a ticket that is done, or the error that it raises."""
    try:
        return ticket._value()
    except FastOrderError as error:
        return error
