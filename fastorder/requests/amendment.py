"""The protocol of a modify or a cancel: sent again where safe, read back in doubt.

Both carry absolute values, so the same request sent twice has the effect of one. Where
an answer leaves a doubt, the order is read by its id and decides.
"""

from __future__ import annotations

from decimal import Decimal
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.answer_kind import AnswerKind
from fastorder._core.codec.price import price_text
from fastorder._core.codec.request import render_order_by_id
from fastorder._core.flow.classify import Answer, classify
from fastorder._core.flow.protocol import Finish, Pause, RequestProtocol, Send
from fastorder._core.flow.result import result_of
from fastorder.enums import OrderStatus, Outcome
from fastorder.errors import CancelOrderError, ModifyOrderError, error_name
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.responses import UNAUTHORIZED_TEXT, unauthorized
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Command
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.models import Price
    from fastorder.runtime.clock import Clock

ENDED = frozenset(
    {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
        OrderStatus.REJECTED,
    }
)
ORDER_NOT_FOUND = 1
"""The code of Order/searchById for an order that does not exist."""


class State(Enum):
    """Where an amendment stands."""

    SENDING = "on its way, not answered yet"
    RETRY_WAIT = "waiting to be sent again"
    READ_BACK_WAIT = "in doubt, waiting to be read back"
    READING_BACK = "in doubt, being read back"
    DONE = "done"


class Effect(Enum):
    """What an order, read back, says of an amendment."""

    DONE = "done"
    IMPOSSIBLE = "no longer possible"
    NOT_SEEN = "not seen yet"
    UNREADABLE = "not read"


class Repeat(Enum):
    """When a request whose effect is in doubt is sent again."""

    AT_ONCE = "at once: twice has the effect of once"
    AFTER_LOOKUP = "once a look-up shows that it has had no effect"
    NEVER = "never"


class Kind(NamedTuple):
    """A modify or a cancel, as the gateway knows it.

    Attributes:
        action: "modify" or "cancel".
        endpoint: where it goes.
        codes: the endpoint's own error codes.
        pending: the codes after which it may still have its effect.
        repeat: when it is sent again: at once, after a look-up, never.
    """

    action: str
    endpoint: Endpoint
    codes: type[IntEnum]
    pending: frozenset[IntEnum]
    repeat: Repeat = Repeat.AT_ONCE


CANCEL = Kind(
    "cancel",
    Endpoint.CANCEL,
    CancelOrderError,
    frozenset({CancelOrderError.Pending, CancelOrderError.UnknownError}),
)
MODIFY = Kind(
    "modify",
    Endpoint.MODIFY,
    ModifyOrderError,
    frozenset({ModifyOrderError.Pending, ModifyOrderError.UnknownError}),
)

# A member of an enum is looked up anew each time; every amendment meets these.
SENDING, READING_BACK, DONE = State.SENDING, State.READING_BACK, State.DONE
ACCEPTED, WAS_ACCEPTED = Outcome.ACCEPTED, AnswerKind.ACCEPTED


