"""A builder that is entered while a call is under way refuses; nothing is corrupted."""

import itertools
import threading
from array import array

import numpy as np
import pytest
from plain_bars import MINUTE, START

from fastorder.marketdata import (
    BadTick,
    BarBuilder,
    BarError,
    MultiTimeframe,
    aggregate_ticks,
    building,
)
from fastorder.marketdata._bars import Machine
from fastorder.marketdata.bars import Bar
from fastorder.marketdata.columns import columns_of

OPEN = START // (5 * MINUTE) * 5 * MINUTE
ONE = (array("q", [OPEN]), array("d", [5.0]), array("q", [1]))
PIECES = [(0, tuple(columns_of(c, "x")[0] for c in ONE))]
SHORT = aggregate_ticks(*ONE).columns()

BUILDER = {
    "__init__": lambda b: b.__init__(),
    "update": lambda b: b.update(OPEN, 5.0, 1),
    "update_many": lambda b: b.update_many(*ONE),
    "finish": lambda b: b.finish(),
    "advance": lambda b: b.advance(OPEN),
    "snapshot": lambda b: b.snapshot(),
    "closed": lambda b: b.closed,
    "made": lambda b: b.made,
    "first_partial": lambda b: b.first_partial,
    "late_dropped": lambda b: b.late_dropped,
    "late_merged": lambda b: b.late_merged,
    "outside": lambda b: b.outside,
    "last_ns": lambda b: b.last_ns,
    "_feed": lambda b: b._feed(PIECES),
    "_feed_bars": lambda b: b._feed_bars(SHORT),
    "_closed_by": lambda b: b._closed_by(PIECES),
    "_closed_at_end": lambda b: b._closed_at_end(),
    "_close_last": lambda b: b._close_last(),
    "_take": lambda b: b._take(),
    "_mark": lambda b: b._mark(),
    "_rollback": lambda b: b._rollback(),
    "_end_of": lambda b: b._end_of(OPEN),
}
"""Each member of a builder, and a call of it that a free one takes."""

SEVERAL = {
    "update": lambda m: m.update(OPEN, 5.0, 1),
    "advance": lambda m: m.advance(OPEN),
    "snapshot": lambda m: m.snapshot("5m"),
}

PICKLING = ("pyx_vtable", "reduce_cython", "setstate_cython", "setstate")
"""What Cython gives any class; a builder's raise, since it cannot be pickled."""


class Plain:
    """Has what every class has, in this Python."""


def members(kind):
    inherited = {*dir(object), *vars(Plain)}
    machinery = {f"__{name}__" for name in PICKLING}
    return {name for name in dir(kind) if name not in inherited | machinery}


def test_the_tables_have_every_member():
    assert members(BarBuilder) | {"__init__"} == set(BUILDER)
    theirs = {name for name in members(MultiTimeframe) if name[0] != "_"}
    assert theirs == {*SEVERAL, "names", "late_dropped"}


def in_another_thread(call):
    """What a call raises in a thread of its own, or returns."""
    told = []

    def run():
        try:
            told.append(call())
        except Exception as error:
            told.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return told[0]


def at_once(call):
    try:
        return call()
    except Exception as error:
        return error


def inside(monkeypatch, act):
    """Have every bar that a builder makes act first: its own call is under way then."""

    def bar(*cells):
        act()
        return Bar(*cells)

    monkeypatch.setattr(building, "Bar", bar)


@pytest.mark.parametrize("where", [in_another_thread, at_once])
@pytest.mark.parametrize("name", BUILDER)
def test_every_member_refuses_while_a_call_is_under_way(monkeypatch, name, where):
    told = []
    inside(monkeypatch, lambda: told.append(where(lambda: BUILDER[name](builder))))
    builder = BarBuilder("1m")
    builder.update(OPEN, 5.0, 1)
    for call in (
        lambda: builder.snapshot(),
        lambda: builder.update(OPEN + MINUTE, 6.0, 1),
        lambda: builder.closed,
        lambda: builder.advance(OPEN + 2 * MINUTE),
    ):
        told.clear()
        call()
        assert [type(error) for error in told] == [BarError], told
    builder.update(OPEN + 2 * MINUTE, 7.0, 1)
    assert [bar.close for bar in builder.finish()] == [7.0]


@pytest.mark.parametrize("where", [in_another_thread, at_once])
@pytest.mark.parametrize("name", SEVERAL)
def test_several_timeframes_refuse_while_a_call_is_under_way(monkeypatch, name, where):
    told, seen = [], []
    inside(monkeypatch, lambda: told.append(where(lambda: SEVERAL[name](several))))
    several = MultiTimeframe(["1m", "5m"])
    several.update(OPEN, 5.0, 1)
    for call in (
        lambda: several.update(OPEN + MINUTE, 6.0, 1),
        lambda: several.advance(OPEN + 2 * MINUTE),
        lambda: several.snapshot("1m"),
        lambda: several.snapshot("5m"),
    ):
        told.clear()
        call()
        assert {type(error) for error in told} <= {BarError}, told
        seen += told
    assert seen
    assert several.snapshot("5m").volume == 2


