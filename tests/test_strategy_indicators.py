"""Indicators: the same at every bar in a backtest and where bars arrive."""

import gc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fastorder.marketdata import Bars
from fastorder.strategy import (
    Bar,
    Columns,
    Indicator,
    Series,
    Strategy,
    StrategyError,
    backtest,
    check,
    indicators,
)

MINUTE = 60_000_000_000
FIRST = 1_767_225_600_000_000_000


def bars_of(closes):
    closes = np.asarray(closes, np.float64)
    opens = np.concatenate([closes[:1], closes[:-1]])
    return Bars.from_columns(
        {
            "time_ns": FIRST + np.arange(len(closes)) * MINUTE,
            "open": opens,
            "high": np.maximum(opens, closes),
            "low": np.minimum(opens, closes),
            "close": closes,
            "volume": np.arange(1, len(closes) + 1),
        },
        "1m",
    )


def walk(n, seed=1):
    return 20_000 + np.random.default_rng(seed).integers(-8, 9, n).cumsum() * 0.25


def mean_of(n):
    def mean(bars):
        sums = np.cumsum(bars.close)
        sums[n:] -= sums[:-n].copy()
        sums[: n - 1] = np.nan
        return sums / n

    return mean


def decaying(share):
    def average(bars):
        found, last = [], bars.close[0] if len(bars.close) else 0.0
        for close in bars.close.tolist():
            last += share * (close - last)
            found.append(last)
        return found

    return average


def seen_by(function, closes, history, **options):
    """What a strategy has of an indicator at each bar of a backtest."""
    seen = []

    class Sees(Strategy):
        symbol = "MNQ"

        def start(self):
            self.value = self.subscribe(history=history).indicator(function)

        def on_bar(self, bar):
            seen.append((self.value[-1], len(self.value), self.value.last.tolist()))

    backtest(Sees, data=bars_of(closes), missing_days="allow", **options)
    return seen


def arriving(function, closes, history):
    """The same where bars come one by one."""
    series = Series("MNQ", "1m", history)
    value, seen = series.indicator(function), []
    for nth, close in enumerate(closes):
        at_ns = FIRST + nth * MINUTE
        series.take(
            Bar("MNQ", "1m", at_ns, at_ns + MINUTE, close, close, close, close, nth + 1)
        )
        seen.append((value[-1], len(value), value.last.tolist()))
    return seen


@pytest.mark.parametrize("piece", [7, 64, 1 << 16])
@given(
    n=st.integers(1, 150), mean=st.integers(1, 12), more=st.integers(0, 5),
    seed=st.integers(0, 9),
)  # fmt: skip
def test_it_is_the_same_at_every_bar_in_pieces_at_once_and_one_by_one(
    piece, n, mean, more, seed
):
    closes, history = walk(n, seed), mean + more
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indicators, "PIECE", piece)
        patch.setattr(indicators, "PLACES", 2)
        found = seen_by(mean_of(mean), closes, history)
    expected = arriving(mean_of(mean), closes, history)
    np.testing.assert_equal(found, expected)
    whole = mean_of(mean)(Columns(*[closes] * 6))
    np.testing.assert_equal([row[0] for row in found], whole)


def test_it_is_computed_of_all_columns_of_the_bars():
    def sums(bars):
        return bars.open + bars.high + bars.low + bars.volume + bars.time_ns * 1e-18

    closes = walk(20)
    bars = bars_of(closes).to_numpy()
    names = ("open", "high", "low", "close", "volume", "time_ns")
    columns = Columns(*(np.asarray(bars[name], np.float64) for name in names))
    found = [row[0] for row in seen_by(sums, closes, 1)]
    np.testing.assert_allclose(found, sums(columns))


def of_the_whole(bars):
    """Where a bar stands among all: it knows how high they go."""
    return bars.close - bars.close.mean()


def centred(bars):
    return np.convolve(np.pad(bars.close, 2, "edge"), np.ones(5) / 5, "valid")


def of_tomorrow(bars):
    return np.append(bars.close[1:], np.nan)


def turning(bars, width=20):
    """The lowest and the highest of the bars before and after: known too late."""
    close, found = bars.close, np.zeros(len(bars.close))
    if len(close) > 2 * width:
        around = np.lib.stride_tricks.sliding_window_view(close, 2 * width + 1)
        middle = close[width:-width]
        found[width:-width] = (middle == around.min(1)) * 1.0
        found[width:-width] -= middle == around.max(1)
    return found


def since_a_jump(bars):
    """How many bars ago it was; more than are known of live."""
    jumps = np.abs(np.diff(bars.close, prepend=bars.close[:1])) >= 2.0
    at = np.arange(len(jumps))
    return at - np.maximum.accumulate(np.where(jumps, at, -1))


def next_return(bars):
    return np.append(np.diff(np.log(bars.close)), 0.0)


LEAKS = {
    "where it turns": turning,
    "since a jump": since_a_jump,
    "the next return": next_return,
    "the mean of all": of_the_whole,
    "centred": centred,
    "the next close": of_tomorrow,
    "too long for its history": mean_of(30),
    "too slow for its history": decaying(0.05),
}


