"""A feed that is frozen, told apart from a quiet market; and the book by itself."""

from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from realtime_scene import until
from test_realtime_trader import Form

from fastorder._core.codec.market_events import DepthRow, Quote
from fastorder.marketdata.sessions import weekdays
from fastorder.streams.book import Book
from fastorder.streams.callbacks import Callbacks
from fastorder.streams.market import Market, globex_from
from fastorder.streams.silence import LEAST_NS, MORE_ALONE, Silence

S = 1_000_000_000
CHICAGO = ZoneInfo("America/Chicago")
MNQ, MES = "CON.F.US.MNQ.Z26", "CON.F.US.MES.Z26"
WEDNESDAY_NS = 1_787_168_965 * S  # an afternoon in Chicago
SATURDAY_NS = WEDNESDAY_NS + 3 * 86_400 * S


def heard(silence, contract, times_s):
    rhythm = silence.watch(contract, 0)
    for time_s in times_s:
        rhythm.heard(int(time_s * S))
    return rhythm


def why(silence, now_s, contract=MNQ, wall_ns=WEDNESDAY_NS):
    return silence.why_stale(contract, int(now_s * S), wall_ns)


def test_a_busy_feed_is_stale_after_five_seconds():
    silence = Silence()
    heard(silence, MNQ, [i / 40 for i in range(400)])
    assert why(silence, 14.9) is None
    assert "no contract is heard" in why(silence, 15.1)


def test_a_slow_feed_has_the_time_that_it_takes():
    silence = Silence()
    rhythm = heard(silence, MNQ, range(0, 300, 3))
    assert rhythm.limit_ns > LEAST_NS
    assert why(silence, 297 + 30) is None
    assert why(silence, 297 + 61) is not None


def test_while_the_market_is_closed_silence_is_right():
    silence = Silence(weekdays(date(2026, 8, 10), date(2026, 8, 28)))
    heard(silence, MNQ, [i / 40 for i in range(400)])
    assert why(silence, 100, wall_ns=SATURDAY_NS) is None
    assert why(silence, 100, wall_ns=WEDNESDAY_NS) is not None


def test_while_others_are_heard_a_contract_may_be_quiet():
    silence = Silence()
    heard(silence, MNQ, [i / 40 for i in range(400)])
    other = heard(silence, MES, [10.0, 12.0])
    assert why(silence, 16) is None
    for i in range(16, 200):
        other.heard(i * S)
    assert why(silence, 10 + 5 * MORE_ALONE - 1) is None
    for_long = why(silence, 199)
    assert for_long == "others are heard, this one is not"


def test_a_new_connection_has_its_whole_time():
    silence = Silence()
    heard(silence, MNQ, [i / 40 for i in range(400)])
    silence.begin_anew(100 * S)
    assert why(silence, 104.9) is None
    assert why(silence, 105.1) is not None


def chicago_ns(text):
    return int(datetime.fromisoformat(text).replace(tzinfo=CHICAGO).timestamp()) * S


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        ("2026-11-25 15:59", True),  # a Wednesday
        ("2026-11-25 16:30", False),
        ("2026-11-26 11:59", True),  # Thanksgiving
        ("2026-11-26 12:01", False),
        ("2026-11-26 17:01", True),
        ("2026-11-27 12:01", False),  # the day after it
        ("2026-12-24 12:01", False),
        ("2026-12-25 10:00", False),
        ("2026-12-27 16:59", False),  # a Sunday
        ("2026-12-27 17:01", True),
        ("2028-12-29 20:00", True),  # beyond what was worked out nothing is known
    ],
)
def test_the_calendar_of_a_trader_knows_holidays_and_early_closes(moment, is_open):
    silence = Silence(globex_from(WEDNESDAY_NS / S))
    assert silence.is_open(chicago_ns(moment)) == is_open


class Scene:
    """A market over a hub that a test drives by hand, and its clock."""

    def __init__(self):
        self.now_ns, self.wall_ns = 0, chicago_ns("2026-11-26 11:30")
        self.heard, self.told, self.reconnects = {}, [], []
        hub = SimpleNamespace(
            is_live=True,
            on=self.heard.__setitem__,
            every=lambda *given: None,
            subscribe=lambda *given: None,
            reconnect=self.reconnects.append,
        )
        nothing = lambda: None  # noqa: E731
        hubs = SimpleNamespace(
            market=hub, is_closed=False, open_market=nothing, check=nothing
        )
        callbacks = Callbacks(self)
        for kind in ("stale", "fresh"):
            callbacks.add(kind, lambda event, kind=kind: self.told.append(kind))
        self.market = Market(hubs, callbacks, self)
        self.market.want("Quotes", MNQ)

    def monotonic_ns(self):
        return self.now_ns

    def wall_s(self):
        return self.wall_ns / S

    def passes(self, seconds, quotes=False):
        """Time passes, and is looked at each second."""
        for _ in range(seconds):
            self.now_ns += S
            self.wall_ns += S
            if quotes:
                self.heard["quote"](Quote(MNQ, bestBid=Decimal(1)))
            self.market.look()


