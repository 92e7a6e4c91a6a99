"""A hub on the running event loop."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from fastorder._core.transport.loop_engine import LoopEngine
from fastorder.errors import InvocationFailed, RealtimeClosed, RealtimeUnavailable
from fastorder.realtime.base import BaseHub

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from typing_extensions import Self

    from fastorder.auth.session_token import SessionToken


class Hub(BaseHub):
    """One hub of the gateway, from an event loop; see ``BaseHub`` for its arguments.

    Callbacks run on the loop, in the order of the events. Once connected it stays so:
    a connection that ends is opened again, and all that is wanted is asked for anew.
    """

    _loop: asyncio.AbstractEventLoop | None = None

    def _make_engine(self) -> LoopEngine:
        return LoopEngine(max_connections=4)

    def _token_changed(self, token: SessionToken | None) -> None:
        if self._loop is not None and not self._loop.is_closed():
            with suppress(RuntimeError):  # it was closed by another thread just now
                self._loop.call_soon_threadsafe(self._look_at_token)

    def _look_at_token(self) -> None:
        if not self._engine.closed:
            self._act(self._protocol.token_changed)

    def _act(self, act: Callable[[int], object]) -> None:
        if self._engine.closed:
            raise RealtimeClosed("the hub must be open, it is closed")
        self._check_process()
        act(self._clock.monotonic_ns())
        if self._engine.used:
            self._driver.run()

    async def __aenter__(self) -> Self:
        await self.connect()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self.aclose()

    async def connect(self, timeout: float = 15.0) -> None:
        """Connect, and wait until all that is wanted was answered.

        Where that takes too long it goes on trying all the same, until it is closed.

        Raises:
            RealtimeUnavailable: it was not there in time; the text says why.
            RealtimeClosed: it was closed.
        """
        import asyncio  # this runs in a loop: it is loaded

        if self._engine.closed:
            raise RealtimeClosed("the hub must be open, it is closed")
        self._engine.check()
        failures: list[str] = []
        live = asyncio.Event()
        stops = [
            self.on("live", lambda event: live.set()),
            self.on("connect_failed", lambda event: failures.append(event.why)),
        ]
        self.start()
        try:
            if not self.is_live:
                await asyncio.wait_for(live.wait(), timeout)
        except (TimeoutError, asyncio.TimeoutError):
            why = failures[-1] if failures else "no answer"
            raise RealtimeUnavailable(
                f"the {self.name} hub was not there within {timeout:g} s: {why}"
            ) from None
        finally:
            for stop in stops:
                stop()

    def start(self) -> None:
        """Connect, wait for nothing, and stay connected until the close.

        Raises:
            RealtimeClosed: it was closed.
            ExecutorMisuse: there is no running event loop, or not the one of before.
        """
        import asyncio  # this runs in a loop: it is loaded

        if self._engine.closed:
            raise RealtimeClosed("the hub must be open, it is closed")
        self._engine.check()
        self._loop = asyncio.get_running_loop()
        self._act(self._protocol.start)

    async def invoke(self, target: str, *arguments: Any) -> Any:
        """Call a method of the hub once; its result.

        Raises:
            InvocationFailed: the hub refused, or no answer came; ``sent`` says whether
                it may have been carried out.
        """
        import asyncio  # this runs in a loop: it is loaded

        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        def answered(result: Any, why: str | None, sent: bool) -> None:
            if future.done():
                return
            if why is None:
                future.set_result(result)
            else:
                future.set_exception(InvocationFailed(target, why, sent))

        self._act(
            lambda now_ns: self._protocol.invoke(target, arguments, answered, now_ns)
        )
        return await future

    async def aclose(self) -> None:
        """Say goodbye, wait for the server's own at most two seconds, and end."""
        if self._engine.closed or self._engine.is_forked:
            return
        if not self._engine.used or self._engine.driver_ended:
            self._end()
            return
        import asyncio  # this runs in a loop: it is loaded

        try:
            self._act(self._protocol.stop)
            while self._driver.has_channels:
                await asyncio.sleep(0.005)
        finally:
            self._end()

    def _end(self) -> None:
        self._hear_no_token()
        self._engine.close()
