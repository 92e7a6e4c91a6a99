"""The ports of a live strategy: what it asks for goes out by a trader's verbs."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, Any

from fastorder.enums import Outcome
from fastorder.errors import ActStopped, FastOrderError
from fastorder.strategy.errors import BadOrder, StrategyError, StrategyFailed
from fastorder.strategy.events import OrderEvent
from fastorder.strategy.live_rows import UNSETTLED, DeskRows, why_of
from fastorder.strategy.orders import Order
from fastorder.strategy.tags import LARGEST, Tags
from fastorder.strategy.venue import (
    LARGEST_SIZE,
    LEAST_BRACKET,
    _whole,
    changed_ticks,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.models import Trade
    from fastorder.strategy._data import Series
    from fastorder.strategy.changes import Change
    from fastorder.strategy.instruments import Instrument
    from fastorder.strategy.keeping import Kept, Row
    from fastorder.strategy.strategy import Strategy

Wish = tuple[int | None, int | None]
"""A size and a price in ticks to modify to; both None to cancel."""

CANCEL: Wish = (None, None)


class LiveDesk(DeskRows):
    """One strategy on a trader's account.

    Args:
        strategy: whose.
        run: what it is in.
        name: what its tags begin with.
        kept: its file.

    Attributes:
        failure: what has ended it before the run; None for nothing.
        waits_since_s: since when a handler waits for an answer; None where none does.
        is_over: nothing is told to it any more, and nothing new is sent for it.
    """

    def __init__(self, strategy: Strategy, run: Any, name: str, kept: Kept) -> None:
        super().__init__(strategy, run)
        self._begin_rows()
        self.name, self.kept = name, kept
        self.failure: Exception | None = None
        self.is_over = False
        self._tags = Tags(name, run.begun_ms)
        self._wishes: dict[int, list[Wish]] = {}
        self._untold: list[tuple[str, tuple[Any, ...]]] | None = None
        self._state_kept = -1
        self._is_tidying = False
        self._waits = 0  # for answers
        self._waited_s = 0.0
        self.waits_since_s: float | None = None
        self.series: list[Series] = []

    @property
    def is_under_way(self) -> bool:
        """Whether an answer or a change is to come, or the fill of what flattens."""
        exits = (order.role == "exit" for order in self.alive.values())
        return (
            self._waits > 0
            or any(number in self.alive for number in self._wishes)
            or (self._is_flattened and any(exits))
        )

    # ---------------------------------------------------------------- placing

    def place(
        self, symbol: str, side: int, size: int, *, role: str, limit: float | None,
        stop: float | None, trail_ticks: int | None, stop_loss_ticks: int | None,
        take_profit_ticks: int | None, tag: str,
    ) -> Order:  # fmt: skip
        """Send an order; see ``Strategy.buy``."""
        instrument = self._instrument(symbol)
        _whole("size", size, 1, LARGEST_SIZE)
        kind, price, ticks = self._price_of(instrument, side, limit, stop, trail_ticks)
        how = self._how(instrument, kind, ticks, stop_loss_ticks, take_profit_ticks)
        if trail_ticks is not None:
            how["trail_ticks"] = trail_ticks
        number, now_ns = self.run.number + 1, self.now_ns()
        order = Order(number, symbol, side, size, kind, role, price, now_ns, tag=tag)
        why = self._refusal(symbol, side, size, role)
        if why:
            return self._kept_here(order, why)
        send = self.run.trader.buy if side > 0 else self.run.trader.sell
        sent_as = self._tags.of(number, role)
        try:
            sent = self._waited(send, symbol, size, custom_tag=sent_as, **how)
        except FastOrderError as error:
            return self._kept_here(order, str(error))
        except BaseException:  # of a wait that was interrupted: it may have left
            self._note_sent(order, sent_as, stop_loss_ticks, take_profit_ticks, ticks)
            self.run.post(lambda: self._doubt(order, "its call was interrupted"))
            raise
        self._note_sent(order, sent_as, stop_loss_ticks, take_profit_ticks, ticks)
        self._follow(sent, lambda found: self._placed(order, found))
        return order

    def _waited(self, send: Callable[..., Any], *given: Any, **how: Any) -> Any:
        """Send; that a blocking trader waits for the answer is not the handler's."""
        began_s = self.waits_since_s = time.monotonic()
        try:
            return send(*given, **how)
        finally:
            self._waited_s += time.monotonic() - began_s
            self.waits_since_s = None

    def _follow(self, sent: Any, then: Callable[[Any], None]) -> None:
        self._waits += 1

        def answered(found: Any) -> None:
            self._waits -= 1
            then(found)

        self.run.follow(sent, answered)

    def _trailing(
        self, instrument: Instrument, side: int, trail_ticks: int
    ) -> tuple[str, float | None, int | None]:
        return "trailing stop", None, None  # the trader finds its price

    def _how(
        self, instrument: Instrument, kind: str, ticks: int | None,
        stop_loss_ticks: int | None, take_profit_ticks: int | None,
    ) -> dict[str, Any]:  # fmt: skip
        """What the trader's verb takes beside side, symbol and size."""
        how: dict[str, Any] = {}
        if stop_loss_ticks is not None:
            _whole("stop_loss_ticks", stop_loss_ticks, LEAST_BRACKET, LARGEST_SIZE)
            how["stop_loss_ticks"] = stop_loss_ticks
        if take_profit_ticks is not None:
            _whole("take_profit_ticks", take_profit_ticks, LEAST_BRACKET, LARGEST_SIZE)
            how["take_profit_ticks"] = take_profit_ticks
        if ticks is not None:
            how[kind] = instrument.tick_size * ticks
        return how

    def _refusal(self, symbol: str, side: int, size: int, role: str) -> str:
        """Why an order is not sent; empty where it may be."""
        if self.is_over and not self._is_tidying:
            return "the run has ended"
        if self.run.number + 3 >= LARGEST:
            return "the numbers of this strategy's orders are used up"
        found: str = self.run.refusal(self, symbol, side, size, role)
        return found

    def _kept_here(self, order: Order, why: str) -> Order:
        """An order that was not sent; it is told of after the handler that asked."""
        self.run.unsent -= 1
        order.id, order.status = self.run.unsent, "not sent"
        self._tell_soon(order, "not sent", Outcome.NOT_SENT, why)
        return order

    def _tell_soon(
        self, order: Order, what: str, outcome: Outcome | None, why: str
    ) -> None:
        self.run.post(
            lambda: self.tell(OrderEvent(self.now_ns(), order, what, outcome, why))
        )

    def _note_sent(
        self, order: Order, sent_as: str, stop_loss_ticks: int | None,
        take_profit_ticks: int | None, ticks: int | None,
    ) -> None:  # fmt: skip
        self.note_tag(order, sent_as)
        self._add(order)
        number = order.id
        for role, kind, distance in (
            ("stop loss", "stop", stop_loss_ticks),
            ("take profit", "limit", take_profit_ticks),
        ):
            if distance is not None:
                number += 1
                self._add(
                    Order(
                        number, order.symbol, -order.side, order.size, kind, role, None,
                        order.asked_ns, parent=order, distance_ticks=distance,
                    )
                )  # fmt: skip
        self.run.number = number
        self.requests.append(
            (order.asked_ns, "place", order.id, order.symbol, order.side, order.size,
             order.kind, ticks, stop_loss_ticks, take_profit_ticks)
        )  # fmt: skip

    def _placed(self, order: Order, found: Any) -> None:
        """The answer to an order, or why there is none."""
        if not isinstance(found, FastOrderError):
            self.answered(order, found)
        elif order.status in UNSETTLED and isinstance(found, ActStopped):
            self._doubt(order, str(found))
        elif order.status in UNSETTLED:
            self.not_there(order, Outcome.NOT_SENT, str(found))

    # ---------------------------------------------------------------- changing

    def modify(self, order: Order, *, size: int | None, price: float | None) -> None:
        """Send a change of an order; see ``Strategy.modify``."""
        self._own(order)
        ticks = changed_ticks(order, size, price, self._instrument(order.symbol))
        self.requests.append((self.now_ns(), "modify", order.id, size, ticks))
        self._wish(order, (size, ticks))

    def cancel(self, order: Order) -> None:
        """Send a cancel; see ``Strategy.cancel``."""
        self._own(order)
        if order.alive:
            self.requests.append((self.now_ns(), "cancel", order.id))
            self._wish(order, CANCEL)

    def _own(self, order: Order) -> None:
        if self.orders.get(order.id) is not order and order.id > 0:
            raise BadOrder(f"an order of this run must be given, was {order!r}")

    def _wish(self, order: Order, wish: Wish) -> None:
        """Send a change, once the gateway's number of the order is known."""
        what = "cancel refused" if wish == CANCEL else "modify refused"
        if self.is_over and not self._is_tidying:
            self._tell_soon(order, what, None, "the run has ended")
        elif not order.alive:
            self._tell_soon(order, what, None, f"the order is {order.status}")
        elif order.id in self.numbers:
            self._send_change(order, wish)
        else:
            self._wishes.setdefault(order.id, []).append(wish)

    def _send_wishes(self, order: Order) -> None:
        for wish in self._wishes.pop(order.id, ()):
            self._send_change(order, wish)

    def _send_change(self, order: Order, wish: Wish) -> None:
        trader, number = self.run.trader, self.numbers[order.id]
        size, ticks = wish
        try:
            if wish == CANCEL:
                sent = self._waited(trader.cancel, number)
                change = None
            else:
                instrument = self._instrument(order.symbol)
                price = None if ticks is None else instrument.tick_size * ticks
                how = {} if price is None else {order.kind: price}
                sent = self._waited(trader.modify, number, quantity=size, **how)
                shown = None if ticks is None else instrument.price(ticks)
                change = self.changes_of(order).sent(size, shown)
        except FastOrderError as error:
            what = "cancel refused" if wish == CANCEL else "modify refused"
            self._tell_soon(order, what, None, str(error))
            return
        self._follow(sent, lambda found: self._change_ended(order, change, found))

    def _change_ended(self, order: Order, change: Change | None, found: Any) -> None:
        """The answer to a change, or to a cancel: what that has done, its row tells."""
        verb = "cancel" if change is None else "modify"
        is_error = isinstance(found, FastOrderError)
        outcome = Outcome.NOT_SENT if is_error else found.outcome
        if outcome is Outcome.ACCEPTED:
            if change is not None and order.alive:
                self._tell_changes(order, self.changes_of(order).accepted(change))
            return
        why = str(found) if is_error else why_of(found)
        is_doubt = outcome is Outcome.UNKNOWN
        what = f"{verb} unknown" if is_doubt else f"{verb} refused"
        told = outcome if is_doubt else None
        if self.failure is not None and order.alive:  # it hears of it no more
            self.run.warn(self, f"{what}: {order!r}: {why}")
        self.tell(OrderEvent(self.now_ns(), order, what, told, why))
        if change is not None and order.alive:
            self._tell_changes(order, self.changes_of(order).failed(change))

    def _tell_changes(self, order: Order, changes: list[Change]) -> None:
        for change in changes:
            told = self.changes_of(order).told(change, order.size, order.price)
            self._modified(order, *told)

    # ---------------------------------------------------------------- handlers

    def subscribe(self, symbol: str, every: str, history: int) -> Series:
        """Closed bars of a length; what there was before the start is read."""
        series = super().subscribe(symbol, every, history)
        self.series.append(series)
        return series

    def now_ns(self) -> int:
        """The time of the machine, or of the feed where that is replayed."""
        found: int = self.run.now_ns()
        return found

    def _handler(self, name: str) -> Callable[[Any], object]:
        return partial(self.call, name)

    def call(self, name: str, *given: Any) -> None:
        """Call a handler; one that raises or takes too long ends the strategy."""
        if self._untold is not None:
            self._untold.append((name, given))
            return
        if self.is_over:
            return
        began_s, self._waited_s = time.monotonic(), 0.0
        self.run.busy = (self, name, began_s)
        try:
            getattr(self.strategy, name)(*given)
        except Exception as error:
            kind = type(self.strategy).__name__
            failed = StrategyFailed(kind, name, self.now_ns(), error)
            failed.__cause__ = error
            self.fail(failed)
            return
        finally:
            self.run.busy = None
        took_s = time.monotonic() - began_s - self._waited_s
        if took_s > self.run.patience_s:
            self.fail(
                StrategyError(
                    f"{type(self.strategy).__name__}.{name} must take at most "
                    f"{self.run.patience_s:g} s, took {took_s:.3g} s"
                )
            )

    def hold_events(self) -> None:
        """Keep what there is to tell for ``tell_held``."""
        self._untold = []

    def tell_held(self) -> None:
        """Tell what was kept, in its order."""
        held, self._untold = self._untold or [], None
        for name, given in held:
            self.call(name, *given)

    # ---------------------------------------------------------------- its end

    def fail(self, error: Exception) -> None:
        """End the strategy: it hears nothing more; its orders are tidied, and told."""
        if self.failure is None:
            self.failure = error
        self.run.warn(self, f"ended: {error}")
        self.end()
        self._is_tidying = True
        try:
            self._tidy(self.run.on_failure)
        finally:
            self._is_tidying = False

    def end(self) -> None:
        """Tell it nothing more, but that it stops; once."""
        if self.is_over:
            return
        self.is_over, self._untold = True, None
        try:
            self.strategy.on_stop()
        except Exception as error:
            kind = type(self.strategy).__name__
            failed = StrategyFailed(kind, "on_stop", self.now_ns(), error)
            failed.__cause__ = error
            self.failure = self.failure or failed
            self.run.warn(self, f"{failed}")

    def _tidy(self, how: str) -> None:
        """Cancel what may still open something; or all of it, and close."""
        if how == "leave":
            return
        for order in self.live():
            if how == "flatten" or order.parent is None:
                self.cancel(order)
        if how == "flatten":
            self._close_all()
            return
        for symbol, held in self.positions.items():
            if held:
                self.run.warn(self, f"{held} {symbol} stay open")

    def _close_all(self) -> None:
        """Close what is held at the market, as far as nothing does already."""
        for symbol, held in self.positions.items():
            way = -1 if held > 0 else 1
            left = abs(held) - sum(
                order.size - order.filled
                for order in self.alive.values()
                if order.symbol == symbol and order.role == "exit" and order.side == way
            )
            if left > 0:
                self.place(
                    symbol, way, left, role="exit", limit=None, stop=None,
                    trail_ticks=None, stop_loss_ticks=None, take_profit_ticks=None,
                    tag="",
                )  # fmt: skip

    def take_trade(self, order: Order, trade: Trade) -> None:
        """A trade of an order; what one that is flattened still gets is closed too."""
        super().take_trade(order, trade)
        if self._is_flattened:
            self._is_tidying = True
            try:
                self._close_all()
            finally:
                self._is_tidying = False

    @property
    def _is_flattened(self) -> bool:
        is_asked = self.run.on_failure == "flatten" and self.failure is not None
        return is_asked and not self.run.is_over

    # ---------------------------------------------------------------- keeping

    def keep(self) -> None:
        """Keep what has changed since the last time."""
        state = self.strategy._state
        changes = self._state_kept if state is None else state.changes
        has_moved = bool(self._new_trades) or self._has_lost
        if not self._changed and not has_moved and changes == self._state_kept:
            return
        rows: list[Row] = [
            ("order", str(number), self._order_row(self.orders[number]))
            for number in sorted(self._changed)
        ]
        for trade in self._new_trades:
            time_ns = trade.created_ns or self.now_ns()
            told = {"time_ns": time_ns, "voided": trade.id not in self.told}
            rows.append(("trade", str(trade.id), told))
        if has_moved:
            held = self.positions.items()
            rows += [("position", symbol, size) for symbol, size in held]
        if state is not None and changes != self._state_kept:
            rows.append(("state", "", state.kept()))
        rows.append(("number", "", max(self.orders, default=0)))
        self.kept.save(rows, time.time_ns())
        self._state_kept = changes
        self._changed.clear()
        self._new_trades.clear()
        self._has_lost = False

    def _order_row(self, order: Order) -> dict[str, Any]:
        row = {name: getattr(order, name) for name in KEPT_FIELDS}
        row["parent"] = None if order.parent is None else order.parent.id
        row["gateway_id"] = self.numbers.get(order.id)
        row["sent_as"] = self.sent_as.get(order.id)
        row["ended_ns"] = None if order.alive else time.time_ns()
        return row


KEPT_FIELDS = (
    "id",
    "symbol",
    "side",
    "size",
    "kind",
    "role",
    "price",
    "tag",
    "asked_ns",
    "distance_ticks",
    "status",
    "filled",
)
"""What is kept of an order, beside its parent and the gateway's number."""
