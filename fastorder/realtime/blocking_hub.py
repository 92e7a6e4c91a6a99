"""A hub for code without an event loop: a thread of its own reads it."""

from __future__ import annotations

from collections import deque
from threading import Event as Flag
from threading import Thread, current_thread
from typing import TYPE_CHECKING, Any

from fastorder._base.outside_text import from_outside
from fastorder._core.transport.poll_engine import PollEngine
from fastorder.errors import InvocationFailed, RealtimeClosed, RealtimeUnavailable
from fastorder.realtime.base import BaseHub
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

TURN_NS = 100_000_000
CLOSE_S = 5.0


class BlockingHub(BaseHub):
    """One hub of the gateway; see ``BaseHub`` for its arguments.

    Callbacks run on its thread, in the order of the events. Every method may be called
    from any thread.
    """

    def __init__(self, *given: Any, **options: Any) -> None:
        self._acts: deque[Callable[[int], object]] = deque()
        self._why = ""
        self._closing = False
        self._live = Flag()
        super().__init__(*given, **options)
        self._thread = Thread(
            target=self._read, name=f"fastorder-{self.name}-hub", daemon=True
        )

    def _make_engine(self) -> PollEngine:
        self._poll_engine = PollEngine(max_connections=4)
        return self._poll_engine

    def _act(self, act: Callable[[int], object]) -> None:
        if self._closing:
            raise RealtimeClosed("the hub must be open, it is closed")
        self._check_process()
        self._acts.append(act)
        self._poll_engine.wake()

    def __enter__(self) -> Self:
        try:
            self.connect()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def connect(self, timeout: float = 15.0) -> None:
        """Connect, and wait until all that is wanted was answered; see ``Hub``.

        Raises:
            RealtimeUnavailable: it was not there in time; the text says why.
            RealtimeClosed: it was closed.
        """
        self.on("live", self._is_live_now)
        self.on("connect_failed", self._has_failed)
        self._act(self._protocol.start)
        if not self._thread.is_alive():
            self._thread.start()
        if not self._live.wait(timeout):
            raise RealtimeUnavailable(
                f"the {self.name} hub was not there within {timeout:g} s: "
                f"{self._why or 'no answer'}"
            )

    def _is_live_now(self, event: Any) -> None:
        self._live.set()

    def _has_failed(self, event: Any) -> None:
        self._why = event.why

    def invoke(self, target: str, *arguments: Any, timeout: float = 15.0) -> Any:
        """Call a method of the hub once; its result.

        Raises:
            InvocationFailed: the hub refused, or no answer came; ``sent`` says whether
                it may have been carried out.
        """
        answers: list[tuple[Any, str | None, bool]] = []
        answered = Flag()

        def take(*answer: Any) -> None:
            answers.append(answer)
            answered.set()

        self._act(lambda now_ns: self._protocol.invoke(target, arguments, take, now_ns))
        if not answered.wait(timeout):
            raise InvocationFailed(target, "it was not answered in time", True)
        result, why, sent = answers[0]
        if why is not None:
            raise InvocationFailed(target, why, sent)
        return result

    def close(self) -> None:
        """Say goodbye, wait for the server's own at most two seconds, and end."""
        if self._closing:
            return
        self._act(self._protocol.stop)
        self._closing = True
        if not self._thread.is_alive():
            self._poll_engine.close()
            return
        self._poll_engine.wake()
        if current_thread() is not self._thread:
            self._thread.join(CLOSE_S)

    # ------------------------------------------------------------ the thread

    def _read(self) -> None:
        engine = self._poll_engine
        try:
            while not self._closing or self._acts or self._driver.has_channels:
                while self._acts:
                    self._acts.popleft()(self._clock.monotonic_ns())
                self._driver.run()
                engine.turn(TURN_NS)
        except Exception as error:
            log().error(
                "the %s hub has failed: %s", self.name, from_outside(repr(error))
            )
        finally:
            self._closing = True
            engine.close()
