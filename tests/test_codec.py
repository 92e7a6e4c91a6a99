"""Requests against ``json``, prices against Decimal, and answers of any bytes."""

import json
from datetime import datetime, timezone
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import fastorder
from fastorder import OrderRequest, OrderType, Side
from fastorder._core.codec.field_checks import (
    account_id_from,
    contract_id_from,
    header_token,
    order_id_from,
)
from fastorder._core.codec.price import TickGrid, price_text
from fastorder._core.codec.request import (
    json_text,
    render_cancel,
    render_modify,
    render_order_by_id,
    render_place,
    render_search_since,
)
from fastorder._core.codec.response import read_reply

int32s = st.integers(1, 2**31 - 1)
ticks = st.none() | st.integers(4, 2**31 - 1)
contracts = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1)
tags = st.from_regex(r"[A-Za-z0-9._-]{1,40}", fullmatch=True)
decimals = st.decimals(
    min_value=Decimal("0.000001"), max_value=Decimal(10**9), allow_nan=False, places=6
)
prices = decimals | st.integers(1, 10**12) | st.floats(1e-9, 1e9)


def exact(price):
    return Decimal(repr(price)) if isinstance(price, float) else Decimal(price)


def loaded(body):
    return json.loads(body, parse_float=Decimal)


@given(
    contracts, st.sampled_from(Side), int32s, int32s, ticks, ticks, tags, st.booleans()
)
def test_a_market_order_reads_back_as_it_was(
    contract, side, size, account, loss, profit, tag, trailing
):
    order = OrderRequest(
        "MNQ",
        side,
        size,
        account,
        stop_loss_ticks=loss,
        take_profit_ticks=profit,
        trailing_stop_loss=trailing and loss is not None,
    )
    way = 1 if side is Side.BUY else -1
    expected = {
        "accountId": account,
        "contractId": contract[:128],
        "type": 2,
        "side": int(side),
        "size": size,
        "customTag": tag,
    }
    if loss is not None:
        expected["stopLossBracket"] = {
            "ticks": -way * loss,
            "type": 5 if trailing else 4,
        }
    if profit is not None:
        expected["takeProfitBracket"] = {"ticks": way * profit, "type": 1}
    assert loaded(render_place(order, contract[:128], tag, None)) == expected


@given(
    st.sampled_from(
        [
            (OrderType.LIMIT, "limit_price", "limitPrice"),
            (OrderType.STOP, "stop_price", "stopPrice"),
            (OrderType.TRAILING_STOP, "trail_price", "trailPrice"),
        ]
    ),
    prices,
)
def test_a_price_is_exact_on_the_wire(kind, price):
    order_type, field, member = kind
    try:
        order = OrderRequest("MNQ", "BUY", 1, 1, order_type, **{field: price})
    except fastorder.InvalidField as error:
        assert "at most 18 digits" in str(error)
        assert len(exact(price).as_tuple().digits) > 9
        return
    document = loaded(render_place(order, "C", "t", None))
    assert exact(document[member]) == exact(price)
    assert document["type"] == order_type


@given(st.text())
@example('"\\/\b\f\n\r\t\x00\x1f\x7f\u2028\U0001f600')
def test_text_is_escaped_as_json_reads_it(text):
    try:
        body = json_text(text)
    except UnicodeEncodeError:
        assert any("\ud800" <= letter <= "\udfff" for letter in text)
        return
    assert json.loads(body) == text
    assert all(byte >= 32 for byte in body)


@given(int32s, st.integers(1, 2**63 - 1))
def test_a_cancel_and_a_look_up_name_account_and_order(account, order_id):
    expected = {"accountId": account, "orderId": order_id}
    assert json.loads(render_cancel(account, order_id)) == expected
    assert json.loads(render_order_by_id(account, order_id)) == expected


@given(int32s, decimals, decimals, decimals)
def test_a_modify_carries_what_changes_and_no_more(size, limit, stop, trail):
    assert loaded(render_modify(1, 2, size, limit, stop, trail)) == {
        "accountId": 1,
        "orderId": 2,
        "size": size,
        "limitPrice": limit,
        "stopPrice": stop,
        "trailPrice": trail,
    }
    assert list(json.loads(render_modify(1, 2, None, limit))) == [
        "accountId",
        "orderId",
        "limitPrice",
    ]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"quantity": 0},
        {"quantity": 1.5},
        {"limit_price": -1},
        {"stop_price": float("nan")},
        {"trail_price": "5"},
    ],
)
def test_a_modify_of_nothing_or_of_nonsense_is_refused(changes):
    with pytest.raises((fastorder.InvalidField, fastorder.WrongFieldType)):
        render_modify(1, 2, **changes)


@given(st.integers(0, 253402300799))
def test_the_start_of_a_search_is_the_time_it_is(seconds):
    text = json.loads(render_search_since(1, seconds))["startTimestamp"]
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc).fromtimestamp(
        seconds, timezone.utc
    )
    assert text == moment.strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")


