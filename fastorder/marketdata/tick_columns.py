"""The columns of a file of ticks: what they are called, count, and hold."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

from fastorder._base.near_names import class_with_near_names
from fastorder.marketdata.errors import BadTick, BarError
from fastorder.marketdata.likely_units import (
    SINCE_1970,
    UNIT_NS,
    likely_times,
    likely_worths,
)

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = {
    "time_ns": ("time_ns", "timestamp", "time", "ts_event", "ts", "datetime", "date"),
    "price": ("price", "last", "trade_price"),
    "size": ("size", "volume", "qty", "quantity", "amount"),
    "side": ("side", "aggressor"),
}
SidesOfWords = dict[int, tuple[str, ...]]
SIDES: SidesOfWords = {
    1: ("B", "BUY", "BUYER", "1", "+1"),
    -1: ("S", "SELL", "SELLER", "A", "-1"),
    0: ("N", "NONE", "UNKNOWN", "0", ""),
}
"""What the aggressor is called, in capitals; A and B are Databento's.

Others write ask and bid for the side of the book that was hit, which is the contrary:
those words are not taken.
"""

GATEWAY_SIDES: SidesOfWords = {
    1: ("B", "BUY", "BUYER", "0"),
    -1: ("S", "SELL", "SELLER", "A", "1"),
    0: ("N", "NONE", "UNKNOWN", ""),
}
"""The same where numbers are the gateway's: 0 for a bid, 1 for an ask."""

SIDE_UNITS = {"sign": SIDES, "gateway": GATEWAY_SIDES}
ENOUGH = 1024
"""Rows after which a side that was never -1 is told of, before the end of a file."""

TIME_UNITS = (*UNIT_NS, *SINCE_1970)

LARGEST = 1_000_000
"""Whole prices from here on are of another unit: no future has so many ticks or points.

In units of 1e-9, the prices of all of them are above it.
"""


class TickColumns(NamedTuple):
    """What the columns of a file of ticks are called; None is looked for."""

    time_ns: str | None = None
    price: str | None = None
    size: str | None = None
    side: str | None = None

    def _found_in(self, names: list[str], path: Path) -> TickColumns:
        """The same with every column that is there, known names first.

        Raises:
            BarError: a column that is needed is missing, or is there twice.
        """
        found = {}
        for role, name in self._asdict().items():
            known = (name,) if name else KNOWN[role]
            there = [one for one in known if one in names]
            if not there and (name or role != "side"):
                raise BarError(
                    f"{path}: a column for {role} is needed ({' or '.join(known)}), "
                    f"there are {', '.join(names)}"
                )
            found[role] = there[0] if there else None
            if there and names.count(there[0]) > 1:
                raise BarError(
                    f"{path}: the column {there[0]} must be there once, "
                    f"was there {names.count(there[0])} times"
                )
        return TickColumns(**found)


@class_with_near_names
@dataclass(frozen=True)
class TickUnits:
    """What the numbers of a file of ticks count, where the file does not say it.

    Args:
        time: ``ns``, ``us``, ``ms`` or ``s`` since 1970, of times that are whole
            numbers; ``dotnet`` or ``filetime``, 100 ns since the years 1 and 1601.
            Without it they are nanoseconds, and refused where they look like another
            unit.
        price: ``ticks`` where prices are whole ticks, or what one is worth: 1e-9, say,
            or 1 for points. Without it, prices are as they stand, whole ticks where the
            file has integers, and refused where they look like another unit.
        side: of sides that are numbers. ``sign``: 1 the buyer was the aggressor, -1
            the seller, 0 not known. ``gateway``: 0 the buyer, 1 the seller. Without it
            they are signs, and refused where there is a 1 and no -1.

    Raises:
        BarError: another unit.
    """

    time: str | None = None
    price: str | float | None = None
    side: str | None = None

    def __post_init__(self) -> None:
        for what, units in (("time", TIME_UNITS), ("side", (*SIDE_UNITS,))):
            unit = getattr(self, what)
            if unit not in (None, *units):
                raise BarError(
                    f"the unit of {what} must be {', '.join(units)}, was {unit!r}"
                )
        if self.price not in (None, "ticks"):
            self._worth()

    def _worth(self) -> Fraction:
        """What a price of one is worth."""
        try:
            worth = Fraction(str(self.price))
        except (ValueError, ZeroDivisionError):
            worth = Fraction(0)
        if (
            worth <= 0
            or isinstance(self.price, bool)
            or max(worth.numerator, worth.denominator) > 2**53
        ):
            raise BarError(
                f"the unit of price must be ticks or a number above 0, such as 1e-9, "
                f"was {self.price!r}"
            )
        return worth


