# cython: annotation_typing=False
"""Sends an order at most once: events in, commands out, no I/O.

The order carries a tag that the gateway takes once for each account. Where the outcome
of a send is in doubt, nothing is sent again before Order/search has been read in full
and does not show the tag; then the same bytes go out, with the same tag. An outcome
that is told is proved, or it is UNKNOWN, and the search for the proof goes on.

``TRANSITIONS`` says what happens in each state at each event;
docs/internals/placement.md shows it as a table. Its steps are methods: those of the
send, and the proof of a refusal, stand here; those of an order in doubt, and the proof
of absence, in ``reconciliation``; what all of them go by, in ``base``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._base.answer_kind import AnswerKind
from fastorder._core.flow.classify import Answer, classify
from fastorder.enums import Outcome
from fastorder.errors import PlaceOrderError, error_name
from fastorder.gateway.responses import (
    UNAUTHORIZED,
    UNAUTHORIZED_TEXT,
    refusal_name,
    refuses,
    tag_in_use,
    unauthorized,
)
from fastorder.placement.reconciliation import RESTARTED, Reconciliation
from fastorder.placement.states import (
    AUDITING,
    CHECKING,
    DONE,
    LOOKING_UP,
    LOOKUP_WAIT,
    PROBING,
    READY,
    RETRY_WAIT,
    SENDING,
    STUCK,
    WATCHING,
    Event,
    State,
)
from fastorder.runtime.clock import FOREVER_NS

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.protocol import Command, Finish
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.gateway.rows import Row
    from fastorder.gateway.server_clock import ServerClock
    from fastorder.placement.interlock import Interlock
    from fastorder.runtime.clock import Clock

# A member of an enum is looked up anew each time; every order meets these.
WAS_ACCEPTED = AnswerKind.ACCEPTED
EVENT_START = Event.START
EVENT_ACCEPTED = Event.ACCEPTED
ACCEPTED = Outcome.ACCEPTED

ONLY_SEND_REFUSED = "the gateway refused the only send of it"
"""How the proof of a refusal begins; journals hold it."""

NOT_ANSWERED_YET = Answer()
"""Of a placement that has heard nothing yet."""


class Placement(Reconciliation):
    """One order on its way; ``placement_of`` makes it."""

    # ------------------------------------------------------------ events

    def start(self) -> Command[OrderResult] | None:
        """The first command: the order leaves."""
        return self._handle(EVENT_START)

    def recall(self, sent_s: float) -> OrderResult:
        """What is known of it after a restart, before anything is asked.

        Args:
            sent_s: when the intent was written, in seconds since the epoch.
        """
        self._sent_s = min(sent_s, self._sent_s)
        self._lookups().restarted = True
        self._mark_in_doubt(RESTARTED)
        return self._unknown()

    def resume(self, sent_s: float) -> Command[OrderResult] | None:
        """The first command after a restart: look it up, and never send it.

        Args:
            sent_s: when the intent was written, in seconds since the epoch.
        """
        self._sent_s = min(sent_s, self._sent_s)
        self._lookups().restarted = True
        return self._handle(Event.RESUME)

    def on_evidence(self, evidence: Evidence) -> Command[OrderResult] | None:
        """An exchange has ended."""
        sending = self.state is SENDING
        event = self._judge_send(evidence) if sending else self._judge_lookup(evidence)
        return None if event is None else self._handle(event)

    def on_time(self) -> Command[OrderResult] | None:
        """A pause is over; an earlier one that was replaced counts for nothing."""
        if self._clock.monotonic_ns() < self._due_ns:
            return None
        return self._handle(Event.TIME)

    def on_resolve(self) -> Command[OrderResult] | None:
        """Somebody wants to know: look it up now; it is not sent by this."""
        return self._handle(Event.RESOLVE)

    def on_witness(self, row: Row) -> Command[OrderResult] | None:
        """An event of the hub shows an order; one that is another's changes nothing.

        Args:
            row: as the event has it.
        """
        if self.state is READY or self.state is RETRY_WAIT or self.state is DONE:
            return None
        if not self._lookups().witnessed(row, self.called_s):
            return None
        return self._handle(Event.WITNESSED)

    def on_new_token(self) -> Command[OrderResult] | None:
        """There is another token: what the last one hid is looked at."""
        last = self._last_evidence
        if last is None or last.http_status != UNAUTHORIZED:
            return None
        return self.on_resolve()

    def on_failure(self, why: str) -> Command[OrderResult] | None:
        """The client itself has failed: what it was doing is not known any more."""
        self._error = why
        return self._handle(Event.FAILURE)

    def on_broken_off(self, why: str) -> Command[OrderResult] | None:
        """What was to leave never reached the engine; no send follows.

        Where an earlier send may have landed, it is looked up as after a restart.
        """
        if self.in_doubt:
            return self.on_failure(why)
        self._error = why
        return self._never_sent()

    def on_stop(self, evidence: Evidence | None) -> Finish[OrderResult]:
        """The executor closes: nothing more can be learnt."""
        if evidence is not None and self.state is SENDING:
            self._take_answer(evidence)
            if evidence.starts > 0:
                self._mark_in_doubt("")
        return self._stopped()

    def _handle(self, event: Event) -> Command[OrderResult] | None:
        row = TRANSITIONS[self.state]
        handler = row.get(event)
        return None if handler is None else handler(self)

    @property
    def may_have_left(self) -> bool:
        """Whether a byte of it may have left this machine."""
        return self.attempts > 0 or self.state not in (READY, RETRY_WAIT)

    # ------------------------------------------------------------ what the answer is

    def _take_answer(self, evidence: Evidence) -> None:
        self.evidence = self._last_evidence = evidence
        self.attempts += evidence.starts > 0

    def _judge_send(self, evidence: Evidence) -> Event:
        """Judge the answer to a send."""
        self._take_answer(evidence)
        answer = self._answer = classify(evidence, self._policy)
        reply = answer.reply
        if answer.kind is WAS_ACCEPTED and reply is not None and reply.order_id:
            return EVENT_ACCEPTED
        if answer.kind is AnswerKind.NOT_SENT:
            return Event.GATE_CLOSED if evidence.held_back else Event.NOT_SENT
        if answer.kind is AnswerKind.CLIENT_ERROR:
            if unauthorized(evidence, answer):
                return Event.UNAUTHORIZED
            return Event.CLIENT_ERROR
        if answer.kind is not AnswerKind.REFUSED or not refuses(answer):
            return Event.UNANSWERED
        return Event.TAG_IN_USE if tag_in_use(answer) else Event.REFUSED

    # ------------------------------------------------------------ sending

    def _accepted(self) -> Finish[OrderResult]:
        reply = self._answer.reply
        assert reply is not None
        proof = "the gateway answered with its number"
        return self._finish(ACCEPTED, proof, reply.order_id)

    def _refused(self) -> Command[OrderResult]:
        """A refusal proves something of the only send there ever was, and no other."""
        name = refusal_name(self._answer)
        if self.in_doubt or self._witnessed:
            self._never_again = True
            return self._look_up_now(f"{name}: {self._answer.reason}")
        return self._rejected(name)

    def _tag_taken(self) -> Command[OrderResult]:
        """The owner may be this very order, by a send that seemed lost."""
        self._only_send_refused = self.attempts == 1 and not self.in_doubt
        self._never_again = True
        self._lookups().contest()
        return self._look_up_now(self._answer.reason)

    def _client_error(self) -> Command[OrderResult]:
        """Most likely never read as an order: one look-up, and the wait is over."""
        self._never_again = True
        self._single_lookup = True
        return self._look_up_now(self._answer.reason)

    def _unauthorized(self) -> Command[OrderResult]:
        """There may be another token by the next send; a second 401 is the last."""
        again, self._had_401 = self._had_401, True
        self._never_again |= again
        reason = f"twice {UNAUTHORIZED_TEXT}" if again else self._answer.reason
        self._mark_in_doubt(reason, turned_away=True)
        return self._look_up_later()

    def _unanswered(self) -> Command[OrderResult]:
        """The send may have landed: wait, then look it up."""
        answer = self._answer
        if answer.kind is AnswerKind.REFUSED:
            self._mark_in_doubt(refusal_name(answer))
        elif answer.kind is WAS_ACCEPTED:
            self._mark_in_doubt("success without an order id")
        else:
            limited = answer.kind is AnswerKind.RATE_LIMITED
            self._mark_in_doubt(answer.reason, turned_away=limited)
        return self._look_up_later()

    def _not_sent(self) -> Command[OrderResult]:
        """Nothing left the machine this time: proved."""
        self._error = self._answer.reason
        if self.in_doubt:
            return self._look_up_later()
        untrusted = self.evidence is not None and self.evidence.untrusted
        if self._schedule.spent or untrusted:
            return self._never_sent()
        return self._pause(RETRY_WAIT, self._schedule.next_due_ns())

    def _gate_closed(self) -> Command[OrderResult]:
        self._error = self._answer.reason
        self._never_again = True
        return self._look_up_later() if self.in_doubt else self._never_sent()

    def _send_again(self) -> Command[OrderResult]:
        """The next try of an order of which nothing has left."""
        if self._too_late:
            self._error = f"{self._error}; its time was over"
            return self._never_sent()
        return self._send()

    def _owned_by_another(self) -> Command[OrderResult]:
        """If that is why the only send was refused, no order is ours."""
        if not self._only_send_refused or self.attempts > 1:
            return self._tag_contested()
        note = self._lookups().note
        return self._rejected(note, f"{self._answer.reason}; {note}")

    def _rejected(self, name: str, error: str | None = None) -> Finish[OrderResult]:
        """The gateway's own refusal of the only send there ever was."""
        reply = self._answer.reply
        assert reply is not None
        return self._finish(
            Outcome.REJECTED,
            f"{ONLY_SEND_REFUSED}: {name}",
            reply.order_id,
            error or self._answer.reason or None,
            reply.error_code,
            error_name(PlaceOrderError, reply.error_code),
        )


