"""One way to write a verb for both facades: what it starts is delivered as each does.

The async executor gives the ticket, to be awaited; the blocking one waits for it and
gives its result. A verb that is not written for speed says once what it starts.
"""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from fastorder._base.hints import says_what_it_gives
from fastorder._base.near_names import with_near_names

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Concatenate

    from typing_extensions import ParamSpec

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder.verbs.orders import OrderVerbs

    P = ParamSpec("P")
    T = TypeVar("T")

    class Delivered(Generic[P, T]):
        """A verb as type checkers see it: awaited in one facade, plain in the other."""

        ticket: Callable[Concatenate[Any, P], Ticket[T]]
        """The same, undelivered; for verbs that are made of several."""

        @overload
        def __get__(self, executor: None, owner: Any = None) -> Delivered[P, T]: ...

        @overload
        def __get__(
            self, executor: OrderVerbs[Ticket[OrderResult]], owner: Any = None
        ) -> Callable[P, Ticket[T]]: ...

        @overload
        def __get__(
            self, executor: OrderVerbs[OrderResult], owner: Any = None
        ) -> Callable[P, T]: ...

        def __get__(self, executor: Any, owner: Any = None) -> Any: ...


def delivered(
    method: Callable[Concatenate[Any, P], Ticket[T]],
) -> Delivered[P, T]:
    """A verb out of a method that starts a ticket."""
    start = with_near_names(method)

    @wraps(method)
    def verb(self: Any, *given: Any, **named: Any) -> Any:
        return self._carry_out(start, (self, *given), named)

    says_what_it_gives(verb)
    method.__qualname__ = f"OrderExecutor.{method.__name__}"  # in Python's own errors
    verb.ticket = method  # type: ignore[attr-defined]
    return verb  # type: ignore[return-value]
