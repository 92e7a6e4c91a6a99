# cython: annotation_typing=False
"""Finds out what became of an order in doubt: looked up, watched, proved.

Absence is told once ``Lookups`` has counted enough of it, and the account's trades and
a sign of life show that the lists can be believed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._core.flow.protocol import Finish, Halt, Pause, Send, Tell
from fastorder.enums import Outcome
from fastorder.gateway.endpoints import Endpoint
from fastorder.placement.base import PlacementBase
from fastorder.placement.states import (
    AUDITING,
    CHECKING,
    LOOKING_UP,
    LOOKUP_WAIT,
    PROBING,
    STUCK,
    WATCHING,
)

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Command
    from fastorder._core.flow.result import OrderResult
    from fastorder._core.transport.evidence import Evidence
    from fastorder.placement.states import Event

RESTARTED = "the program ended before its outcome was known"


class Reconciliation(PlacementBase):
    """What is done with an order while nobody knows what became of it."""

    # ------------------------------------------------------------ looking up

    def _resumed(self) -> Send:
        """After a restart it is looked up at once, and never sent again."""
        self._never_again = True
        self._mark_in_doubt(RESTARTED)
        return self._check()

    def _look_up_later(self) -> Command[OrderResult]:
        if self._witnessed:
            return self._found()
        schedule = self._schedule
        self._may_resend = not schedule.spent
        due_ns = schedule.next_due_ns if self._may_resend else schedule.last_due_ns
        return self._pause(LOOKUP_WAIT, due_ns(self.evidence))

    def _look_up_now(self, reason: str) -> Command[OrderResult]:
        self._mark_in_doubt(reason)
        return self._found() if self._witnessed else self._look_up()

    def _look_up(self) -> Send:
        self.state = LOOKING_UP
        return self._search()

    def _check(self) -> Send:
        self.state = CHECKING
        return self._search()

    def _search(self) -> Send:
        return Send(Endpoint.SEARCH_ORDERS, self._lookups().search(self.called_s))

    def _judge_lookup(self, evidence: Evidence) -> Event | None:
        """Judge the answer to a look-up; None where none is waited for."""
        lookups = self._lookups()
        if self.state is LOOKING_UP or self.state is CHECKING:
            event = lookups.listed(evidence)
        elif self.state is AUDITING:
            event = lookups.traded(evidence)
        elif self.state is PROBING:
            event = lookups.shown(evidence, self.probed)
        else:
            return None
        self._last_evidence = evidence
        return event

    def _found(self) -> Finish[OrderResult]:
        lookups = self._lookups()
        return self._finish(Outcome.ACCEPTED, lookups.sighting, lookups.order_id)

    def _remember(self) -> None:
        """An event is there before the answer, which is still to come."""
        self._witnessed = True

    def _found_rejected(self) -> Finish[OrderResult]:
        lookups = self._lookups()
        proof = f"{lookups.sighting} as rejected, unfilled"
        return self._finish(Outcome.REJECTED, proof, lookups.order_id, self._error)

    def _duplicate(self) -> Halt[OrderResult]:
        """The gateway broke its own rule: somebody has to look."""
        return Halt(self._lookups().note, self._tag_contested())

    def _absent(self) -> Command[OrderResult]:
        """Not listed, which alone proves nothing: send again, or look again."""
        self._lookups().record()
        may_send = self._may_resend and self._may_send_again("lookup_first")
        if may_send and not self._is_early:
            return self._send()
        return self._look_again_later()

    def _look_again_later(self) -> Command[OrderResult]:
        """The look-up shows nothing that could be told."""
        if self._is_early:
            return self._pause(LOOKUP_WAIT, self._due_ns)
        if self._single_lookup or self._schedule.spent:
            return self._begin_to_watch()
        return self._pause(LOOKUP_WAIT, self._schedule.next_due_ns(self._last_evidence))

    def _failed(self) -> Command[OrderResult]:
        """Whatever was under way is given up; it is only looked up from now on."""
        self._never_again = True
        self._mark_in_doubt(self._error)
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
        absence = self._lookups().absence
        if self._watch_until_ns == 0:
            self._watch_until_ns = absence.since_ns + self._policy._watch_ns
        asked_ns = self._schedule.asked_due_ns(self._last_evidence)
        return self._pause(WATCHING, max(absence.next_due_ns(), asked_ns))

    def _go_on_watching(self) -> Command[OrderResult]:
        if 0 < self._watch_until_ns <= self._clock.monotonic_ns():
            return self._stop_watching()
        return self._tell_unknown(self._watch())

    def _still_absent(self) -> Command[OrderResult]:
        """Count it; enough of these after a quiet time may prove that it is absent."""
        lookups = self._lookups()
        if not lookups.count():
            return self._go_on_watching()
        if lookups.is_contested:
            # the tag has an owner, so its absence is a lie
            return self._stop_watching()
        if not lookups.began_before_it:
            lookups.note = "not listed, but the gateway's time is not known: no Date"
            return self._still_inconclusive()
        return self._read_trades()

    def _still_inconclusive(self) -> Command[OrderResult]:
        self._lookups().absence.inconclusive()
        return self._go_on_watching()

    def _stop_watching(self) -> Tell[OrderResult]:
        self.state = STUCK
        lookups = self._lookups()
        if lookups.is_contested:
            whose = self.order.account_id, self.contract_id, self.tag
            self._interlock.contest(*whose, lookups.note)
        return Tell(self._unknown(), None)

    def _tag_contested(self) -> Tell[OrderResult]:
        """Another order has the tag: a look-up that lists none is a lie from now on."""
        self._lookups().contest()
        return self._stop_watching()

    # ------------------------------------------------------------ auditing

    def _read_trades(self) -> Send:
        """The look-ups miss it; what they list may not be the whole of it."""
        self.state = AUDITING
        return Send(Endpoint.SEARCH_TRADES, self._lookups().trades())

    def _matched(self) -> Command[OrderResult]:
        """Every trade has its order; what answers has to be alive."""
        lookups = self._lookups()
        audit = lookups.audit
        if audit.alive:
            return self._absence_proved()
        if audit.is_stale:
            lookups.note = "not listed, but the Dates of the answers stand still"
            return self._still_inconclusive()
        known = audit.listed_order or self._interlock.known_order(self.order.account_id)
        if known is not None:
            return self._probe(known)
        audit.judge_dates()
        if audit.alive:
            return self._absence_proved()
        lookups.note = "not listed, but nothing shows that the answers are new"
        return self._still_inconclusive()

    def _unmatched(self) -> Send:
        """It may be this very order, or one from before the window."""
        suspect = self._lookups().audit.suspect
        assert suspect is not None
        return self._probe(suspect)

    def _probe(self, order_id: int) -> Send:
        self.state = PROBING
        self.probed = order_id
        return Send(Endpoint.ORDER_BY_ID, self._lookups().order_by_id(order_id))

    def _known(self) -> Command[OrderResult]:
        audit = self._lookups().audit
        audit.shown(self.probed)
        if audit.suspect is not None:
            return self._unmatched()
        return self._absence_proved()

    def _absence_proved(self) -> Command[OrderResult]:
        lookups = self._lookups()
        if self._may_send_again("after_quiet"):
            lookups.forget_absence()
            return self._send()
        return self._finish(Outcome.NOT_PLACED, lookups.proof, None, self._error)
