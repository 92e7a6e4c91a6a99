"""Order tags, counted."""

from libc.stdint cimport uint64_t

cdef enum:
    TAG_SIZE = 30
    NUMBER_SIZE = 8

cdef class TagSeries:
    cdef char letters[TAG_SIZE]     # of the tag that was made last
    cdef uint64_t number            # its own; 0 before the first

    cpdef str next(self)
