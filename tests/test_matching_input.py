"""What is wrong with requests, data, settings and snapshots, and what is said then."""

from array import array
from decimal import Decimal

import numpy as np
import pytest
from matching.venue import BUY, SELL, contract, exchange, limit, market, quoted, refusal

from fastorder.matching import (
    Account,
    BadDatum,
    BadSnapshot,
    Contract,
    Exchange,
    Flag,
    Histogram,
    Kind,
    Latencies,
    MatchingError,
    OffGrid,
    Overflow,
    Queue,
    Reason,
    Side,
    Steps,
    TradeThrough,
    UnsortedData,
    What,
    price_of,
    tick_column,
    ticks_of,
)

PLACE = {"account": 0, "contract": 0, "kind": Kind.LIMIT, "side": 0, "size": 1}


@pytest.mark.parametrize(
    ("changed", "code", "reason"),
    [
        ({"account": 7}, 1, Reason.ACCOUNT_NOT_FOUND),
        ({"account": -1}, 1, Reason.ACCOUNT_NOT_FOUND),
        ({"contract": 7}, 8, Reason.CONTRACT_NOT_FOUND),
        ({"kind": 9, "limit": 90}, 2, Reason.INVALID_TYPE),
        ({"kind": Kind.STOP_LIMIT, "limit": 90, "stop": 105}, 2, Reason.INVALID_TYPE),
        ({"side": 2, "limit": 90}, 2, Reason.INVALID_SIDE),
        ({"size": 0, "limit": 90}, 2, Reason.INVALID_SIZE),
        ({"size": -1, "limit": 90}, 2, Reason.INVALID_SIZE),
        ({}, 2, Reason.LIMIT_NOT_SET),
        ({"limit": 0}, 2, Reason.LIMIT_NOT_ALIGNED),
        ({"kind": Kind.STOP}, 2, Reason.STOP_NOT_SET),
        ({"kind": Kind.STOP, "stop": -5}, 2, Reason.STOP_NOT_ALIGNED),
        ({"kind": Kind.STOP, "stop": 100}, 2, Reason.STOP_ON_WRONG_SIDE),
        ({"kind": Kind.STOP, "side": 1, "stop": 101}, 2, Reason.STOP_ON_WRONG_SIDE),
        ({"kind": Kind.TRAILING_STOP}, 2, Reason.TRAIL_NOT_SET),
        ({"kind": Kind.TRAILING_STOP, "trail": 0}, 2, Reason.TRAIL_NOT_ALIGNED),
        ({"kind": Kind.TRAILING_STOP, "trail": 1101}, 2, Reason.TRAIL_TOO_FAR),
        ({"limit": 90, "stop_loss": 5}, 2, Reason.STOP_LOSS_ON_WRONG_SIDE),
        ({"limit": 90, "stop_loss": -3}, 2, Reason.STOP_LOSS_TOO_NEAR),
        ({"limit": 90, "take_profit": -5}, 2, Reason.TAKE_PROFIT_ON_WRONG_SIDE),
        ({"limit": 90, "take_profit": 3}, 2, Reason.TAKE_PROFIT_TOO_NEAR),
        ({"limit": 90, "stop_loss": (-5, Kind.LIMIT)}, 2, Reason.INVALID_LEG_TYPE),
    ],
)
def test_a_wrong_order_is_rejected_by_the_gateways_code(changed, code, reason):
    venue = quoted(100)
    venue.place(**{**PLACE, **changed})
    venue.advance(1010)
    assert refusal(venue) == (code, reason)
    assert venue.orders(0) == []


def test_without_a_price_there_is_no_order():
    venue = exchange()
    market(venue, BUY)
    venue.advance(10)
    assert refusal(venue) == (2, Reason.INVALID_SYMBOL)


def test_a_stop_that_trails_needs_a_print():
    venue = exchange()
    venue.quote(0, 1000, 100, 101)
    venue.place(0, 0, Kind.TRAILING_STOP, SELL, 1, trail=90)
    venue.advance(1010)
    assert refusal(venue) == (2, Reason.TRAIL_WITHOUT_LAST)


