"""The typed word of a caller who trades on although an order is in doubt."""

from __future__ import annotations

from dataclasses import dataclass

from fastorder.errors import WrongFieldType


@dataclass(frozen=True, slots=True)
class DespiteUnknown:
    """New exposure is wanted although these orders of the contract are in doubt.

    Attributes:
        tags: of every order in doubt there, as ``Interlocked.tags`` names them; one
            that comes to be in doubt later is not covered.
        reason: for the log.

    Raises:
        WrongFieldType: these are no tags; one alone is a tuple of one.
    """

    tags: tuple[str, ...]
    reason: str = ""

    def __post_init__(self) -> None:
        several = isinstance(self.tags, (tuple, list, set, frozenset))
        if not several or not all(isinstance(tag, str) for tag in self.tags):
            raise WrongFieldType("tags", "must be a tuple of texts", self.tags)
        object.__setattr__(self, "tags", tuple(self.tags))

    def _covers(self, tags: tuple[str, ...]) -> bool:
        """Whether every one of these is named."""
        return set(tags) <= set(self.tags)


DespiteUnknown.__module__ = "fastorder"  # where it is imported from
