"""The gateway's clock: what shows no time leaves the last one that was shown."""

import json
import time
from datetime import datetime

import pytest
from conftest import ACCOUNT, QUICK, prepared
from still import StillClock

from fastorder import blocking
from fastorder.gateway.server_clock import MARGIN_S, ServerClock
from fastorder.simulator import Fault

DATE = b"Tue, 24 Nov 2026 16:45:06 GMT"


@pytest.fixture
def clock():
    return StillClock()


@pytest.mark.parametrize(
    "says_nothing",
    [
        b"",
        b"yesterday",
        b"Tue, 31 Feb 2026 16:45:06 GMT",
        b"x" * len(DATE),
        b"\xff" * 64,
        b" " * len(DATE),
    ],
)
def test_what_shows_no_time_leaves_the_last_that_was_shown(clock, says_nothing):
    known = ServerClock(clock)
    known.note(clock.date(), clock.now_ns)
    clock.pass_s(5)
    known.note(says_nothing, clock.now_ns)
    assert known.ahead_s() == pytest.approx(0.0, abs=1.0)
    start_s = known.window_start_s(clock.wall)
    assert clock.wall - start_s == pytest.approx(MARGIN_S, abs=2)


def test_a_date_of_another_day_or_form_is_read(clock):
    known = ServerClock(clock)
    for date in (DATE, b"Wed, 25 Nov 2026 00:00:01 GMT", b"Wed Nov 25 00:00:02 2026"):
        known.note(date, clock.now_ns)
        alone = ServerClock(clock)
        alone.note(date, clock.now_ns)
        assert known.ahead_s() == alone.ahead_s() is not None


def test_a_lost_answer_does_not_make_the_next_look_ask_for_a_day(gateway):
    gateway.faults.add(Fault("/api/Order/place", reply="hang_up", effect="now"))
    with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
        trader = prepared(executor, gateway)
        trader.connect()
        assert trader.place_market_order("MNQ", "BUY", 1, ACCOUNT).success
    look = gateway.ledger.requests("/api/Order/search")[0]
    start = datetime.fromisoformat(
        json.loads(look.body)["startTimestamp"].replace("Z", "+00:00")
    )
    back_s = time.time() - start.timestamp()
    assert MARGIN_S - 5 < back_s < 10 * MARGIN_S
