"""Bars of several contracts at once: each as it is alone, and none ahead of another."""

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategy_scenes import MINUTE, MONDAY, bars, planned, random_bars, ticks

from fastorder.marketdata import Bars
from fastorder.matching import What
from fastorder.strategy import BadData, BadOrder, Latencies, Strategy, backtest, check

DAY = 24 * 60 * MINUTE
ONE, OTHER = "MES", "MNQ"
WIDE = {"account": 1e9, "budget": 1_000_000, "missing_days": "allow"}


# ------------------------------------------------------------ each as it is alone


class Apart(Strategy):
    """Does with each contract what the numbers drawn for it say, and nothing else."""

    def start(self):
        for symbol, (every, _) in self.plans.items():
            self.subscribe(symbol, every)
        self.seen = {symbol: [] for symbol in self.plans}
        self.nth = dict.fromkeys(self.plans, 0)
        self.mine = {symbol: [] for symbol in self.plans}

    def on_bar(self, bar):
        symbol = bar.symbol
        self.seen[symbol].append((self.now_ns, bar.close, self.last(symbol)))
        acts = self.plans[symbol][1]
        self.act(symbol, bar.close, *acts[self.nth[symbol] % len(acts)])
        self.nth[symbol] += 1

    def on_fill(self, fill):
        symbol = fill.symbol
        last = self.last(symbol) if fill.time_ns == self.now_ns else None
        self.seen[symbol].append((self.now_ns, fill.price, last))
        if fill.order.role == "entry" and len(self.mine[symbol]) % 3 == 0:
            # within the bar: the other contract is on its way too
            self.act(symbol, fill.price, "limit", -fill.side, 6)

    def act(self, symbol, price, what, side, distance):
        place = self.buy if side > 0 else self.sell
        near, far = price - side * distance * 0.25, price + side * distance * 0.25
        more = {
            "market": {},
            "limit": {"limit": near},
            "stop": {"stop": far},
            "trail": {"trail_ticks": distance},
            "bracket": {
                "stop_loss_ticks": distance + 4,
                "take_profit_ticks": distance + 4,
            },
        }.get(what)
        if more is not None:
            self.mine[symbol].append(place(1 + distance % 3, symbol=symbol, **more))
        elif what == "flatten":
            self.flatten(symbol)
        elif what == "cancel" and self.mine[symbol]:
            self.cancel(self.mine[symbol].pop())


ACTS = st.lists(
    st.tuples(
        st.sampled_from(
            ["market", "limit", "stop", "trail", "bracket", "flatten", "cancel", "none"]
        ),
        st.sampled_from([1, -1]),
        st.integers(1, 12),
    ),
    min_size=1,
    max_size=12,
)


@st.composite
def scenes(draw):
    """Bars of a contract, some of them left out, and what is done at them."""
    minutes = draw(st.sampled_from([1, 1, 1, 2, 5]))
    n = draw(st.integers(2, 60)) // minutes + 2
    rng = np.random.default_rng(draw(st.integers(0, 1 << 30)))
    way = np.cumsum(rng.integers(-6, 7, (n, 4)).ravel()).reshape(n, 4) * 0.25 + 5_000
    kept = np.flatnonzero(rng.random(n) < draw(st.sampled_from([1.0, 1.0, 0.6])))
    kept = kept if len(kept) else np.arange(n)
    start = MONDAY + draw(st.sampled_from([0, 0, 1, 3])) * MINUTE * minutes
    columns = {
        "time_ns": start + kept * minutes * MINUTE,
        "open": way[kept, 0],
        "high": way[kept].max(axis=1),
        "low": way[kept].min(axis=1),
        "close": way[kept, 3],
        "volume": np.ones(len(kept), np.int64),
    }
    return Bars.from_columns(columns, f"{minutes}m"), f"{minutes}m", draw(ACTS)


def run_of(found, **options):
    kind = type(
        "Planned", (Apart,), {"plans": {n: (e, a) for n, (_, e, a) in found.items()}}
    )
    data = {name: each for name, (each, _, _) in found.items()}
    return backtest(kind, data=data, **WIDE, **options)


