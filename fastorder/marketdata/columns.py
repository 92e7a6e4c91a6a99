"""Columns as they are given: buffers, Arrow, NumPy, Polars and pandas."""

from __future__ import annotations

import itertools
import sys
from typing import TYPE_CHECKING, Any

from fastorder.marketdata._columns import (
    Column,
    arrow_columns,
    buffer_column,
    scaled,
)
from fastorder.marketdata.errors import BadTick, WrongColumn

if TYPE_CHECKING:
    from collections.abc import Iterator

UNIT_NS = {"s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}


def columns_of(thing: Any, name: str) -> list[Column]:
    """What is given as columns, in the same memory where it lies in one piece.

    Args:
        thing: a buffer, an Arrow column, a NumPy array, a series.
        name: what an error calls it; time stamps are taken for ``time_ns`` alone.

    Raises:
        WrongColumn: nothing of the kind, or another type of number.
        BadTick: a number that is not there.
    """
    if isinstance(thing, Column):
        return [thing]
    stamps = getattr(thing, "array", thing)  # what holds the times of a pandas series
    if hasattr(stamps, "asi8"):
        return [_pandas_times(stamps, name)]
    if _is_numpy(thing):
        return [_numpy_column(thing, name)]
    if _is_buffer(thing):
        return [buffer_column(thing, name)]
    if hasattr(thing, "__arrow_c_stream__") or hasattr(thing, "__arrow_c_array__"):
        return _arrow_columns(thing, name)
    if hasattr(thing, "to_numpy"):
        return columns_of(thing.to_numpy(), name)
    raise WrongColumn(
        f"{name} must be an array, a buffer or an Arrow column, "
        f"was {type(thing).__name__}"
    )


def column_of(thing: Any, name: str) -> Column:
    """The same in one piece; Arrow's chunks are put together in a copy."""
    found = columns_of(thing, name)
    if len(found) == 1:
        return found[0]
    if not found:
        return buffer_column(memoryview(b"").cast("q"), name)
    views = [memoryview(part) for part in found]
    return column_of_bytes(b"".join(views), views[0].format, name)


def column_of_bytes(data: bytes, kind: str, name: str) -> Column:
    """A column over bytes: of int64 (q), float64 (d) or int8 (b)."""
    view = memoryview(data).cast(kind)  # type: ignore[call-overload]
    return buffer_column(view, name)


def _is_buffer(thing: Any) -> bool:
    try:
        memoryview(thing).release()
    except (TypeError, ValueError, BufferError):
        return False
    return True


def _arrow_columns(thing: Any, name: str) -> list[Column]:
    try:
        found, unit_ns = arrow_columns(thing, name)
    except (WrongColumn, BadTick):
        raise
    except (TypeError, ValueError, NotImplementedError) as error:
        if hasattr(thing, "to_numpy"):  # pandas has types that Arrow has not
            return columns_of(thing.to_numpy(), name)
        raise WrongColumn(f"{name} must be an Arrow column: {error}") from error
    if unit_ns is None:
        return found
    return [_as_times(part, unit_ns, name) for part in found]


def _is_numpy(thing: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(thing, numpy.ndarray)


def _numpy_column(array: Any, name: str) -> Column:
    import numpy

    if isinstance(array, numpy.ma.MaskedArray):
        masked = numpy.flatnonzero(numpy.ma.getmaskarray(array))
        if len(masked):
            raise BadTick(f"{name} must not be masked", int(masked[0]))
        array = array.data
    if array.dtype.kind == "M":
        return _moments(array, name)
    if array.dtype.kind == "m" or not _is_buffer(array):
        raise _wrong_type(array.dtype, name)
    return buffer_column(array, name)


def _moments(array: Any, name: str) -> Column:
    """NumPy's datetime64 as nanoseconds."""
    import numpy

    unit, count = numpy.datetime_data(array.dtype)
    if unit not in UNIT_NS:
        raise WrongColumn(f"{name} must be in s, ms, us or ns, was {array.dtype}")
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    return _as_times(
        buffer_column(native.view("int64"), name), UNIT_NS[unit] * count, name
    )


def _pandas_times(array: Any, name: str) -> Column:
    """What pandas counts in int64: time stamps, but periods and durations too."""
    if getattr(array.dtype, "kind", None) != "M":
        raise _wrong_type(array.dtype, name)
    return _as_times(buffer_column(array.asi8, name), UNIT_NS[array.unit], name)


def _wrong_type(dtype: Any, name: str) -> WrongColumn:
    return WrongColumn(
        f"{name} must hold int64, float64, int8 or time stamps, was {dtype}"
    )


def _as_times(column: Column, unit_ns: int, name: str) -> Column:
    if name != "time_ns":
        raise WrongColumn(f"{name} must hold numbers, was time stamps")
    return scaled(column, unit_ns, name) if unit_ns > 1 else column


def side_by_side(
    lists: list[list[Column]], names: list[str]
) -> Iterator[tuple[int, tuple[Column, ...]]]:
    """Pieces of several columns that start and end together, with where they start.

    Raises:
        WrongColumn: one is longer than another.
    """
    lengths = [sum(len(part) for part in parts) for parts in lists]
    for name, length in zip(names, lengths, strict=True):
        if length != lengths[0]:
            raise WrongColumn(
                f"{name} must be as long as {names[0]} ({lengths[0]}), was {length}"
            )
    edges = sorted({edge for parts in lists for edge in _edges(parts)})
    for start, stop in itertools.pairwise(edges):
        yield start, tuple(_piece(parts, start, stop) for parts in lists)


def _edges(parts: list[Column]) -> list[int]:
    edges = [0]
    for part in parts:
        edges.append(edges[-1] + len(part))
    return edges


def _piece(parts: list[Column], start: int, stop: int) -> Column:
    for part in parts:
        if start < len(part):
            return part.part(start, stop)
        start, stop = start - len(part), stop - len(part)
    raise AssertionError("a piece lies within its parts")
