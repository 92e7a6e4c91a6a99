"""What positions and trades are worth: exact decimals, no float on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from fastorder._base.wire_values import number_from
from fastorder.errors import WrongFieldType
from fastorder.risk.day_loss import realised
from fastorder.risk.trading_day import trading_day

if TYPE_CHECKING:
    from collections.abc import Iterable

    from fastorder.models import Contract, Position, Price, Trade


def open_result(position: Position | None, contract: Contract, price: Price) -> Decimal:
    """Dollars that a position would bring at a price, before fees.

    Raises:
        WrongFieldType: the price is no number.
    """
    try:
        exact = number_from(price)
    except TypeError:
        rule = "must be an int, a float or a Decimal"
        raise WrongFieldType("price", rule, price) from None
    if position is None or not position.net:
        return Decimal(0)
    ticks = (exact - position.average_price) / contract.tick_size
    return ticks * contract.tick_value * position.net


def realised_today(trades: Iterable[Trade], now_s: float) -> Decimal | None:
    """Dollars that the trades of a trading day have brought, all costs paid.

    None where a trade tells no commission, and that of its product is not known.

    Args:
        now_s: a moment of that day, in seconds since the epoch.
    """
    start_s = trading_day(now_s).start_s
    return realised(
        trade
        for trade in trades
        if trade.created is None or start_s <= trade.created.timestamp()
    )
