"""An exception out of a signal's handler, raised at every point where one may run.

Python runs a handler between two steps of its interpreter: where a function begins,
after a call, where a loop goes back. Here an exception is raised at each such point,
one after the other, from the call of the verb on: in the call itself, and in every
callback of the event loop that the library has asked for; of functions that are not its
own, at the first step and the last. Of a point that a loop passes again and again, the
first four times count, then the 8th, the 16th and so on. The journal is given a coat of
plain Python for it, as its own code is compiled and runs no handler.
"""

import asyncio
import dis
import functools
import gc
import logging
import os
import sys
import time
import weakref
from collections import Counter

import pytest
from conftest import ACCOUNT, prepared

import fastorder
from fastorder import Outcome, RetryPolicy, Timeouts, blocking
from fastorder.journal import Journal, read
from fastorder.simulator import Fault

PLACE = "/api/Order/place"
SWIFT = RetryPolicy(base_delay=0.02, quiet=0.1)
SHORT = Timeouts(connect=5, request=2)
PLAIN = ("intent", "attempt", "resolve", "resolve_later", "commit", "tidy")


class Stopped(BaseException):
    """As KeyboardInterrupt."""


class TimeIsUp(Exception):
    """As the handler of an alarm may raise."""


@pytest.fixture
def plain_journal(monkeypatch):
    """The journal's methods with interpreted steps before and after each."""

    def coated(method):
        @functools.wraps(method)
        def plain(*arguments):
            before = str(len(arguments))
            done = method(*arguments)
            after = str(len(before))
            assert after
            return done

        return plain

    for name in PLAIN:
        monkeypatch.setattr(Journal, name, coated(getattr(Journal, name)))


class Handler:
    """Raises at the n-th point; ``point`` says where that was."""

    def __init__(self, nth, error):
        self._left = nth
        self._error = error
        self._last = {}
        self._passed = Counter()
        self.is_armed = False
        self.point = None

    def __enter__(self):
        gc.disable()  # what is raised in what it calls, Python itself passes over
        sys.settrace(self._called)
        return self

    def __exit__(self, *error):
        sys.settrace(None)
        gc.enable()

    def _called(self, frame, event, argument):
        if not self._is_ours(frame):
            return None
        if is_foreign(frame):  # of its steps, the first and the last
            if frame.f_back.f_code is not CALLBACK and is_foreign(frame.f_back):
                return None
            self._pass(frame)
            return self._last_step
        self._pass(frame)
        frame.f_trace_opcodes = True
        return self._step

    def _last_step(self, frame, event, argument):
        if event == "return":
            self._pass(frame)
        return self._last_step

    def _step(self, frame, event, argument):
        if event == "opcode":
            code, at = frame.f_code.co_code, self._last.get(frame)
            if at is not None and runs_handlers(dis.opname[code[at]]):
                self._pass(frame)
            self._last[frame] = frame.f_lasti
        return self._step

    def _pass(self, frame):
        if not self.is_armed:
            return
        place = (frame.f_code, frame.f_lasti)
        self._passed[place] += 1
        if not counts(self._passed[place]):
            return
        self._left -= 1
        if self._left == 0:
            self.is_armed = False
            code = frame.f_code
            name = getattr(code, "co_qualname", code.co_name)  # from CPython 3.11 on
            self.point = f"{name}:{frame.f_lineno}"
            sys.settrace(None)
            raise self._error

    def _is_ours(self, frame):
        """Within the call of the verb, or a callback; not asyncio's own steps."""
        while frame is not None:
            if is_passed_over(frame):
                return False
            if frame.f_code in (VERB, CALLBACK):
                return True
            if frame.f_code.co_filename in OTHERS and frame.f_code.co_name != "plain":
                return False
            frame = frame.f_back
        return False


def counts(times):
    return times <= 4 or times & (times - 1) == 0


def is_foreign(frame):
    return not frame.f_code.co_filename.startswith(OURS)


