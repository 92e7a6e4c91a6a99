"""What a strategy is told: what became of orders, fills, positions, gaps."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from fastorder.enums import Outcome
    from fastorder.strategy.orders import Order


class OrderEvent(NamedTuple):
    """Something about an order.

    Attributes:
        time_ns: when it is seen.
        order: which one.
        what: ``accepted``, ``rejected``, ``not sent``, ``unknown``, and live
            ``not placed``: proved to have become no order; later
            ``active`` (a leg), ``triggered``, ``modified``, ``modify refused``,
            ``cancelled``, ``cancel refused``, ``expired``, ``filled``, ``ambiguous``;
            live ``modify unknown`` and ``cancel unknown``, whose outcome is UNKNOWN.
        outcome: of the placing, with the first five; None later.
        reason: why not; empty where there is nothing to say.
    """

    time_ns: int
    order: Order
    what: str
    outcome: Outcome | None = None
    reason: str = ""


class Fill(NamedTuple):
    """A fill of an order; a part of it, where it fills in parts.

    Attributes:
        time_ns: when it happened at the venue.
        order: which one; its role says what it was for.
        symbol: of which contract.
        side: 1 a buy, -1 a sell.
        size: contracts.
        price: as the market quotes it.
        profit: of what it closes, in dollars, gross.
        costs: fees and commissions, in dollars.
        position: of the strategy in the contract, after it; signed.
    """

    time_ns: int
    order: Order
    symbol: str
    side: int
    size: int
    price: float
    profit: float
    costs: float
    position: int


class PositionChange(NamedTuple):
    """A position of the strategy has changed.

    Attributes:
        time_ns: when it is seen.
        symbol: of which contract.
        size: what the strategy holds, signed.
        net: what the account holds, signed: strategies on an account net at the venue.
    """

    time_ns: int
    symbol: str
    size: int
    net: int


class Gap(NamedTuple):
    """Market data may be missing: from when to when, in nanoseconds."""

    symbol: str
    from_ns: int
    until_ns: int
