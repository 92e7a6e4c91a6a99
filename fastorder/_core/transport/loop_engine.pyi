from asyncio import AbstractEventLoop
from collections.abc import Callable

from fastorder._core.transport.engine import Engine

class LoopEngine(Engine):
    loop: AbstractEventLoop | None
    idle_lost: Callable[[], None] | None
