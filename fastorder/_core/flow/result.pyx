"""OrderResult: what is known of one place, modify or cancel."""

from collections.abc import Mapping

cimport cython
from libc.stdint cimport int64_t

from fastorder._core.codec.public_name cimport show_as
from fastorder._core.transport.evidence cimport Evidence

from fastorder.enums import Outcome
from fastorder.errors import OrderNotPlaced, OrderNotSent, OrderRejected, OrderUnknown
from fastorder.timing import Timing

cdef extern from "Python.h":
    ctypedef struct PyTypeObject:
        unsigned long tp_flags
    const unsigned long Py_TPFLAGS_MAPPING

cdef object ACCEPTED = Outcome.ACCEPTED
cdef dict FAILURES = {
    Outcome.REJECTED: OrderRejected,
    Outcome.NOT_SENT: OrderNotSent,
    Outcome.NOT_PLACED: OrderNotPlaced,
    Outcome.UNKNOWN: OrderUnknown,
}


@cython.freelist(8)
@cython.no_gc       # text, numbers, and members of enums
cdef class OrderResult:
    """What is known of one place, modify or cancel; it never changes.

    It is true where it was accepted, and false otherwise: ``if result:`` asks for
    ``success``. It is a mapping too: ``success``, ``order_id``, ``message``, and where
    it was not accepted ``error``, ``error_code`` and ``outcome``.

    Attributes:
        outcome: ACCEPTED, REJECTED, NOT_SENT, NOT_PLACED or UNKNOWN.
        action: "place", "modify", "cancel", "close" or "partial close".
        order_id: the gateway's number; None where it gave none.
        error: why it was not accepted, for people; None where there is no reason.
        error_code: the gateway's own; None where it gave none.
        error_name: its name in the endpoint's own table.
        tag: the order's tag; None for a modify and a cancel.
        attempts: how often the request was sent.
        proof: why the outcome is sure, for people; None where it is UNKNOWN.
        http_status: of the last answer; None where none came.
        timing: a Timing.
    """

    def __init__(
        self, outcome, str action="place", order_id=None, str error=None,
        error_code=None, str error_name=None, str tag=None, int attempts=0,
        http_status=None, timing=None, str proof=None
    ):
        self.outcome = outcome
        self.action = action
        self.order_id = order_id
        self.error = error
        self.error_code = error_code
        self.error_name = error_name
        self.tag = tag
        self.attempts = attempts
        self.http_status = http_status
        self.given_timing = timing
        self.proof = proof

    @property
    def timing(self):
        """When what happened."""
        if self.given_timing is None:
            self.given_timing = Timing(
                self.called_ns, self.written_ns or None, self.first_byte_ns or None,
                self.parsed_ns)
        return self.given_timing

    @property
    def success(self):
        """Whether the gateway accepted it."""
        return self.outcome is ACCEPTED

    @property
    def message(self):
        """One line for people."""
        if self.outcome is ACCEPTED:
            if self.order_id is None:
                return f"{self.action} accepted"
            subject = "order" if self.action == "place" else f"{self.action} of order"
            return f"{subject} {self.order_id} accepted"
        code = f"{self.error_name} ({self.error_code})" if self.error_name else None
        reason = ": ".join([part for part in (code, self.error) if part])
        return f"{self.outcome.value}: {reason}" if reason else self.outcome.value

    def raise_for_outcome(self):
        """The result itself where it was accepted.

        Raises:
            OrderRejected, OrderNotSent, OrderNotPlaced, OrderUnknown: with the result.
        """
        if self.outcome is not ACCEPTED:
            raise FAILURES[self.outcome](self)
        return self

    cdef dict shown(self):
        shown = {
            "success": self.success,
            "order_id": self.order_id,
            "message": self.message,
        }
        if self.outcome is not ACCEPTED:
            shown["error"] = self.error
            shown["error_code"] = self.error_code
            shown["outcome"] = self.outcome.value
        return shown

    cdef tuple fields(self):
        return (
            self.outcome, self.action, self.order_id, self.error, self.error_code,
            self.error_name, self.tag, self.attempts, self.http_status, self.timing,
            self.proof,
        )

    def __bool__(self):
        return self.outcome is ACCEPTED

    def __getitem__(self, key):
        return self.shown()[key]

    def __iter__(self):
        return iter(self.shown())

    def __len__(self):
        return len(self.shown())

    def __contains__(self, key):
        return key in self.shown()

    def get(self, key, default=None):
        """The value of a key of the mapping, or the default."""
        return self.shown().get(key, default)

    def keys(self):
        """The keys of the mapping."""
        return self.shown().keys()

    def values(self):
        """The values of the mapping."""
        return self.shown().values()

    def items(self):
        """The items of the mapping."""
        return self.shown().items()

    def __eq__(self, other):
        if isinstance(other, dict):     # which has no hash that could differ
            return self.shown() == other
        if not isinstance(other, OrderResult):
            return NotImplemented
        return self.fields() == (<OrderResult>other).fields()

    def __hash__(self):
        return hash(self.fields())

    def __reduce__(self):
        return OrderResult, self.fields()

    def __repr__(self):
        return repr(self.shown())


show_as(
    OrderResult, b"fastorder.OrderResult",
    b"(outcome, action='place', order_id=None, error=None, error_code=None, "
    b"error_name=None, tag=None, attempts=0, http_status=None, timing=None, "
    b"proof=None)")
Mapping.register(OrderResult)
# which tells ``match`` of classes made in Python alone
(<PyTypeObject*>OrderResult).tp_flags |= Py_TPFLAGS_MAPPING


cpdef OrderResult result_of(
    object outcome, str action, Evidence evidence, int64_t called_ns,
    int64_t parsed_ns, int attempts, object order_id=None, str error=None,
    object error_code=None, str error_name=None, str tag=None, str proof=None
):
    """The result from the outcome and the evidence of the last send.

    What did not happen is None in it; ``evidence`` is None where nothing was tried.
    """
    cdef OrderResult result = OrderResult.__new__(OrderResult)
    result.outcome = outcome
    result.action = action
    result.order_id = order_id
    result.error = error
    result.error_code = error_code
    result.error_name = error_name
    result.tag = tag
    result.proof = proof
    result.attempts = attempts
    result.called_ns = called_ns
    result.parsed_ns = parsed_ns
    if evidence is not None:
        result.http_status = evidence.http_status or None
        result.written_ns = evidence.written_ns
        result.first_byte_ns = evidence.first_byte_ns
    return result
