"""Who wants to hear what; a callback that fails stops nobody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder._core.codec.market_events import DepthRows, MarketTrades, Quote
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.events import (
    ConnectFailed,
    Event,
    Gap,
    Live,
    Refused,
    Rolled,
    Undecodable,
)
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: dict[str, type] = {
    "quote": Quote,
    "trades": MarketTrades,
    "depth": DepthRows,
    "event": Event,
    "live": Live,
    "gap": Gap,
    "rolled": Rolled,
    "refused": Refused,
    "connect_failed": ConnectFailed,
    "undecodable": Undecodable,
}
"""What can be listened to, by its name."""

APART_NS = 60 * 1_000_000_000
"""The shortest time between two lines in the log about callbacks that failed."""


def once(call: Callable[[], None]) -> Callable[[], None]:
    """The same, done the first time alone."""
    left = [call]

    def done() -> None:
        if left:
            left.pop()()

    return done


class Failures:
    """Callbacks that have failed: counted, and logged once a minute.

    Attributes:
        counts: how often, by what they heard.
    """

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self._said_ns = -APART_NS

    def note(self, name: str, error: BaseException, now_ns: int) -> None:
        """A callback has raised."""
        raise_later(error)
        self.counts[name] += 1
        if now_ns - self._said_ns >= APART_NS:
            self._said_ns = now_ns
            log().error(
                "a callback for %s has failed (%d so far): %s",
                name,
                self.counts.total(),
                from_outside(repr(error)),
            )


def raise_later(error: BaseException) -> None:
    """Let what ends a program end it once the events of this read are told.

    Raised at once it would take with it those that are not told yet. In a thread of its
    own there is no program to end: it is counted as any other.
    """
    if isinstance(error, (KeyboardInterrupt, SystemExit)):
        from asyncio.events import _get_running_loop  # here: an order needs no asyncio

        loop = _get_running_loop()
        if loop is not None and loop not in _ending:
            _ending.add(loop)
            loop.call_soon(_end, loop, error)


_ending: set[object] = set()
"""Loops that a program's end is raised in soon: once, however many callbacks raise."""


def _end(loop: object, error: BaseException) -> None:
    _ending.discard(loop)
    raise error


class Listeners:
    """Callbacks by what they hear, called in the order in which they came.

    Attributes:
        by_kind: the callbacks by the type that they hear.
        failures: how often the callbacks of a kind have raised.
    """

    def __init__(self) -> None:
        self.by_kind: dict[type, tuple[Callable[[Any], object], ...]]
        self.by_kind = dict.fromkeys(KINDS.values(), ())
        self._failures = Failures()
        self.failures = self._failures.counts

    def add(self, name: str, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call it with each event of a kind; one that is there already stays once.

        Returns:
            What ends it, from the next event on.
        """
        if name not in KINDS:
            raise InvalidField("name", f"must be one of {', '.join(KINDS)}", name)
        if not callable(callback):
            raise WrongFieldType("callback", "must be callable", callback)
        kind = KINDS[name]
        if callback not in self.by_kind[kind]:
            self.by_kind[kind] = (*self.by_kind[kind], callback)

        def stop() -> None:
            others = (each for each in self.by_kind[kind] if each != callback)
            self.by_kind[kind] = tuple(others)

        return once(stop)

    def tell(self, event: Any, now_ns: Callable[[], int]) -> None:
        """Call all who want to hear it."""
        for callback in self.by_kind[type(event)]:
            try:
                callback(event)
            except BaseException as error:  # one of asyncio's too
                self.failed(event, error, now_ns())

    def failed(self, event: Any, error: BaseException, now_ns: int) -> None:
        """A callback has raised where it was told of an event."""
        self._failures.note(type(event).__name__, error, now_ns)
