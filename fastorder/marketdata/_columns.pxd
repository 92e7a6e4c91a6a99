"""Columns of numbers in one piece, whoever owns their memory."""

from libc.stdint cimport int64_t


cdef class Column:
    cdef char* data             # borrowed from owner, or owned
    cdef bint owns              # the collector may take the owner before the column
    cdef readonly Py_ssize_t size
    cdef size_t room            # bytes of the memory that it owns; 0 where not known
    cdef char kind              # q int64, d float64, b int8
    cdef object owner           # keeps data alive

    cdef Py_ssize_t width(self) noexcept nogil

cdef Column column_over(void* data, Py_ssize_t size, char kind, object owner)
cdef Column column_of_memory(char* memory, Py_ssize_t size, char kind, size_t room)

# memory that such a column can own; see memory.h
cdef char* longer_memory(char* memory, size_t used, size_t* size,
                         size_t wanted) noexcept nogil
cdef char* fitted_memory(char* memory, size_t used, size_t* size) noexcept nogil
cdef void give_memory_back(char* memory, size_t size) noexcept nogil