def test_an_account_that_may_not_trade_has_code_4_and_may_still_cancel():
    venue = quoted(100)
    order = limit(venue, BUY, 90)
    venue.advance(1010)
    venue.allow(0, False)
    market(venue, BUY)
    venue.cancel(0, order)
    venue.take_events()
    venue.advance(1020)
    assert refusal(venue) == (4, Reason.ACCOUNT_MAY_NOT_TRADE)
    assert venue.orders(0) == []


def test_brackets_need_auto_oco():
    venue = Exchange([contract()], [Account(auto_oco=False)], latency=Latencies(1))
    venue.tick(0, 1000, 100, bid=100, ask=101)
    market(venue, BUY, stop_loss=-5)
    venue.advance(1010)
    assert refusal(venue) == (2, Reason.BRACKETS_NOT_ENABLED)


@pytest.mark.parametrize("tag", ["t", "t-SL", "bad"])
def test_a_tag_is_used_up_also_by_a_rejected_order(tag):
    venue = quoted(100)
    market(venue, BUY, tag="t", stop_loss=-5)
    market(venue, BUY, 0, tag="bad")
    venue.advance(1010)
    venue.take_events()
    market(venue, BUY, tag=tag)
    venue.advance(1020)
    assert refusal(venue) == (2, Reason.TAG_IN_USE)


@pytest.mark.parametrize(
    ("ask", "code", "reason"),
    [
        (lambda venue: venue.modify(0, 99, limit=90), 2, Reason.ORDER_NOT_FOUND),
        (lambda venue: venue.modify(3, 1, limit=90), 1, Reason.ACCOUNT_NOT_FOUND),
        (lambda venue: venue.modify(1, 1, limit=90), 2, Reason.ORDER_NOT_FOUND),
        (lambda venue: venue.modify(0, 1, limit=0), 3, Reason.LIMIT_NOT_ALIGNED),
        (lambda venue: venue.modify(0, 1, size=0), 3, Reason.INVALID_SIZE),
        (lambda venue: venue.modify(0, 2, stop=105), 3, Reason.STOP_ON_WRONG_SIDE),
        (lambda venue: venue.cancel(0, 99), 2, Reason.ORDER_NOT_FOUND),
        (lambda venue: venue.cancel(3, 1), 1, Reason.ACCOUNT_NOT_FOUND),
        (lambda venue: venue.close(0, 0), 2, Reason.POSITION_NOT_FOUND),
        (lambda venue: venue.close(0, 4), 3, Reason.CONTRACT_NOT_FOUND),
        (lambda venue: venue.close(3, 0), 1, Reason.ACCOUNT_NOT_FOUND),
        (lambda venue: venue.close(1, 0, 3), 5, Reason.INVALID_CLOSE_SIZE),
        (lambda venue: venue.close(1, 0, 0), 5, Reason.INVALID_CLOSE_SIZE),
    ],
)
def test_a_wrong_change_is_refused_and_changes_nothing(ask, code, reason):
    venue = quoted(100, accounts=2)
    limit(venue, BUY, 95)
    venue.place(0, 0, Kind.STOP, SELL, 1, stop=90)
    venue.place(1, 0, Kind.MARKET, BUY, 2)
    venue.advance(1010)
    before = venue.orders(0), venue.position(1, 0)
    venue.take_events()
    ask(venue)
    venue.advance(1020)
    assert refusal(venue) == (code, reason)
    assert (venue.orders(0), venue.position(1, 0)) == before


# ---------------------------------------------------------------- arguments


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"limit": 90.5}, "limit must be a whole number, was 90.5"),
        ({"limit": "90"}, "limit must be a whole number"),
        ({"limit": 1 << 50}, "limit must be from"),
        ({"size": 1 << 31}, "size must be from"),
        ({"size": True}, "size must be a whole number, was True"),
        ({"limit": 90, "tag": ""}, "tag must be text"),
        ({"limit": 90, "tag": 7}, "tag must be text"),
        ({"limit": 90, "at": 999}, "at must not be before now"),
        ({"limit": 90, "stop_loss": 1.5}, "stop_loss must be a whole number"),
        ({"account": None}, "account must be a whole number"),
    ],
)
def test_what_no_request_can_carry_is_refused_at_once(changed, why):
    venue = quoted(100)
    before = venue.snapshot()
    with pytest.raises(MatchingError, match=why):
        venue.place(**{**PLACE, **changed})
    assert venue.snapshot() == before


