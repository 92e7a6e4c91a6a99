"""The one thread that writes: rows are handed over, and nobody waits for it.

While the database fails, rows wait in memory, then in a file. Orders go on; whoever
listens is told. What had to be dropped after all is counted, and a sync fetches it.
"""

from __future__ import annotations

import time
from queue import Empty, SimpleQueue
from threading import Event as Flag
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder.runtime.log import log
from fastorder.store.sightings import Sight, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.store.engine import Engine
    from fastorder.store.spill import Spill

MOST_ROWS = 256
"""Rows of one transaction."""

GATHER_S = 0.015
"""How long rows may wait for others to be read and written with them.

What takes turns with the interpreter's lock, and so may delay an order, is a
transaction more than a row.
"""

MOST_HELD = 1_000_000
"""Rows that wait in memory at most, while the database fails."""

SPILL_AFTER_S = 10.0
"""How long the database fails before rows go into a file."""

PAUSES_S = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
"""Between two tries of a write that failed."""

LOG_APART_S = 60.0

Handed = tuple[Any, ...]
"""What is handed over: how it is read, and what is read."""


class StoreState(NamedTuple):
    """How a store is.

    Attributes:
        waiting: what was handed over and is not written yet, in memory and in the file.
        written: rows that were written since it was opened.
        discrepancies: how many of them contradicted what stood there.
        failing: why the database does not take rows now; "" where it does.
        spilled: rows that wait in the file.
        dropped: rows that nothing could keep; ``sync`` fetches what the gateway has.
    """

    waiting: int = 0
    written: int = 0
    discrepancies: int = 0
    failing: str = ""
    spilled: int = 0
    dropped: int = 0


