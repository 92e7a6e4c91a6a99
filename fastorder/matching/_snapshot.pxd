"""The state of an exchange as bytes, and back."""

from fastorder.matching._state cimport venue_t

cdef bytes packed(const venue_t* venue)
cdef int unpack(venue_t* venue, bytes text) except -1
