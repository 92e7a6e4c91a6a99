"""Exchange: the venue, for whoever drives it from compiled code."""

from libc.stdint cimport int64_t

from fastorder.matching._feed cimport columns_t
from fastorder.matching._state cimport event_t, request_t, venue_t
from fastorder.matching._walk cimport bars_t


cdef class Exchange:
    cdef venue_t venue
    cdef bint ready
    cdef bint busy              # a call is under way
    cdef list kept              # what the venue borrows
    cdef dict tags
    cdef object on_event
    cdef bytes fingerprint
    cdef int64_t n_fed

    cdef int set_model(self, fills) except -1
    cdef const int64_t* borrow(self, rows)
    cdef int set_latencies(self, latency) except -1
    cdef int set_accounts(self, tuple accounts, int64_t n_contracts) except -1
    cdef int set_contracts(self, tuple contracts) except -1
    cdef request_t request(self, int what, account, contract) except *
    cdef int set_tags(self, request_t* request, tag) except -1
    cdef int64_t tag_number(self, str tag) except -1
    cdef int64_t send(self, request_t* request, int ids, at) except -1
    cdef int start_feed(self, contract, bint pause, bint bars=*) except -1
    cdef int end_feed(self) except -1
    cdef int64_t feed(self, int number, const columns_t* columns, const bars_t* bars,
                      bint ticks, bint pause) except -1
    cdef int show_events(self) except -1
    cdef taken(self, int64_t n)
    cdef int account_number(self, account) except -1
    cdef int contract_number(self, contract) except -1
    cdef int check_ready(self) except -1
    cdef int check_failed(self) except -1
    cdef bytes checked_body(self, bytes snapshot)


cdef tuple event_row(const event_t* event)