@pytest.mark.parametrize("function", LEAKS.values(), ids=LEAKS)
def test_one_that_would_be_another_live_is_refused_before_the_first_bar(function):
    bars = []

    class Leaks(Strategy):
        symbol = "MNQ"

        def start(self):
            self.subscribe(history=20).indicator(function)

        def on_bar(self, bar):
            bars.append(bar)

    with pytest.raises(
        StrategyError, match=r"live it would be .* more history than 20, or"
    ):
        backtest(Leaks, data=bars_of(walk(6000)), missing_days="allow")
    assert bars == []


def test_a_leak_of_later_pieces_ends_the_run(monkeypatch):
    monkeypatch.setattr(indicators, "PIECE", 64)
    monkeypatch.setattr(indicators, "PLACES", 4)

    def from_noon(bars):
        late = bars.time_ns >= FIRST + 100 * MINUTE
        return np.where(late, of_tomorrow(bars), bars.close)

    with pytest.raises(StrategyError, match="knows what comes later"):
        seen_by(from_noon, walk(300), 10)


def test_one_that_forgets_fast_enough_is_taken():
    closes = walk(400)
    found = [row[0] for row in seen_by(decaying(0.2), closes, 150)]
    np.testing.assert_allclose(found, decaying(0.2)(Columns(*[closes] * 6)), 1e-7)


def test_check_has_nothing_against_it():
    class Cross(Strategy):
        symbol = "MNQ"

        def start(self):
            bars = self.subscribe(history=20)
            self.fast, self.slow = (
                bars.indicator(mean_of(5)),
                bars.indicator(mean_of(20)),
            )

        def on_bar(self, bar):
            if self.fast[-1] > self.slow[-1] and not self.position:
                self.buy(1)
            elif self.fast[-1] < self.slow[-1] and self.position:
                self.close()

    found = check(Cross, data=bars_of(walk(400)), cuts=8, missing_days="allow")
    assert found.clean, found


def test_check_finds_what_the_places_do_not(monkeypatch):
    monkeypatch.setattr(indicators, "_places", lambda *given: [])

    class Turns(Strategy):
        symbol = "MNQ"

        def start(self):
            self.turn = self.subscribe(history=50).indicator(turning)

        def on_bar(self, bar):
            if self.turn[-1] and not self.position:
                self.buy(1)

    found = check(Turns, data=bars_of(walk(2000)), cuts=1, missing_days="allow")
    assert found.changes[0].cut_ns is None
    assert "with indicators computed at each bar, as live" in repr(found)


def test_check_tells_of_one_that_is_refused_on_less_data():
    class Reads(Strategy):
        symbol = "MNQ"

        def start(self):
            self.value = self.subscribe(history=5).indicator(self.of)

        def of(self, bars):
            if 5 < len(bars.close) < 300:
                raise ValueError("too few")
            return bars.close

        def on_bar(self, bar):
            if self.value[-1] > 20_000 and not self.position:
                self.buy(1)

    found = check(Reads, data=bars_of(walk(300)), cuts=3, missing_days="allow")
    assert any("too few" in str(change.cut) for change in found.changes)


def test_it_cannot_be_asked_for_by_its_own_function():
    series, box = Series("MNQ", "1m", 50), []
    box.append(series.indicator(lambda bars: bars.close + box[0][-1]))
    series.take(Bar("MNQ", "1m", 0, MINUTE, 1, 1, 1, 1))
    with pytest.raises(StrategyError, match="is asked for by its own function"):
        box[0][-1]


def test_nor_in_a_backtest():
    class Asks(Strategy):
        symbol = "MNQ"

        def start(self):
            self.value = self.subscribe(history=5).indicator(self.of)

        def of(self, bars):
            return bars.close if len(bars.close) < 9 else bars.close + self.value[-1]

        def on_bar(self, bar):
            pass

    with pytest.raises(StrategyError, match="before a bar has closed"):
        backtest(Asks, data=bars_of(walk(30)), missing_days="allow")


def test_bars_that_the_data_do_not_have_give_no_value():
    class Takes(Strategy):
        symbol = "MNQ"

        def start(self):
            self.bars = self.subscribe(history=5)
            self.value = self.bars.indicator(mean_of(1))

        def on_bar(self, bar):
            for _ in range(40):
                self.bars.take(bar)
            self.value[-1]

    with pytest.raises(StrategyError, match="the data have fewer bars than that"):
        backtest(Takes, data=bars_of(walk(30)), missing_days="allow")


def test_an_indicator_is_made_with_its_bars_and_its_function():
    with pytest.raises(TypeError):
        Indicator.__new__(Indicator)


def test_one_that_failed_spoils_no_other():
    series = Series("MNQ", "1m", 9)
    series.take(Bar("MNQ", "1m", 0, MINUTE, 1, 1, 1, 1))
    failing, other = series.indicator(lambda bars: 1 / 0), series.indicator(mean_of(1))
    with pytest.raises(StrategyError, match="failed: ZeroDivisionError"):
        failing[-1]
    assert other[-1] == 1


