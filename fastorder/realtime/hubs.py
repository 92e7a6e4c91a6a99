"""Both hubs of one executor: with its token, opened once wanted, closed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from fastorder.errors import RealtimeClosed
from fastorder.realtime.blocking_hub import BlockingHub
from fastorder.realtime.hub import Hub
from fastorder.realtime.hub_thread import HubThread
from fastorder.runtime.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder.realtime.base import BaseHub, HubName
    from fastorder.session.token_view import Session

HubT = TypeVar("HubT", bound="BaseHub")


class BaseHubs(Generic[HubT]):
    """Both hubs; each is made when it is first asked for, and opened when it is wanted.

    Nothing here waits for a connection: each hub connects in the background, and goes
    on trying until the close. Callbacks may be set before.

    Args:
        base_url: where the hubs are, or the gateway: rtc.x is taken for api.x.
        session: of the executor; each connection is made with its token of that moment.
        ca_file: a PEM file of authorities to trust instead of the system's.
        renew: called where a hub does not take the token, or where it ends soon.
        clock: time and randomness; tests give their own.
    """

    def __init__(
        self,
        base_url: str,
        session: Session,
        *,
        ca_file: str | None = None,
        renew: Callable[[], object] | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._given = (base_url, session)
        self._clock = Clock() if clock is None else clock
        self._options: dict[str, Any] = {"ca_file": ca_file, "renew": renew}
        self._hubs: dict[HubName, HubT] = {}
        self._started: set[HubName] = set()
        self.is_closed = False

    def __repr__(self) -> str:
        hubs = ", ".join(map(repr, self._hubs.values())) or "no hub yet"
        return f"<{type(self).__name__}: {hubs}>"

    @property
    def user(self) -> HubT:
        """The hub of accounts, orders, positions and fills."""
        return self._hub("user")

    @property
    def market(self) -> HubT:
        """The hub of quotes, trades and depth."""
        return self._hub("market")

    def check(self) -> None:
        """Refuse a use after the close, or from a wrong loop or thread.

        Raises:
            RealtimeClosed, ExecutorMisuse.
        """
        if self.is_closed:
            raise RealtimeClosed("the trader must be open, it is closed")

    def open_user(self, account_id: int) -> HubT:
        """Hear what happens to an account, and connect in the background."""
        hub = self._hub("user")
        hub.subscribe_accounts()
        hub.subscribe_account(account_id)
        return self._opened("user")

    def open_market(self) -> HubT:
        """Connect to the market hub in the background, unless it is done."""
        return self._opened("market")

    def _opened(self, name: HubName) -> HubT:
        hub = self._hub(name)
        if name not in self._started:
            hub.start()
            self._started.add(name)
        return hub

    def _hub(self, name: HubName) -> HubT:
        if name not in self._hubs:
            self._hubs[name] = self._make(name)
        return self._hubs[name]

    def _make(self, name: HubName) -> HubT:
        raise NotImplementedError


class LoopHubs(BaseHubs[Hub]):
    """Both hubs on the running event loop; each has an engine of its own there."""

    def _make(self, name: HubName) -> Hub:
        return Hub(name, *self._given, clock=self._clock, **self._options)

    def check(self) -> None:
        """See ``BaseHubs``; they belong to the loop that opened the first one."""
        super().check()
        for hub in self._hubs.values():
            if hub._engine.used and not hub._engine.driver_ended:
                hub._engine.check()

    async def aclose(self) -> None:
        """Say goodbye to both, wait at most two seconds for theirs, and end."""
        import asyncio  # this runs in a loop: it is loaded

        self.is_closed = True
        await asyncio.gather(*(hub.aclose() for hub in self._hubs.values()))


class ThreadHubs(BaseHubs[BlockingHub]):
    """Both hubs on one thread, which begins with the first and ends with the close."""

    _thread: HubThread | None = None

    def __init__(self, *given: Any, **options: Any) -> None:
        super().__init__(*given, **options)
        self._told_of_the_end: list[Callable[[], object]] = []

    def _make(self, name: HubName) -> BlockingHub:
        if self._thread is None:
            self._thread = HubThread("fastorder-hubs", self._clock)
            for tell in self._told_of_the_end:
                self._thread.at_end(tell)
        return BlockingHub(
            name, *self._given, thread=self._thread, clock=self._clock, **self._options
        )

    def at_end(self, tell: Callable[[], object]) -> None:
        """Call it once their thread has ended, by the close or not."""
        self._told_of_the_end.append(tell)
        if self._thread is not None:
            self._thread.at_end(tell)

    @property
    def is_current(self) -> bool:
        """Whether it is their thread that asks."""
        return self._thread is not None and self._thread.is_current

    def close(self) -> None:
        """Say goodbye to both, wait at most two seconds for theirs, and end."""
        self.is_closed = True
        for hub in self._hubs.values():
            hub.close()
        if self._thread is not None:
            self._thread.close()
