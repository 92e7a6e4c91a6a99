"""A request on its way: it can be awaited, looked at, and left alone.

The request does not depend on anybody waiting: an await that is cancelled ends the
wait, never the request. The ticket obeys its protocol's commands until the protocol
has finished.
"""

from types import GenericAlias
from weakref import WeakKeyDictionary

cimport cython
from cpython.ref cimport PyObject

from fastorder._core.codec.public_name cimport show_as
from fastorder._core.transport.clock cimport monotonic_ns
from fastorder._core.flow.protocol cimport (
    Finish, Halt, Pause, RequestProtocol, Send, Tell)
from fastorder._core.flow.result cimport result_of
from fastorder._core.transport.evidence cimport Evidence, Receiver
from fastorder._core.transport.waiter cimport Waiter

from fastorder._base.outside_text import from_outside
from fastorder.enums import Outcome
from fastorder.errors import ExecutorClosed, FastOrderError, NotAwaited

cdef extern from "Python.h":
    PyObject* PyEval_GetGlobals()

cdef object UNKNOWN = Outcome.UNKNOWN

cdef enum:
    UNAUTHORIZED = 401

cdef frozenset FOR_TASKS = frozenset({"send", "throw", "close"})
# asyncio looks for them where it is given a coroutine; nobody else has to


cdef class DispatcherBase:
    """Who sends for tickets, and keeps the book of them; a subclass does both.

    Attributes:
        engine: drives the exchanges.
    """

    cpdef object dispatch(self, Send command, Ticket ticket):
        """Send what the ticket's protocol asks for."""
        raise NotImplementedError

    cpdef object exchange_ended(self, Evidence evidence, Receiver receiver):
        """An exchange of a ticket has ended, or of another receiver."""
        raise NotImplementedError

    cpdef bint begins_anew(self, Receiver receiver) except -1:
        """Whether a read may leave once more, on another connection."""
        return True

    cpdef object wait_left(self, Ticket ticket):
        """Nobody waits for a read any more; it may not have left yet."""

    cpdef object waited_s(self, Ticket ticket):
        """For how long a request has waited for room; None where it does not."""
        return None

    cpdef object token_refused(self, Ticket ticket):
        """The gateway has not taken the token of a ticket's request."""
        raise NotImplementedError

    cpdef object outcome_unknown(self, Ticket ticket):
        """A ticket has a result that is not its last."""
        raise NotImplementedError

    cpdef object client_failed(self, Ticket ticket, object error):
        """The client itself has failed at a ticket, and nobody else hears of it."""
        raise NotImplementedError

    cpdef object ticket_ended(self, Ticket ticket):
        """A ticket has its last result."""
        raise NotImplementedError

    cpdef object halt(self, str reason):
        """No new exposure may leave any more."""
        raise NotImplementedError


cpdef Ticket ticket_of_order(
    DispatcherBase dispatcher, RequestProtocol protocol, str tag, object account_id
):
    """The ticket of an order that is placed, without the cost of a Python call."""
    cdef Ticket ticket = Ticket.__new__(Ticket)
    ticket.begin(dispatcher, protocol, "place", tag, account_id)
    return ticket


