# cython: annotation_typing=False
"""Lets a request leave, has it wait, or turns it away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from fastorder._core.transport.evidence import Evidence, Receiver
from fastorder.budgets import telling
from fastorder.budgets.closure import TOO_MANY
from fastorder.budgets.lanes import Lane
from fastorder.budgets.leases import FULL_NS, leases_for
from fastorder.budgets.line import Line, Waiting
from fastorder.budgets.meter import Meter, span_ns
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS

if TYPE_CHECKING:
    from fastorder._core.flow.protocol import Send
    from fastorder._core.transport.engine import Engine
    from fastorder.budgets.left import BudgetsLeft
    from fastorder.budgets.limits import Budgets
    from fastorder.config import RetryPolicy, Timeouts
    from fastorder.runtime.clock import Clock

    class BudgetSession(Protocol):
        """Whose requests are counted."""

        clock: Clock

        @property
        def engine(self) -> Engine:
            """Wakes whoever asks for it."""

        def leaves(self, receiver: Receiver, command: Send) -> None:
            """There is room for one that has waited: send it."""


POLL_NS = SECOND_NS // 4
"""How often it is looked for room that nobody tells of: others make it, or answers."""

BURST = 8
BURST_APART_NS = SECOND_NS // 50
"""So many of those that wait leave at once, so far apart."""

HELD_BACK = 42
"""libcurl's code for what was stopped before it left (CURLE_ABORTED_BY_CALLBACK)."""

HISTORY, LESSENING = int(Lane.HISTORY), int(Lane.LESSENING)


