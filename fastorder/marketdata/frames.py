"""What closes a bar: a length of time, or a number of ticks, contracts or points."""

from __future__ import annotations

import re
from array import array
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, ClassVar

from fastorder._base.near_names import class_with_near_names, for_users
from fastorder.marketdata.errors import UnknownTimeframe
from fastorder.marketdata.text import exact

if TYPE_CHECKING:
    from fastorder.marketdata.sessions import Sessions

SECOND_NS = 1_000_000_000
DAY_NS = 86_400 * SECOND_NS
MONDAY_NS = 4 * DAY_NS
"""1970-01-05, the first Monday: weeks are counted from there."""

UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 7 * 86_400}
LONGEST_NS = 31 * DAY_NS
READ_ME = "such as 30s, 5m, 4h, 1d, 1w or 1mo"


@class_with_near_names
@dataclass(frozen=True)
class Timeframe:
    """Bars of a length of time, closed on the left and labelled by their open time.

    Without sessions, seconds to days are counted from 1970-01-01 UTC, weeks from
    Monday, months by the calendar. With sessions, seconds to hours are counted from
    each session's open, and days, weeks and months are made of whole sessions.

    Args:
        count: how many units.
        unit: s, m, h, d, w or mo.
        offset_ns: how much later than that bars start.
        sessions: when the market is open.

    Raises:
        UnknownTimeframe: no such unit, or not from 1 second to 1 month.
    """

    count: int
    unit: str
    offset_ns: int = 0
    sessions: Sessions | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        for name in ("count", "offset_ns"):
            if type(getattr(self, name)) is not int:
                raise UnknownTimeframe(
                    f"{name} of a timeframe must be an int, was {getattr(self, name)!r}"
                )
        if self.count < 1 or (self.unit not in UNITS and self.unit != "mo"):
            raise UnknownTimeframe(
                f"a timeframe must be a number and a unit, {READ_ME}, was {self}"
            )
        if self.length_ns > LONGEST_NS:
            raise UnknownTimeframe(f"a timeframe must be 1mo at most, was {self}")
        if self.sessions is not None:
            self._check_sessions()

    def _check_sessions(self) -> None:
        if self.unit in ("d", "w", "mo") and self.count > 1:
            raise UnknownTimeframe(
                f"sessions must be put together by 1d, 1w or 1mo, was {self}"
            )
        if self.offset_ns:
            raise UnknownTimeframe("an offset cannot be had together with sessions")

    def __str__(self) -> str:
        return f"{self.count}{self.unit}"

    @property
    def length_ns(self) -> int:
        """The length in nanoseconds; of a month, the longest."""
        if self.unit == "mo":
            return LONGEST_NS * self.count
        return self.count * UNITS[self.unit] * SECOND_NS

    @property
    def _within_ns(self) -> int:
        """The length of a bar within a session; 0 for whole sessions and months."""
        return self.length_ns if self.unit in ("s", "m", "h") else 0

    @property
    def _start_ns(self) -> int:
        """A time at which an even bar starts, at least 0 and below its length."""
        start = self.offset_ns + (MONDAY_NS if self.unit == "w" else 0)
        return start % self.length_ns

    @property
    def _is_even(self) -> bool:
        """Whether all of its bars are as long as each other, without breaks."""
        return self.sessions is None and self.unit != "mo"

    def _table(self) -> tuple[array[int], ...]:
        """Opens, closes, labels and ends of the sessions, or of the months."""
        if self.sessions is None:
            opens, closes = _months(self.offset_ns)
            return opens, closes, opens, closes
        return self.sessions._table(self.unit)