@pytest.mark.parametrize(
    ("kind", "given", "why"),
    [
        (Contract, ("X", 0), "tick_value_micros must be from 1"),
        (Contract, ("X", 0.5), "tick_value_micros must be a whole number"),
        (Contract, ("X", 1, -1), "fee_micros must be from 0"),
        (Queue, (-1,), "depth must be from 0"),
        (TradeThrough, (0,), "ticks must be from 1"),
        (Latencies, (0,), "entry must be from 1"),
        (Latencies, (Histogram((0, 5), (1, 1)),), "entry must be at least 1 ns"),
        (Steps, ((5, 3), (1, 1)), "from_ns must ascend"),
        (Steps, ((), ()), "at least 1 row"),
        (Histogram, ((1, 2), (1, 0)), "counts must be from 1"),
        (Histogram, ((1, 2), (1,)), "as long"),
        (Account, (1.5,), "balance_micros must be a whole number"),
    ],
)
def test_settings_that_make_no_sense_are_refused(kind, given, why):
    with pytest.raises(MatchingError, match=why):
        kind(*given)


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"opens": (5,), "closes": ()}, "as long as closes"),
        ({"opens": (5,), "closes": (5,)}, "must end after it starts"),
        ({"opens": (5, 8), "closes": (9, 12)}, "before the next"),
        ({"tick_size": "0"}, "tick_size must be above 0"),
    ],
)
def test_contracts_that_make_no_sense_are_refused(changed, why):
    with pytest.raises(MatchingError, match=why):
        contract(**changed)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (([], [Account()]), "contracts must be at least one Contract"),
        (([contract()], []), "accounts must be at least one Account"),
        (([contract()], [1]), "accounts must be"),
    ],
)
def test_an_exchange_needs_contracts_and_accounts(given, why):
    with pytest.raises(MatchingError, match=why):
        Exchange(*given)


@pytest.mark.parametrize(
    "changed", [{"path": "best"}, {"fills": 1}, {"latency": 5}, {"seed": -1}]
)
def test_an_exchange_refuses_what_it_does_not_know(changed):
    with pytest.raises(MatchingError, match=next(iter(changed))):
        exchange(**changed)


def test_an_exchange_that_was_not_made_says_so():
    venue = Exchange.__new__(Exchange)
    for call in (venue.snapshot, lambda: venue.orders(0), lambda: venue.cancel(0, 1)):
        with pytest.raises(MatchingError, match="was not made"):
            call()
    made = exchange()
    with pytest.raises(MatchingError, match="made once"):
        made.__init__([contract()], [Account()])


# ---------------------------------------------------------------- data


@pytest.mark.parametrize(
    ("row", "kind", "why"),
    [
        ((999, 100), UnsortedData, "time_ns must not be before"),
        ((1000, 0), BadDatum, "price must be one"),
        ((1000, -5), BadDatum, "price must be one"),
        ((1000, 1 << 41), BadDatum, "price must be one"),
        ((1000, 100, 0), BadDatum, "size must be at least 1"),
        ((1000, 100, 1, 2), BadDatum, "side must be 1"),
        ((1000, 100, 1, 0, 101, 101), BadDatum, "bid must be below ask"),
        ((1000, 100, 1, 0, 0, 101), BadDatum, "price must be one"),
    ],
)
@pytest.mark.parametrize("after", [0, 5])
def test_a_wrong_tick_is_refused_and_those_before_it_are_taken(row, kind, why, after):
    venue = exchange()
    venue.tick(0, 1000, 100, bid=100, ask=101)
    row = (*row, *(1, 0, 100, 101)[len(row) - 2 :])
    rows = [(1000, 100 + n, 1, 0, 100 + n, 101 + n) for n in range(after)] + [row]
    columns = [array("q", column) for column in zip(*rows, strict=True)]
    columns[3] = array("b", columns[3])
    with pytest.raises(kind, match=why) as raised:
        venue.feed_ticks(0, *columns)
    assert raised.value.index == after == venue.fed
    venue.tick(0, 1001, 100)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        ((999, 100, 101), "time_ns"),
        ((1000, 101, 101), "bid must be below ask"),
        ((1000, 100, 101, -1, 0), "size"),
        ((1000, 0, 101), "price"),
    ],
)
def test_a_wrong_quote_is_refused(row, why):
    venue = quoted(100)
    with pytest.raises(BadDatum, match=why):
        venue.quote(0, *row)


