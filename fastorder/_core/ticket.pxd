"""A request on its way."""

cdef class Ticket:
    cdef object __weakref__
    cdef readonly object protocol
    cdef readonly str kind
    cdef readonly str tag
    cdef readonly object account_id
    cdef readonly object order_id
    cdef public bint done
    cdef readonly object result
    cdef object dispatch
    cdef object convert
    cdef object error           # of a read that failed; None otherwise
    cdef list waiters           # futures; None until somebody waits
    cdef object steps           # the wait of each task that runs the ticket itself

    cdef int settle(self, object value) except -1
    cdef int end(self) except -1
    cdef object unknown(self, str error)
    cdef int go_on(self, object command) except -1
