# cython: annotation_typing=False
"""The protocol that sends an order at most once: events in, commands out, no I/O.

The order carries a tag that the gateway takes once for each account. Where the outcome
of a send is in doubt, nothing is sent again before Order/search has been read in full
and does not show the tag; then the same bytes go out, with the same tag. An outcome
that is told is proved, or it is UNKNOWN, and the search for the proof goes on.

``TRANSITIONS`` says what happens in each state at each event;
docs/internals/placement.md shows it as a table.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from fastorder._core.protocol import Finish, Halt, Pause, RequestProtocol, Send, Tell
from fastorder._core.reading import Reading, read
from fastorder._core.request import render_order_by_id, render_order_search
from fastorder._core.result import result_of
from fastorder.absence import JUMP_S, AbsenceProof
from fastorder.answers import (
    NOT_LET_IN,
    created_s,
    listed_orders,
    listed_trades,
    refusal_name,
    refuses,
    shown_order,
    tag_in_use,
    unauthorized,
    why_blind,
)
from fastorder.audit import Audit
from fastorder.endpoints import Endpoint
from fastorder.enums import OrderStatus, Outcome, Sign
from fastorder.errors import PlaceOrderError, error_name
from fastorder.gateway_time import BLIND_MARGIN_S, MARGIN_S
from fastorder.schedule import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.order import OrderRequest
    from fastorder._core.protocol import Command
    from fastorder._core.result import OrderResult
    from fastorder._core.transfer import Evidence
    from fastorder.clock import Clock
    from fastorder.config import RetryPolicy
    from fastorder.doubts import Doubts
    from fastorder.gateway_time import GatewayTime

WIDER_MARGINS_S = (MARGIN_S, 86_400, 30 * 86_400, 365 * 86_400)
"""How far back the owner of a tag in use is looked for, look-up by look-up."""

FOREVER_NS = 2**63 - 1
SECOND_NS = 1_000_000_000


class State(Enum):
    """Where a placement stands."""

    READY = "not begun"
    SENDING = "on its way, not answered yet"
    RESTING = "nothing sent yet, waiting for the next try"
    COOLING = "in doubt, waiting to be looked up"
    LOOKING_UP = "in doubt, being looked up"
    WATCHING = "unknown, waiting to be looked up"
    CHECKING = "unknown, being looked up"
    AUDITING = "unknown, not listed, its contract's trades being read"
    PROBING = "unknown, not listed, an order being asked for by its number"
    STUCK = "unknown, and no longer looked up by itself"
    DONE = "done"

    __hash__ = object.__hash__


class Event(Enum):
    """What can happen to a placement."""

    START = "the order is to go out"
    RESUME = "the order may have gone out before a restart"
    # the answer to a send
    ACCEPTED = "accepted, with an order id"
    REFUSED = "refused, with a code that refuses"
    TAG_IN_USE = "refused: the tag is in use"
    TURNED_AWAY = "HTTP 3xx or 4xx, other than 401 and 429"
    UNAUTHORIZED = "HTTP 401"
    UNANSWERED = "no answer, 429, 5xx, or one that decides nothing"
    NOT_SENT = "not a byte left"
    HELD_BACK = "not a byte left: the gate was closed"
    # the answer to a look-up
    FOUND = "an order has the tag"
    FOUND_REJECTED = "an order has the tag, rejected and nothing filled"
    FOREIGN = "another contract's or side's order has the tag"
    SEVERAL = "several orders have the tag"
    ABSENT = "read in full: no order has the tag"
    BLIND = "not read in full"
    # the answers that tell whether a look-up can be believed
    EXPLAINED = "every trade of the contract is of an order that is known"
    UNEXPLAINED = "a trade is of an order that is not known"
    KNOWN = "the order that was asked for is there"
    UNLISTED = "it is there, and the look-ups should have listed it"
    # the rest
    TIME = "a pause is over"
    LOOK = "somebody wants to know"
    FAILURE = "the client itself has failed"
    STOP = "the executor closes"

    __hash__ = object.__hash__


# A member of an enum is looked up anew each time; every order meets these.
READY, SENDING, RESTING, COOLING, LOOKING_UP, WATCHING, CHECKING, *_AUDITS = State
AUDITING, PROBING, STUCK, DONE = _AUDITS
PLACE = Endpoint.PLACE
WAS_ACCEPTED = Sign.ACCEPTED
EVENT_START = Event.START
EVENT_ACCEPTED = Event.ACCEPTED
ACCEPTED = Outcome.ACCEPTED


NO_READING = Reading()
NO_ROWS: list[dict[str, Any]] = []
"""Of a placement that has heard nothing yet."""


class Placement(RequestProtocol):
    """One order on its way; ``placement_of`` makes it.

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
    _gateway_time: GatewayTime
    _doubts: Doubts
    _called_ns: int
    _sent_s: float  # the call on the wall clock
    _restarted: bool
    _heard: Evidence | None  # of the last exchange, look-ups too
    _retries: Schedule | None
    _absence: AbsenceProof | None
    _audit: Audit | None
    _reading: Reading
    _rows: list[dict[str, Any]]  # ours
    _listing: list[dict[str, Any]]  # all of the look-up
    _window_s: int
    _may_resend: bool  # the look-up's absence may be followed by a send
    _never_again: bool  # a send of this order may never follow
    _had_401: bool  # a send has got one
    _one_look: bool  # one look-up is enough for a first result
    _error: str  # why it is in doubt, or was not sent
    _last_look: str  # what the latest look-up showed
    _widens: int  # how often the tag's owner was looked for, from 0
    _due_ns: int
    _stuck_ns: int

    # ------------------------------------------------------------ events

    def start(self) -> Command[OrderResult] | None:
        """The first command: the order leaves."""
        return self._handle(EVENT_START)

    def resume(self, sent_s: float) -> Command[OrderResult] | None:
        """The first command after a restart: look it up, and never send it.

        Args:
            sent_s: when the intent was written, in seconds since the epoch.
        """
        self._sent_s = min(sent_s, self._sent_s)
        self._restarted = True
        return self._handle(Event.RESUME)

    def on_evidence(self, evidence: Evidence) -> Command[OrderResult] | None:
        """An exchange has ended."""
        if self.state is SENDING:
            return self._handle(self._answer(evidence))
        if self.state is LOOKING_UP or self.state is CHECKING:
            return self._handle(self._look_up_answer(evidence))
        if self.state is AUDITING:
            return self._handle(self._trades_answer(evidence))
        if self.state is PROBING:
            return self._handle(self._order_answer(evidence))
        return None

    def on_time(self) -> Command[OrderResult] | None:
        """A pause is over; an earlier one that was replaced counts for nothing."""
        if self._clock.monotonic_ns() < self._due_ns:
            return None
        return self._handle(Event.TIME)

    def look(self) -> Command[OrderResult] | None:
        """Somebody wants to know: look it up now; it is not sent by this."""
        return self._handle(Event.LOOK)

    def on_failure(self, why: str) -> Command[OrderResult] | None:
        """The client itself has failed: what it was doing is not known any more."""
        self._error = why
        return self._handle(Event.FAILURE)

    def on_stop(self, evidence: Evidence | None) -> Finish[OrderResult]:
        """The executor closes: nothing more can be learnt."""
        if evidence is not None and self.state is SENDING:
            self._take_answer(evidence)
            if evidence.starts > 0:
                self._be_in_doubt("")
        return self._stopped()

    def _handle(self, event: Event) -> Command[OrderResult] | None:
        row = TRANSITIONS[self.state]
        handler = row.get(event)
        return None if handler is None else handler(self)

    # ------------------------------------------------------------ what an answer is

    def _take_answer(self, evidence: Evidence) -> None:
        self.evidence = self._heard = evidence
        self.attempts += evidence.starts > 0

    def _answer(self, evidence: Evidence) -> Event:
        """Judge the answer to a send."""
        self._take_answer(evidence)
        reading = self._reading = read(evidence, self._policy.statuses)
        reply = reading.reply
        if reading.sign is WAS_ACCEPTED and reply is not None and reply.order_id:
            return EVENT_ACCEPTED
        if reading.sign is Sign.NOT_SENT:
            return Event.HELD_BACK if evidence.held_back else Event.NOT_SENT
        if reading.sign is Sign.TURNED_AWAY:
            if unauthorized(evidence, reading):
                return Event.UNAUTHORIZED
            return Event.TURNED_AWAY
        if reading.sign is not Sign.REFUSED or not refuses(reading):
            return Event.UNANSWERED
        return Event.TAG_IN_USE if tag_in_use(reading) else Event.REFUSED

    def _look_up_answer(self, evidence: Evidence) -> Event:
        """Judge the answer to a look-up; a blind one shows nothing."""
        self._heard = evidence
        reading = self._reading = read(evidence, self._policy.statuses)
        rows = listed_orders(reading)
        self._last_look = "no order with its tag is listed"
        if rows is None:
            self._last_look = why_blind(reading)
            return Event.BLIND
        self._listing = rows
        ours = self._rows = list(
            {row["id"]: row for row in rows if self._is_ours(row)}.values()
        )
        if not ours:
            return Event.ABSENT
        return Event.SEVERAL if len(ours) > 1 else self._found_as(ours[0])

    def _found_as(self, row: dict[str, Any]) -> Event:
        """What the one order that has the tag is."""
        if (row.get("contractId"), row.get("side")) != (
            self.contract_id,
            self.order.side,
        ):
            return Event.FOREIGN
        if row.get("status") == OrderStatus.REJECTED and not row.get("fillVolume"):
            return Event.FOUND_REJECTED
        return Event.FOUND

    def _trades_answer(self, evidence: Evidence) -> Event:
        """Judge the account's trades: each has to be of an order that is known."""
        self._heard = evidence
        reading = self._reading = read(evidence, self._policy.statuses)
        rows = listed_trades(reading)
        if rows is None:
            self._last_look = f"Trade/search: {why_blind(reading)}"
            return Event.BLIND
        self._audited.trades_ended(rows)
        return Event.EXPLAINED if self._audited.suspect is None else Event.UNEXPLAINED

    def _order_answer(self, evidence: Evidence) -> Event:
        """Judge an order that was asked for by its number."""
        self._heard = evidence
        reading = self._reading = read(evidence, self._policy.statuses)
        row = shown_order(reading, self.probed)
        if row is None:
            self._last_look = f"order {self.probed} is not shown: {why_blind(reading)}"
            return Event.BLIND
        if self._is_ours(row):
            self._rows = [row]
            return self._found_as(row)
        made_s = created_s(row)
        if made_s is not None and made_s < self._window_s:
            return Event.KNOWN
        known = self._audited.is_listed(self.probed)
        return Event.KNOWN if known else Event.UNLISTED

    def _is_ours(self, row: dict[str, Any]) -> bool:
        return row.get("customTag") == self.tag and not row.get("parentOrderId")

    # ------------------------------------------------------------ sending

    def _send(self) -> Send:
        self.state = SENDING
        self.tries += 1
        self._due_ns = 0
        return Send(PLACE, self._body, True, self._leave_until_ns())

    def _accepted(self) -> Finish[OrderResult]:
        reply = self._reading.reply
        assert reply is not None
        proof = "the gateway answered with its number"
        return self._finish(ACCEPTED, proof, reply.order_id)

    def _refused(self) -> Command[OrderResult]:
        """A refusal proves something of the only send there ever was, and no other."""
        name = refusal_name(self._reading)
        if self.in_doubt:
            self._never_again = True
            return self._look_up_now(f"{name}: {self._reading.reason}")
        return self._rejected(name)

    def _tag_taken(self) -> Send:
        """The owner may be this very order, by a send that seemed lost."""
        self._never_again = True
        self._widens = 0
        return self._look_up_now(self._reading.reason)

    def _turned_away(self) -> Send:
        """Most likely never read as an order: one look-up, and the wait is over."""
        self._never_again = True
        self._one_look = True
        return self._look_up_now(self._reading.reason)

    def _unauthorized(self) -> Command[OrderResult]:
        """There may be another token by the next send; a second 401 is the last."""
        again, self._had_401 = self._had_401, True
        self._never_again |= again
        self._be_in_doubt(f"twice {NOT_LET_IN}" if again else self._reading.reason)
        return self._cool()

    def _unanswered(self) -> Command[OrderResult]:
        """The send may have landed: wait, then look it up."""
        reading = self._reading
        if reading.sign is Sign.REFUSED:
            self._be_in_doubt(refusal_name(reading))
        elif reading.sign is WAS_ACCEPTED:
            self._be_in_doubt("success without an order id")
        else:
            self._be_in_doubt(reading.reason)
        return self._cool()

    def _not_sent(self) -> Command[OrderResult]:
        """Nothing left the machine this time: proved."""
        self._error = self._reading.reason
        if self.in_doubt:
            return self._cool()
        untrusted = self.evidence is not None and self.evidence.untrusted
        if self._schedule.spent or untrusted:
            return self._never_sent()
        return self._pause(RESTING, self._schedule.next_due_ns())

    def _held_back(self) -> Command[OrderResult]:
        self._error = self._reading.reason
        self._never_again = True
        return self._cool() if self.in_doubt else self._never_sent()

    def _send_again(self) -> Command[OrderResult]:
        """The next try of an order of which nothing has left."""
        if self._too_late:
            self._error = f"{self._error}; its time was over"
            return self._never_sent()
        return self._send()

    def _never_sent(self) -> Finish[OrderResult]:
        proof = "not a byte of it left this machine"
        return self._finish(Outcome.NOT_SENT, proof, error=self._error)

    # ------------------------------------------------------------ looking up

    def _resumed(self) -> Send:
        """After a restart it is looked up at once, and never sent again."""
        self._never_again = True
        self._be_in_doubt("the program ended before its outcome was known")
        return self._check()

    def _cool(self) -> Pause:
        schedule = self._schedule
        self._may_resend = not schedule.spent
        due_ns = schedule.next_due_ns if self._may_resend else schedule.last_due_ns
        return self._pause(COOLING, due_ns(self.evidence))

    def _look_up_now(self, reason: str) -> Send:
        self._be_in_doubt(reason)
        return self._look_up()

    def _look_up(self) -> Send:
        self.state = LOOKING_UP
        return self._search()

    def _check(self) -> Send:
        self.state = CHECKING
        return self._search()

    def _search(self) -> Send:
        assert self._audited is not None  # begun before the answer is there
        self._absence_proof.look_begins()
        start_s = self._gateway_time.window_start_s(self.called_s, self._margin_s())
        self._window_s = start_s
        body = render_order_search(self.order.account_id, start_s)
        return Send(Endpoint.SEARCH_ORDERS, body)

    def _margin_s(self) -> int:
        """Further back each time where the tag's owner may be an old order.

        After a restart a day: the wall clock may have been set since the intent.
        """
        if self._widens < 0:
            return BLIND_MARGIN_S if self._restarted else MARGIN_S
        margin = WIDER_MARGINS_S[min(self._widens, len(WIDER_MARGINS_S) - 1)]
        self._widens += 1
        return margin

    def _found(self) -> Finish[OrderResult]:
        order_id = self._rows[0]["id"]
        proof = f"{self._seen_by} order {order_id} with its tag"
        return self._finish(ACCEPTED, proof, order_id)

    def _found_rejected(self) -> Finish[OrderResult]:
        order_id = self._rows[0]["id"]
        proof = f"{self._seen_by} order {order_id} with its tag as rejected, unfilled"
        return self._finish(Outcome.REJECTED, proof, order_id, error=self._error)

    @property
    def _seen_by(self) -> str:
        by_number = self.state is PROBING
        return "Order/searchById shows" if by_number else "Order/search lists"

    def _foreign(self) -> Tell[OrderResult]:
        other = self._rows[0]["id"]
        self._last_look = f"the tag belongs to another order, {other}"
        return self._be_contested()

    def _several(self) -> Halt[OrderResult]:
        """The gateway broke its own rule: somebody has to look."""
        ids = ", ".join(str(row["id"]) for row in self._rows)
        self._last_look = f"several orders carry the tag: {ids}"
        return Halt(self._last_look, self._be_contested())

    def _absent(self) -> Command[OrderResult]:
        """Not listed, which alone proves nothing: send again, or look again."""
        self._note_listing(0)
        may_send = self._may_resend and self._may_send_again("lookup_first")
        if may_send and not self._is_early:
            return self._send()
        return self._look_later()

    def _blind(self) -> Command[OrderResult]:
        """The look-up shows nothing."""
        return self._look_later()

    def _look_later(self) -> Command[OrderResult]:
        if self._is_early:
            return self._pause(COOLING, self._due_ns)
        if self._one_look or self._schedule.spent:
            return self._begin_to_watch()
        return self._pause(COOLING, self._schedule.next_due_ns(self._heard))

    def _failed(self) -> Command[OrderResult]:
        """Whatever was under way is given up; it is only looked up from now on."""
        self._never_again = True
        self._be_in_doubt(self._error)
        return self._begin_to_watch()

    # ------------------------------------------------------------ watching

    def _begin_to_watch(self) -> Command[OrderResult]:
        """Tell that the outcome is unknown, and go on looking for the proof."""
        return self._tell_unknown(self._watch())

    def _tell_unknown(self, then: Pause) -> Command[OrderResult]:
        """Whoever waits is told, unless the order may still be sent again."""
        if self._may_send_again("after_quiet"):
            return then
        return Tell(self._unknown(), then)

    def _watch(self) -> Pause:
        proof = self._absence_proof
        if self._stuck_ns == FOREVER_NS:
            self._stuck_ns = proof.since_ns + self._policy.watch_ns
        asked_ns = self._schedule.asked_due_ns(self._heard)
        return self._pause(WATCHING, max(proof.next_look_ns(), asked_ns))

    def _still_absent(self) -> Command[OrderResult]:
        """Count it; enough of these after a quiet time may prove that it is absent."""
        proof = self._absence_proof
        proof.absent()
        self._note_listing(proof.misses)
        if not proof.complete:
            return self._go_on_watching()
        if self._widens >= 0:
            return self._be_stuck()  # the tag has an owner, so its absence is a lie
        return self._read_trades()

    def _note_listing(self, in_a_row: int) -> None:
        date = b"" if self._heard is None else self._heard.date
        now_ns = self._clock.monotonic_ns()
        self._audited.look_ended(self._listing, date, now_ns, in_a_row)

    def _still_blind(self) -> Command[OrderResult]:
        self._absence_proof.blind()
        return self._go_on_watching()

    # ------------------------------------------------------------ auditing

    def _read_trades(self) -> Send:
        """The look-ups miss it; what they list may not be the whole of it."""
        self.state = AUDITING
        body = render_order_search(self.order.account_id, self._window_s)
        return Send(Endpoint.SEARCH_TRADES, body)

    def _explained(self) -> Command[OrderResult]:
        """Every trade has its order; what answers has to be alive."""
        audit = self._audited
        if audit.alive:
            return self._absence_proved()
        if audit.is_stale:
            self._last_look = "not listed, but the Dates of the answers stand still"
            return self._still_blind()
        known = audit.listed_order or self._doubts.known_order(self.order.account_id)
        if known is not None:
            return self._probe(known)
        audit.judge_dates()
        if audit.alive:
            return self._absence_proved()
        self._last_look = "not listed, but nothing shows that the answers are new"
        return self._still_blind()

    def _unexplained(self) -> Send:
        """It may be this very order, or one from before the window."""
        suspect = self._audited.suspect
        assert suspect is not None
        return self._probe(suspect)

    def _probe(self, order_id: int) -> Send:
        self.state = PROBING
        self.probed = order_id
        body = render_order_by_id(self.order.account_id, order_id)
        return Send(Endpoint.ORDER_BY_ID, body)

    def _known(self) -> Command[OrderResult]:
        self._audited.shown(self.probed)
        if self._audited.suspect is not None:
            return self._unexplained()
        return self._absence_proved()

    def _unlisted(self) -> Command[OrderResult]:
        self._last_look = f"order {self.probed} is there, and no look-up lists it"
        return self._still_blind()

    def _absence_proved(self) -> Command[OrderResult]:
        if self._may_send_again("after_quiet"):
            self._absence = None
            return self._send()
        proof = f"{self._absence_proof.text}; {self._audited.text}"
        return self._finish(Outcome.NOT_PLACED, proof, error=self._error)

    # ------------------------------------------------------------ the watch goes on

    def _go_on_watching(self) -> Command[OrderResult]:
        if self._clock.monotonic_ns() >= self._stuck_ns:
            return self._be_stuck()
        return self._tell_unknown(self._watch())

    def _be_stuck(self) -> Tell[OrderResult]:
        self.state = STUCK
        return Tell(self._unknown(), None)

    def _be_contested(self) -> Tell[OrderResult]:
        """Another order has the tag: a look-up that lists none is a lie from now on."""
        self._widens = max(self._widens, 0)
        return self._be_stuck()

    # ------------------------------------------------------------ the end

    def _rejected(self, name: str) -> Finish[OrderResult]:
        """The gateway's own refusal of the only send there ever was."""
        reply = self._reading.reply
        assert reply is not None
        return self._finish(
            Outcome.REJECTED,
            f"the gateway refused the only send of it: {name}",
            reply.order_id,
            self._reading.reason or None,
            reply.error_code,
            error_name(PlaceOrderError, reply.error_code),
        )

    def _stopped(self) -> Finish[OrderResult]:
        why = f" ({self._error})" if self._error else ""
        if not self.in_doubt:
            self._error = f"the executor was closed{why}"
            return self._never_sent()
        self._error = f"the executor was closed{why}"
        self.state = DONE
        return Finish(self._unknown())

    def _unknown(self) -> OrderResult:
        """Whoever is told this expects no send any more."""
        self._never_again = True
        error = "; ".join(filter(None, (self._error, self._last_look)))
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
            self._doubts.clear(self.order.account_id, self.contract_id, self.tag)
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

    # ------------------------------------------------------------ what it goes by

    def _be_in_doubt(self, reason: str) -> None:
        self.in_doubt = True
        self._error = reason
        self._absence = None  # what was absent before this send may be there now
        if self._audit is not None:
            self._audit.begin_anew(self._gateway_s)
        self._doubts.add(self.order.account_id, self.contract_id, self.tag)

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
        if self.valid_until_ns == FOREVER_NS:
            return FOREVER_NS
        slept_s = self._clock.wall_s() - self._sent_s - self._ago_s
        if slept_s <= JUMP_S:
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
    def _schedule(self) -> Schedule:
        """Made on the first trouble; most orders have none."""
        if self._retries is None:
            self._retries = Schedule(self._policy, self._clock)
        return self._retries

    @property
    def _absence_proof(self) -> AbsenceProof:
        """Begun anew after each send."""
        if self._absence is None:
            self._absence = AbsenceProof(self._policy, self._clock)
        return self._absence

    @property
    def _audited(self) -> Audit:
        """Made at the first look-up; begun anew after each send."""
        if self._audit is None:
            self._audit = Audit(self.contract_id, self._gateway_s)
        return self._audit

    @property
    def _gateway_s(self) -> float | None:
        """The later of both clocks; None while the gateway's is not known."""
        ahead_s = self._gateway_time.ahead_s()
        return None if ahead_s is None else self._clock.wall_s() + max(ahead_s, 0.0)

    def _pause(self, state: State, due_ns: int) -> Pause:
        self.state = state
        self._due_ns = due_ns
        return Pause(due_ns)


