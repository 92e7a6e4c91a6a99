"""The gateway's bars: read from its answers, and ours held against them."""

from decimal import Decimal

import numpy as np
import pytest
from plain_bars import MINUTE, SECOND, random_ticks
from plain_http import MNQ

from fastorder.marketdata import (
    Bar,
    BarError,
    Bars,
    Difference,
    aggregate_ticks,
    bars_from_gateway,
    check_against,
    gateway_timeframe,
    globex,
    resample,
)

ANSWER = {
    "bars": [
        {"t": "2026-08-19T20:51:00+00:00", "o": 29546, "h": 29548.75, "l": 29546,
         "c": 29547.25, "v": 148},
        {"t": "2026-08-19T20:50:00+00:00", "o": 29541, "h": 29547, "l": 29540,
         "c": 29545.75, "v": 350},
    ],
    "success": True,
    "errorCode": 0,
    "errorMessage": None,
}  # fmt: skip
FIRST = 1_787_172_600 * SECOND


def row(time="2026-08-19T20:50:00+00:00", **changes):
    return {"t": time, "o": 5, "h": 6, "l": 4, "c": 5, "v": 1, **changes}


def test_an_answer_is_read_oldest_first():
    bars = bars_from_gateway(ANSWER, "1m")
    assert list(bars) == [
        Bar(FIRST, 29541.0, 29547.0, 29540.0, 29545.75, 350),
        Bar(FIRST + MINUTE, 29546.0, 29548.75, 29546.0, 29547.25, 148),
    ]
    assert bars_from_gateway(ANSWER["bars"], "1m") == bars
    assert resample(bars, "2m")[0].volume == 498


def test_prices_can_be_whole_ticks():
    bars = bars_from_gateway(ANSWER, "1m", tick_size="0.25")
    assert bars.close.tolist() == [29545.75 * 4, 29547.25 * 4]
    assert bars.close.format == "q"
    with pytest.raises(BarError, match=r"multiple of the tick 1, was 29548.75"):
        bars_from_gateway(ANSWER, "1m", tick_size=1)


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-08-19T20:50:00Z", 0),
        ("2026-08-19T15:50:00-05:00", 0),
        ("2026-08-19T20:50:00.5+00:00", 500_000_000),
        ("2026-08-19T20:50:00.1234567+00:00", 123_456_700),
    ],
)
def test_time_stamps_may_have_a_zone_and_a_fraction(text, offset):
    assert bars_from_gateway([row(text)]).time_ns[0] == FIRST + offset


def test_pages_that_overlap_are_put_together():
    bars = bars_from_gateway([*ANSWER["bars"], *ANSWER["bars"]], "1m")
    assert len(bars) == 2
    with pytest.raises(BarError, match="two bars of .* must be alike"):
        bars_from_gateway([row(), row(v=2)])


def test_members_that_are_not_known_do_no_harm():
    assert bars_from_gateway([row(d="2026-08-19", k=5)]) == bars_from_gateway([row()])


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"bars": None, "success": False, "errorCode": 1}, "a refusal with code 1"),
        ({"success": True}, "must hold bars"),
        ([{"t": "2026-08-19T20:50:00Z"}], "a bar must have o"),
        ([row("yesterday")], "t must be a time stamp .* was 'yesterday'"),
        ([row("2026-08-19T20:50:00")], "with its zone"),
        ([row(h=1)], "high must be the highest"),
    ],
)
def test_an_answer_that_holds_no_bars_is_refused(answer, why):
    with pytest.raises(BarError, match=why):
        bars_from_gateway(answer)


def test_an_empty_answer_has_no_bars():
    assert len(bars_from_gateway({**ANSWER, "bars": []}, "1m")) == 0
    assert len(bars_from_gateway({**ANSWER, "bars": None}, "1m")) == 0


def test_the_gateways_units_are_timeframes():
    found = [gateway_timeframe(unit, 2) for unit in range(1, 7)]
    assert found == ["2s", "2m", "2h", "2d", "2w", "2mo"]
    for unit in (0, 7):
        with pytest.raises(BarError, match="unit must be from 1 to 6"):
            gateway_timeframe(unit)


# ------------------------------------------------------------------ over the wire


