"""An act that is broken off at any point is in ``acts()``, and is followed to its end.

The exception comes at each point where Python may run a signal's handler, in the call
of the verb and in what it calls, as in test_interrupted.py.
"""

from contextlib import suppress

import pytest
import test_interrupted
from conftest import ACCOUNT
from test_acts import CANCEL, CLOSE, MODIFY, PLACE, Facade, bought
from test_interrupted import Handler, Stopped

from fastorder import FastOrderError, OrderRequest, Outcome
from fastorder.session.ticket_group import TicketGroup

CHANGES = (PLACE, CANCEL, MODIFY, CLOSE)


@pytest.fixture(params=["async", "blocking"])
def desk(request, gateway):
    facade = Facade(request.param, gateway)
    yield facade
    facade.end()


def two_orders():
    return [
        OrderRequest("MNQ", "BUY", 1, ACCOUNT, order_type="LIMIT", limit_price=20_000)
    ] * 2


def verb(executor, act, price):
    """The call of an act; what it gives."""
    if act == "place_many":
        return executor.place_many(two_orders())
    if act == "cancel_all":
        return executor.cancel_all(ACCOUNT, deadline=0)
    if act == "close_out":
        return executor.close_out("MNQ", ACCOUNT, deadline=0)
    if act == "flatten":
        return executor.flatten(ACCOUNT, symbol="MNQ", deadline=0)
    if act == "reverse":
        return executor.reverse("MNQ", ACCOUNT, deadline=0)
    return executor.move_stop("MNQ", ACCOUNT, price)


def interrupted(desk, handler, act, price):
    """Call it; what was raised out of it, or out of the loop."""
    if desk.loop is None:
        with handler:
            with suppress(Stopped, FastOrderError):
                handler.is_armed = True
                verb(desk.executor, act, price)
            handler.is_armed = False
        return

    async def awaited():
        handler.is_armed = True
        await verb(desk.executor, act, price)

    with handler:
        task = desk.loop.create_task(awaited())
        while not task.done():
            with suppress(Stopped, FastOrderError):
                desk.loop.run_until_complete(task)
        handler.is_armed = False


def changes(gateway):
    return sum(len(gateway.ledger.requests(path)) for path in CHANGES)


def ended(desk):
    """The acts, once each and what it sent has ended."""
    acts = desk.executor.acts()
    for _ in range(500):
        if all(act.settled for act in acts) and not desk.executor.intents():
            break
        desk.positions(ACCOUNT)
    return acts


def check(desk, gateway, known, sent, point):
    """All that has left belongs to an act that has ended and tells of it."""
    acts = [act for act in ended(desk) if act not in known]
    assert all(act.settled for act in acts), (point, acts)
    assert not desk.executor._dispatcher.groups, point
    left = changes(gateway) - sent
    told = {each for act in acts for each in changes_of(act)}
    assert len(told) == left, (point, acts)
    assert all(each.done and each.result is not None for each in told), point
    for act in acts:
        assert act.result is not None or act.state.startswith("stopped: "), point


def changes_of(act):
    """What has left for it; an order that was stopped before it left has not."""
    changes = [
        each
        for each in act.tickets
        if each.kind not in ("read", "wait") and not isinstance(each, TicketGroup)
    ]
    assert all(each.result is not None for each in changes), (act, changes)
    return [each for each in changes if each.result.outcome is not Outcome.NOT_SENT]


ACTS = {"place_many": 2, "move_stop": 17, "flatten": 23, "reverse": 31}
"""Each n-th point counts."""


# raised in the end of a generator that is dropped: Python itself passes over it
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("act", ACTS)
def test_wherever_it_is_broken_off_it_is_told(desk, gateway, monkeypatch, act):
    monkeypatch.setattr(test_interrupted, "VERB", verb.__code__)
    points = pass_over(desk, gateway, act, Handler, ACTS[act])
    assert len(points) > 5


def pass_over(desk, gateway, act, kind, stride):
    points = []
    for nth in range(1, 100_000, stride):
        if act != "place_many" and not gateway_holds(gateway):
            bought(desk, 1, stop_loss_ticks=400)
        known, sent = desk.executor.acts(), changes(gateway)
        handler = kind(nth, Stopped())
        interrupted(desk, handler, act, 20_000 + 0.25 * (nth % 50))
        if handler.point is None:
            break
        check(desk, gateway, known, sent, f"point {nth}, {handler.point}")
        points.append(handler.point)
    return points


def gateway_holds(gateway):
    return gateway.call(
        lambda: bool(gateway.gateway.exchange.accounts[ACCOUNT].positions)
    )
