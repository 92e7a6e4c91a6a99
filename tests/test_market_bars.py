"""Bars that are kept: by source, fetched where they are missing, and in a row."""

import asyncio
import pickle
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from market_files import MS, QUARTER, T0

from fastorder.errors import InvalidField
from fastorder.marketdata import Bars, globex
from fastorder.store import MarketData
from fastorder.store.market import Calendar, Dates, MarketDataError, Series
from fastorder.store.market.bar_files import joined, period_of, period_span, without
from fastorder.store.market.continuous import rolls_of
from fastorder.store.market.tick_sizes import OffTick

MINUTE = 60_000 * MS
DAY_NS = 1440 * MINUTE


def bars_at(times, every="1m", base=29_500.0, volume=10):
    times = np.asarray(times, np.int64)
    close = base + 0.25 * ((times // MINUTE) % 40)
    columns = {
        "time_ns": times,
        "open": close - 0.25,
        "high": close + 1,
        "low": close - 1,
        "close": close,
        "volume": np.full(len(times), volume, np.int64),
    }
    return Bars.from_columns(columns, every)


@pytest.fixture
def data(tmp_path):
    return MarketData(tmp_path / "data", now_ns=lambda: T0 + 10 * DAY_NS)


def keep(data, bars, name="MNQZ26", source="gateway", size=QUARTER):
    return data.add_bars(name, bars, tick_size=size, source=source)


# ------------------------------------------------------------ kept and read


def test_bars_come_back_as_they_were(data):
    bars = bars_at(T0 + MINUTE * np.arange(5_000))
    assert keep(data, bars) == (5_000, 0, 0)
    found = data.bars("MNQZ26", "1m")
    assert (found.close, found.volume) == (bars.close, bars.volume)
    assert (found.name, found.source, found.tick_size) == ("MNQZ26", "gateway", QUARTER)
    assert pickle.loads(pickle.dumps(found)) == found
    assert pickle.loads(pickle.dumps(found)).source == "gateway"
    assert repr(found).endswith(", MNQZ26 from gateway>")
    assert keep(data, bars) == (0, 0, 5_000)


def test_whole_ticks_are_read_without_a_copy(data):
    keep(data, bars_at(T0 + MINUTE * np.arange(500)))
    found = data.bars("MNQZ26", "1m", prices="ticks")
    assert found.close[0] == round(bars_at([T0]).close[0] * 4)
    assert pa.table(found)["close"].type == pa.int64()


def test_a_bar_takes_less_than_five_bytes(data):
    dice = np.random.default_rng(1)
    count = 300_000
    close = 118_000 + np.cumsum(dice.integers(-8, 9, count))
    columns = {
        "time_ns": T0 + MINUTE * np.arange(count),
        "open": np.roll(close, 1),
        "high": np.maximum(np.roll(close, 1), close) + dice.integers(0, 6, count),
        "low": np.minimum(np.roll(close, 1), close) - dice.integers(0, 6, count),
        "close": close,
        "volume": dice.integers(1, 2_000, count),
    }
    keep(data, Bars.from_columns(columns, "1m"))
    files = Path(data._folder.root).rglob("*.parquet")
    assert sum(path.stat().st_size for path in files) / count < 5


def test_another_number_replaces_and_is_counted(data):
    times = T0 + MINUTE * np.arange(10)
    keep(data, bars_at(times))
    assert keep(data, bars_at([times[9], times[9] + MINUTE], volume=11)) == (1, 1, 0)
    assert data.bars("MNQZ26", "1m").volume.tolist() == [10] * 9 + [11, 11]


def test_sources_are_never_mixed(data):
    keep(data, bars_at([T0]), source="gateway")
    keep(data, bars_at([T0 + MINUTE]), source="databento")
    assert data.bars("MNQZ26", "1m").time_ns.tolist() == [T0]
    assert data.bars("MNQZ26", "1m", source="databento").time_ns.tolist() == [
        T0 + MINUTE
    ]
    with pytest.raises(MarketDataError, match="bars of 1m from kibot of MNQZ26"):
        data.bars("MNQZ26", "1m", source="kibot")
    assert data.series() == [
        Series("MNQZ26", "1m", "databento"), Series("MNQZ26", "1m", "gateway"),
    ]  # fmt: skip


def test_longer_bars_are_made_of_the_longest_that_fit(data):
    start = T0 // (60 * MINUTE) * 60 * MINUTE
    keep(data, bars_at(start + MINUTE * np.arange(120)))
    keep(data, bars_at(start + 5 * MINUTE * np.arange(24), "5m", volume=7))
    assert data.bars("MNQZ26", "15m").volume.tolist() == [21] * 8
    assert data.bars("MNQZ26", "3m").volume.tolist() == [30] * 40
    with pytest.raises(MarketDataError, match="bars of 1d"):
        data.bars("MNQZ26", "1d")
    with pytest.raises(MarketDataError, match="bars of 30s"):
        data.bars("MNQZ26", "30s")


def test_years_and_months_are_files_of_their_own(data):
    keep(data, bars_at([T0, T0 + 200 * DAY_NS]))
    keep(data, bars_at([T0, T0 + 40 * DAY_NS], "1s"))
    periods = sorted(
        path.parent.name for path in Path(data._folder.root).rglob("*.parquet")
    )
    assert periods == [
        "period=2026", "period=2026-08", "period=2026-09", "period=2027",
    ]  # fmt: skip
    assert len(data.bars("MNQZ26", "1m")) == 2


def test_a_price_between_two_ticks_and_another_tick_size_are_refused(data):
    with pytest.raises(OffTick, match=r"0.25, was 29502.4 \(row 0\)"):
        keep(data, bars_at([T0], base=29_500.15))
    keep(data, bars_at([T0]))
    with pytest.raises(MarketDataError, match="tick_size of"):
        keep(data, bars_at([T0]), size=Decimal("0.125"))
    for source in ("", "../up", "ticks", "a b"):
        with pytest.raises(InvalidField, match="source"):
            keep(data, bars_at([T0]), source=source)
    with pytest.raises(InvalidField, match="every"):
        data.bars("MNQZ26", "500 ticks")
    with pytest.raises(InvalidField, match="prices"):
        data.bars("MNQZ26", "1m", prices="dollars")


def test_bars_of_other_columns_are_refused(data):
    keep(data, bars_at([T0]))
    columns = {**bars_at([T0 + MINUTE]).to_numpy(), "ticks": np.array([3])}
    with pytest.raises(MarketDataError, match="must have the columns time_ns, open"):
        keep(data, Bars.from_columns(columns, "1m"))
    assert len(data.bars("MNQZ26", "1m")) == 1


def test_bars_lie_anywhere_that_fsspec_knows():
    data = MarketData("memory://bars")
    keep(data, bars_at([T0, T0 + MINUTE]))
    keep(data, bars_at([T0 + MINUTE, T0 + 2 * MINUTE]))
    assert len(data.bars("MNQ", "1m")) == 3


# ------------------------------------------------------------ spans


spans = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)), max_size=6)


