"""Market events: the scanner reads what the JSON library reads, and exactly that."""

import json
import pickle
from decimal import Decimal, localcontext

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fastorder._core.codec.market_events import (
    DepthRow,
    DepthRows,
    MarketDecoder,
    MarketTrade,
    MarketTrades,
    Quote,
)
from fastorder._core.codec.market_json import market_events
from fastorder.errors import RealtimeProtocolError

MNQ = "CON.F.US.MNQ.U26"
QUOTE = (
    b'{"type":1,"target":"GatewayQuote","arguments":["CON.F.US.MNQ.U26",'
    b'{"symbol":"F.US.MNQ","bestBid":29547,"bestAsk":29547.500000000,'
    b'"lastUpdated":"2026-08-19T20:51:31.4347534+00:00",'
    b'"timestamp":"2026-08-19T20:51:31.348+00:00","contract":"CON.F.US.MNQ.U26"}]}'
)
TRADES = (
    b'{"type":1,"target":"GatewayTrade","arguments":["CON.F.US.MES.U26",[{"symbolId":'
    b'"F.US.MES","price":7730.5,"timestamp":"2026-08-19T20:51:30.052+00:00","type":1,'
    b'"volume":1,"contractId":"CON.F.US.MES.U26"},null,{"price":-0.25,"volume":2}]]}'
)
DEPTH = (
    b'{"type":1,"target":"GatewayDepth","arguments":["CON.F.US.MNQ.U26",[{"contractId":'
    b'"CON.F.US.MNQ.U26","timestamp":"2026-08-19T20:51:31.4173693+00:00","type":4,'
    b'"price":29547,"volume":2,"currentVolume":0,"index":3}]]}'
)


def decoder(*ticks):
    made = MarketDecoder()
    for contract_id, tick in ticks:
        made.set_tick(contract_id, Decimal(tick))
    return made


def read(record, *ticks):
    """What both ways make of a record; None where the scanner leaves it alone."""
    known = decoder(*ticks)
    return known.scanned(record), market_events(record, known)


# ---------------------------------------------------------------- the gateway's own


def test_a_quote_gives_what_has_changed_and_nothing_else():
    quote = decoder((MNQ, "0.25")).scanned(QUOTE)
    assert quote.contract_id == MNQ
    assert (quote.best_bid, quote.best_ask) == (Decimal(29547), Decimal("29547.5"))
    assert (quote.best_bid_ticks, quote.best_ask_ticks) == (118188, 118190)
    assert quote.updated_ns == 1787172691_434753400
    assert quote.time_ns == 1787172691_348000000
    assert quote.last_price is quote.volume is quote.open is quote.change is None
    assert quote.last_price_ticks is None
    assert repr(quote).startswith("Quote('CON.F.US.MNQ.U26', bestBid=29547, ")


def test_a_quote_of_all_members():
    members = {
        "symbol": "F.US.MNQ", "symbolName": "/MNQ", "lastPrice": 2100.25,
        "bestBid": 2100.0, "bestAsk": 2100.5, "change": 25.5, "changePercent": 0.14,
        "open": 2090.0, "high": 2110.75, "low": 2080.5, "volume": 12000,
        "lastUpdated": "2024-07-21T13:45:00Z", "timestamp": "2024-07-21T13:45:00Z",
    }  # fmt: skip
    quote, slow = read(record("Quote", MNQ, members))
    assert [quote] == slow
    shown = (quote.last_price, quote.change, quote.change_percent, quote.open)
    assert shown == tuple(map(Decimal, ("2100.25", "25.5", "0.14", "2090.0")))
    assert (quote.high, quote.low) == (Decimal("2110.75"), Decimal("2080.5"))
    assert (quote.volume, quote.time_ns) == (12000, 1721569500 * 10**9)


