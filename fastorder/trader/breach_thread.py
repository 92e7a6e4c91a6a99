"""The flatten after a breach that a hub's thread has seen, where there is no loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fastorder.acts.desk import Desk
from fastorder.acts.sweep import FLATTEN, Sweep

if TYPE_CHECKING:
    from fastorder.acts.report import ActReport
    from fastorder.session.ticket_group import Steps

DEADLINE_S = 10


class ApartDesk(Desk):
    """Works by an executor of its own, and knows the orders of the trader's too.

    Args:
        executor: sends.
        account_id: whose orders and positions.
        placer: the executor that has placed them, of another thread.
    """

    def __init__(self, executor: Any, account_id: int, placer: Any) -> None:
        super().__init__(executor, account_id)
        self._placer = Desk(placer, account_id)

    def open_places(self) -> dict[str, list[str]]:
        """The tags of the trader's orders that are on their way or in doubt."""
        return self._placer.open_places()

    def placed_within(self, seconds: int) -> frozenset[int]:
        """The numbers of the orders that the gateway took from the trader."""
        return self._placer.placed_within(seconds)


def flatten_apart(executor: Any, account_id: int, placer: Any) -> Steps[ActReport]:
    """The steps of a flatten; its orders may be of another executor, the placer."""
    desk = ApartDesk(executor, account_id, placer)
    return Sweep(desk, FLATTEN, None, DEADLINE_S).steps()
