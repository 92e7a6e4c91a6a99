"""What a task waits for, and who wakes it."""

cdef class WakeUps:
    cdef object loop
    cdef list held              # waiters to wake when the callback ends; None outside

    cdef Waiter waiter(self)
    cdef int hold(self) except -1
    cdef int let_go(self) except -1
    cdef int wake(self, Waiter waiter) except -1

cdef class Waiter:
    cdef public bint _asyncio_future_blocking
    cdef WakeUps wake_ups
    cdef list callbacks         # of (callback, context)
    cdef bint ended
    cdef bint was_cancelled
    cdef object message

    cdef int wake(self) except -1
    cdef int run(self) except -1
    cdef int run_soon(self) except -1
