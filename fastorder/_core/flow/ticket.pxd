"""A request on its way, and who carries it."""

from libc.stdint cimport int64_t

from fastorder._core.transport.engine cimport Engine
from fastorder._core.flow.protocol cimport RequestProtocol, Send
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder._core.transport.waiter cimport Waiter

cdef class DispatcherBase:
    cdef readonly Engine engine

    cpdef object dispatch(self, Send command, Ticket ticket)
    cpdef object exchange_ended(self, Evidence evidence, Receiver receiver)
    cpdef bint begins_anew(self, Receiver receiver) except -1
    cpdef object wait_left(self, Ticket ticket)
    cpdef object waited_s(self, Ticket ticket)
    cpdef object token_refused(self, Ticket ticket)
    cpdef object outcome_unknown(self, Ticket ticket)
    cpdef object client_failed(self, Ticket ticket, object error)
    cpdef object ticket_ended(self, Ticket ticket)
    cpdef object halt(self, str reason)

cdef class Ticket(Receiver):
    cdef object __weakref__
    cdef readonly RequestProtocol _protocol
    cdef readonly str kind
    cdef readonly str tag
    cdef readonly object account_id
    cdef readonly object _order_id
    cdef public bint done
    cdef readonly bint settled
    cdef public int64_t _token_number   # that its last request left with; 0 for none
    cdef public int _lane       # of its budget; -1 for that of its endpoint
    cdef readonly object result
    cdef DispatcherBase dispatcher
    cdef object convert
    cdef object error           # of a read that failed; None otherwise
    cdef Waiter waiter          # of the first task that waits; None until one does
    cdef dict waiters           # of the others, oldest first; None until there is one
    cdef list callbacks         # for when a result is there; None as a rule
    cdef object steps           # the wait of each task that runs the ticket itself

    cdef int begin(
        self, DispatcherBase dispatcher, RequestProtocol protocol, str kind, str tag,
        object account_id) except -1
    cpdef object _settle_with(self, object result, object error=*)
    cpdef object _call_when_done(self, object callback)
    cpdef object _value(self)
    cpdef object _fail(self, object error)
    cpdef object _release(self)
    cpdef object _left(self)
    cpdef object _unwanted(self)
    cpdef object _execute(self, object command)
    cpdef object _break_off(self, str why)
    cdef int tell(self, object value) except -1
    cdef int settle(self, object value) except -1
    cdef int leave(self, Waiter waiter) except -1
    cdef int wake_waiters(self) except -1
    cdef int call_back(self) except -1
    cdef int callback_failed(self, object callback, object error) except -1
    cdef int wake_tasks(self) except -1
    cdef int take(self, object value) except -1
    cdef int end(self) except -1
    cdef object unknown(self, str error)
    cdef int go_on(self, object command) except -1


cpdef Ticket ticket_of_order(
    DispatcherBase dispatcher, RequestProtocol protocol, str tag, object account_id)
