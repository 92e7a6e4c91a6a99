"""Positions, open orders and orders page by page, in both facades."""

import asyncio
import json
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from conftest import ACCOUNT, COMBINE, QUICK, prepared
from hypothesis import given
from hypothesis import strategies as st

import fastorder
from fastorder import OrderStatus, Position, PositionType, blocking
from fastorder.simulator import Fault

MNQ = "CON.F.US.MNQ.Z26"
QUERY = "/api/Order/v2/query"
POSITIONS = "/api/Position/searchOpen"
LONG_AGO = datetime(2020, 1, 1, tzinfo=timezone.utc)
AHEAD = datetime(2100, 1, 1, tzinfo=timezone.utc)


@pytest.fixture(params=["async", "blocking"])
def ask(request, gateway):
    """Calls a verb of either facade; a query is read to its end."""

    async def awaited(name, given, named):
        executor = fastorder.OrderExecutor(gateway.base_url, retry=QUICK)
        async with prepared(executor, gateway):
            started = getattr(executor, name)(*given, **named)
            if hasattr(started, "__aiter__"):
                return [each async for each in started]
            return await started

    def waited(name, given, named):
        with blocking.OrderExecutor(gateway.base_url, retry=QUICK) as executor:
            result = getattr(prepared(executor, gateway), name)(*given, **named)
            return list(result) if name == "query_orders" else result

    def call(name, *given, **named):
        if request.param == "async":
            return asyncio.run(awaited(name, given, named))
        return waited(name, given, named)

    return call


def limit_orders(trader, count, price=20_000):
    return [
        trader.place_limit_order("MNQ", "BUY", 1, ACCOUNT, limit_price=price).order_id
        for _ in range(count)
    ]


def test_positions_are_listed_with_their_sign(ask, trader, gateway):
    trader.set_contract_id("MES", "CON.F.US.MES.Z26")
    gateway.set_price(MNQ, 29_000)
    assert trader.place_market_order("MNQ", "BUY", 2, ACCOUNT).success
    assert trader.place_market_order("MES", "SELL", 3, ACCOUNT).success
    long, short = ask("positions", ACCOUNT)
    assert (long.contract_id, long.type, long.size) == (MNQ, PositionType.LONG, 2)
    assert (short.type, short.size) == (PositionType.SHORT, 3)
    assert (long.net, short.net) == (2, -3)
    assert long.average_price == Decimal("29000.25")
    assert long.name == "MNQZ6"
    assert long.created.tzinfo is not None
    assert ask("positions", COMBINE) == []


@pytest.mark.parametrize(
    "rows",
    [
        b"null",
        b"{}",
        b"[null]",
        b'[{"id":1}]',
        b'[{"id":1,"accountId":12345679,"contractId":"C","type":1,"size":1,'
        b'"averagePrice":1}]',
        b'[{"id":1,"accountId":12345678,"contractId":"C","type":1,"size":-1,'
        b'"averagePrice":1}]',
        b'[{"id":1,"accountId":12345678,"contractId":"C","type":1,"size":null,'
        b'"averagePrice":1}]',
    ],
)
def test_positions_that_cannot_be_read_are_not_none(ask, gateway, rows):
    body = b'{"positions":' + rows + b',"success":true,"errorCode":0}'
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="cannot be read"):
        ask("positions", ACCOUNT)


def test_a_position_without_a_known_side_has_no_net():
    with pytest.raises(ValueError, match="long or short, was 3"):
        _ = Position(1, ACCOUNT, MNQ, 3, 1, Decimal(1)).net


def test_an_unknown_account_is_told_by_name(ask):
    with pytest.raises(fastorder.RequestFailed, match=r"AccountNotFound \(1\)"):
        ask("positions", 99)
    with pytest.raises(fastorder.RequestFailed, match=r"AccountNotFound \(1\)"):
        ask("open_orders", 99)


def test_open_orders_have_the_suspended_legs_too(ask, trader):
    entry = trader.place_limit_order(
        "MNQ",
        "BUY",
        1,
        ACCOUNT,
        limit_price=20_000,
        stop_loss_ticks=40,
        take_profit_ticks=80,
    )
    orders = ask("open_orders", ACCOUNT)
    assert [order.status for order in orders] == [
        OrderStatus.OPEN,
        OrderStatus.SUSPENDED,
        OrderStatus.SUSPENDED,
    ]
    assert orders[0].id == entry.order_id
    assert {order.parent_id for order in orders[1:]} == {entry.order_id}
    assert trader.cancel_order(entry.order_id, ACCOUNT).success
    assert ask("open_orders", ACCOUNT) == []


