# cython: annotation_typing=False
"""An order as a strategy has it, whichever world it lives in."""

from __future__ import annotations

ENDED = frozenset(
    ["rejected", "not sent", "not placed", "cancelled", "expired", "filled"],
)
"""What an order is not alive with."""


class Order:
    """An order that a strategy has asked for, or a leg of one.

    Attributes:
        id: its number; not the gateway's.
        symbol: of which contract.
        side: 1 a buy, -1 a sell.
        size: contracts.
        kind: ``market``, ``limit``, ``stop`` or ``trailing stop``.
        role: ``entry``, ``exit``, ``stop loss`` or ``take profit``.
        price: its limit or its stop, as the market quotes it; None at the market.
        tag: what the strategy calls it.
        parent: of a leg, its entry.
        distance_ticks: of a leg, how far from the fill of its entry it lies.
        asked_ns: when it was asked for.
        status: ``asked``, ``unknown``, ``waiting`` (a leg), ``accepted``, or how it
            ended: ``filled``, ``cancelled``, ``expired``, ``rejected``, ``not sent``,
            ``not placed``.
        filled: contracts.
    """

    def __init__(
        self,
        id: int,  # noqa: A002
        symbol: str,
        side: int,
        size: int,
        kind: str,
        role: str,
        price: float | None,
        asked_ns: int,
        *,
        tag: str = "",
        parent: Order | None = None,
        distance_ticks: int = 0,
    ) -> None:
        self.id = id
        self.symbol = symbol
        self.side = side
        self.size = size
        self.kind = kind
        self.role = role
        self.price = price
        self.tag = tag
        self.parent = parent
        self.asked_ns = asked_ns
        self.distance_ticks = distance_ticks
        self.status = "asked" if parent is None else "waiting"
        self.filled = 0

    @property
    def alive(self) -> bool:
        """Whether something may still become of it."""
        return self.status not in ENDED

    def __repr__(self) -> str:
        way = "buy" if self.side > 0 else "sell"
        at = "" if self.price is None else f" at {self.price:g}"
        return (
            f"<Order {self.id}: {way} {self.size} {self.symbol} {self.kind}{at}, "
            f"{self.role}, {self.status}>"
        )


show_as(  # type: ignore[name-defined]  # noqa: F821 (of the .pxd)
    Order,
    b"fastorder.strategy.Order",
    b"(id, symbol, side, size, kind, role, price, asked_ns, *, tag='', parent=None,"
    b" distance_ticks=0)",
)
