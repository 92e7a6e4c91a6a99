"""What a task awaits while its ticket is open, and its wake-up.

A future of asyncio wakes its task at the loop's next turn: after one more look at every
socket, and behind all that is ready by then. An answer wakes its task at once, as the
last act of the very callback in which the loop had it read. No task is running there,
and the engine has done its own work. Anywhere else, in another task's step say, a task
is woken as asyncio does it.
"""

from contextvars import copy_context

cimport cython
from cpython.contextvars cimport PyContext_Enter, PyContext_Exit


cdef class WakeUps:
    """Wakes the tasks of one event loop.

    Between ``hold`` and ``let_go``, which enclose a callback of the loop, it is noted
    who is to be woken.
    """

    def __init__(self, loop not None):
        self.loop = loop
        self.over = loop.create_future()
        self.over.set_result(None)

    cdef Waiter waiter(self):
        """A new wait."""
        cdef Waiter made = Waiter.__new__(Waiter)
        made.wake_ups = self
        return made

    cdef int hold(self) except -1:
        self.holding = True
        return 0

    cdef int let_go(self) except -1:
        """Wake who was noted; what one of them raises keeps no other asleep."""
        cdef Waiter waiter = self.first
        cdef Waiter after
        self.holding = False
        self.first = self.last = None
        while waiter is not None:
            after, waiter.after = waiter.after, None
            try:
                waiter.run()
            except BaseException:
                while after is not None:
                    waiter, after = after, after.after
                    waiter.after = None
                    waiter.run_soon()
                raise
            waiter = after
        return 0

    cdef int wake(self, Waiter waiter) except -1:
        if not self.holding:
            return waiter.run_soon()
        if self.first is None:
            self.first = waiter
        else:
            self.last.after = waiter
        self.last = waiter
        return 0


@cython.freelist(8)
cdef class Waiter:
    """A future without a value, for one wait of one task.

    It has what a task of asyncio asks of a future.
    """

    def __init__(self, WakeUps wake_ups not None):
        self.wake_ups = wake_ups

    def __repr__(self):
        ended = "cancelled" if self.was_cancelled else "done"
        return f"<Waiter {ended if self.ended else 'pending'}>"

    def get_loop(self):
        """The event loop of the task."""
        return self.wake_ups.loop

    def done(self):
        """Whether the wait is over."""
        return self.ended

    def cancelled(self):
        """Whether the wait was cancelled."""
        return self.was_cancelled

    def add_done_callback(self, callback, *, context=None):
        """Call this once the wait is over, in the context.

        It is given the waiter, or a future of asyncio's own that is over.
        """
        self.add(callback, copy_context() if context is None else context)
        if self.ended:
            self.run_soon()

    cdef int add(self, object callback, object context) except -1:
        if self.callback is None:
            self.callback = callback
            self.context = context
        elif self.others is None:
            self.others = [(callback, context)]
        else:
            self.others.append((callback, context))
        return 0

    cdef list taken(self):
        """All that were added, oldest first; none is left."""
        if self.callback is None:
            return []
        cdef list taken = [(self.callback, self.context), *(self.others or ())]
        self.callback = self.context = self.others = None
        return taken

    def remove_done_callback(self, callback):
        """Call it no more; how often it had been added."""
        removed = 0
        for added, context in self.taken():
            if added == callback:
                removed += 1
            else:
                self.add(added, context)
        return removed

    def result(self):
        """None.

        Raises:
            CancelledError: the wait was cancelled.
            InvalidStateError: the wait is not over.
        """
        if self.ended and not self.was_cancelled:
            return
        from asyncio import CancelledError, InvalidStateError  # a loop is running
        if self.was_cancelled:
            raise CancelledError() if self.message is None else CancelledError(
                self.message)
        raise InvalidStateError("the wait is not over")

    def exception(self):
        """None. Raises as ``result`` does."""
        self.result()

    def cancel(self, msg=None):
        """End the wait; False where it is over already."""
        if self.ended:
            return False
        self.ended = self.was_cancelled = True
        self.message = msg
        self.run_soon()
        return True

    cdef int wake(self) except -1:
        """The wait is over."""
        if not self.ended:
            self.ended = True
            self.wake_ups.wake(self)
        return 0

    cdef int run(self) except -1:
        """Call what was added, now, with a future of asyncio's own.

        A task takes the result of such a one in C, and that of a Waiter by name.
        """
        callback, context, others = self.callback, self.context, self.others
        self.callback = self.context = self.others = None
        if callback is not None:
            call(callback, context, self.wake_ups.over)
        if others is not None:
            for callback, context in others:
                call(callback, context, self.wake_ups.over)
        return 0

    cdef int run_soon(self) except -1:
        """Call it at the loop's next turn; one that is closed has none."""
        if self.wake_ups.loop.is_closed():
            return 0
        for callback, context in self.taken():
            self.wake_ups.loop.call_soon(callback, self, context=context)
        return 0


cdef int call(object callback, object context, object future) except -1:
    PyContext_Enter(context)
    try:
        callback(future)
    finally:
        PyContext_Exit(context)
    return 0