def test_trades_are_a_sequence():
    trades = decoder(("CON.F.US.MES.U26", "0.25")).scanned(TRADES)
    assert (trades.contract_id, len(trades)) == ("CON.F.US.MES.U26", 2)
    first, last = trades
    assert (first.price, first.price_ticks) == (Decimal("7730.5"), 30922)
    assert (first.volume, first.type, first.time_ns) == (1, 1, 1787172690_052000000)
    assert (last.price, last.price_ticks) == (Decimal("-0.25"), -1)
    assert (last.time_ns, last.type) == (None, None)
    assert trades[-1] == last
    assert trades[:1] == [first]
    with pytest.raises(IndexError, match="index must be below 2, was 2"):
        trades[2]


def test_depth_is_a_sequence():
    (row,) = decoder().scanned(DEPTH)
    assert (row.price, row.price_ticks) == (Decimal(29547), None)
    assert (row.volume, row.current_volume, row.type, row.index) == (2, 0, 4, 3)
    assert row.time_ns == 1787172691_417369300


@pytest.mark.parametrize("sample", [QUOTE, TRADES, DEPTH])
def test_both_ways_read_the_gateways_own_records_alike(sample):
    scanned, slow = read(sample, (MNQ, "0.25"))
    assert slow == [scanned]
    assert hash(slow[0]) == hash(scanned)


@pytest.mark.parametrize("sample", [QUOTE, TRADES, DEPTH])
def test_events_can_be_pickled(sample):
    event = decoder((MNQ, "0.25")).scanned(sample)
    again = pickle.loads(pickle.dumps(event))
    assert again == event
    if isinstance(event, Quote):
        assert again.best_bid_ticks == event.best_bid_ticks


def test_a_record_that_is_cut_is_no_event():
    for sample in (QUOTE, TRADES, DEPTH):
        for at in range(len(sample)):
            assert decoder().scanned(sample[:at]) is None, at
            if b'"arguments"' in sample[:at]:
                with pytest.raises(RealtimeProtocolError):
                    market_events(sample[:at], decoder())


def test_one_object_and_a_list_are_both_taken():
    row = {"price": 1.5, "volume": 2}
    for target, kind, one in (
        ("Trade", MarketTrades, MarketTrade),
        ("Depth", DepthRows, DepthRow),
    ):
        for value in (row, [row]):
            scanned, slow = read(record(target, MNQ, value))
            assert slow == [scanned] == [kind(MNQ, [one(MNQ, **exact(row))])]
    assert read(record("Trade", MNQ, []))[0] == MarketTrades(MNQ)
    scanned, slow = read(record("Quote", MNQ, [{"bestBid": 1}, {"bestBid": 2}]))
    assert scanned is None
    assert [quote.best_bid for quote in slow] == [1, 2]


# ---------------------------------------------------------------- exactness


@pytest.mark.parametrize(
    "text",
    [
        "0.1",
        "123456789.123456789",
        "1E3",
        "1.5e-7",
        "0.30000000000000004441",
        "9223372036854775808",
        "-0.0",
        "99999999999999999999.25",
    ],
)
def test_a_price_is_exactly_what_was_written(text):
    sample = record("Quote", MNQ, {}).replace(
        b"{}", b'{"lastPrice":%b}' % text.encode()
    )
    with localcontext() as context:
        context.prec = 3
        scanned, slow = read(sample)
        for event in [scanned, *slow]:
            if event is not None:
                assert event.last_price == Decimal(text)


@pytest.mark.parametrize(
    ("price", "tick", "ticks"),
    [
        ("6335.25", "0.25", 25341),
        ("6335.30", "0.25", None),
        ("110.015625", "0.015625", 7041),
        ("0.0000625", "0.0000005", 125),
        ("1000000", "0.000000001", 10**15),
        ("100000000000000000", "0.000000001", 10**26),
        ("123456789012345678", "1E+2", None),
        ("123456789012345600", "1E+2", 1234567890123456),
        ("0", "0.25", 0),
        ("-37.63", "0.01", -3763),
    ],
)
def test_a_price_in_ticks_is_whole_or_not_told(price, tick, ticks):
    sample = record("Quote", MNQ, {}).replace(b"{}", b'{"bestBid":%b}' % price.encode())
    scanned, slow = read(sample, (MNQ, tick))
    assert scanned.best_bid_ticks == ticks == slow[0].best_bid_ticks


