"""What verbs that place take by name alone: every one, and those of a trader."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from fastorder._base.interlock_override import DespiteUnknown
    from fastorder.models import Price


class OrderOptions(TypedDict, total=False):
    """The last arguments of an OrderRequest, which say what they mean."""

    trailing_stop_loss: bool
    custom_tag: str | None
    idempotency_key: str | None
    valid_for: float | None
    despite: DespiteUnknown | None


class EntryOptions(OrderOptions, total=False):
    """What ``buy`` and ``sell`` take besides: prices, legs, the account."""

    limit: Price | None
    stop: Price | None
    trail_ticks: int | None
    join: str | bool | None
    stop_loss_ticks: int | None
    take_profit_ticks: int | None
    stop_loss: Price | None
    take_profit: Price | None
    account: int | str | None