class Amendment(RequestProtocol):
    """One modify or cancel on its way; subclasses say what its effect looks like.

    Args:
        kind: CANCEL or MODIFY.
        account_id, order_id: the order that is amended.
        body: the request's bytes; every send is of these.
        policy, clock: pauses and time.
        called_ns: when the caller called, on the monotonic clock.
    """

    __slots__ = (
        "_body",
        "_called_ns",
        "_clock",
        "_error",
        "_gated",
        "_may_resend",
        "_policy",
        "_refusal",
        "_renewed",
        "_retries",
        "_superseded",
        "account_id",
        "attempts",
        "evidence",
        "in_doubt",
        "kind",
        "order_id",
        "state",
    )

    def __init__(
        self,
        kind: Kind,
        account_id: int,
        order_id: int,
        body: bytes,
        policy: RetryPolicy,
        clock: Clock,
        called_ns: int,
    ) -> None:
        self.kind = kind
        self.account_id = account_id
        self.order_id = order_id
        self.attempts = 0
        self.in_doubt = False  # an earlier send may have had its effect
        self.state = SENDING
        self._body = body
        self._policy = policy
        self._clock = clock
        self._called_ns = called_ns
        self._retries: RetrySchedule | None = None
        self._gated = False  # whether it may add exposure
        self._may_resend = False
        self._superseded = False
        self._renewed = False  # gone on once because of another token
        self._error = ""
        self._refusal: Answer | None = None
        self.evidence: Evidence | None = None

    def effect(self, row: dict[str, Any]) -> Effect:
        """What the order, as it stands, says of this amendment."""
        raise NotImplementedError

    # ------------------------------------------------------------ events

    def start(self) -> Send:
        """The first command: the request leaves."""
        self.state = SENDING
        return Send(self.kind.endpoint, self._body, self._gated)

    def on_evidence(self, evidence: Evidence) -> Command[OrderResult]:
        """An exchange has ended."""
        if self.state is READING_BACK:
            return self._was_read_back(evidence)
        return self._answered(evidence)

    def on_time(self) -> Command[OrderResult]:
        """A pause is over."""
        if self.state is State.READ_BACK_WAIT:
            return self._read_back()
        if not self._superseded:
            return self.start()
        return self._read_back() if self.in_doubt else self._outdated()

    def after_hold(self, command: Send) -> Command[OrderResult] | None:
        """It waited for a login; a newer modify may have taken its place."""
        if self.state is SENDING and self._superseded:
            return self._read_back() if self.in_doubt else self._outdated()
        return command

    def superseded_by(self, newer: Amendment) -> None:
        """Be sent no more where that would undo a newer change of the order."""

    def on_stop(self, evidence: Evidence | None) -> Finish[OrderResult]:
        """The executor closes: nothing more can be learnt."""
        if evidence is not None and self.state is State.SENDING:
            self.evidence = evidence
            self.attempts += evidence.starts > 0
            self.in_doubt |= evidence.starts > 0
        why = f" ({self._error})" if self._error else ""
        self._error = f"the executor was closed{why}"
        if self.in_doubt:
            return self._finish(Outcome.UNKNOWN, self._error)
        return self._never_sent()

    @property
    def _schedule(self) -> RetrySchedule:
        """Made on the first trouble; most requests have none."""
        if self._retries is None:
            self._retries = RetrySchedule(self._policy, self._clock)
        return self._retries

    # ------------------------------------------------------------ sending

    def _answered(self, evidence: Evidence) -> Command[OrderResult]:
        self.evidence = evidence
        answer = classify(evidence, self._policy)
        self.attempts += evidence.starts > 0
        if answer.kind is WAS_ACCEPTED:
            return self._finish(ACCEPTED, proof="the gateway took it")
        self._error = answer.reason
        if answer.kind is AnswerKind.NOT_SENT:
            return self._not_sent(evidence)
        if answer.kind is AnswerKind.REFUSED:
            return self._refused(answer)
        if self._is_repeated_at_once(answer):
            self.in_doubt = True
            return self._retry_later(evidence)
        if self.kind.repeat is not Repeat.NEVER and unauthorized(evidence, answer):
            if self._has_another_token(evidence, answer):
                return self._go_on_with_another_token()
            self._error = UNAUTHORIZED_TEXT
        if answer.kind is AnswerKind.CLIENT_ERROR:
            self._refusal = answer
            return self._read_back()
        return self._read_back_later()

    def _is_repeated_at_once(self, answer: Answer) -> bool:
        return (
            self.kind.repeat is Repeat.AT_ONCE
            and answer.kind in (AnswerKind.TRANSIENT_ERROR, AnswerKind.RATE_LIMITED)
            and not self._schedule.spent
        )

    def _has_another_token(self, evidence: Evidence, answer: Answer) -> bool:
        """Whether a 401 is met by another token, which is done once."""
        if not unauthorized(evidence, answer) or not self.another_token:
            return False
        first, self._renewed = not self._renewed, True
        return first

    def _go_on_with_another_token(self) -> Command[OrderResult]:
        """The 401 does not prove that the request had no effect."""
        self.in_doubt = True
        if self.kind.repeat is not Repeat.AT_ONCE:
            return self._read_back_later()
        return self._read_back() if self._superseded else self.start()

    def _not_sent(self, evidence: Evidence) -> Command[OrderResult]:
        if evidence.held_back:
            return self._read_back_later() if self.in_doubt else self._never_sent()
        if not self._schedule.spent and not evidence.untrusted:
            return self._retry_later(None)
        return self._read_back_later() if self.in_doubt else self._never_sent()

    def _never_sent(self) -> Finish[OrderResult]:
        proof = "not a byte of it left this machine"
        return self._finish(Outcome.NOT_SENT, self._error, proof=proof)

    def _refused(self, answer: Answer) -> Command[OrderResult]:
        assert answer.reply is not None
        code = answer.reply.error_code
        name = error_name(self.kind.codes, code)
        if name is None or code in self.kind.pending:
            self._error = f"{name or 'unlisted code'} ({code})"
            return self._read_back_later()
        if self.in_doubt:
            self._refusal = answer
            self._error = f"{name} ({code})"
            return self._read_back()
        return self._finish(
            Outcome.REJECTED,
            answer.reason or None,
            code,
            name,
            f"the gateway refused the only send of it: {name} ({code})",
        )

    def _retry_later(self, evidence: Evidence | None) -> Pause:
        self.state = State.RETRY_WAIT
        return Pause(self._schedule.next_due_ns(evidence))

    # ------------------------------------------------------------ reading back

    def _read_back_later(self) -> Pause:
        """The request may have had its effect: wait, then read the order."""
        self.in_doubt = True
        self.state = State.READ_BACK_WAIT
        self._may_resend = not self._schedule.spent
        if self._may_resend:
            return Pause(self._schedule.next_due_ns(self.evidence))
        return Pause(self._schedule.last_due_ns())

    def _read_back(self) -> Send:
        self.state = State.READING_BACK
        body = render_order_by_id(self.account_id, self.order_id)
        return Send(Endpoint.ORDER_BY_ID, body)

    def _was_read_back(self, evidence: Evidence) -> Command[OrderResult]:
        answer = classify(evidence, self._policy)
        if self._has_another_token(evidence, answer):
            return self._read_back()
        effect, why = self._judge_effect(answer)
        if effect is Effect.DONE:
            return self._finish(ACCEPTED, proof=f"read back: {why}")
        if effect is Effect.IMPOSSIBLE:
            return self._finish(Outcome.REJECTED, why, proof=f"read back: {why}")
        if effect is Effect.UNREADABLE:
            return self._effect_not_seen(f"{self._error}; reading back failed: {why}")
        if self._refusal is not None and not self.in_doubt:
            return self._finish(
                Outcome.REJECTED, self._error, proof=f"read back: {why}"
            )
        return self._effect_not_seen(f"{self._error}; {why}")

    def _judge_effect(self, answer: Answer) -> tuple[Effect, str]:
        """What was read back says of this amendment, and why."""
        if _does_not_exist(answer):
            return Effect.IMPOSSIBLE, "the order does not exist"
        row = _order_row(answer)
        if row is None or row.get("id") != self.order_id:
            reason = answer.reason or "the answer does not hold the order"
            return Effect.UNREADABLE, reason
        effect = self.effect(row)
        if effect is Effect.IMPOSSIBLE:
            return effect, _ended_text(row)
        if effect is Effect.DONE:
            return effect, "the order shows it"
        return effect, "the order does not show it"

    def _effect_not_seen(self, why: str) -> Command[OrderResult]:
        """Send again while the schedule lasts, unless the gateway has refused it."""
        if self._superseded:
            return self._outdated(why)
        repeated = self._may_resend and self.kind.repeat is not Repeat.NEVER
        if self._refusal is None and repeated:
            return self.start()
        return self._finish(Outcome.UNKNOWN, why)

    def _outdated(self, why: str = "it was not sent") -> Finish[OrderResult]:
        self._error = f"{why}; a newer modify has taken its place"
        if self.in_doubt:
            return self._finish(Outcome.UNKNOWN, self._error)
        return self._never_sent()

    # ------------------------------------------------------------ the end

    def _finish(
        self,
        outcome: Outcome,
        error: str | None = None,
        error_code: int | None = None,
        error_name: str | None = None,
        proof: str | None = None,
    ) -> Finish[OrderResult]:
        self.state = DONE
        return Finish(
            result_of(
                outcome,
                self.kind.action,
                self.evidence,
                self._called_ns,
                self._clock.monotonic_ns(),
                order_id=self.order_id or None,
                error=error,
                error_code=error_code,
                error_name=error_name,
                attempts=self.attempts,
                proof=proof,
            )
        )


