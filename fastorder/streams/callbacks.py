"""Who is called with what happens, directly and without a queue: ``trader.on``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.listeners import Failures, once
from fastorder.realtime.state.hearers import KINDS as OF_THE_STATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.runtime.clock import Clock

KINDS = (
    "quote",
    "trade",
    "depth",
    "stale",
    "fresh",
    *OF_THE_STATE,
    "row",
    "gap",
    "live",
    "rolled",
    "refused",
    "connect_failed",
    "undecodable",
    "unknown",
)
"""What can be heard: of contracts, of the account's state, of the hubs."""


class Callbacks:
    """Callbacks by kind; each is called where the hubs are read, in the events' order.

    Args:
        clock: when a failure is logged again.

    Attributes:
        by_kind: those of each kind, in the order in which they came.
        failures: how often the callbacks of a kind have raised.
    """

    def __init__(self, clock: Clock) -> None:
        self.by_kind: dict[str, tuple[Callable[[Any], object], ...]]
        self.by_kind = dict.fromkeys(KINDS, ())
        self._clock = clock
        self._failures = Failures()
        self.failures = self._failures.counts

    def add(self, kind: str, call: Callable[[Any], object]) -> Callable[[], None]:
        """Call it with each event of a kind; what is returned ends that.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
        """
        if kind not in KINDS:
            raise InvalidField("kind", f"must be one of {', '.join(KINDS)}", kind)
        if not callable(call):
            raise WrongFieldType("callback", "must be callable", call)
        self.by_kind[kind] = (*self.by_kind[kind], call)

        def stop() -> None:
            kept = list(self.by_kind[kind])
            if call in kept:
                kept.remove(call)
            self.by_kind[kind] = tuple(kept)

        return once(stop)

    def tell(self, kind: str, event: Any) -> None:
        """Call all who want to hear it; one that raises stops no other."""
        for call in self.by_kind[kind]:
            try:
                call(event)
            except BaseException as error:  # one of asyncio's too
                self._failures.note(kind, error, self._clock.monotonic_ns())
