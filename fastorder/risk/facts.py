"""What the words of a refusal ask for beside the numbers of the order itself."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted
from fastorder.risk.trading_day import chicago

if TYPE_CHECKING:
    from fastorder._core.codec.price import TickGrid


class Facts:
    """What the words of a refusal ask for."""

    def __init__(self, risk: Any) -> None:
        self.why = risk.why
        self.load = risk._load
        self.losses = risk._losses
        self._risk = risk

    def now_ns(self) -> int:
        """The monotonic clock."""
        now_ns: int = self._risk._clock.monotonic_ns()
        return now_ns

    def chicago_now(self) -> datetime:
        """The time that the clocks of Chicago show."""
        return datetime.fromtimestamp(self._risk._clock.wall_s(), chicago())

    def knows_tick(self, symbol: str) -> bool:
        """Whether a tick of this contract is known."""
        return self._grid(symbol) is not None

    def price_text(self, symbol: str, ticks: int) -> str:
        """A price in ticks, as its digits."""
        grid = self._grid(symbol)
        return f"{counted(ticks, 'tick')}" if grid is None else grid.text(ticks)

    def _grid(self, symbol: str) -> TickGrid | None:
        listing = self._risk._contracts.by_id(symbol)
        grid: TickGrid | None = (listing or self._risk._contracts.find(symbol)).grid
        return grid