class Reading:
    """Reads the ticks of one file: batches of Arrow to columns of the kernel's types.

    Args:
        path: of the file, for errors.
        names: its columns.
        units: what is stated of them.
    """

    def __init__(self, path: Path, names: TickColumns, units: TickUnits) -> None:
        self._path = path
        self._names = names
        self._units = units
        self._words = SIDE_UNITS[units.side or "sign"]
        self._rows = 0
        self._are_signs = units.side is not None  # or it is seen that they are
        self._has_ones = False

    def columns(self, batch: Any) -> tuple[Any, ...]:
        """Time, price, size, and side where there is one.

        Raises:
            BarError: a type that is none of these, or numbers that do not fit.
        """
        names = self._names
        made = [
            self._times(self._plain(batch, names.time_ns)),
            self._prices(self._plain(batch, names.price)),
            self._whole(self._plain(batch, names.size), names.size),
        ]
        if names.side is not None:
            made.append(self._sides(self._plain(batch, names.side)))
        self._rows += batch.num_rows
        return tuple(made)

    def _plain(self, batch: Any, name: str | None) -> Any:
        """A column without its layout: no categories, text of one kind, trimmed."""
        import pyarrow as pa
        from pyarrow import compute

        column = batch[name]
        if pa.types.is_dictionary(column.type):
            column = self._cast(column, column.type.value_type, name)
        if str(column.type) in ("large_string", "string_view"):
            column = self._cast(column, pa.string(), name)
        return compute.utf8_trim_whitespace(column) if _is_text(column) else column

    # ------------------------------------------------------------------ times

    def _times(self, column: Any) -> Any:
        import pyarrow as pa

        name, unit = self._names.time_ns, self._units.time
        if _is_text(column):
            column = self._times_of_text(column)
        if pa.types.is_timestamp(column.type):
            if unit is not None:
                raise self._wrong(name, f"whole numbers of {unit}", column)
            return column
        if not (pa.types.is_integer(column.type) or pa.types.is_null(column.type)):
            raise self._wrong(name, "time stamps or whole numbers", column)
        column = self._cast(column, pa.int64(), name)
        if unit in SINCE_1970:
            return self._since_1970(column, SINCE_1970[unit])
        if unit is not None:
            return column.cast(pa.timestamp(unit))
        if self._rows == 0 and column[0].is_valid:
            self._check_time(column[0].as_py())
        return column

    def _since_1970(self, column: Any, start: int) -> Any:
        """Nanoseconds, of units of 100 ns that count from another year."""
        from pyarrow import ArrowInvalid, compute

        try:
            return compute.multiply_checked(
                compute.subtract_checked(column, start), 100
            )
        except ArrowInvalid:
            raise BarError(
                f"{self._path}: {self._names.time_ns} must be {self._units.time} "
                f"from 1970 to 2261, was {compute.min(column)} to {compute.max(column)}"
            ) from None

    def _times_of_text(self, column: Any) -> Any:
        """Whole numbers, or time stamps with a zone or without (UTC)."""
        import pyarrow as pa
        from pyarrow import compute

        for kind in (pa.int64(), pa.timestamp("ns", "UTC")):
            made = _cast_or_none(column, kind)
            if made is not None:
                return made
        if (compute.min(compute.utf8_length(column)).as_py() or 0) <= len("2026-01-05"):
            raise self._wrong(self._names.time_ns, "a date with a time of day", column)
        return self._cast(column, pa.timestamp("ns"), self._names.time_ns)

    def _check_time(self, first: int) -> None:
        likely = likely_times(first)
        if likely[:1] == ["ns"]:
            return
        looks = f", which looks like {likely[0]}" if likely else ""
        raise BarError(
            f"{self._path}: {self._names.time_ns} must be nanoseconds since 1970, "
            f"from 1980 on, was {first} in the first row{looks}: state the unit "
            f"({_stated('time', likely[0] if likely else 'ns')})"
        )

    # ------------------------------------------------------------------ prices, sizes

    def _prices(self, column: Any) -> Any:
        import pyarrow as pa
        from pyarrow import compute

        name, unit = self._names.price, self._units.price
        if unit == "ticks":
            return self._whole(column, name)
        if not (_is_number(column) or _is_text(column)):
            raise self._wrong(name, "numbers", column)
        if unit is not None:
            worth = self._units._worth()
            real = self._cast(column, pa.float64(), name)
            times = compute.multiply(real, float(worth.numerator))
            return compute.divide(times, float(worth.denominator))
        kind = pa.int64() if pa.types.is_integer(column.type) else pa.float64()
        column = self._cast(column, kind, name)
        if self._rows == 0:
            self._check_prices(column)
        return column

    def _check_prices(self, column: Any) -> None:
        from pyarrow import compute

        most = compute.max(compute.abs(column)).as_py()
        if most is None or not LARGEST <= most < math.inf:
            return
        if not _is_whole(column):
            return
        likely = likely_worths(compute.unique(column.drop_null()).to_pylist())
        shown = [f"{worth} (up to {price:,.9g})" for worth, price in likely]
        looks = f", which looks like units of {' or '.join(shown)}" if shown else ""
        raise BarError(
            f"{self._path}: {self._names.price} must be prices or whole ticks, "
            f"was up to {most:,.0f}{looks}: state the unit "
            f"({_stated('price', likely[0][0] if likely else '0.01')}, or ticks, or 1 "
            "for points)"
        )

    def _whole(self, column: Any, name: str | None) -> Any:
        """Whole numbers; those of text may have zeros behind the point."""
        import pyarrow as pa

        if not (_is_number(column) or _is_text(column)):
            raise self._wrong(name, "whole numbers", column)
        if _is_text(column):
            made = _cast_or_none(column, pa.int64())
            if made is not None:
                return made
            column = self._cast(column, pa.decimal128(38, 9), name)
        return self._cast(column, pa.int64(), name)

    # ------------------------------------------------------------------ sides

    def _sides(self, column: Any) -> Any:
        """1 where the buyer was the aggressor, -1 the seller, 0 not known or null."""
        import pyarrow as pa

        name = self._names.side
        if not self._are_signs and (_is_text(column) or _is_number(column)):
            self._note_sides(column)
        if _is_text(column):
            column = self._sides_of_words(column)
        elif pa.types.is_decimal(column.type) or not _is_number(column):
            numbers = "0, 1" if self._units.side == "gateway" else "1, -1, 0"
            raise self._wrong(name, f"{numbers} or words ({_words(SIDES)})", column)
        elif self._units.side == "gateway":
            column = self._sides_of_words(self._digits(column))
        return self._cast(column, pa.int8(), name).fill_null(0)

    def _digits(self, column: Any) -> Any:
        import pyarrow as pa

        return self._cast(self._whole(column, self._names.side), pa.string(), None)

    def _note_sides(self, column: Any) -> None:
        """Numbers of which one is 1 and none is -1 may be the gateway's 0 and 1."""
        from pyarrow import compute

        found = {str(each) for each in compute.unique(column).to_pylist()}
        ones = found & {"1", "1.0"}
        self._has_ones = self._has_ones or bool(ones)
        # a -1, or a word
        self._are_signs = bool(found - ones - {"0", "0.0", "-0.0", "", "None"})
        if self._rows + len(column) >= ENOUGH:
            self.check_sides()

    def check_sides(self) -> None:
        """Refuse sides that may mean two things; to be asked at the file's end too.

        Raises:
            BarError: there was a 1, and nothing that tells what it means.
        """
        if self._are_signs or not self._has_ones:
            return
        raise BarError(
            f"{self._path}: {self._names.side} must have 1 for a buyer and -1 for "
            "a seller, was 1 and never -1 so far, which may be the gateway's 0 for "
            "a buyer and 1 for a seller: state what numbers mean "
            f"({_stated('side', 'gateway')}; or sign, for 1, -1 and 0)"
        )

    def _sides_of_words(self, column: Any) -> Any:
        import pyarrow as pa
        from pyarrow import compute

        word_of = {word: side for side, words in self._words.items() for word in words}
        at = compute.index_in(compute.utf8_upper(column), pa.array(list(word_of)))
        unknown = compute.and_(compute.is_null(at), compute.is_valid(column))
        first = compute.index(unknown, True).as_py()
        if first >= 0:
            raise BadTick(
                f"{self._path}: {self._names.side} must be one of "
                f"{_words(self._words)}, was {column[first].as_py()!r}",
                self._rows + first,
            )
        return pa.array(list(word_of.values()), pa.int8()).take(at)

    # ------------------------------------------------------------------ errors

    def _cast(self, column: Any, kind: Any, name: str | None) -> Any:
        from pyarrow import ArrowException

        try:
            return column.cast(kind)
        except ArrowException as error:
            raise BarError(f"{self._path}: {name}: {error}") from None

    def _wrong(self, name: str | None, wanted: str, column: Any) -> BarError:
        return BarError(f"{self._path}: {name} must hold {wanted}, was {column.type}")


def _cast_or_none(column: Any, kind: Any) -> Any:
    from pyarrow import ArrowInvalid

    try:
        return column.cast(kind)
    except ArrowInvalid:
        return None


def _is_text(column: Any) -> bool:
    import pyarrow as pa

    return bool(pa.types.is_string(column.type))


def _is_number(column: Any) -> bool:
    """Whether it holds numbers, or nothing; a bool is none, nor is a length of time."""
    import pyarrow as pa

    is_one_of = (
        pa.types.is_integer,
        pa.types.is_floating,
        pa.types.is_decimal,
        pa.types.is_null,
    )
    return any(is_one(column.type) for is_one in is_one_of)


def _is_whole(column: Any) -> bool:
    import pyarrow as pa
    from pyarrow import compute

    if pa.types.is_integer(column.type):
        return True
    return bool(compute.all(compute.equal(compute.floor(column), column)).as_py())


def _words(sides: SidesOfWords) -> str:
    return ", ".join(word for words in sides.values() for word in words if word)


def _stated(what: str, unit: str) -> str:
    return f"TickUnits({what}={unit!r}), or --{what}-unit {unit}"
