"""The venue in compiled integers, for backtests and paper trading."""

from fastorder.matching.enums import Flag, Kind, Reason, Side, Status, What
from fastorder.matching.errors import (
    BadDatum,
    BadSnapshot,
    MatchingError,
    OffGrid,
    Overflow,
    UnsortedData,
)
from fastorder.matching.exchange import Exchange
from fastorder.matching.grid import price_of, tick_column, ticks_of
from fastorder.matching.rows import EVENT_FIELDS, NO_PRICE, OrderRow, Position
from fastorder.matching.settings import (
    Account,
    Contract,
    Histogram,
    Latencies,
    Queue,
    Steps,
    Touch,
    TradeThrough,
)

__all__ = [
    "EVENT_FIELDS",
    "NO_PRICE",
    "Account",
    "BadDatum",
    "BadSnapshot",
    "Contract",
    "Exchange",
    "Flag",
    "Histogram",
    "Kind",
    "Latencies",
    "MatchingError",
    "OffGrid",
    "OrderRow",
    "Overflow",
    "Position",
    "Queue",
    "Reason",
    "Side",
    "Status",
    "Steps",
    "Touch",
    "TradeThrough",
    "UnsortedData",
    "What",
    "price_of",
    "tick_column",
    "ticks_of",
]

for _name in __all__:
    _public = globals()[_name]
    if callable(_public) and _public is not Exchange:  # it says so itself
        _public.__module__ = __name__  # where users import it from
