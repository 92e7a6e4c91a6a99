"""The C side of index.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder.journal.rows cimport Intent


cdef class Index:
    cdef public long long count
    cdef readonly dict last
    cdef readonly dict keys
    cdef readonly dict notes
    cdef readonly dict unresolved

    cpdef str known(self, Intent intent)

    @cython.locals(tag=str, kind=str)
    cpdef object add(self, tuple row)
