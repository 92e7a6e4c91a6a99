"""The flatten after a breach where there is no loop: on a thread of its own."""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from fastorder.acts.desk import Desk
from fastorder.acts.sweep import FLATTEN, Sweep
from fastorder.blocking import OrderExecutor
from fastorder.budgets.lanes import Lane
from fastorder.errors import FastOrderError
from fastorder.trader import breach_act
from fastorder.trader.breach_act import CLOSED, Attempts, Flattens

if TYPE_CHECKING:
    from collections.abc import Callable

    from fastorder._core.flow.ticket import Ticket
    from fastorder.acts.report import ActReport
    from fastorder.session.ticket_group import Steps


class ApartDesk(Desk):
    """Works by an executor of its own, and knows the orders of the trader's too.

    Args:
        executor: sends.
        account_id: whose orders and positions.
        placer: the executor that has placed them, of another thread.
        lane: where its reads stand in a budget.
    """

    def __init__(
        self,
        executor: Any,
        account_id: int,
        placer: Any,
        lane: Lane = Lane.LOOK_UPS,
    ) -> None:
        super().__init__(executor, account_id, lane)
        self._placer_executor = placer
        self._placer = Desk(placer, account_id)

    def in_lane(self, lane: Lane) -> Desk:
        """The same, but for where its reads stand in a budget."""
        placer = self._placer_executor
        return ApartDesk(self.executor, self.account_id, placer, lane)

    def open_places(self) -> dict[str, list[str]]:
        """The tags of the trader's orders that are on their way or in doubt."""
        return self._placer.open_places()

    def placed_within(self, seconds: int) -> frozenset[int]:
        """The numbers of the orders that the gateway took from the trader."""
        return self._placer.placed_within(seconds)


class ThreadFlattens(Flattens):
    """Flattens on threads of their own, each by an executor of its own.

    The trader's executor works in the calls of the program alone: nothing says when
    the next one comes.

    Args:
        executor: the trader's; it has limits.
        ca_file: authorities to trust instead of the system's.
        read_anew: told of an account that the trader's limits have to read again, as
            they hear nothing of what is sent here.
    """

    def __init__(
        self, executor: Any, ca_file: str | None, read_anew: Callable[[int], object]
    ) -> None:
        super().__init__(executor.risk)
        self._executor = executor
        self._ca_file = ca_file
        self._read_anew = read_anew
        self._closing = Event()
        self._threads: list[Thread] = []

    def tell(self, denied: object, account_id: int, why: str) -> None:
        """Flatten an account after a breach; safe from any thread."""
        attempts = self.begin(denied, account_id, why)
        if attempts is None:
            return
        self._read_anew(account_id)
        thread = Thread(
            target=self._run, args=(attempts,), name="fastorder-flatten", daemon=True
        )
        self._threads.append(thread)
        thread.start()

    def close(self) -> None:
        """Try no more; what is on its way may end first."""
        self.is_closed = True
        self._closing.set()

    def join(self, until: float) -> None:
        """Wait for what is on its way, until a time on the monotonic clock."""
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self, attempts: Attempts) -> None:
        while attempts.goes_on():
            act = self._attempt(attempts.account_id)
            self._read_anew(attempts.account_id)
            is_closed = self.is_closed or self._executor.closed
            pause_s = attempts.pause_s(act, is_closed)
            if pause_s is not None and self._closing.wait(pause_s):
                attempts.give_up(CLOSED)

    def _attempt(self, account_id: int) -> Ticket[ActReport] | Exception:
        """One flatten, by connections of its own: its ticket, or why there is none."""
        executor = self._executor
        try:
            with OrderExecutor(
                executor.base_url, ca_file=self._ca_file, budgets=executor._budgets
            ) as own:
                token = executor.get_token()
                if token is not None:
                    own.set_token(token)
                del token
                act = own._group("flatten", self._steps(own, account_id))
                with suppress(FastOrderError):  # the ticket has it, and is looked at
                    own._wait(act)
                return act
        except Exception as error:  # whatever it is: there is another attempt
            return error

    def _steps(self, own: OrderExecutor, account_id: int) -> Steps[ActReport]:
        desk = ApartDesk(own, account_id, self._executor)
        return Sweep(desk, FLATTEN, None, breach_act.DEADLINE_S).steps()
