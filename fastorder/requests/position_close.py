"""The protocol of closing a position, whole or in part.

Closing the whole of it can be repeated, once a look-up shows that the position is still
there. Closing a part has no key and no absolute value: a second send would close twice,
so it is never sent again, and where its answer is lost its outcome stays unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.answer_kind import AnswerKind
from fastorder._base.counted import counted
from fastorder._core.flow.protocol import Send
from fastorder.errors import ClosePositionError, PartialClosePositionError
from fastorder.gateway.endpoints import Endpoint
from fastorder.requests.amendment import Amendment, Effect, Kind, Repeat

if TYPE_CHECKING:
    from fastorder._core.flow.classify import Answer
    from fastorder.config import RetryPolicy
    from fastorder.runtime.clock import Clock

CLOSE = Kind(
    "close",
    Endpoint.CLOSE_POSITION,
    ClosePositionError,
    frozenset({ClosePositionError.OrderPending, ClosePositionError.UnknownError}),
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
    Repeat.NEVER,
)


class PositionClose(Amendment):
    """One close on its way.

    Args:
        account_id, contract_id: whose position of what.
        quantity: how many contracts; None for all.
        policy, clock: pauses and time.
        called_ns: when the caller called, on the monotonic clock.
    """

    __slots__ = ("_contract_id",)

    def __init__(
        self,
        account_id: int,
        contract_id: str,
        quantity: int | None,
        policy: RetryPolicy,
        clock: Clock,
        called_ns: int,
    ) -> None:
        import orjson  # loaded with the executor

        request = {"accountId": account_id, "contractId": contract_id}
        kind = CLOSE
        if quantity is not None:
            request["size"] = quantity
            kind = PARTIAL_CLOSE
        body = orjson.dumps(request)
        super().__init__(kind, account_id, 0, body, policy, clock, called_ns)
        self._contract_id = contract_id

    def _read_back(self) -> Send:
        super()._read_back()
        body = b'{"accountId":%d}' % self.account_id
        return Send(Endpoint.SEARCH_POSITIONS, body)

    def _judge_effect(self, answer: Answer) -> tuple[Effect, str]:
        """A position that is gone is closed; a part that is gone cannot be told."""
        rows = _positions(answer)
        if rows is None:
            reason = answer.reason or "the answer does not list the positions"
            return Effect.UNREADABLE, reason
        size = next(
            (row["size"] for row in rows if row["contractId"] == self._contract_id), 0
        )
        if not size:
            return Effect.DONE, "the position is gone"
        return Effect.NOT_SEEN, f"{counted(size, 'contract')} still open"


def _positions(answer: Answer) -> list[dict[str, object]] | None:
    if answer.kind is not AnswerKind.ACCEPTED or answer.reply is None:
        return None
    rows = (answer.reply.document or {}).get("positions")
    if not isinstance(rows, list):
        return None
    for row in rows:
        if not isinstance(row, dict) or not {"contractId", "size"} <= row.keys():
            return None
    return rows
