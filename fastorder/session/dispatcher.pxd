"""The C side of dispatcher.py: where its attributes lie once it is compiled."""

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.transport.engine cimport Engine
from fastorder._core.transport.gate cimport Gate
from fastorder._core.flow.protocol cimport Send
from fastorder._core.flow.result cimport OrderResult
from fastorder._core.transport.request_head cimport Origin, Route, Security
from fastorder._core.flow.ticket cimport DispatcherBase, Ticket
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder.budgets.budget cimport RequestBudget
from fastorder.auth.token_store cimport TokenStore
from fastorder.runtime.clock cimport Clock
from fastorder.placement.protocol cimport Placement
from fastorder.placement.interlock cimport Interlock
from fastorder.gateway.order_contracts cimport OrderContracts
from fastorder.gateway.server_clock cimport ServerClock
from fastorder.auth.renewal cimport Renewal
from fastorder.session.change_reports cimport ChangeReports


cdef class Dispatcher(DispatcherBase):
    cdef readonly Gate gate
    cdef readonly object outcome_log
    cdef readonly ChangeReports reports
    cdef public object risk             # hears of changes that have ended; None: nobody
    cdef public Clock clock             # a test may replace it, for what asks here
    cdef readonly ServerClock server_clock
    cdef readonly TokenStore tokens
    cdef readonly Renewal renewal
    cdef readonly Interlock interlock
    cdef readonly object closes
    cdef readonly object late_arrivals
    cdef public RequestBudget budget    # None where none is counted
    cdef public bint expects_late_arrivals
    cdef public object on_refused
    cdef readonly OrderContracts order_contracts
    cdef readonly dict groups
    cdef readonly object ended_groups
    cdef dict _routes
    cdef dict _urgent_routes
    cdef dict _open
    cdef dict _recalled
    cdef object _restart_looks
    cdef object _ended

    @cython.locals(route=Route)
    cpdef object dispatch(self, Send command, Ticket ticket)
    cpdef object exchange_ended(self, Evidence evidence, Receiver receiver)
    cpdef bint begins_anew(self, Receiver receiver) except -1
    cpdef object wait_left(self, Ticket ticket)
    cpdef object waited_s(self, Ticket ticket)

    @cython.locals(until_ns=int64_t)
    cdef object _submit_counted(
        self, Route route, Send command, bytes token, Receiver receiver, int lane)
    cpdef object token_refused(self, Ticket ticket)
    cpdef object outcome_unknown(self, Ticket ticket)

    @cython.locals(result=OrderResult)
    cpdef object ticket_ended(self, Ticket ticket)
    cpdef object client_failed(self, Ticket ticket, object error)
    cdef object _look_out_for(self, Ticket ticket, object outcome)

    @cython.locals(result=OrderResult)
    @cython.locals(placement=Placement)
    cdef object _note_contract(self, Ticket ticket, object outcome)
    cpdef object halt(self, str reason)
    cpdef Ticket launch(self, Ticket ticket)
    cpdef object enter(self, Ticket ticket)
    cpdef object withdraw(self, Ticket ticket)
    cpdef object broken_off(self, Ticket ticket, object error)
    cdef object _carry_on(self, Ticket ticket, object command)


cdef int _lane_of(Route route, Ticket ticket) except -2
