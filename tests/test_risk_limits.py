"""RiskLimits: what they take, what they refuse, and the venue's rules as data."""

import pickle
from dataclasses import fields
from datetime import date, datetime, time, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastorder import Budgets, RiskLimits
from fastorder._base.shown import safely_shown
from fastorder.errors import ConfigurationError
from fastorder.risk import venue_rules
from fastorder.risk.trading_day import trading_day

WRONG = [
    ({"max_order_size": 0}, "max_order_size must be a whole number from 1 to 1000000"),
    ({"max_order_size": True}, "max_order_size must be a whole number"),
    ({"max_order_size": 1.0}, "max_order_size must be a whole number"),
    ({"max_position": -1}, "max_position must be a whole number from 0 to 1000000"),
    ({"max_open_orders": "3"}, "max_open_orders must be a whole number"),
    ({"price_collar_ticks": 0}, "price_collar_ticks must be a whole number from 1"),
    ({"max_orders_per_second": 10_001}, "max_orders_per_second must be a whole"),
    ({"price_max_age": 0}, "price_max_age must be a number of seconds"),
    ({"duplicate_window": float("nan")}, "duplicate_window must be a number of sec"),
    ({"duplicate_window": -1}, "duplicate_window must be a number of seconds"),
    ({"max_daily_loss": 0}, "max_daily_loss must be a positive number of dollars"),
    ({"max_daily_loss": -500}, "max_daily_loss must be a positive number"),
    ({"max_daily_loss": float("inf")}, "max_daily_loss must be a number of dollars"),
    ({"trailing_loss": "2000"}, "trailing_loss must be a number of dollars"),
    ({"max_lots": 0.0005}, "max_lots must be a number of lots"),
    ({"max_lots": -1}, "max_lots must be a number of lots"),
    ({"max_lots": 1, "lot_weights": {"MNQ": 0}}, "lot_weights must give each product"),
    ({"max_lots": 1, "lot_weights": ["MNQ"]}, "lot_weights must be a mapping"),
    ({"symbols": []}, "symbols must be a collection of symbols"),
    ({"symbols": "MNQ"}, "symbols must be a collection of symbols"),
    ({"symbols": [1]}, "symbols must be a collection of symbols"),
    ({"accounts": [0]}, "each of accounts must be an account's number"),
    ({"accounts": ["12"]}, "each of accounts must be an account's number"),
    ({"commissions": 1}, "commissions must be a mapping"),
    (
        {"commissions": {"ENQ": -1}, "max_daily_loss": 1},
        "number of dollars, at least 0",
    ),
    ({"commissions": {"": 1}, "max_daily_loss": 1}, "must be given by product codes"),
    ({"loss_max_age": 0}, "loss_max_age must be a number of seconds"),
    ({"flat_by": "25:00"}, "flat_by must be a time of day in Chicago"),
    ({"flat_by": time(15, tzinfo=timezone.utc)}, "flat_by must be a time of day"),
    ({"flat_by": "17:00"}, "flat_by must be a time of day in Chicago before 17:00"),
    ({"flat_by": time(18)}, "where the trading day ends: from a later one on, the"),
    ({"flat_by": "23:59:59"}, "flat_by must be a time of day in Chicago before 17:00"),
    ({"flatten_on_breach": 1, "max_daily_loss": 1}, "flatten_on_breach must be True"),
]
CONTRADICTIONS = [
    ({"commissions": {"ENQ": 1}}, "come with max_daily_loss or trailing_loss"),
    ({"max_order_size": 3, "max_position": 2}, "at most max_position, which is 2"),
    ({"lot_weights": {"MNQ": 0.1}}, "lot_weights must come with max_lots"),
    ({"trailing_stops_at": 0}, "trailing_stops_at must come with trailing_loss"),
    ({"trailing_from": 0}, "trailing_from must come with trailing_loss"),
    ({"flatten_on_breach": True}, "must come with max_daily_loss or trailing_loss"),
    ({"max_daily_loss": 3, "trailing_loss": 2}, "at most trailing_loss, which is 2"),
]


@pytest.mark.parametrize(("limits", "text"), WRONG + CONTRADICTIONS)
def test_what_is_wrong_is_told_by_its_name(limits, text):
    with pytest.raises(ConfigurationError) as told:
        RiskLimits(**limits)
    assert text in str(told.value)
    assert ", was " in str(told.value)