FIELDS = (
    "time_ns", "seen_ns", "kind", "order_kind", "side", "size", "left", "price_ticks",
    "profit_micros", "fees_micros", "commissions_micros", "position", "code",
    "reason", "flags",
)  # fmt: skip


def events_of(result, symbol, until_ns):
    orders = result._run.orders
    mine = [orders[number].symbol == symbol for number in result.events["order_id"]]
    rows = result.events[np.array(mine, bool)]
    rows = rows[rows["time_ns"] < until_ns]
    return [tuple(row) for row in zip(*(rows[n].tolist() for n in FIELDS), strict=True)]


def compare(together, alone):
    """What each contract did is what it does alone, up to the end of its data."""
    for symbol, single in alone.items():
        end_ns = single._run.end_ns
        both = (together, single)
        seen = [
            [row for row in run._run.strategies[0].seen[symbol] if row[0] <= end_ns]
            for run in both
        ]
        assert seen[0] == seen[1]
        events = [events_of(run, symbol, end_ns) for run in both]
        assert events[0] == events[1]
        for name in ("entry_ns", "exit_ns", "net", "exit_kind", "mae", "mfe"):
            rows = together.trades["symbol"] == symbol
            assert together.trades[name][rows].tolist() == single.trades[name].tolist()
        mine, own = together.contracts[symbol], single.contracts[symbol]
        assert mine == own
    ambiguous = sum(single.ambiguous for single in alone.values())
    assert together.ambiguous == ambiguous
    assert together.net == pytest.approx(sum(single.net for single in alone.values()))


@settings(max_examples=100, deadline=None)
@given(
    one=scenes(),
    other=scenes(),
    path=st.sampled_from(["worst", "worst", "nearest", "high_first", "low_first"]),
    fills=st.sampled_from(["touch", "trade_through"]),
    entry=st.sampled_from([1, 7_000_000, 20_000_000_000, 77_000_000_000]),
    response=st.sampled_from([0, 0, 5_000_000, 31_000_000_000]),
)
def test_contracts_that_do_not_touch_do_what_they_do_alone(
    one, other, path, fills, entry, response
):
    options = {"path": path, "fills": fills, "latency": Latencies(entry, response)}
    both = {ONE: one, OTHER: other}
    together = run_of(both, **options)
    alone = {name: run_of({name: scene}, **options) for name, scene in both.items()}
    compare(together, alone)


def test_it_does_so_for_bars_of_a_minute_and_of_an_hour():
    """The same with much more to do: a thousand bars, every kind of order."""
    acts = [(what, side, 3 + nth) for nth, what in enumerate(
        ["market", "bracket", "limit", "stop", "trail", "none", "cancel", "flatten"]
    ) for side in (1, -1)]  # fmt: skip
    both = {
        ONE: (random_bars(20, 3, 8.0, every=60 * MINUTE), "3600s", acts),
        OTHER: (random_bars(1_200, 4, 2.0), "60s", acts),
    }
    together = run_of(both)
    compare(together, {name: run_of({name: scene}) for name, scene in both.items()})
    assert together.contracts[OTHER]["trades"] > 100
    assert together.contracts[ONE]["trades"] > 3


# --------------------------------------------------------- none ahead of another


class Watches(Strategy):
    """Keeps what is known of each contract at the end of each bar."""

    every = ("1m", "5m")

    def start(self):
        self.bars = {
            symbol: self.subscribe(symbol, every, history=100)
            for symbol, every in zip((ONE, OTHER), self.every, strict=True)
        }
        self.known = []

    def on_bar(self, bar):
        self.known.append(
            (
                bar.end_ns,
                bar.symbol,
                *(
                    (self.last(symbol), *series.close[-3:], len(series))
                    for symbol, series in self.bars.items()
                ),
            )
        )


def changed_after(data, time_ns, by):
    """Bars of which all that end after a time go elsewhere from their open on."""
    found = {name: np.array(each) for name, each in data.to_numpy().items()}
    later = found["time_ns"] + (found["time_ns"][1] - found["time_ns"][0]) > time_ns
    found["close"][later] += by
    found["high"][later] += abs(by)
    found["low"][later] -= abs(by)
    found["open"][np.flatnonzero(later)[1:]] += by
    return Bars.from_columns(found, data.every)


