# cython: annotation_typing=False
"""An order that was placed, and what can be done with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.ticket import Ticket

if TYPE_CHECKING:
    from typing_extensions import Self

    from fastorder._core.flow.result import OrderResult
    from fastorder.trader.base import BaseTrader


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

    __slots__ = ("_trader", "account_id", "result", "trail_ticks")

    def __init__(
        self,
        trader: BaseTrader[Any],
        account_id: int,
        result: OrderResult,
        trail_ticks: int | None = None,
    ) -> None:
        self._trader = trader
        self.account_id = account_id
        self.result = result
        self.trail_ticks = trail_ticks

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(f"a placed order has no {name!r}", name=name, obj=self)
        return getattr(self.result, name)

    def __dir__(self) -> list[str]:
        own = [name for name in object.__dir__(self) if name != "_trader"]
        return sorted({*own, *(name for name in dir(self.result) if name[:1] != "_")})

    def __bool__(self) -> bool:
        return self.result.success

    def __repr__(self) -> str:
        trails = "" if self.trail_ticks is None else f", trails by {self.trail_ticks}"
        return f"<Placed {self.result.outcome}: {self.result.message}{trails}>"

    def raise_for_outcome(self) -> Self:
        """The same, unless the gateway did not take it: see ``OrderResult``."""
        self.result.raise_for_outcome()
        return self

    def filled(self, timeout: float = 5) -> Any:
        """Wait until it is filled or has ended; see ``OrderExecutor.filled``.

        Returns:
            A Fill; with an event loop, what gives it when awaited.
        """
        return self._trader.executor.filled(self.result, self.account_id, timeout)

    def cancel(self) -> Any:
        """Cancel it; see ``OrderExecutor.cancel_order``."""
        number = self.result.raise_for_outcome().order_id
        return self._trader.executor.cancel_order(number, self.account_id)


class Placing(Ticket):  # type: ignore[type-arg]  # a compiled base has no parameters
    """The ticket of an order, whose result can be acted upon."""

    def __init__(
        self, trader: BaseTrader[Any], account_id: int, ticket: Ticket[OrderResult]
    ) -> None:
        super().__init__(
            trader.executor._dispatcher, None, "place", ticket.tag, account_id
        )
        self._trader = trader
        self._ticket = ticket
        if ticket.done:
            self._is_placed(ticket)
        else:
            ticket._call_when_done(self._is_placed)

    @property
    def state(self) -> str:
        """Where it stands, for people."""
        return self._ticket.state

    def _is_placed(self, ticket: Ticket[OrderResult]) -> None:
        account_id = self.account_id
        assert account_id is not None
        self._settle_with(Placed(self._trader, account_id, ticket._value()))


show_as(  # type: ignore[name-defined]  # noqa: F821 (of the .pxd)
    Placed,
    b"fastorder.Placed",
    b"(trader, account_id, result, trail_ticks=None)",
)
