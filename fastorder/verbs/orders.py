# cython: annotation_typing=False
"""The verbs that place orders: each checks its arguments and makes one OrderRequest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Generic, TypeVar

from fastorder._core.codec.argument_errors import with_named_errors
from fastorder._core.codec.order import OrderRequest, complete, priced_order, side_from
from fastorder._core.transport.engine import monotonic_ns
from fastorder.enums import OrderType, Side
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.verbs.spelled_out import spelled_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Unpack

    from fastorder.models import Price
    from fastorder.verbs.options import OrderOptions

# A member of an enum is looked up anew each time.
LIMIT = OrderType.LIMIT
STOP = OrderType.STOP
STOP_LIMIT = OrderType.STOP_LIMIT
TRAILING_STOP = OrderType.TRAILING_STOP

ResultT = TypeVar("ResultT")
"""What the verbs give: a Ticket to await, or the OrderResult itself."""


class OrderVerbs(Generic[ResultT]):
    """Market, limit, stop, stop-limit, trailing-stop and join orders, with brackets."""

    _submit: Callable[[OrderRequest, int], ResultT]
    """Sends an order that was asked for at this moment; every executor has its own."""

    @with_named_errors
    def place_order(self, order: OrderRequest) -> ResultT:
        """Send an order, at most once, and get its result.

        Args:
            order: an OrderRequest: it was checked when it was made, all but what only
                its contract and this executor know.

        Returns:
            The OrderResult (from a blocking executor), or a Ticket that gives it when
            awaited; the order is on its way when this returns.

        Raises:
            WrongFieldType: it is no OrderRequest, or one that was never initialized.
            InvalidField: it has more than ``max_quantity`` contracts, or a price that
                its contract does not have.
            RiskDenied: the executor's limits refuse the order; with each reason as a
                Denial. Nothing was sent.
            TokenMissing, UnknownSymbol, ExecutorClosed, ExecutorMisuse, Halted,
            Interlocked, KeyReused, JournalError: nothing was sent.
        """
        if not isinstance(order, OrderRequest) or order.symbol is None:
            raise WrongFieldType("order", "must be a whole OrderRequest", order)
        return self._submit(order, monotonic_ns())

    @with_named_errors
    @spelled_out
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
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """Buy or sell at the market, with or without a bracket.

        With ``order_type="limit"`` and a ``limit_price`` it is a limit order.
        """
        called_ns = monotonic_ns()
        order = priced_order(
            symbol, side, quantity, account_id, order_type, limit_price
        )
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)

    @with_named_errors
    @spelled_out
    def place_limit_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        limit_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """Buy or sell at a price or better, with or without a bracket."""
        called_ns = monotonic_ns()
        order = priced_order(symbol, side, quantity, account_id, LIMIT, limit_price)
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)

    @with_named_errors
    @spelled_out
    def place_stop_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        stop_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """Buy or sell at the market once a price trades, with or without a bracket."""
        called_ns = monotonic_ns()
        order = priced_order(symbol, side, quantity, account_id, STOP, None, stop_price)
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)

    @with_named_errors
    @spelled_out
    def place_stop_limit_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        stop_price: Price,
        limit_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """Buy or sell at a limit price or better once the stop price has traded.

        The gateway's pages leave this kind out: one that does not take it refuses it,
        and the result is REJECTED with its words.
        """
        called_ns = monotonic_ns()
        order = priced_order(
            symbol, side, quantity, account_id, STOP_LIMIT, limit_price, stop_price
        )
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)

    @with_named_errors
    @spelled_out
    def place_trailing_stop_order(
        self,
        symbol: str,
        side: Side | str,
        quantity: int,
        account_id: int,
        trail_price: Price,
        stop_loss_ticks: int | None = None,
        take_profit_ticks: int | None = None,
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """A stop that follows the market, with or without a bracket."""
        called_ns = monotonic_ns()
        order = priced_order(
            symbol, side, quantity, account_id, TRAILING_STOP, None, None, trail_price
        )
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)

    @with_named_errors
    @spelled_out
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
        **options: Unpack[OrderOptions],
    ) -> ResultT:
        """A limit order at the best bid or ask of the moment.

        Args:
            join: "bid" or "ask"; where it is not given, a buy joins the bid and a sell
                joins the ask.
        """
        called_ns = monotonic_ns()
        side = side_from(side)
        order = priced_order(symbol, side, quantity, account_id, _join_type(join, side))
        complete(order, stop_loss_ticks, take_profit_ticks, options)
        return self._submit(order, called_ns)


def _join_type(join: str | None, side: Side) -> OrderType:
    if join is None:
        return OrderType.JOIN_BID if side is Side.BUY else OrderType.JOIN_ASK
    if not isinstance(join, str) or join not in ("bid", "ask"):
        raise InvalidField("join", 'must be "bid" or "ask"', join)
    return OrderType.JOIN_BID if join == "bid" else OrderType.JOIN_ASK