def placement_of(
    order: OrderRequest,
    tag: str,
    contract_id: str,
    body: bytes,
    policy: RetryPolicy,
    clock: Clock,
    server_clock: ServerClock,
    called_ns: int,
    interlock: Interlock,
    valid_until_ns: int = FOREVER_NS,
) -> Placement:
    """An order's placement, not begun; what is not set here is 0, False or None.

    Args:
        order: what the caller asked for.
        tag: the order's tag, unique in its account.
        contract_id: the contract as it stands in the body.
        body: the request's bytes; every send is of these.
        policy: pauses, the statuses that are tried again, and how absence is proved.
        clock, server_clock: time and randomness.
        called_ns: when the caller called, on the monotonic clock.
        interlock: hears when the order is in doubt, and when no longer.
        valid_until_ns: no byte leaves after this, on the monotonic clock: where the
            order's ``valid_for`` ends; FOREVER_NS where it has none, and only then.
    """
    placement = Placement.__new__(Placement)
    placement.order = order
    placement.tag = tag
    placement.state = READY
    placement.valid_until_ns = valid_until_ns
    placement.contract_id = contract_id
    placement._body = body
    placement._policy = policy
    placement._clock = clock
    placement._server_clock = server_clock
    placement._called_ns = called_ns
    placement._interlock = interlock
    placement._sent_s = clock.wall_s()
    placement._answer = NOT_ANSWERED_YET
    placement._error = ""
    return placement