@given(
    price=st.decimals(min_value=-(10**9), max_value=10**9, places=6),
    tick=st.sampled_from(["0.25", "0.01", "0.015625", "5", "0.0005", "0.00000005"]),
)
def test_ticks_are_those_of_exact_division(price, tick):
    quote = Quote(MNQ, tick_size=Decimal(tick), bestBid=price)
    with localcontext() as context:
        context.prec = 60
        whole, rest = divmod(price, Decimal(tick))
    assert quote.best_bid_ticks == (None if rest else int(whole))


# ---------------------------------------------------------------- both ways are equal


def record(target, contract_id, value):
    arguments = [contract_id, value]
    envelope = {"type": 1, "target": f"Gateway{target}", "arguments": arguments}
    return json.dumps(envelope, separators=(",", ":")).encode()


def exact(row):
    return {
        name: Decimal(str(value)) if name == "price" else value
        for name, value in row.items()
    }


TIMES = st.builds(
    "{}-{:02}-{:02}T{:02}:{:02}:{:02}{}{}".format,
    st.integers(1969, 2263),
    st.integers(0, 13),
    st.sampled_from([*range(1, 32), 0, 32]),
    st.integers(0, 24),
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from(["", ".", ".3", ".348", ".4347534", ".123456789", ".1234567891"]),
    st.sampled_from(["Z", "+00:00", "-05:30", "+24:00", "+00:60", "", "z", "+0000"]),
).map(json.dumps)
NUMBERS = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.integers(0, 40000).map(lambda n: f"{n / 4}"),
    st.decimals(-1000, 1000, places=9).map(str),
    st.sampled_from(
        ["0", "-0", "00", "01", "1.", ".5", "1e2", "1E-2", "-", "2.50", "+1"]
    ),
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
)
TEXTS = st.sampled_from(
    [
        '""',
        '"F.US.MNQ"',
        '"\\u001e"',
        '"a\\"b"',
        '"\u00e4"',
        '"\\ud800"',
        '"1.25"',
        '"7"',
    ]
)
VALUES = st.one_of(
    NUMBERS,
    TIMES,
    TEXTS,
    st.sampled_from(["null", "true", "false", "{}", "[1]", "nul"]),
)
NAMES = {
    "Quote": ["symbol", "lastPrice", "bestBid", "bestAsk", "changePercent", "volume",
              "lastUpdated", "timestamp", "contract", "unknown"],
    "Trade": ["symbolId", "price", "timestamp", "type", "volume", "contractId", "x"],
    "Depth": ["timestamp", "type", "price", "volume", "currentVolume", "index", "y"],
}  # fmt: skip


def sensible(name):
    """Values that the gateway might give a member, as a rule."""
    if name in ("lastUpdated", "timestamp"):
        return st.one_of(TIMES, st.just('"2026-08-19T20:51:31.348+00:00"'), VALUES)
    if name in ("volume", "type", "currentVolume", "index"):
        return st.one_of(st.integers(-9, 10**6).map(str), VALUES)
    if name in ("symbol", "contract", "symbolId", "contractId"):
        return TEXTS
    return st.one_of(NUMBERS, VALUES)


@st.composite
def rows(draw, target):
    names = draw(st.lists(st.sampled_from(NAMES[target]), max_size=7))
    if draw(st.integers(0, 9)):
        names = list(dict.fromkeys(names))
    gap = draw(st.sampled_from(["", "", "", " "]))
    members = [f'"{name}":{gap}{draw(sensible(name))}' for name in names]
    return "{" + ",".join(members) + "}"


@st.composite
def records(draw):
    target = draw(st.sampled_from(sorted(NAMES)))
    row = rows(target)
    listed = st.lists(row | st.just("null"), max_size=3).map(",".join)
    value = draw(st.one_of(row, row, listed.map("[{}]".format)))
    contract = draw(st.sampled_from(['"CON.F.US.MNQ.U26"', '"A"', '"\u00e4"', "7"]))
    text = f'{{"type":1,"target":"Gateway{target}","arguments":[{contract},{value}]}}'
    return text.encode()


