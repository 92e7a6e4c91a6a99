"""What is left of a budget, for whoever looks."""

from __future__ import annotations

from dataclasses import dataclass

from fastorder._base.counted import counted
from fastorder.budgets.lanes import TEXTS, Lane


@dataclass(frozen=True, slots=True)
class LaneLeft:
    """What is left for one lane.

    Attributes:
        left: how many requests of it could leave now.
        waiting: how many wait for room.
        room_in_s: seconds until there is room for one; 0 where there is now, None where
            that cannot be told, as those before it have not been answered yet.
    """

    left: int
    waiting: int
    room_in_s: float | None


@dataclass(frozen=True, slots=True, repr=False)
class BudgetsLeft:
    """What is left of the budgets of an executor at one moment.

    Attributes:
        used, requests, seconds: so many of so many requests in so many seconds.
        history_used, history_requests, history_seconds: the same of history alone.
        lanes: what is left for each, by Lane.
        closed_s: seconds for which the gateway has asked to be left alone (HTTP 429).
        shared: whether other processes are counted too.
        trouble: why the file that it is shared through cannot be used; None where it
            can, or where there is none.
    """

    used: int
    requests: int
    seconds: float
    history_used: int
    history_requests: int
    history_seconds: float
    lanes: dict[Lane, LaneLeft]
    closed_s: float
    shared: bool
    trouble: str | None

    def __repr__(self) -> str:
        lanes = "; ".join(
            f"{TEXTS[lane]}: {_told(left)}" for lane, left in self.lanes.items()
        )
        return (
            f"<budgets{' shared' if self.shared else ''}: {self.used} of "
            f"{counted(self.requests, 'request')} in {self.seconds:g} s, "
            f"{self.history_used} of {self.history_requests} of history "
            f"in {self.history_seconds:g} s"
            + (
                f"; closed by the gateway for {self.closed_s:.1f} s"
                if self.closed_s
                else ""
            )
            + (f"; {self.trouble}" if self.trouble else "")
            + f"; left for {lanes}>"
        )


def _told(lane: LaneLeft) -> str:
    text = str(lane.left)
    if lane.waiting:
        text += f", {lane.waiting} waiting"
    if lane.room_in_s:
        text += f", room in {lane.room_in_s:.1f} s"
    return text


for _kind in (LaneLeft, BudgetsLeft, Lane):
    _kind.__module__ = "fastorder"  # where they are imported from
