"""A history walked backwards over a gateway that is modelled: any page, any change."""

import json
from datetime import datetime, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

import fastorder
from fastorder._core.flow.protocol import Finish, Pause, Send
from fastorder._core.transport.evidence import Evidence
from fastorder.marketdata import Timeframe
from fastorder.marketdata.history import HistoryPages
from fastorder.requests.bar_pages import BarPages, time_text
from fastorder.runtime.clock import Clock

SECOND = 1_000_000_000
MINUTE = 60 * SECOND
FIRST = 1_787_000_400 * SECOND
POLICY = fastorder.RetryPolicy(base_delay=0.001)


def moment_ns(text):
    return int(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()) * SECOND


class Model:
    """A gateway's history of minutes.

    Args:
        minutes: which minutes have bars.
        most: bars of one answer, whatever was asked for.
        inclusive: whether a bar that opens at a window's end belongs to it.
        oldest_first: how an answer is sorted.
    """

    def __init__(self, minutes, most, inclusive, oldest_first):
        self.minutes = set(minutes)
        self.most = most
        self.inclusive = inclusive
        self.oldest_first = oldest_first

    def answer(self, request):
        start, end = moment_ns(request["startTime"]), moment_ns(request["endTime"])
        opens = sorted(FIRST + minute * MINUTE for minute in self.minutes)
        inside = [at for at in opens if start <= at and at < end + int(self.inclusive)]
        kept = inside[-min(request["limit"], self.most) :]
        rows = [
            {
                "t": datetime.fromtimestamp(at // SECOND, timezone.utc).isoformat(),
                **dict.fromkeys("ohlcv", 1),
            }
            for at in (kept if self.oldest_first else kept[::-1])
        ]
        end = {"success": True, "errorCode": 0, "errorMessage": None}
        return json.dumps({"bars": rows, **end}).encode()


def read(model, since, until, limit, changes=()):
    """The opens of what a walk brings, the history changing before each page."""
    pages = HistoryPages(Timeframe(1, "m"))
    request = {
        "startTime": time_text(since),
        "endTime": time_text(until),
        "limit": limit,
        "includePartialBar": False,
    }
    query = BarPages(request, pages, since + MINUTE, POLICY, Clock())
    command, changes = query.start(), iter(changes)
    while not isinstance(command, Finish):
        if isinstance(command, Pause):
            command = query.on_time()
            continue
        assert isinstance(command, Send)
        asked = json.loads(command.body)
        command = query.on_evidence(Evidence(body=model.answer(asked)))
        model.minutes |= next(changes, set())
    if isinstance(command.value, Exception):
        raise command.value
    bars = pages.bars(since, until, limit)
    return [(at - FIRST) // MINUTE for at in bars.time_ns]


MINUTES = st.sets(st.integers(0, 40))


@settings(max_examples=400, deadline=None)
@given(
    MINUTES,
    st.integers(2, 12),
    st.booleans(),
    st.booleans(),
    st.integers(0, 20),
    st.integers(1, 30),
    st.integers(1, 50),
    st.lists(st.sets(st.integers(41, 60), max_size=3), max_size=6),
)
def test_no_bar_is_lost_or_comes_twice(
    minutes, most, inclusive, oldest_first, start, length, limit, newer
):
    since = FIRST + start * MINUTE
    until = since + length * MINUTE + 30 * SECOND
    wanted = sorted(m for m in minutes if start <= m <= start + length)
    model = Model(minutes, most, inclusive, oldest_first)
    if until > FIRST + 41 * MINUTE:
        newer = ()  # what is newer lies beyond the end
    assert read(model, since, until, limit, newer) == wanted[-limit:]


@settings(max_examples=200, deadline=None)
@given(MINUTES, st.integers(2, 6), st.lists(MINUTES, max_size=6), st.booleans())
def test_bars_that_come_late_harm_none_of_the_others(minutes, most, later, inclusive):
    until = FIRST + 41 * MINUTE
    model = Model(minutes, most, inclusive, False)
    found = read(model, FIRST, until, 1000, later)
    ever = minutes.union(*later)
    assert found == sorted(set(found))
    assert minutes <= set(found) <= ever


def test_times_go_out_to_the_microsecond_and_never_too_early():
    assert time_text(FIRST) == "2026-08-17T21:00:00Z"
    assert time_text(FIRST + 1) == "2026-08-17T21:00:00.000001Z"
    assert time_text(FIRST + SECOND - 1) == "2026-08-17T21:00:01Z"