@cython.auto_pickle(False)
cdef class Ticket(Receiver):
    """One request, from the call to its result.

    ``await ticket`` gives the result, as often as it is asked. A ticket is taken
    wherever a coroutine is: ``asyncio.create_task``, ``gather``, ``wait_for``. It is
    not its result: where it is taken for it, it raises NotAwaited. Other than those of
    a task of asyncio, ``done`` and ``result`` are no methods.

    Attributes:
        kind: "place", "modify", "cancel", "close", "partial close" or "read".
        tag: the order's tag; None where there is none.
        account_id: the account that the request is about; None where not known.
        done: whether a result is there.
        settled: whether it is the last one: of an unknown outcome there may be more.
        result: what is known; None until then.
    """

    def __init__(
        self, DispatcherBase dispatcher not None, protocol, str kind, str tag=None,
        account_id=None, order_id=None, convert=None
    ):
        self.begin(dispatcher, protocol, kind, tag, account_id)
        self._order_id = order_id
        self.convert = convert

    cdef int begin(
        self, DispatcherBase dispatcher, RequestProtocol protocol, str kind, str tag,
        object account_id
    ) except -1:
        self.dispatcher = dispatcher
        self._protocol = protocol
        self.kind = kind
        self.tag = tag
        self.account_id = account_id
        self._lane = -1
        return 0

    @classmethod
    def __class_getitem__(cls, item):
        return GenericAlias(cls, item)

    def __repr__(self):
        about = self.tag or self._order_id
        named = self.kind if about is None else f"{self.kind} {about}"
        return f"<Ticket {named}: {self.state}>"

    def __dir__(self):
        return [name for name in object.__dir__(self) if name not in FOR_TASKS
                and (name[:1] != "_" or name[:2] == "__")]

    # ------------------------------------------------------------ not its result

    def __getattr__(self, str name):
        if name[:1] == "_":     # what Python and its tools ask any object for
            raise AttributeError(f"a ticket has no {name!r}", name=name, obj=self)
        if name == "order_id":  # the property's own error is asked for here again
            raise not_awaited("a placed order has no order_id yet")
        raise no_such(self, name)

    def __bool__(self):
        if asyncio_asks():      # whether a task that it shows has a coroutine
            return True
        raise not_its_result(self, "a ticket is neither true nor false")

    def __len__(self):
        raise not_its_result(self, "a ticket has no length")

    def __getitem__(self, key):
        raise not_its_result(self, "a ticket holds nothing")

    @property
    def order_id(self):
        """The order that it changes; of a place, its result's number once it is there.

        None where there is none.
        """
        if self.kind != "place":
            return self._order_id
        if not self.done:
            raise not_awaited("a placed order has no order_id yet")
        return self.result.order_id

    # ------------------------------------------------------------ what is known

    @property
    def state(self):
        """Where the request stands, for people."""
        if self._protocol is None:
            return "done"
        waited_s = self.dispatcher.waited_s(self)
        if waited_s is not None:
            return f"waiting for room in the request budget for {waited_s:.1f} s"
        return self._protocol.state.value

    cpdef object _settle_with(self, object result, object error=None):
        """End here: with this result, or with an error that the wait raises."""
        self.result = result
        self.error = error
        self.done = True
        self.settled = True
        self.wake_waiters()

    def _show(self, result):
        """Show what is known of an order that an earlier run has left in doubt."""
        self.result = result
        self.done = True

    cpdef object _call_when_done(self, object callback):
        """Call this once a result is there, with the ticket.

        It should not raise. What a ticket's own method raises, that ticket ends with;
        of any other callback it is logged.
        """
        if self.callbacks is None:
            self.callbacks = []
        self.callbacks.append(callback)

    cpdef object _fail(self, object error):
        """The client has failed at what this ticket waits for: the wait raises it."""
        told = error
        if not isinstance(error, Exception):  # Ctrl-C say: raised once, elsewhere
            told = FastOrderError(f"{self.kind} was stopped by {error!r}")
        if not self.settled:
            self._settle_with(None, told)
        self.dispatcher.client_failed(self, error)

    cpdef object _release(self):
        """Let go of the protocol: nothing more is asked of it."""
        self._protocol = None

    cpdef object _value(self):
        """The result of a ticket that is done; the error of a read that failed."""
        if self.error is not None:
            raise self.error
        return self.result

    # ------------------------------------------------------------ awaiting

    def __await__(self):
        cdef Waiter waiter
        if not self.done:
            waiter = self.dispatcher.engine.waiter()
            if self.waiter is None:
                self.waiter = waiter
            elif self.waiters is None:
                self.waiters = {waiter: None}
            else:
                self.waiters[waiter] = None
            waiter._asyncio_future_blocking = True
            try:
                yield waiter
            finally:
                if not self.done:
                    self.leave(waiter)
        return self._value()

    def send(self, value):
        """Take the next step, as a coroutine does when a task runs it."""
        return self._task_steps().send(value)

    def throw(self, *error):
        """Raise inside the wait, as a cancelled task does."""
        try:
            return self._task_steps().throw(*error)
        finally:                # one that had not begun to wait has not left by itself
            self._left()

    def close(self):
        """End the wait, not the request."""
        self._task_steps().close()

    def _task_steps(self):
        """The wait of the task that is running: each has one of its own."""
        from asyncio import current_task  # a task is running: it is loaded
        task = current_task()
        if self.steps is None:
            self.steps = WeakKeyDictionary()
        steps = self.steps.get(task)
        if steps is None:
            steps = self.steps[task] = self.__await__()
        return steps

    # ------------------------------------------------------------ the engine's side

    cpdef object _execute(self, object command):
        """Do what the protocol asks for."""
        if type(command) is Finish:
            self.settle((<Finish>command).value)
        elif type(command) is Send:
            self.dispatcher.dispatch(command, self)
        elif type(command) is Tell:
            self.tell((<Tell>command).value)
            self._execute((<Tell>command).then)
        elif type(command) is Halt:
            self.dispatcher.halt((<Halt>command).reason)
            self._execute((<Halt>command).then)
        elif command is not None:
            self.dispatcher.engine.wake_at((<Pause?>command).due_ns, self)

    cpdef object _break_off(self, str why):
        """What it was to send has not reached the engine, and never will."""
        if not self.settled:
            command = self._protocol.on_broken_off(why)
            if command is None and not self.done:
                self.settle(self.unknown(why))
            else:
                self.go_on(command)

    cpdef object _on_evidence(self, Evidence evidence):
        """An exchange has ended."""
        self.dispatcher.exchange_ended(evidence, self)
        if self.settled:        # nobody asked for it any more
            return
        if evidence.http_status == UNAUTHORIZED:
            self.dispatcher.token_refused(self)
        self.go_on(self._protocol.on_evidence(evidence))

    cpdef bint _may_begin_anew(self) except -1:
        """A read got no answer on an old connection: whether it may leave once more."""
        return self.dispatcher.begins_anew(self)

    cpdef object _on_timer(self):
        """A pause is over; after the end, one that was replaced may still come."""
        if not self.settled:
            self.go_on(self._protocol.on_time())

    cpdef object _on_close(self, Evidence evidence):
        """The executor closes."""
        if not self.settled:
            self.settle((<Finish?>self._protocol.on_stop(evidence)).value)

    cpdef object _on_error(self, object error):
        """The client itself has failed: a read raises it, a change is unknown.

        Of a ticket that is settled the result stays: it failed in its book-keeping.
        """
        if self.settled:
            self.wake_waiters()
            self.dispatcher.client_failed(self, error)
            return
        if self._protocol is None:  # it waits for others, and sends nothing itself
            self._fail(error)
            return
        why = f"the client itself failed: {from_outside(repr(error))}"
        if self.kind == "read":
            self.error = error
            self.end()
            return
        self.dispatcher.client_failed(self, error)
        try:
            command = self._protocol.on_failure(why)
        except Exception:
            command = None
        if command is None:
            self.settle(self.unknown(why))
        else:
            self.go_on(command)

    cdef object unknown(self, str error):
        now_ns = monotonic_ns()
        return result_of(
            UNKNOWN, self.kind, None, now_ns, now_ns, self._protocol.attempts,
            self._order_id, error, None, None, self.tag)

    cdef int go_on(self, object command) except -1:
        try:
            self._execute(command)
        except ExecutorClosed:
            self._on_close(None)
        return 0

    cdef int tell(self, object value) except -1:
        """A result that is not the last one."""
        self.result = value
        self.done = True
        self.dispatcher.outcome_unknown(self)
        return self.wake_waiters()

    cdef int settle(self, object value) except -1:
        if isinstance(value, Exception):
            self.error = value
        elif self.convert is None:
            self.result = value
        else:
            self.take(value)
        return self.end()

    cdef int take(self, object value) except -1:
        """Make a result of a document; what it lacks is the read's error.

        A traceback would show the document to whoever shows local variables.
        """
        try:
            self.result = self.convert(value)
        except FastOrderError as error:
            self.error = error.with_traceback(None)
        return 0

    cdef int end(self) except -1:
        self.done = True
        self.settled = True
        self.dispatcher.ticket_ended(self)
        return self.wake_waiters()

    cdef int leave(self, Waiter waiter) except -1:
        """A wait has ended before the request, as a cancelled one does."""
        if waiter is self.waiter:
            self.waiter = None
        elif self.waiters is not None:
            self.waiters.pop(waiter, None)
        self._left()
        return 0

    cpdef object _left(self):
        """Somebody has stopped to wait for it; it may be wanted by nobody now."""
        is_wanted = self.waiter is not None or self.waiters or self.callbacks
        if not self.done and not is_wanted:
            self._unwanted()

    cpdef object _unwanted(self):
        """The last wait for it was ended before it was."""
        if self.kind == "read":
            self.dispatcher.wait_left(self)

    cdef int wake_waiters(self) except -1:
        if self.callbacks is not None:
            try:
                self.call_back()
            finally:            # an interrupt keeps no task from hearing of it
                self.wake_tasks()
            return 0
        return self.wake_tasks()

    cdef int wake_tasks(self) except -1:
        cdef Waiter waiter
        if self.waiter is not None:
            self.waiter.wake()
        if self.waiters is not None:
            for waiter in self.waiters:
                waiter.wake()
        self.waiter = self.waiters = None
        return 0

    cdef int call_back(self) except -1:
        """Call everybody, though one fails; nobody is left to wait for ever."""
        cdef list callbacks = self.callbacks
        cdef Py_ssize_t called = 0
        self.callbacks = None
        try:
            while called < len(callbacks):
                callback = callbacks[called]
                called += 1
                try:
                    callback(self)
                except Exception as error:
                    self.callback_failed(callback, error)
        finally:
            if called < len(callbacks):  # an interrupt came: the others hear of it too
                self.callbacks = callbacks[called:]
                self.call_back()
        return 0

    cdef int callback_failed(self, object callback, object error) except -1:
        dependent = getattr(callback, "__self__", None)
        if isinstance(dependent, Ticket):
            (<Ticket>dependent)._fail(error)
        else:
            self.dispatcher.client_failed(self, error)
        return 0


