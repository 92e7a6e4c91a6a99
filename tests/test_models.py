"""Orders, results, settings: immutable, comparable, printable, picklable."""

import json
import logging
import pickle
from datetime import datetime, timezone
from decimal import Decimal
from enum import Enum, IntEnum

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fastorder
from fastorder import (
    Order,
    OrderRequest,
    OrderResult,
    OrderStatus,
    OrderType,
    Outcome,
    Side,
    Timing,
    enums,
    errors,
    marketdata,
)
from fastorder._base.timestamps import time_from
from fastorder._core.transport.timer_heap import TimerHeap
from fastorder.errors import ModifyOrderError, PlaceOrderError, error_name

ACCEPTED = OrderResult(Outcome.ACCEPTED, order_id=9056, tag="t", attempts=1)
REJECTED = OrderResult(
    Outcome.REJECTED, error="no", error_code=2, error_name="OrderRejected"
)


def test_an_accepted_result_prints_as_the_readme_shows():
    assert str(ACCEPTED) == (
        "{'success': True, 'order_id': 9056, 'message': 'order 9056 accepted'}"
    )
    assert dict(ACCEPTED) == {
        "success": True,
        "order_id": 9056,
        "message": "order 9056 accepted",
    }


def test_a_result_is_a_mapping():
    from collections.abc import Mapping

    assert isinstance(ACCEPTED, Mapping)
    assert ACCEPTED["order_id"] == 9056
    assert ACCEPTED.get("error") is None
    assert ACCEPTED.get("error", 5) == 5
    assert set(REJECTED) - set(ACCEPTED) == {"error", "error_code", "outcome"}
    assert REJECTED["outcome"] == "rejected"
    assert REJECTED["message"] == "rejected: OrderRejected (2): no"
    assert {**ACCEPTED} == dict(ACCEPTED.items())
    assert len(ACCEPTED) == len(list(ACCEPTED.values())) == 3
    with pytest.raises(KeyError):
        ACCEPTED["nothing"]


@pytest.mark.parametrize("outcome", Outcome)
def test_a_result_is_true_where_it_was_accepted(outcome):
    result = OrderResult(outcome, order_id=1)
    assert bool(result) is result.success is (outcome is Outcome.ACCEPTED)
    assert bool(result.outcome) is bool(result)
    assert len(result) > 0


def test_a_result_equals_what_it_shows():
    assert dict(REJECTED) == REJECTED
    assert REJECTED == dict(REJECTED)
    assert REJECTED != dict(ACCEPTED)
    assert REJECTED != {}
    assert OrderResult(Outcome.ACCEPTED, tag="a") != OrderResult(Outcome.ACCEPTED)


def test_a_result_matches_as_a_mapping():
    match REJECTED:
        case {"success": False, "outcome": found}:
            assert found == "rejected"
        case _:
            raise AssertionError("a mapping must match")


def test_a_result_is_logged_as_it_prints(caplog):
    for result in (ACCEPTED, REJECTED):
        logging.getLogger("mine").warning("told %s", result)
        assert caplog.messages[-1] == f"told {result}"


def test_results_and_requests_never_change():
    order = OrderRequest("MNQ", "BUY", 1, 5)
    for thing, name in ((ACCEPTED, "outcome"), (ACCEPTED, "order_id"), (order, "side")):
        with pytest.raises(AttributeError):
            setattr(thing, name, None)


def test_results_and_requests_compare_and_pickle():
    order = OrderRequest("MNQ", "sell", 2, 5, "limit", Decimal("5.25"), custom_tag="a")
    for thing in (ACCEPTED, REJECTED, order):
        copy = pickle.loads(pickle.dumps(thing))
        assert copy == thing
        assert hash(copy) == hash(thing)
    assert ACCEPTED != REJECTED
    assert order != order.replace(quantity=3)
    assert order.replace(quantity=3).quantity == 3
    assert order.side is Side.SELL
    assert order.order_type is OrderType.LIMIT
    assert "custom_tag='a'" in repr(order)


def test_each_outcome_raises_its_own_error():
    kinds = {
        Outcome.REJECTED: fastorder.OrderRejected,
        Outcome.NOT_SENT: fastorder.OrderNotSent,
        Outcome.UNKNOWN: fastorder.OrderUnknown,
    }
    for outcome, kind in kinds.items():
        result = OrderResult(outcome, error="why")
        with pytest.raises(kind, match="why") as raised:
            result.raise_for_outcome()
        assert pickle.loads(pickle.dumps(raised.value)).result == result
    assert ACCEPTED.raise_for_outcome() is ACCEPTED


def test_timing_gives_spans():
    timing = Timing(100, 150, 400, 450)
    assert timing.call_to_written == 50
    assert timing.call_to_first_byte == 300
    assert timing.call_to_result == 350
    assert Timing(100, None, None, 450).call_to_written is None


@pytest.mark.parametrize("digits", range(8))
def test_times_are_read_with_any_number_of_digits(digits):
    fraction = f".{'1234567'[:digits]}" if digits else ""
    for zone in ("Z", "+00:00", ""):
        moment = time_from(f"2026-08-19T20:51:31{fraction}{zone}")
        micros = int("1234567"[:digits][:6].ljust(6, "0"))
        assert moment == datetime(2026, 8, 19, 20, 51, 31, micros, timezone.utc)
    with pytest.raises(ValueError, match="ISO 8601"):
        time_from("yesterday")


