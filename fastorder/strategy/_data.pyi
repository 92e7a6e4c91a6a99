from collections.abc import Callable
from typing import Any

from fastorder.strategy.indicators import Columns

CHUNK: int
NAMES: tuple[str, ...]

class Bar:
    symbol: str
    every: str
    time_ns: int
    end_ns: int
    open: float
    high: float
    low: float
    close: float
    volume: int
    def __init__(
        self,
        symbol: str,
        every: str,
        time_ns: int,
        end_ns: int,
        open: float,  # noqa: A002
        high: float,
        low: float,
        close: float,
        volume: int = 0,
    ) -> None: ...

class Tick:
    symbol: str
    time_ns: int
    price: float
    size: int
    side: int
    def __init__(
        self,
        symbol: str,
        time_ns: int,
        price: float,
        size: int = 1,
        side: int = 0,
    ) -> None: ...

class Series:
    symbol: str
    every: str
    history: int
    count: int
    indicators: list[Indicator]
    def __init__(self, symbol: str, every: str, history: int) -> None: ...
    def __len__(self) -> int: ...
    @property
    def ready(self) -> bool: ...
    @property
    def open(self) -> Any: ...
    @property
    def high(self) -> Any: ...
    @property
    def low(self) -> Any: ...
    @property
    def close(self) -> Any: ...
    @property
    def time_ns(self) -> Any: ...
    @property
    def volume(self) -> Any: ...
    def indicator(self, function: Callable[[Columns], Any]) -> Indicator: ...
    def take(self, bar: Bar) -> None: ...

class Indicator:
    series: Series
    function: Callable[[Columns], Any]
    def __new__(
        cls, series: Series, function: Callable[[Columns], Any]
    ) -> Indicator: ...
    def __len__(self) -> int: ...
    def __getitem__(self, at: int, /) -> float: ...
    @property
    def name(self) -> str: ...
    @property
    def history(self) -> int: ...
    @property
    def last(self) -> Any: ...
    def see(self, bars: Columns) -> None: ...