# ---------------------------------------------------------------- prices


@given(prices)
def test_the_text_of_a_price_is_plain_and_exact(price):
    try:
        text = price_text(price)
    except fastorder.InvalidField:
        assert len(exact(price).as_tuple().digits) > 9
        return
    assert set(text) <= set("0123456789.")
    assert Decimal(text) == exact(price)


@given(st.sampled_from(["0.25", "0.01", "5", "1", "0.0000005", "0.015625"]), int32s)
def test_ticks_and_prices_are_the_same_thing(size, number):
    grid = TickGrid(size)
    price = number * Decimal(size)
    assert Decimal(grid.text(number)) == price
    assert grid.ticks(price) == number
    assert (
        grid.ticks(Decimal(str(price) + "00" if "." in str(price) else price)) == number
    )


@given(st.sampled_from(["0.25", "0.01", "0.015625"]), decimals)
def test_off_the_tick_is_refused_and_nothing_else(size, price):
    grid = TickGrid(size)
    if price % Decimal(size) == 0:
        assert grid.ticks(price) == price / Decimal(size)
    else:
        with pytest.raises(fastorder.InvalidField, match="multiple of the tick"):
            grid.ticks(price, "limit_price")


def test_a_numpy_number_is_a_price():
    class Float64(float):
        def __repr__(self):
            return f"np.float64({float(self)})"

    class Int64:
        def __index__(self):
            return 7

    assert price_text(Float64(21000.25)) == "21000.25"
    assert price_text(Int64()) == "7"
    assert price_text(1e-7) == "0.0000001"
    assert price_text(Decimal("1E+3")) == "1000"


# ---------------------------------------------------------------- bad input


class Array:
    """Several numbers, as NumPy's: it has an ``__index__`` that it does not have."""

    def __index__(self):
        raise TypeError("only scalars")


GOOD = {"symbol": "MNQ", "side": "BUY", "quantity": 1, "account_id": 1}
LIMIT = {"order_type": "limit"}
BAD = [
    ({"symbol": ""}, "symbol"),
    ({"symbol": "M\nQ"}, "symbol"),
    ({"symbol": 5}, "symbol"),
    ({"side": "HOLD"}, "side"),
    ({"side": 0}, "side"),
    ({"side": None}, "side"),
    ({"side": "\u017fell"}, "side"),  # a long s: SELL in upper case
    ({"order_type": "iceberg"}, "order_type"),
    ({"order_type": 2}, "order_type"),
    ({"order_type": "stop_limit", "stop_price": 1}, "limit_price"),
    ({"order_type": "stop_limit", "limit_price": 1}, "stop_price"),
    ({"quantity": 0}, "quantity"),
    ({"quantity": -1}, "quantity"),
    ({"quantity": 1.0}, "quantity"),
    ({"quantity": "1"}, "quantity"),
    ({"quantity": True}, "quantity"),
    ({"quantity": 2**31}, "quantity"),
    ({"quantity": 10**5000}, "quantity"),
    ({"account_id": 0}, "account_id"),
    ({"account_id": 2**31}, "account_id"),
    ({"account_id": 1.5}, "account_id"),
    (LIMIT, "limit_price"),
    ({"order_type": "stop"}, "stop_price"),
    ({"order_type": "trailing_stop"}, "trail_price"),
    ({"limit_price": 5}, "limit_price"),
    ({"stop_price": 5}, "stop_price"),
    ({"trail_price": 5}, "trail_price"),
    ({**LIMIT, "limit_price": 5, "stop_price": 5}, "stop_price"),
    ({**LIMIT, "limit_price": float("nan")}, "limit_price"),
    ({**LIMIT, "limit_price": float("inf")}, "limit_price"),
    ({**LIMIT, "limit_price": Decimal("NaN")}, "limit_price"),
    ({**LIMIT, "limit_price": Decimal("sNaN")}, "limit_price"),
    ({**LIMIT, "limit_price": Decimal("-Infinity")}, "limit_price"),
    ({**LIMIT, "limit_price": Decimal("1E+400")}, "limit_price"),
    ({**LIMIT, "limit_price": "5"}, "limit_price"),
    ({**LIMIT, "limit_price": True}, "limit_price"),
    ({**LIMIT, "limit_price": 10**5000}, "limit_price"),
    ({**LIMIT, "limit_price": 1e300}, "limit_price"),
    ({**LIMIT, "limit_price": Array()}, "limit_price"),
    ({"quantity": Array()}, "quantity"),
    ({"stop_loss_ticks": -50}, "stop_loss_ticks"),
    ({"stop_loss_ticks": 3}, "stop_loss_ticks"),
    ({"stop_loss_ticks": 0}, "stop_loss_ticks"),
    ({"take_profit_ticks": 3}, "take_profit_ticks"),
    ({"take_profit_ticks": 4.5}, "take_profit_ticks"),
    ({"take_profit_ticks": 2**31}, "take_profit_ticks"),
    ({"trailing_stop_loss": True}, "trailing_stop_loss"),
    ({"trailing_stop_loss": 1}, "trailing_stop_loss"),
    ({"custom_tag": ""}, "custom_tag"),
    ({"custom_tag": "x." * 21}, "custom_tag"),
    ({"custom_tag": "a b"}, "custom_tag"),
    ({"custom_tag": "a\r\nX: y"}, "custom_tag"),
    ({"custom_tag": "é"}, "custom_tag"),
    ({"custom_tag": 5}, "custom_tag"),
]