def placement_of(
    order: OrderRequest,
    tag: str,
    contract_id: str,
    body: bytes,
    policy: RetryPolicy,
    clock: Clock,
    gateway_time: GatewayTime,
    called_ns: int,
    doubts: Doubts,
    valid_until_ns: int = FOREVER_NS,
) -> Placement:
    """An order's placement, not begun; what is not set here is 0, False or None.

    Args:
        order: what the caller asked for.
        tag: the order's tag, unique in its account.
        contract_id: the contract as it stands in the body.
        body: the request's bytes; every send is of these.
        policy: pauses, the statuses that are tried again, and how absence is proved.
        clock, gateway_time: time and randomness.
        called_ns: when the caller called, on the monotonic clock.
        doubts: hears when the order is in doubt, and when no longer.
        valid_until_ns: no byte leaves after this, on the monotonic clock.
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
    placement._gateway_time = gateway_time
    placement._called_ns = called_ns
    placement._doubts = doubts
    placement._sent_s = clock.wall_s()
    placement._reading = NO_READING
    placement._rows = NO_ROWS
    placement._listing = NO_ROWS
    placement._error = ""
    placement._last_look = ""
    placement._widens = -1
    placement._stuck_ns = FOREVER_NS
    return placement


FOUND: dict[Event, Callable[[Placement], Any]] = {
    Event.FOUND: Placement._found,
    Event.FOUND_REJECTED: Placement._found_rejected,
    Event.FOREIGN: Placement._foreign,
}
FOUND_OR_NOT = {**FOUND, Event.SEVERAL: Placement._several}

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
        Event.TURNED_AWAY: Placement._turned_away,
        Event.UNAUTHORIZED: Placement._unauthorized,
        Event.UNANSWERED: Placement._unanswered,
        Event.NOT_SENT: Placement._not_sent,
        Event.HELD_BACK: Placement._held_back,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    RESTING: {
        Event.TIME: Placement._send_again,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    COOLING: {
        Event.TIME: Placement._look_up,
        Event.LOOK: Placement._look_up,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    LOOKING_UP: {
        **FOUND_OR_NOT,
        Event.ABSENT: Placement._absent,
        Event.BLIND: Placement._blind,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    WATCHING: {
        Event.TIME: Placement._check,
        Event.LOOK: Placement._check,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    CHECKING: {
        **FOUND_OR_NOT,
        Event.ABSENT: Placement._still_absent,
        Event.BLIND: Placement._still_blind,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    AUDITING: {
        Event.EXPLAINED: Placement._explained,
        Event.UNEXPLAINED: Placement._unexplained,
        Event.BLIND: Placement._still_blind,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    PROBING: {
        **FOUND,
        Event.KNOWN: Placement._known,
        Event.UNLISTED: Placement._unlisted,
        Event.BLIND: Placement._still_blind,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    STUCK: {
        Event.LOOK: Placement._check,
        Event.FAILURE: Placement._failed,
        Event.STOP: Placement._stopped,
    },
    DONE: {},
}
"""What is done in each state at each event; at any other, nothing."""
