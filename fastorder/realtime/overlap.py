"""Two connections that both get every event: each event is passed on once."""

from __future__ import annotations


class Overlap:
    """What each of two connections has brought, counted by the record's bytes.

    A server writes one event alike for both. Of a record that the two have brought a
    and b times, max(a, b) are passed on: none is lost that either has brought, and none
    is passed on twice. Two trades that look alike are two on each of them; one that
    came before the newer connection listened counts for one that the older never
    brought.
    """

    __slots__ = ("_brought",)

    def __init__(self, *generations: int) -> None:
        self._brought: dict[int, dict[bytes, int]] = {each: {} for each in generations}

    def passes(self, generation: int, record: bytes) -> bool:
        """Whether a record that has come is to be passed on."""
        own = self._brought.get(generation)
        if own is None:
            return True
        count = own[record] = own.get(record, 0) + 1
        return not any(
            other.get(record, 0) >= count
            for each, other in self._brought.items()
            if each != generation
        )
