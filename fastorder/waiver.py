"""The typed word of a caller who trades on although an order is in doubt."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DespiteUnknown:
    """New exposure is wanted although these orders of the contract are in doubt.

    Attributes:
        tags: of every order in doubt there, as ``Interlocked.tags`` names them; one
            that comes to be in doubt later is not covered.
        reason: for the log.
    """

    tags: tuple[str, ...]
    reason: str = ""

    def covers(self, tags: tuple[str, ...]) -> bool:
        """Whether every one of these is named."""
        return set(tags) <= set(self.tags)
