"""What every verb that places takes by name alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from fastorder._base.interlock_override import DespiteUnknown


class OrderOptions(TypedDict, total=False):
    """The last arguments of an OrderRequest, which say what they mean."""

    trailing_stop_loss: bool
    custom_tag: str | None
    idempotency_key: str | None
    valid_for: float | None
    despite: DespiteUnknown | None
