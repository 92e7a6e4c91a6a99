"""An act whose wait was ended sends nothing more, and what it did can be read."""

import asyncio
import signal
import threading

import pytest
from conftest import ACCOUNT, bought_elsewhere, held
from test_acts import (
    BRACKET,
    CANCEL,
    CLOSE,
    MNQ,
    MODIFY,
    PLACE,
    POSITIONS,
    TRADES,
    Facade,
    bought,
    resting,
    working,
)

from fastorder import ActReport, Outcome
from fastorder.simulator import Fault
from fastorder.verbs.sigint import DeferredSigint

PARTIAL = "/api/Position/partialCloseContract"
CHANGES = (CLOSE, CANCEL, PLACE, MODIFY, PARTIAL)


@pytest.fixture(params=["async", "blocking"])
def desk(request, gateway):
    facade = Facade(request.param, gateway)
    yield facade
    facade.end()


def stopped(desk, gateway, path, verb, *given, **named):
    """End the wait for a verb once its request to a path has come to the gateway."""
    before = len(gateway.ledger.requests(path))

    def has_come():
        return len(gateway.ledger.requests(path)) > before

    def waits():  # Ctrl-C is held back: it cannot be lost in a callback
        return isinstance(signal.getsignal(signal.SIGINT), DeferredSigint)

    if desk.loop is None:
        is_over = threading.Event()

        def interrupt():
            while not (has_come() and waits()) and not is_over.wait(0.002):
                pass
            if not is_over.is_set():
                signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

        thread = threading.Thread(target=interrupt)
        thread.start()
        try:
            with pytest.raises(KeyboardInterrupt):
                getattr(desk, verb)(*given, **named)
        finally:
            is_over.set()
            thread.join()
    else:

        async def cancelled():
            wait = asyncio.ensure_future(getattr(desk.executor, verb)(*given, **named))
            while not has_come():
                await asyncio.sleep(0.002)
            wait.cancel()
            with pytest.raises(asyncio.CancelledError):
                await wait

        desk.loop.run_until_complete(cancelled())
    return desk.executor.acts()[-1]


def ended(desk, act):
    """The act, once it has ended; any call drives the blocking executor."""
    while not act.done:
        desk.positions(ACCOUNT)
    return act


def changes(gateway):
    return sum(len(gateway.ledger.requests(path)) for path in CHANGES)


def test_what_is_bought_after_it_was_stopped_is_left_alone(desk, gateway, caplog):
    bought(desk, 1)
    gateway.faults.add(Fault(POSITIONS, reply="trickle", delay_s=0.002))
    act = stopped(desk, gateway, POSITIONS, "flatten", ACCOUNT)
    gateway.faults.clear()
    report = ended(desk, act).result
    assert isinstance(report, ActReport)
    assert not report
    assert report.why.startswith("it was stopped: nobody waits for it any more; ")
    assert repr(report) in caplog.text
    assert not report.steps
    assert bought_elsewhere(gateway).success
    sent = changes(gateway)
    for _ in range(5):
        desk.positions(ACCOUNT)
    assert changes(gateway) == sent
    assert held(gateway) == 2
    assert desk.flatten(ACCOUNT)


def test_a_close_on_its_way_is_followed_and_told(desk, gateway):
    bought(desk, 2, **BRACKET)
    gateway.faults.add(Fault(POSITIONS, reply="stall", times=None))
    gateway.faults.add(Fault(CLOSE, reply="trickle", delay_s=0.005))
    act = stopped(desk, gateway, CLOSE, "flatten", ACCOUNT, symbol="MNQ")
    assert not act.done or act.result is not None
    gateway.faults.clear()
    report = ended(desk, act).result
    assert [(s.result.action, s.result.outcome) for s in report.steps] == [
        ("close", Outcome.ACCEPTED)
    ]
    assert held(gateway) == 0
    assert working(gateway) == 2, "the legs stay, and the report does not call it flat"
    assert not report


def test_a_close_whose_answer_is_lost_is_not_sent_again(desk, gateway):
    """What the gateway shows by then may have been bought since."""
    bought(desk, 1)
    gateway.faults.add(Fault(POSITIONS, reply="trickle", delay_s=0.002))
    gateway.faults.add(Fault(CLOSE, reply="hang_up", effect="none", delay_s=0.2))
    act = stopped(desk, gateway, CLOSE, "flatten", ACCOUNT, symbol="MNQ")
    report = ended(desk, act).result
    assert len(gateway.ledger.requests(CLOSE)) == 1
    assert [step.result.outcome for step in report.steps] == [Outcome.UNKNOWN]
    assert held(gateway) == 1


GIVEN = {
    "flatten": (ACCOUNT,),
    "cancel_all": (ACCOUNT,),
    "close_out": ("MNQ", ACCOUNT),
    "reverse": ("MNQ", ACCOUNT),
    "partial_close_out": ("MNQ", ACCOUNT, 1),
    "move_stop": ("MNQ", ACCOUNT, 20_000),
}


@pytest.mark.parametrize(
    ("verb", "at"),
    [
        *(("flatten", path) for path in (POSITIONS, CLOSE, CANCEL)),
        *(("cancel_all", path) for path in (POSITIONS, CANCEL)),
        *(("close_out", path) for path in (POSITIONS, CLOSE, CANCEL)),
        *(("reverse", path) for path in (TRADES, CLOSE, CANCEL, PLACE)),
        *(("partial_close_out", path) for path in (POSITIONS, PARTIAL)),
        *(("move_stop", path) for path in (POSITIONS, MODIFY)),
    ],
)
def test_every_change_of_a_stopped_act_is_told(desk, gateway, verb, at):
    """Wherever it is stopped, its report names each change that had left."""
    bought(desk, 2, **BRACKET)
    resting(desk, 2)
    before = changes(gateway)
    gateway.faults.add(Fault(at, reply="trickle", delay_s=0.004, times=None))
    act = ended(desk, stopped(desk, gateway, at, verb, *GIVEN[verb]))
    sent = changes(gateway) - before
    told = [ticket for ticket in act.tickets if ticket.kind not in ("read", "wait")]
    assert len(told) == sent, [act, told, act.result]
    assert all(ticket.done for ticket in told)
    shown = repr(act.result) if act.result is not None else ""
    if shown:
        assert shown.count("ACCEPTED") + shown.count("accepted") >= sent
    desk.positions(ACCOUNT)
    assert changes(gateway) - before == sent


def test_acts_lists_what_is_under_way_and_what_has_ended(desk, gateway):
    bought(desk, 1)
    report = desk.flatten(ACCOUNT)
    desk.positions(ACCOUNT)
    (act,) = desk.executor.acts()
    assert act.kind == "flatten"
    assert act.result is report
    assert act.state == "done"


def test_a_close_of_the_executor_tells_what_was_done(desk, gateway, caplog):
    bought(desk, 1)
    gateway.faults.add(Fault(POSITIONS, reply="stall", times=None))
    act = stopped(desk, gateway, POSITIONS, "flatten", ACCOUNT)
    if desk.loop is None:
        desk.executor.close(drain=0)
    else:
        desk.loop.run_until_complete(desk.executor.aclose(drain=0))
    assert act.done
    assert "flatten of account" in caplog.text
    assert MNQ not in sizes_told(act)


def sizes_told(act):
    return {each.contract_id for each in act.result.contracts}