def test_a_holiday_is_neither_silence_nor_rhythm():
    scene = Scene()
    scene.passes(1795, quotes=True)
    assert scene.market.is_open
    scene.passes(5 * 3600)  # it closes at noon, and opens at five
    assert not scene.told
    assert not scene.reconnects
    assert not scene.market.is_open
    scene.wall_ns = chicago_ns("2026-11-26 17:00")
    scene.passes(15)
    assert scene.market.is_open
    assert not scene.told  # it may be silent for its time, from the opening on
    scene.passes(6)
    assert scene.told == ["stale"]
    scene.passes(300, quotes=True)
    assert scene.told == ["stale", "fresh"]
    assert scene.market.feed(MNQ).rhythm.limit_ns < 100 * S


class Watch:
    """A clock whose monotonic side can be put ahead."""

    def __init__(self, clock):
        self._clock = clock
        self.ahead_ns = 0

    def monotonic_ns(self):
        return self._clock.monotonic_ns() + self.ahead_ns

    def wall_s(self):
        return WEDNESDAY_NS / S


@pytest.mark.parametrize("kind", ["async", "blocking"])
def test_a_stale_feed_is_told_and_its_connection_given_up(kind, gateway):
    form = Form(kind, gateway)
    try:
        trader = form.enter(symbols=["MNQ"])
        trader.market.sessions = None  # whatever the day is
        told = []
        for name in ("stale", "fresh", "gap"):
            form.call(
                trader.on, name, lambda event, name=name: told.append((name, event))
            )
        stream = form.call(trader.quotes, "MNQ")
        watch = trader.market._clock = Watch(trader.market._clock)
        group = ("ContractQuotes", MNQ)

        def there():
            return any(group in each.groups for each in list(gateway.hubs.connections))

        until(there)
        gateway.call(lambda: gateway.hubs.quote(MNQ, bestBid=1, bestAsk=2))
        until(lambda: not stream.is_stale)
        connects = gateway.hubs.connects
        watch.ahead_ns = 7 * S
        (name, stale), *_ = until(lambda: told)
        assert (name, stale.contract_id, stale.limit_s) == ("stale", MNQ, 5.0)
        assert stale.silent_s > 5
        assert stream.is_stale
        watch.ahead_ns = 12 * S
        until(lambda: gateway.hubs.connects > connects)
        assert "is stale" in told[1][1].why
        until(there)
        gateway.call(lambda: gateway.hubs.quote(MNQ, bestBid=1, bestAsk=2))
        until(lambda: told[-1][0] == "fresh")
        assert not stream.is_stale
        assert [name for name, _ in told] == ["stale", "gap", "fresh"]
    finally:
        form.end()


# ------------------------------------------------------------ the book, the quote


def row(kind, price=None, volume=None):
    given = None if price is None else Decimal(price)
    return DepthRow(MNQ, type=kind, price=given, volume=volume)


levels = st.lists(
    st.tuples(st.integers(0, 11), st.integers(0, 20), st.sampled_from([0, 1, 5])),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(levels)
def test_a_book_is_what_its_rows_say(rows):
    """Against plain dicts, row by row, with the rules of the guide."""
    book, bids, asks = Book(MNQ), {}, {}
    book.apply([row(kind, price, size) for kind, price, size in rows])
    for kind, price, size in rows:
        if kind == 6:
            bids, asks = {}, {}
        side = bids if kind in (2, 4, 9) else asks if kind in (1, 3, 10) else None
        if side is None:
            continue
        if kind in (4, 9):
            side = bids = {p: s for p, s in bids.items() if p <= price}
        if kind in (3, 10):
            side = asks = {p: s for p, s in asks.items() if p >= price}
        side[price] = size
        if not size:
            del side[price]
    assert (book.bids, book.asks) == (bids, asks)
    assert book.is_whole == any(kind == 6 for kind, _, _ in rows)
    best = max(bids, default=None)
    assert book.best_bid == (None if best is None else (best, bids[best]))
    assert book.best_asks(3) == sorted(asks.items())[:3]


def test_a_copy_of_a_book_stands_still():
    book = Book(MNQ)
    book.apply([row(6), row(2, 99, 3)])
    copy = book.copy()
    book.clear()
    assert copy.best_bid == (99, 3)
    assert copy.is_whole
    assert "bid 3 at 99" in repr(copy)


members = st.fixed_dictionaries(
    {},
    optional={
        name: st.decimals(-(10**20), 10**20, places=2)
        for name in ("lastPrice", "bestBid", "bestAsk")
    }
    | {"volume": st.integers(0, 2**60)},
)


@settings(max_examples=200, deadline=None)
@given(st.lists(members, max_size=8))
def test_a_whole_quote_is_all_that_was_told(told):
    whole, known = None, {}
    for each in told:
        whole = Quote(MNQ, **each).over(whole)
        known |= each
    if whole is not None:
        assert whole == Quote(MNQ, **known)