@settings(max_examples=250)
@given(sample=records())
def test_what_is_scanned_is_what_the_json_library_reads(sample):
    known = decoder((MNQ, "0.25"))
    assert known.scanned(QUOTE) is not None  # its times are remembered
    scanned = known.scanned(sample)
    if scanned is None:
        return
    assert market_events(sample, known) == [scanned], sample


@given(
    at=st.integers(0, 400),
    byte=st.integers(0, 255),
    sample=st.sampled_from([QUOTE, TRADES, DEPTH]),
)
@settings(max_examples=250)
def test_a_byte_that_is_changed_makes_no_difference_between_them(at, byte, sample):
    at %= len(sample)
    changed = sample[:at] + bytes([byte]) + sample[at + 1 :]
    known = decoder((MNQ, "0.25"))
    known.scanned(sample)
    scanned = known.scanned(changed)
    if scanned is not None:
        assert market_events(changed, known) == [scanned]


def test_the_property_reaches_the_scanner():
    """Most of the usual shapes are scanned, so the property above says something."""
    quotes = [
        record("Quote", MNQ, dict.fromkeys(names, 1))
        for names in (["bestBid"], ["volume", "lastPrice"], ["unknown", "high"])
    ]
    assert None not in [decoder().scanned(quote) for quote in quotes]


# ---------------------------------------------------------------- what is refused

BAD = {
    "level": (b'{"lastPrice":' + b"[" * 10_000 + b"]" * 10_000 + b"}", "must be JSON"),
    "surrogate": (b'{"symbol":"\\ud800"}', "must be JSON"),
    "utf-8": (b'{"symbol":"\xff"}', "must be JSON"),
    "nan": (b'{"lastPrice":NaN}', "must be JSON"),
    "twice": (b'{"bestBid":1,"bestBid":2}', "bestBid must be given once, was twice"),
    "int64": (b'{"volume":9223372036854775808}', "a whole number of 64 bits"),
    "vast": (b'{"volume":1e40}', "a whole number of 64 bits"),
    "vast price": (b'{"lastPrice":1E300}', "lastPrice must be a price"),
    "vaster": (b'{"lastPrice":1E9999999999999999999}', "must be|too large"),
    "part": (b'{"volume":1.5}', "volume must be a whole number"),
    "text": (b'{"volume":"many"}', "volume must be a number, was str"),
    "bool": (b'{"volume":true}', "volume must be a number, was bool"),
    "list": (b'{"bestBid":[1]}', "bestBid must be a number, was list"),
    "time": (b'{"timestamp":"yesterday"}', "timestamp must be a time in ISO 8601"),
    "day": (b'{"timestamp":"2026-02-30T00:00:00Z"}', "a time of the calendar"),
    "year": (b'{"timestamp":"2500-01-01T00:00:00Z"}', "from 1677 to 2262"),
    "row": (b"7", "must be an object"),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_no_event_is_an_error_that_says_why(name):
    row, text = BAD[name]
    sample = record("Quote", MNQ, {}).replace(b"{}", row)
    known = decoder()
    assert known.scanned(sample) is None
    with pytest.raises(RealtimeProtocolError, match=text):
        market_events(sample, known)


def test_a_number_may_be_written_as_a_string():
    sample = record("Trade", MNQ, {"price": "1.25", "volume": "7", "type": "1"})
    (trades,) = market_events(sample, decoder())
    assert (trades[0].price, trades[0].volume) == (Decimal("1.25"), 7)


def test_events_are_made_of_members_they_have():
    with pytest.raises(TypeError, match="Quote has no member 'price'"):
        Quote(MNQ, price=Decimal(1))
    with pytest.raises(TypeError, match="a row must be a MarketTrade"):
        MarketTrades(MNQ, [Quote(MNQ)])
    with pytest.raises(ValueError, match="tick_size must be above 0, was 0"):
        MarketDecoder().set_tick(MNQ, Decimal(0))
