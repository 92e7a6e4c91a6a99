"""Times as the gateway writes them: ISO 8601 in its JSON, HTTP dates in its headers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MONTHS = [
    "Jan",
    "Feb",
    "Mar",
    "Apr",
    "May",
    "Jun",
    "Jul",
    "Aug",
    "Sep",
    "Oct",
    "Nov",
    "Dec",
]

_TIME = re.compile(
    r"(?P<seconds>\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d)"
    r"(?:\.(?P<fraction>\d+))?(?P<offset>[Zz]|[+-]\d\d:\d\d)?"
)


EPOCH_ORDINAL = 719_163
"""The day 1970-01-01, counted as ``date.toordinal`` does."""


def time_from(text: str | None) -> datetime | None:
    """An aware time from the gateway's text, to the microsecond; None from None.

    The gateway gives 0 to 7 fractional digits, and Z or an offset.

    Raises:
        ValueError: the text is not a time.
    """
    return None if text is None else _moment(text)[0]


def has_zone(text: object) -> bool:
    """Whether a time says how far it is from UTC; one that does not may be local."""
    match = _TIME.fullmatch(text) if isinstance(text, str) else None
    return match is not None and match["offset"] is not None


def time_ns_from(text: str | None) -> int | None:
    """Nanoseconds since 1970 of the gateway's text, with all its digits up to nine.

    None from None, and where 64 bits do not hold it: the gateway's zero time, say.

    Raises:
        ValueError: the text is not a time.
    """
    return None if text is None else _moment(text)[1]


@lru_cache(maxsize=256)  # a row's two times are often one, and each is asked for twice
def _moment(text: str) -> tuple[datetime, int | None]:
    from datetime import datetime  # loaded with the executor

    match = _TIME.fullmatch(text)
    if match is None:
        raise ValueError(f"a time must be ISO 8601, was {text!r}")
    fraction = (match["fraction"] or "")[:9].ljust(9, "0")
    offset = match["offset"]
    zone = "+00:00" if offset in ("Z", "z", None) else offset
    moment = datetime.fromisoformat(f"{match['seconds']}.{fraction[:6]}{zone}")
    days = moment.toordinal() - EPOCH_ORDINAL
    seconds = 86_400 * days + 3600 * moment.hour + 60 * moment.minute + moment.second
    if shift := moment.utcoffset():
        seconds -= shift.days * 86_400 + shift.seconds
    ns = seconds * 1_000_000_000 + int(fraction)
    return moment, ns if -(1 << 63) <= ns < 1 << 63 else None


@lru_cache(maxsize=64)  # each look-up reads the Date of the latest answer anew
def http_date_s(value: bytes) -> float | None:
    """Seconds since the epoch of an HTTP date; None where it is not one.

    All three forms are taken, and all of them are in UTC. Source: RFC 9110, section
    5.6.7.
    """
    from datetime import datetime, timezone  # loaded with the executor

    words = value.decode("latin-1").replace(",", " ").replace("-", " ").split()
    try:
        if words[-1:] in (["GMT"], ["UTC"]):
            _, day, month, year, clock, _ = words
        else:  # the oldest form names no zone
            _, month, day, clock, year = words
        hour, minute, second = map(_number, clock.split(":"))
        moment = datetime(
            _full_year(year),
            MONTHS.index(month) + 1,
            _number(day),
            hour,
            minute,
            second,
            tzinfo=timezone.utc,
        )
    except ValueError:
        return None
    return moment.timestamp()


def _number(text: str) -> int:
    """Of one or two digits and nothing else."""
    if not 1 <= len(text) <= 2 or not text.isdecimal():
        raise ValueError(text)
    return int(text)


def _full_year(text: str) -> int:
    """Of four digits, or of two: 69 to 99 are of the last century, as in POSIX."""
    if len(text) == 4 and text.isdecimal():
        return int(text)
    year = _number(text)
    return year + (1900 if year >= 69 else 2000)
