"""The C side of presence.py, which also asks the system without Python's help."""

cdef extern from "same_file.h":
    bint fastorder_is_same_file(
        const char* path, unsigned long long device, unsigned long long number
    ) noexcept


cdef class SameFile:
    cdef bytes _path
    cdef readonly str name
    cdef unsigned long long _device
    cdef unsigned long long _number

    cpdef bint is_there(self)


cdef class Presence:
    cdef str _journal
    cdef SameFile _file
    cdef SameFile _log

    cpdef bint is_whole(self)