def test_data_after_the_end_of_a_contract_or_its_table_are_refused():
    venue = exchange(expires_ns=2000)
    with pytest.raises(BadDatum, match="before the contract's end"):
        venue.tick(0, 2000, 100)
    venue = exchange(opens=(1000,), closes=(2000,))
    with pytest.raises(BadDatum, match="before the close of the last session"):
        venue.tick(0, 2000, 100)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (([1.0], [2.0]), "time_ns must be a column of int64"),
        ((np.arange(3), np.arange(3.0)), "price must be a column of int64"),
        ((np.arange(3), np.arange(2)), "price must be as long as the times"),
        ((np.arange(3), np.arange(3) + 1, None, np.arange(3)), "side must be a column"),
        ((np.arange(6)[::2], np.arange(3) + 1), "time_ns must be a column"),
    ],
)
def test_columns_of_another_kind_are_refused(columns, why):
    with pytest.raises(MatchingError, match=why):
        exchange().feed_ticks(0, *columns)


def test_bid_and_ask_come_together():
    rows = np.array([100])
    with pytest.raises(MatchingError, match="bid and ask must be given together"):
        exchange().feed_ticks(0, rows, rows, None, None, rows)
    with pytest.raises(MatchingError, match="together"):
        exchange().tick(0, 1, 1, bid=1)


def test_columns_may_be_empty_and_read_only():
    venue = exchange()
    assert venue.feed_ticks(0, np.array([], "i8"), np.array([], "i8")) == 0
    rows = np.array([100, 101])
    rows.setflags(write=False)
    assert venue.feed_ticks(0, rows, rows) == 2


def test_time_goes_forward():
    venue = quoted(100)
    with pytest.raises(MatchingError, match="time_ns must not be before now"):
        venue.advance(999)


# ---------------------------------------------------------------- money


def test_money_that_leaves_int64_stops_the_exchange():
    venue = Exchange(
        [contract(tick_value_micros=1 << 40, negative_prices=True)],
        [Account()],
        latency=Latencies(1),
    )
    venue.tick(0, 1000, 1 << 30)
    market(venue, BUY, 100)
    with pytest.raises(Overflow, match="micro-dollars must fit int64"):
        venue.tick(0, 2000, 1 << 30)
    with pytest.raises(Overflow):
        venue.snapshot()


def test_a_position_that_leaves_its_range_stops_the_exchange():
    venue = quoted(1, tick_value_micros=1)
    for _ in range(2):
        market(venue, BUY, (1 << 31) - 1)
    with pytest.raises(Overflow, match="a position must be below"):
        venue.advance(1010)


# ---------------------------------------------------------------- prices


MNQ = contract(tick_size="0.25")


def test_prices_become_ticks_exactly_or_not_at_all():
    assert ticks_of(MNQ, 29_547.25) == 118_189
    assert ticks_of(MNQ, "29547.50") == 118_190
    assert price_of(MNQ, 118_189) == Decimal("29547.25")
    assert ticks_of(contract(tick_size="0.0000005"), 0.0068125) == 13_625
    for wrong in (0.1, "29547.3", float("nan"), float("inf"), Decimal("1e-9"), 1e300):
        with pytest.raises(OffGrid, match="multiple of 0.25"):
            ticks_of(MNQ, wrong)


