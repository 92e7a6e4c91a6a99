"""What a trader does in a day: buy, sell, move, close, flatten."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.transport.engine import monotonic_ns
from fastorder.acts.many import orders_from
from fastorder.acts.verbs import ActVerbs
from fastorder.enums import Side
from fastorder.errors import WrongFieldType
from fastorder.trader.base import BaseTrader, PlacedT
from fastorder.trader.delivery import verb
from fastorder.trader.entry import Entry
from fastorder.trader.trailing import trailing

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder._base.interlock_override import DespiteUnknown
    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import (
        ActReport,
        PartialCloseReport,
        PlacedMany,
        ReverseReport,
    )
    from fastorder.models import Price
    from fastorder.session.ticket_group import Steps
    from fastorder.trader.placed import Placed

    Account = int | str | None


class TradeVerbs(BaseTrader[PlacedT]):
    """The verbs that change something; each takes ``account=`` for another one."""

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
        options: dict[str, Any] = {}
        if custom_tag or idempotency_key or valid_for or despite or trailing_stop_loss:
            options = {
                "trailing_stop_loss": trailing_stop_loss,
                "custom_tag": custom_tag,
                "idempotency_key": idempotency_key,
                "valid_for": valid_for,
                "despite": despite,
            }
        entry = Entry(
            Side.BUY,
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
