"""The record in SQLite and in PostgreSQL: the same calls, rows and answers."""

import os
import threading
from datetime import date, datetime, timezone
from decimal import Decimal

import duckdb
import pandas
import polars
import pytest
from store_scene import (
    ACCOUNT,
    MNQ,
    account_row,
    contents,
    event,
    order_row,
    position_row,
    stamp,
    trade_row,
)

from fastorder import Side
from fastorder.enums import OrderStatus
from fastorder.errors import (
    ConfigurationError,
    InvalidField,
    JournalError,
    WrongFieldType,
)
from fastorder.journal import Intent, Journal
from fastorder.models import Account, Contract, Order, Position, Trade
from fastorder.store import Store

CONTRACT = Contract.from_wire(
    {
        "id": MNQ,
        "name": "MNQZ6",
        "description": "Micro Nasdaq",
        "tickSize": 0.25,
        "tickValue": 0.5,
        "activeContract": True,
        "symbolId": "F.US.MNQ",
    }
)


def hear(store, *events):
    for each in events:
        store.listen(each)
    assert store.flush()


# ------------------------------------------------------------ what is kept


def test_a_fill_is_kept_to_the_last_digit(kept):
    hear(
        kept,
        event("Trade", trade_row(1, profitAndLoss=Decimal("-49"), commissions=0.25)),
    )
    (fill,) = kept.fills()
    assert (fill.account_id, fill.trade_id, fill.order_id) == (ACCOUNT, 1, 101)
    assert (fill.side, fill.size, fill.price) == (Side.BUY, 1, Decimal("29423.25"))
    assert (fill.gross, fill.fees) == (Decimal("-49"), Decimal("0.36"))
    assert fill.commission == Decimal("0.25")
    assert fill.at_ns % 1_000_000_000 == 406_128_900
    assert fill.at == datetime(2026, 11, 30, 15, 30, 1, 406128, timezone.utc)
    assert fill.trading_day == date(2026, 11, 30)


def test_members_that_have_no_column_are_kept(kept):
    hear(
        kept,
        event("Trade", trade_row(1, venue="X", deep={"a": [1, None]})),
        event("Order", order_row(101, colour="red")),
    )
    assert kept.fills()[0].extra == {"venue": "X", "deep": {"a": [1, None]}}
    assert kept.orders()[0].extra == {"colour": "red", "symbolId": "F.US.MNQ"}


def test_digits_that_a_column_has_no_room_for_are_kept_beside(kept):
    exact = "29398.33333333333333"
    hear(kept, event("Position", position_row(3, averagePrice=Decimal(exact))))
    ((average, extra),) = kept.rows("SELECT average_e9, extra FROM positions")
    assert average == 29_398_333_333_333
    assert exact in extra


def test_an_order_has_every_state_that_was_seen(kept):
    hear(
        kept,
        event("Order", order_row(101, 2)),  # the end may come first
        event("Order", order_row(101, 6)),
        event("Order", order_row(101, 1)),
    )
    (order,) = kept.orders()
    assert (order.status, order.filled) == (OrderStatus.FILLED, 2)
    states = kept.rows("SELECT status FROM order_states ORDER BY updated_ns")
    assert [status for (status,) in states] == [1, 2, 6]


def test_an_order_knows_its_legs_its_intent_and_its_strategy(kept, tmp_path):
    run = kept.session("breakout", version="1.2", parameters={"n": 20})
    run.owns("tag-101")
    with Journal(tmp_path / "journal.db") as journal:
        body = b'{"accountId":12345678,"customTag":"tag-101"}'
        journal.intent(Intent("tag-101", "my-key", ACCOUNT, MNQ, body, None, 1.5))
        journal.resolve("tag-101", "ACCEPTED", 101, "the gateway took it", 2.5)
    assert kept.take_journal(tmp_path / "journal.db") == 1
    hear(
        kept,
        event("Order", order_row(101)),
        event("Order", order_row(102, 8, parentOrderId=101, customTag=None)),
        event("Order", order_row(103, 8, parentOrderId=101, customTag=None)),
    )
    entry, stop, target = kept.orders(strategy="breakout")
    assert entry.legs == (102, 103)
    assert (entry.key, entry.outcome) == ("my-key", "ACCEPTED")
    assert (stop.strategy, stop.parent_id, target.legs) == ("breakout", 101, ())
    run.end()
    kept.flush()
    ((ended,),) = kept.rows("SELECT ended_ns FROM sessions")
    assert ended is not None


