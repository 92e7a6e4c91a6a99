"""Bars of the gateway: its answers as bars, and ours held against them.

Source: History/retrieveBars. Its bars are stamped with their open, newest first.
"""

from __future__ import annotations

import re
from array import array
from datetime import datetime, timezone
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import with_near_names
from fastorder.marketdata.bars import EPOCH, Bars
from fastorder.marketdata.errors import BarError
from fastorder.marketdata.text import aligned, counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from fastorder.marketdata.frames import Every

STAMP = re.compile(
    r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)", re.ASCII
)
MEMBERS = {"open": "o", "high": "h", "low": "l", "close": "c", "volume": "v"}
UNITS = {1: "s", 2: "m", 3: "h", 4: "d", 5: "w", 6: "mo"}


@with_near_names
def gateway_timeframe(unit: int, number: int = 1) -> str:
    """The timeframe of a request to History/retrieveBars.

    Args:
        unit: 1 second, 2 minute, 3 hour, 4 day, 5 week, 6 month.
        number: how many of them.
    """
    if unit not in UNITS:
        raise BarError(f"unit must be from 1 to 6, was {unit}")
    return f"{number}{UNITS[unit]}"


@with_near_names
def bars_from_gateway(
    answer: Mapping[str, Any] | Iterable[Mapping[str, Any]],
    every: str | Every | None = None,
    *,
    tick_size: str | float | Decimal | None = None,
) -> Bars:
    """The bars of an answer of History/retrieveBars, oldest first.

    Args:
        answer: the whole answer, or its ``bars``, in any order. A bar that comes twice
            (two pages that overlap) counts once, if both are alike.
        every: the timeframe that was asked for; needed to make longer bars.
        tick_size: prices become whole numbers of it.

    Raises:
        BarError: the answer is a refusal, or a bar in it is none.
    """
    rows = _rows(answer)
    by_time: dict[int, Mapping[str, Any]] = {}
    for row in rows:
        time_ns = _time_ns(row)
        if by_time.setdefault(time_ns, row) != row:
            raise BarError(f"two bars of {row['t']} must be alike")
    times = sorted(by_time)
    columns: dict[str, Any] = {"time_ns": array("q", times)}
    for name, member in MEMBERS.items():
        whole = name == "volume" or tick_size is not None
        kinds = (int,) if name == "volume" else (int, float, Decimal)
        cells = [_number(by_time[time], member, kinds) for time in times]
        if whole and name != "volume":
            cells = [_ticks(cell, Decimal(str(tick_size))) for cell in cells]
        columns[name] = array("q" if whole else "d", cells)
    return Bars.from_columns(columns, every)


def _rows(answer: Mapping[str, Any] | Iterable[Mapping[str, Any]]) -> list[Any]:
    if not isinstance(answer, dict):
        return list(answer)
    if answer.get("success") is False or "bars" not in answer:
        code = answer.get("errorCode")
        raise BarError(f"the answer must hold bars, was a refusal with code {code}")
    return answer["bars"] or []


def _time_ns(row: Mapping[str, Any]) -> int:
    missing = [member for member in ("t", *MEMBERS.values()) if member not in row]
    if missing:
        raise BarError(f"a bar must have {missing[0]}, was {row}")
    found = STAMP.fullmatch(row["t"]) if isinstance(row["t"], str) else None
    if found is None:
        raise _no_stamp(row)
    try:
        moment = datetime.fromisoformat(found[1] + found[3].replace("Z", "+00:00"))
    except ValueError:
        raise _no_stamp(row) from None
    if not 1970 <= moment.year < 2262:
        raise _no_stamp(row)
    seconds = (moment - EPOCH) // (moment.resolution * 1_000_000)
    return seconds * 1_000_000_000 + int((found[2] or "0").ljust(9, "0"))


def _no_stamp(row: Mapping[str, Any]) -> BarError:
    return BarError(
        f"t must be a time stamp with its zone, from 1970 to 2261, was {row['t']!r}"
    )


