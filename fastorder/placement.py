"""The protocol that sends an order at most once: events in, commands out, no I/O.

The order carries a tag that the gateway takes once for each account. Where the
outcome of a send is in doubt, nothing is sent again before Order/search has been read
in full and does not show the tag; then the same bytes go out, with the same tag.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fastorder._core.protocol import Finish, Pause, RequestProtocol, Send
from fastorder._core.reading import Reading, read
from fastorder._core.request import render_order_search
from fastorder._core.result import result_of
from fastorder.endpoints import Endpoint
from fastorder.enums import OrderStatus, Outcome, Sign
from fastorder.errors import PlaceOrderError, error_name
from fastorder.gateway_time import MARGIN_S
from fastorder.schedule import Schedule

if TYPE_CHECKING:
    from fastorder._core.order import OrderRequest
    from fastorder._core.protocol import Command
    from fastorder._core.response import Reply
    from fastorder._core.result import OrderResult
    from fastorder._core.transfer import Evidence
    from fastorder.clock import Clock
    from fastorder.config import RetryPolicy
    from fastorder.gateway_time import GatewayTime

PENDING_CODES = frozenset({PlaceOrderError.OrderPending, PlaceOrderError.UnknownError})
"""Codes on place after which the order may live: they name no refusal."""

WIDER_MARGINS_S = (MARGIN_S, 86_400, 30 * 86_400, 365 * 86_400)
"""How far back the owner of a tag in use is looked for, look-up by look-up."""


class State(Enum):
    """Where a placement stands."""

    SENDING = "on its way, not answered yet"
    RESTING = "nothing sent yet, waiting for the next try"
    COOLING = "in doubt, waiting to be looked up"
    LOOKING_UP = "in doubt, being looked up"
    DONE = "done"


class Doubt(Enum):
    """Why an outcome is in doubt; it says what an absent tag means."""

    UNANSWERED = "may be repeated once the look-up shows that it is absent"
    TURNED_AWAY = "an HTTP refusal: absent means rejected"
    REFUSED_LATE = "refused after an earlier send: never repeated"
    TAG_IN_USE = "the tag has an owner: never repeated, never rejected unseen"


# A member of an enum is looked up anew each time; every order meets these.
SENDING, LOOKING_UP, DONE = State.SENDING, State.LOOKING_UP, State.DONE
UNANSWERED = Doubt.UNANSWERED
PLACE = Endpoint.PLACE
ACCEPTED = Outcome.ACCEPTED
WAS_ACCEPTED = Sign.ACCEPTED


class Placement(RequestProtocol):
    """One order on its way.

    Args:
        order: what the caller asked for.
        tag: the order's tag, unique in its account.
        contract_id: the contract as it stands in the body.
        body: the request's bytes; every send is of these.
        policy: pauses, and the statuses that are tried again.
        clock, gateway_time: time and randomness.
        called_ns: when the caller called, on the monotonic clock.
    """

    __slots__ = (
        "_body",
        "_called_ns",
        "_clock",
        "_contract_id",
        "_doubt",
        "_error",
        "_gateway_time",
        "_may_resend",
        "_policy",
        "_retries",
        "_searches",
        "_sent_s",
        "attempts",
        "evidence",
        "in_doubt",
        "order",
        "state",
        "tag",
    )

    def __init__(
        self,
        order: OrderRequest,
        tag: str,
        contract_id: str,
        body: bytes,
        policy: RetryPolicy,
        clock: Clock,
        gateway_time: GatewayTime,
        called_ns: int,
    ) -> None:
        self.order = order
        self.tag = tag
        self.attempts = 0
        self.in_doubt = False  # an earlier send may have landed
        self.state = SENDING
        self._contract_id = contract_id
        self._body = body
        self._policy = policy
        self._clock = clock
        self._gateway_time = gateway_time
        self._called_ns = called_ns
        self._sent_s = clock.wall_s()
        self._retries: Schedule | None = None
        self._doubt = UNANSWERED
        self._may_resend = False
        self._error = ""
        self._searches = 0
        self.evidence: Evidence | None = None

    # ------------------------------------------------------------ events

    def start(self) -> Send:
        """The first command: the order leaves."""
        return Send(PLACE, self._body)

    def on_evidence(self, evidence: Evidence) -> Command[OrderResult]:
        """An exchange has ended."""
        if self.state is LOOKING_UP:
            return self._looked_up(evidence)
        return self._answered(evidence)

    def on_time(self) -> Command[OrderResult]:
        """A pause is over."""
        if self.state is State.RESTING:
            return self._send()
        return self._look_up()

    def on_stop(self, evidence: Evidence | None) -> Finish[OrderResult]:
        """The executor closes: nothing more can be learnt."""
        if evidence is not None and self.state is SENDING:
            self.evidence = evidence
            self.attempts += evidence.starts > 0
            self.in_doubt |= evidence.starts > 0
        outcome = Outcome.UNKNOWN if self.in_doubt else Outcome.NOT_SENT
        why = f" ({self._error})" if self._error else ""
        return self._finish(outcome, error=f"the executor was closed{why}")

    def look_again(self) -> Send:
        """Look an order up whose outcome has stayed unknown; it is not sent again."""
        self._may_resend = False
        return self._look_up()

    @property
    def _schedule(self) -> Schedule:
        """Made on the first trouble; most orders have none."""
        if self._retries is None:
            self._retries = Schedule(self._policy, self._clock)
        return self._retries

    # ------------------------------------------------------------ sending

    def _send(self) -> Send:
        self.state = SENDING
        return Send(PLACE, self._body)

    def _answered(self, evidence: Evidence) -> Command[OrderResult]:
        """Judge the answer to a send."""
        self.evidence = evidence
        reading = read(evidence, self._policy.statuses)
        self.attempts += evidence.starts > 0
        if reading.sign is WAS_ACCEPTED:
            return self._accepted(reading)
        if reading.sign is Sign.NOT_SENT:
            return self._not_sent(evidence, reading)
        if reading.sign is Sign.REFUSED:
            return self._refused(reading)
        if reading.sign is Sign.TURNED_AWAY:
            doubt = UNANSWERED if self.in_doubt else Doubt.TURNED_AWAY
            return self._look_up_at_once(doubt, reading.reason)
        return self._unanswered(reading.reason)

    def _accepted(self, reading: Reading) -> Command[OrderResult]:
        assert reading.reply is not None
        order_id = reading.reply.order_id
        if order_id is None:
            return self._unanswered("success without an order id")
        return self._finish(ACCEPTED, order_id=order_id)

    def _not_sent(self, evidence: Evidence, reading: Reading) -> Command[OrderResult]:
        """Nothing left the machine this time: proved."""
        if self.in_doubt:
            return self._unanswered(reading.reason)
        self._error = reading.reason
        if self._schedule.spent or evidence.untrusted:
            return self._finish(Outcome.NOT_SENT, error=reading.reason)
        self.state = State.RESTING
        return Pause(self._schedule.next_due_ns())

    def _refused(self, reading: Reading) -> Command[OrderResult]:
        reply = reading.reply
        assert reply is not None
        code = reply.error_code
        name = error_name(PlaceOrderError, code)
        if name is None or code in PENDING_CODES:
            return self._unanswered(f"{name or 'unlisted code'} ({code})")
        if tag_in_use(reading):
            return self._look_up_at_once(Doubt.TAG_IN_USE, reading.reason)
        if self.in_doubt:
            return self._look_up_at_once(
                Doubt.REFUSED_LATE, f"{name}: {reading.reason}"
            )
        return self._rejected(reply, reading.reason)

    def _unanswered(self, reason: str) -> Pause:
        """The send may have landed: wait, then look it up."""
        self.in_doubt = True
        self._error = reason
        self.state = State.COOLING
        self._may_resend = not self._schedule.spent
        if self._may_resend:
            return Pause(self._schedule.next_due_ns(self.evidence))
        return Pause(self._schedule.last_due_ns())

    # ------------------------------------------------------------ looking up

    def _look_up_at_once(self, doubt: Doubt, reason: str) -> Send:
        self.in_doubt = True
        self._doubt = doubt
        self._error = reason
        return self._look_up()

    def _look_up(self) -> Send:
        self.state = LOOKING_UP
        start_s = self._gateway_time.window_start_s(self._sent_s, self._margin_s())
        body = render_order_search(self.order.account_id, start_s)
        return Send(Endpoint.SEARCH_ORDERS, body)

    def _margin_s(self) -> int:
        """Further back each time where the tag's owner may be an old order."""
        if self._doubt is not Doubt.TAG_IN_USE:
            return MARGIN_S
        margin = WIDER_MARGINS_S[min(self._searches, len(WIDER_MARGINS_S) - 1)]
        self._searches += 1
        return margin

    def _looked_up(self, evidence: Evidence) -> Command[OrderResult]:
        """Judge the answer to a look-up; a blind one shows nothing."""
        reading = read(evidence, self._policy.statuses)
        rows = listed_rows(reading)
        if rows is None:
            return self._blind(reading)
        ours = [row for row in rows if self._is_ours(row)]
        if len(ours) > 1:
            ids = ", ".join(str(row.get("id")) for row in ours)
            return self._unknown(f"several orders carry the tag: {ids}")
        return self._found(ours[0]) if ours else self._absent()

    def _is_ours(self, row: dict[str, Any]) -> bool:
        return row.get("customTag") == self.tag and row.get("parentOrderId") is None

    def _found(self, row: dict[str, Any]) -> Command[OrderResult]:
        order_id = row["id"]
        if (row.get("contractId"), row.get("side")) != (
            self._contract_id,
            self.order.side,
        ):
            return self._unknown(f"the tag belongs to another order, {order_id}")
        if row.get("status") == OrderStatus.REJECTED and not row.get("fillVolume"):
            return self._finish(Outcome.REJECTED, order_id=order_id, error=self._error)
        return self._finish(ACCEPTED, order_id=order_id)

    def _absent(self) -> Command[OrderResult]:
        """The look-up was read in full and does not show the tag."""
        if self._doubt is Doubt.TURNED_AWAY:
            return self._finish(Outcome.REJECTED, error=self._error)
        if self._doubt is UNANSWERED and self._may_resend:
            return self._send()
        return self._look_later(f"{self._error}; no order with its tag is listed")

    def _blind(self, reading: Reading) -> Command[OrderResult]:
        """The look-up shows nothing; one that was turned away would be again."""
        why = f"{self._error}; look-up failed: {reading.reason or reading.sign.value}"
        if reading.sign is Sign.TURNED_AWAY:
            return self._unknown(why)
        return self._look_later(why)

    def _look_later(self, why: str) -> Command[OrderResult]:
        if self._schedule.spent:
            return self._unknown(why)
        self.state = State.COOLING
        return Pause(self._schedule.next_due_ns())

    # ------------------------------------------------------------ the end

    def _unknown(self, error: str) -> Finish[OrderResult]:
        return self._finish(Outcome.UNKNOWN, error=error)

    def _rejected(self, reply: Reply, error: str) -> Finish[OrderResult]:
        """The gateway's own refusal of the only send there ever was."""
        return self._finish(
            Outcome.REJECTED,
            order_id=reply.order_id,
            error=error or None,
            error_code=reply.error_code,
            error_name=error_name(PlaceOrderError, reply.error_code),
        )

    def _finish(
        self,
        outcome: Outcome,
        order_id: int | None = None,
        error: str | None = None,
        error_code: int | None = None,
        error_name: str | None = None,
    ) -> Finish[OrderResult]:
        self.state = DONE
        return Finish(
            result_of(
                outcome,
                "place",
                self.evidence,
                self._called_ns,
                self._clock.monotonic_ns(),
                order_id=order_id,
                error=error,
                error_code=error_code,
                error_name=error_name,
                tag=self.tag,
                attempts=self.attempts,
            )
        )


def tag_in_use(reading: Reading) -> bool:
    """Whether a refusal says that the tag belongs to an order already.

    The gateway has no code of its own for it; the text decides.
    """
    text = reading.reason.lower()
    return "custom tag" in text or "customtag" in text


def listed_rows(reading: Reading) -> list[dict[str, Any]] | None:
    """The orders of a look-up that was read in full; None where it was not.

    An absent or null list is not an empty one, and a row without an id is no row.
    """
    if reading.sign is not WAS_ACCEPTED or reading.reply is None:
        return None
    rows = (reading.reply.document or {}).get("orders")
    if not isinstance(rows, list):
        return None
    if not all(isinstance(row, dict) and type(row.get("id")) is int for row in rows):
        return None
    return rows
