"""The builder that the benchmark compares with does the same work."""

import importlib.util
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from plain_bars import MINUTE, random_ticks, ticks

from fastorder.marketdata import BadTick, BarBuilder

PLAIN = Path(__file__).parents[1] / "benchmarks" / "marketdata" / "plain.py"
if not PLAIN.exists():
    pytest.skip("not in a checkout", allow_module_level=True)
spec = importlib.util.spec_from_file_location("plain", PLAIN)
plain = importlib.util.module_from_spec(spec)
spec.loader.exec_module(plain)

QUARTERS = st.integers(-999, 999).map(lambda n: n / 4)


def both(given):
    ours, theirs = BarBuilder("1m", sides=True), plain.PlainBuilder(MINUTE)
    for tick in given:
        assert theirs.update(*tick) == ours.update(*tick)
    assert theirs.snapshot() == ours.snapshot()


@given(ticks(prices=QUARTERS))
def test_the_plain_builder_makes_the_same_bars(given):
    both(given)


def test_the_plain_builder_makes_the_same_bars_of_many_ticks():
    time, price, size, side = random_ticks(20_000, mean_ns=MINUTE // 50)
    columns = (time, price * 0.25, size, side)
    both(zip(*(column.tolist() for column in columns), strict=True))


START = 1_786_000_020_000_000_000


@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize(
    "tick",
    [
        (START - 1, 1.0, 1, 0),
        (-1, 1.0, 1, 0),
        (2**63 - 1, 1.0, 1, 0),
        (START, float("nan"), 1, 0),
        (START, float("inf"), 1, 0),
        (START, 1.0, 0, 0),
        (START, 1.0, 2**63 - 1, 0),
        (START, 1.0, 1, 2),
        (START, 1.0, 1.5, 0),
        (float(START), 1.0, 1, 0),
        (START, "1", 1, 0),
    ],
)
def test_the_plain_builder_refuses_the_same_ticks(tick, opened):
    ours, theirs = BarBuilder("1m", sides=True), plain.PlainBuilder(MINUTE)
    taken = []
    for builder in (ours, theirs):
        if opened:
            builder.update(START, 5.0, 1, 1)
        try:
            taken.append(builder.update(*tick) is None)
        except (BadTick, ValueError, TypeError):
            taken.append(False)
    assert taken[0] == taken[1]
    # no float holds the value of 2**63 contracts: ours says so, the plain one does not
    assert (ours.snapshot() or ())[:9] == (theirs.snapshot() or ())[:9]
