"""DespiteUnknown: the caller trades on although an order is in doubt."""

from __future__ import annotations

from dataclasses import dataclass

from fastorder._base.near_names import class_with_near_names
from fastorder.errors import WrongFieldType


@class_with_near_names
@dataclass(frozen=True, slots=True)
class DespiteUnknown:
    """Place an order although these orders of its contract are in doubt.

    Attributes:
        tags: every order in doubt there, as ``Interlocked.tags`` names them. An order
            that is in doubt later is not covered.
        reason: for the log.

    Raises:
        WrongFieldType: ``tags`` is not a tuple of tags; write one as ``(tag,)``.
    """

    tags: tuple[str, ...]
    reason: str = ""

    def __post_init__(self) -> None:
        several = isinstance(self.tags, (tuple, list, set, frozenset))
        if not several or not all(isinstance(tag, str) for tag in self.tags):
            one = isinstance(self.tags, str)
            hint = f"one alone is ({self.tags!r},)" if one else ""
            raise WrongFieldType("tags", "must be a tuple of texts", self.tags, hint)
        object.__setattr__(self, "tags", tuple(self.tags))

    def _covers(self, tags: tuple[str, ...]) -> bool:
        """Whether every one of these is named."""
        return set(tags) <= set(self.tags)


DespiteUnknown.__module__ = "fastorder"  # where it is imported from
