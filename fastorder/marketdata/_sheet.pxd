"""The columns that bars are written to."""

from libc.stdint cimport int64_t

from fastorder.marketdata._columns cimport Column
from fastorder.marketdata._part cimport part_t

cdef extern from "sheet.h" nogil:
    enum:
        TIME
        OPEN
        HIGH
        LOW
        CLOSE
        VOLUME_SUM
        TICKS
        BUY
        SELL
        VALUE_SUM
        VALUE_LEFT
        COLUMNS

cdef struct sheet_t:
    char* columns[COLUMNS]      # owned by the machine; NULL where a column is not kept
    size_t bytes[COLUMNS]       # what each column has, at least 8 * room
    bint keeps[COLUMNS]
    Py_ssize_t size
    Py_ssize_t room

cdef int grow(sheet_t* sheet, Py_ssize_t least) noexcept nogil
cdef int emit(sheet_t* sheet, int64_t label, const part_t* part) noexcept nogil
cdef void keep(sheet_t* sheet, int column, bint kept) noexcept nogil
cdef void drop(sheet_t* sheet) noexcept nogil
cdef char kind_of(int column, bint is_whole) noexcept nogil
cdef Column tear(sheet_t* sheet, int column, bint is_whole)
cdef object cell(const sheet_t* sheet, int column, Py_ssize_t i, bint is_whole)
