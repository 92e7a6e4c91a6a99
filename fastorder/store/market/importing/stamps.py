"""Times as files write them, to nanoseconds since 1970; what is unsure is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fastorder.store.market.errors import ImportRefused
from fastorder.store.market.importing.options import UNITS

if TYPE_CHECKING:
    from fastorder.store.market.importing.options import Options

EARLIEST_S, LATEST_S = 631_152_000, 4_102_444_800
"""1990 and 2100: between them, a number is in one unit alone."""

CLOCK = (
    r"(?:[ T,]+(?P<H>\d{1,2}):(?P<M>\d{2})(?::(?P<S>\d{2})(?:[.](?P<f>\d{1,9}))?)?)?"
    r"\s*(?P<z>Z|[+-]\d{2}:?\d{2})?$"
)
ISO = r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})" + CLOCK
PACKED = (
    r"^(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})"
    r"(?:[ T]+(?P<H>\d{2}):?(?P<M>\d{2}):?(?P<S>\d{2})(?:[ .](?P<f>\d{1,9}))?)?"
    r"(?P<z>Z|[+-]\d{2}:?\d{2})?$"
)
STROKES = {
    "mdy": r"^(?P<m>\d{1,2})/(?P<d>\d{1,2})/(?P<y>\d{4})" + CLOCK,
    "dmy": r"^(?P<d>\d{1,2})[/.](?P<m>\d{1,2})[/.](?P<y>\d{4})" + CLOCK,
}
NS = 1_000_000_000


class Stamps:
    """Reads the times of one file, whose first row says how all of them are written.

    Args:
        path: for errors.
        options: what is stated.
        zone: whose clocks they show, where nothing is stated.
        date_order: of dates with strokes, where nothing is stated.
    """

    def __init__(
        self,
        path: str,
        options: Options,
        zone: str | None = None,
        date_order: str | None = None,
    ) -> None:
        self._path, self._options = path, options
        self._zone = options.zone or zone
        self._order = options.date_order or date_order
        self._days_only: bool | None = None
        self._first: str | None = None
        self._shape = ""
        self._number_unit: str | None = None
        self._has_zones: bool | None = None

    @property
    def days_only(self) -> bool:
        """Whether no time has a time of day."""
        return bool(self._days_only)

    def read(self, column: Any) -> Any:
        """A column of times as int64.

        Raises:
            ImportRefused: with the row where one cannot be told.
        """
        import pyarrow

        kind = column.type
        if column.null_count:
            raise self._refused("time must be there", _first(column.is_null()))
        if pyarrow.types.is_timestamp(kind):
            return self._of_stamps(column)
        if pyarrow.types.is_integer(kind):
            return self._epoch(column.cast(pyarrow.int64()).to_numpy())
        if not (pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind)):
            raise self._refused(
                f"time must be text, numbers or time stamps, was {kind}"
            )
        return self._of_text(column)

    def _of_stamps(self, column: Any) -> Any:
        import pyarrow

        whole = column.cast(pyarrow.timestamp("ns", column.type.tz)).cast(
            pyarrow.int64()
        )
        self._days_only = False
        times = whole.to_numpy()
        return times if column.type.tz else self._from_local(times)

    def _epoch(self, numbers: Any) -> Any:
        """Whole numbers, whose unit is stated, or the only one that is possible."""
        self._days_only = False
        unit = self._options.time_unit or self._number_unit
        if unit is None:
            unit = self._number_unit = self._unit(numbers)
        each = UNITS[unit]
        bad = (numbers < EARLIEST_S * (NS // each)) | (
            numbers >= LATEST_S * (NS // each)
        )
        if bad.any():
            at = _first(bad)
            raise self._refused(
                f"time must be from 1990 to 2100 in {unit}, was {numbers[at]}", at
            )
        return numbers * each

    def _unit(self, numbers: Any) -> str:
        for unit, each in UNITS.items():
            if EARLIEST_S <= int(numbers[0]) * each // NS < LATEST_S:
                return unit
        raise self._refused(
            "time must be from 1990 to 2100 in s, ms, us or ns, was "
            f"{numbers[0]}: state time_unit",
            0,
        )

    # ------------------------------------------------------------------ text

    def _of_text(self, column: Any) -> Any:
        import pyarrow
        from pyarrow import compute

        self._first = self._first or column[0].as_py()
        digits = compute.match_substring_regex(column, r"^-?\d{9,18}\d?$")
        if not self._shape and compute.all(digits).as_py():
            return self._epoch(column.cast(pyarrow.int64()).to_numpy())
        self._shape = self._shape or self._pattern(self._first)
        parts = compute.extract_regex(column, self._shape)
        if parts.null_count:
            at = _first(parts.is_null())
            raise self._refused(
                f"time must be as in the first row ({self._first}), was "
                f"{column[at].as_py()!r}",
                at,
            )
        field = {name: parts.field(name) for name in "ymdHMSfz"}
        times = self._local_ns(field, column)
        zones = field["z"].to_numpy(zero_copy_only=False)
        return self._to_utc(times, zones)

    def _pattern(self, first: str) -> str:
        import re

        if re.match(ISO, first):
            return ISO
        if re.match(PACKED, first):
            return PACKED
        for order in ("mdy", "dmy") if self._order is None else (self._order,):
            if re.match(STROKES[order], first):
                if self._order is None and "/" in first:
                    raise self._refused(
                        f"date_order must be stated for dates such as {first!r}", 0
                    )
                return STROKES[order]
        raise self._refused(
            "time must be ISO 8601, yyyyMMdd HHmmss, mm/dd/yyyy hh:mm:ss, or a whole "
            f"number from 1990 to 2100 in s, ms, us or ns, was {first!r}",
            0,
        )

    def _local_ns(self, field: dict[str, Any], column: Any) -> Any:
        """What the clocks showed, as if they were those of UTC."""
        import numpy

        y, m, d, hour, minute, second = (_whole(field[name]) for name in "ymdHMS")
        months = ((y - 1970) * 12 + m - 1).astype("M8[M]")
        days = months.astype("M8[D]") + (d - 1)
        bad = (m < 1) | (m > 12) | (d < 1) | (days.astype("M8[M]") != months)
        bad |= (hour > 23) | (minute > 59) | (second > 59) | (y < 1990) | (y > 2099)
        if bad.any():
            at = _first(bad)
            raise self._refused(
                f"time must be one that is, was {column[at].as_py()!r}", at
            )
        self._check_days(_has(field["H"]))
        clock = (hour * 60 + minute) * 60 + second
        seconds = days.astype(numpy.int64) * 86_400 + clock
        return seconds * NS + _fraction(field["f"])

    def _check_days(self, has_clock: Any) -> None:
        if self._days_only is None:
            self._days_only = not has_clock.any()
        if self._days_only and has_clock.any():
            raise self._refused(
                "time must have a time of day, or none in any row", _first(has_clock)
            )

    def _to_utc(self, times: Any, zones: Any) -> Any:
        has = zones != ""
        if self._has_zones is None:
            self._has_zones = bool(has[0])
        if (has != self._has_zones).any():
            at = _first(has != self._has_zones)
            raise self._refused("time must have a zone in every row, or in none", at)
        if not self._has_zones:
            return times if self.days_only else self._from_local(times)
        import numpy

        names, places = numpy.unique(zones.astype(str), return_inverse=True)
        return times - numpy.array([_offset_ns(name) for name in names])[places]

    # ------------------------------------------------------------------ local time

    def _from_local(self, times: Any) -> Any:
        """What clocks showed, to UTC; hours that are there twice or not at all too."""
        import pyarrow
        from pyarrow import compute

        if self._zone is None:
            raise self._refused(
                "time must have a zone, or zone must be stated, 'UTC' or "
                "'America/Chicago' say"
            )
        zone = self._checked_zone()
        local = pyarrow.array(times, pyarrow.timestamp("ns"))

        def assumed(edge: str) -> Any:
            return compute.assume_timezone(
                local, self._zone, ambiguous=edge, nonexistent=edge
            )

        first, last = assumed("earliest"), assumed("latest")
        shown = compute.local_timestamp(first).cast(pyarrow.int64()).to_numpy()
        early = first.cast(pyarrow.int64()).to_numpy()
        late = last.cast(pyarrow.int64()).to_numpy()
        skipped = shown != times
        twice = (early != late) & ~skipped
        self._check_fold(twice, times)
        found = early if self._options.fold == "earlier" else late.copy()
        return self._with_skipped(found, skipped, times, zone)

    def _checked_zone(self) -> ZoneInfo:
        try:
            return ZoneInfo(self._zone or "")
        except (KeyError, ValueError, OSError):
            raise self._refused(
                f"zone must be a time zone such as America/Chicago, was {self._zone!r}"
            ) from None

    def _check_fold(self, twice: Any, times: Any) -> None:
        if twice.any() and self._options.fold == "refuse":
            at = _first(twice)
            raise self._refused(
                f"the clocks of {self._zone} show {_told(times[at])} twice: state "
                "fold='earlier' or 'later'",
                at,
            )

    def _with_skipped(
        self, found: Any, skipped: Any, times: Any, zone: ZoneInfo
    ) -> Any:
        if not skipped.any():
            return found
        if self._options.skipped == "refuse":
            at = _first(skipped)
            raise self._refused(
                f"the clocks of {self._zone} never show {_told(times[at])}: is the "
                "zone right? skipped='later' takes it for an hour later",
                at,
            )
        found = found.copy()
        for at in skipped.nonzero()[0]:
            moment = _clock(times[at]).replace(tzinfo=zone)
            found[at] = int(moment.timestamp()) * NS + int(times[at]) % NS
        return found

    def _refused(self, why: str, row: int | None = None) -> ImportRefused:
        return ImportRefused(self._path, why, row)


def _clock(time_ns: Any) -> datetime:
    return datetime(1970, 1, 1) + timedelta(seconds=int(time_ns) // NS)


def _told(time_ns: Any) -> str:
    return f"{_clock(time_ns):%Y-%m-%d %H:%M:%S}"


def _first(flags: Any) -> int:
    import numpy

    plain = numpy.asarray(flags)
    return int(numpy.argmax(plain))


def _has(column: Any) -> Any:
    return column.to_numpy(zero_copy_only=False) != ""


def _whole(column: Any) -> Any:
    """Digits as int64; nothing is 0."""
    import pyarrow
    from pyarrow import compute

    filled = compute.if_else(compute.equal(column, ""), "0", column)
    return filled.cast(pyarrow.int64()).to_numpy().copy()


def _fraction(column: Any) -> Any:
    """Digits behind the point as nanoseconds."""
    from pyarrow import compute

    return _whole(compute.utf8_rpad(column, 9, "0"))


def _offset_ns(text: str) -> int:
    if text == "Z":
        return 0
    sign = -1 if text[0] == "-" else 1
    return sign * (int(text[1:3]) * 60 + int(text[-2:])) * 60 * NS
