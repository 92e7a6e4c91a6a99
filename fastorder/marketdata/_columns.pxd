"""Columns of numbers in one piece, whoever owns their memory."""

from libc.stdint cimport int64_t


cdef class Column:
    cdef char* data             # borrowed from owner, or owned
    cdef bint owns              # the collector may take the owner before the column
    cdef readonly Py_ssize_t size
    cdef char kind              # q int64, d float64, b int8
    cdef object owner           # keeps data alive

    cdef Py_ssize_t width(self) noexcept nogil

cdef Column column_over(void* data, Py_ssize_t size, char kind, object owner)
