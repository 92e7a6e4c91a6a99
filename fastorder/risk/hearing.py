"""What comes by itself, told to the limits on losses: prices, and reads made for them.

It may come in another thread than the orders: what is looked at here is read whole, and
only the losses are changed.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from fastorder.risk.trading_day import trading_day

if TYPE_CHECKING:
    from decimal import Decimal

    from fastorder.models import Position, Trade
    from fastorder.risk.control import Risk

FROM_HUBS = "a quote of the market hub gives one, or risk.note_price(symbol, price)"


class Hearing:
    """Hears of prices and of reads for the limits of one executor.

    Args:
        risk: its limits.
    """

    def __init__(self, risk: Risk) -> None:
        self._risk = risk
        risk._losses.gives_price = FROM_HUBS

    def now_ns(self) -> int:
        """The limits' monotonic clock."""
        return self._risk._clock.monotonic_ns()

    def day_start(self) -> datetime:
        """When the trading day has begun."""
        start_s = trading_day(self._risk._clock.wall_s()).start_s
        return datetime.fromtimestamp(start_s, timezone.utc)

    def at_stake(self) -> set[str]:
        """The contracts that are held, or may be: with an order that may fill."""
        found = set(self._risk._losses.all_held())
        for account in list(self._risk._exposure.accounts.values()):
            for contract in list(account.contracts.values()):
                if contract.is_at_stake():
                    found.add(contract.contract_id)
        return found

    def holders(self) -> list[int]:
        """The accounts that hold something, as far as it was read."""
        return self._risk._losses.holders()

    def needs_read(self, account_id: int) -> bool:
        """Whether the trades or the positions are half as old as they may be."""
        return self._risk._losses.needs_read(account_id)

    def knows(self, contract_id: str, price: Decimal, within_ns: int) -> bool:
        """Whether this is the price that is gone by, told within this time."""
        known, at_ns = self._risk._losses.price_of(contract_id)
        return price == known and self.now_ns() - at_ns < within_ns

    def price(self, contract_id: str, price: Decimal) -> list[int]:
        """Tell a price of now; the accounts that hold the contract.

        One that the contract cannot have is no price to go by: off the tick, or of
        zero and below where its prices are positive.
        """
        if not self._risk._heard_price(contract_id, price, self.now_ns()):
            return []
        return self._risk._losses.held(contract_id)

    def look(self, account_id: int) -> None:
        """Work out the loss of an account, and act where it is a breach."""
        self._risk._look_at_loss(account_id)

    def read(
        self,
        account_id: int,
        positions: list[Position],
        trades: list[Trade],
        since: datetime,
        begun_ns: tuple[int, int],
    ) -> None:
        """Tell what was read: the open positions, and the trades since the day began.

        Args:
            since: when it has begun.
            begun_ns: when the trades were asked for, and after them the positions.
        """
        losses, now_ns = self._risk._losses, self.now_ns()
        since_s = since.timestamp()
        losses.trades_seen(account_id, trades, since_s, begun_ns[0], now_ns, True)
        losses.positions_seen(account_id, positions, begun_ns[1])
