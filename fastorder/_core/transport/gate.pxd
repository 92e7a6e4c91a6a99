"""The gate that new exposure has to pass at the very moment it would leave."""

cdef struct Lock:               # read as a send begins, without the GIL
    int shut
    const char* file            # kept alive by Gate.path; NULL where there is none
    const char* folder          # that it lies in; kept alive by Gate.folder

cdef class Gate:
    cdef Lock lock
    cdef bytes path
    cdef bytes folder
    cdef readonly str reason    # why it is shut; None while it is not
    cdef readonly bint final    # it was shut for good

    cdef int watch(self, bytes file) except -1
    cpdef bint is_shut(self) noexcept

cdef bint is_shut(Lock* lock) noexcept nogil
