"""Live bars: of ticks with gaps and of history, the same as those of all ticks."""

import random
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from fastorder.marketdata import aggregate_ticks
from fastorder.marketdata.frames import read_every
from fastorder.streams.bar_row import FAILED_NS, PAUSES_NS
from fastorder.streams.stitching import Stitch

S = 1_000_000_000
MINUTE = 60 * S
BEGIN = 1_790_000_000 * S // MINUTE * MINUTE


def truth(ticks, every="1m", until=None):
    """The bars of all ticks."""
    from array import array

    columns = (array("q"), array("d"), array("q"))
    for tick in ticks:
        for column, cell in zip(columns, tick, strict=True):
            column.append(cell)
    return aggregate_ticks(*columns, every, until=until)


def plain(bars):
    return [tuple(bar[:6]) for bar in bars]


@dataclass
class World:
    """A market, a feed that loses ticks, a gateway whose history is late."""

    ticks: list
    now_ns: int
    skew_ns: int = 0
    delay_ns: int = 0
    seen: list = field(default_factory=list)
    asks: int = 0
    heard_ns: int = 0  # the feed is dead since; 0 while it is not

    def bars(self, every, since_ns, until_ns, limit):
        """What history answers now: bars that have ended, and are there by now."""
        length_ns = every.length_ns
        known_ns = self.now_ns - self.delay_ns
        past = [tick for tick in self.ticks if tick[0] < known_ns]
        if not past:
            return truth([])
        bars = [
            bar
            for bar in truth(past, str(every), until=known_ns)
            if bar.time_ns + length_ns <= known_ns
            and bar.time_ns < until_ns
            and (since_ns is None or bar.time_ns >= since_ns)
        ]
        return bars[-limit:] if limit else bars

    def serve(self, stitch, fails=False):
        local_ns = self.now_ns + self.skew_ns
        stitch.time((self.heard_ns or self.now_ns) + self.skew_ns)
        ask = stitch.ask(local_ns)
        if ask is not None:
            self.asks += 1
            if fails:
                stitch.failed(local_ns)
            else:
                stitch.answer(self.bars(*ask), local_ns)
        while stitch.ready:
            self.seen.append(stitch.ready.popleft())


def some_ticks(random_, count, begin_ns, busy_s):
    ticks, time_ns, price = [], begin_ns, 100.0
    for _ in range(count):
        time_ns += random_.choice([0, 0, 1, random_.randrange(busy_s * S)])
        price += random_.choice([-0.25, 0, 0.25])
        ticks.append((time_ns, price, random_.randrange(1, 9)))
    return ticks


FRAMES = [["1m"], ["1m", "5m"], ["5m", "2m"], ["30s", "1m", "3m", "1h"]]


@settings(max_examples=12, deadline=None)
@given(
    st.integers(0, 2**32),
    st.sampled_from([3, 30, 200]),
    st.integers(0, 8),
    st.integers(-30, 30),  # a Date header tells the rest
    st.sampled_from([0, 1, 20]),
    st.sampled_from([0, 5, 500]),
    st.sampled_from(FRAMES),
)
def test_bars_are_those_of_all_ticks(
    seed, busy_s, drops, skew_s, delay_s, history, every
):
    random_ = random.Random(seed)
    ticks = some_ticks(random_, 600, BEGIN - 20 * MINUTE, busy_s)
    start = random_.randrange(100, 300)
    gaps = sorted(random_.sample(range(start + 20, 590), drops))
    lost = {at + i for at in gaps for i in range(random_.randrange(1, 60))}
    world = World(ticks, ticks[start][0], skew_s * S, delay_s * S)
    frames = [read_every(each) for each in every]
    stitch = Stitch(frames, history, world.now_ns + world.skew_ns)
    for at in range(start + 1, 600):
        while world.now_ns + 2 * S < ticks[at][0]:  # it goes on between the ticks
            world.now_ns += min(7 * S, ticks[at][0] - world.now_ns)
            world.serve(stitch, fails=random_.random() < 0.1)
        world.now_ns = max(world.now_ns, ticks[at][0])
        if at in lost:
            world.heard_ns = world.heard_ns or ticks[at - 1][0]
        if world.heard_ns and (at not in lost or random_.random() < 0.1):
            stitch.gap()  # it may be told long after the feed has died
        if at not in lost:
            world.heard_ns = 0
            time_ns, price, size = ticks[at]
            stitch.tick(time_ns, price, size, 0, world.now_ns + world.skew_ns)
    world.heard_ns = 0
    if 599 in lost:
        stitch.gap()
    for _ in range(500):
        world.now_ns += 15 * S
        world.serve(stitch)
    for frame in frames:
        seen = [bar for bar in world.seen if bar.every == str(frame)]
        until_ns = ticks[-1][0] + frame.length_ns
        wanted = list(truth(ticks, str(frame), until=until_ns))
        opens = [bar.time_ns for bar in seen]
        assert opens == sorted(set(opens))  # none twice, in order
        first_ns = opens[0] if opens else 0
        missing = [bar for bar in wanted if bar.time_ns >= first_ns]
        assert plain(seen) == plain(missing)
        assert not any(bar.partial for bar in seen)
        if history and skew_s == 0 and delay_s == 0 and frame.length_ns <= MINUTE:
            assert first_ns <= ticks[start][0]
    if skew_s <= 0:  # a clock that is ahead passes over bars that are still to come
        lengths = {str(frame): frame.length_ns for frame in frames}
        turns = [
            (bar.time_ns + lengths[bar.every], lengths[bar.every]) for bar in world.seen
        ]
        assert turns == sorted(turns)


