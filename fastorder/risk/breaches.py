"""Breaches of limits on losses: each is told once for an account and a trading day."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from fastorder.risk.denials import Denied
    from fastorder.risk.trading_day import TradingDay


class Breaches:
    """Which breaches were told, so that none is told again and again."""

    def __init__(self) -> None:
        self._told: dict[tuple[int, Denied], float] = {}

    def is_told(self, account_id: int, code: Denied, day: TradingDay) -> bool:
        """Whether this one was told on this day."""
        return self._told.get((account_id, code)) == day.start_s

    def note(self, account_id: int, code: Denied, day: TradingDay) -> None:
        """It is told now."""
        self._told[account_id, code] = day.start_s

    def forget(self) -> None:
        """What is still breached at the next look is told anew."""
        self._told.clear()