@given(st.tuples(st.integers(0, 30), st.integers(0, 30)), spans)
def test_what_is_missing_is_what_none_covers(span, covered):
    has = {t for first, last in covered for t in range(first, last)}
    found = without(span, covered)
    lacks = [t for first, last in found for t in range(first, last)]
    assert lacks == [t for t in range(*span) if t not in has]
    assert joined(found) == found


@pytest.mark.parametrize("span", ["1s", "1m"])
@given(st.integers(631_152_000, 4_102_444_799))
def test_a_period_has_its_times(span, second):
    first, last = period_span(period_of(second * 10**9, span))
    assert first <= second * 10**9 < last
    assert period_of(last, span) > period_of(first, span) == period_of(last - 1, span)


# ------------------------------------------------------------ fetching


class Gateway:
    """Gives the bars of a history, the last of which still changes."""

    def __init__(self, times):
        self.times = np.asarray(times, np.int64)
        self.asked, self.volume = [], 10

    def bars(self, symbol, every, *, since, until):
        first, last = (round(t.timestamp()) * 10**9 for t in (since, until))
        self.asked.append((first, last))
        inside = self.times[(self.times >= first) & (self.times < last)]
        return bars_at(inside, every, volume=self.volume)

    def contract(self, symbol):
        assert symbol == "MNQ"
        return SimpleNamespace(id="CON.F.US.MNQ.Z26", tick_size=Decimal("0.25"))


