from typing import Any

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
    def take(self, bar: Bar) -> None: ...
