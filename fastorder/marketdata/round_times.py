"""Where round times stand on an axis of bars that lie side by side."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone, tzinfo
from itertools import islice, pairwise
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

from fastorder.marketdata.errors import BarError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

SECOND_NS = 1_000_000_000
DAY_S = 86_400
MOST = 12
"""Labels that stand beside each other without touching."""
NEAREST = 1 / 14
"""How near two labels may come, of the whole axis."""


class Step(NamedTuple):
    """How far round times are apart."""

    many: int
    unit: str
    """s, d, w or mo."""

    @property
    def length_ns(self) -> int:
        """The length; of a month, the longest."""
        days = {"s": 1 / DAY_S, "d": 1, "w": 7, "mo": 31}[self.unit]
        return round(days * DAY_S) * self.many * SECOND_NS


CLOCKS = (1, 5, 10, 15, 30, 60, 300, 600, 900, 1800, 3600, 7200, 10800, 14400, 21600)
STEPS = (
    *(Step(seconds, "s") for seconds in (*CLOCKS, DAY_S // 2)),
    *(Step(1, "d"), Step(2, "d"), Step(1, "w"), Step(2, "w")),
    *(Step(months, "mo") for months in (1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1200)),
)


class Mark(NamedTuple):
    """A label on the axis."""

    place: float
    """Where it stands: 3 is the fourth bar, 2.5 half of the way to it."""
    text: str
    below: str = ""
    """What changes more seldom: the day of a time, the year of a day."""
    is_exact: bool = True
    """Whether a bar starts right there."""


def zone_of(name: str | tzinfo) -> tzinfo:
    """The time zone of a name.

    Raises:
        BarError: there is none.
    """
    if isinstance(name, tzinfo):
        return name
    try:
        return timezone.utc if name == "UTC" else ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise BarError(
            f"zone must be a time zone such as America/Chicago, was {name!r}"
        ) from None


def moment(time_ns: int, zone: tzinfo) -> datetime:
    """A time on the clocks of a zone, in whole seconds."""
    return datetime.fromtimestamp(time_ns // SECOND_NS, zone)


def round_times(times: Sequence[int], zone: tzinfo) -> list[Mark]:
    """Labels for an axis of bars: round times, days or months of a zone's clocks.

    The finest step is taken that leaves room between the labels. Where no bar starts at
    a round time, its label stands between the bars before and after it.

    Args:
        times: when the bars open, in nanoseconds since 1970 UTC; at least one.
        zone: whose clocks.

    Returns:
        At least one label; the second line only where it is another than before.
    """
    apart = _usual_distance(times)
    steps = [step for step in STEPS if step.length_ns >= apart] or [STEPS[-1]]
    for step in steps:
        marks = list(islice(_marks(times, apart, step, zone), MOST + 1))
        if len(marks) <= MOST:
            break
    if not marks:
        first = moment(times[0], zone)
        marks = [_mark(0, first, Step(1 if first.second else 60, "s"))]
    return _told_once(_with_room(marks, len(times)))


def _usual_distance(times: Sequence[int]) -> int:
    """The median of what lies between two bars; 0 for one bar alone."""
    distances = sorted(after - before for before, after in pairwise(times))
    return distances[len(distances) // 2] if distances else 0


def _marks(
    times: Sequence[int], apart: int, step: Step, zone: tzinfo
) -> Iterator[Mark]:
    """Every bar that is the first after a round time.

    Before the first one, a bar at the usual distance is thought of.
    """
    before_ns = times[0] - apart
    for place, time_ns in enumerate(times):
        start_ns = _start_of(time_ns, step, zone)
        if before_ns < start_ns:
            is_exact = start_ns == time_ns
            if step.unit != "s":
                yield _mark(place, moment(time_ns, zone), step, is_exact)
            elif is_exact or place:
                back = (time_ns - start_ns) / (time_ns - before_ns)
                yield _mark(place - back, moment(start_ns, zone), step, is_exact)
        before_ns = time_ns


def _start_of(time_ns: int, step: Step, zone: tzinfo) -> int:
    """The last round time up to a time."""
    local = moment(time_ns, zone)
    midnight = local.replace(hour=0, minute=0, second=0)
    if step.unit == "s":
        since = local.hour * 3600 + local.minute * 60 + local.second
        hour, rest = divmod(since - since % step.many, 3600)
        start = local.replace(hour=hour, minute=rest // 60, second=rest % 60)
    elif step.unit == "mo":
        months = local.year * 12 + local.month - 1
        year, month = divmod(months - months % step.many, 12)
        start = midnight.replace(year=max(year, 1), month=month + 1, day=1)
    else:
        days = step.many * (7 if step.unit == "w" else 1)
        # the first day of year 1 was a Monday
        start = midnight - timedelta((local.toordinal() - 1) % days)
    return int(start.timestamp()) * SECOND_NS


def _mark(place: float, at: datetime, step: Step, is_exact: bool = True) -> Mark:
    day = f"{at:%b} {at.day}"
    if step.unit == "s":
        clock = f"{at:%H:%M:%S}" if step.many < 60 else f"{at:%H:%M}"
        return Mark(place, clock, f"{day} {at.year}", is_exact)
    if step.unit != "mo":
        return Mark(place, day, str(at.year), is_exact)
    if step.many < 12:
        return Mark(place, f"{at:%b}", str(at.year), is_exact)
    return Mark(place, str(at.year), "", is_exact)


def _with_room(marks: list[Mark], bars: int) -> list[Mark]:
    """Without those that would touch; one at a bar's start is kept before another."""
    kept: list[Mark] = []
    for mark in marks:
        if kept and mark.place - kept[-1].place < bars * NEAREST:
            if kept[-1].is_exact or not mark.is_exact:
                continue
            kept.pop()
        kept.append(mark)
    return kept


def _told_once(marks: list[Mark]) -> list[Mark]:
    """The second line only where it is another than before."""
    lines = ["", *(mark.below for mark in marks)]
    return [
        mark._replace(below="" if mark.below == before else mark.below)
        for mark, before in zip(marks, lines, strict=False)
    ]
