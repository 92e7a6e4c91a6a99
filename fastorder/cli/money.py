"""An order in words and money, before it is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from fastorder._base.counted import counted

if TYPE_CHECKING:
    from fastorder import Contract


def in_words(
    side: str, quantity: int, contract: Contract, account: str, entry: dict[str, Any]
) -> str:
    """Such as "BUY 1 MNQZ6 at the market, stop 40 ticks = $20.00, on PRAC-1"."""
    parts = [f"{side} {quantity} {contract.name} {price_in_words(entry)}"]
    for name, word in (("stop_loss_ticks", "stop"), ("take_profit_ticks", "target")):
        ticks = entry.get(name)
        if ticks is not None:
            amount = dollars(ticks * quantity * contract.tick_value)
            parts.append(f"{word} {counted(ticks, 'tick')} = {amount}")
    return f"{', '.join(parts)}, on {account}"


def price_in_words(entry: dict[str, Any]) -> str:
    """Where it is to trade."""
    limit, stop = (
        None if entry.get(name) is None else f"{entry[name]:f}"
        for name in ("limit", "stop")
    )
    if entry.get("trail_ticks") is not None:
        return f"at a stop that trails by {counted(entry['trail_ticks'], 'tick')}"
    if entry.get("join") is not None:
        return "at the best bid or ask"
    if stop is not None and limit is not None:
        return f"at {limit} or better, once {stop} trades"
    if stop is not None:
        return f"at the market, once {stop} trades"
    if limit is not None:
        return f"at {limit} or better"
    return "at the market"


def dollars(amount: Decimal) -> str:
    """With two digits behind the point."""
    return f"${amount:,.2f}"
