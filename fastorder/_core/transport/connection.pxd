"""One connection: libcurl opens it, and one exchange at a time goes over it."""

from libc.stdint cimport int64_t

from fastorder._core.transport.addresses cimport Tries
from fastorder._core.transport.http_answer cimport Answer
from fastorder._core.transport.gate cimport Gate, Lock
from fastorder._core.transport.libcurl cimport CURL, CURLM, socket_t
from fastorder._core.transport.request_head cimport Origin, Route
from fastorder._core.transport.evidence cimport Evidence, Receiver

cdef enum:
    ERROR_TEXT = 256            # CURL_ERROR_SIZE

cdef enum Hold:                 # what kept a request from leaving
    NOTHING = 0
    GATE_SHUT = 1
    TOO_LATE = 2

cdef enum Want:                 # what a request that is not all taken waits for
    NOTHING_YET = 0             # it was not tried
    ROOM = 1                    # the socket is full
    BYTES = 2                   # TLS has to read before it can write

cdef enum Step:                 # where an exchange stands after a step of it
    GOES_ON = 0                 # the socket is to be waited for
    LEFT = 1                    # the whole request is with the kernel
    ENDED = 2                   # the whole answer is there
    HELD = 3                    # the gate, or its time, kept it from leaving
    STALE = 4                   # the connection had an end, or input, before it
    FAILED = 5                  # Wire.code says why

cdef struct Wire:
    CURL* easy                  # owned; NULL once closed
    # the request
    char* out                   # owned; kept between requests; NULL until the first
    size_t out_room
    size_t out_size
    size_t out_sent
    Lock* lock                  # borrowed; NULL where the request needs no gate
    int64_t valid_until_ns      # it does not begin to leave after this
    Hold held_back
    int starts                  # how often a send of it was begun
    bint begun                  # a byte of it was taken, or may have been
    Want wants
    socket_t fd                 # once it is open
    # the answer
    Answer answer
    int code                    # why it failed, as a CURLcode
    # monotonic nanoseconds, 0 until it happens
    int64_t deadline_ns         # the exchange ends then
    int64_t written_ns
    int64_t first_byte_ns
    char error[ERROR_TEXT]

cdef Step begin(Wire* wire) noexcept nogil
cdef Step push(Wire* wire) noexcept nogil
cdef Step pull(Wire* wire) noexcept nogil
cdef Step resume(Wire* wire, bint readable) noexcept nogil
cdef int64_t ends_ns(Wire* wire) noexcept nogil
cdef bint is_quiet(Wire* wire) noexcept nogil

cdef class Connection:
    cdef Wire wire
    cdef Origin origin
    cdef Tries tries            # addresses, while it is opened
    cdef bint is_open
    cdef int exchanges          # that have ended on it
    cdef int64_t opened_ns
    cdef int64_t idle_ns        # since when it is idle
    # of the exchange; None while idle
    cdef Receiver receiver      # gets the Evidence
    cdef Route route
    cdef bytes body
    cdef bytes token
    cdef Gate gate              # owns wire.lock; None where there is none
    cdef object channel         # what it has become; None while it speaks HTTP

    cdef int load(
        self, Route route, bytes body, bytes token, Receiver receiver, Gate gate,
        int64_t valid_until_ns, int64_t deadline_ns) except -1
    cdef int take_over(self, Connection other) except -1
    cdef int write_request(self) except -1
    cdef int opened(self) except -1
    cdef bint may_begin_anew(self)
    cdef bint may_carry_more(self, int code)
    cdef bint is_too_old(self, int64_t now_ns)
    cdef Evidence finish(self, int code)
    cdef str error(self, int code)
    cdef str why_held_back(self)
    cdef int shun(self) except -1
    cdef bint passed_all_over(self)
    cdef int explain(self, str text) except -1
    cdef int unload(self) except -1
    cdef int close(self, CURLM* multi) except -1
    cdef int abandon(self) except -1
