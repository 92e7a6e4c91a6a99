"""A list of contracts as the gateway gave it, and when; what symbols stood for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastorder.models import Contract


class Kept(NamedTuple):
    """The list, and the seconds since 1970 when the gateway gave it."""

    contracts: tuple[Contract, ...]
    asked_s: float


class Remembered(NamedTuple):
    """What a file holds: the list, or None; and by symbol what it stood for last."""

    kept: Kept | None
    followed: dict[str, Contract]