def asked(wire, unit, **given):
    members = {
        "contractId": MNQ,
        "live": False,
        "startTime": "2026-08-10T00:00:00Z",
        "endTime": "2026-08-19T19:49:25Z",
        "unit": unit,
        "unitNumber": 1,
        "limit": 500,
        "includePartialBar": False,
        **given,
    }
    return wire.ask("History/retrieveBars", **members).json


def test_bars_of_the_wire_make_longer_bars(wire):
    minutes = bars_from_gateway(asked(wire, 2), "1m")
    assert len(minutes) == 500
    assert np.all(np.diff(minutes.time_ns) == MINUTE)
    assert sum(resample(minutes, "15m").volume) == sum(minutes.volume)


def test_daily_bars_of_the_wire_are_stamped_with_the_open_of_the_session(wire):
    days = bars_from_gateway(asked(wire, 4, limit=4), "1d")
    sessions = globex("2026-08-10", "2026-08-21")
    in_sessions = set(days.time_ns) & set(sessions.opens)
    assert len(in_sessions) >= 2


# ------------------------------------------------------------------ held against ours


def ours():
    time, price, size, _ = random_ticks(3000, mean_ns=SECOND // 4)
    return aggregate_ticks(time, price, size, "1m")


def as_answer(bars):
    return [
        {"t": f"{bar.time:%Y-%m-%dT%H:%M:%S}Z", "o": bar.open, "h": bar.high,
         "l": bar.low, "c": bar.close, "v": bar.volume}
        for bar in reversed(list(bars))
    ]  # fmt: skip


def test_bars_that_are_the_same_agree():
    bars = ours()
    found = check_against(bars, as_answer(bars))
    assert found.agrees
    assert found.compared == len(bars) - 2  # the first and the last may lack ticks
    assert str(found).startswith(f"{len(bars) - 2} bars compared, 0 missing")


def test_every_difference_is_told():
    bars = ours()
    answer = as_answer(bars)
    answer[-3]["c"] = answer[-3]["l"]
    answer[-4]["v"] += 1
    del answer[-5]
    time = bars.time_ns
    found = check_against(bars, bars_from_gateway(answer, "1m"))
    assert found.differences == [
        Difference(time[2], "close", bars.close[2], bars.low[2]),
        Difference(time[3], "volume", bars.volume[3], bars.volume[3] + 1),
    ]
    assert (found.missing, found.extra, found.agrees) == ([], [time[4]], False)
    assert "extra: the gateway has none" in str(found)
    assert "at the gateway" in str(found)


def test_a_bar_that_we_lack_is_missing():
    bars = ours()
    lacking = Bars.joined([bars[:3], bars[4:]])
    found = check_against(lacking, as_answer(bars))
    assert found.missing == [bars.time_ns[3]]
    assert "missing: only the gateway has it" in str(found)


def test_volumes_may_be_a_little_apart():
    bars = ours()
    answer = as_answer(bars)
    for one in answer:
        one["v"] = round(one["v"] * 1.009)
    assert not check_against(bars, answer).agrees
    assert check_against(bars, answer, volume_tolerance=0.01).agrees


def test_bars_without_a_common_time_compare_to_nothing():
    assert check_against(ours(), ANSWER).compared == 0
    assert check_against(ours(), {**ANSWER, "bars": []}).compared == 0


@pytest.mark.parametrize("tick_size", [None, "0.25"])
@pytest.mark.parametrize("member", ["t", "o", "h", "l", "c", "v"])
@pytest.mark.parametrize(
    "value",
    [None, True, "1", "x", [], {}, float("nan"), float("inf"), 2**63, -(2**70),
     Decimal("NaN"), 1.5, "2300-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
     "2026-13-01T00:00:00Z", "2026-01-01T00:00:00"],
)  # fmt: skip
def test_a_member_that_is_no_such_thing_is_refused_by_name(member, value, tick_size):
    row = {"t": "2026-01-05T00:00:00Z", "o": 1, "h": 2, "l": 1, "c": 1.5, "v": 3}
    if value == 1.5 and member in "ohlc":
        pytest.skip("a price")
    with pytest.raises(BarError, match=rf"^{member} must be"):
        bars_from_gateway([{**row, member: value}], "1m", tick_size=tick_size)
