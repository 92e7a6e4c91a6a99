"""Who wants to hear of the state; one that fails stops nobody."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder.errors import InvalidField, WrongFieldType
from fastorder.realtime.listeners import once, raise_later
from fastorder.realtime.state.told import (
    AccountChanged,
    Discrepancy,
    Filled,
    OrderChanged,
    PositionChanged,
    Synced,
    Unproven,
    Voided,
)
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS: dict[str, type] = {
    "order": OrderChanged,
    "fill": Filled,
    "void": Voided,
    "position": PositionChanged,
    "account": AccountChanged,
    "unproven": Unproven,
    "synced": Synced,
    "discrepancy": Discrepancy,
}
"""What can be heard, by its name."""


class Hearers:
    """Callbacks by what they hear, called in the order in which they came.

    Attributes:
        failures: how often the callbacks of a kind have raised.
    """

    def __init__(self) -> None:
        self.failures: Counter[str] = Counter()
        self._by_kind: dict[type, tuple[Callable[[Any], object], ...]]
        self._by_kind = dict.fromkeys(KINDS.values(), ())

    def add(self, name: str, callback: Callable[[Any], object]) -> Callable[[], None]:
        """Call it with each event of a kind; what is returned ends that.

        Raises:
            InvalidField, WrongFieldType: an argument is not usable.
        """
        if name not in KINDS:
            raise InvalidField("kind", f"must be one of {', '.join(KINDS)}", name)
        if not callable(callback):
            raise WrongFieldType("callback", "must be callable", callback)
        kind = KINDS[name]
        self._by_kind[kind] = (*self._by_kind[kind], callback)

        def remove() -> None:
            left = list(self._by_kind[kind])
            if callback in left:
                left.remove(callback)
            self._by_kind[kind] = tuple(left)

        return once(remove)

    def tell(self, event: object) -> None:
        """Call all who want to hear it."""
        for callback in self._by_kind[type(event)]:
            self.call(callback, event)

    def call(self, callback: Callable[..., object], *given: object) -> None:
        """Call one; what it raises is counted, and logged at first."""
        try:
            callback(*given)
        except BaseException as error:  # one of asyncio's too
            raise_later(error)
            name = type(given[0]).__name__ if given else "change"
            self.failures[name] += 1
            if self.failures[name] == 1:
                text = from_outside(repr(error))
                log().error("a callback for %s has failed: %s", name, text)