class Writer:
    """Writes what it is handed, in its order.

    Args:
        engine: the database.
        read: makes rows of what was handed over; called on the thread.
        spill: where rows go when the database fails for long.
        shown: makes an error fit to be shown.
        on_trouble: called on the thread when the database begins to fail, when rows
            are dropped, and when it is well again.
    """

    def __init__(
        self,
        engine: Engine,
        read: Callable[[Handed], list[Sight]],
        spill: Spill,
        shown: Callable[[object], str],
        on_trouble: Callable[[StoreState], object] | None,
    ) -> None:
        self._engine = engine
        self._read = read
        self._spill = spill
        self._shown = shown
        self._on_trouble = on_trouble
        self._queue: SimpleQueue[Any] = SimpleQueue()
        self.put = self._queue.put
        self._held: list[Sight] = []
        self._marks: list[Flag] = []
        self._ending = False  # somebody wants it to end
        self._ended = False  # all that came before that was taken
        self._failing = ""
        self._failing_since = 0.0
        self._tries = 0
        self._logged_at = -LOG_APART_S
        self._written = self._discrepancies = self._dropped = 0
        self._spilled = len(spill.rows())
        self._wake = Flag()
        self._thread = Thread(target=self._run, name="fastorder-store", daemon=True)
        self._thread.start()

    @property
    def state(self) -> StoreState:
        """How it is now."""
        return StoreState(
            self._queue.qsize() + len(self._held) + self._spilled,
            self._written,
            self._discrepancies,
            self._failing,
            self._spilled,
            self._dropped,
        )

    @property
    def is_alive(self) -> bool:
        """Whether it still writes."""
        return self._thread.is_alive()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that was handed over before is committed; whether it is."""
        mark = Flag()
        self.put(mark)
        return mark.wait(timeout_s)

    def close(self, timeout_s: float) -> bool:
        """Write what is there and end; whether it has ended and dropped nothing."""
        self._ending = True
        self._wake.set()
        self.put(None)
        self._thread.join(timeout_s)
        return not self._thread.is_alive() and not self._dropped

    # ------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            if self._spilled:
                self._write()
            while not self._ended or self._held:
                self._gather()
                self._write()
        except BaseException as error:
            self._failing = self._shown(repr(error))
            log().critical("the store has ended: %s", self._failing)
            raise
        finally:
            self._keep_rest()
            self._engine.close()

    def _gather(self) -> None:
        """Take what was handed over; where nothing waits, wait for it."""
        if not self._held and not self._marks and not self._spilled:
            first = self._queue.get()
            if not self._ending and not isinstance(first, Flag):
                time.sleep(GATHER_S)
            self._take(first)
        while len(self._held) < MOST_ROWS or self._failing:
            try:
                self._take(self._queue.get_nowait())
            except Empty:
                break

    def _take(self, handed: Any) -> None:
        """Take one of them."""
        if handed is None:
            self._ended = True
        elif isinstance(handed, Flag):
            self._marks.append(handed)
        else:
            self._take_rows(handed)

    def _take_rows(self, handed: Handed) -> None:
        try:
            self._held += self._read(handed)
        except Exception as error:  # a fault of ours must not end the record
            self._dropped += 1
            log().error("the store cannot read what it was given: %r", error)

    def _write(self) -> None:
        """Write what is held, or wait after a failure."""
        try:
            if self._tries:
                self._engine.connect()
            if self._spilled:
                self._write_spilled()
            while self._held:
                part = self._held[:MOST_ROWS]
                self._write_part(part)
                del self._held[: len(part)]
        except Exception as error:
            self._has_failed(error)
        else:
            self._is_well()

    def _write_part(self, part: list[Sight]) -> None:
        """Write some rows; one that no database can hold becomes a discrepancy."""
        try:
            against = self._engine.write(part)
        except self._engine.row_errors as error:
            if len(part) > 1:
                for sight in part:
                    self._write_part([sight])
                return
            against = self._engine.write([unwritable(part[0], self._shown(error))])
        self._written += len(part)
        self._discrepancies += against

    def _write_spilled(self) -> None:
        rows = self._spill.rows()
        for start in range(0, len(rows), MOST_ROWS):
            self._write_part(rows[start : start + MOST_ROWS])
        self._spill.remove()
        self._spilled = 0

    def _is_well(self) -> None:
        self._tell_marks()
        self._tries = 0
        if self._failing:
            self._failing = ""
            log().warning("the store takes rows again")
            self._tell()

    def _tell_marks(self) -> None:
        for mark in self._marks:
            mark.set()
        self._marks.clear()

    def _has_failed(self, error: Exception) -> None:
        now = time.monotonic()
        why = self._shown(error)
        if not self._failing:
            self._failing_since = now
        is_new, self._failing = not self._failing, why
        if is_new or now - self._logged_at >= LOG_APART_S:
            self._logged_at = now
            log().error("the store does not take rows, orders go on: %s", why)
        if is_new:
            self._tell()
        if now - self._failing_since >= SPILL_AFTER_S or len(self._held) > MOST_HELD:
            self._keep_in_file()
        if not self._ending:
            self._wake.wait(PAUSES_S[min(self._tries, len(PAUSES_S) - 1)])
        else:
            self._keep_in_file()
            self._held_is_lost()
        self._tries += 1

    def _keep_in_file(self) -> None:
        """Move what is held into the file; where that fails too, keep what fits."""
        try:
            if self._held:
                self._spill.append(self._held)
                self._spilled += len(self._held)
                self._held.clear()
        except OSError as error:
            log().error("the store cannot keep rows in a file: %s", self._shown(error))
            too_many = len(self._held) - MOST_HELD
            if too_many > 0:
                del self._held[:too_many]
                self._dropped += too_many
                self._tell()

    def _held_is_lost(self) -> None:
        self._dropped += len(self._held)
        self._held.clear()

    def _keep_rest(self) -> None:
        """At the end: what the database has not taken goes into the file."""
        while True:
            try:
                self._take(self._queue.get_nowait())
            except Empty:
                break
        self._keep_in_file()

    def _tell(self) -> None:
        if self._on_trouble is not None:
            try:
                self._on_trouble(self.state)
            except Exception as error:
                log().error("on_trouble has failed: %r", error)


StoreState.__module__ = "fastorder.store"  # where it is imported from
