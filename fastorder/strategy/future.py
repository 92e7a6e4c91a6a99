"""check: does a strategy know the future? It is run on data that end earlier.

What a strategy asks for up to a time must be the same whether the data go on after it
or not. And no order may be filled by the datum that it was asked for at.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.counted import counted
from fastorder._base.near_names import with_near_names
from fastorder.strategy.data import time_of
from fastorder.strategy.errors import StrategyError, StrategyFailed
from fastorder.strategy.running import _feeds, _strategies, backtest

if TYPE_CHECKING:
    from fastorder.strategy.data import Feed
    from fastorder.strategy.result import Result


class Change(NamedTuple):
    """A request that depends on what came after it.

    Attributes:
        cut_ns: where the data ended; None where they did not, and indicators were
            computed at each bar, as live.
        time_ns: when it was asked for, of both the earlier.
        whole: what was asked for with the data whole; None for nothing.
        cut: what was asked for with the data cut; a text where the strategy raised.
    """

    cut_ns: int | None
    time_ns: int
    whole: Any
    cut: Any


class Check:
    """What a check has found.

    Attributes:
        runs: how often the strategy was run on data that were cut.
        requests: how many requests the whole run made: of none, nothing is proved.
        changes: the first request of each of those runs that differs.
        early_fills: orders that were filled by the datum at which they were asked for.
    """

    def __init__(
        self, runs: int, requests: int, changes: list[Change], early_fills: list[Any]
    ) -> None:
        self.runs = runs
        self.requests = requests
        self.changes = changes
        self.early_fills = early_fills

    @property
    def clean(self) -> bool:
        """Whether nothing was found, and there was something to look at."""
        return not self.changes and not self.early_fills and self.requests > 0

    def __bool__(self) -> bool:
        return self.clean

    def __repr__(self) -> str:
        if self.clean:
            return (
                f"<Check: {counted(self.requests, 'request')} the same in "
                f"{counted(self.runs, 'run')} on data that end earlier>"
            )
        if not self.requests:
            return "<Check: the strategy asked for nothing, so nothing is proved>"
        lines = [
            f"at {change.time_ns} ns: {change.whole} with the data whole, "
            f"{change.cut} {_where(change)}"
            for change in self.changes
        ]
        lines += [f"filled by its own datum: {order!r}" for order in self.early_fills]
        return "<Check: the strategy knows the future\n  " + "\n  ".join(lines) + ">"


def _where(change: Change) -> str:
    if change.cut_ns is None:
        return "with indicators computed at each bar, as live"
    return f"where they end at {change.cut_ns} ns"


@with_near_names
def check(
    strategy: Any, *, data: Any, cuts: int = 20, seed: int = 0, **options: Any
) -> Check:
    """Run a strategy on data that end earlier, and report what changes.

    One that has indicators is run once more on all data, each of them computed at each
    bar as it would be live.

    Args:
        strategy: a class, or an object of one.
        data: as ``backtest`` takes them.
        cuts: at how many places they are cut: those of requests first, then at random.
        seed: of the places.
        options: those of ``backtest``.

    Raises:
        StrategyError, StrategyFailed: as ``backtest``, of the whole data.
    """
    if isinstance(cuts, bool) or not isinstance(cuts, int) or cuts < 1:
        raise StrategyError(f"cuts must be at least 1, was {cuts!r}")
    made = _strategies(strategy, options.pop("parameters", None))
    since, until = (
        time_of(name, options.pop(name, None)) for name in ("since", "until")
    )
    feeds = _feeds(made, data, since, until, options.pop("instruments", ()))
    whole = backtest(made, data=feeds, **options)
    options["missing_days"] = "allow"  # refused above; a cut may leave a day bare
    asked = [row for rows in whole.requests for row in rows]
    changes = _changed_live(made, feeds, whole, options)
    places = _places(feeds, sorted({row[0] for row in asked}), cuts, seed)
    for time_ns in places:
        change = _changed(made, feeds, whole, time_ns, options)
        if change is not None:
            changes.append(change)
    return Check(len(places), len(asked), changes, early_fills(whole))


def _places(
    feeds: dict[str, Feed], asked: list[int], cuts: int, seed: int
) -> list[int]:
    """Times at which the data are cut: half of them right after requests."""
    import numpy as np

    draw = np.random.default_rng(seed)
    at_requests = draw.choice(asked, min(len(asked), (cuts + 1) // 2), replace=False)
    times = np.concatenate([feed.time_ns for feed in feeds.values()])
    others = draw.choice(times, min(len(times), cuts - len(at_requests)), replace=False)
    first = max(feed.first_ns for feed in feeds.values())
    found = {int(each) for each in (*at_requests, *others)}
    return sorted(each for each in found if each > first)


def _changed(
    made: Any,
    feeds: dict[str, Feed],
    whole: Result,
    time_ns: int,
    options: dict[str, Any],
) -> Change | None:
    """The first request up to a time that changes where the data end there."""
    beside = len(feeds) > 1
    parts = {name: _until(feed, time_ns, beside) for name, feed in feeds.items()}
    if not all(len(part) for part in parts.values()):
        return None
    try:
        cut = backtest(made, data=parts, **options)
    except (StrategyFailed, StrategyError) as error:
        return _raised(time_ns, time_ns, error)
    return _first(time_ns, whole, cut, _known_ns(parts, time_ns, (whole, cut)))


def _changed_live(
    made: Any, feeds: dict[str, Feed], whole: Result, options: dict[str, Any]
) -> list[Change]:
    """The first request that changes where indicators are computed as live."""
    if not whole._run.has_indicators:
        return []
    arriving = {name: replace(feed, one_by_one=True) for name, feed in feeds.items()}
    end_ns = max(feed.end_ns for feed in feeds.values())
    try:
        live = backtest(made, data=arriving, **options)
    except (StrategyFailed, StrategyError) as error:
        return [_raised(None, end_ns, error)]
    change = _first(None, whole, live, end_ns)
    return [] if change is None else [change]


def _raised(cut_ns: int | None, time_ns: int, error: Exception) -> Change:
    """The strategy raised, or an indicator is refused, as it was not on whole data."""
    return Change(cut_ns, getattr(error, "time_ns", time_ns), "no error", str(error))


def _first(
    cut_ns: int | None, whole: Result, cut: Result, known_ns: int
) -> Change | None:
    """The first request up to a time that differs."""
    for before, after in zip(whole.requests, cut.requests, strict=True):
        left = [row for row in before if row[0] <= known_ns]
        right = [row for row in after if row[0] <= known_ns]
        for nth in range(max(len(left), len(right))):
            pair = [rows[nth] if nth < len(rows) else None for rows in (left, right)]
            if pair[0] != pair[1]:
                when = min(row[0] for row in pair if row is not None)
                return Change(cut_ns, when, *pair)
    return None


def _known_ns(
    parts: dict[str, Feed], time_ns: int, results: tuple[Result, Result]
) -> int:
    """Up to when all is the same with the data whole and cut.

    Of several contracts, up to the cut, or to where a bar that the cut has left only
    the open of has done something to an order.
    """
    from fastorder.matching import What

    if len(parts) == 1 or not next(iter(parts.values())).length_ns:
        return min(part.end_ns - (part.length_ns == 0) for part in parts.values())
    acts = [What.TRADE, What.TRIGGERED, What.FLOOR_REACHED]
    found = time_ns
    for result in results:
        rows = result.events[[kind in acts for kind in result.events["kind"].tolist()]]
        for name, part in parts.items():
            begun_ns = part.end_ns - part.length_ns
            mine = (rows["contract"] == result._run.numbers[name]) | (
                rows["kind"] == What.FLOOR_REACHED
            )
            after = rows["time_ns"][mine & (rows["time_ns"] > begun_ns)]
            if part.end_ns > time_ns and len(after):
                found = min(found, int(after.min()) - 1)
    return found


def _until(feed: Feed, time_ns: int, beside: bool) -> Feed:
    """A feed up to a time: bars that have ended, ticks to the first from it on.

    Beside others, a bar that has begun is there too, as its open and nothing more.
    """
    if feed.length_ns and beside:
        return _with_open(feed, time_ns)
    if feed.length_ns:
        last = int(feed.time_ns.searchsorted(time_ns - feed.length_ns, "right"))
    else:
        last = int(feed.time_ns.searchsorted(time_ns, "left")) + 1
    return feed.part(0, last)


def _with_open(feed: Feed, time_ns: int) -> Feed:
    last = int(feed.time_ns.searchsorted(time_ns, "left"))
    part = feed.part(0, last)
    if not last or part.end_ns <= time_ns:
        return part
    assert part.bars is not None
    bars = dict(part.bars)
    for name in ("high", "low", "close"):
        bars[name] = bars[name].copy()
        bars[name][-1] = bars["open"][-1]
    bars["volume"] = bars["volume"].copy()
    bars["volume"][-1] = 0
    return replace(part, bars=bars)


def early_fills(result: Result) -> list[Any]:
    """Orders that were filled by the datum at which they were asked for, or before."""
    from fastorder.matching import What

    run = result._run
    found = []
    trades = result.events[result.events["kind"] == What.TRADE]
    for time_ns, order_id in zip(
        trades["time_ns"].tolist(), trades["order_id"].tolist(), strict=True
    ):
        order = run.orders[order_id]
        if time_ns <= order.asked_ns:
            found.append(order)
    return found


for _public in (Change, Check, check):
    _public.__module__ = "fastorder.strategy"  # where they are imported from