@pytest.mark.parametrize("minute", range(20, 31))
def test_what_ends_later_is_not_seen(minute):
    """Whatever becomes of bars that have not ended, all that is known is the same."""
    data = {ONE: random_bars(100, 3), OTHER: random_bars(20, 4, every=5 * MINUTE)}
    now_ns = MONDAY + minute * MINUTE
    other = {name: changed_after(each, now_ns, 40.0) for name, each in data.items()}
    rows = [
        [row for row in backtest(Watches, data=each)._run.strategies[0].known
         if row[0] <= now_ns]
        for each in (data, other)
    ]  # fmt: skip
    assert rows[0] == rows[1]
    assert len(rows[0]) == minute + minute // 5


def test_ends_come_in_order_and_of_one_instant_the_short_first_then_by_symbol():
    class Equal(Watches):
        every = ("5m", "5m")

        def start(self):
            super().start()
            self.subscribe(OTHER, "15m")

        def on_bar(self, bar):
            self.known.append((bar.end_ns, bar.every, bar.symbol, self.now_ns))

    data = {OTHER: random_bars(60, 3), ONE: random_bars(60, 4)}
    known = backtest(Equal, data=data)._run.strategies[0].known
    assert known[:3] == [
        (MONDAY + 5 * MINUTE, "5m", ONE, MONDAY + 5 * MINUTE),
        (MONDAY + 5 * MINUTE, "5m", OTHER, MONDAY + 5 * MINUTE),
        (MONDAY + 10 * MINUTE, "5m", ONE, MONDAY + 10 * MINUTE),
    ]
    assert [row[1:3] for row in known if row[0] == MONDAY + 15 * MINUTE] == [
        ("5m", ONE), ("5m", OTHER), ("15m", OTHER),
    ]  # fmt: skip


class Leads(Strategy):
    """Trades one contract by the other."""

    def start(self):
        self.subscribe(ONE, "1m")
        self.bars = self.subscribe(OTHER, "5m", history=2)

    def on_bar(self, bar):
        if bar.symbol == ONE and self.bars.ready:
            way = 1 if self.hint(bar) > self.bars.close[-1] else -1
            if way != self.position_of(ONE):
                place = self.buy if way > 0 else self.sell
                place(abs(way - self.position_of(ONE)), symbol=ONE)

    def hint(self, bar):
        return self.last(OTHER)


class Peeks(Leads):
    """By the close of the other's bar that is in the making."""

    def prepare(self, data):
        self.times, self.closes = data[OTHER]["time_ns"], data[OTHER]["close"]

    def hint(self, bar):
        row = int(self.times.searchsorted(bar.time_ns, "right")) - 1
        return self.closes[row]


def test_a_leak_from_one_contract_to_the_other_is_caught():
    data = {ONE: random_bars(300, 3), OTHER: random_bars(60, 4, every=5 * MINUTE)}
    assert check(Leads, data=data, cuts=12).clean
    found = check(Peeks, data=data, cuts=12)
    assert not found.clean
    assert "knows the future" in repr(found)


def test_what_one_contract_causes_in_the_other_comes_within_the_bar():
    """A fill in the first half of a bar has an order of the other filled in it."""

    class Hedges(Strategy):
        def start(self):
            self.subscribe(ONE, "1m")
            self.filled = []

        def on_bar(self, bar):
            if not self.filled and not self.orders:
                self.buy(1, symbol=ONE, stop=110.0)

        def on_fill(self, fill):
            self.filled.append((fill.symbol, fill.time_ns, fill.price))
            if fill.symbol == ONE:
                self.sell(1, symbol=OTHER)

    data = {ONE: bars([100.0, 100.0, 120.0]), OTHER: bars([100.0, 100.0, 160.0])}
    result = backtest(Hedges, data=data, path="high_first", latency=1)
    begins_ns = MONDAY + 2 * MINUTE
    rows = result._run.strategies[0].filled
    assert [row[0] for row in rows] == [ONE, OTHER]
    assert begins_ns + 9e9 < rows[0][1] < rows[1][1] < begins_ns + 11e9
    assert 129 < rows[1][2] < 131  # half of its way to the high, as the first


