"""The protocol of a placement without any I/O: what comes in, what goes out."""

import json
import time
from dataclasses import dataclass, field

import pytest

from fastorder import OrderRequest, Outcome, RetryPolicy
from fastorder._core.commands import Finish, Pause, Send
from fastorder.endpoints import Endpoint
from fastorder.gateway_time import BLIND_MARGIN_S, MARGIN_S, GatewayTime
from fastorder.placement import Placement
from fastorder.schedule import http_date_s, retry_after_s


@dataclass
class StillClock:
    """A clock that is moved by hand."""

    now_ns: int = 1_000_000_000
    wall: float = 1_787_168_965.0
    asked: list = field(default_factory=list)

    def monotonic_ns(self):
        return self.now_ns

    def wall_s(self):
        return self.wall

    def spread(self):
        return 0.0


@pytest.fixture
def clock():
    return StillClock()


@pytest.fixture
def gateway_time(clock):
    return GatewayTime(clock)


@pytest.fixture
def placement(clock, gateway_time):
    order = OrderRequest("MNQ", "BUY", 1, 5)
    return Placement(
        order, "tag-1", "C", b"the bytes", RetryPolicy(), clock, gateway_time, 1
    )


def test_the_first_command_is_to_send(placement):
    command = placement.start()
    assert isinstance(command, Send)
    assert (command.endpoint, command.body) == (Endpoint.PLACE, b"the bytes")


def test_a_closed_executor_knows_what_was_not_sent(placement):
    placement.start()
    finish = placement.on_stop(None)
    assert isinstance(finish, Finish)
    assert finish.value.outcome is Outcome.NOT_SENT


def test_looking_again_never_sends(placement):
    placement.start()
    assert placement.look_again().endpoint is Endpoint.SEARCH_ORDERS


def window(placement):
    body = json.loads(placement.look_again().body)
    from datetime import datetime

    return datetime.fromisoformat(body["startTimestamp"].replace("Z", "+00:00"))


@pytest.mark.parametrize("ahead_s", [-7200, -60, 0, 60, 7200])
def test_the_window_of_a_look_up_lies_on_the_earlier_of_the_two_clocks(
    placement, gateway_time, clock, ahead_s
):
    from email.utils import formatdate

    sent_s = clock.wall
    gateway_time.note(formatdate(sent_s + ahead_s, usegmt=True).encode(), clock.now_ns)
    assert window(placement).timestamp() == sent_s + min(ahead_s, 0) - MARGIN_S


def test_a_gateway_whose_clock_was_never_set_is_looked_up_all_the_same(
    placement, gateway_time, clock
):
    gateway_time.note(b"Thu, 01 Jan 1970 00:00:10 GMT", clock.now_ns)
    assert window(placement).timestamp() == 0


@pytest.mark.parametrize(
    "date",
    [b"Wed, 19 Aug 2026 20:00:30 GMT", b"Wed Aug 19 20:00:30 2026"],
    ids=["common", "oldest"],
)
def test_a_date_is_in_utc_wherever_this_machine_is(monkeypatch, date):
    monkeypatch.setenv("TZ", "America/Chicago")
    time.tzset()
    try:
        assert http_date_s(date) == 1_787_169_630
    finally:
        monkeypatch.undo()
        time.tzset()


def test_without_a_date_the_window_is_a_day(placement, clock):
    assert window(placement).timestamp() == clock.wall - BLIND_MARGIN_S


def test_an_old_date_is_counted_on(gateway_time, clock):
    from email.utils import formatdate

    gateway_time.note(formatdate(clock.wall, usegmt=True).encode(), clock.now_ns)
    clock.now_ns += 50_000_000_000
    clock.wall += 50
    assert gateway_time.ahead_s() == 0


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (b"3", 3.0),
        (b" 120 ", 120.0),
        (b"Wed, 19 Aug 2026 20:00:30 GMT", 30.0),
        (b"Wed, 19 Aug 2026 19:00:00 GMT", 0.0),
        (b"soon", 0.0),
        (b"-5", 0.0),
        (b"\xff", 0.0),
        (b"9" * 60, 999_999_999.0),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_s(value, b"Wed, 19 Aug 2026 20:00:00 GMT") == seconds


def test_pauses_follow_the_schedule(placement, clock):
    placement.start()
    schedule = placement._schedule
    dues = [schedule.next_due_ns() - clock.now_ns for _ in range(3)]
    assert dues == [750_000_000, 1_500_000_000, 3_000_000_000]
    assert schedule.spent
    assert isinstance(Pause(5).due_ns, int)
