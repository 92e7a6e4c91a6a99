"""Where requests go to, and the head that each of them has."""

from fastorder._core.transport.addresses cimport Shunned
from fastorder._core.transport.libcurl cimport CURLU

cdef class Security:
    cdef readonly str ca_file
    cdef readonly str ca_path
    cdef readonly bint native_ca
    cdef readonly str protocols

cdef class Origin:
    cdef readonly str base_url
    cdef readonly int connect_ms
    cdef Security security
    cdef str path               # of the base URL; empty as a rule
    cdef bytes host             # as the header Host has it
    cdef Shunned shunned        # addresses that gave no connection
    cdef CURLU* parsed          # owned; scheme, host and port, taken apart once

    cdef int parse(self, bytes url) except -1

cdef class Route:
    cdef readonly Origin origin
    cdef readonly str path
    cdef readonly bint once
    cdef readonly bint lessens
    cdef readonly bint authorized
    cdef readonly bint is_post
    cdef readonly bint upgrades     # to a WebSocket
    cdef readonly int request_ms
    cdef readonly size_t answer_limit
    cdef readonly str coding
    cdef readonly int lane
    cdef bytes token            # that head was made with; None for none
    cdef bytes made             # None until the first request

    cdef bytes head(self, bytes token)
    cdef list lines(self)
