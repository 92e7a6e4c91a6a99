"""Which vectors the inner loops run with."""

cdef extern from "vectors.h" nogil:
    ctypedef struct lanes_t:
        pass

cdef const lanes_t* lanes_now() noexcept nogil
