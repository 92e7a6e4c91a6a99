# cython: boundscheck=False, wraparound=False, cdivision=True
"""The columns that bars are written to, until somebody takes them."""

from libc.stdint cimport int64_t

from fastorder.marketdata._columns cimport (
    Column,
    column_of_memory,
    fitted_memory,
    give_memory_back,
    longer_memory,
)
from fastorder.marketdata._part cimport FINE, NO_MEMORY, part_t

cdef extern from "sheet.h" nogil:
    void put_bar(char** columns, int64_t at, int64_t label, const part_t* part,
                 int has_more) noexcept

NAMES = (
    "time_ns", "open", "high", "low", "close", "volume", "ticks", "buy_volume",
    "sell_volume", "value", "value_rest")


cdef int grow(sheet_t* sheet, Py_ssize_t least) noexcept nogil:
    """Make room for at least so many bars, and for twice as many as before."""
    cdef size_t wanted = 8 * max(2 * sheet.room, least)
    cdef char* grown
    cdef int column
    for column in range(COLUMNS):
        if sheet.keeps[column]:
            grown = longer_memory(
                sheet.columns[column], 8 * sheet.size, &sheet.bytes[column], wanted)
            if grown is NULL:
                return NO_MEMORY
            sheet.columns[column] = grown
    sheet.room = wanted // 8
    return FINE


cdef int emit(sheet_t* sheet, int64_t label, const part_t* part) noexcept nogil:
    """Write one bar down."""
    if sheet.size == sheet.room and grow(sheet, 64):
        return NO_MEMORY
    put_bar(sheet.columns, sheet.size, label, part, True)
    sheet.size += 1
    return FINE


cdef void keep(sheet_t* sheet, int column, bint kept) noexcept nogil:
    """Say whether a column is kept, as long as nothing is written."""
    drop(sheet)
    sheet.keeps[column] = kept


cdef void drop(sheet_t* sheet) noexcept nogil:
    """Let all go that is written."""
    cdef int column
    for column in range(COLUMNS):
        give_memory_back(sheet.columns[column], sheet.bytes[column])
        sheet.columns[column] = NULL
        sheet.bytes[column] = 0
    sheet.size = sheet.room = 0


cdef char kind_of(int column, bint is_whole) noexcept nogil:
    """The type of a column: q int64, d float64."""
    if column >= VALUE_SUM or (OPEN <= column <= CLOSE and not is_whole):
        return c"d"
    return c"q"


cdef Column tear(sheet_t* sheet, int column, bint is_whole):
    """One column, with its memory; the last act before the sheet is dropped."""
    cdef size_t size = sheet.bytes[column]
    cdef char* memory = fitted_memory(sheet.columns[column], 8 * sheet.size, &size)
    if memory is NULL:
        raise MemoryError
    sheet.columns[column] = NULL
    sheet.bytes[column] = 0
    return column_of_memory(memory, sheet.size, kind_of(column, is_whole), size)


cdef object cell(const sheet_t* sheet, int column, Py_ssize_t i, bint is_whole):
    """One number of a bar; None where its column is not kept."""
    if not sheet.keeps[column]:
        return None
    if kind_of(column, is_whole) == c"d":
        return (<double*>sheet.columns[column])[i]
    return (<int64_t*>sheet.columns[column])[i]
