# cython: annotation_typing=False
"""An order that was placed, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.ticket import Ticket
from fastorder.errors import RealtimeUnavailable
from fastorder.trader.order_events import steps_in_thread, steps_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from typing_extensions import Self

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.result import OrderResult
    from fastorder.realtime.state.order_life import OrderStep
    from fastorder.realtime.state.store import State
    from fastorder.trader.base import BaseTrader
    from fastorder.trader.knowing import StateVerbs


class Placed:
    """What became of an order, with what can be done next.

    It has all that its ``result`` has: ``outcome``, ``order_id``, ``tag`` ..., and is
    true where the gateway took the order.

    Attributes:
        result: the OrderResult.
        account_id: whose order it is.
        trail_ticks: the distance at which the gateway trails it, as read back; None
            where it does not trail, or could not be read.
    """

    __slots__ = ("_order", "_trader", "account_id", "result", "trail_ticks")

    def __init__(
        self,
        trader: BaseTrader[Any],
        account_id: int,
        result: OrderResult,
        trail_ticks: int | None = None,
        order: OrderRequest | None = None,
    ) -> None:
        self._trader = trader
        self.account_id = account_id
        self.result = result
        self.trail_ticks = trail_ticks
        self._order = order

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(f"a placed order has no {name!r}", name=name, obj=self)
        try:
            return getattr(self.result, name)
        except AttributeError:
            raise AttributeError(
                f"a placed order has no {name!r}", name=name, obj=self
            ) from None

    def __dir__(self) -> list[str]:
        hidden = ("_trader", "_order", "_followed")
        own = [name for name in object.__dir__(self) if name not in hidden]
        return sorted({*own, *(name for name in dir(self.result) if name[:1] != "_")})

    def __bool__(self) -> bool:
        return self.result.success

    def __repr__(self) -> str:
        told = f": {self.result.message}" if self.result.message else ""
        trails = "" if self.trail_ticks is None else f", trails by {self.trail_ticks}"
        return f"<Placed {self.result.outcome}{told}{trails}>"

    def raise_for_outcome(self) -> Self:
        """Raise an error where the gateway did not take the order.

        Returns:
            The Placed itself, so that a call can follow.

        Raises:
            OrderRejected, OrderNotSent, OrderNotPlaced, OrderUnknown: by its outcome.
        """
        self.result.raise_for_outcome()
        return self

    def filled(self, timeout: float = 5) -> Any:
        """Wait until it is filled or has ended; quantity, average price, trades.

        It is told by the order's events where the user hub is live and has missed
        none; by reading where it has, where the time is over, or realtime is off.

        Args:
            timeout: seconds, 0 to 3600, after which it tells what is known by then.

        Returns:
            A Fill; with an event loop, what gives it when awaited.

        Raises:
            InvalidField, WrongFieldType: it is no such number.
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was read.
        """
        trader: StateVerbs[Any] = self._trader  # type: ignore[assignment]
        return trader._filled(self.result, self.account_id, timeout)

    @property
    def legs(self) -> int:
        """How many legs it was placed with."""
        order = self._order
        if order is None:
            return 0
        ticks = order.stop_loss_ticks, order.take_profit_ticks
        return sum(each is not None for each in ticks)

    def __aiter__(self) -> AsyncIterator[OrderStep]:
        """What happens to the order and its legs, until all of them have ended.

        ``async for change in order: print(change)``: accepted, fill, filled, stop
        working, target filled, stop cancelled ... With code that has no event loop,
        ``for change in order``.

        Raises:
            RealtimeUnavailable: realtime is switched off, or hears another account.
            OrderRejected, OrderUnknown ...: the gateway did not take it.
            RealtimeClosed: of the loop, where the trader is closed meanwhile.
        """
        return steps_of(*self._followed())

    def __iter__(self) -> Iterator[OrderStep]:
        """What happens to the order and its legs, for code without an event loop.

        It gives and raises what ``__aiter__`` does.
        """
        return steps_in_thread(*self._followed())

    def _followed(self) -> tuple[State, int, int]:
        number = self.result.raise_for_outcome().order_id
        assert number is not None
        trader: StateVerbs[Any] = self._trader  # type: ignore[assignment]
        state = trader.state
        if self.account_id != state.account_id:
            raise RealtimeUnavailable(
                f"the order must be of account {state.account_id}, whose events are "
                f"heard, was of {self.account_id}"
            )
        return state, number, self.legs

    def cancel(self) -> Any:
        """Cancel the order.

        Returns:
            The OrderResult of the cancel; with an event loop, a Ticket that gives it
            when awaited.

        Raises:
            OrderRejected, OrderNotSent, OrderNotPlaced, OrderUnknown: the order itself
                was not taken, so there is none to cancel.
            TokenMissing, ExecutorClosed, ExecutorMisuse: nothing was sent.
        """
        number = self.result.raise_for_outcome().order_id
        return self._trader.executor.cancel_order(number, self.account_id)


class Placing(Ticket):  # type: ignore[type-arg]  # a compiled base has no parameters
    """The ticket of an order, whose result can be acted upon."""

    def _follow(
        self,
        trader: BaseTrader[Any],
        account_id: int,
        ticket: Ticket[OrderResult],
        order: OrderRequest,
    ) -> None:
        """Give what becomes of this ticket's order, once it is known."""
        self.begin(  # type: ignore[attr-defined]  # of the compiled base
            ticket.dispatcher,  # type: ignore[attr-defined]
            None,
            "place",
            ticket.tag,
            account_id,
        )
        self._trader = trader
        self._ticket = ticket
        self._order = order
        if ticket.done:
            self._is_placed(ticket)
        else:
            ticket._call_when_done(self._is_placed)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        return str(self._ticket.state)

    def _is_placed(self, ticket: Ticket[OrderResult]) -> None:
        account_id = self.account_id
        assert account_id is not None
        self._settle_with(
            placed_of(self._trader, account_id, ticket._value(), self._order)
        )


def placed_of(
    trader: BaseTrader[Any], account_id: int, result: OrderResult, order: OrderRequest
) -> Placed:
    """What became of an order, made without the cost of a Python call."""
    placed = Placed.__new__(Placed)
    placed._trader = trader
    placed.account_id = account_id
    placed.result = result
    placed._order = order
    return placed


def placed_or_placing(
    trader: BaseTrader[Any], account_id: int, sent: Any, order: OrderRequest
) -> Any:
    """Of an order that was sent: Placed of a result, Placing of a ticket."""
    if not isinstance(sent, Ticket):
        return placed_of(trader, account_id, sent, order)
    placing = Placing.__new__(Placing)
    placing._follow(trader, account_id, sent, order)
    return placing


show_as(  # type: ignore[name-defined]  # noqa: F821 (of the .pxd)
    Placed,
    b"fastorder.Placed",
    b"(trader, account_id, result, trail_ticks=None, order=None)",
)
