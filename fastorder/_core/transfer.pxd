"""One HTTP exchange on one easy handle, everything about it preset."""

from libc.stdint cimport int64_t

from fastorder._core.gate cimport Gate, Lock
from fastorder._core.libcurl cimport CURL, CURLU, curl_slist

cdef enum:
    ERROR_TEXT = 256            # CURL_ERROR_SIZE
    HEADER_TEXT = 64

cdef enum:
    STAMPS = 64

cdef enum Hold:                 # what kept a request from leaving
    NOTHING = 0
    GATE_SHUT = 1
    TOO_LATE = 2

cdef int64_t FOREVER_NS

cdef struct Stamps:             # where the time of the write is still to be noted
    int count
    int64_t* waiting[STAMPS]

cdef struct Wire:
    Stamps* stamps              # the engine's; borrowed while in flight
    # the request
    const char* body            # kept alive by Transfer.body
    size_t body_size
    size_t body_read
    bint once                   # a second start is refused
    Lock* lock                  # borrowed; NULL where the request needs no gate
    int64_t valid_until_ns      # no start after this
    Hold held_back
    int starts                  # how often libcurl asked to start the request
    CURL* easy                  # borrowed; the transfer's own
    bint stale                  # the connection had input before the request
    # the answer
    char* answer                # owned; kept between exchanges; NULL until the first
    size_t answer_size
    size_t answer_room
    size_t answer_limit
    bint answer_too_large
    char date[HEADER_TEXT]
    int date_size
    char retry_after[HEADER_TEXT]
    int retry_after_size
    # monotonic nanoseconds, 0 until it happens
    int64_t submitted_ns
    int64_t written_ns
    int64_t first_byte_ns
    char error[ERROR_TEXT]

cdef class Security:
    cdef readonly str ca_file
    cdef readonly str ca_path
    cdef readonly bint native_ca
    cdef readonly str protocols

cdef class Route:
    cdef readonly str url
    cdef readonly bint once
    cdef readonly bint is_post
    cdef readonly int connect_ms
    cdef readonly int request_ms
    cdef readonly size_t answer_limit
    cdef Security security
    cdef CURLU* parsed          # owned; the URL, taken apart once
    cdef list idle              # transfers that wait for their next exchange

    cdef int parse(self, bytes url) except -1
    cdef Transfer take(self)
    cdef int give_back(self, Transfer transfer) except -1
    cdef int forget(self) except -1

cdef class Evidence:
    cdef readonly int curl_code
    cdef readonly str curl_error
    cdef readonly int starts
    cdef readonly str held_back     # why it was kept from leaving; None where not
    cdef readonly int http_status
    cdef readonly bint too_large
    cdef readonly bint new_connection
    cdef readonly bytes body
    cdef readonly bytes date
    cdef readonly bytes retry_after
    cdef readonly int64_t submitted_ns
    cdef readonly int64_t written_ns
    cdef readonly int64_t first_byte_ns
    cdef readonly int64_t finished_ns

cdef class Receiver:
    cpdef object receive(self, Evidence evidence)
    cpdef object wake(self)
    cpdef object stop(self, Evidence evidence)
    cpdef object fail(self, object error)

cdef class Transfer:
    cdef CURL* easy             # owned; NULL once closed
    cdef curl_slist* headers    # owned; NULL once closed
    cdef Wire wire
    cdef Route route
    cdef bytes body             # the bytes that wire.body points into
    cdef bytes token            # the token that the easy handle carries now
    cdef Gate gate              # owns wire.lock; None where there is none
    cdef void* notes            # borrowed; the engine's that closes its sockets
    cdef Receiver receiver      # gets the Evidence; None while idle

    cdef int aim(self, Route route) except -1
    cdef int header(self, const char* line) except -1
    cdef int prepare(
        self, bytes body, bytes token, Receiver receiver, Stamps* stamps, Gate gate,
        int64_t valid_until_ns
    ) except -1
    cdef Evidence finish(self, int curl_code)
    cdef str why_held_back(self)
    cdef int explain(self, str text) except -1
    cdef str error(self, int curl_code)
    cdef int settle(self) except -1
    cdef int close(self) except -1