cdef bint asyncio_asks() except -1:
    """Whether it is code of asyncio that is running; compiled code has no frame."""
    cdef PyObject* names = PyEval_GetGlobals()
    if names is NULL:
        return False
    module = (<dict>names).get("__name__")
    return isinstance(module, str) and module.startswith("asyncio.")


cdef object not_awaited(str why):
    return NotAwaited(
        f"{why}: await it first (result = await ticket); "
        "ticket.result is what is known so far, or None")


cdef object not_its_result(Ticket ticket, str why):
    """A ticket is taken for its result, which may be there already."""
    if not ticket.done:
        return not_awaited(why)
    return NotAwaited(
        f"{why}, its result is: ticket.result, or what await ticket gives")


cdef object no_such(Ticket ticket, str name):
    """Nothing of a ticket is called so; of its result it may be, once that is there."""
    if not ticket.done:
        return not_awaited(f"a ticket has no {name!r}")
    if ticket.error is not None:
        return AttributeError(
            f"a ticket has no {name!r}, and this one has no result: await it, and its "
            "error is raised", name=name, obj=ticket)
    if hasattr(ticket.result, name):
        return not_its_result(ticket, f"a ticket has no {name!r}")
    kind = type(ticket.result).__name__
    return AttributeError(
        f"neither a ticket nor its result, of {kind}, has {name!r}", name=name,
        obj=ticket.result)


show_as(
    Ticket, b"fastorder.Ticket",
    b"(dispatcher, protocol, kind, tag=None, account_id=None, order_id=None, "
    b"convert=None)")