def of_rows(*rows):
    """Bars of a minute, each given as open, high, low and close."""
    names = ("open", "high", "low", "close")
    columns = dict(zip(names, np.array(rows).T, strict=True))
    columns["volume"] = np.ones(len(rows), np.int64)
    times = MONDAY + np.arange(len(rows)) * MINUTE
    return Bars.from_columns({"time_ns": times, **columns}, "60s")


@pytest.mark.parametrize(("fills", "follows"), [(ONE, OTHER), (OTHER, ONE)])
@pytest.mark.parametrize(("high", "low"), [(5003.0, 4996.0), (5004.0, 4997.0)])
@pytest.mark.parametrize("verb", ["buy", "sell"])
@pytest.mark.parametrize("latency", [1, 20_000_000])
def test_the_way_through_a_bar_is_chosen_after_what_the_others_open_brings(
    fills, follows, verb, latency, high, low
):
    """Both legs lie within the bar: the loss comes first, whichever is named first."""

    class Pairs(Strategy):
        def start(self):
            self.subscribe(fills, "1m")
            self.filled = []

        def on_bar(self, bar):
            if bar.close == 6000.0 and not self.orders:
                self.buy(1, symbol=fills, limit=5995.0)

        def on_fill(self, fill):
            self.filled.append((fill.symbol == follows, fill.order.role))
            if fill.symbol == fills:
                more = {"stop_loss_ticks": 8, "take_profit_ticks": 8}
                getattr(self, verb)(1, symbol=follows, **more)

    data = {
        fills: of_rows(*[[6000.0] * 4] * 4, [5990.0] * 4),
        follows: of_rows(*[[5000.0] * 4] * 4, [5000.0, high, low, 5000.0]),
    }
    result = backtest(Pairs, data=data, latency=latency)
    entered = [(False, "entry"), (True, "entry")]
    assert result._run.strategies[0].filled == [*entered, (True, "stop loss")]


# --------------------------------------------------------------- account and results


def test_the_loss_limit_and_the_lots_are_of_all_contracts_together():
    class Both(Strategy):
        def start(self):
            self.subscribe(ONE, "1m")
            self.why = []

        def on_bar(self, bar):
            for symbol in (ONE, OTHER):
                if not self.position_of(symbol):
                    self.buy(26, symbol=symbol)

        def on_order(self, event):
            self.why.append((event.what, event.order.symbol, event.reason))

    flat = bars([5_000.0] * 40)
    result = backtest(Both, data={ONE: flat, OTHER: flat}, account="combine-50k")
    told = result._run.strategies[0].why
    assert ("accepted", ONE, "") in told
    assert [row[1] for row in told if row[0] == "not sent"][:1] == [OTHER]

    class Half(Both):
        def on_bar(self, bar):
            for symbol in (ONE, OTHER):
                if self.flat or (not self.position_of(symbol) and len(self.why) < 3):
                    self.buy(10, symbol=symbol)

    # 26 points of MES and 40 of MNQ are 1,300 and 800 dollars: neither alone is 2,000
    one = bars([5_000.0] * 10 + [4_974.0] * 10)
    other = bars([20_000.0] * 10 + [19_960.0] * 10)
    both = backtest(Half, data={ONE: one, OTHER: other}, account="combine-50k")
    assert both.verdict.state == "lost"
    for name, data in ((ONE, [one, flat]), (OTHER, [flat, other])):
        one_falls = dict(zip((ONE, OTHER), data, strict=True))
        assert backtest(
            Half, data=one_falls, account="combine-50k"
        ).verdict.state != "lost", name  # fmt: skip


def test_what_contracts_bring_comes_to_the_whole():
    acts = [("market", 1, 2), ("bracket", -1, 9), ("limit", 1, 4), ("none", 1, 1)]
    both = {
        ONE: (random_bars(300, 3), "1m", acts),
        OTHER: (random_bars(60, 4, every=5 * MINUTE), "5m", acts),
    }
    result = run_of(both)
    rows = result.contracts
    gained = result.equity["equity"][-1] - 1e9
    assert sum(row["net"] for row in rows.values()) == pytest.approx(gained, abs=1e-5)
    for symbol, row in rows.items():
        assert row["position"] == result._run.net(symbol)
        assert row["trades"] == result.by("symbol")[symbol]["trades"]
    kinds = result.events["kind"] == What.TRADE
    costs = result.events["fees_micros"] + result.events["commissions_micros"]
    assert sum(row["costs"] for row in rows.values()) == pytest.approx(
        costs[kinds].sum() / 1e6
    )
    assert (np.diff(result.equity["time_ns"]) > 0).all()


