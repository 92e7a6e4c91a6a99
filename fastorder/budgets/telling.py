"""What is said of a budget: why there is no room, when there is, what is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastorder._base.counted import counted
from fastorder.budgets.lanes import LANES, TEXTS, Lane
from fastorder.runtime.clock import FOREVER_NS, SECOND_NS
from fastorder.runtime.log import log

if TYPE_CHECKING:
    from fastorder.budgets.left import BudgetsLeft
    from fastorder.budgets.line import Line, Waiting
    from fastorder.budgets.meter import Meter

SAID_AFTER_NS = SECOND_NS
"""A wait that is longer is told in the log."""


class Said:
    """What the log was told of, so that it is told once."""

    __slots__ = ("_lanes",)

    def __init__(self) -> None:
        self._lanes: set[Lane] = set()

    def due_ns(self, oldest: list[tuple[Lane, Waiting]]) -> int:
        """When the log is to be told of a wait.

        Args:
            oldest: the first that waits in each lane.
        """
        new = [w.since_ns for lane, w in oldest if lane not in self._lanes]
        return min(new, default=FOREVER_NS - SAID_AFTER_NS) + SAID_AFTER_NS

    def look(self, meter: Meter, line: Line, now_ns: int) -> None:
        """Tell the log of those that wait too long, once until none does."""
        oldest = line.oldest()
        self._lanes &= {lane for lane, _ in oldest}
        for lane, waiting in oldest:
            late = now_ns - waiting.since_ns >= SAID_AFTER_NS
            if late and lane not in self._lanes:
                self._lanes.add(lane)
                why = no_room(meter, lane, now_ns)
                count = _waiting(line.count(lane))
                log().warning("%s: %s for room: %s", TEXTS[lane], count, why)


def after_lessening(line: Line) -> str:
    """Why what adds exposure does not leave now, for people."""
    waits = _waiting(line.count(Lane.LESSENING))
    return f"{TEXTS[Lane.LESSENING]} go first, and {waits} for room"


def closed(is_history: bool, for_ns: int) -> None:
    """Tell the log that the gateway has asked to be left alone."""
    what = "history" if is_history else "all requests"
    for_s = for_ns / SECOND_NS
    log().warning("HTTP 429: the budget is closed to %s for %.1f s", what, for_s)


def _waiting(count: int) -> str:
    return f"{counted(count, 'request')} {'waits' if count == 1 else 'wait'}"


def no_room(meter: Meter, lane: int, now_ns: int) -> str:
    """Why a request of a lane cannot leave now, and when one can."""
    return f"{_why(meter, lane, now_ns)}; {_when(meter, lane, now_ns)}"


def waited(meter: Meter, lane: int, now_ns: int) -> str:
    """Why one that has waited does not leave at all."""
    waited_s = meter.budgets.longest_wait
    return f"no room within {waited_s:g} s: {no_room(meter, lane, now_ns)}"


def _why(meter: Meter, lane: int, now_ns: int) -> str:
    budgets, leases = meter.budgets, meter.leases
    is_history = lane == Lane.HISTORY
    closed_ns = meter.closure.until_ns
    if is_history:
        closed_ns = max(closed_ns, meter.closure.history_until_ns)
    if now_ns < closed_ns:
        return "the gateway has asked to be left alone (HTTP 429)"
    if leases is not None and leases.trouble is not None:
        return f"the file of shared budgets cannot be used: {leases.trouble}"
    if is_history:
        used = meter.used(now_ns, True)
        if used >= budgets.history_requests:
            limit, of_s = budgets.history_requests, budgets.history_seconds
            return f"the budget is full: {used} of {limit} of history in {of_s:g} s"
    text = (
        f"the budget is full: {meter.used(now_ns)} of {budgets.requests} "
        f"requests in {budgets.seconds:g} s"
    )
    kept = budgets.requests - meter.most[lane]
    return text + (f", {kept} of them kept for more urgent ones" if kept else "")


def _when(meter: Meter, lane: int, now_ns: int) -> str:
    room_ns = _room_ns(meter, lane, now_ns)
    if room_ns is None:
        return "there is room once those that are on their way are answered"
    return f"there is room in {max(room_ns - now_ns, 0) / SECOND_NS:.1f} s"


def _room_ns(meter: Meter, lane: int, now_ns: int) -> int | None:
    room_ns = meter.room_ns(lane, now_ns)
    if meter.leases is not None:
        room_ns = max(room_ns, meter.leases.room_ns)
    return None if room_ns >= FOREVER_NS else room_ns


def left(meter: Meter, line: Line, now_ns: int) -> BudgetsLeft:
    """What is left of a budget."""
    from fastorder.budgets.left import BudgetsLeft, LaneLeft  # dataclasses

    budgets, leases = meter.budgets, meter.leases
    used, history = meter.used(now_ns), meter.used(now_ns, True)
    closed_ns = max(meter.closure.until_ns - now_ns, 0)
    lanes = {}
    for lane in LANES:
        free = meter.most[lane] - used
        if lane is Lane.HISTORY:
            free = min(free, budgets.history_requests - history)
        free = 0 if closed_ns else max(free - line.up_to(lane), 0)
        room_ns = _room_ns(meter, lane, now_ns)
        room_in_s = None if room_ns is None else max(room_ns - now_ns, 0) / SECOND_NS
        lanes[lane] = LaneLeft(free, line.count(lane), 0.0 if free else room_in_s)
    return BudgetsLeft(
        used,
        budgets.requests,
        budgets.seconds,
        history,
        budgets.history_requests,
        budgets.history_seconds,
        lanes,
        closed_ns / SECOND_NS,
        leases is not None,
        None if leases is None else leases.trouble,
    )
