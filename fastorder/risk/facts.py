"""What the words of a refusal ask for beside the numbers of the order itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.risk.denials import Denied
from fastorder.risk.trading_day import chicago

if TYPE_CHECKING:
    from fastorder._core.codec.price import TickGrid
    from fastorder.gateway.contracts import ContractCache
    from fastorder.risk.day_loss import Losses
    from fastorder.risk.exposure import Contract
    from fastorder.runtime.clock import Clock


@dataclass(frozen=True)
class Facts:
    """What stands beside an order that is refused.

    Attributes:
        why: why the state is not ACTIVE; None while it is.
        load: the verb that reads an account, for people.
        losses: of all accounts.
        contracts: their ticks.
        clock: both clocks.
    """

    why: str | None
    load: str
    losses: Losses
    contracts: ContractCache
    clock: Clock

    def now_ns(self) -> int:
        """The monotonic clock."""
        return self.clock.monotonic_ns()

    def chicago_now(self) -> datetime:
        """The time that the clocks of Chicago show."""
        return datetime.fromtimestamp(self.clock.wall_s(), chicago())

    def knows_loss(self, contract: Contract) -> bool:
        """Whether the loss of a contract's account is known now."""
        account = contract.account
        if self.clock.wall_s() >= account.loss_until_s:
            return False
        return not account.loss & Denied.LOSS_UNKNOWN.value

    def knows_tick(self, symbol: str) -> bool:
        """Whether a tick of this contract is known."""
        return self._grid(symbol) is not None

    def price_text(self, symbol: str, ticks: int) -> str:
        """A price in ticks, as its digits."""
        grid = self._grid(symbol)
        return f"{counted(ticks, 'tick')}" if grid is None else grid.text(ticks)

    def _grid(self, symbol: str) -> TickGrid | None:
        listing = self.contracts.by_id(symbol)
        return (listing or self.contracts.find(symbol)).grid
