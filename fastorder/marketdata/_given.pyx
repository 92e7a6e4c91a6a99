# cython: boundscheck=False, wraparound=False, cdivision=True
"""Columns that somebody gives, checked and ready for C."""

from libc.stdint cimport int8_t, int64_t

from fastorder.marketdata._columns cimport Column
from fastorder.marketdata._longer cimport bar_price, bars_t
from fastorder.marketdata._part cimport price_t
from fastorder.marketdata._state cimport END_OF_TIME
from fastorder.marketdata._ticks cimport ticks_t
from fastorder.marketdata._vectors cimport lanes_now

from fastorder.marketdata.errors import BarError, WrongColumn


cdef int read_ticks(ticks_t* ticks, Column time, Column price, Column size, Column side,
                    bint whole) except -1:
    """Columns of ticks as C sees them, once their types and lengths are right."""
    check_column(time, "time_ns", c"q", time.size)
    check_column(price, "price", c"q" if whole else c"d", time.size)
    check_column(size, "size", c"q", time.size)
    if side is not None:
        check_column(side, "side", c"b", time.size)
    ticks.time = <const int64_t*>time.data
    ticks.price = price.data
    ticks.size = <const int64_t*>size.data
    ticks.side = NULL
    if side is not None:
        ticks.side = <const int8_t*>side.data
    ticks.n = time.size
    ticks.is_whole = whole
    ticks.lanes = lanes_now()
    return 0


cdef int check_column(Column column, str name, char kind, Py_ssize_t length) except -1:
    if column.kind != kind:
        wanted = {c"q": "int64", c"d": "float64", c"b": "int8"}[kind]
        raise WrongColumn(f"{name} must hold {wanted}, was {column.dtype}")
    if column.size != length:
        raise WrongColumn(f"{name} must be as long as time_ns ({length}), "
                          f"was {column.size}")
    return 0


cdef int read_bars(bars_t* bars, dict columns, bint whole) except -1:
    """Columns of bars as C sees them, once their types and lengths are right."""
    cdef Column time = columns["time_ns"]
    cdef Column column
    for name, column in columns.items():
        kind = c"q"
        if name in ("value", "value_rest") or (
                name in ("open", "high", "low", "close") and not whole):
            kind = c"d"
        check_column(column, name, kind, time.size)
    bars.n = time.size
    bars.is_whole = whole
    bars.lanes = lanes_now()
    bars.time = <const int64_t*>time.data
    bars.open = data_of(columns, "open")
    bars.high = data_of(columns, "high")
    bars.low = data_of(columns, "low")
    bars.close = data_of(columns, "close")
    bars.volume = <const int64_t*>data_of(columns, "volume")
    bars.ticks = <const int64_t*>data_of(columns, "ticks")
    bars.buy = <const int64_t*>data_of(columns, "buy_volume")
    bars.sell = <const int64_t*>data_of(columns, "sell_volume")
    bars.value = <const double*>data_of(columns, "value")
    bars.left = <const double*>data_of(columns, "value_rest")
    return 0


cdef const void* data_of(dict columns, str name) except? NULL:
    cdef Column column = columns.get(name)
    if column is None:
        return NULL
    return <const void*>column.data


def check_bars(dict columns):
    """Refuse columns that are no bars.

    Raises:
        WrongColumn: another type or length.
        BarError: out of order, not a number, or a high or low that is none.
    """
    cdef bars_t bars
    cdef Column opens = columns["open"]
    cdef int64_t i
    read_bars(&bars, columns, opens.kind == c"q")
    for i in range(bars.n):
        if not 0 <= bars.time[i] < END_OF_TIME:
            raise BarError(f"time_ns must be from 1970 to 2261, was not in bar {i}")
        if i and bars.time[i] <= bars.time[i - 1]:
            raise BarError(f"bars must be in order of time, bar {i} is not")
        if not is_bar(&bars, i):
            raise BarError(
                f"high must be the highest and low the lowest, were not in bar {i}")
        if bars.volume[i] < 0:
            raise BarError(f"volume must not be negative, was in bar {i}")


cdef bint is_bar(const bars_t* bars, int64_t i) noexcept nogil:
    cdef price_t opened = bar_price(bars.open, i)
    cdef price_t high = bar_price(bars.high, i)
    cdef price_t low = bar_price(bars.low, i)
    cdef price_t close = bar_price(bars.close, i)
    if bars.is_whole:
        return (low.whole <= min(opened.whole, close.whole)
                and high.whole >= max(opened.whole, close.whole))
    return (low.real <= opened.real <= high.real and low.real <= close.real <= high.real
            and high.real - high.real == 0 and low.real - low.real == 0)
