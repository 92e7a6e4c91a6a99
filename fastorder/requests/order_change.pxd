"""The C side of order_change.py: where its attributes lie once it is compiled."""

from fastorder._core.flow.classify cimport Answer
from fastorder._core.flow.protocol cimport Send
from fastorder.requests.amendment cimport Amendment


cdef class OrderChange(Amendment):
    pass


cdef class Cancellation(OrderChange):
    pass


cdef class Modification(OrderChange):
    cdef readonly dict wanted
