"""The flatten after a breach where there is a loop: on it, whoever has seen it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.verbs import ActVerbs
from fastorder.trader import breach_act
from fastorder.trader.breach_act import CLOSED, Attempts, Flattens

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, TimerHandle

    from fastorder._core.flow.ticket import Ticket


class LoopFlattens(Flattens):
    """Flattens by the executor of a trader, on its loop.

    Args:
        executor: the trader's; it has limits.
    """

    def __init__(self, executor: Any) -> None:
        super().__init__(executor.risk)
        self._executor = executor
        self._loop: AbstractEventLoop | None = None
        self._pauses: dict[Attempts, TimerHandle] = {}

    def bind(self) -> None:
        """Take the loop that runs now for that of the trader."""
        import asyncio  # this runs in a loop: it is loaded

        self._loop = asyncio.get_running_loop()

    def tell(self, denied: object, account_id: int, why: str) -> None:
        """Flatten an account after a breach; safe from any thread."""
        if self._loop is None:
            self.bind()
        assert self._loop is not None
        self._loop.call_soon_threadsafe(self._start, denied, account_id, why)

    def close(self) -> None:
        """Try no more; what is on its way may end first."""
        self.is_closed = True
        for attempts, pause in self._pauses.items():
            pause.cancel()
            attempts.give_up(CLOSED)
        self._pauses.clear()

    def _start(self, denied: object, account_id: int, why: str) -> None:
        attempts = self.begin(denied, account_id, why)
        if attempts is not None:
            self._try(attempts)

    def _try(self, attempts: Attempts) -> None:
        self._pauses.pop(attempts, None)
        if not attempts.goes_on():
            return
        try:
            act = ActVerbs.flatten.ticket(
                self._executor, attempts.account_id, deadline=breach_act.DEADLINE_S
            )
        except Exception as error:  # whatever it is: there is another attempt
            self._ended(attempts, error)
            return
        if act.done:
            self._ended(attempts, act)
        else:
            act._call_when_done(lambda ticket: self._ended(attempts, ticket))

    def _ended(self, attempts: Attempts, act: Ticket[Any] | Exception) -> None:
        is_closed = self.is_closed or self._executor.closed
        pause_s = attempts.pause_s(act, is_closed)
        if pause_s is not None:
            assert self._loop is not None
            self._pauses[attempts] = self._loop.call_later(pause_s, self._try, attempts)