@given(skipped=st.integers(1, 200), history=st.integers(1, 12))
def test_it_may_be_asked_for_seldom(skipped, history):
    closes, seen = walk(300), []

    class Seldom(Strategy):
        symbol = "MNQ"

        def start(self):
            self.n = 0
            self.value = self.subscribe(history=history).indicator(mean_of(1))

        def on_bar(self, bar):
            self.n += 1
            if self.n % skipped == 0:
                seen.append(self.value.last.tolist())

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(indicators, "PIECE", 7)
        patch.setattr(indicators, "PLACES", 2)
        backtest(Seldom, data=bars_of(closes), missing_days="allow")
    ends = range(skipped, 301, skipped)
    assert seen == [closes[max(0, end - history) : end].tolist() for end in ends]


def test_one_that_is_asked_for_during_the_run_begins_there():
    seen = []

    class Late(Strategy):
        symbol = "MNQ"

        def start(self):
            self.bars, self.value = self.subscribe(history=5), None

        def on_bar(self, bar):
            if len(self.bars) == 5 and self.value is None:
                self.value = self.bars.indicator(mean_of(3))
            if self.value is not None:
                seen.append(self.value[-1])

    closes = walk(30)
    backtest(Late, data=bars_of(closes), missing_days="allow")
    np.testing.assert_equal(seen, mean_of(3)(Columns(*[closes] * 6))[4:])


def test_no_value_of_the_future_is_behind_the_column():
    for _, length, last in seen_by(mean_of(1), range(100, 140), 7):
        assert length == len(last) <= 7
    series = Series("MNQ", "1m", 3)
    value = series.indicator(mean_of(1))
    series.take(Bar("MNQ", "1m", 0, MINUTE, 1, 1, 1, 1))
    assert value.last.base is None


@pytest.mark.parametrize(
    ("at", "error", "text"),
    [
        (0, IndexError, "from -1 back to -2, was 0"),
        (1, IndexError, "from -1 back to -2, was 1"),
        (-3, IndexError, "from -1 back to -2, was -3"),
        (slice(-2, None), TypeError, "a number from -1 back"),
        (-1.0, TypeError, "a number from -1 back"),
        (True, TypeError, "a number from -1 back"),
    ],
    ids=str,
)
def test_only_bars_that_have_closed_can_be_asked_for(at, error, text):
    series = Series("MNQ", "1m", 2)
    value = series.indicator(mean_of(1))
    with pytest.raises(IndexError, match="before a bar has closed"):
        value[-1]
    for nth in range(4):
        series.take(Bar("MNQ", "1m", nth, nth + 1, nth, nth, nth, nth))
    assert (value[-1], value[-2]) == (3, 2)
    assert repr(value) == "<indicator mean_of.<locals>.mean of 1m of MNQ>"
    with pytest.raises(error, match=text):
        value[at]


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (
            lambda bars: bars.close[1:],
            r"one value for each bar, \d+ here, gave the shape",
        ),
        (lambda bars: 1.0, r"one value for each bar, \d+ here, gave the shape \(\)"),
        (lambda bars: bars.close * 1j, "failed: TypeError: its values are complex"),
        (lambda bars: bars.price, "failed: AttributeError: 'Columns' object has no"),
        (lambda bars: ["a"] * len(bars.close), "failed: ValueError: could not convert"),
    ],
)
def test_what_is_no_column_is_told(function, text):
    with pytest.raises(StrategyError, match=f"indicator .* of 1m of MNQ .*{text}"):
        seen_by(function, walk(30), 5)
    with pytest.raises(StrategyError, match=f"indicator .* of 1m of MNQ .*{text}"):
        arriving(function, walk(3), 5)


def test_the_columns_cannot_be_written():
    def writes(bars):
        bars.close[0] = 0
        return bars.close

    with pytest.raises(StrategyError, match="read-only"):
        seen_by(writes, walk(30), 5)


def test_a_function_must_be_one():
    with pytest.raises(TypeError, match="function must be one of columns, was 5"):
        Series("MNQ", "1m", 5).indicator(5)


def test_nothing_makes_the_attributes_of_a_strategy_slow_to_find():
    """Once an object's ``__dict__`` was looked at, CPython 3.11 and 3.12 are slower."""
    found = []

    class Plain(Strategy):
        symbol = "MNQ"
        length: int = 3

        def start(self):
            self.subscribe()

        def on_bar(self, bar):
            self.state["bars"] = self.state.get("bars", 0) + 1

        def on_stop(self):
            found.append(has_dict(self, "parameters"))

    class Bare:
        pass

    def has_dict(thing, name):
        """Whether its attributes lie in a dict that was made."""
        return any(
            type(each) is dict and name in each for each in gc.get_referents(thing)
        )

    bare = Bare()
    bare.n = 1
    backtest(Plain, data=bars_of(walk(10)), missing_days="allow")
    assert found == [has_dict(bare, "n")]
