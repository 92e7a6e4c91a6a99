# cython: annotation_typing=False
# whatever a strategy gives has to reach the checks, which say what is wrong with it
"""The ports of a backtest: one exchange, one engine, the desks of the strategies."""

from __future__ import annotations

import heapq
from collections import deque
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.enums import Outcome
from fastorder.matching import Kind, Side, What
from fastorder.strategy._data import Series
from fastorder.strategy._engine import NEVER
from fastorder.strategy.errors import BadOrder, StrategyError
from fastorder.strategy.events import Fill, OrderEvent, PositionChange
from fastorder.strategy.orders import Order
from fastorder.strategy.wording import reason_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.strategy._engine import Engine
    from fastorder.strategy.instruments import Instrument
    from fastorder.strategy.run_port import RunPort
    from fastorder.strategy.strategy import Strategy

LEAST_BRACKET = 4
MOST_TRAIL = 1000
LARGEST_SIZE = 1 << 30
WINDOW_NS = 60_000_000_000
KEYS = {"limit": "limit", "stop": "stop", "trailing stop": "trail"}
"""What the exchange calls the price of a kind of order."""
TRADE, ACCEPTED, REJECTED = int(What.TRADE), int(What.ACCEPTED), int(What.REJECTED)
SETTLED = int(What.SETTLED)
NO_PRICE = -(1 << 63)
KINDS = {
    "market": int(Kind.MARKET),
    "limit": int(Kind.LIMIT),
    "stop": int(Kind.STOP),
    "trailing stop": int(Kind.TRAILING_STOP),
}
BUY, SELL = int(Side.BUY), int(Side.SELL)
ENDS = {
    int(What.CANCELLED): "cancelled",
    int(What.EXPIRED): "expired",
    int(What.CLOSE_REFUSED): "rejected",
}
LATER = {
    int(What.LEG_ACTIVATED): "active",
    int(What.MODIFIED): "modified",
    int(What.TRIGGERED): "triggered",
    int(What.MODIFY_REFUSED): "modify refused",
    int(What.CANCEL_REFUSED): "cancel refused",
    int(What.AMBIGUOUS): "ambiguous",
}