def test_they_are_frozen_equal_by_value_and_can_be_pickled():
    limits = RiskLimits(
        max_position=3, max_lots=0.5, lot_weights={"mnq": 0.1}, symbols=["mnq"],
        accounts=[5], flat_by="15:08", max_daily_loss=1000.5,
    )  # fmt: skip
    with pytest.raises(AttributeError):
        limits.max_position = 4
    assert pickle.loads(pickle.dumps(limits)) == limits
    assert hash(limits) == hash(limits.replace())
    assert limits.max_daily_loss == Decimal("1000.5")
    assert limits.flat_by == time(15, 8)
    assert limits.symbols == {"MNQ"}
    assert limits.replace(max_position=None).max_position is None


SECRET = "sk_live_4fQ9zX7bA2"


@pytest.mark.parametrize("name", [field.name for field in fields(RiskLimits)])
@pytest.mark.parametrize(
    "wrap", [str, lambda s: [s], lambda s: {s: s}, lambda s: {"MNQ": s}]
)
def test_no_error_of_a_limit_shows_a_secret_in_the_wrong_place(name, wrap):
    """Whatever limit it was pasted to; those that come are in here by themselves."""
    given = {name: wrap(SECRET)}
    if name == "lot_weights":
        given["max_lots"] = 1
    if name == "commissions":
        given["max_daily_loss"] = 1
    try:
        RiskLimits(**given)
    except ConfigurationError as error:
        assert SECRET not in str(error)
        assert len(str(error)) < 200
    else:
        assert name == "symbols"


@pytest.mark.parametrize("name", [field.name for field in fields(Budgets)])
def test_no_error_of_a_budget_shows_one_either(name):
    given = {name: [SECRET]} if name == "path" else {name: SECRET}
    with pytest.raises(ConfigurationError) as told:
        Budgets(**given)
    assert SECRET not in str(told.value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "5"), (None, "None"), (1.5, "1.5"), ("15:08", "'15:08'"),
        ("a" * 500, "a text of 500 characters"), (["x"], "a list of 1"),
        ({"a": 1}, "a dict of 1"), (object(), "a object"),
        (10**40, "1" + "0" * 31),
    ],
)  # fmt: skip
def test_a_value_is_shown_as_far_as_it_is_no_secret(value, text):
    assert safely_shown(value) == text


# ------------------------------------------------------------ the venue's rules


@pytest.mark.parametrize("kind", venue_rules.ACCOUNT_KINDS)
def test_each_preset_is_made_of_dated_rules(kind):
    limits = RiskLimits.preset(kind)
    for name, rule in venue_rules.ACCOUNT_KINDS[kind].items():
        assert rule.source.startswith("https://help.topstep.com/")
        assert date.fromisoformat(rule.read_on) >= date(2026, 1, 1)
        assert rule.sure in "ABC"
        if name not in ("max_lots", "flat_by"):
            assert getattr(limits, name) == rule.value
    assert limits.flat_by == time(15, 8)
    assert limits.replace(max_lots=1, flat_by=None).flat_by is None


@pytest.mark.parametrize(
    ("kind", "balance", "lots"),
    [
        ("funded-50k", None, 2),
        ("funded-50k", 1_499.99, 2),
        ("funded-50k", 1_500, 3),
        ("funded-50k", 2_000, 3),
        ("funded-50k", 2_000.01, 5),
        ("funded-100k", 2_500, 5),
        ("funded-150k", 4_500.5, 15),
        ("funded-150k", -4_000, 3),
    ],
)
def test_the_scaling_plan_gives_lots_by_the_balance(kind, balance, lots):
    assert RiskLimits.preset(kind, balance=balance).max_lots == lots


NUMBERS = [
    "max_order_size", "max_position", "max_lots", "max_open_orders",
    "price_collar_ticks", "price_max_age", "max_orders_per_second",
    "duplicate_window", "max_daily_loss", "trailing_loss", "trailing_stops_at",
    "trailing_from", "loss_max_age",
]  # fmt: skip
TRAILING = ("trailing_stops_at", "trailing_from")
ENDLESS = [float("nan"), float("inf"), -float("inf")]
ENDLESS += [Decimal(text) for text in ("NaN", "sNaN", "Infinity", "-Infinity")]


@pytest.mark.parametrize("value", ENDLESS)
@pytest.mark.parametrize("name", [*NUMBERS, "balance", "lot_weights", "commissions"])
def test_no_number_of_a_limit_or_a_preset_is_without_end(name, value):
    asked = dict.fromkeys(TRAILING, "trailing_loss")
    asked["lot_weights"] = "max_lots"
    asked["commissions"] = "max_daily_loss"
    found = {"MNQ": value} if name in ("lot_weights", "commissions") else value
    more = {asked[name]: 1} if name in asked else {}
    if name == "balance":
        make, more = RiskLimits.preset, {"kind": "funded-50k"}
    else:
        make = RiskLimits
    with pytest.raises(ConfigurationError, match=f"{name} must be "):
        make(**{name: found}, **more)