def test_a_journal_that_goes_on_is_read_again(kept, tmp_path):
    path = tmp_path / "journal.db"
    with Journal(path) as journal:
        journal.intent(Intent("a", None, ACCOUNT, MNQ, b"{}", None, 1.0))
        journal.intent(Intent("b", None, ACCOUNT, MNQ, b"{}", None, 1.5))
        assert kept.take_journal(path) == 2
        assert kept.take_journal(path) == 0
        journal.resolve("a", "REJECTED", None, "refused: no", 2.0)
        assert kept.take_journal(path) == 1
    assert kept.flush()
    assert kept.rows("SELECT outcome, proof FROM intents ORDER BY tag") == [
        ("REJECTED", "refused: no"),
        (None, None),
    ]


def test_another_journal_in_the_same_place_is_read_from_its_beginning(kept, tmp_path):
    path = tmp_path / "journal.db"
    for tag in ("a", "b"):
        with Journal(path) as journal:
            journal.intent(Intent(tag, None, ACCOUNT, MNQ, b"{}", None, 1.0))
        assert kept.take_journal(path) == 1
        for each in tmp_path.glob("journal.db*"):
            each.unlink()
    assert kept.flush()
    assert kept.rows("SELECT tag FROM intents ORDER BY tag") == [("a",), ("b",)]


def test_positions_balances_equity_and_risk_are_kept_over_time(kept):
    hear(
        kept,
        event("Position", position_row(2)),
        event("Position", position_row(2, type=2)),
        event("Position", position_row(0, type=0), 2),
        event("Account", account_row("50000.5")),
        event("Account", account_row("49999.99")),
    )
    sizes = kept.rows("SELECT size FROM positions ORDER BY at_ns")
    assert sizes == [(2,), (-2,), (0,)]
    balances = kept.rows("SELECT balance_u FROM balances ORDER BY at_ns")
    assert balances == [(50_000_500_000,), (49_999_990_000,)]
    kept.mark_equity(ACCOUNT, Decimal("50000"), Decimal("-12.50"))
    kept.note_risk(ACCOUNT, "MAX_DAILY_LOSS", "lost 500 of 500")
    kept.flush()
    (point,) = kept.equity()
    assert (point.open, point.balance) == (Decimal("-12.50"), Decimal("50000"))
    assert kept.rows("SELECT code FROM risk_events") == [("MAX_DAILY_LOSS",)]


def test_what_is_read_of_the_gateway_is_taken_too(kept):
    rows = {"profitAndLoss": None} | trade_row(1)
    kept.take(
        Trade.from_wire(rows),
        Order.from_wire(order_row(101)),
        Position.from_wire(position_row(1)),
        Account.from_wire(account_row()),
        CONTRACT,
    )
    assert kept.flush()
    found = {name: len(rows) for name, rows in contents(kept).items() if rows}
    assert found == {
        "accounts": 1,
        "balances": 1,
        "contracts": 1,
        "fills": 1,
        "order_states": 1,
        "orders": 1,
        "positions": 1,
    }


# ------------------------------------------------------------ twice, and otherwise


def test_the_same_from_hub_and_read_is_one_row(kept):
    hear(kept, event("Trade", trade_row(1)), event("Trade", trade_row(1)))
    shorter = trade_row(1, creationTimestamp=stamp(1)[:20] + "406128+00:00")
    kept.take(Trade.from_wire({"profitAndLoss": None, **shorter}))
    hear(kept, event("Trade", trade_row(1, commissions=Decimal("0.25"))))
    (fill,) = kept.fills()
    assert (fill.sources, fill.commission) == (3, Decimal("0.25"))
    assert fill.at_ns % 1_000_000_000 == 406_128_900  # the time with more digits
    assert len(kept.discrepancies()) == 0


def test_what_contradicts_is_told_and_overwrites_nothing(kept):
    hear(kept, event("Trade", trade_row(1)), event("Trade", trade_row(1, price=1)))
    assert kept.fills()[0].price == Decimal("29423.25")
    (told,) = kept.discrepancies()
    assert (told.kind, told.account_id, told.item) == ("fills", ACCOUNT, "1")
    assert told.ours == {"price_e9": 29_423_250_000_000}
    assert told.theirs == {"price_e9": 1_000_000_000}
    assert kept.state.discrepancies == 1