def test_a_column_of_prices_is_refused_at_the_first_between_two_ticks():
    column = tick_column(MNQ, np.array([1.0, 29_547.25]))
    assert (column.dtype, column.tolist()) == ("int64", [4, 118_189])
    for wrong in (1.1, float("nan"), float("inf")):
        with pytest.raises(OffGrid) as raised:
            tick_column(MNQ, np.array([1.0, 2.25, wrong]))
        assert raised.value.index == 2
    with pytest.raises(MatchingError, match="must have a tick_size"):
        ticks_of(contract(), 1)


# ---------------------------------------------------------------- snapshots


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (lambda text: b"", "begin with FOMX"),
        (lambda text: b"XXXX" + text[4:], "begin with FOMX"),
        (
            lambda text: text[:4] + b"\x09\0\0\0" + text[8:],
            "must be of version 3, was 9",
        ),
        (lambda text: text[:-1], "damaged"),
        (lambda text: text + b"\0", "damaged"),
        (lambda text: text[:200] + bytes([text[200] ^ 1]) + text[201:], "damaged"),
    ],
)
def test_a_damaged_snapshot_is_refused_and_changes_nothing(damage, why):
    venue = quoted(100)
    market(venue, BUY, 2, stop_loss=-5, tag="t")
    venue.advance(1010)
    whole = venue.snapshot()
    with pytest.raises(BadSnapshot, match=why):
        venue.restore(damage(whole))
    assert venue.snapshot() == whole


def test_a_snapshot_of_other_settings_is_refused():
    taken = quoted(100).snapshot()
    with pytest.raises(BadSnapshot, match="made like this one"):
        quoted(100, fee_micros=1).restore(taken)


def test_every_cut_of_a_snapshot_is_refused():
    import zlib

    venue = quoted(100)
    limit(venue, BUY, 90, stop_loss=-5, tag="t")
    venue.advance(1010)
    whole = venue.snapshot()
    for length in range(60, len(whole), 7):
        body = whole[44:length]
        text = whole[:40] + zlib.crc32(body).to_bytes(4, "little") + body
        with pytest.raises(BadSnapshot):
            venue.restore(text)
    assert venue.snapshot() == whole


# ---------------------------------------------------------------- names


def test_the_names_have_the_numbers_of_the_compiled_ones():
    from pathlib import Path

    rooms = Path(__file__).parent.parent / "fastorder"  # a wheel holds no sources
    text = (rooms / "matching" / "_state.pxd").read_text()
    numbers = {}
    for line in text.splitlines():
        name, mark, number = line.partition("#")[0].strip().partition(" = ")
        if mark and number.isdigit():
            numbers[name] = int(number)
    others = {"CANCELLED": "ORDER_CANCELLED", "EXPIRED": "ORDER_EXPIRED"}
    for kind in (Kind, Reason, What):
        for member in kind:
            name = others.get(member.name, member.name) if kind is What else member.name
            assert member.name == "NONE" or numbers[name] == member
    assert (Flag.TAKER, Flag.OPENS, Flag.AMBIGUOUS) == tuple(
        numbers[name] for name in ("TAKER", "OPENS", "IN_DOUBT")
    )
    assert (Side.BUY, Side.SELL) == (0, 1)


def test_many_events_are_handed_over_whole_and_the_exchange_goes_on():
    venue, few = exchange(), exchange()
    halves = []
    for n in range(3_000):
        for each in (venue, few):
            market(each, BUY if n % 2 else SELL)
            each.tick(0, (n + 1) * 1_000_000_000, 100)
        halves.append(few.take_events())  # a copy of a few each time
    found = venue.take_events()
    assert len(found) > 4_096
    assert found.tobytes() == b"".join(each.tobytes() for each in halves)
    assert len(venue.take_events()) == 0
    market(venue, BUY)
    venue.tick(0, 3_001_000_000_000, 100)
    assert 0 < len(venue.take_events()) < 10
    del venue
    assert found["size"].sum() > 0
