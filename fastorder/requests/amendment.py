"""The protocol of a change: sent again where safe, read back in doubt.

A modify and a cancel carry absolute values, so the same request sent twice has the
effect of one. Where an answer leaves a doubt, what is changed is read, and decides: at
once where no older state could look like it, otherwise once several looks long after
the last send have shown the same. Until then the outcome is UNKNOWN.
"""

from __future__ import annotations

from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NamedTuple

from fastorder._base.answer_kind import AnswerKind
from fastorder._core.flow.classify import Answer, classify
from fastorder._core.flow.protocol import Finish, Pause, RequestProtocol, Send, Tell
from fastorder._core.flow.result import result_of
from fastorder.enums import Outcome
from fastorder.errors import error_name
from fastorder.gateway.responses import (
    UNAUTHORIZED,
    UNAUTHORIZED_TEXT,
    unauthorized,
)
from fastorder.requests.read_backs import Effect, Finding, ReadBacks
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Command
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.gateway.endpoints import Endpoint
    from fastorder.runtime.clock import Clock

WATCHED_S = 15.0
"""So long after the quiet time it is looked at by itself."""


class State(Enum):
    """Where an amendment stands."""

    SENDING = "on its way, not answered yet"
    RETRY_WAIT = "waiting to be sent again"
    READ_BACK_WAIT = "in doubt, waiting to be read back"
    READING_BACK = "in doubt, being read back"
    AUDITING = "in doubt, its trades being read"
    EXPLAINING = "refused, the reason being read"
    WATCHING = "unknown, waiting for the next look"
    DONE = "done"


PAUSES = frozenset({State.RETRY_WAIT, State.READ_BACK_WAIT, State.WATCHING})
"""States that a timer ends."""


class Repeat(Enum):
    """When a request whose effect is in doubt is sent again."""

    AT_ONCE = "at once: twice has the effect of once"
    AFTER_LOOKUP = "once a look-up shows that it has had no effect"
    NEVER = "never"


class Kind(NamedTuple):
    """A modify, a cancel or a close, as the gateway knows it.

    Attributes:
        action: such as "modify".
        endpoint: where it goes.
        codes: the endpoint's own error codes.
        pending: the codes after which it may still have its effect.
        not_found: the code that says that there is nothing to be changed.
        repeat: when it is sent again: at once, after a look-up, never.
    """

    action: str
    endpoint: Endpoint
    codes: type[IntEnum]
    pending: frozenset[IntEnum]
    not_found: IntEnum
    repeat: Repeat = Repeat.AT_ONCE


# A member of an enum is looked up anew each time; every amendment meets these.
SENDING, DONE = State.SENDING, State.DONE
ACCEPTED, WAS_ACCEPTED = Outcome.ACCEPTED, AnswerKind.ACCEPTED