def test_a_trade_that_is_voided_stays_so_and_counts_for_nothing(kept):
    first = trade_row(1, profitAndLoss=5)
    hear(kept, event("Trade", first | {"voided": True, "profitAndLoss": 0}))
    hear(kept, event("Trade", first))  # an older sight, late
    assert len(kept.fills()) == 0
    (fill,) = kept.fills(voided=True)
    assert (fill.voided, fill.gross) == (True, Decimal(5))
    assert len(kept.daily()) == 0
    assert len(kept.discrepancies()) == 0


def test_an_event_that_cannot_be_read_is_a_discrepancy_and_stops_nothing(kept):
    hear(
        kept,
        event("Trade", {"id": 5, "accountId": ACCOUNT}),
        event("Order", order_row(101, size=2**70)),
        event("Position", position_row(-1)),
        event("Nothing", {"id": 1}),
        event("Trade", trade_row(1)),
    )
    kinds = sorted(told.kind for told in kept.discrepancies())
    assert kinds == [
        "unreadable GatewayUserOrder",
        "unreadable GatewayUserPosition",
        "unreadable GatewayUserTrade",
    ]
    assert len(kept.fills()) == 1


def test_a_row_that_no_database_can_hold_keeps_no_other_out(kept):
    hear(
        kept,
        event("Trade", trade_row(1)),
        event("Order", order_row(101, parentOrderId=2**80)),
        event("Trade", trade_row(2)),
    )
    assert [fill.trade_id for fill in kept.fills()] == [1, 2]
    assert any("unwritable" in told.kind for told in kept.discrepancies())
    assert kept.state.failing == ""


# ------------------------------------------------------------ several programs