def test_open_orders_are_read_to_the_last_page(ask, trader, gateway):
    ids = limit_orders(trader, 205)
    assert [order.id for order in ask("open_orders", ACCOUNT)] == ids
    assert len(gateway.ledger.requests(QUERY)) == 3


def test_a_list_that_is_null_is_not_an_empty_one(ask, gateway):
    body = b'{"orders":null,"totalCount":null,"success":true,"errorCode":0}'
    gateway.faults.add(Fault(QUERY, reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="must be a list, was NoneType"):
        ask("open_orders", ACCOUNT)


def test_a_query_gives_what_fits_in_either_order(ask, trader):
    ids = limit_orders(trader, 7)
    trader.cancel_order(ids[2], ACCOUNT)
    found = ask("query_orders", ACCOUNT, statuses=[OrderStatus.CANCELLED])
    assert [order.id for order in found] == [ids[2]]
    for size in (2, 3, 7, 100):
        shown = ask("query_orders", ACCOUNT, page_size=size, newest_first=True)
        assert [order.id for order in shown] == ids[::-1]
    trader.set_contract_id("MES", "CON.F.US.MES.Z26")
    trader.place_limit_order("MES", "BUY", 1, ACCOUNT, limit_price=5_000)
    shown = ask("query_orders", ACCOUNT, symbol="CON.F.US.MES.Z26")
    assert [order.contract_id for order in shown] == ["CON.F.US.MES.Z26"]
    assert ask("query_orders", ACCOUNT, until=LONG_AGO) == []
    assert len(ask("query_orders", ACCOUNT, since=LONG_AGO)) == 8


def test_a_query_is_read_page_by_page(trader, gateway, run, connect):
    ids = limit_orders(trader, 5)
    query = trader.query_orders(ACCOUNT, page_size=3)
    assert not gateway.ledger.requests(QUERY)
    pages = query.pages()
    assert [order.id for order in next(pages)] == ids[:3]
    assert len(gateway.ledger.requests(QUERY)) == 1
    assert [[order.id for order in page] for page in pages] == [ids[3:]]
    assert len(list(query)) == 5  # a second loop reads anew

    async def main():
        async with connect() as executor:
            return [p async for p in executor.query_orders(ACCOUNT).pages()]

    assert [len(page) for page in run(main())] == [5]


def test_orders_that_come_between_two_pages_hide_none(trader, gateway):
    ids = limit_orders(trader, 6)
    seen = []
    for order in trader.query_orders(ACCOUNT, page_size=2, statuses=[1]):
        seen.append(order.id)
        if len(seen) == 2:
            trader.cancel_order(ids[0], ACCOUNT)
            trader.cancel_order(ids[1], ACCOUNT)
            ids += limit_orders(trader, 1)
    assert seen == ids


def test_one_order_is_read_by_its_number(ask, trader):
    (number,) = limit_orders(trader, 1)
    assert ask("order", number, ACCOUNT).limit_price == 20_000
    assert ask("order", str(number), ACCOUNT).id == number
    with pytest.raises(fastorder.RequestFailed, match="OrderNotFound"):
        ask("order", number + 1, ACCOUNT)


def test_orders_and_trades_end_where_they_are_told_to(ask, trader):
    trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    (order,) = ask("orders", ACCOUNT, LONG_AGO)
    (trade,) = ask("trades", ACCOUNT, LONG_AGO)
    for verb, row in (("orders", order), ("search_orders", order), ("trades", trade)):
        later = row.created + timedelta(seconds=1)
        assert ask(verb, ACCOUNT, LONG_AGO, later) == [row]
        assert ask(verb, ACCOUNT, LONG_AGO, row.created - timedelta(seconds=1)) == []


@pytest.mark.parametrize(
    ("verb", "args", "named", "why"),
    [
        ("orders", (LONG_AGO.replace(tzinfo=None),), {}, "since must be aware"),
        ("orders", (AHEAD,), {}, "since must not be in the future"),
        ("orders", (LONG_AGO, LONG_AGO), {}, r"since must be before until \(2020"),
        ("trades", (LONG_AGO, datetime(2021, 1, 1)), {}, "until must be aware"),
        ("trades", (LONG_AGO, "now"), {}, "until must be a datetime, was 'now'"),
        ("trades", (None,), {}, "since must be a datetime"),
        ("query_orders", (), {"since": AHEAD}, "since must not be in the future"),
        ("query_orders", (), {"page_size": 1}, "page_size must be from 2 to 100"),
        ("query_orders", (), {"page_size": 101}, "page_size must be from 2 to 100"),
        ("query_orders", (), {"page_size": True}, "page_size must be a whole number"),
        ("query_orders", (), {"statuses": []}, "statuses must be at least one"),
        ("query_orders", (), {"statuses": 1}, "statuses must be a list"),
        ("query_orders", (), {"statuses": "18"}, "statuses must be a list"),
        ("query_orders", (), {"statuses": [1.0]}, "statuses must be a list"),
        ("query_orders", (), {"statuses": [-1]}, "from 0 to 255, was -1"),
        ("query_orders", (), {"newest_first": 1}, "must be True or False"),
        ("query_orders", (), {"symbol": "NOPE"}, "must have a contract id"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(
    ask, gateway, verb, args, named, why
):
    with pytest.raises(fastorder.FastOrderError, match=why):
        ask(verb, ACCOUNT, *args, **named)
    assert not gateway.ledger.requests()


# ------------------------------------------------------------------ contracts, ping


def test_contracts_are_listed_and_found(ask):
    listed = ask("contracts")
    assert len(listed) == 51
    assert all(contract.active for contract in listed)
    found = ask("contracts", "NQ")
    assert {contract.name for contract in found} >= {"NQZ6", "MNQZ6"}
    assert ask("contracts", live=True) == []


def test_a_contract_is_known_by_symbol_and_by_id(ask):
    by_symbol = ask("contract", "ZN")
    assert by_symbol.id == "CON.F.US.TYA.Z26"
    assert by_symbol.tick_size == Decimal("0.015625")
    assert by_symbol.tick_size_float == 0.015625
    assert ask("contract", by_symbol.id) == by_symbol
    ended = ask("contract", "CON.F.US.MNQ.U26")
    assert (ended.name, ended.active) == ("MNQU6", False)
    with pytest.raises(fastorder.UnknownSymbol):
        ask("contract", "NOPE")
    with pytest.raises(fastorder.RequestFailed, match=r"ContractNotFound \(1\)"):
        ask("contract", "CON.F.US.NOPE.Z26")


@pytest.mark.parametrize(
    "body",
    [
        b'{"contract":null,"success":true,"errorCode":0}',
        b'{"success":true,"errorCode":0}',
        b'{"contract":{"id":"CON.F.US.MES.Z26","name":"MESZ6","tickSize":1,'
        b'"tickValue":1,"activeContract":true},"success":true,"errorCode":0}',
    ],
)
def test_another_contract_than_was_asked_for_is_not_believed(ask, gateway, body):
    gateway.faults.add(Fault("/api/Contract/searchById", reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="cannot be read"):
        ask("contract", MNQ)


@pytest.mark.parametrize(
    ("verb", "args", "why"),
    [
        ("contracts", (5,), "text must be text"),
        ("contract", (5,), "symbol must be"),
    ],
)
def test_no_contract_is_asked_for_by_nothing(ask, gateway, verb, args, why):
    with pytest.raises(fastorder.FastOrderError, match=why):
        ask(verb, *args)
    assert not gateway.ledger.requests()


def test_a_ping_takes_a_while_and_no_token(gateway):
    with blocking.OrderExecutor(gateway.base_url) as executor:
        assert 0 < executor.ping() < 10
        body = Fault("/api/Status/ping", reply="body", body=b"ping")
        status = Fault("/api/Status/ping", reply="status", status=503)
        cut = Fault("/api/Status/ping", reply="hang_up", times=None)
        for fault, why in (
            (body, "must be pong, was ping"),
            (status, "HTTP 503"),
            (cut, "no answer"),
        ):
            gateway.faults.add(fault)
            with pytest.raises(fastorder.RequestFailed, match=why):
                executor.ping()


def test_a_ping_is_answered_in_both_facades(ask):
    assert 0 < ask("ping") < 10


# ------------------------------------------------------------------ exact rows


def position(**changes):
    row = {
        "id": 1,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": "2026-08-19T14:15:48.6113871+00:00",
        "type": 1,
        "size": 2,
        "averagePrice": 1575.75,
        **changes,
    }
    return {name: value for name, value in row.items() if value is not ...}


@pytest.mark.parametrize(
    ("wire", "exact"),
    [
        (b"1575.750000000", "1575.75"),
        (b"29546.3333333333333333333333", "29546.3333333333333333333333"),
        (b"0.0000005", "0.0000005"),
        (b"1e-7", "0.0000001"),
        (b"12345678901234567890", "12345678901234567890"),
        (b"9007199254740993", "9007199254740993"),
        (b"0.1234567890123456", "0.1234567890123456"),
        (b"-37.63", "-37.63"),
    ],
)
def test_prices_have_the_digits_of_the_wire(ask, gateway, wire, exact):
    row = json.dumps(position()).replace("1575.75", wire.decode())
    body = b'{"positions":[%s],"success":true,"errorCode":0}' % row.encode()
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body))
    (found,) = ask("positions", ACCOUNT)
    assert found.average_price == Decimal(exact)
    assert found.average_price_float == float(wire)


def test_a_number_that_no_python_reads_is_told(ask, gateway):
    row = json.dumps(position()).replace("1575.75", f"0.{'1' * 20}e-{'9' * 20}")
    body = b'{"positions":[%s],"success":true,"errorCode":0}' % row.encode()
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body))
    with pytest.raises(fastorder.RequestFailed, match="a number in it is too long"):
        ask("positions", ACCOUNT)


def test_an_order_without_a_status_is_not_left_out(ask, gateway):
    row = {"id": 1, "accountId": ACCOUNT, "contractId": MNQ, "status": None}
    row |= {"type": 1, "side": 0, "size": 1}
    document = {"orders": [row], "totalCount": 1, "success": True, "errorCode": 0}
    body = json.dumps(document).encode()
    gateway.faults.add(Fault(QUERY, reply="body", body=body))
    orders = ask("open_orders", ACCOUNT)
    assert [order.status for order in orders] == [None]


def test_unknown_members_are_kept_and_missing_ones_allowed(ask, gateway):
    deep = {"a": [{"b": {"c": {"d": {"e": 1}}}}]}
    rows = [
        position(new="x\n", more=[1, 2.5, None, True], deep=deep),
        position(id=2, creationTimestamp=...),
    ]
    body = json.dumps({"positions": rows, "success": True, "errorCode": 0}).encode()
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body))
    first, second = ask("positions", ACCOUNT)
    assert first.extra == {
        "deep": {"a": [{"b": {"c": "(dict of 1)"}}]},
        "more": [1, 2.5, None, True],
        "new": "x\\n",
    }
    assert (second.extra, second.name, second.created, second.created_ns) == (
        {},
        None,
        None,
        None,
    )
    assert hash(first)
    assert first != second