def test_several_timeframes_refuse_a_call_within_each_of_their_own(monkeypatch):
    told = []
    several = MultiTimeframe(["1m", "5m"])
    several.update(OPEN, 5.0, 1)
    for name in ("update", "advance", "snapshot"):
        with several._turn:
            told.append(at_once(lambda name=name: SEVERAL[name](several)))
    assert [type(error) for error in told] == [BarError] * 3
    assert several.update(OPEN + MINUTE, 6.0, 1)[0][1].volume == 1


MANY = 500_000
FEED = (
    np.full(MANY, OPEN, np.int64),
    np.full(MANY, 5.0),
    np.ones(MANY, np.int64),
)
RACED = [name for name in BUILDER if name[0] != "_"]


def volume_of(told):
    """The contracts of the bars that a call gave, and of those that it took."""
    if told is None or isinstance(told, (bool, int)):
        return 0
    bars = [told] if isinstance(told, Bar) else told
    return sum(bar.volume for bar in bars)


@pytest.mark.parametrize("name", RACED)
def test_a_feed_in_another_thread_loses_and_doubles_nothing(name):
    builder = BarBuilder("1m")
    over = threading.Event()
    fed, given, met = [], [], []

    def feed():
        while not over.is_set():
            try:
                given.append(volume_of(builder.update_many(*FEED)))
            except BarError as error:
                met.append(error)
            else:
                fed.append(MANY)

    thread = threading.Thread(target=feed)
    thread.start()
    try:
        refused = 0
        while refused < 20:
            try:
                told = BUILDER[name](builder)
            except BarError as error:
                assert "one thread at a time" in str(error)
                refused += 1
                continue
            if name in ("finish", "update", "update_many"):
                given.append(volume_of(told))
            if name in ("update", "update_many"):
                fed.append(1)
    finally:
        over.set()
        thread.join()
    given.append(volume_of(builder.finish()))
    assert sum(given) == sum(fed) > 0
    assert all("one thread at a time" in str(error) for error in met)


def test_what_shows_a_builder_works_while_it_is_in_use(monkeypatch):
    shown = []
    inside(monkeypatch, lambda: shown.append(repr(builder)))
    builder = BarBuilder("1m")
    builder.update(OPEN, 5.0, 1)
    builder.snapshot()
    assert shown == ["<BarBuilder of 1m, in use>"]
    assert repr(builder) == "<BarBuilder of 1m, 0 bars closed>"


class Number:
    """A number that does something when it is asked for its value."""

    def __init__(self, value, act):
        self.value, self.act = value, act

    def __index__(self):
        self.act()
        return self.value

    def __float__(self):
        self.act()
        return float(self.value)


@pytest.mark.parametrize("at", range(4))
def test_a_number_that_feeds_the_builder_itself_comes_before_its_tick(at):
    builder = BarBuilder("1m", sides=True)
    tick = [OPEN + 5, 7, 2, 1]
    tick[at] = Number(tick[at], lambda: builder.update(OPEN, 5.0, 1, -1))
    builder.update(*tick)
    expected = BarBuilder("1m", sides=True)
    expected.update(OPEN, 5.0, 1, -1)
    expected.update(OPEN + 5, 7.0, 2, 1)
    assert builder.snapshot() == expected.snapshot()


@pytest.mark.parametrize(
    "call",
    [
        lambda b: b.update(OPEN + MINUTE, 6.0, 2),
        lambda b: b.advance(OPEN + MINUTE),
        lambda b: b.snapshot(),
    ],
)
def test_a_call_that_an_interrupt_ends_has_changed_nothing(monkeypatch, call):
    interrupts = itertools.chain([KeyboardInterrupt], itertools.repeat(None))

    def act():
        if error := next(interrupts):
            raise error

    inside(monkeypatch, act)
    builder, undisturbed = BarBuilder("1m"), BarBuilder("1m")
    for each in (builder, undisturbed):
        each.update(OPEN, 5.0, 1)
    with pytest.raises(KeyboardInterrupt):
        call(builder)
    monkeypatch.undo()
    assert builder.snapshot() == undisturbed.snapshot()
    assert (builder.made, builder.last_ns) == (undisturbed.made, undisturbed.last_ns)
    assert call(builder) == call(undisturbed)


@pytest.mark.parametrize("kind", [Machine, BarBuilder])
def test_a_builder_that_was_never_made_refuses(kind):
    for name, call in BUILDER.items():
        if hasattr(kind, name) and name != "__init__":
            with pytest.raises((BarError, AttributeError)):
                call(kind.__new__(kind))


@pytest.mark.parametrize("side", [2, -2, 127, 255, 256, 257, -255, 2**31, 2**62])
def test_a_side_is_never_cut_to_one_that_there_is(side):
    builder = BarBuilder("1m", sides=True)
    for _ in range(2):  # the first opens the bar, the second would go into it
        with pytest.raises(BadTick, match="side must be"):
            builder.update(OPEN, 5.0, 1, side)
        builder.update(OPEN, 5.0, 1, 0)
