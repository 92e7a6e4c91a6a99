"""The gate that new exposure has to pass at the very moment it would leave."""

cdef struct Lock:               # read as a send begins, without the GIL
    int shut
    const char* file            # kept alive by Gate.path; NULL where there is none

cdef class Gate:
    cdef Lock lock
    cdef bytes path
    cdef readonly str reason    # why it is shut; None while it is not
    cdef readonly bint final    # it was shut for good

    cpdef bint is_shut(self) noexcept

cdef bint is_shut(Lock* lock) noexcept nogil