def test_an_unknown_member_shows_no_token(ask, gateway):
    body = json.dumps(
        {"positions": [position(t=gateway.token)], "success": True, "errorCode": 0}
    ).encode()
    gateway.faults.add(Fault(POSITIONS, reply="body", body=body))
    (found,) = ask("positions", ACCOUNT)
    assert gateway.token not in str(found.extra)


@given(
    st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1)),
    st.text("0123456789", max_size=9),
    st.sampled_from(["Z", "+00:00", "-05:00", "+05:30", ""]),
)
def test_times_are_exact_to_the_nanosecond(moment, digits, zone):
    text = moment.isoformat("T", "seconds") + (f".{digits}" if digits else "") + zone
    whole = datetime.fromisoformat(
        moment.isoformat("T", "seconds") + (zone.replace("Z", "+00:00") or "+00:00")
    )
    seconds = int(whole.timestamp())
    found = Position.from_wire(position(creationTimestamp=text))
    assert found.created_ns == seconds * 10**9 + int(digits.ljust(9, "0"))
    assert found.created == whole + timedelta(
        microseconds=int(digits[:6].ljust(6, "0"))
    )


def test_a_time_that_64_bits_do_not_hold_has_no_nanoseconds():
    found = Position.from_wire(position(creationTimestamp="0001-01-01T00:00:00"))
    assert found.created.year == 1
    assert found.created_ns is None