# ------------------------------------------------------------------------- the data


def test_data_in_every_form_are_the_same_run(tmp_path):
    one, other = random_bars(200, 3), random_bars(200, 4)
    for name, each in ((ONE, one), (OTHER, other)):
        pq.write_table(pa.table(each), tmp_path / f"{name}.parquet")
    forms = [
        {ONE: one, OTHER: other},
        {OTHER: pa.table(other), ONE: one},
        {ONE: one.to_numpy(), OTHER: other},
        {name: tmp_path / f"{name}.parquet" for name in (ONE, OTHER)},
        {ONE: [str(tmp_path / f"{ONE}.parquet")], OTHER: other},
    ]
    buys = {2: lambda s: s.buy(1, symbol=ONE), 9: lambda s: s.buy(1)}
    found = {backtest(planned(buys), data=form).fingerprint for form in forms}
    assert len(found) == 1


def moved(data, by_ns):
    columns = dict(data.to_numpy())
    return Bars.from_columns(
        {**columns, "time_ns": columns["time_ns"] + by_ns}, data.every
    )


def days(*numbers):
    """An hour of each of these days of the week."""
    times = np.concatenate([MONDAY + d * DAY + np.arange(60) * MINUTE for d in numbers])
    n = len(times)
    price = np.full(n, 5_000.0)
    names = ("open", "high", "low", "close")
    columns = {
        "time_ns": times,
        **dict.fromkeys(names, price),
        "volume": np.ones(n, int),
    }
    return Bars.from_columns(columns, "1m")


WEEK = days(0, 1, 2, 3, 4)


@pytest.mark.parametrize(
    ("other", "why"),
    [
        (days(1, 2, 3, 4), "data of MES must begin on 2026-08-31 as those of the other "
         r"contracts, began on 2026-09-01: give since= and until="),
        (days(0, 1, 2), "MES must end on 2026-09-04 as .*, ended on 2026-09-02"),
        (days(0, 1, 3, 4), "data of MES must be there on each weekday, are missing on "
         "2026-09-02"),
        (moved(WEEK, 365 * DAY), "data of MES must begin on 2026-08-31"),
        (ticks(100), "must be ticks of every contract, or bars of every one: "
         "MNQ has bars, and MES has ticks"),
        (bars([5_000.1] * 9), "MES: open must be a multiple of 0.25"),
        ({"time_ns": [1]}, "data of MES must have the columns time_ns and price"),
    ],
)  # fmt: skip
def test_data_that_do_not_go_together_are_refused_before_the_run(other, why):
    began = []

    class Begins(Watches):
        def start(self):
            began.append(1)

    with pytest.raises(BadData, match=why):
        backtest(Begins, data={OTHER: WEEK, ONE: other})
    assert not began


def test_spans_may_differ_where_that_is_allowed():
    result = backtest(
        Watches, data={OTHER: days(0, 1), ONE: days(1, 2)}, missing_days="allow"
    )
    assert [row[1] for row in result._run.strategies[0].known[:3]] == [OTHER] * 3


def test_bars_out_of_order_and_contracts_that_are_not_known_are_refused():
    columns = {name: np.array(each) for name, each in WEEK.to_numpy().items()}
    columns["time_ns"][7] = columns["time_ns"][5]
    with pytest.raises(Exception, match="in order of time, bar 7 is not"):
        backtest(Watches, data={OTHER: WEEK, ONE: columns})
    with pytest.raises(BadData, match="nothing is known of MGC"):
        backtest(Watches, data={OTHER: WEEK, "MGC": WEEK})
    with pytest.raises(BadOrder, match="must be one that has data, MNQ, was 'MES'"):
        backtest(Watches, data={OTHER: WEEK})