def is_passed_over(frame):
    """Whether Python itself passes over what is raised there, and in what it calls.

    When an object goes is not the library's affair, so neither is when this runs.
    """
    code = frame.f_code
    return code.co_filename == weakref.__file__ or code.co_name == "__del__"


def runs_handlers(name):
    return "CALL" in name or "JUMP_BACK" in name or "JUMP_ABS" in name


def verb(executor, **options):
    return executor.place_limit_order("MNQ", "BUY", 1, ACCOUNT, 25_000, **options)


OURS = (os.path.dirname(fastorder.__file__), __file__)
VERB = verb.__code__
CALLBACK = asyncio.events.Handle._run.__code__
OTHERS = {
    __file__,
    asyncio.base_events.__file__,
    asyncio.tasks.__file__,
    asyncio.futures.__file__,
    logging.__file__,
}


SETTLES_S = 120
"""So long a ticket may take; it takes a second or five where nothing else runs."""


# ---------------------------------------------------------------- what has to be true


def booked_now(gateway):
    """The tags of the orders that this round has brought."""
    placements = gateway.ledger.placements()[gateway.earlier :]
    return [effect.custom_tag for effect in placements]


class Heard(logging.Handler):
    """All that is logged meanwhile, and kept nowhere else.

    pytest keeps the records of a whole test, and with the frames of each error in them
    every executor, until the collector takes longer than the gateway may be silent.
    """

    def __enter__(self):
        root = logging.getLogger()
        self.records = []
        self._before, root.handlers = root.handlers, [self]
        return self

    def __exit__(self, *error):
        logging.getLogger().handlers = self._before

    def emit(self, record):
        self.records.append(record)


def check(gateway, path, executor, raised, point, heard):
    """Nothing is lost, told wrongly, or swallowed without a word."""
    booked = Counter(booked_now(gateway))
    assert all(count == 1 for count in booked.values()), point
    assert executor.halted is None, (point, executor.halted)
    tickets = {each.tag: each for each in (*executor.intents(), *executor.recent())}
    entries = read(path)
    assert booked.keys() <= {entry.intent.tag for entry in entries}, point
    for entry in entries:
        ticket = tickets.get(entry.intent.tag)
        assert ticket is not None, f"{point}: an intent without a ticket"
        assert ticket.done, f"{point}: {ticket} is never told"
        outcome = ticket.result.outcome
        assert outcome is not Outcome.UNKNOWN, (point, ticket.result)
        is_there = entry.intent.tag in booked
        assert (outcome is Outcome.ACCEPTED) == is_there, (point, ticket.result)
    for tag, ticket in tickets.items():
        assert ticket.settled, (point, tag)
    assert raised or heard.records, f"{point}: swallowed without a word"


def check_restart(gateway, path):
    """What the journal holds by then, and what is looked up, is what is booked."""
    with blocking.OrderExecutor(gateway.base_url, journal=path, retry=SWIFT) as again:
        prepared(again, gateway)
        again.recover()
        while again.intents():
            again._poll_engine.turn(50_000_000)
    booked = booked_now(gateway)
    for entry in read(path):
        assert entry.resolved
        assert (entry.outcome == "ACCEPTED") == (entry.intent.tag in booked), entry


def is_settled(executor):
    return all(ticket.settled for ticket in executor.intents())


# ---------------------------------------------------------------- the two facades


def on_a_loop(gateway, path, handler, **options):
    """One order, awaited; whatever comes out of the loop, the loop goes on."""
    loop = asyncio.SelectorEventLoop()
    raised = []
    loop.set_exception_handler(lambda loop, context: raised.append(context))

    def go_on(coroutine):
        task = loop.create_task(coroutine)
        while not task.done():
            try:
                loop.run_until_complete(task)
            except (Stopped, TimeIsUp) as error:
                raised.append(error)
        return None if task.exception() else task.result()

    async def made():
        return prepared(
            fastorder.OrderExecutor(
                gateway.base_url, journal=path, retry=SWIFT, timeouts=SHORT
            ),
            gateway,
        )

    async def place():
        handler.is_armed = True
        ticket = verb(executor, **options)
        return await ticket

    async def settle():
        until = time.monotonic() + SETTLES_S
        while not is_settled(executor) and time.monotonic() < until:
            await asyncio.sleep(0.005)

    executor = go_on(made())
    go_on(executor.connect())
    with handler:
        go_on(place())
        handler.is_armed = False
    go_on(settle())
    yield executor, raised
    go_on(executor.aclose())
    loop.close()