class Desk:
    """One strategy at the exchange: its orders, its positions, what it is told.

    Args:
        strategy: whose.
        run: what it is in.
    """

    def __init__(self, strategy: Strategy, run: RunPort) -> None:
        self.strategy = strategy
        self.run = run
        self.positions: dict[str, int] = dict.fromkeys(run.instruments, 0)
        self.alive: dict[int, Order] = {}
        self.requests: list[tuple[Any, ...]] = []
        self._legs: dict[int, list[Order]] = {}  # by the number of their entry
        self._sent: deque[int] = deque()
        self._held = 0
        self._hears = _heard_by(strategy)

    # ---------------------------------------------------------------- orders port

    def place(
        self, symbol: str, side: int, size: int, *, role: str, limit: float | None,
        stop: float | None, trail_ticks: int | None, stop_loss_ticks: int | None,
        take_profit_ticks: int | None, tag: str,
    ) -> Order:  # fmt: skip
        """Ask the exchange for an order; see ``Strategy.buy``."""
        instrument = self._instrument(symbol)
        _whole("size", size, 1, LARGEST_SIZE)
        kind, price, ticks = self._price_of(instrument, side, limit, stop, trail_ticks)
        for name, value in (
            ("stop_loss_ticks", stop_loss_ticks),
            ("take_profit_ticks", take_profit_ticks),
        ):
            if value is not None:
                _whole(name, value, LEAST_BRACKET, LARGEST_SIZE)
        why = self._refusal(symbol, side, size, role)
        if why:
            return self._not_sent(symbol, side, size, kind, role, price, tag, why)
        run = self.run
        now_ns = run.engine.now_ns
        asked: dict[str, Any] = {KEYS[kind]: ticks} if kind in KEYS else {}
        if stop_loss_ticks is not None:
            asked["stop_loss"] = -side * stop_loss_ticks
        if take_profit_ticks is not None:
            asked["take_profit"] = side * take_profit_ticks
        number = run.exchange.place(
            run.account, run.numbers[symbol], KINDS[kind], BUY if side > 0 else SELL,
            size, **asked,
        )  # fmt: skip
        order = Order(number, symbol, side, size, kind, role, price, now_ns, tag=tag)
        self._add(order)
        if stop_loss_ticks is not None:
            number += 1
            self._add_leg(order, number, "stop", "stop loss", stop_loss_ticks)
        if take_profit_ticks is not None:
            number += 1
            self._add_leg(order, number, "limit", "take profit", take_profit_ticks)
        self.requests.append(
            (now_ns, "place", order.id, symbol, side, size, kind, ticks,
             stop_loss_ticks, take_profit_ticks)
        )  # fmt: skip
        return order

    def _add_leg(
        self, entry: Order, number: int, kind: str, role: str, distance_ticks: int
    ) -> None:
        leg = Order(
            number, entry.symbol, -entry.side, entry.size, kind, role, None,
            entry.asked_ns, parent=entry, distance_ticks=distance_ticks,
        )  # fmt: skip
        self._legs.setdefault(entry.id, []).append(leg)
        self._add(leg)

    def _add(self, order: Order) -> None:
        number, run = order.id, self.run
        self.alive[number] = order
        run.owners[number] = self
        run.orders[number] = order

    def _price_of(
        self, instrument: Instrument, side: int, limit: float | None,
        stop: float | None, trail_ticks: int | None,
    ) -> tuple[str, float | None, int | None]:  # fmt: skip
        if limit is None and stop is None and trail_ticks is None:
            return "market", None, None
        if (limit, stop, trail_ticks).count(None) < 2:
            raise BadOrder("an order must have one of limit, stop and trail_ticks")
        if limit is not None:
            return "limit", limit, ticks_of(instrument, "limit", limit)
        if stop is not None:
            return "stop", stop, ticks_of(instrument, "stop", stop)
        assert trail_ticks is not None
        _whole("trail_ticks", trail_ticks, 1, MOST_TRAIL)
        return self._trailing(instrument, side, trail_ticks)

    def _trailing(
        self, instrument: Instrument, side: int, trail_ticks: int
    ) -> tuple[str, float | None, int | None]:
        """Of a trailing stop: kind, price and ticks, as they are asked for."""
        last = self.run.engine.last_ticks(self.run.numbers[instrument.symbol])
        if last is None:
            raise BadOrder("a trailing stop needs a last price, there was none yet")
        ticks = last + side * trail_ticks
        return "trailing stop", instrument.price(ticks), ticks

    def _refusal(self, symbol: str, side: int, size: int, role: str) -> str:
        """Why an order is not sent; empty where it may be."""
        if self.run.is_over:
            return "the run has ended"
        why = self.run.firm.refusal(self, symbol, side, size) if self.run.firm else ""
        return why or self._throttled()

    def _throttled(self) -> str:
        """Count a request in the budget of the gateway; why not, where it is spent."""
        run, sent = self.run, self._sent
        now_ns = run.engine.now_ns
        while sent and sent[0] <= now_ns - WINDOW_NS:
            sent.popleft()
        if len(sent) >= run.budget:
            run.throttled += 1
            most = counted(run.budget, "request")
            return f"the budget of {most} in 60 s is spent"
        sent.append(now_ns)
        return ""

    def _not_sent(
        self, symbol: str, side: int, size: int, kind: str, role: str,
        price: float | None, tag: str, why: str,
    ) -> Order:  # fmt: skip
        """An order that stays here; it is told of after the handler that asked."""
        run = self.run
        run.unsent -= 1
        order = Order(
            run.unsent,
            symbol,
            side,
            size,
            kind,
            role,
            price,
            run.engine.now_ns,
            tag=tag,
        )
        order.status = "not sent"
        run.at(
            run.engine.now_ns + 1,
            lambda time_ns: self._tell(
                time_ns, order, "not sent", Outcome.NOT_SENT, why
            ),
        )
        return order

    def modify(self, order: Order, *, size: int | None, price: float | None) -> None:
        """Ask the exchange for a change; see ``Strategy.modify``."""
        self._own(order)
        ticks = changed_ticks(order, size, price, self._instrument(order.symbol))
        if self._is_refused(order, "modify refused"):
            return
        self.run.exchange.modify(
            self.run.account,
            order.id,
            size=size,
            limit=ticks if order.kind == "limit" else None,
            stop=ticks if order.kind == "stop" else None,
        )
        self.requests.append((self.run.engine.now_ns, "modify", order.id, size, ticks))

    def cancel(self, order: Order) -> None:
        """Ask the exchange for a cancel; see ``Strategy.cancel``."""
        self._own(order)
        if not order.alive or self._is_refused(order, "cancel refused"):
            return
        self.run.exchange.cancel(self.run.account, order.id)
        self.requests.append((self.run.engine.now_ns, "cancel", order.id))

    def _is_refused(self, order: Order, what: str) -> bool:
        why = "the run has ended" if self.run.is_over else self._throttled()
        if why:
            self.run.at(
                self.run.engine.now_ns + 1,
                lambda time_ns: self._tell(time_ns, order, what, None, why),
            )
        return bool(why)

    def _own(self, order: Order) -> None:
        if self.run.orders.get(order.id) is not order and order.id > 0:
            raise BadOrder(f"an order of this run must be given, was {order!r}")

    def position(self, symbol: str) -> int:
        """What the strategy holds."""
        return self.positions.get(symbol, 0)

    def net_position(self, symbol: str) -> int:
        """What the account holds."""
        return self.run.net(symbol)

    def live(self) -> list[Order]:
        """The strategy's orders of which something may still become."""
        return list(self.alive.values())

    def is_flat(self) -> bool:
        """Whether the strategy holds nothing and nothing is under way."""
        return not self._held and not self.alive

    # ---------------------------------------------------------------- market port

    def subscribe(self, symbol: str, every: str, history: int) -> Series:
        """Closed bars of a length."""
        self._instrument(symbol)
        if isinstance(history, bool) or not isinstance(history, int) or history < 1:
            raise StrategyError(f"history must be at least 1, was {history!r}")
        series = Series(symbol, every, history)
        heard = self._handler("on_bar") if self._hears["on_bar"] else None
        self.run.subscribe(symbol, every, series, heard)
        return series

    def watch_ticks(self, symbol: str) -> None:
        """Have ``on_tick`` called with each trade."""
        self._instrument(symbol)
        self.run.watch_ticks(symbol, self._handler("on_tick"))

    def last(self, symbol: str) -> float | None:
        """The last price."""
        instrument = self._instrument(symbol)
        ticks = self.run.engine.last_ticks(self.run.numbers[symbol])
        return None if ticks is None else instrument.price(ticks)

    def tick_size(self, symbol: str) -> float:
        """The distance of two prices."""
        return float(self._instrument(symbol).tick_size)

    def _instrument(self, symbol: str) -> Instrument:
        try:
            return self.run.instruments[symbol]
        except KeyError:
            raise BadOrder(
                f"symbol must be one that has data, {', '.join(self.run.instruments)}, "
                f"was {symbol!r}"
            ) from None

    # ---------------------------------------------------------------- clock port

    def now_ns(self) -> int:
        """The time of the data."""
        return self.run.engine.now_ns if self.run.has_engine else self.run.first_ns

    def wake_at(self, time_ns: int, name: str) -> None:
        """Have ``on_timer`` called with a name at a time."""
        on_timer = self._handler("on_timer")
        self.run.at(time_ns, lambda _: on_timer(name))

    def _handler(self, name: str) -> Callable[[Any], object]:
        """What is called with the events of a kind."""
        found: Callable[[Any], object] = getattr(self.strategy, name)
        return found

    # ---------------------------------------------------------------- events

    def _tell(
        self, time_ns: int, order: Order, what: str, outcome: Outcome | None = None,
        reason: str = "",
    ) -> None:  # fmt: skip
        """Tell the strategy of an order, where it hears of orders."""
        if self._hears["on_order"]:
            self.strategy.on_order(OrderEvent(time_ns, order, what, outcome, reason))

    def take(self, event: tuple[int, ...]) -> None:
        """An event of the exchange about an order of the strategy."""
        what = event[16]
        order = self.run.orders[event[2]]
        if what == TRADE:
            self._filled(order, event)
        elif what in (ACCEPTED, REJECTED):
            self._answered(order, event, what == ACCEPTED)
        elif what in ENDS:
            order.status = ENDS[what]
            self.alive.pop(order.id, None)
            self._tell(event[1], order, order.status)
        elif what in LATER:
            self._later(order, event, LATER[what])

    def _later(self, order: Order, event: tuple[int, ...], what: str) -> None:
        if what == "active":
            order.status = "accepted"
            order.price = self._price(order, event[4])
        elif what == "modified":
            order.size = event[12]
        self._tell(event[1], order, what, None, reason_text(event[15]))

    def _price(self, order: Order, ticks: int) -> float | None:
        if ticks == NO_PRICE:
            return order.price
        found: float = self.run.instruments[order.symbol].price(ticks)
        return found

    def _answered(self, order: Order, event: tuple[int, ...], accepted: bool) -> None:
        run = self.run
        if not run.lost_answers or not run.loses_answer(order.id):
            self._settled(order, event, accepted, event[1])
            return
        order.status = "unknown"
        self._tell(event[1], order, "unknown", Outcome.UNKNOWN)
        run.at(
            event[1] + run.resolved_after_ns,
            lambda time_ns: self._resolved(order, event, accepted, time_ns),
        )

    def _resolved(
        self, order: Order, event: tuple[int, ...], accepted: bool, time_ns: int
    ) -> None:
        """A look-up has found what became of an order; a fill may have told before."""
        if order.status == "unknown":
            self._settled(order, event, accepted, time_ns)

    def _settled(
        self, order: Order, event: tuple[int, ...], accepted: bool, time_ns: int
    ) -> None:
        if accepted:
            order.status = "accepted"
            order.size = event[12]
            self._tell(time_ns, order, "accepted", Outcome.ACCEPTED)
            return
        for one in (order, *self._legs.get(order.id, ())):
            one.status = "rejected"
            self.alive.pop(one.id, None)
        why = reason_text(event[15])
        self._tell(time_ns, order, "rejected", Outcome.REJECTED, why)

    def _filled(self, order: Order, event: tuple[int, ...]) -> None:
        symbol, size, side = order.symbol, event[12], event[18]
        order.filled += size
        if event[13] == 0 and order.filled >= order.size:
            order.status = "filled"
            self.alive.pop(order.id, None)
        elif order.status in ("asked", "unknown"):
            order.status = "accepted"
        legs = self._legs.get(order.id)
        if legs is not None:
            self._price_legs(order, legs, event[4])
        before = self.positions[symbol]
        after = before + side * size
        self.positions[symbol] = after
        self._held += abs(after) - abs(before)
        hears = self._hears
        if hears["on_fill"]:
            self.strategy.on_fill(
                Fill(
                    event[0], order, symbol, side, size,
                    self.run.instruments[symbol].price(event[4]),
                    event[5] / 1e6, (event[6] + event[7]) / 1e6, self.positions[symbol],
                )
            )  # fmt: skip
        if order.status == "filled":
            self._tell(event[1], order, "filled")
        if hears["on_position"]:
            self.strategy.on_position(
                PositionChange(event[1], symbol, self.positions[symbol], event[8])
            )

    def _price_legs(self, order: Order, legs: list[Order], ticks: int) -> None:
        """The legs of an entry lie so far from its fill."""
        price = self.run.instruments[order.symbol].price
        for leg in legs:
            way = leg.side if leg.role == "stop loss" else -leg.side
            leg.price = price(ticks + way * leg.distance_ticks)

    def force_flat(self) -> None:
        """Cancel all orders and close all positions, as the firm's risk desk does."""
        run = self.run
        for order in list(self.alive.values()):
            if order.role != "firm":
                run.exchange.cancel(run.account, order.id)
        for symbol, held in self.positions.items():
            if held:
                self._close_by_force(symbol, held)

    def _close_by_force(self, symbol: str, held: int) -> None:
        """The net position, as that arrives; of several strategies each its own."""
        run, side = self.run, -1 if held > 0 else 1
        number = run.numbers[symbol]
        if len(run.desks) == 1:
            order_id = run.exchange.close(run.account, number)
        else:
            way = Side.BUY if side > 0 else Side.SELL
            order_id = run.exchange.place(
                run.account, number, Kind.MARKET, way, abs(held)
            )
        now_ns = run.engine.now_ns
        self._add(
            Order(order_id, symbol, side, abs(held), "market", "firm", None, now_ns)
        )

    def settled(self, symbol: str) -> None:
        """A contract has ended; what was held of it is gone."""
        self._held -= abs(self.positions[symbol])
        self.positions[symbol] = 0


