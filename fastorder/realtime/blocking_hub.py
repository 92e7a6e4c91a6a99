"""A hub for code without an event loop: a thread of its own reads it."""

from __future__ import annotations

from threading import Event as Flag
from typing import TYPE_CHECKING, Any

from fastorder.errors import InvocationFailed, RealtimeUnavailable
from fastorder.realtime.base import BaseHub
from fastorder.realtime.hub_thread import HubThread
from fastorder.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Self

    from fastorder._core.transport.poll_engine import PollEngine
    from fastorder.auth.session_token import SessionToken


class BlockingHub(BaseHub):
    """One hub of the gateway; see ``BaseHub`` for its arguments.

    Callbacks run on its thread, in the order of the events. Every method may be called
    from any thread.

    Args:
        thread: reads several hubs, and is closed by whoever made it; where it is not
            given the hub has one of its own.
    """

    def __init__(
        self, *given: Any, thread: HubThread | None = None, **options: Any
    ) -> None:
        self._why = ""
        self._live = Flag()
        self._owns_thread = thread is None
        name = f"fastorder-{given[0] if given else 'the'}-hub"
        self._thread = thread or HubThread(name, options.get("clock") or Clock())
        super().__init__(*given, **options)
        self._thread.add(self._driver)
        self.on("live", self._is_live_now)
        self.on("connect_failed", self._has_failed)

    def _make_engine(self) -> PollEngine:
        return self._thread.engine

    def _token_changed(self, token: SessionToken | None) -> None:
        if not self._thread.is_closing and not self._engine.is_forked:
            self._act(self._protocol.token_changed)

    def _act(self, act: Callable[[int], object]) -> None:
        self._check_process()
        self._thread.act(act)

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
        self.start()
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

    def start(self) -> None:
        """Connect, wait for nothing, and stay connected until the close."""
        self._act(self._protocol.start)
        self._thread.start()

    def close(self) -> None:
        """Say goodbye, wait for the server's own at most two seconds, and end."""
        self._hear_no_token()
        if not self._thread.is_closing and not self._engine.is_forked:
            self._act(self._protocol.stop)
        if self._owns_thread:
            self._thread.close()