class AsyncGateway(Gateway):
    async def bars(self, *given, **options):
        return Gateway.bars(self, *given, **options)

    async def contract(self, symbol):
        return Gateway.contract(self, symbol)


def moment(time_ns):
    return datetime.fromtimestamp(time_ns // 10**9, timezone.utc)


def fetched(data, gateway, since, until, **options):
    names = ("MNQZ26", "1m", moment(since), moment(until))
    if isinstance(gateway, AsyncGateway):
        made = data.fetch_bars_async(gateway, *names, tick_size=QUARTER, **options)
        return asyncio.run(made)
    return data.fetch_bars(gateway, *names, tick_size=QUARTER, **options)


@pytest.mark.parametrize("kind", [Gateway, AsyncGateway])
def test_only_what_is_missing_is_asked_for(kind, data):
    gateway = kind(T0 + MINUTE * np.arange(300))
    end = T0 + 100 * MINUTE
    assert fetched(data, gateway, T0, end).added == 100
    last = end - MINUTE
    assert data.missing_bars("MNQZ26", "1m", moment(T0), moment(end)) == [(last, end)]
    gateway.asked.clear()
    told = fetched(data, gateway, T0 - 50 * MINUTE, T0 + 200 * MINUTE)
    assert gateway.asked == [(last, T0 + 200 * MINUTE), (T0 - 50 * MINUTE, T0)]
    assert (told.added, told.same) == (100, 1)
    assert len(data.bars("MNQZ26", "1m")) == 200


@pytest.mark.parametrize("kind", [Gateway, AsyncGateway])
def test_a_product_is_fetched_as_its_contract_in_front(kind, data):
    gateway = kind(T0 + MINUTE * np.arange(10))
    names = ("MNQ", "1m", moment(T0), moment(T0 + 10 * MINUTE))
    if kind is AsyncGateway:
        told = asyncio.run(data.fetch_bars_async(gateway, *names))
    else:
        told = data.fetch_bars(gateway, *names)
    assert told.added == 10
    assert data.series()[0].contract == "MNQZ26"
    assert data.bars("MNQ", "1m").tick_size == QUARTER


def test_the_last_bar_is_replaced_when_it_has_changed(data):
    gateway = Gateway([T0, T0 + MINUTE])
    fetched(data, gateway, T0, T0 + 5 * MINUTE)
    gateway.volume = 99
    told = fetched(data, gateway, T0, T0 + 5 * MINUTE)
    assert (told.replaced, told.added) == (1, 0)
    assert data.bars("MNQZ26", "1m").volume.tolist() == [10, 99]


def test_times_without_bars_are_asked_once_a_later_bar_is_known(data):
    gateway = Gateway([T0, T0 + 500 * MINUTE])
    fetched(data, gateway, T0, T0 + 600 * MINUTE)
    gateway.asked.clear()
    fetched(data, gateway, T0, T0 + 400 * MINUTE)
    assert gateway.asked == []


def test_nothing_is_asked_for_times_when_the_market_is_closed(data):
    sessions = globex("2026-08-06", "2026-08-13")
    friday, saturday = (
        datetime(2026, 8, 7, 20, tzinfo=timezone.utc),
        timedelta(hours=30),
    )
    gateway = Gateway([])
    window = ("MNQZ26", "1m", friday + timedelta(hours=1), friday + saturday)
    assert data.missing_bars(*window, sessions=sessions) == []
    data.fetch_bars(gateway, *window, tick_size=QUARTER, sessions=sessions)
    assert gateway.asked == []
    over = data.missing_bars(
        "MNQZ26", "1m", "2026-08-07", "2026-08-11", sessions=sessions
    )
    assert len(over) == 1  # the weekend between is no second request


def test_what_is_fetched_has_a_begin_and_one_contract(data):
    with pytest.raises(InvalidField, match="since must be given, or days"):
        data.fetch_bars(Gateway([]), "MNQZ26", "1m", tick_size=QUARTER)
    with pytest.raises(InvalidField, match="must name its month"):
        data.missing_bars("MNQ", "1m", days=1)
    with pytest.raises(InvalidField, match="tick_size must be given"):
        data.fetch_bars(Gateway([]), "MNQZ26", "1m", days=1)


def test_what_came_before_a_failure_is_kept(data):
    class Fails(Gateway):
        def bars(self, *given, **options):
            if len(self.asked) == 1:
                raise ConnectionError
            return super().bars(*given, **options)

    series = Series("MNQZ26", "1m", "gateway")
    known = [(T0 + 50 * MINUTE, T0 + 60 * MINUTE)]
    data._bars.add(series, QUARTER, bars_at([T0 + 60 * MINUTE]), known)
    gateway = Fails(T0 + MINUTE * np.arange(300))
    with pytest.raises(ConnectionError):
        fetched(data, gateway, T0, T0 + 100 * MINUTE)
    assert data.bars("MNQZ26", "1m").time_ns[0] == T0 + 60 * MINUTE
    gateway.asked = [None, None]
    fetched(data, gateway, T0, T0 + 100 * MINUTE)
    assert len(data.bars("MNQZ26", "1m")) == 90


def test_a_clock_ahead_does_not_make_the_future_known(tmp_path):
    data = MarketData(tmp_path, now_ns=lambda: T0 + 1_000 * DAY_NS)
    gateway = Gateway(T0 + MINUTE * np.arange(10))
    fetched(data, gateway, T0, T0 + 900 * DAY_NS)
    gateway.times = T0 + MINUTE * np.arange(20)
    assert fetched(data, gateway, T0, T0 + 900 * DAY_NS).added == 10


# ------------------------------------------------------------ continuous


def of_days(data, name, first, volumes, base):
    """A bar at noon in Chicago of each weekday from the first."""
    day, times = date.fromisoformat(first), []
    while len(times) < len(volumes):
        if day.weekday() < 5:
            noon = datetime(day.year, day.month, day.day, 17, tzinfo=timezone.utc)
            times.append(int(noon.timestamp()) * 10**9)
        day += timedelta(1)
    price = base + np.arange(len(times)) * 0.25
    columns = dict.fromkeys(("open", "high", "low", "close"), price)
    columns |= {"time_ns": np.array(times), "volume": np.array(volumes)}
    keep(data, Bars.from_columns(columns, "1h"), name)


@pytest.fixture
def rolled(data):
    of_days(data, "MNQU26", "2026-09-07", [90, 80, 70, 20, 10], 100.0)
    of_days(data, "MNQZ26", "2026-09-07", [5, 10, 75, 60, 15, 99], 110.0)
    return data


def test_by_volume_the_day_after_it_went_over_is_the_first_of_the_next(rolled):
    bars = rolled.bars("MNQ", "1h")
    (roll,) = bars.rolls
    assert (roll.before, roll.after, str(roll.day)) == (
        "MNQU26",
        "MNQZ26",
        "2026-09-10",
    )
    assert (
        roll.at_ns
        == int(datetime(2026, 9, 9, 22, tzinfo=timezone.utc).timestamp()) * 10**9
    )
    assert bars.close.tolist() == [100, 100.25, 100.5, 110.75, 111, 111.25]
    assert rolled.rolls("MNQ", "1h")[0][:4] == roll[:4]


def test_prices_before_a_roll_are_moved_by_the_difference_or_the_ratio(rolled):
    bars = rolled.bars("MNQ", "1h", adjust="difference")
    assert bars.close.tolist() == [110, 110.25, 110.5, 110.75, 111, 111.25]
    assert bars.rolls[0][4:] == (402, 442)
    whole = rolled.bars("MNQ", "1h", adjust="difference", prices="ticks")
    assert whole.close.tolist() == [440, 441, 442, 443, 444, 445]
    ratio = rolled.bars("MNQ", "1h", adjust="ratio").close.tolist()
    assert ratio[:3] == pytest.approx([100 * 442 / 402, 100.25 * 442 / 402, 110.5])
    assert ratio[3:] == [110.75, 111, 111.25]
    with pytest.raises(InvalidField, match="points where a ratio"):
        rolled.bars("MNQ", "1h", adjust="ratio", prices="ticks")


def test_a_calendar_or_stated_dates_decide_too(rolled):
    assert str(rolled.rolls("MNQ", "1h", roll="calendar")[0].day) == "2026-09-10"
    early = Calendar(days_before=10)
    assert str(rolled.rolls("MNQ", "1h", roll=early)[0].day) == "2026-09-08"
    stated = Dates((("MNQZ26", date(2026, 9, 9)),))
    assert str(rolled.rolls("MNQ", "1h", roll=stated)[0].day) == "2026-09-09"
    with pytest.raises(InvalidField, match="must have the day of MNQZ26"):
        rolled.rolls("MNQ", "1h", roll=Dates(()))
    with pytest.raises(InvalidField, match="CL has no known calendar"):
        rolls_of("CL", ["CLV26", "CLX26"], "calendar", {})


def test_prices_that_are_not_known_at_a_roll_move_nothing(data):
    of_days(data, "MNQU26", "2026-09-07", [90, 80], 100.0)
    of_days(data, "MNQZ26", "2026-09-14", [5, 10], 110.0)
    with pytest.raises(MarketDataError, match="MNQZ26 has none"):
        data.bars("MNQ", "1h", adjust="difference", roll="calendar")
    assert len(data.bars("MNQ", "1h", roll="calendar")) == 4


def test_volume_never_goes_back_and_never_looks_ahead():
    volumes = {
        "MNQU26": {date(2026, 9, d): v for d, v in ((7, 9), (8, 3), (9, 9), (10, 9))},
        "MNQZ26": {date(2026, 9, d): v for d, v in ((7, 1), (8, 5), (9, 1), (10, 1))},
    }
    (roll,) = rolls_of("MNQ", ["MNQZ26", "MNQU26"], "volume", volumes)
    assert str(roll.day) == "2026-09-09"


def test_months_nobody_trades_are_passed_over():
    volumes = {
        "GCV26": {date(2026, 9, 7): 9, date(2026, 9, 8): 1},
        "GCX26": {},
        "GCZ26": {date(2026, 9, 7): 1, date(2026, 9, 8): 9, date(2026, 9, 9): 9},
    }
    (roll,) = rolls_of("GC", list(volumes), "volume", volumes)
    assert (roll.before, roll.after) == ("GCV26", "GCZ26")


def test_ticks_of_contracts_follow_each_other_too(data):
    from fastorder.store.market.merging import columns_from

    for name, base, sizes in (("MNQU26", 400, [9, 1, 1]), ("MNQZ26", 440, [1, 9, 9])):
        times = [T0 + at * DAY_NS for at in (0, 1, 4)]
        data._ticks.add(
            name,
            QUARTER,
            [columns_from(times, [base, base + 1, base + 2], sizes, [0] * 3)],
        )
    ticks = data.ticks("MNQ")
    assert ticks.price_ticks.tolist() == [400, 401, 442]
    assert data.ticks("MNQ", adjust="difference").price_ticks.tolist() == [
        440,
        441,
        442,
    ]
    assert [str(roll.day) for roll in ticks.rolls] == ["2026-08-10"]
    assert data.ticks("MNQ", adjust="ratio").table["price"].type == pa.float64()