def test_a_row_is_read_leniently_and_a_broken_one_is_refused():
    row = {
        "id": 1,
        "accountId": 2,
        "contractId": "C",
        "status": 42,
        "type": 3,
        "side": 1,
        "size": 1,
        "limitPrice": 0.1,
        "surprise": True,
    }
    order = Order.from_wire(row)
    assert (order.status, order.limit_price) == (42, Decimal("0.1"))
    assert type(order.status) is int
    with pytest.raises(ValueError, match="'status'"):
        Order.from_wire({key: row[key] for key in row if key != "status"})


ROW = {
    "id": 9056,
    "accountId": 2,
    "contractId": "CON.F.US.MNQ.Z26",
    "status": 1,
    "type": 1,
    "side": 0,
    "size": 2,
    "fillVolume": 1,
    "filledPrice": 25000.25,
    "limitPrice": 25000.5,
    "customTag": "mine",
}


def test_an_order_says_what_it_is_at_a_glance():
    order = Order.from_wire(ROW)
    assert order.type is OrderType.LIMIT
    assert order.type == 1
    assert repr(order) == (
        "<Order 9056: BUY 2 CON.F.US.MNQ.Z26 LIMIT, OPEN, 1 filled, filled_price "
        "25000.25, limit_price 25000.5, custom_tag mine>"
    )
    assert pickle.loads(pickle.dumps(order)) == order


def test_an_order_of_a_type_that_is_not_known_has_its_number():
    order = Order.from_wire(ROW | {"type": 77})
    assert type(order.type) is int
    assert " 77, OPEN" in repr(order)


NUMBERS = [
    kind
    for module in (enums, errors)
    for kind in vars(module).values()
    if isinstance(kind, type) and issubclass(kind, IntEnum) and len(kind)
]


@pytest.mark.parametrize("kind", NUMBERS)
def test_a_number_with_a_name_prints_as_its_name(kind):
    assert len(NUMBERS) == 16
    for member in kind:
        name, number = member.name, member.value
        assert str(member) == f"{member}" == "%s" % member == name  # noqa: UP031
        assert f"{member:>25}" == f"{name:>25}"
        assert f"{member:03d}" == f"{number:03d}"
        assert repr(member) == f"<{kind.__name__}.{name}: {number}>"
        assert member == number == int(member)
        assert json.dumps({"n": member}) == f'{{"n": {number}}}'
        assert orjson.dumps(member) == str(number).encode()
        assert pickle.loads(pickle.dumps(member)) is member
        assert kind(number) is kind[name] is member


def test_an_outcome_prints_as_its_name():
    for outcome in Outcome:
        assert str(outcome) == f"{outcome}" == outcome.name
        assert f"{outcome:>12}" == f"{outcome.name:>12}"
        assert repr(outcome) == f"<Outcome.{outcome.name}: {outcome.value!r}>"
        assert orjson.loads(orjson.dumps(outcome)) == outcome.value
    assert not issubclass(Outcome, str)
    assert issubclass(Outcome, Enum)


@pytest.mark.parametrize("side", Side)
def test_a_side_is_neither_true_nor_false(side):
    with pytest.raises(TypeError, match="compare it"):
        bool(side)
    assert (side == side.value) is True
    assert side in (0, 1)
    assert OrderStatus.NONE == 0


def test_what_went_another_way_is_true_where_there_was_some():
    assert not marketdata.Tally()
    assert marketdata.Tally(late_merged=1)
    assert marketdata.Comparison(3, [], [], [])
    assert not marketdata.Comparison(3, [5], [], [])


def test_each_endpoint_has_its_own_names():
    assert error_name(PlaceOrderError, 2) == "OrderRejected"
    assert error_name(ModifyOrderError, 2) == "OrderNotFound"
    assert error_name(PlaceOrderError, 99) is None
    assert error_name(PlaceOrderError, None) is None


def test_the_default_schedule_is_750_1500_3000_ms():
    policy = fastorder.RetryPolicy()
    assert policy.delays_ns == (750_000_000, 1_500_000_000, 3_000_000_000)
    assert fastorder.RetryPolicy(max_delay=1).delays_ns[-1] == 1_000_000_000
    assert fastorder.RetryPolicy(jitter=0.1)._delay_ns(0, 0.5) == 787_500_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_retries": -1},
        {"max_retries": 1.0},
        {"base_delay": float("nan")},
        {"base_delay": "1"},
        {"multiplier": 0.5},
        {"jitter": 0.2},
        {"statuses": {404}},
        {"statuses": 500},
        {"max_retry_after": -1},
    ],
)
def test_a_bad_policy_is_refused(wrong):
    (name,) = wrong
    with pytest.raises(fastorder.ConfigurationError, match=name):
        fastorder.RetryPolicy(**wrong)


@pytest.mark.parametrize("wrong", [0, -1, float("inf"), float("nan"), True, "2", 4000])
def test_a_bad_timeout_is_refused(wrong):
    with pytest.raises(fastorder.ConfigurationError, match="connect"):
        fastorder.Timeouts(connect=wrong)
    with pytest.raises(fastorder.ConfigurationError, match="request"):
        fastorder.Timeouts(request=wrong)


@given(st.lists(st.integers(0, 50)), st.integers(0, 50))
def test_the_retry_queue_gives_what_is_due_in_the_order_of_time(times, now):
    queue = TimerHeap()
    for turn, due in enumerate(times):
        queue.add(due, (due, turn))
    given_out = []
    while (receiver := queue.take_due(now)) is not None:
        given_out.append(receiver)
    expected = sorted((due, turn) for turn, due in enumerate(times) if due <= now)
    assert given_out == expected
    assert len(queue) == len(times) - len(expected)
