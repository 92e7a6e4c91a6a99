"""The C side of lookups.py: where its attributes lie once it is compiled."""

from libc.stdint cimport int64_t

from fastorder._core.codec.order cimport OrderRequest
from fastorder._core.flow.classify cimport Answer, classify
from fastorder._core.transport.evidence cimport Evidence
from fastorder.runtime.clock cimport Clock


cdef class Lookups:
    cdef readonly OrderRequest order
    cdef readonly str tag
    cdef readonly str contract_id
    cdef public str note
    cdef public bint restarted
    cdef public bint turned_away
    cdef object _policy
    cdef Clock _clock
    cdef object _server_clock
    cdef object _absence
    cdef object _audit
    cdef list _ours
    cdef list _listing
    cdef bytes _date
    cdef str _found_by
    cdef int64_t _window_s
    cdef int64_t _latest_s
    cdef double _called_s
    cdef double _since_s
    cdef int _longest
    cdef int _widenings

    cpdef bytes search(self, double called_s)
    cpdef object listed(self, Evidence evidence)
    cpdef object traded(self, Evidence evidence)
    cpdef object shown(self, Evidence evidence, int64_t order_id)
    cpdef object _found_as(self, dict row)
    cpdef bint witnessed(self, dict row, double called_s) except -1
    cpdef object _owner_of(self, dict row)
    cpdef object _not_listed(self, list unclear)
    cpdef object begin_anew(self)
    cpdef object record(self)
    cpdef bint count(self) except -1
