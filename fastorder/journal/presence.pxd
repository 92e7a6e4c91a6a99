"""The C side of presence.py, which also asks the system without Python's help."""

cdef extern from "same_file.h":
    struct fastorder_left:
        unsigned long long device
        unsigned long long number
        long long size
        long long changed_ns
    int fastorder_look(const char* path, fastorder_left* left) noexcept


cdef class OpenFile:
    cdef bytes _path
    cdef readonly str name
    cdef fastorder_left _left

    cpdef int look(self)


cdef inline int looked(OpenFile file, const char* path) noexcept:
    return fastorder_look(path, &file._left)


cdef class Presence:
    cdef str _journal
    cdef str _what
    cdef OpenFile _file
    cdef OpenFile _log

    cpdef bint is_uncut(self)
    cpdef bint is_whole(self)
    cpdef bint is_moved(self)