def run_plainly(drop=(), history=2):
    """Ticks each five seconds, from the middle of a minute on."""
    ticks = [
        (BEGIN - 3 * MINUTE + i * 5 * S, 100.0 + i % 7 / 4, 1 + i % 3)
        for i in range(120)
    ]
    world = World(ticks, ticks[40][0] + S)
    stitch = Stitch([read_every("1m")], history, world.now_ns)
    for i in range(41, 120):
        world.now_ns = ticks[i][0] + S // 10
        if i in drop:
            world.heard_ns = world.heard_ns or ticks[i - 1][0]
        elif world.heard_ns:
            stitch.gap()
            world.heard_ns = 0
        if i not in drop:
            stitch.tick(*ticks[i], 0, world.now_ns)
        world.serve(stitch)
    for _ in range(30):
        world.now_ns += 3 * S
        world.serve(stitch)
    return world, stitch


def test_each_bar_says_where_it_is_from():
    world, stitch = run_plainly(drop=range(70, 75))
    assert [bar.source for bar in world.seen] == [
        *["history"] * 3,  # two of the past, and the one that had begun
        "ticks",
        *["repair"] * 2,  # the trades that were missed lie on both sides of a minute
        *["ticks"] * 3,
    ]
    assert stitch.repaired == 2
    assert plain(world.seen)[-5:] == plain(truth(world.ticks))[-5:]
    assert "source='repair'" in "".join(map(repr, world.seen))


def test_without_gaps_history_is_asked_twice():
    """For the past, and for the bar that had begun."""
    world, stitch = run_plainly()
    assert world.asks == 2
    assert stitch.repaired == 0


def test_a_bar_that_history_never_has_comes_partial_in_its_place():
    world, stitch = World([], BEGIN + 10 * S), None
    stitch = Stitch([read_every("1m")], 0, world.now_ns)
    stitch.tick(BEGIN + 11 * S, 100.0, 1, 1, world.now_ns + S)
    stitch.tick(BEGIN + 61 * S, 101.0, 2, -1, world.now_ns + 51 * S)
    world.now_ns += 60 * S
    for _ in range(60):
        world.now_ns += 3 * S
        world.serve(stitch)
    first, second = world.seen
    assert (first.partial, first.source) == (True, "ticks")
    assert (second.partial, second.source, second.sell_volume) == (False, "ticks", 2)
    assert world.asks == len(PAUSES_NS) + 1


def test_history_that_fails_is_asked_again_later():
    stitch = Stitch([read_every("1m")], 3, BEGIN)
    ask = stitch.ask(BEGIN)
    assert (ask.since_ns, ask.until_ns, ask.limit) == (None, BEGIN, 3)
    assert stitch.ask(BEGIN) is None  # it is under way
    stitch.failed(BEGIN)
    assert stitch.ask(BEGIN + FAILED_NS - 1) is None
    assert stitch.ask(BEGIN + FAILED_NS) == ask


def test_a_bar_that_has_not_ended_is_not_taken():
    stitch = Stitch([read_every("1m")], 3, BEGIN)
    assert stitch.ask(BEGIN) is not None
    stitch.answer(truth([(BEGIN, 1.0, 1)]), BEGIN)
    assert not stitch.ready