def _number(row: Mapping[str, Any], member: str, kinds: Any) -> Any:
    """A member that is a number, and finite; a bool is none."""
    value: Any = row[member]
    if (
        isinstance(value, bool)
        or not isinstance(value, kinds)
        or value != value
        or not -(2**63) <= value < 2**63
    ):
        wanted = "a whole number" if kinds == (int,) else "a number"
        raise BarError(f"{member} must be {wanted}, was {value!r} in the bar {row}")
    return value


def _ticks(price: float | Decimal, tick: Decimal) -> int:
    count = Decimal(str(price)) / tick
    if count != int(count):
        raise BarError(f"a price must be a multiple of the tick {tick}, was {price}")
    return int(count)


class Difference(NamedTuple):
    """One number that the two do not agree on."""

    time_ns: int
    column: str
    ours: float
    gateway: float

    def __str__(self) -> str:
        ours, theirs = aligned((self.ours, self.gateway))
        return (
            f"{_clock(self.time_ns)} {self.column}: {ours} here, "
            f"{theirs} at the gateway"
        )


class Comparison(NamedTuple):
    """What became of holding bars against the gateway's; true where both agree."""

    compared: int
    """Bars that both have, without those that may lack ticks."""
    missing: list[int]
    """Open times of the gateway's bars that we lack, within our own span."""
    extra: list[int]
    """Open times of our bars that the gateway lacks, within its span."""
    differences: list[Difference]
    every: str = ""
    """The timeframe; empty where the bars do not say it."""

    @property
    def agrees(self) -> bool:
        """Whether both are the same where they can be compared."""
        return not (self.missing or self.extra or self.differences)

    def __bool__(self) -> bool:
        return self.agrees

    def __str__(self) -> str:
        lines = [
            f"{counted(self.compared, 'bar')} compared, {len(self.missing):,} missing, "
            f"{len(self.extra):,} extra, {counted(len(self.differences), 'difference')}"
        ]
        lines += [
            f"{_clock(time)} missing: only the gateway has it" for time in self.missing
        ]
        lines += [f"{_clock(time)} extra: the gateway has none" for time in self.extra]
        lines += [str(difference) for difference in self.differences]
        return "\n".join(lines)


def _clock(time_ns: int) -> str:
    moment = datetime.fromtimestamp(time_ns // 1_000_000_000, timezone.utc)
    return moment.strftime("%Y-%m-%d %H:%M:%S")


@with_near_names
def check_against(
    bars: Bars, gateway_bars: Bars | Mapping[str, Any], *, volume_tolerance: float = 0.0
) -> Comparison:
    """Hold our bars against those of the gateway.

    Compared are the bars between the first and the last that both have, without those
    of ours that may lack ticks. The gateway's last bar may stand still for a while, so
    a difference in it alone may be old news.

    Args:
        bars: ours.
        gateway_bars: the gateway's, or its answer.
        volume_tolerance: how far volumes may be apart, as a part of the gateway's.
    """
    if not isinstance(gateway_bars, Bars):
        gateway_bars = bars_from_gateway(gateway_bars, bars.every)
    ours = {bar.time_ns: bar for bar in bars.whole()}
    theirs = {bar.time_ns: bar for bar in gateway_bars.whole()}
    every = "" if bars.every is None else str(bars.every)
    if not ours or not theirs:
        return Comparison(0, [], [], [], every)
    first = max(min(ours), min(theirs))
    last = min(max(ours), max(theirs))
    span = [t for t in sorted(ours.keys() | theirs.keys()) if first <= t <= last]
    both = [t for t in span if t in ours and t in theirs]
    found = [
        Difference(t, name, getattr(ours[t], name), getattr(theirs[t], name))
        for t in both
        for name in MEMBERS
        if _differ(
            name, getattr(ours[t], name), getattr(theirs[t], name), volume_tolerance
        )
    ]
    return Comparison(
        len(both),
        [t for t in span if t not in ours and not _is_partial(bars, t)],
        [t for t in span if t not in theirs],
        found,
        every,
    )


def _is_partial(bars: Bars, time_ns: int) -> bool:
    return any(bar.partial and bar.time_ns == time_ns for bar in (bars[0], bars[-1]))


def _differ(name: str, ours: float, theirs: float, tolerance: float) -> bool:
    if name == "volume":
        return abs(ours - theirs) > tolerance * theirs
    return ours != theirs
