"""Requests as they reach the venue: checked by the gateway's rules, then applied."""

from fastorder.matching._state cimport request_t, venue_t

cdef void arrived(venue_t* venue, const request_t* request) noexcept nogil