class Amendment(RequestProtocol):
    """One change on its way; subclasses say what its effect looks like.

    Args:
        kind: what it is for the gateway.
        account_id, order_id: what is changed; 0 for no order.
        body: the request's bytes; every send is of these.
        policy, clock: pauses and time.
        called_ns: when the caller called, on the monotonic clock.

    Attributes:
        lane: where it stands in a budget; what lessens risk may be put into the first.
    """

    __slots__ = (
        "_body",
        "_called_ns",
        "_clock",
        "_due_ns",
        "_error",
        "_gated",
        "_is_told",
        "_last_evidence",
        "_looks",
        "_may_resend",
        "_policy",
        "_refusal",
        "_renewed",
        "_retries",
        "_superseded",
        "_watch_until_ns",
        "_withdrawn",
        "account_id",
        "attempts",
        "evidence",
        "in_doubt",
        "kind",
        "lane",
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
        self.lane = int(kind.endpoint.lane)
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
        self._looks: ReadBacks | None = None  # since the last send
        self._due_ns = 0  # where the latest pause ends
        self._watch_until_ns = 0
        self._gated = False  # whether it may add exposure
        self._may_resend = False
        self._is_told = False  # that it is unknown: it is not sent any more
        self._superseded = False
        self._withdrawn = ""  # why it is not sent again, though nothing is newer
        self._renewed = False  # gone on once because of another token
        self._error = ""
        self._refusal: Answer | None = None
        self._last_evidence: Evidence | None = None  # of the last look
        self.evidence: Evidence | None = None

    # ------------------------------------------------------------ for subclasses

    def _question(self) -> Send:
        """What is asked to see the effect."""
        raise NotImplementedError

    def _judge(self, answer: Answer) -> Finding:
        """What the answer to that shows."""
        raise NotImplementedError

    def _reconsider(self) -> None:
        """Withdraw what may do harm by now; asked before a send that has waited."""

    def _confirm(self, finding: Finding) -> Command[OrderResult] | None:
        """What else is asked where this is not proved; None for nothing."""
        return None

    def _was_audited(self, answer: Answer) -> Command[OrderResult]:
        """What else was asked has been answered."""
        raise NotImplementedError

    # ------------------------------------------------------------ events

    def start(self) -> Send:
        """The first command: the request leaves."""
        self.state = SENDING
        self._looks = None
        return Send(self.kind.endpoint, self._body, self._gated)

    def on_evidence(self, evidence: Evidence) -> Command[OrderResult]:
        """An exchange has ended."""
        state = self.state
        if state is SENDING:
            return self._answered(evidence)
        if state is State.EXPLAINING:
            return self._explained(classify(evidence, self._policy))
        return self._looked(evidence)

    def on_time(self) -> Command[OrderResult] | None:
        """A pause is over; one that a new token has replaced counts for nothing."""
        if self.state not in PAUSES or self._clock.monotonic_ns() < self._due_ns:
            return None
        if self.state is not State.RETRY_WAIT:
            return self._read_back()
        return self._try_again()

    def _try_again(self) -> Command[OrderResult]:
        """The pause before another send is over."""
        self._reconsider()
        return self._give_way() if self._gives_way else self.start()

    def on_new_token(self) -> Command[OrderResult] | None:
        """There is another token: what the last one hid is looked at."""
        last = self._last_evidence
        if last is None or last.http_status != UNAUTHORIZED:
            return None
        return self._read_back() if self.state is State.WATCHING else None

    def after_hold(self, command: Send) -> Command[OrderResult] | None:
        """It waited for a login; a newer modify may have taken its place."""
        if self.state is not SENDING:
            return command
        self._reconsider()
        return self._give_way() if self._gives_way else command

    def superseded_by(self, newer: Amendment) -> None:
        """Be sent no more where that would undo a newer change of the order."""

    def withdraw(self, why: str) -> None:
        """Be sent no more; what has left is followed to its outcome."""
        self._withdrawn = why

    @property
    def _gives_way(self) -> bool:
        return self._superseded or bool(self._withdrawn)

    def on_stop(self, evidence: Evidence | None) -> Finish[OrderResult]:
        """The executor closes: nothing more can be learnt."""
        if evidence is not None and self.state is State.SENDING:
            self.evidence = evidence
            self.attempts += evidence.starts > 0
            self.in_doubt |= evidence.starts > 0
        if self.state is State.EXPLAINING and self._refusal is not None:
            return self._rejected(self._refusal)
        why = f" ({self._error})" if self._error else ""
        self._error = f"the executor was closed{why}"
        if self.in_doubt:
            return self._finish(Outcome.UNKNOWN, self._error)
        return self._never_sent()

    def on_broken_off(self, why: str) -> Finish[OrderResult]:
        """What was to leave never reached the engine."""
        if self.state is State.EXPLAINING and self._refusal is not None:
            return self._rejected(self._refusal)  # the request itself has left
        self._error = why
        if self.in_doubt:
            return self._finish(Outcome.UNKNOWN, why)
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
        was_in_doubt, self.in_doubt = self.in_doubt, True
        limited_ns = self._limited_due_ns(evidence, answer)
        if limited_ns is not None:
            self._may_resend = True
            at_once = self.kind.repeat is Repeat.AT_ONCE
            state = State.RETRY_WAIT if at_once else State.READ_BACK_WAIT
            return self._pause(state, limited_ns)
        if self._is_repeated_at_once(answer):
            return self._retry_later(evidence)
        if self.kind.repeat is not Repeat.NEVER and unauthorized(evidence, answer):
            if self._has_another_token(evidence, answer):
                return self._go_on_with_another_token()
            self._error = UNAUTHORIZED_TEXT
        if answer.kind is AnswerKind.CLIENT_ERROR:
            self._refusal = None if was_in_doubt else answer
            self._may_resend = False
            return self._read_back()
        return self._read_back_later()

    def _limited_due_ns(self, evidence: Evidence, answer: Answer) -> int | None:
        """When to go on after HTTP 429; None where that is not waited for.

        What adds exposure does not wait: late, it is another trade.
        """
        waits = not self._gated and self.kind.repeat is not Repeat.NEVER
        if answer.kind is not AnswerKind.RATE_LIMITED or not waits or self._is_told:
            return None
        return self._schedule.limited_due_ns(evidence)

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
        if self.kind.repeat is not Repeat.AT_ONCE:
            return self._read_back_later()
        return self._try_again()

    def _not_sent(self, evidence: Evidence) -> Command[OrderResult]:
        if evidence.held_back:
            return self._read_back_later() if self.in_doubt else self._never_sent()
        if not self._schedule.spent and not evidence.untrusted:
            return self._retry_later(None)
        return self._read_back_later() if self.in_doubt else self._never_sent()

    def _never_sent(self) -> Finish[OrderResult]:
        proof = "not a byte of it left this machine"
        return self._finish(Outcome.NOT_SENT, self._error, proof=proof)

    def _retry_later(self, evidence: Evidence | None) -> Pause:
        return self._pause(State.RETRY_WAIT, self._schedule.next_due_ns(evidence))

    def _pause(self, state: State, due_ns: int) -> Pause:
        self.state = state
        self._due_ns = due_ns
        return Pause(due_ns)

    def _audit(self, question: Send) -> Send:
        """Ask what else may show the effect; ``_was_audited`` hears the answer."""
        self.state = State.AUDITING
        return question

    # ------------------------------------------------------------ refused

    def _refused(self, answer: Answer) -> Command[OrderResult]:
        assert answer.reply is not None
        code = answer.reply.error_code
        name = error_name(self.kind.codes, code)
        if name is None or code in self.kind.pending:
            self._error = f"{name or 'unlisted code'} ({code})"
            return self._read_back_later()
        if self.in_doubt:  # of a repeat: what came before it may have had its effect
            self._error = f"{name} ({code})"
            self._may_resend = False
            return self._read_back()
        self._refusal = answer
        if code == self.kind.not_found:
            self.state = State.EXPLAINING
            return self._question()
        return self._rejected(answer)

    def _explained(self, answer: Answer) -> Finish[OrderResult]:
        """Nothing was found to be changed: what is there says why."""
        assert self._refusal is not None
        finding = self._judge(answer)
        is_read = finding.effect is not Effect.UNREADABLE
        return self._rejected(self._refusal, finding.why if is_read else "")

    def _rejected(self, answer: Answer, why: str = "") -> Finish[OrderResult]:
        """The gateway has refused the only send of it."""
        assert answer.reply is not None
        code = answer.reply.error_code
        name = error_name(self.kind.codes, code)
        return self._finish(
            Outcome.REJECTED,
            "; ".join(filter(None, (answer.reason, why))) or None,
            code,
            name,
            f"the gateway refused the only send of it: {name} ({code})",
        )

    # ------------------------------------------------------------ reading back

    def _read_back_later(self) -> Pause:
        """The request may have had its effect: wait, then look."""
        self.in_doubt = True
        self._may_resend = not self._schedule.spent
        if self._may_resend:
            due_ns = self._schedule.next_due_ns(self.evidence)
        else:
            due_ns = self._schedule.last_due_ns()
        return self._pause(State.READ_BACK_WAIT, due_ns)

    def _read_back(self) -> Send:
        self.state = State.READING_BACK
        if self._looks is None:
            self._looks = ReadBacks(self._policy.quiet, self._clock)
        self._looks.begins()
        return self._question()

    def _looked(self, evidence: Evidence) -> Command[OrderResult]:
        """What is changed, or what else may show the effect, has been read."""
        self._last_evidence = evidence
        answer = classify(evidence, self._policy)
        if self._has_another_token(evidence, answer):
            return self._read_back()
        if self.state is not State.AUDITING:
            return self._was_read_back(evidence, answer)
        limited_ns = self._limited_due_ns(evidence, answer)
        if limited_ns is not None:
            return self._pause(State.READ_BACK_WAIT, limited_ns)
        return self._was_audited(answer)

    def _was_read_back(
        self, evidence: Evidence, answer: Answer
    ) -> Command[OrderResult]:
        finding = self._judge(answer)
        assert self._looks is not None
        self._looks.ended(finding, evidence.date)
        proof = self._proof_of(finding)
        if proof and (finding.effect is Effect.DONE or not self._superseded):
            return self._proved(finding, proof)
        if self._superseded:  # what is not there may be what the newer one has undone
            return self._outdated(f"{self._error}; {finding.why}")
        limited_ns = self._limited_due_ns(evidence, answer)
        if limited_ns is not None:
            return self._pause(State.READ_BACK_WAIT, limited_ns)
        return self._confirm(finding) or self._not_proved(finding)

    def _proof_of(self, finding: Finding) -> str:
        """Why this can be told; empty where it may still be otherwise."""
        assert self._looks is not None
        if finding.is_final:
            return f"read back: {finding.why}"
        if self._looks.are_lasting and self._is_told_by(finding.effect):
            return f"read back: {finding.why}; {self._looks.text}"
        return ""

    def _is_told_by(self, effect: Effect) -> bool:
        """Whether an effect that lasts says what became of it.

        That it is not there says nothing where no answer has refused it: a request that
        was lost on its way looks the same as one that is slow. And a position may have
        been closed and opened again. An order that is not shown may never have been,
        or have ended, by a cancel too.
        """
        shows_nothing = effect in (Effect.UNREADABLE, Effect.NOT_SHOWN)
        if self.kind.repeat is not Repeat.AT_ONCE or shows_nothing:
            return False
        return effect is Effect.DONE or self._refusal is not None

    def _proved(self, finding: Finding, proof: str) -> Finish[OrderResult]:
        if finding.effect is Effect.DONE:
            return self._finish(ACCEPTED, proof=proof)
        if finding.effect is Effect.IMPOSSIBLE:
            return self._finish(Outcome.REJECTED, finding.why, proof=proof)
        return self._finish(Outcome.REJECTED, self._error, proof=proof)

    def _not_proved(self, finding: Finding) -> Command[OrderResult]:
        """Send again, look again, or tell that it is unknown."""
        failed = finding.effect is Effect.UNREADABLE
        why = f"reading back failed: {finding.why}" if failed else finding.why
        if self._may_resend and self._refusal is None and not self._withdrawn:
            if self.kind.repeat is Repeat.AT_ONCE:
                return self.start()
            if self.kind.repeat is Repeat.AFTER_LOOKUP:
                seen = finding.effect is Effect.NOT_SEEN
                return self.start() if seen else self._read_back_later()
        return self._watch(why)

    def _watch(self, why: str) -> Command[OrderResult]:
        """It is told that it is unknown, once, and looked at for a while."""
        assert self._looks is not None
        self._may_resend = False
        now_ns = self._clock.monotonic_ns()
        if not self._watch_until_ns:
            watched_s = min(self._policy.quiet + WATCHED_S, self._policy.watch)
            self._watch_until_ns = now_ns + int(watched_s * SECOND_NS)
        unknown = self._finish(Outcome.UNKNOWN, f"{self._error}; {why}")
        if now_ns >= self._watch_until_ns:
            return unknown
        pause = self._pause(State.WATCHING, self._looks.next_due_ns())
        first, self._is_told = not self._is_told, True
        return Tell(unknown.value, pause) if first else pause

    def _give_way(self) -> Command[OrderResult]:
        """It is not sent any more: withdrawn, or a newer modify has its place."""
        return self._read_back() if self.in_doubt else self._outdated()

    def _outdated(self, why: str = "it was not sent") -> Finish[OrderResult]:
        reason = self._withdrawn or "a newer modify has taken its place"
        self._error = f"{why}; {reason}"
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