FOUND: dict[Event, Callable[[Placement], Any]] = {
    Event.FOUND: Placement._found,
    Event.FOUND_REJECTED: Placement._found_rejected,
    Event.MISMATCH: Placement._owned_by_another,
}
FOUND_OR_NOT = {**FOUND, Event.DUPLICATE: Placement._duplicate}

TRANSITIONS: dict[State, dict[Event, Callable[[Placement], Any]]] = {
    READY: {
        Event.START: Placement._send,
        Event.RESUME: Placement._resumed,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    SENDING: {
        Event.ACCEPTED: Placement._accepted,
        Event.REFUSED: Placement._refused,
        Event.TAG_IN_USE: Placement._tag_taken,
        Event.CLIENT_ERROR: Placement._client_error,
        Event.UNAUTHORIZED: Placement._unauthorized,
        Event.UNANSWERED: Placement._unanswered,
        Event.NOT_SENT: Placement._not_sent,
        Event.GATE_CLOSED: Placement._gate_closed,
        Event.WITNESSED: Placement._remember,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    RETRY_WAIT: {
        Event.TIME: Placement._send_again,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    LOOKUP_WAIT: {
        Event.TIME: Placement._look_up,
        Event.RESOLVE: Placement._look_up,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    LOOKING_UP: {
        **FOUND_OR_NOT,
        Event.ABSENT: Placement._absent,
        Event.INCONCLUSIVE: Placement._look_again_later,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    WATCHING: {
        Event.TIME: Placement._check,
        Event.RESOLVE: Placement._check,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    CHECKING: {
        **FOUND_OR_NOT,
        Event.ABSENT: Placement._still_absent,
        Event.INCONCLUSIVE: Placement._still_inconclusive,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    AUDITING: {
        Event.MATCHED: Placement._matched,
        Event.UNMATCHED: Placement._unmatched,
        Event.INCONCLUSIVE: Placement._still_inconclusive,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    PROBING: {
        **FOUND,
        Event.KNOWN: Placement._known,
        Event.UNLISTED: Placement._still_inconclusive,
        Event.INCONCLUSIVE: Placement._still_inconclusive,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    STUCK: {
        Event.RESOLVE: Placement._check,
        Event.WITNESSED: Placement._found,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    DONE: {},
}
"""What is done in each state at each event; at any other, nothing."""
