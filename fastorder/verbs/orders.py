# cython: annotation_typing=False
"""The verbs that place orders: each checks its arguments and makes one OrderRequest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from fastorder._core.codec.argument_errors import with_named_errors
from fastorder._core.codec.order import OrderRequest, order_of, side_from
from fastorder._core.transport.engine import monotonic_ns
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, WrongFieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._base.interlock_override import DespiteUnknown
    from fastorder.models import Price

# A member of an enum is looked up anew each time.
LIMIT = OrderType.LIMIT
STOP = OrderType.STOP
TRAILING_STOP = OrderType.TRAILING_STOP

ResultT = TypeVar("ResultT")
"""What the verbs give: a Ticket to await, or the OrderResult itself."""


class OrderVerbs(Generic[ResultT]):
    """Market, limit, stop, trailing-stop and join orders, with or without a bracket."""

    _submit: Callable[[OrderRequest, int], ResultT]
    """Sends an order that was asked for at this moment; every executor has its own."""

    @with_named_errors
    def place_order(self, order: OrderRequest) -> ResultT:
        """Send an order, at most once, and get its result.

        Returns:
            The OrderResult (from a blocking executor), or a Ticket that gives it when
            awaited; the order is on its way when this returns.

        Raises:
            TokenMissing, UnknownSymbol, InvalidField, ExecutorClosed, ExecutorMisuse,
            Halted, Interlocked, KeyReused, JournalError: nothing was sent.
            WrongFieldType: it is no OrderRequest, or one that was never initialized.
        """
        if not isinstance(order, OrderRequest) or order.symbol is None:
            raise WrongFieldType("order", "must be a whole OrderRequest", order)
        return self._submit(order, monotonic_ns())

    @with_named_errors
    def place_market_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        *,
        order_type: OrderType | str = "market",
        limit_price: Price | None = None,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> ResultT:
        """Buy or sell at the market, with or without a bracket.

        Args:
            symbol: one that has a contract id.
            side: "BUY" or "SELL".
            quantity: contracts, at least 1.
            account_id: the gateway's number of the account.
            stop_loss_ticks, take_profit_ticks: distances from the fill price in
                ticks, positive, at least 4, each on its own or both.
            order_type: "market"; "limit" with a limit_price is taken as well.
            limit_price: only with order_type "limit".
            trailing_stop_loss: the stop loss follows the price.
            custom_tag: 1 to 40 of ``[A-Za-z0-9._-]``, unique in the account for
                ever; a new one is made where it is not given.
            idempotency_key: the caller's own name of this order, such as "signal-42";
                the same key is the same order: a repeat, now or after a restart, gets
                the first one's outcome.
            valid_for: seconds from the call in which bytes may leave; past them the
                order is only looked up, never sent.
            despite: a DespiteUnknown, to trade on although an order of this account
                and contract is in doubt.

        Returns, Raises: see ``place_order``; a wrong argument raises InvalidField (a
            ValueError) or WrongFieldType (a TypeError) with field, rule and value.
        """
        called_ns = monotonic_ns()
        order = order_of(
            symbol,
            side,
            quantity,
            account_id,
            order_type,
            limit_price,
            None,  # stop_price
            None,  # trail_price
            stop_loss_ticks,
            take_profit_ticks,
            trailing_stop_loss,
            custom_tag,
            idempotency_key,
            valid_for,
            despite,
        )
        return self._submit(order, called_ns)

    @with_named_errors
    def place_limit_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        limit_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        *,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> ResultT:
        """Buy or sell at a price or better; see ``place_market_order``."""
        called_ns = monotonic_ns()
        order = order_of(
            symbol,
            side,
            quantity,
            account_id,
            LIMIT,
            limit_price,
            None,  # stop_price
            None,  # trail_price
            stop_loss_ticks,
            take_profit_ticks,
            trailing_stop_loss,
            custom_tag,
            idempotency_key,
            valid_for,
            despite,
        )
        return self._submit(order, called_ns)

    @with_named_errors
    def place_stop_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        stop_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        *,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> ResultT:
        """Buy or sell at the market once a price trades; see ``place_market_order``."""
        called_ns = monotonic_ns()
        order = order_of(
            symbol,
            side,
            quantity,
            account_id,
            STOP,
            None,  # limit_price
            stop_price,
            None,  # trail_price
            stop_loss_ticks,
            take_profit_ticks,
            trailing_stop_loss,
            custom_tag,
            idempotency_key,
            valid_for,
            despite,
        )
        return self._submit(order, called_ns)

    @with_named_errors
    def place_trailing_stop_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        trail_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        *,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> ResultT:
        """A stop that follows the market; see ``place_market_order``.

        Args:
            trail_price: where the stop starts, an absolute price on the tick. The
                gateway takes its distance to the last price and keeps that; more
                than 1,000 ticks are rejected. Source: the gateway's documentation.
        """
        called_ns = monotonic_ns()
        order = order_of(
            symbol,
            side,
            quantity,
            account_id,
            TRAILING_STOP,
            None,  # limit_price
            None,  # stop_price
            trail_price,
            stop_loss_ticks,
            take_profit_ticks,
            trailing_stop_loss,
            custom_tag,
            idempotency_key,
            valid_for,
            despite,
        )
        return self._submit(order, called_ns)

    @with_named_errors
    def place_join_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        *,
        join: str | None = None,
        trailing_stop_loss: bool = False,
        custom_tag: str | None = None,
        idempotency_key: str | None = None,
        valid_for: float | None = None,
        despite: DespiteUnknown | None = None,
    ) -> ResultT:
        """A limit order at the best bid or ask of the moment.

        Args:
            join: "bid" or "ask"; where it is not given, a buy joins the bid and a
                sell joins the ask. For the rest see ``place_market_order``.
        """
        called_ns = monotonic_ns()
        side = side_from(side)
        order = order_of(
            symbol,
            side,
            quantity,
            account_id,
            _join_type(join, side),
            None,  # limit_price
            None,  # stop_price
            None,  # trail_price
            stop_loss_ticks,
            take_profit_ticks,
            trailing_stop_loss,
            custom_tag,
            idempotency_key,
            valid_for,
            despite,
        )
        return self._submit(order, called_ns)


def _join_type(join: str | None, side: Side) -> OrderType:
    if join is None:
        return OrderType.JOIN_BID if side is Side.BUY else OrderType.JOIN_ASK
    if join not in ("bid", "ask"):
        raise InvalidField("join", 'must be "bid" or "ask"', join)
    return OrderType.JOIN_BID if join == "bid" else OrderType.JOIN_ASK
