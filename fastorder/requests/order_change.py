"""A modify and a cancel: what the order, read back, says of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.answer_kind import AnswerKind
from fastorder._core.codec.request import render_order_by_id
from fastorder._core.flow.protocol import Send
from fastorder.budgets.lanes import Lane
from fastorder.enums import OrderStatus
from fastorder.errors import CancelOrderError, ModifyOrderError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import code_of, shown_order
from fastorder.gateway.rows import ENDED, same_price, size_of, status_of
from fastorder.requests.amendment import Amendment, Kind
from fastorder.requests.read_backs import Effect, Finding

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Row
    from fastorder.models import Price
    from fastorder.runtime.clock import Clock

CANCEL = Kind(
    "cancel",
    Endpoint.CANCEL,
    CancelOrderError,
    frozenset({CancelOrderError.Pending, CancelOrderError.UnknownError}),
    CancelOrderError.OrderNotFound,
)
MODIFY = Kind(
    "modify",
    Endpoint.MODIFY,
    ModifyOrderError,
    frozenset({ModifyOrderError.Pending, ModifyOrderError.UnknownError}),
    ModifyOrderError.OrderNotFound,
)
STOPS = frozenset({"stopPrice", "trailPrice"})
"""What a modify may set that only moves a stop: it goes with cancels and closes."""

NOT_FOUND = 1
"""The code of Order/searchById for an order that does not exist."""


class OrderChange(Amendment):
    """A change of one order."""

    __slots__ = ()

    def _question(self) -> Send:
        body = render_order_by_id(self.account_id, self.order_id)
        return Send(Endpoint.ORDER_BY_ID, body)

    def _judge(self, answer: Answer) -> Finding:
        if answer.kind is AnswerKind.REFUSED and code_of(answer) == NOT_FOUND:
            return Finding(Effect.NOT_SHOWN, "no order with this number is shown")
        row = shown_order(answer, self.order_id, self.account_id)
        if row is None:
            reason = answer.reason or "the answer does not hold the order"
            return Finding(Effect.UNREADABLE, reason)
        status = status_of(row)
        if status is None:
            return Finding(Effect.UNREADABLE, "the order's status cannot be read")
        return self._judge_order(row, status)

    def _judge_order(self, row: Row, status: OrderStatus) -> Finding:
        raise NotImplementedError


class Cancellation(OrderChange):
    """A cancel: its effect is an order that is cancelled."""

    __slots__ = ()

    def __init__(
        self,
        account_id: int,
        order_id: int,
        body: bytes,
        policy: RetryPolicy,
        clock: Clock,
        called_ns: int,
    ) -> None:
        super().__init__(CANCEL, account_id, order_id, body, policy, clock, called_ns)

    def _judge_order(self, row: Row, status: OrderStatus) -> Finding:
        """An order that has ended stays so, whatever copy shows it."""
        if status is OrderStatus.CANCELLED:
            return Finding(Effect.DONE, "the order is cancelled", is_final=True)
        if status in ENDED:
            return Finding(Effect.IMPOSSIBLE, _ended_text(status), is_final=True)
        return Finding(Effect.NOT_SEEN, f"the order is {_in_words(status)}")


class Modification(OrderChange):
    """A modify: its effect is an order that carries every value asked for.

    An order that still works may have carried them before, so one look at it proves
    nothing. A trail price cannot be read back, since the gateway stores a distance;
    such a modify stays unknown where its answer is lost.

    Args:
        wanted: the new values by their names on the wire.
    """

    __slots__ = ("wanted",)

    def __init__(
        self,
        account_id: int,
        order_id: int,
        body: bytes,
        policy: RetryPolicy,
        clock: Clock,
        called_ns: int,
        *,
        wanted: dict[str, Price],
    ) -> None:
        super().__init__(MODIFY, account_id, order_id, body, policy, clock, called_ns)
        self._gated = "size" in wanted
        if wanted.keys() <= STOPS:
            self.lane = int(Lane.LESSENING)
        self.wanted = wanted

    def superseded_by(self, newer: Amendment) -> None:
        """Be sent no more where a newer modify sets one of the same values."""
        if isinstance(newer, Modification) and self.wanted.keys() & newer.wanted:
            self._superseded = True

    def _judge_order(self, row: Row, status: OrderStatus) -> Finding:
        shows = [_shows(row, name, value) for name, value in self.wanted.items()]
        if all(shows):
            return Finding(Effect.DONE, _done_text(status), status in ENDED)
        if None in shows:
            return Finding(Effect.UNREADABLE, "the order does not say what was asked")
        if status in ENDED:
            return Finding(Effect.IMPOSSIBLE, _ended_text(status), is_final=True)
        return Finding(Effect.NOT_SEEN, "the order does not show it")


def _shows(row: Row, name: str, wanted: Price) -> bool | None:
    """Whether an order's row shows this value; a trail price is never shown."""
    if name == "trailPrice":
        return False
    if name == "size":
        size = size_of(row)
        return None if size is None else size == wanted
    return same_price(row.get(name), wanted)


def _done_text(status: OrderStatus) -> str:
    if status not in ENDED:
        return "the order shows it"
    return f"the order is {_in_words(status)} already, with these values"


def _ended_text(status: OrderStatus) -> str:
    return f"the order is {_in_words(status)} already"


def _in_words(status: OrderStatus) -> str:
    return status.name.lower().replace("_", " ")
