from collections.abc import Callable, Sequence
from typing import Any

from fastorder.matching.exchange import Exchange
from fastorder.strategy._data import Bar, Series, Tick

NEVER: int

class Source:
    symbol: str
    number: int
    n: int
    fed: int
    def __init__(
        self,
        symbol: str,
        number: int,
        grid: tuple[int, int],
        time_ns: Any,
        prices: Any,
        size: Any = None,
        side: Any = None,
        quotes: Sequence[Any] = (),
        length_ns: int = 0,
    ) -> None: ...
    def watch(self, on_tick: Callable[[Tick], object]) -> None: ...
    def renew(self, is_there: bool) -> None: ...

class Frame:
    symbol: str
    every: str
    rank: int
    series: list[Series]
    def __init__(
        self,
        symbol: str,
        every: str,
        rank: int,
        time_ns: Any,
        end_ns: Any,
        prices: Sequence[Any],
        volume: Any,
        n: int,
    ) -> None: ...
    def add(self, series: Series, on_bar: Callable[[Bar], object] | None) -> None: ...
    def renew(self, is_there: bool) -> None: ...

class Engine:
    halted: bool
    def __init__(
        self,
        exchange: Exchange,
        sources: Sequence[Source],
        frames: Sequence[Frame],
        on_event: Callable[[tuple[int, ...]], object],
        on_time: Callable[[int], object],
    ) -> None: ...
    @property
    def now_ns(self) -> int: ...
    def wake_at(self, time_ns: int) -> None: ...
    def halt(self) -> None: ...
    def last_ticks(self, number: int) -> int | None: ...
    def run(self) -> None: ...
    def open(self) -> None: ...
    def go_on(self) -> None: ...
    def pass_time(self, time_ns: int) -> None: ...