@given(
    st.sampled_from([*NUMBERS, "balance"]),
    st.one_of(
        st.floats(),
        st.decimals(),
        st.integers(),
        st.sampled_from([10**5_000, -(10**5_000), Decimal("1e999999"), True]),
    ),
)
def test_any_number_is_taken_as_it_is_or_told_by_its_name(name, value):
    try:
        if name == "balance":
            lots = RiskLimits.preset("funded-50k", balance=value).max_lots
            assert lots == (2 if value < 1_500 else 3 if value <= 2_000 else 5)
            return
        more = {"trailing_loss": 1} if name in TRAILING else {}
        made = getattr(RiskLimits(**{name: value}, **more), name)
    except ConfigurationError as error:
        assert str(error).startswith(f"{name} must ")
        assert len(str(error)) < 300
    else:
        assert made in (value, Decimal(str(value)))
        assert float("-inf") < made < float("inf")


@pytest.mark.parametrize("kind", [None, 5, ["combine-50k"], {}])
def test_a_preset_is_named_by_text(kind):
    with pytest.raises(ConfigurationError, match="kind must be one of combine-50k"):
        RiskLimits.preset(kind)


def test_a_preset_that_there_is_not_is_told():
    with pytest.raises(ConfigurationError, match="kind must be one of combine-50k"):
        RiskLimits.preset("50k")
    with pytest.raises(ConfigurationError, match="balance must be given for a funded"):
        RiskLimits.preset("combine-50k", balance=1)
    with pytest.raises(ConfigurationError, match="balance must be a number of dollars"):
        RiskLimits.preset("funded-50k", balance="1")


@pytest.mark.parametrize(
    ("contract", "units"),
    [("MNQ", 100), ("ENQ", 1000), ("MBT", 1000), ("SIL", 1000), ("XYZ", 1000)],
)
def test_ten_micros_are_a_lot_and_what_is_not_known_is_one(contract, units):
    assert RiskLimits(max_lots=5)._lot_units(contract) == units
    own = RiskLimits(max_lots=5, lot_weights={contract: 0.25})
    assert own._lot_units(contract) == 250


# ------------------------------------------------------------ the trading day


def at(text):
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("now", "starts", "ends", "day"),
    [
        # summer: Chicago is at UTC-5
        ("2026-07-01T21:59:59+00:00", "2026-06-30T22:00:00+00:00",
         "2026-07-01T22:00:00+00:00", "2026-07-01"),
        ("2026-07-01T22:00:00+00:00", "2026-07-01T22:00:00+00:00",
         "2026-07-02T22:00:00+00:00", "2026-07-02"),
        # winter: UTC-6
        ("2026-12-01T22:59:59+00:00", "2026-11-30T23:00:00+00:00",
         "2026-12-01T23:00:00+00:00", "2026-12-01"),
        # the day in which the clocks go forward has 23 hours
        ("2026-03-08T12:00:00+00:00", "2026-03-07T23:00:00+00:00",
         "2026-03-08T22:00:00+00:00", "2026-03-08"),
        # and 25 in which they go back
        ("2026-11-01T12:00:00+00:00", "2026-10-31T22:00:00+00:00",
         "2026-11-01T23:00:00+00:00", "2026-11-01"),
    ],
)  # fmt: skip
def test_a_trading_day_ends_at_17_in_chicago(now, starts, ends, day):
    found = trading_day(at(now))
    assert (found.start_s, found.end_s) == (at(starts), at(ends))
    assert found.date == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("now", "flat"),
    [
        ("2026-03-06T20:00:00+00:00", "2026-03-06T21:08:00+00:00"),  # before
        ("2026-03-09T20:00:00+00:00", "2026-03-09T20:08:00+00:00"),  # and after
        ("2026-10-30T20:00:00+00:00", "2026-10-30T20:08:00+00:00"),
        ("2026-11-02T20:00:00+00:00", "2026-11-02T21:08:00+00:00"),
    ],
)
def test_a_time_of_day_follows_the_clocks_of_chicago(now, flat):
    assert trading_day(at(now)).at(time(15, 8)) == at(flat)


def test_a_time_in_the_evening_lies_at_the_days_start():
    day = trading_day(at("2026-12-01T20:00:00+00:00"))
    assert day.at(time(18)) == at("2026-12-01T00:00:00+00:00")
    assert day.at(time(17)) == day.start_s
