"""The C side of dispatch.py: where its attributes lie once it is compiled."""

cimport cython

from fastorder._core.engine cimport Engine
from fastorder._core.gate cimport Gate
from fastorder._core.protocol cimport Send
from fastorder._core.result cimport OrderResult
from fastorder._core.route cimport Origin, Route, Security
from fastorder._core.ticket cimport Carrier, Ticket
from fastorder._core.transfer cimport Evidence
from fastorder.auth cimport TokenStore
from fastorder.clock cimport Clock
from fastorder.doubts cimport Doubts
from fastorder.gateway_time cimport GatewayTime
from fastorder.renewal cimport Renewal


cdef class Dispatch(Carrier):
    cdef readonly Gate gate
    cdef readonly object witness
    cdef public Clock clock             # a test may replace it, for what asks here
    cdef readonly GatewayTime gateway_time
    cdef readonly TokenStore tokens
    cdef readonly Renewal renewal
    cdef readonly Doubts doubts
    cdef readonly object latecomers
    cdef public bint expects_latecomers
    cdef dict _routes
    cdef dict _open
    cdef object _ended

    @cython.locals(route=Route)
    cpdef object send(self, Send command, Ticket ticket)
    cpdef object heard(self, Evidence evidence)
    cpdef object unauthorized(self, Ticket ticket)
    cpdef object told(self, Ticket ticket)

    @cython.locals(result=OrderResult)
    cpdef object ended(self, Ticket ticket)
    cpdef object halt(self, str reason)
    cpdef Ticket launch(self, Ticket ticket)
