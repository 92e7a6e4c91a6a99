"""A contract's depth as a book: price to size on both sides, from the hub's rows.

The gateway does not document its depth rows. What is taken for true here, and what is
not known, stands in the realtime guide.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from fastorder._core.codec.market_events import DepthRow

    Side = dict[Decimal, int]

ASK, BID, BEST_ASK, BEST_BID, RESET, NEW_BEST_BID, NEW_BEST_ASK = 1, 2, 3, 4, 6, 9, 10
"""The gateway's DomType; 5 trade, 7 low, 8 high and 11 fill are no levels."""

OF_BIDS = frozenset({BID, BEST_BID, NEW_BEST_BID})
OF_ASKS = frozenset({ASK, BEST_ASK, NEW_BEST_ASK})
BEST = frozenset({BEST_ASK, BEST_BID, NEW_BEST_BID, NEW_BEST_ASK})


class Book:
    """The levels of one contract.

    Attributes:
        contract_id: of the contract.
        bids, asks: size by price.
        is_whole: whether a reset has come, and no event was missed since: until then
            there may be levels that nobody has told.
        time_ns: of the newest row; nanoseconds since the epoch, 0 before the first.
    """

    __slots__ = ("asks", "bids", "contract_id", "is_whole", "time_ns")

    def __init__(self, contract_id: str) -> None:
        self.contract_id = contract_id
        self.bids: Side = {}
        self.asks: Side = {}
        self.is_whole = False
        self.time_ns = 0

    def __repr__(self) -> str:
        return (
            f"<Book of {self.contract_id}: bid {_shown(self.best_bid)}, "
            f"ask {_shown(self.best_ask)}, {'' if self.is_whole else 'not '}whole>"
        )

    @property
    def best_bid(self) -> tuple[Decimal, int] | None:
        """The highest bid and its size; None where there is none."""
        return _at(self.bids, max(self.bids, default=None))

    @property
    def best_ask(self) -> tuple[Decimal, int] | None:
        """The lowest ask and its size; None where there is none."""
        return _at(self.asks, min(self.asks, default=None))

    def best_bids(self, most: int = 10) -> list[tuple[Decimal, int]]:
        """Bids with their sizes, the highest first."""
        return sorted(self.bids.items(), reverse=True)[:most]

    def best_asks(self, most: int = 10) -> list[tuple[Decimal, int]]:
        """Asks with their sizes, the lowest first."""
        return sorted(self.asks.items())[:most]

    def copy(self) -> Book:
        """The book of this moment, which later rows do not change."""
        made = Book(self.contract_id)
        made.bids, made.asks = dict(self.bids), dict(self.asks)
        made.is_whole, made.time_ns = self.is_whole, self.time_ns
        return made

    def clear(self, *, is_whole: bool = False) -> None:
        """Know no level; after a reset that is the whole truth."""
        self.bids.clear()
        self.asks.clear()
        self.is_whole = is_whole

    def apply(self, rows: Iterable[DepthRow]) -> None:
        """Take an event's rows in their order; what is no level changes nothing."""
        for row in rows:
            kind = row.type
            self.time_ns = max(self.time_ns, row.time_ns or 0)
            if kind == RESET:
                self.clear(is_whole=True)
            elif row.price is not None and kind in OF_BIDS:
                self._set(self.bids, row, kind in BEST, 1)
            elif row.price is not None and kind in OF_ASKS:
                self._set(self.asks, row, kind in BEST, -1)

    def _set(self, side: Side, row: DepthRow, is_best: bool, way: int) -> None:
        """Set one level; a size of nothing removes it, and the best has none beyond."""
        price = row.price
        assert price is not None
        if is_best:
            for other in [each for each in side if (each - price) * way > 0]:
                del side[other]
        if row.volume:
            side[price] = row.volume
        else:
            side.pop(price, None)


def _at(side: Side, price: Decimal | None) -> tuple[Decimal, int] | None:
    return None if price is None else (price, side[price])


def _shown(level: tuple[Decimal, int] | None) -> str:
    return "none" if level is None else f"{level[1]} at {level[0]}"