def blocking_one(gateway, path, handler, **options):
    """The same from plain code."""
    executor = prepared(
        blocking.OrderExecutor(
            gateway.base_url, journal=path, retry=SWIFT, timeouts=SHORT
        ),
        gateway,
    )
    raised = []
    executor.connect()
    with handler:
        try:
            handler.is_armed = True
            verb(executor, **options)
        except (Stopped, TimeIsUp) as error:
            raised.append(error)
        handler.is_armed = False
    until = time.monotonic() + SETTLES_S
    while not is_settled(executor) and time.monotonic() < until:
        executor._poll_engine.turn(5_000_000)
    yield executor, raised
    executor.close()


ELSEWHERE = """
class Dropped:
    def __del__(self):
        str(str(self.end()))

    def end(self):
        return 1

def drop():
    one = Dropped()
    del one
"""


def dropping():
    """A function, as of the library, that drops an object whose end takes steps."""
    names = {}
    exec(compile(ELSEWHERE, OURS[0] + "/none.py", "exec"), names)
    return names["drop"]


def test_no_point_lies_where_python_itself_passes_over_what_is_raised():
    loop = asyncio.SelectorEventLoop()
    heard = []
    loop.set_exception_handler(lambda loop, context: heard.append(context))
    points = []
    for nth in range(1, 100):
        with Handler(nth, TimeIsUp()) as handler:
            handler.is_armed = True
            loop.call_soon(dropping())
            loop.call_soon(loop.stop)
            loop.run_forever()
        if handler.point is None:
            break
        points.append(handler.point)
    loop.close()
    assert points
    assert len(heard) == len(points), points


FACADES = {"asyncio": on_a_loop, "blocking": blocking_one}
FAULTS = {
    "answered": [],
    "refused": [Fault(PLACE, reply="code", effect="none", error_code=2)],
    "answer lost": [Fault(PLACE, reply="hang_up")],
    "order lost": [Fault(PLACE, reply="hang_up", effect="none")],
}


def one_round(gateway, path, nth, facade, fault, error):
    """An order that is broken off at its n-th point; where that was, if it has one."""
    gateway.earlier = len(gateway.ledger.placements())
    gateway.faults.clear()
    for each in FAULTS[fault]:
        gateway.faults.add(each)
    handler = Handler(nth, error)
    options = {"idempotency_key": f"key-{nth}"} if nth % 2 else {}
    with Heard() as heard:
        runs = FACADES[facade](gateway, path, handler, **options)
        executor, raised = next(runs)
        if handler.point is not None:
            point = f"point {nth}, {handler.point}"
            check(gateway, path, executor, raised, point, heard)
        assert list(runs) == []
        check_restart(gateway, path)
    return handler.point


def cases():
    """Facade, fault and error; most are long, as each point takes its time."""
    for facade in FACADES:
        for fault in FAULTS:
            for error in (Stopped, TimeIsUp):
                is_short = fault == "answered"
                marks = () if is_short else pytest.mark.long
                yield pytest.param(facade, fault, error, marks=marks)


@pytest.mark.parametrize(("facade", "fault", "error"), list(cases()))
def test_wherever_it_is_raised_nothing_is_lost(
    gateway, tmp_path, plain_journal, facade, fault, error
):
    points = set()
    for nth in range(1, 10_000):
        path = tmp_path / f"{nth}.db"
        point = one_round(gateway, path, nth, facade, fault, error())
        if point is None:
            break
        points.add(point)
    assert any("plain" in point for point in points)
    assert len(points) >= 9  # how many there are is the interpreter's affair
