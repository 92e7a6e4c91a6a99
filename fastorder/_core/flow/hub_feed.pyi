from collections.abc import Callable
from typing import Any

from fastorder._core.codec.market_events import MarketDecoder
from fastorder._core.transport.channel import RecordReceiver

class HubFeed(RecordReceiver):
    def __init__(
        self,
        generation: int,
        decoder: MarketDecoder,
        driver: Any,
        hearers: dict[type, tuple[Callable[[Any], object], ...]],
    ) -> None: ...
    generation: int
    greeted: bool
    overlap: Any
    pings: int
