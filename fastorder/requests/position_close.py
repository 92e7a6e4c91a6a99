"""The protocol of closing a position, whole or in part.

Closing the whole of it can be repeated, once a look-up shows that the position is still
there, and that no order which was sent since may have opened it. Closing a part has no
key and no absolute value: a second send would close twice, so it is never sent again,
and where its answer is lost its outcome stays unknown.

That no position is listed is not enough: the list may be from before it was opened. The
account's trades have to say the same, and one of them has to be newer than the close.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder._core.codec.request import render_search_since
from fastorder._core.flow.protocol import Send
from fastorder.enums import Outcome, Side
from fastorder.errors import ClosePositionError, PartialClosePositionError
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import listed_positions, listed_trades
from fastorder.gateway.rows import created_s, held, same_contract, size_of, traded
from fastorder.requests.amendment import Amendment, Kind, Repeat, State
from fastorder.requests.read_backs import Effect, Finding

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder._core.flow.protocol import Command
    from fastorder._core.flow.result import OrderResult
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Row, Rows
    from fastorder.gateway.server_clock import ServerClock
    from fastorder.requests.order_since import OrderSince
    from fastorder.runtime.clock import Clock

CLOSE = Kind(
    "close",
    Endpoint.CLOSE_POSITION,
    ClosePositionError,
    frozenset({ClosePositionError.OrderPending, ClosePositionError.UnknownError}),
    ClosePositionError.PositionNotFound,
    Repeat.AFTER_LOOKUP,
)
PARTIAL_CLOSE = Kind(
    "partial close",
    Endpoint.PARTIAL_CLOSE,
    PartialClosePositionError,
    frozenset(
        {
            PartialClosePositionError.OrderPending,
            PartialClosePositionError.UnknownError,
        }
    ),
    PartialClosePositionError.PositionNotFound,
    Repeat.NEVER,
)
DAY_S = 86_400
"""How far back the trades are read: every position is closed once a day. Source: the
venue's rule of being flat by 15:10 Chicago."""

OVERTAKEN = "an order that was sent since may have opened what is held"


class PositionClose(Amendment):
    """One close on its way.

    Args:
        account_id, contract_id: whose position of what.
        quantity: how many contracts; None for all.
        policy, clock: pauses and time.
        called_ns: when the caller called, on the monotonic clock.
        server_clock: the gateway's clock.

    Attributes:
        orders_since: those of its contract that were asked for after it.
    """

    __slots__ = (
        "__weakref__",
        "_server_clock",
        "contract_id",
        "orders_since",
        "quantity",
    )

    def __init__(
        self,
        account_id: int,
        contract_id: str,
        quantity: int | None,
        policy: RetryPolicy,
        clock: Clock,
        called_ns: int,
        *,
        server_clock: ServerClock,
    ) -> None:
        import orjson  # loaded with the executor

        request = {"accountId": account_id, "contractId": contract_id}
        kind = CLOSE
        if quantity is not None:
            request["size"] = quantity
            kind = PARTIAL_CLOSE
        body = orjson.dumps(request)
        super().__init__(kind, account_id, 0, body, policy, clock, called_ns)
        self.contract_id = contract_id
        self.quantity = quantity
        self.orders_since: list[OrderSince] = []
        self._server_clock = server_clock

    def _is_overtaken(self, side: Side | None = None) -> bool:
        """Whether an order that was sent after it may have opened what is held."""
        return any(order.may_have_opened(side) for order in self.orders_since)

    def _reconsider(self) -> None:
        if self._is_overtaken():
            self.withdraw(OVERTAKEN)

    def _question(self) -> Send:
        body = b'{"accountId":%d}' % self.account_id
        return Send(Endpoint.SEARCH_POSITIONS, body)

    def _judge(self, answer: Answer) -> Finding:
        """How much of the position is listed; a part that is gone cannot be told."""
        rows = listed_positions(answer, self.account_id)
        if rows is None:
            reason = answer.reason or "the answer does not list the positions"
            return Finding(Effect.UNREADABLE, reason)
        open_count = 0
        for row in rows:
            same, size = self._is_of_contract(row), size_of(row)
            if same is False or size == 0:
                continue
            if same is None or size is None:
                what = f"position {row['id']} may be of this contract"
                return Finding(Effect.UNREADABLE, f"{what}: it cannot be read")
            open_count += size
            if self._is_overtaken(_side_of(row)):
                self.withdraw(OVERTAKEN)
        if open_count:
            still_open = f"{counted(open_count, 'contract')} still open"
            if self._withdrawn:
                still_open += f"; it is not sent again: {self._withdrawn}"
            return Finding(Effect.NOT_SEEN, still_open)
        return Finding(Effect.DONE, "no position of it is listed")

    def _is_of_contract(self, row: Row) -> bool | None:
        return same_contract(row.get("contractId"), self.contract_id)

    # ------------------------------------------------------------ the trades

    def _confirm(self, finding: Finding) -> Command[OrderResult] | None:
        """Once several looks list no position, the trades have to say so too."""
        looks = self._looks
        assert looks is not None
        if finding.effect is not Effect.DONE:
            return None
        if looks.are_steady:
            since_s = self._server_clock.window_start_s(self._clock.wall_s(), DAY_S)
            body = render_search_since(self.account_id, since_s)
            return self._audit(Send(Endpoint.SEARCH_TRADES, body))
        if self._is_told:
            return None
        return self._pause(State.READ_BACK_WAIT, looks.next_steady_ns())

    def _was_audited(self, answer: Answer) -> Command[OrderResult]:
        rows = listed_trades(answer, self.account_id)
        if rows is None:
            reason = answer.reason or "the answer does not list the trades"
            return self._watch(f"no position is listed; no trades: {reason}")
        doubt = self._doubt_of(rows)
        if doubt:
            return self._watch(f"no position of it is listed, but {doubt}")
        return self._finish(
            Outcome.ACCEPTED,
            proof="read back: several look-ups in a row list no position of it, and "
            "its trades add up to none, one of them since the close",
        )

    def _doubt_of(self, rows: Rows) -> str:
        """Why the trades do not show that the position was closed; empty if they do."""
        net, latest_s = 0, 0.0
        for row in rows:
            same = self._is_of_contract(row)
            if same is False:
                continue
            try:
                bought = traded(row)
            except ValueError as error:
                return str(error)
            if bought == 0:  # it was taken back
                continue
            made_s = created_s(row)
            if not same or not made_s:
                return f"a trade of order {row['orderId']} cannot be read"
            net += bought
            latest_s = max(latest_s, made_s)
        assert self._looks is not None
        since_s = self._looks.gateway_s(self._called_ns)
        if net:
            return f"its trades add up to {counted(abs(net), 'contract')}"
        if since_s is None:
            return "the gateway's clock is not known"
        return "" if latest_s >= since_s else "none has traded since the close"


def _side_of(row: Row) -> Side | None:
    """The side that has opened a position; None where that cannot be read."""
    try:
        return Side.BUY if held(row) > 0 else Side.SELL
    except ValueError:
        return None
