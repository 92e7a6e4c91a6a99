"""Where outcomes go: the journal, and the caller's own hooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder._core.transport.evidence import Receiver
from fastorder.enums import Outcome
from fastorder.errors import FastOrderError, JournalError
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.result import OrderResult
    from fastorder._core.flow.ticket import Ticket
    from fastorder._core.transport.engine import Engine
    from fastorder._core.transport.evidence import Evidence
    from fastorder._core.transport.gate import Gate
    from fastorder.journal import Journal
    from fastorder.runtime.clock import Clock

LONG_LOG = 64 * 2**20
"""Bytes from which on a log is told of: no program that ends lets it grow so far."""

PUT_OFF_NS = 5_000_000
"""An outcome is committed this long after it is known, or with the next intent."""


class OutcomeLog(Receiver):
    """Writes outcomes down and passes unknown ones on.

    An outcome is not waited for: whoever waits for the order hears of it first. Where
    the process is killed between the two, it is found out anew after the restart.

    It is noted here before it is written, and dropped once it is: where the handler of
    a signal raises in between, it is written with the next one.

    Args:
        journal: where they are written; None for nowhere.
        on_unknown: called once for each order whose outcome is unknown.
        on_late_arrival: called once for each order that came after the proof that it
            was not there, or after a look-up showed it rejected.
        gate: shut for good where the journal fails.
        clock: both clocks.
        engine: wakes it to commit what was put off; None to put nothing off, where
            nothing runs between the calls.
    """

    def __init__(
        self,
        journal: Journal | None,
        on_unknown: Callable[[OrderResult], Any] | None,
        on_late_arrival: Callable[[OrderResult], Any] | None,
        gate: Gate,
        clock: Clock,
        engine: Engine | None,
    ) -> None:
        self._journal = journal
        self._on_unknown = on_unknown
        self._on_late_arrival = on_late_arrival
        self._gate = gate
        self._clock = clock
        self._engine = engine
        self._is_due = False
        self._seen: set[str | None] = set()
        self._log_told = LONG_LOG
        self._unwritten: list[tuple[OrderResult, float]] = []  # oldest first

    def outcome_unknown(self, ticket: Ticket[OrderResult]) -> None:
        """An order's outcome is unknown, for the first time or again."""
        if ticket.tag in self._seen or ticket.result is None:
            return
        self._seen.add(ticket.tag)
        try:
            self._write(ticket.result)
        finally:
            self._call("on_unknown", self._on_unknown, ticket.result)

    def ticket_ended(self, ticket: Ticket[OrderResult]) -> None:
        """A request has its last result; that of an order is written down."""
        if ticket.kind != "place" or ticket.result is None:
            return
        if ticket.result.outcome is Outcome.UNKNOWN:
            self.outcome_unknown(ticket)
        else:
            self._seen.discard(ticket.tag)
            self._write(ticket.result)

    def late_arrival(self, result: OrderResult) -> None:
        """An order is there that was reported absent or rejected."""
        try:
            self._write(result)
        finally:
            self._call("on_late_arrival", self._on_late_arrival, result)

    def outcome_corrected(self, result: OrderResult) -> None:
        """More is known of an order than was reported; it is not live."""
        self._write(result)

    def tidy(self) -> None:
        """Let the journal put itself in order; it waits for the disk."""
        if self._journal is not None:
            self._write_down(self._journal)
            self._guarded(self._journal.tidy)
            self.tell_of_the_log()

    def tell_of_the_log(self) -> None:
        """Say that the journal's log grows on; again once it is twice as long."""
        assert self._journal is not None
        length = self._journal._log_bytes
        if length < self._log_told:
            return
        self._log_told = 2 * length
        log().warning(
            "the log of the journal %s has grown to %d MiB: it cannot be emptied while "
            "another program keeps on reading the file",
            self._journal.path,
            length >> 20,
        )

    def sends_again(self, tag: str, number: int) -> None:
        """The order is about to leave once more; where that cannot be written, not.

        The gate is shut then, and holds it back.
        """
        if self._journal is not None:
            self._guarded(self._journal.attempt, tag, number, self._clock.wall_s())

    def close(self) -> None:
        """Commit what was put off, and give the journal up."""
        if self._journal is not None:
            try:
                self._write_down(self._journal)
            finally:
                self._guarded(self._journal.close)

    # ------------------------------------------------------------ as a receiver

    def _on_timer(self) -> None:
        """What was put off is committed now."""
        self._is_due = False
        if self._journal is not None and self._journal.failure is None:
            self._write_down(self._journal)
            self._guarded(self._journal.commit)

    def _on_close(self, evidence: Evidence | None) -> None:
        """The executor closes, and the journal after it."""

    def _on_error(self, error: Any) -> None:
        """Let the event loop report it."""
        raise error

    # ------------------------------------------------------------ writing

    def _write(self, result: OrderResult) -> None:
        if self._journal is None or result.tag is None:
            return
        self._unwritten.append((result, self._clock.wall_s()))
        if self._puts_off() and self._engine is not None and not self._is_due:
            self._engine.wake_at(self._clock.monotonic_ns() + PUT_OFF_NS, self)
            self._is_due = True
        self._write_down(self._journal)

    def _puts_off(self) -> bool:
        return self._engine is not None and not self._engine.closed

    def _write_down(self, journal: Journal) -> None:
        """Write what is noted; one that is broken off is written once more."""
        while self._unwritten:
            result, at_s = self._unwritten[0]
            try:
                self._guarded(
                    journal.resolve_later if self._puts_off() else journal.resolve,
                    result.tag,
                    result.outcome.name,
                    result.order_id,
                    result.proof or result.error or "",
                    at_s,
                )
            except FastOrderError:
                self._unwritten.pop(0)  # no other try would be taken
                raise
            self._unwritten.pop(0)

    def _guarded(self, write: Callable[..., Any], *values: Any) -> None:
        try:
            write(*values)
        except JournalError as error:
            self._gate.shut(f"the journal failed: {error}", final=True)
            log().critical("the journal failed, no new exposure leaves: %s", error)

    def _call(
        self,
        name: str,
        hook: Callable[[OrderResult], Any] | None,
        result: OrderResult,
    ) -> None:
        if hook is None:
            return
        try:
            hook(result)
        except Exception:
            log().exception("%s raised for order %s", name, result.tag)
