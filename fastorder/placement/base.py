# cython: annotation_typing=False
"""One order under way: what is known of it, and when a send may follow.

What is done at which event is said by ``protocol``, which builds on this.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.flow.protocol import (
    Finish,
    Pause,
    RequestProtocol,
    Send,
    gated_send,
)
from fastorder._core.flow.result import result_of
from fastorder.enums import Outcome
from fastorder.gateway.endpoints import Endpoint
from fastorder.placement.lookups import Lookups
from fastorder.placement.states import DONE, SENDING
from fastorder.requests.repeated_looks import CLOCK_JUMP_S
from fastorder.runtime.clock import SECOND_NS
from fastorder.runtime.retry_schedule import RetrySchedule

if TYPE_CHECKING:
    from fastorder._core.codec.order import OrderRequest
    from fastorder._core.flow.classify import Answer
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.config import RetryPolicy
    from fastorder.gateway.server_clock import ServerClock
    from fastorder.placement.interlock import Interlock
    from fastorder.placement.states import State
    from fastorder.runtime.clock import Clock

PLACE = Endpoint.PLACE


class PlacementBase(RequestProtocol):
    """One order on its way.

    Attributes:
        order: what the caller asked for.
        tag: the order's tag, unique in its account.
        contract_id: the contract as it stands in the body.
        state: where it stands.
        attempts: sends that began.
        tries: sends that were asked for.
        probed: the order that was asked for by its number; 0 where none was.
        in_doubt: an earlier send may have landed.
        evidence: of the last send; None before its end.
        valid_until_ns: no byte leaves after this, on the monotonic clock.
    """

    order: OrderRequest
    tag: str
    contract_id: str
    state: State
    attempts: int
    tries: int
    probed: int
    in_doubt: bool
    evidence: Evidence | None
    valid_until_ns: int
    _body: bytes
    _policy: RetryPolicy
    _clock: Clock
    _server_clock: ServerClock
    _interlock: Interlock
    _called_ns: int
    _sent_s: float  # the call on the wall clock
    _last_evidence: Evidence | None  # of the last exchange, look-ups too
    _answer: Answer  # of the last send's answer
    _retries: RetrySchedule | None
    _lookups_made: Lookups | None
    _may_resend: bool  # the look-up's absence may be followed by a send
    _never_again: bool  # a send of this order may never follow
    _had_401: bool  # a send has got one
    _single_lookup: bool  # one look-up is enough for a first result
    _witnessed: bool  # while it was sent, an event has shown it
    _only_send_refused: bool  # its tag was in use, so no send of it has landed
    _error: str  # why it is in doubt, or was not sent
    _due_ns: int
    _watch_until_ns: int  # when it has been watched long enough; 0 before it is watched

    # ------------------------------------------------------------ what is done

    def _send(self) -> Send:
        self.state = SENDING
        self.tries += 1
        self._due_ns = 0
        self._witnessed = False
        return gated_send(PLACE, self._body, self._leave_until_ns())

    def _pause(self, state: State, due_ns: int) -> Pause:
        self.state = state
        self._due_ns = due_ns
        return Pause(due_ns)

    def _mark_in_doubt(self, reason: str, turned_away: bool = False) -> None:
        """A send may have landed.

        Args:
            turned_away: it was answered before anything read it as an order.
        """
        lookups = self._lookups()
        lookups.turned_away = turned_away and (not self.in_doubt or lookups.turned_away)
        self.in_doubt = True
        self._error = reason
        lookups.begin_anew()
        self._interlock.add(self.order.account_id, self.contract_id, self.tag)

    # ------------------------------------------------------------ what it goes by

    def _may_send_again(self, mode: str) -> bool:
        return (
            self._policy.resend == mode
            and not self._never_again
            and self.attempts <= self._policy.max_retries
            and not self._too_late
        )

    @property
    def _too_late(self) -> bool:
        return self._clock.monotonic_ns() >= self._leave_until_ns()

    def _leave_until_ns(self) -> int:
        """No byte leaves after this; earlier by what this machine has slept."""
        if self.order.valid_for is None:
            return self.valid_until_ns
        slept_s = self._clock.wall_s() - self._sent_s - self._ago_s
        if slept_s <= CLOCK_JUMP_S:
            return self.valid_until_ns
        return self.valid_until_ns - int(slept_s * SECOND_NS)

    @property
    def _is_early(self) -> bool:
        """Whether somebody asked for this look-up before its pause was over."""
        return self._clock.monotonic_ns() < self._due_ns

    @property
    def called_s(self) -> float:
        """The time of the call on the wall clock, at the earliest.

        As it stood then, or counted back from now: the wall clock may have been set
        back since, and the monotonic one stands still while the machine sleeps.
        """
        return min(self._sent_s, self._clock.wall_s() - self._ago_s)

    @property
    def _ago_s(self) -> float:
        """Seconds since the call on the monotonic clock."""
        return (self._clock.monotonic_ns() - self._called_ns) / SECOND_NS

    @property
    def _schedule(self) -> RetrySchedule:
        """Made on the first trouble; most orders have none."""
        if self._retries is None:
            self._retries = RetrySchedule(self._policy, self._clock)
        return self._retries

    def _lookups(self) -> Lookups:
        """Made on the first doubt."""
        if self._lookups_made is None:
            self._lookups_made = Lookups(
                self.order,
                self.tag,
                self.contract_id,
                self._policy,
                self._clock,
                self._server_clock,
            )
        return self._lookups_made

    # ------------------------------------------------------------ what is told

    def _never_sent(self) -> Finish[OrderResult]:
        proof = "not a byte of it left this machine"
        return self._finish(Outcome.NOT_SENT, proof, error=self._error)

    def _stopped(self) -> Finish[OrderResult]:
        """The executor closes: what is known by now is the last word."""
        why = f" ({self._error})" if self._error else ""
        self._error = f"the executor was closed{why}"
        if not self.in_doubt:
            return self._never_sent()
        self.state = DONE
        return Finish(self._unknown())

    def _unknown(self) -> OrderResult:
        """Whoever is told this expects no send any more."""
        self._never_again = True
        note = "" if self._lookups_made is None else self._lookups_made.note
        error = "; ".join(filter(None, (self._error, note)))
        return self._result(Outcome.UNKNOWN, None, None, error)

    def _finish(
        self,
        outcome: Outcome,
        proof: str,
        order_id: Any = None,
        error: str | None = None,
        error_code: Any = None,
        error_name: str | None = None,
    ) -> Finish[OrderResult]:
        """The outcome is proved."""
        self.state = DONE
        if self.in_doubt:
            self._interlock.clear(self.order.account_id, self.contract_id, self.tag)
        return Finish(
            self._result(outcome, proof, order_id, error, error_code, error_name)
        )

    def _result(
        self,
        outcome: Outcome,
        proof: str | None,
        order_id: Any,
        error: str | None,
        error_code: Any = None,
        error_name: str | None = None,
    ) -> OrderResult:
        return result_of(
            outcome,
            "place",
            self.evidence,
            self._called_ns,
            self._clock.monotonic_ns(),
            self.attempts,
            order_id,
            error,
            error_code,
            error_name,
            self.tag,
            proof,
        )