def test_a_trade_has_its_commissions():
    row = {
        "id": 3004518356,
        "accountId": ACCOUNT,
        "contractId": MNQ,
        "creationTimestamp": "2026-08-19T14:16:01.4061289+00:00",
        "price": 29423,
        "profitAndLoss": -49,
        "fees": 0.36,
        "commissions": 0.25,
        "side": 0,
        "size": 1,
        "voided": False,
        "orderId": 3423462488,
    }
    trade = fastorder.Trade.from_wire(row)
    assert (trade.commissions, trade.extra) == (Decimal("0.25"), {})
    assert trade.created_ns % 10**9 == 406_128_900
    assert (trade.price_float, trade.fees_float) == (29423.0, 0.36)


@pytest.mark.parametrize("verb", ["orders", "trades", "positions"])
def test_rows_of_another_account_are_not_believed(ask, trader, gateway, verb):
    trader.place_market_order("MNQ", "BUY", 1, ACCOUNT)
    exchange = gateway.gateway.exchange
    gateway.call(
        lambda: exchange.accounts.__setitem__(COMBINE, exchange.accounts[ACCOUNT])
    )
    args = () if verb == "positions" else (LONG_AGO,)
    with pytest.raises(fastorder.RequestFailed, match="must be of account 12345679"):
        ask(verb, COMBINE, *args)
