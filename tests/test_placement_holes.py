"""Holes that the campaign found in the placement protocol, each of them closed."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import formatdate

import pytest

from fastorder import OrderRequest, RetryPolicy
from fastorder._core.flow.protocol import Pause, Send, Tell
from fastorder._core.transport.evidence import Evidence
from fastorder.gateway.endpoints import Endpoint
from fastorder.gateway.server_clock import MARGIN_S, ServerClock
from fastorder.placement.interlock import Interlock
from fastorder.placement.protocol import State, placement_of
from fastorder.runtime.clock import Clock

SECOND = 1_000_000_000
CONTRACT = "CON.F.US.MNQ.Z26"
HOUR_S = 3600
AUDITS = (Endpoint.SEARCH_TRADES, Endpoint.ORDER_BY_ID)
ABSENT = Evidence(
    body=b'{"orders":[],"trades":[],"success":true,"errorCode":0,'
    b'"order":{"id":3,"creationTimestamp":"2020-01-01T00:00:00Z"}}'
)
"""What a gateway says that has only order 3, whatever it is asked."""


def knowing():
    interlock = Interlock()
    interlock.known_order = lambda account_id: 3
    return interlock


@dataclass
class Machine(Clock):
    """Two clocks that are moved by hand."""

    now_ns: int = 1000 * SECOND
    wall: float = 1_787_168_965.0

    def monotonic_ns(self):
        return self.now_ns

    def wall_s(self):
        return self.wall

    def spread(self):
        return 0.0

    def wait(self, seconds):
        self.now_ns += int(seconds * SECOND)
        self.wall += seconds

    def sleep(self, seconds):
        """Only the wall clock goes on."""
        self.wall += seconds


@pytest.fixture
def machine():
    return Machine()


@pytest.fixture
def server_clock(machine):
    return ServerClock(machine)


@pytest.fixture
def placed(machine, server_clock):
    def make(valid_for=None, resend="lookup_first"):
        limits = () if valid_for is None else (machine.now_ns + valid_for * SECOND,)
        return placement_of(
            OrderRequest("MNQ", "BUY", 1, 5, valid_for=valid_for),
            "tag-1",
            CONTRACT,
            b"body",
            RetryPolicy(resend=resend),
            machine,
            server_clock,
            machine.now_ns,
            knowing(),
            *limits,
        )

    return make


MISMATCH = Evidence(
    body=b'{"orders":[{"id":7,"customTag":"tag-1","contractId":"CON.F.US.MES.Z26",'
    b'"side":0}],"success":true,"errorCode":0}'
)


def endpoints(placement, machine, evidence, looks):
    """Where requests go while somebody looks, again and again, with this answer."""
    for _ in range(looks):
        machine.wait(40)
        command = placement.on_resolve() or placement.on_time()
        while isinstance(command, Send):
            yield command.endpoint
            command = placement.on_evidence(evidence)


def in_doubt_after_quiet(placed, machine):
    """An order of mode after_quiet whose first send was not answered."""
    placement = placed(resend="after_quiet")
    placement.start()
    placement.on_evidence(Evidence(http_status=500))
    machine.wait(1)
    placement.on_time()
    return placement


def window_s(look):
    text = json.loads(look.body)["startTimestamp"].replace("Z", "+00:00")
    return datetime.fromisoformat(text).timestamp()


def test_a_look_that_is_asked_for_does_not_bring_the_next_send_forward(placed, machine):
    placement = placed()
    placement.start()
    due_ns = placement.on_evidence(Evidence(http_status=429, retry_after=b"5")).due_ns
    assert placement.on_resolve().endpoint is Endpoint.SEARCH_ORDERS
    again = placement.on_evidence(ABSENT)
    assert isinstance(again, Pause)
    assert again.due_ns == due_ns == machine.now_ns + 5 * SECOND


def test_an_order_from_before_a_restart_is_found_though_the_clock_was_set_back(
    placed, machine, server_clock
):
    written_s = machine.wall + 2 * HOUR_S
    server_clock.note(formatdate(machine.wall, usegmt=True).encode(), machine.now_ns)
    look = placed().resume(written_s)
    assert window_s(look) <= machine.wall


def test_an_order_from_before_a_sleep_is_found(placed, machine, server_clock):
    placement, called_s = placed(), machine.wall
    placement.start()
    placement.on_evidence(Evidence(http_status=500))
    machine.wait(1)
    machine.sleep(HOUR_S)
    server_clock.note(formatdate(machine.wall, usegmt=True).encode(), machine.now_ns)
    assert window_s(placement.on_time()) == called_s - MARGIN_S


def test_a_sleep_counts_against_the_time_in_which_an_order_may_leave(placed, machine):
    placement = placed(valid_for=10)
    placement.start()
    placement.on_evidence(Evidence(http_status=500))
    machine.wait(1)
    placement.on_time()
    machine.sleep(HOUR_S)
    assert isinstance(placement.on_evidence(ABSENT), Pause)


def test_the_gate_is_told_of_a_sleep_too(placed, machine):
    placement = placed(valid_for=10)
    assert placement.start().valid_until_ns == machine.now_ns + 10 * SECOND
    placement = placed(valid_for=10)
    machine.sleep(4)
    assert placement.start().valid_until_ns == machine.now_ns + 6 * SECOND


def test_an_order_is_not_sent_again_once_another_was_seen_to_have_its_tag(
    placed, machine
):
    placement = in_doubt_after_quiet(placed, machine)
    assert isinstance(placement.on_evidence(MISMATCH), Tell)
    asked = set(endpoints(placement, machine, ABSENT, 6))
    assert asked == {Endpoint.SEARCH_ORDERS}
    assert placement.state is State.STUCK


def test_an_order_is_not_sent_again_once_it_was_told_to_be_unknown(
    placed, machine, server_clock
):
    date = formatdate(machine.wall, usegmt=True).encode()
    server_clock.note(date, machine.now_ns)
    placement = in_doubt_after_quiet(placed, machine)
    machine.wait(400)
    while placement.state is not State.STUCK:
        placement.on_evidence(Evidence(http_status=500))
        machine.wait(10)
        placement.on_time()
    asked = set(endpoints(placement, machine, ABSENT, 6))
    assert asked == {Endpoint.SEARCH_ORDERS, *AUDITS}
    assert placement.state is State.DONE