class Seen:
    """Hands what is seen of the exchange to the desk whose order it is of.

    Args:
        run: what the desks are of.
    """

    def __init__(self, run: RunPort) -> None:
        self.run = run
        self.owners: dict[int, Desk] = run.owners

    def take(self, event: tuple[int, ...]) -> None:
        """An event of the exchange is seen."""
        desk = self.owners.get(event[2])
        if desk is not None:
            desk.take(event)
        elif event[16] == SETTLED:
            symbol = list(self.run.instruments)[event[11]]
            for desk in self.run.desks:
                desk.settled(symbol)
        if self.run.firm is not None:
            self.run.firm.take(event)


def _heard_by(strategy: Strategy) -> dict[str, bool]:
    """Which events a strategy has methods of its own for."""
    from fastorder.strategy.strategy import Strategy as Base

    names = ("on_bar", "on_tick", "on_order", "on_fill", "on_position")
    return {
        name: getattr(getattr(strategy, name), "__func__", None)
        is not getattr(Base, name)
        for name in names
    }


def ticks_of(instrument: Instrument, name: str, price: float) -> int:
    """A price in ticks.

    Raises:
        BadOrder: it lies between two ticks, or is no number.
    """
    numerator, denominator = instrument.grid
    try:
        ticks = float(price) * denominator / numerator
        found = round(ticks)
    except (TypeError, ValueError, OverflowError):
        raise BadOrder(f"{name} must be a price, was {price!r}") from None
    if abs(ticks - found) > 1e-6:
        raise BadOrder(
            f"{name} must be a multiple of {instrument.tick_size}, was {price!r}"
        )
    return found