class Cancellation(Amendment):
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

    def effect(self, row: dict[str, Any]) -> Effect:
        """Done when cancelled, impossible when it has ended otherwise."""
        if row.get("status") == OrderStatus.CANCELLED:
            return Effect.DONE
        return Effect.IMPOSSIBLE if _has_ended(row) else Effect.NOT_SEEN


class Modification(Amendment):
    """A modify: its effect is an order that carries every value asked for.

    A trail price cannot be read back, since the gateway stores a distance; such a
    modify stays unknown where its answer is lost.

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
        self.wanted = wanted

    def superseded_by(self, newer: Amendment) -> None:
        """Be sent no more where a newer modify sets one of the same values."""
        if isinstance(newer, Modification) and self.wanted.keys() & newer.wanted:
            self._superseded = True

    def effect(self, row: dict[str, Any]) -> Effect:
        """Done when every value is there, impossible when the order has ended."""
        if all(_shows(row, name, value) for name, value in self.wanted.items()):
            return Effect.DONE
        return Effect.IMPOSSIBLE if _has_ended(row) else Effect.NOT_SEEN


def _has_ended(row: dict[str, Any]) -> bool:
    status = row.get("status")
    return type(status) is int and status in ENDED


def _shows(row: dict[str, Any], name: str, wanted: Price) -> bool:
    """Whether an order's row shows this value; a trail price is never shown."""
    found = row.get(name)
    if name == "trailPrice" or type(found) not in (int, float):
        return False
    return Decimal(repr(found)) == Decimal(price_text(wanted))


def _order_row(answer: Answer) -> dict[str, Any] | None:
    if answer.kind is not AnswerKind.ACCEPTED or answer.reply is None:
        return None
    row = (answer.reply.document or {}).get("order")
    return row if isinstance(row, dict) else None


def _does_not_exist(answer: Answer) -> bool:
    return (
        answer.kind is AnswerKind.REFUSED
        and answer.reply is not None
        and answer.reply.error_code == ORDER_NOT_FOUND
    )


def _ended_text(row: dict[str, Any]) -> str:
    status = OrderStatus(row["status"])
    return f"the order is {status.name.lower()} already"
