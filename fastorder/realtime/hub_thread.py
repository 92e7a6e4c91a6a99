"""The thread that reads hubs where there is no event loop, and calls back."""

from __future__ import annotations

from collections import deque
from threading import Thread, current_thread
from typing import TYPE_CHECKING

from fastorder._base.outside_text import from_outside
from fastorder._core.transport.poll_engine import PollEngine
from fastorder.errors import RealtimeClosed
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.realtime.driver import HubDriver
    from fastorder.runtime.clock import Clock

TURN_NS = 100_000_000
CLOSE_S = 5.0

MOST_FAILURES = 10
"""Turns in a row in which something is raised, until the thread gives up."""


class HubThread:
    """One thread for any number of hubs: what they tell comes one at a time.

    Args:
        name: of the thread.
        clock: says the time of what is done.

    Attributes:
        engine: of its hubs; the thread alone drives it.
    """

    def __init__(self, name: str, clock: Clock) -> None:
        self.engine = PollEngine(max_connections=8)
        self._clock = clock
        self._drivers: list[HubDriver] = []
        self._acts: deque[Callable[[int], object]] = deque()
        self._at_end: list[Callable[[], object]] = []
        self._is_closing = False
        self._thread = Thread(target=self._read, name=name, daemon=True)

    def add(self, driver: HubDriver) -> None:
        """Drive another hub."""
        self._drivers.append(driver)

    @property
    def is_closing(self) -> bool:
        """Whether nothing new is taken."""
        return self._is_closing

    @property
    def is_current(self) -> bool:
        """Whether it is this thread that asks."""
        return current_thread() is self._thread

    def act(self, act: Callable[[int], object]) -> None:
        """Do something on the thread, with the time; from any thread.

        Raises:
            RealtimeClosed: it was closed.
        """
        if self._is_closing:
            raise RealtimeClosed("the hub must be open, it is closed")
        self._acts.append(act)
        self.engine.wake()

    def at_end(self, tell: Callable[[], object]) -> None:
        """Call it once the thread has ended, for whatever reason."""
        self._at_end.append(tell)

    def start(self) -> None:
        """Begin; it may be called again."""
        if self._thread.ident is None:
            self._thread.start()

    def close(self) -> None:
        """End once every connection has; wait for that, unless this is the thread."""
        self._is_closing = True
        if self.engine.is_forked:
            return  # the thread is the parent's
        if self._thread.ident is None:
            self.engine.close()
            return
        self.engine.wake()
        if not self.is_current:
            self._thread.join(CLOSE_S)

    def _goes_on(self) -> bool:
        if not self._is_closing or self._acts:
            return True
        return any(driver.has_channels for driver in self._drivers)

    def _read(self) -> None:
        try:
            failures = 0
            while self._goes_on():
                failures = failures + 1 if self._has_failed() else 0
                if failures >= MOST_FAILURES:
                    log().error("the hubs' thread ends: it has failed again and again")
                    break
        finally:
            self._is_closing = True
            self.engine.close()
            for tell in self._at_end:
                tell()

    def _has_failed(self) -> bool:
        """Take a turn; whether something was raised in it.

        What a callback raises is counted where it is called. With anything else an
        event may not have been told: the connections are given up, which is a gap.
        """
        try:
            self._take_turn()
        except BaseException as error:
            why = f"the hubs' thread has failed: {from_outside(repr(error))}"
            log().error("%s", why)
            self._break_off(why)
            return True
        return False

    def _take_turn(self) -> None:
        while self._acts:
            self._acts.popleft()(self._clock.monotonic_ns())
        for driver in self._drivers:
            driver.run()
        self.engine.turn(TURN_NS)

    def _break_off(self, why: str) -> None:
        for driver in self._drivers:
            try:
                driver.break_off(why)
            except BaseException as error:  # of whoever is told of the gap
                log().error("a gap was not told: %s", from_outside(repr(error)))