def test_two_stores_of_one_place_write_the_same_rows_once(place):
    with Store(place) as one, Store(place) as two:

        def write(store):
            for number in range(1, 301):
                store.listen(event("Trade", trade_row(number)))
                store.listen(event("Order", order_row(100 + number, number % 8)))
            assert store.flush(60)

        threads = [
            threading.Thread(target=write, args=(store,)) for store in (one, two)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert one.state.failing == two.state.failing == ""
        assert len(one.fills()) == 300
        with Store(place, read_only=True) as third:
            assert len(third.orders()) == 300
            assert len(third.discrepancies()) == 0


def test_what_was_written_is_there_when_it_is_opened_again(place):
    with Store(place) as store:
        store.listen(event("Trade", trade_row(1)))
    with Store(place) as store:
        assert len(store.fills()) == 1


def test_a_store_that_is_read_only_takes_nothing(place):
    with pytest.raises(Exception, match=r"had none|is not there"):
        Store(place, read_only=True)
    Store(place).close()
    with Store(place, read_only=True) as store:
        with pytest.raises(ConfigurationError, match="takes nothing"):
            store.listen(event("Trade", trade_row(1)))
        assert store.flush()
        with pytest.raises(Exception, match=r"read.?only"):
            store.rows("DELETE FROM fills")


# ------------------------------------------------------------ round trips and days


def traded(*fills):
    """Events of fills: side, size, price, and what the gateway says they made."""
    return [
        event(
            "Trade",
            trade_row(
                number,
                side=side,
                size=size,
                price=Decimal(price),
                fees=Decimal("0.36") * size,
                profitAndLoss=None if made is None else Decimal(made),
            ),
        )
        for number, (side, size, price, made) in enumerate(fills, 1)
    ]


def test_round_trips_are_matched_first_in_first_out(kept):
    kept.take(CONTRACT)
    hear(
        kept,
        *traded(
            (0, 2, "100", None),
            (0, 1, "101", None),
            (1, 1, "102", "3.33"),  # a part of the first
            (1, 2, "103", "10.67"),  # its rest, and the second
            (1, 1, "103", None),  # turned round
            (0, 1, "104", "-2"),
        ),
    )
    trips = kept.trades()
    assert [(t.entry_order, t.exit_order, t.size, t.gross) for t in trips] == [
        (101, 103, 1, Decimal(4)),
        (101, 104, 1, Decimal(6)),
        (102, 104, 1, Decimal(4)),
        (105, 106, 1, Decimal(-2)),
    ]
    assert [trip.position for trip in trips] == [1, 1, 1, 2]
    assert [trip.side for trip in trips] == [Side.BUY] * 3 + [Side.SELL]
    assert sum(trip.fees for trip in trips) == Decimal("0.36") * 8
    (day,) = kept.daily()
    assert (day.gross, day.fees) == (Decimal(12), Decimal("2.88"))
    assert (day.net, day.trades, day.wins) == (Decimal("9.12"), 4, 3)
    assert day.win_rate == 0.75
    assert sum(trip.gross for trip in trips) == day.gross


def test_fills_of_one_pair_of_orders_are_one_round_trip(kept):
    kept.take(CONTRACT)
    rows = [(0, 1, "100"), (0, 3, "101"), (1, 2, "102"), (1, 2, "104")]
    orders = [201, 201, 202, 202]
    hear(
        kept,
        *(
            event(
                "Trade",
                trade_row(n, side=side, size=size, price=Decimal(at), orderId=order),
            )
            for n, ((side, size, at), order) in enumerate(
                zip(rows, orders, strict=True), 1
            )
        ),
    )
    (trip,) = kept.trades()
    assert (trip.size, trip.entry_price) == (4, Decimal("100.75"))
    assert (trip.exit_price, trip.gross) == (Decimal(103), Decimal(18))
    assert trip.fees == Decimal("1.44")


def test_excursions_are_told_where_ticks_are_there(kept):
    kept.take(CONTRACT)
    hear(kept, *traded((0, 2, "100", None), (1, 2, "101", "4")))
    entry, end = (fill.at_ns for fill in kept.fills())
    ticks = {
        MNQ: ([entry - 1, entry, entry + 5, end, end + 1], [1, 100, 98.5, 103, 999])
    }
    (trip,) = kept.trades(ticks=ticks)
    assert (trip.mae, trip.mfe) == (Decimal(-6), Decimal(12))
    assert kept.trades()[0].mae is None


def test_a_contract_that_is_not_known_has_no_dollars(kept):
    hear(kept, *traded((0, 1, "100", None), (1, 1, "101", "2")))
    (trip,) = kept.trades()
    assert (trip.gross, trip.net, trip.fees) == (None, None, Decimal("0.72"))


def test_days_are_told_apart_by_contract_and_strategy(kept):
    kept.take(CONTRACT)
    with kept.session("a") as one:
        one.owns("tag-101")
    other = "CON.F.US.MES.Z26"
    hear(
        kept,
        event("Order", order_row(101)),
        event("Order", order_row(102)),
        event("Trade", trade_row(1, profitAndLoss=10)),
        event("Trade", trade_row(2, profitAndLoss=-4, contractId=other)),
    )
    assert [day.gross for day in kept.daily()] == [Decimal(6)]
    by_contract = kept.daily(by_contract=True)
    assert [(day.contract_id, day.gross) for day in by_contract] == [
        (other, Decimal(-4)),
        (MNQ, Decimal(10)),
    ]
    by_strategy = {day.strategy: day.gross for day in kept.daily(by_strategy=True)}
    assert by_strategy == {None: Decimal(-4), "a": Decimal(10)}
    assert [day.gross for day in kept.daily(strategy="a")] == [Decimal(10)]
    assert [day.gross for day in kept.daily(contract="MES")] == [Decimal(-4)]


def test_the_drawdown_is_from_the_highest_of_the_day(kept):
    made = ["10", "-4", "-3", "20", "-1"]
    hear(
        kept,
        *(
            event("Trade", trade_row(n, profitAndLoss=Decimal(x), fees=0))
            for n, x in enumerate(made, 1)
        ),
    )
    assert kept.daily()[0].drawdown == Decimal(7)
    curve = kept.equity()
    assert [int(point.realised) for point in curve] == [10, 6, 3, 23, 22]
    assert [int(point.drawdown) for point in curve] == [0, 4, 7, 0, 1]


@pytest.mark.parametrize(
    ("at", "day"),
    [
        ("2026-11-30T22:59:59.9999999+00:00", 20261130),
        ("2026-11-30T23:00:00.0000000+00:00", 20261201),  # 17:00 in winter
        ("2026-07-06T21:59:59.9999999+00:00", 20260706),
        ("2026-07-06T22:00:00.0000000+00:00", 20260707),  # 17:00 in summer
        ("2026-11-29T23:00:00.0000000+00:00", 20261130),  # Sunday is for Monday
        ("2026-11-01T22:00:00.0000000+00:00", 20261030),  # clocks went back at night
        ("2026-11-01T23:00:00.0000000+00:00", 20261102),
        ("2026-03-08T22:00:00.0000000+00:00", 20260309),  # clocks went forward
        ("2026-11-28T12:00:00.0000000+00:00", 20261127),  # late, on a Saturday
    ],
)
def test_a_fill_belongs_to_the_day_of_its_session(kept, at, day):
    hear(kept, event("Trade", trade_row(1, creationTimestamp=at)))
    assert kept.rows("SELECT trading_day, month FROM fills") == [(day, day // 100)]


def test_questions_are_narrowed(kept):
    hear(kept, *(event("Trade", trade_row(number)) for number in range(1, 6)))
    third = kept.fills()[2]
    assert [f.trade_id for f in kept.fills(since=third.at_ns)] == [3, 4, 5]
    assert [f.trade_id for f in kept.fills(until=third.at_ns)] == [1, 2]
    assert [f.trade_id for f in kept.fills(until=third.at)] == [1, 2]
    assert len(kept.fills(since=date(2026, 11, 30), until=date(2026, 11, 30))) == 5
    assert len(kept.fills(since=date(2026, 12, 1))) == 0
    assert len(kept.fills(account=1)) == len(kept.fills(contract="MES")) == 0
    assert len(kept.fills(ACCOUNT, "MNQ")) == len(kept.fills(contract=MNQ)) == 5


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"account": "PRAC"}, WrongFieldType, "account must be an account's number"),
        ({"account": 0}, InvalidField, "account must be above 0"),
        ({"contract": "MNQ' OR 1=1"}, InvalidField, "contract must be letters"),
        ({"contract": "%"}, InvalidField, "contract must be letters"),
        ({"since": "monday"}, WrongFieldType, "since must be an aware time"),
        ({"since": datetime(2026, 1, 1)}, InvalidField, "since must be an aware time"),
        ({"until": 2**63}, InvalidField, "until must fit into 64 bits"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(kept, given, error, text):
    for ask in (kept.orders, kept.fills, kept.trades, kept.daily):
        with pytest.raises(error, match=text):
            ask(**given)


def test_what_is_no_row_of_the_gateway_is_refused(kept, tmp_path):
    with pytest.raises(WrongFieldType, match="model must be a row of the gateway"):
        kept.take({"id": 1})
    with pytest.raises(WrongFieldType, match="balance must be a number of dollars"):
        kept.mark_equity(ACCOUNT, "much", Decimal(0))
    with pytest.raises(InvalidField, match="open_profit must be dollars"):
        kept.mark_equity(ACCOUNT, Decimal(1), Decimal("NaN"))
    with pytest.raises(WrongFieldType, match="strategy must be text"):
        kept.session(5)
    with pytest.raises(JournalError, match="is not there"):
        kept.take_journal(tmp_path / "none.db")


# ------------------------------------------------------------ columns


def test_answers_are_tables_of_arrow_for_any_tool(kept):
    kept.take(CONTRACT)
    hear(
        kept,
        event("Order", order_row(101)),
        *traded((0, 1, "100", None), (1, 1, "101.25", "2.5")),
    )
    table = kept.fills().arrow()
    assert table["gross"].to_pylist() == [None, Decimal("2.500000")]
    assert str(table.schema.field("at").type) == "timestamp[ns, tz=UTC]"
    frame = polars.DataFrame(kept.fills())
    assert frame["price"].sum() == Decimal("201.25")
    fills = kept.fills().arrow()  # noqa: F841 (DuckDB finds it by its name)
    total = duckdb.sql("SELECT sum(gross) - sum(fees) FROM fills").fetchall()
    assert total == [(Decimal("1.78"),)]
    assert isinstance(table.to_pandas(), pandas.DataFrame)
    for rows in (kept.orders(), kept.trades(), kept.daily(), kept.equity()):
        assert rows.arrow().num_rows == len(rows) > 0
    assert kept.discrepancies().arrow().num_rows == 0


def test_records_are_a_sequence(kept):
    hear(kept, *(event("Trade", trade_row(number)) for number in range(1, 4)))
    rows = kept.fills()
    assert [fill.trade_id for fill in rows[1:]] == [2, 3]
    assert rows[-1].trade_id == 3
    assert rows == kept.fills()
    assert rows[1:] != rows
    assert repr(rows) == "<3 of FillRecord>"


# ------------------------------------------------------------ its end


def test_a_closed_store_keeps_nothing_more_and_says_so(place):
    store = Store(place)
    assert store.close()
    assert store.close()
    store.listen(event("Trade", trade_row(1)))  # no error where a hub still speaks
    assert store.closed
    assert "closed" in repr(store)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_fork_of_it_is_refused(tmp_path):
    program = f"""
import os
from fastorder.errors import ExecutorMisuse
from fastorder.store import Store
store = Store({str(tmp_path / "record.db")!r})
child = os.fork()
if not child:
    try:
        store.flush()
    except ExecutorMisuse:
        os._exit(7)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
store.close()
"""
    import subprocess
    import sys

    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
