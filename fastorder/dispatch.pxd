"""The C side of dispatch.py: where its attributes lie once it is compiled."""

from fastorder._core.commands cimport Send
from fastorder._core.engine cimport Engine
from fastorder._core.ticket cimport Ticket
from fastorder._core.transfer cimport Route, Security
from fastorder.auth cimport TokenStore
from fastorder.gateway_time cimport GatewayTime


cdef class Dispatch:
    cdef readonly Engine engine
    cdef readonly object clock
    cdef readonly GatewayTime gateway_time
    cdef readonly TokenStore tokens
    cdef dict _routes
    cdef dict _open
    cdef dict _unknown
    cdef object _ended

    cpdef Ticket launch(self, Ticket ticket)
