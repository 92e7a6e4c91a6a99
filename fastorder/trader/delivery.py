"""One way to write a verb for both traders: awaited in one, plain in the other."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from fastorder._base.hints import says_what_it_gives
from fastorder._base.near_names import with_near_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate

    from typing_extensions import ParamSpec

    from fastorder._core.flow.ticket import Ticket
    from fastorder.trader.base import BaseTrader
    from fastorder.trader.placed import Placed

    P = ParamSpec("P")
    T = TypeVar("T")

    class Verb(Generic[P, T]):
        """A verb as type checkers see it."""

        @overload
        def __get__(self, trader: None, owner: Any = None) -> Verb[P, T]: ...

        @overload
        def __get__(
            self, trader: BaseTrader[Ticket[Placed]], owner: Any = None
        ) -> Callable[P, Ticket[T]]: ...

        @overload
        def __get__(
            self, trader: BaseTrader[Placed], owner: Any = None
        ) -> Callable[P, T]: ...

        def __get__(self, trader: Any, owner: Any = None) -> Any: ...


def verb(method: Callable[Concatenate[Any, P], Ticket[T]]) -> Verb[P, T]:
    """A verb out of a method that starts a ticket."""
    start = with_near_names(method)

    @wraps(method)
    def delivered(self: Any, *given: Any, **named: Any) -> Any:
        return self._carry_out(start, (self, *given), named)

    says_what_it_gives(delivered)
    method.__qualname__ = f"Trader.{method.__name__}"  # in Python's own errors
    return delivered  # type: ignore[return-value]
