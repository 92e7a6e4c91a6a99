"""A recorded day at the simulator, in step with a live run: time is that of the ticks.

A request arrives ``entry_ns`` after it was asked for, and what comes of it is told
``response_ns`` later: the latencies that a backtest is given.
"""

import heapq
from itertools import count

from matching.oracle import AtItsPrice
from realtime_scene import until
from test_strategy_paper import MNQ, row

from fastorder.simulator import ManualClock, server

MINUTE = 60_000_000_000
ARRIVES, IS_TOLD, COMES, TICKS = range(4)
"""What happens first of what happens at once; the machine's own time comes before."""


class DayClock(ManualClock):
    """It stands where the day is."""

    def set(self, time_ns):
        self._now_s = time_ns / 1e9

    def now_s(self):
        return round(self._now_s, 6)


class Held:
    """A request that is on its way."""

    def __init__(self, day, carry_out, loop):
        self.day, self.carry_out = day, carry_out
        self.told = loop.create_future()

    async def wait(self):
        await self.told
        return self.answer


class Day:
    """The simulator, whose time goes on by steps.

    Args:
        gateway: with a DayClock.
        entry_ns, response_ns: of each request.
    """

    def __init__(self, gateway, entry_ns, response_ns, monkeypatch):
        self.gateway, self.clock = gateway, gateway.gateway.clock
        self.entry_ns, self.response_ns = entry_ns, response_ns
        self.now_ns = 0
        self.received = self.answered = self.rows = self.heard = 0
        self._due, self._turns = [], count()
        self._new, self._told = [], []
        self._whole = server._whole
        monkeypatch.setattr(server, "_whole", self._held_back)
        handling = gateway._handling

        def held(request, endpoint, body):
            carry_out = handling(request, endpoint, body)
            if endpoint not in ORDERS:
                return carry_out
            return lambda: self._receive(carry_out)

        gateway._handling = held
        self._set_up_exchange(gateway.gateway.exchange)

    def _set_up_exchange(self, exchange):
        exchange.__class__ = AtItsPrice
        exchange._arriving = None
        for walk in exchange._walks.values():
            walk._noise = lambda step: 0
        exchange.tell = lambda *event: self._told.append(event)

    async def _held_back(self, answer):
        if isinstance(answer, Held):
            return await answer.wait()
        return await self._whole(answer)

    def _receive(self, carry_out):
        held = Held(self, carry_out, self.gateway._loop)
        self._new.append(held)
        self.received += 1
        return held

    # ---------------------------------------------------------------- the steps

    def play(self, form, run, data):
        """Go through the day with a run; it ends with its last tick."""
        form.call(run.trader.on, "row", self._hear)
        rows = zip(data.time_ns, data.price, data.size, data.side, strict=True)
        for tick in rows:
            self._put(int(tick[0]), TICKS, tick)
        while any(what == TICKS for _, what, _, _ in self._due):
            self._machine_time(form, run)
            self.now_ns, what, _, given = heapq.heappop(self._due)
            self.clock.set(self.now_ns)
            self.STEPS[what](self, form, run, given)
            self._settle(form, run)

    def _put(self, time_ns, what, given):
        heapq.heappush(self._due, (time_ns, what, next(self._turns), given))

    def _machine_time(self, form, run):
        """Bars and timers that come before what is next, one time after another."""
        while True:
            minute_ns = (self.now_ns // MINUTE + 1) * MINUTE if self.now_ns else 2**62
            timer_ns = run._run.timers.next_ns or 2**62
            time_ns = min(minute_ns, timer_ns)
            if time_ns > self._due[0][0] or (
                time_ns == self._due[0][0] and self._due[0][1] != TICKS
            ):
                return
            self.now_ns = time_ns
            self.clock.set(time_ns)
            form.call(run.advance, time_ns)
            self._settle(form, run)

    def _arrive(self, form, run, held):
        held.answer = self.gateway.call(held.carry_out)
        self._put(self.now_ns + self.response_ns, IS_TOLD, held)

    def _tell(self, form, run, held):
        """What is told at this time; held is an answer, or events alone."""
        form.call(run.advance, self.now_ns)
        events = held if isinstance(held, list) else held.events
        self.rows += len(events)
        if not isinstance(held, list):
            self.answered += 1

        def tell():
            for event in events:
                self.gateway.hubs.changed(*event)
            if not isinstance(held, list):
                held.told.set_result(None)

        self.gateway.call(tell)

    def _tick(self, form, run, tick):
        time_ns, price, size, side = tick
        self.gateway.set_price(MNQ, float(price))
        taken = run._run.ticks["MNQ"]
        before = taken.taken
        rows = [row(time_ns, price, size, side)]
        self.gateway.call(lambda: self.gateway.hubs.trades(MNQ, rows))
        form.until(lambda: taken.taken > before or run.is_over, "the tick")

    STEPS = {ARRIVES: _arrive, IS_TOLD: _tell, TICKS: _tick}  # noqa: RUF012

    def _hear(self, row):
        self.heard += 1

    def _settle(self, form, run):
        """Wait until the run knows all, and all that it asks for is on its way."""

        def is_known():
            desks = run._run.desks
            return (
                self.heard == self.rows
                and run._inbox.empty()
                and not run._is_busy
                and self.received == sum(len(desk.requests) for desk in desks)
                and self.received - self.answered == sum(d._waits for d in desks)
            )

        until(is_known, "rest")
        events, self._told = self._told, []
        new, self._new = self._new, []
        for held in new:
            self._put(self.now_ns + self.entry_ns, ARRIVES, held)
        if events:
            arrived = [e for t, w, _, e in self._due if w == IS_TOLD
                       and t == self.now_ns + self.response_ns]  # fmt: skip
            if arrived and isinstance(arrived[-1], Held):
                arrived[-1].events = events
            else:
                self._put(self.now_ns + self.response_ns, IS_TOLD, events)
        for _, what, _, held in self._due:
            if what == IS_TOLD and isinstance(held, Held):
                held.__dict__.setdefault("events", [])


ORDERS = ("/api/order/place", "/api/order/modify", "/api/order/cancel")
