"""When an event loop calls: at the time that was set, and never after the end."""

import asyncio
import os
import resource
import sys

import pytest

from fastorder._core.transport.engine import monotonic_ns
from fastorder._core.transport.evidence import Receiver
from fastorder._core.transport.loop_engine import LoopEngine
from fastorder._core.transport.timerfd import LoopTimer, TimerFd

NEVER = 2**63 - 1
MS = 1_000_000

linux = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone has timerfd")
TIMERS = [LoopTimer, pytest.param(TimerFd, marks=linux)]


class Bell:
    """Notes when it is rung, by a timer on the running loop."""

    def __init__(self, kind):
        self.timer = kind(asyncio.get_running_loop(), self.ring)
        self.rung_ns = []

    def set(self, due_ns):
        self.timer.set(due_ns)
        return due_ns

    def ring(self):
        self.rung_ns.append(monotonic_ns())
        self.timer.fired()

    async def wait(self, times=1):
        while len(self.rung_ns) < times:
            await asyncio.sleep(0.001)


@pytest.mark.parametrize("kind", TIMERS)
def test_it_rings_once_and_not_before_its_time(run, kind):
    async def main():
        bell = Bell(kind)
        due_ns = bell.set(monotonic_ns() + 30 * MS)
        assert bell.timer.due_ns == due_ns
        await bell.wait()
        assert bell.timer.due_ns == NEVER
        await asyncio.sleep(0.02)
        bell.timer.end()
        return bell.rung_ns[0] - due_ns, len(bell.rung_ns)

    late_ns, times = run(main())
    assert late_ns > -2 * MS  # a loop's own timer may be a millisecond early
    assert times == 1


@pytest.mark.parametrize("kind", TIMERS)
@pytest.mark.parametrize("due_ns", [-5, 0, 1])
def test_a_time_that_is_over_rings_at_once(run, kind, due_ns):
    async def main():
        bell = Bell(kind)
        bell.set(due_ns)
        assert bell.rung_ns == []  # by the loop, not by the call
        await bell.wait()
        bell.timer.end()

    run(main())


@pytest.mark.parametrize("kind", TIMERS)
def test_it_rings_again_and_an_earlier_time_replaces_a_later_one(run, kind):
    async def main():
        bell = Bell(kind)
        hour_ns = bell.set(monotonic_ns() + 3_600_000 * MS)
        for times in (1, 2, 3):
            bell.set(monotonic_ns() + MS)
            await bell.wait(times)
        bell.timer.end()
        return hour_ns - bell.rung_ns[-1]

    assert run(main()) > 0


@pytest.mark.parametrize("kind", TIMERS)
def test_after_its_end_it_does_not_ring(run, kind):
    async def main():
        bell = Bell(kind)
        bell.set(monotonic_ns() + 5 * MS)
        bell.timer.end()
        bell.timer.end()
        await asyncio.sleep(0.03)
        assert bell.timer.due_ns == NEVER
        return bell.rung_ns

    assert run(main()) == []


@pytest.mark.parametrize("kind", TIMERS)
def test_it_ends_after_its_loop(run, kind):
    async def main():
        bell = Bell(kind)
        bell.set(monotonic_ns() + 3_600_000 * MS)
        return bell.timer

    timer = run(main())
    timer.end()
    assert timer.due_ns == NEVER


class Sleeper(Receiver):
    """Notes that it was woken."""

    woken = False

    def _on_timer(self):
        self.woken = True


def open_descriptors():
    return len(os.listdir("/proc/self/fd"))


@linux
@pytest.mark.parametrize("ended", [True, False], ids=["ended", "dropped"])
def test_no_descriptor_is_left(ended):
    async def main():
        bell = Bell(TimerFd)
        bell.set(monotonic_ns() + 3_600_000 * MS)
        if ended:
            bell.timer.end()

    before = open_descriptors()
    asyncio.run(main())
    assert open_descriptors() == before


@linux
def test_an_engine_without_a_descriptor_left_takes_the_loops_own_timer(run):
    async def main():
        engine = LoopEngine()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))
        try:
            with pytest.raises(OSError, match="Too many open files"):
                TimerFd(asyncio.get_running_loop(), print)
            engine.check()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        sleeper = Sleeper()
        engine.wake_at(monotonic_ns() + MS, sleeper)
        while not sleeper.woken:
            await asyncio.sleep(0.001)
        engine.close()

    run(main())