@pytest.mark.parametrize(
    ("change", "field"),
    BAD,
    ids=[f"{row[1]}-{number}" for number, row in enumerate(BAD)],
)
def test_a_bad_field_is_named_with_its_rule_and_value(change, field):
    with pytest.raises((ValueError, TypeError)) as raised:
        OrderRequest(**{**GOOD, **change})
    error = raised.value
    assert isinstance(error, fastorder.FastOrderError)
    assert error.field == field
    shown = error.value is change.get(field)
    assert shown or isinstance(
        error.value, fastorder.errors.Unshown
    )  # looks like a secret
    assert str(error).startswith(f"{field} {error.rule}, was ")
    assert len(str(error)) < 300


@pytest.mark.parametrize(
    "value", [0, -1, 2**63, 1.0, True, "", "x", "-1", "1.0", "٣", "9" * 30, None]
)
def test_a_bad_order_id_is_refused(value):
    with pytest.raises((fastorder.InvalidField, fastorder.WrongFieldType)):
        order_id_from(value)


def test_ids_come_as_numbers_or_text():
    assert order_id_from("3425714842") == order_id_from(3425714842) == 3425714842
    assert account_id_from(5) == 5
    assert contract_id_from(12345) == contract_id_from("12345") == "12345"


@pytest.mark.parametrize(
    "bad", ["", "a b", "a\r\nX: y", "é", "a" * 16385, None, 5, b"x"]
)
def test_a_token_that_no_header_may_hold_is_refused_and_not_shown(bad):
    with pytest.raises(fastorder.InvalidToken) as raised:
        header_token(bad)
    if isinstance(bad, str) and bad:
        assert bad not in str(raised.value)


# ---------------------------------------------------------------- answers


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_exception(body):
    reply = read_reply(200, body)
    assert (reply.success is None) == (reply.reason is not None)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["success", "errorCode", "errorMessage", "orderId", "x"]),
            inner,
        )
    ),
    max_leaves=8,
)


@given(values, st.integers(0, 200))
def test_any_json_whole_or_cut_is_read_without_an_exception(value, cut):
    body = json.dumps(value).encode()
    for part in (body, body[:cut]):
        reply = read_reply(200, part)
        if reply.success is not None:
            assert type(reply.success) is bool
            assert type(reply.error_code) is int
            assert reply.order_id is None or 0 < reply.order_id < 2**63


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"<html>", "HTML"),
        (b'{"success":true,"err', "cut or broken"),
        (b"\xff\xfe", "no JSON"),
        (b"[1]", "another value"),
        (b"[" * 100_000, "cut or broken"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, ""),
        (b'{"success":1,"errorCode":0}', "envelope"),
        (b'{"success":true,"errorCode":true}', "envelope"),
        (b'{"success":true,"errorCode":"0"}', "envelope"),
        (b'{"title":"Bad","errors":{"$.size":["x"]}}', "Bad ($.size)"),
    ],
)
def test_what_is_no_envelope_says_why(body, reason):
    reply = read_reply(400, body)
    assert reply.success is None
    assert reason in reply.reason
    assert not reply.consistent


@pytest.mark.parametrize("order_id", ["9", 0, -1, 2**63, 1.5, True, None, [1]])
def test_only_a_positive_whole_number_is_an_order_id(order_id):
    body = json.dumps({"orderId": order_id, "success": True, "errorCode": 0}).encode()
    assert read_reply(200, body).order_id is None


def test_success_and_code_at_odds_are_seen():
    for success, code, consistent in [(1, 0, 1), (0, 0, 0), (1, 2, 0), (0, 2, 1)]:
        body = json.dumps({"success": bool(success), "errorCode": code}).encode()
        assert read_reply(200, body).consistent is bool(consistent)


def test_an_order_that_failed_its_checks_is_no_order_and_one_that_passed_stays():
    half = OrderRequest.__new__(OrderRequest)
    with pytest.raises(fastorder.InvalidField):
        half.__init__("MNQ", "BUY", 1, 1, stop_loss_ticks=2)
    assert half.symbol is None  # which is what place_order refuses
    whole = OrderRequest("MNQ", "BUY", 1, 1)
    with pytest.raises(TypeError, match="must stay as it is"):
        whole.__init__("MNQ", "SELL", 9, 1)
    assert whole == OrderRequest("MNQ", "BUY", 1, 1)
