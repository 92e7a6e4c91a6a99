"""What a task waits for, and who wakes it."""

cdef class WakeUps:
    cdef object loop
    cdef object over            # a future of the loop that is done
    cdef bint holding           # a callback of the loop is under way
    cdef Waiter first           # to be woken when it ends, in the order of ``after``
    cdef Waiter last

    cdef Waiter waiter(self)
    cdef int hold(self) except -1
    cdef int let_go(self) except -1
    cdef int wake(self, Waiter waiter) except -1

cdef class Waiter:
    cdef public bint _asyncio_future_blocking
    cdef WakeUps wake_ups
    cdef object callback        # the first that was added; None where none was
    cdef object context         # its own
    cdef list others            # (callback, context) of the others; None for none
    cdef Waiter after           # is woken after this one
    cdef bint ended
    cdef bint was_cancelled
    cdef object message

    cdef int wake(self) except -1
    cdef int add(self, object callback, object context) except -1
    cdef list taken(self)
    cdef int run(self) except -1
    cdef int run_soon(self) except -1