class RequestBudget(Receiver):
    """The budgets of one executor.

    Args:
        meter: counts.
        session: sends what may leave.
        late_s: how late a request without an answer may come to the gateway.
        longest_wait_s: for how long one waits at most.

    Attributes:
        line: who waits.
    """

    def __init__(
        self, meter: Meter, session: BudgetSession, late_s: float, longest_wait_s: float
    ) -> None:
        self.meter = meter
        self.line = Line()
        self._session = session
        self._late_ns = int(late_s * SECOND_NS)
        self._longest_wait_ns = int(longest_wait_s * SECOND_NS)
        self._on_way: dict[Any, int] = {}  # what each holds
        self._released: Waiting | None = None  # it has waited, and its turn has come
        self._burst_ns = 0
        self._burst_count = 0
        self._planned_ns = FOREVER_NS
        self._said = telling.Said()

    # ------------------------------------------------------------ may it leave

    def admits(self, command: Send, receiver: Receiver, lane: int, now_ns: int) -> int:
        """Until when a request may leave, on the monotonic clock; 0 for not now.

        One that may not leave waits, or its receiver has heard by now that it does not
        leave at all: what adds exposure never waits, as late it is another trade. Nor
        does it leave while what lessens risk waits: a close must not be overtaken.
        """
        ahead = 0
        if self._released is None or receiver is not self._released.receiver:
            if self.line.size:
                ahead = self.line.up_to(lane)
            if not command.gated and (ahead or self.meter.closure.is_reopening(now_ns)):
                self._queue(command, receiver, lane, now_ns)
                return 0
            if ahead and command.gated and self.line.count(LESSENING):
                self._turn_away(receiver, telling.after_lessening(self.line))
                return 0
        until_ns = self._take(receiver, lane, now_ns, ahead)
        if until_ns:
            return until_ns
        if command.gated:
            self._turn_away(receiver, telling.no_room(self.meter, lane, now_ns))
        else:
            self._queue(command, receiver, lane, now_ns)
        return 0

    def _take(self, receiver: Receiver, lane: int, now_ns: int, ahead: int) -> int:
        """Count a request that leaves; until when it may, or 0 for no room."""
        until_ns = self.meter.take(lane, now_ns, ahead)
        if not until_ns:
            return 0
        if receiver in self._on_way:  # its last one ended without a word
            self.forgets(receiver)
        self._on_way[receiver] = self.meter.held
        leases = self.meter.leases
        if leases is not None:  # more is claimed soon, or given back where it is unused
            self._wake_at(now_ns if leases.wants_more else until_ns)
        return until_ns

    def begins_anew(self, receiver: Receiver) -> bool:
        """Whether a request may leave a second time, on another connection."""
        held = self._on_way.get(receiver)
        if held is None:
            return True
        now_ns = self._session.clock.monotonic_ns()
        if not self.meter.has_room(held & 7, now_ns):
            return False
        self.forgets(receiver)  # the first may have come all the same
        return bool(self._take(receiver, held & 7, now_ns, 0))

    # ------------------------------------------------------------ it has ended

    def ended(self, evidence: Evidence, receiver: Receiver, now_ns: int) -> None:
        """An exchange has ended; of one that never left nothing counts."""
        held = self._on_way.pop(receiver, None)
        if held is None:
            return
        if evidence.starts == 0:
            self.meter.take_back(held)
        else:
            end_ns = now_ns if evidence.curl_code == 0 else now_ns + self._late_ns
            self.meter.end(held, end_ns)
        if evidence.http_status == TOO_MANY:
            self._close_for(evidence, held & 7, now_ns)
        elif evidence.curl_code == 0:
            self.meter.closure.answered()
        if self.line.size:
            self._plan(now_ns)

    def forgets(self, receiver: Receiver) -> None:
        """Nothing more is heard of a request: it may have left, or wait still."""
        held = self._on_way.pop(receiver, None)
        if held is not None:
            now_ns = self._session.clock.monotonic_ns()
            self.meter.end(held, now_ns + self._late_ns)
        if self.line.size:
            self.line.remove(receiver)

    def take_back(self, receiver: Receiver) -> None:
        """A request has not got to the engine."""
        held = self._on_way.pop(receiver, None)
        if held is not None:
            self.meter.take_back(held)

    def _close_for(self, evidence: Evidence, lane: int, now_ns: int) -> None:
        """The gateway has had enough: nothing leaves until it may."""
        is_history = lane == HISTORY
        until_ns = self.meter.closure.too_many(evidence, is_history, now_ns)
        telling.closed(is_history, until_ns - now_ns)
        if self.meter.leases is not None:
            self.meter.leases.close_until(until_ns, is_history)

    # ------------------------------------------------------------ waiting

    def keeps(self, receiver: Any) -> bool:
        """Whether a request waits for room."""
        return self.line.holds(receiver)

    def waited_s(self, receiver: Any) -> float | None:
        """For how long a request has waited for room; None where it does not."""
        waiting = self.line.of(receiver)
        if waiting is None:
            return None
        now_ns = self._session.clock.monotonic_ns()
        return (now_ns - waiting.since_ns) / SECOND_NS

    def _queue(self, command: Send, receiver: Receiver, lane: int, now_ns: int) -> None:
        released = self._released
        if released is not None and receiver is released.receiver:
            # room that was there is not there any more
            self.line.put_back(lane, Waiting(receiver, command, released.since_ns))
        else:
            self.line.put(lane, Waiting(receiver, command, now_ns))
        self._plan(now_ns)

    def _turn_away(self, receiver: Receiver, why: str) -> None:
        """Tell a receiver, as the engine does, that its request has not left."""
        evidence = Evidence(
            curl_code=HELD_BACK,
            starts=0,
            http_status=0,
            curl_error=why,
            held_back=why,
        )
        try:
            receiver._on_evidence(evidence)
        except BaseException as error:
            receiver._on_error(error)  # type: ignore[arg-type]  # as the engine does
            if not isinstance(error, Exception):
                raise

    def _on_timer(self) -> None:
        """Something was to be done by now."""
        now_ns = self._session.clock.monotonic_ns()
        self._planned_ns = FOREVER_NS
        if self._session.engine.closed:
            return
        leases = self.meter.leases
        if leases is not None:
            self._wake_at(leases.tend(now_ns))
            self.meter.hears(now_ns)
        self._end_waits(now_ns)
        self._said.look(self.meter, self.line, now_ns)
        self._let_go(now_ns)
        if self.line.size and not self._session.engine.closed:
            now_ns = self._session.clock.monotonic_ns()
            self._plan(now_ns, 0 if leases is None else now_ns + FULL_NS)

    def _let_go(self, now_ns: int) -> None:
        """Send those for which there is room, the first lane first; not all at once."""
        if now_ns >= self._burst_ns + BURST_APART_NS:
            self._burst_ns, self._burst_count = now_ns, 0
        while self._burst_count < BURST:
            first = self.line.first()
            if first is None or not self.meter.has_room(first[0], now_ns):
                return
            self._burst_count += 1
            waiting = self.line.pop(first[0])
            self._release(waiting)

    def _release(self, waiting: Waiting) -> None:
        self._released = waiting
        try:
            self._session.leaves(waiting.receiver, waiting.command)
        finally:
            self._released = None

    def _end_waits(self, now_ns: int) -> None:
        """Turn away those that have waited too long."""
        for lane, _ in self.line.oldest():
            while self.line.count(lane):
                waiting = self.line.peek(lane)
                if waiting.since_ns + self._longest_wait_ns > now_ns:
                    break
                self.line.pop(lane)
                why = telling.waited(self.meter, lane, now_ns)
                self._turn_away(waiting.receiver, why)

    # ------------------------------------------------------------ when to look again

    def _plan(self, now_ns: int, not_before_ns: int = 0) -> None:
        """Have the engine wake this when something is to be done."""
        first = self.line.first()
        if first is None:
            return
        due_ns = self.meter.room_ns(first[0], now_ns)
        if due_ns <= now_ns and self._burst_count >= BURST:
            due_ns = self._burst_ns + BURST_APART_NS
        leases = self.meter.leases
        if leases is not None:
            due_ns = max(due_ns, leases.room_ns)
        if leases is not None or due_ns >= FOREVER_NS:
            due_ns = min(due_ns, now_ns + POLL_NS)
        oldest = self.line.oldest()
        since_ns = min(waiting.since_ns for _, waiting in oldest)
        ends_ns = since_ns + self._longest_wait_ns
        due_ns = min(due_ns, ends_ns, self._said.due_ns(oldest))
        self._wake_at(max(due_ns, now_ns, not_before_ns))

    def _wake_at(self, due_ns: int) -> None:
        if due_ns < self._planned_ns:
            self._planned_ns = due_ns
            self._session.engine.wake_at(due_ns, self)

    def left(self) -> BudgetsLeft:
        """What is left, for each lane."""
        now_ns = self._session.clock.monotonic_ns()
        return telling.left(self.meter, self.line, now_ns)

    # ------------------------------------------------------------ the end

    def close(self) -> None:
        """The executor is closed, and all of its requests have ended."""
        for receiver in tuple(self._on_way):
            self.forgets(receiver)
        self.line.clear()
        if self.meter.leases is not None:
            self.meter.leases.close()

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes; it ends what waits."""

    def _on_error(self, error: Any) -> None:
        """Let the event loop report it."""
        raise error


def budget_for(
    budgets: Budgets,
    session: BudgetSession,
    gateway: str,
    policy: RetryPolicy,
    timeouts: Timeouts,
) -> RequestBudget:
    """The budgets of one executor.

    Args:
        budgets: how many requests may leave.
        session: sends them.
        gateway: its base URL.
        policy: how late a request may come to the gateway, and for how long it may ask
            to be left alone.
        timeouts: how long a request takes at most.

    Raises:
        ConfigurationError: the file to share it through cannot be used.
    """
    leases = None
    if budgets.shared:
        spans_ns = span_ns(budgets.seconds), span_ns(budgets.history_seconds)
        longest_s = timeouts.request + policy.quiet
        leases = leases_for(budgets, gateway, *spans_ns, longest_s)
    meter = Meter(budgets, gateway, policy.max_retry_after, leases)
    return RequestBudget(meter, session, policy.quiet, budgets.longest_wait)
