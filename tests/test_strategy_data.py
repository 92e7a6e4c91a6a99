"""Data of a backtest: taken in every form, refused before the run where bad."""

from datetime import date, datetime, timezone
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from strategy_scenes import (
    MINUTE,
    MONDAY,
    Told,
    bars,
    planned,
    random_bars,
    ticks,
    told,
)

from fastorder.marketdata import Bars, weekdays
from fastorder.strategy import BadData, Instrument, StrategyError, Ticks, backtest
from fastorder.strategy.fees import FEES
from fastorder.strategy.instruments import instrument_of

DAY = 24 * 60 * MINUTE
BUYS = {2: lambda s: s.buy(1)}


def columns(data):
    return {n: v for n, v in vars(data).items() if v is not None}


def test_ticks_in_every_form_are_the_same_run(tmp_path):
    data = ticks(5_000)
    table = pa.table(columns(data))
    pq.write_table(table.slice(0, 2_000), tmp_path / "a.parquet")
    pq.write_table(table.slice(2_000), tmp_path / "b.parquet")
    whole = Ticks(
        data.time_ns, np.rint(data.price * 4).astype(np.int64), data.size, data.side
    )
    forms = [
        data,
        whole,
        columns(data),
        table,
        {"MNQ": data},
        [tmp_path / "a.parquet", str(tmp_path / "b.parquet")],
    ]
    found = {backtest(planned(BUYS), data=form).fingerprint for form in forms}
    assert len(found) == 1


def test_bars_in_every_form_are_the_same_run(tmp_path):
    data = random_bars(500)
    table = pa.table(data)
    pq.write_table(table, tmp_path / "bars.parquet")
    forms = [data, table, {"MNQ": data}, tmp_path / "bars.parquet"]
    found = {backtest(planned(BUYS), data=form).fingerprint for form in forms}
    assert len(found) == 1


def test_a_span_is_from_and_up_to_before():
    data = random_bars(500)
    moment = datetime.fromtimestamp((MONDAY + 100 * MINUTE) / 1e9, timezone.utc)
    for since in (moment, moment.isoformat(), MONDAY + 100 * MINUTE):
        result = backtest(
            planned({}), data=data, since=since, until=MONDAY + 110 * MINUTE
        )
        ends = [row[1] for row in told(result, "bar")]
        assert ends[0] == MONDAY + 101 * MINUTE
        assert ends[-1] == MONDAY + 110 * MINUTE
    with pytest.raises(BadData, match="must be there in the span"):
        backtest(planned({}), data=data, since=date(2030, 1, 1))
    with pytest.raises(BadData, match="since must be a time"):
        backtest(planned({}), data=data, since="soon")


def wrong(name, row, value):
    data = ticks(100)
    found = {n: np.array(c) for n, c in columns(data).items()}
    found[name][row] = value
    return Ticks(**found)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (wrong("time_ns", 50, 0), r"in order of time, row 50 \(0\)"),
        (wrong("price", 50, 20_000.1), r"multiple of 0.25, was 20000.1 \(row 50\)"),
        (wrong("price", 50, np.nan), r"multiple of 0.25, was nan \(row 50\)"),
        (wrong("price", 50, np.inf), r"multiple of 0.25, was inf \(row 50\)"),
        (wrong("size", 50, 0), r"size must be at least 1, was 0 \(row 50\)"),
        (wrong("side", 50, 2), "side must be 1, -1 or 0"),
        (
            Ticks(np.zeros(0, np.int64), np.zeros(0)),
            "must be there in the span, had none",
        ),
        (Ticks([1, 2], [1.0]), r"as long as time_ns \(2\), was of shape \(1,\)"),
        (Ticks([1.5], [1.0]), "time_ns must be whole numbers, was float64"),
        (Ticks([1], ["x"]), "price must be float64"),
        (Ticks([1], [1.0], bid=[1.0]), "bid and ask must be given together"),
        (Ticks([1], [1.0], bid=[1.0], ask=[1.0]), "bid must be below ask"),
        ({"time_ns": [1], "last": [1.0]}, "must have the columns time_ns and price"),
        ("nowhere.parquet", "must be a file, there is none"),
    ],
)
def test_bad_data_are_refused_before_the_run(data, why):
    ran = []

    class Runs(Told):
        def on_bar(self, bar):
            ran.append(bar)

    with pytest.raises(BadData, match=why):
        backtest(Runs, data=data)
    assert not ran


def test_bars_that_cannot_be_are_refused():
    data = random_bars(20)
    found = {name: np.array(column) for name, column in data.to_numpy().items()}
    found["high"][7] = found["low"][7] - 1
    with pytest.raises(Exception, match="high"):
        backtest(planned({}), data=found)
    short = Bars.from_columns({n: c[:1] for n, c in data.to_numpy().items()})
    with pytest.raises(BadData, match="must say how long they are"):
        backtest(planned({}), data=short)


