"""What a program loops over: ``async for`` on a loop, ``for`` in plain code."""

from __future__ import annotations

from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastorder.errors import ExecutorMisuse, Lagged
from fastorder.streams.queues import NOTHING

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from fastorder.streams.queues import Queue

T = TypeVar("T")
TURN_S = 1.0


class Source(Generic[T]):
    """Where the items of a stream come from.

    Args:
        queue: what waits for the consumer.
        start: subscribes; what it returns ends that. It is called once.
        made: makes of what was taken what the program gets.
    """

    def __init__(
        self,
        queue: Queue,
        start: Callable[[], Callable[[], None]],
        made: Callable[[Any], T] | None = None,
    ) -> None:
        self.queue = queue
        self._start = start
        self._stop: Callable[[], None] | None = None
        self._made = made

    @property
    def age_s(self) -> float | None:
        """Seconds since the feed told something; None where that is not known."""
        return None

    @property
    def is_stale(self) -> bool:
        """Whether what it told last may be old."""
        return False

    def open(self) -> None:
        """Subscribe, unless that is done."""
        if self._stop is None:
            self._stop = self._start()

    def close(self) -> None:
        """Want no more; what waits is gone."""
        self.queue.end()
        if self._stop is not None:
            self._stop()

    def take(self) -> T | Any:
        """The next item, or NOTHING."""
        item = self.queue.take()
        if item is NOTHING or self._made is None:
            return item
        return self._made(item)


class BaseStream(Generic[T]):
    """A stream of events; it is closed by the end of its block, or by ``close``.

    Args:
        source: where they come from.
    """

    def __init__(self, source: Source[T]) -> None:
        self._source = source
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else "open"
        return f"<{type(self).__name__} {state}>"

    @property
    def merged(self) -> int:
        """How many events were replaced by newer ones before they were taken."""
        return getattr(self._source.queue, "merged", 0)

    @property
    def lost(self) -> int:
        """How many events were dropped because the consumer was too slow."""
        return getattr(self._source.queue, "lost", 0)

    @property
    def age_s(self) -> float | None:
        """Seconds since the last quote of the contract; None before the first."""
        return self._source.age_s

    @property
    def is_stale(self) -> bool:
        """Whether the contract's quote may be old.

        It may after a gap, until bid and ask have come anew, and where none comes
        although the market is open.
        """
        return self._source.is_stale

    def close(self) -> None:
        """Want no more of it; it may be called twice."""
        if not self._is_closed:
            self._is_closed = True
            self._source.close()

    def _taken(self) -> Any:
        """The next item, or NOTHING; the end, where there is one, is the caller's.

        What an error has ended wants nothing any more: the next stream of the same
        asks the hub anew.
        """
        if self._is_closed:
            return NOTHING
        try:
            return self._source.take()
        except Lagged:
            raise
        except Exception:
            if self._source.queue.has_ended:
                self.close()
            raise

    @property
    def _has_ended(self) -> bool:
        return self._is_closed or self._source.queue.has_ended


class Stream(BaseStream[T]):
    """A stream on the running event loop: ``async for item in stream``.

    Args:
        source: where the items come from.
        prepare: is awaited before the first, where something has to be read for it.
    """

    def __init__(
        self, source: Source[T], prepare: Callable[[], Any] | None = None
    ) -> None:
        super().__init__(source)
        self._prepare = prepare
        if prepare is None:
            source.open()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> T:
        """The next item.

        Raises:
            Lagged: the consumer was too slow; it may go on.
            SubscriptionRefused: the hub does not take it.
        """
        if self._prepare is not None:
            await self._prepare()
            self._prepare = None
        self._source.open()
        while True:
            item = self._taken()
            if item is not NOTHING:
                return item  # type: ignore[no-any-return]
            if self._has_ended:
                raise StopAsyncIteration
            await self._wait()

    async def _wait(self) -> None:
        import asyncio  # this runs in a loop: it is loaded

        queue = self._source.queue
        if queue.is_awaited:
            raise ExecutorMisuse("a stream must have one consumer, make another stream")
        woken = asyncio.get_running_loop().create_future()

        def wake() -> None:
            if not woken.done():
                woken.set_result(None)

        queue.wake_with(wake)
        queue.is_awaited = True
        try:
            await woken
        finally:
            queue.is_awaited = False

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *raised: object) -> None:
        self.close()

    async def aclose(self) -> None:
        """The same as ``close``."""
        self.close()


class BlockingStream(BaseStream[T]):
    """A stream for plain code: ``for item in stream``; any thread may take from it.

    Args:
        source: where the items come from.
    """

    def __init__(self, source: Source[T]) -> None:
        super().__init__(source)
        self._bell: SimpleQueue[None] = SimpleQueue()
        source.queue.wake_with(lambda: self._bell.put(None))
        source.open()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        """The next item; see ``Stream``."""
        while True:
            item = self._next(TURN_S)
            if item is not NOTHING:
                return item  # type: ignore[no-any-return]
            if self._has_ended:
                raise StopIteration

    def get(self, timeout: float) -> T | None:
        """The next item; None where none comes within so many seconds."""
        from time import monotonic

        until = monotonic() + timeout
        while True:
            left = until - monotonic()
            item = self._next(min(max(left, 0.0), TURN_S))
            if item is not NOTHING:
                return item  # type: ignore[no-any-return]
            if left <= 0 or self._has_ended:
                return None

    def _next(self, timeout: float) -> Any:
        """What is there, or comes in time; NOTHING otherwise."""
        item = self._taken()
        if item is not NOTHING or self._has_ended:
            return item
        self._source.queue.is_awaited = True
        item = self._taken()  # it may have come meanwhile, in another thread
        if item is NOTHING and not self._has_ended:
            try:
                self._bell.get(timeout=timeout)
            except Empty:
                return NOTHING
            item = self._taken()
        return item

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()