def changed_ticks(
    order: Order, size: int | None, price: float | None, instrument: Instrument
) -> int | None:
    """The new price of a change that may be asked for; None where it stays.

    Raises:
        BadOrder: neither a size nor a price that this order may have.
    """
    if size is None and price is None:
        raise BadOrder("size or price must be given to modify an order")
    if size is not None:
        _whole("size", size, 1, LARGEST_SIZE)
    if price is None:
        return None
    if order.kind not in ("limit", "stop"):
        raise BadOrder(f"an order of kind {order.kind} has no price to modify")
    return ticks_of(instrument, "price", price)


def _whole(name: str, value: object, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadOrder(f"{name} must be a whole number, was {value!r}")
    if not least <= value <= most:
        bound = f"at least {least}" if value < least else f"at most {most}"
        raise BadOrder(f"{name} must be {bound}, was {value}")


class Timers:
    """What is to be done at which time: the firm first, then as it was asked for."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, bool, int, Callable[[int], object]]] = []
        self._turn = 0
        self.engine: Engine | None = None

    def at(self, time_ns: int, call: Callable[[int], object], late: bool) -> None:
        """Have something called at a time; of two at one time, what is late last."""
        self._turn += 1
        heapq.heappush(self._heap, (time_ns, late, self._turn, call))
        self.set()

    @property
    def next_ns(self) -> int | None:
        """When the next one is; None for none."""
        return self._heap[0][0] if self._heap else None

    def set(self) -> None:
        """Tell the engine when the next one is."""
        if self.engine is not None:
            self.engine.wake_at(self._heap[0][0] if self._heap else NEVER)

    def due(self, time_ns: int) -> None:
        """Call what is due."""
        while self._heap and self._heap[0][0] <= time_ns:
            heapq.heappop(self._heap)[3](time_ns)
        self.set()