def test_missing_days_are_named():
    week = np.concatenate(
        [MONDAY + d * DAY + np.arange(60) * MINUTE for d in (0, 1, 3, 4)]
    )
    n = len(week)
    data = Ticks(week, np.full(n, 80_000))
    with pytest.raises(BadData, match=r"missing on 2026-09-02: give sessions="):
        backtest(planned({}), data=data)
    backtest(planned({}), data=data, missing_days="allow")
    days = weekdays("2026-08-31", "2026-09-04", zone="UTC")
    with pytest.raises(BadData, match=r"missing on 2026-09-0"):
        backtest(planned({}), data=data, sessions=days)
    with pytest.raises(BadData, match="missing_days must be refuse or allow"):
        backtest(planned({}), data=data, missing_days="maybe")


def test_a_weekend_is_no_missing_day():
    friday = MONDAY + 4 * DAY + 15 * 60 * MINUTE
    sunday = MONDAY + 6 * DAY + 23 * 60 * MINUTE
    times = np.concatenate(
        [friday + np.arange(60) * MINUTE, sunday + np.arange(60) * MINUTE]
    )
    backtest(planned({}), data=Ticks(times, np.full(120, 80_000)))


def test_a_contract_that_expires_within_is_refused():
    data = random_bars(100)
    ends = Instrument("MNQ", "0.25", "0.5", expires_ns=MONDAY + 50 * MINUTE)
    with pytest.raises(BadData, match="MNQ must not end within the data"):
        backtest(planned({}), data=data, instruments=[ends])
    backtest(planned({}), data=data, instruments=[ends], until=MONDAY + 50 * MINUTE)


def test_what_is_not_known_of_a_symbol_is_asked_for():
    class Gold(Told):
        symbol = "MGC"

    data = bars(3_000 + np.arange(50) * 0.1)
    with pytest.raises(BadData, match="nothing is known of MGC"):
        backtest(Gold, data=data)
    gold = Instrument("MGC", "0.1", "1", "0.6")
    assert len(told(backtest(Gold, data=data, instruments=[gold]), "bar")) == 50


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (("x", "1"), "tick_size must be a number, was 'x'"),
        (("0", "1"), "tick_size must be above 0"),
        (("0.1", "-1"), "tick_value must be above 0"),
        (("0.1", "1", float("nan")), "fee must be a number"),
        (("0.1", "0.0000001"), "must be whole micro-dollars"),
    ],
)
def test_instruments_are_checked(values, why):
    with pytest.raises(BadData, match=why):
        backtest(
            planned({}), data=random_bars(9), instruments=[Instrument("MNQ", *values)]
        )


def test_what_no_bars_can_be_made_of_is_told():
    class Short(Told):
        def start(self):
            self.subscribe(every="30s")

    with pytest.raises(BadData, match="bars of 30s cannot be made of the data of MNQ"):
        backtest(Short, data=random_bars(20))

    class Each(Told):
        def on_tick(self, tick):
            pass

    with pytest.raises(BadData, match="on_tick needs ticks"):
        backtest(Each, data=random_bars(20))

    class Odd(Told):
        def start(self):
            self.subscribe(every="500 ticks")

    with pytest.raises(BadData, match="must be of a length of time"):
        backtest(Odd, data=ticks(100))


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ({"account": "combine-60k"}, "account must be one of combine-50k"),
        ({"account": True}, "account must be a kind"),
        ({"lost_answers": 2}, "from 0 to 1"),
    ],
)
def test_options_are_checked(options, why):
    with pytest.raises(StrategyError, match=why):
        backtest(planned({}), data=random_bars(9), **options)


def test_sessions_keep_data_of_the_closed_hour_out():
    days = weekdays("2026-08-31", "2026-09-01")
    data = random_bars(1_440 + 60)
    result = backtest(planned({}), data=data, sessions=days, missing_days="allow")
    assert result._run.exchange.outside(0) == 60


def test_what_is_paid_has_a_date_a_source_and_a_sureness():
    for symbol, costs in {"MNQ": "1.22", "MES": "1.22", "MCL": "1.52"}.items():
        paid = FEES[symbol]
        assert 2 * (paid.fee.value + paid.commission.value) == Decimal(costs)
        assert paid.fee.sure == "A"
    for symbol, paid in FEES.items():
        for rule in paid:
            assert rule.read_on >= "2026-09"
            assert rule.source
        known = instrument_of(symbol, {})
        assert (known.fee, known.commission) == tuple(r.value for r in paid)