@lru_cache(maxsize=8)
def _months(offset_ns: int) -> tuple[array[int], array[int]]:
    starts = [
        int(datetime(1970 + i // 12, i % 12 + 1, 1, tzinfo=timezone.utc).timestamp())
        * SECOND_NS
        + offset_ns
        for i in range(-1 if offset_ns > 0 else 0, 292 * 12 + 1)
    ]
    return array("q", starts[:-1]), array("q", starts[1:])


@dataclass(frozen=True)
class Threshold:
    """Bars that are closed by the tick that reaches a level; ticks are never split.

    Args:
        level: when a bar is full.
    """

    __dir__ = for_users

    level: float
    _kind: ClassVar[str] = ""
    _word: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if not 0 < self.level < 2**53:
            raise UnknownTimeframe(
                f"{self._word} must be above 0 and below 2**53, was {self.level}"
            )
        if self._kind in ("count", "volume", "imbalance") and self.level % 1:
            raise UnknownTimeframe(f"{self._word} must be whole, was {self.level}")

    def __str__(self) -> str:
        return f"{exact(self.level)} {self._word}"


class TickCount(Threshold):
    """Bars of so many ticks."""

    _kind = "count"
    _word = "ticks"

    def __str__(self) -> str:
        return "1 tick" if self.level == 1 else super().__str__()


class Volume(Threshold):
    """Bars of at least so many contracts."""

    _kind = "volume"
    _word = "volume"


class Value(Threshold):
    """Bars of at least so much traded value: price times size, without its sign."""

    _kind = "value"
    _word = "value"


class Range(Threshold):
    """Bars whose high is at least so far above their low."""

    _kind = "range"
    _word = "range"


class Renko(Threshold):
    """Bricks: one for each such step of the price, two steps to turn around.

    The edges are whole multiples of the step. What is traded between two bricks counts
    in the later one; where one tick lays several, in the first of them.
    """

    _kind = "renko"
    _word = "renko"


class Imbalance(Threshold):
    """Bars in which buyers' and sellers' volumes are at least so far apart.

    A tick without a known side has that of its change in price, or of the tick before.
    """

    _kind = "imbalance"
    _word = "imbalance"


Every = Timeframe | Threshold
KINDS = {
    kind._word: kind for kind in (TickCount, Volume, Value, Range, Renko, Imbalance)
}
NUMBER = r"(\d+(?:\.\d+)?(?:e[+-]?\d+)?)"


def read_every(
    every: str | Every, offset: str | int = 0, sessions: Sessions | None = None
) -> Every:
    """The rule that a text stands for: 5m, 1d, 1mo, "500 ticks", "10 range".

    Args:
        every: the text, or the rule itself.
        offset: nanoseconds, or a text such as 30m.
        sessions: when the market is open.

    Raises:
        UnknownTimeframe: no such rule.
    """
    if isinstance(every, str):
        every = _read(every)
    elif not isinstance(every, (Timeframe, Threshold)):
        raise UnknownTimeframe(f"every must be a text, {READ_ME}, was {every!r}")
    if isinstance(every, Timeframe) and (offset or sessions is not None):
        return Timeframe(every.count, every.unit, _offset_ns(offset), sessions)
    if offset or sessions is not None:
        raise UnknownTimeframe(f"{every} bars take no offset and no sessions")
    return every


def _read(text: str) -> Every:
    found = re.fullmatch(r"([1-9]\d{0,8})(s|m|h|d|w|mo)", text, re.ASCII)
    if found:
        return Timeframe(int(found[1]), found[2])
    found = re.fullmatch(rf"{NUMBER} ?({'|'.join(KINDS)}|tick)", text, re.ASCII)
    if found:
        return KINDS.get(found[2], TickCount)(float(found[1]))
    raise UnknownTimeframe(
        f"every must be a timeframe, {READ_ME}, or a level with its kind "
        f"({', '.join(KINDS)}), such as '500 ticks', was {text!r}"
    )


def _offset_ns(offset: str | int) -> int:
    if isinstance(offset, int):
        return offset
    if not isinstance(offset, str):
        raise UnknownTimeframe(f"offset must be an int or a text, was {offset!r}")
    sign = -1 if offset.startswith("-") else 1
    read = _read(offset.removeprefix("-"))
    if not isinstance(read, Timeframe) or read.unit == "mo":
        raise UnknownTimeframe(f"offset must be a length of time, was {offset!r}")
    return sign * read.length_ns


def check_makes(source: Every | None, target: Every) -> None:
    """Refuse longer bars that shorter ones cannot make.

    Raises:
        UnknownTimeframe: a bar of the source may lie in two bars of the target.
    """
    if source is None:
        raise UnknownTimeframe("the bars must say what they are: give every")
    fits = (
        isinstance(source, Timeframe)
        and isinstance(target, Timeframe)
        and (source == target or _makes(source, target))
    )
    if not fits:
        raise UnknownTimeframe(f"bars of {target} cannot be made from bars of {source}")


def _makes(source: Timeframe, target: Timeframe) -> bool:
    if source.sessions is not None and source.sessions == target.sessions:
        return _makes_within_sessions(source, target)
    step = source.length_ns if source._is_even else source._within_ns
    if not step:
        return False
    edges = [target._start_ns]
    if not target._is_even:
        opens, closes, _, _ = target._table()
        edges = [*opens, *closes]
    starts = [source._start_ns]
    if source.sessions is not None:
        starts = list(source.sessions.opens)
    within = target.length_ns if target._is_even else target._within_ns
    aligned = {start % step for start in starts} == {edge % step for edge in edges}
    return (
        aligned and len({start % step for start in starts}) == 1 and within % step == 0
    )


def _makes_within_sessions(source: Timeframe, target: Timeframe) -> bool:
    if source._within_ns:
        return target._within_ns % source._within_ns == 0
    return (source.unit, target.unit) in {("d", "d"), ("d", "w"), ("d", "mo")}
