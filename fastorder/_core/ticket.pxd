"""A request on its way, and who carries it."""

from libc.stdint cimport int64_t

from fastorder._core.engine cimport Engine
from fastorder._core.protocol cimport RequestProtocol, Send
from fastorder._core.transfer cimport Evidence, Receiver
from fastorder._core.waiter cimport Waiter

cdef class Carrier:
    cdef readonly Engine engine

    cpdef object send(self, Send command, Ticket ticket)
    cpdef object heard(self, Evidence evidence)
    cpdef object unauthorized(self, Ticket ticket)
    cpdef object told(self, Ticket ticket)
    cpdef object ended(self, Ticket ticket)
    cpdef object halt(self, str reason)

cdef class Ticket(Receiver):
    cdef object __weakref__
    cdef readonly RequestProtocol protocol
    cdef readonly str kind
    cdef readonly str tag
    cdef readonly object account_id
    cdef readonly object order_id
    cdef public bint done
    cdef readonly bint settled
    cdef public int64_t token_number
    cdef readonly object result
    cdef Carrier carrier
    cdef object convert
    cdef object error           # of a read that failed; None otherwise
    cdef Waiter waiter          # of the first task that waits; None until one does
    cdef list waiters           # of the others; None until there is one
    cdef object steps           # the wait of each task that runs the ticket itself

    cdef int begin(
        self, Carrier carrier, RequestProtocol protocol, str kind, str tag,
        object account_id) except -1
    cpdef object outcome(self)
    cpdef object rest(self)
    cpdef object obey(self, object command)
    cdef int tell(self, object value) except -1
    cdef int settle(self, object value) except -1
    cdef int wake_waiters(self) except -1
    cdef int end(self) except -1
    cdef object unknown(self, str error)
    cdef int go_on(self, object command) except -1


cpdef Ticket ticket_of_order(
    Carrier carrier, RequestProtocol protocol, str tag, object account_id)
